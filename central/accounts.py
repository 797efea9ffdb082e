"""Users of the pages: passwords as argon2id, sessions kept here, the first administrator by a one-time code."""

import hashlib
import re
import secrets
import threading
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import argon2
from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.orm import Session

from central.database import Database
from central.enrolment import ACCOUNT, make_code, use_code
from central.errors import CodeRefused, NameRefused, SignInRefused, TooManyAttempts
from central.limits import (
    ACCOUNTS_MAX,
    HASHES_AT_ONCE_MAX,
    LOCK_SECONDS,
    PASSWORD_CHARACTERS_MAX,
    PASSWORD_CHARACTERS_MIN,
    PASSWORD_FAILURES_MAX,
    SESSION_SECONDS,
    SESSIONS_PER_ACCOUNT_MAX,
)
from central.models import AccountRow, AccountSession, OneTimeCode

ROLES = ("leader", "planner", "admin")
ADMIN = "admin"
FIRST_NAME = "admin"
"""The name the first one-time code is for."""

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,47}")
HASH_SECONDS_MAX = 10.0
"""How long a sign-in waits for its turn to hash."""

_hasher = argon2.PasswordHasher()
_turns = threading.BoundedSemaphore(HASHES_AT_ONCE_MAX)
_decoy = ""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who a session belongs to."""

    name: str
    roles: tuple[str, ...]
    person: str


@dataclass(frozen=True, slots=True)
class User:
    """A user. `state`: active, waiting (no password yet), disabled."""

    name: str
    roles: tuple[str, ...]
    person: str
    state: str


def needs_administrator(session: Session, plant: str) -> bool:
    """Whether nobody has ever become administrator here."""
    row = select(func.count()).select_from(AccountRow)
    mine = (AccountRow.plant == plant, AccountRow.password_hash.is_not(None), AccountRow.roles.contains(ADMIN))
    return not session.scalar(row.where(*mine))


def administrator_code(session: Session, plant: str, now: float, name: str = FIRST_NAME) -> tuple[str, float]:
    """(code, works until) with which `name` becomes administrator, or gets a new password. For the shell only."""
    if session.get(AccountRow, (plant, name)) is None:
        add_account(session, plant, name, (ADMIN,), "shell", now)
    else:
        session.execute(
            update(AccountRow).where(AccountRow.plant == plant, AccountRow.name == name).values(enabled=1, roles=ADMIN)
        )
    return make_code(session, plant, ACCOUNT, name, "shell", now)


def add_account(
    session: Session, plant: str, name: str, roles: Collection[str], by: str, now: float, person: str = ""
) -> None:
    """A user without a password. Raises NameRefused."""
    if not NAME.fullmatch(name) or not roles or not set(roles) <= set(ROLES):
        raise NameRefused
    if session.get(AccountRow, (plant, name)) is not None:
        raise NameRefused(f"{name} is taken")
    if (session.scalar(select(func.count()).select_from(AccountRow)) or 0) >= ACCOUNTS_MAX:
        raise NameRefused("there are too many users")
    row = {
        "plant": plant,
        "name": name,
        "password_hash": None,
        "roles": " ".join(each for each in ROLES if each in roles),
        "person": person,
        "enabled": 1,
        "failures": 0,
        "locked_until": 0.0,
        "made_at": now,
        "made_by": by,
    }
    session.execute(insert(AccountRow), [row])


def invite_account(session: Session, plant: str, name: str, by: str, now: float) -> tuple[str, float]:
    """(code, works until) with which a user sets a password. Raises NameRefused when there is no such user."""
    if session.get(AccountRow, (plant, name)) is None:
        raise NameRefused(f"no user is named {name}")
    return make_code(session, plant, ACCOUNT, name, by, now)


def enable_account(session: Session, plant: str, name: str, enabled: bool) -> None:
    """Let a user in again, or end every session and keep them out."""
    row = session.get(AccountRow, (plant, name))
    if row is None:
        raise NameRefused(f"no user is named {name}")
    row.enabled, row.failures, row.locked_until = int(enabled), 0, 0.0
    if not enabled:
        session.execute(delete(AccountSession).where(AccountSession.plant == plant, AccountSession.account == name))


def list_accounts(session: Session, plant: str) -> Sequence[User]:
    """Every user by name."""
    rows = session.scalars(select(AccountRow).where(AccountRow.plant == plant).order_by(AccountRow.name))
    return [User(row.name, tuple(row.roles.split()), row.person, _state(row)) for row in rows]


def _state(row: AccountRow) -> str:
    if not row.enabled:
        return "disabled"
    return "active" if row.password_hash else "waiting"


def check_new_password(name: str, password: str) -> None:
    """Raises SignInRefused where the password is too short, too long or the name itself."""
    if (
        not PASSWORD_CHARACTERS_MIN <= len(password) <= PASSWORD_CHARACTERS_MAX
        or name.casefold() in password.casefold()
    ):
        raise SignInRefused(
            f"a password has {PASSWORD_CHARACTERS_MIN} to {PASSWORD_CHARACTERS_MAX} characters and not the name in it"
        )


def first_sign_in(database: Database, name: str, code: str, password: str, now: float) -> str:
    """Set the password with a one-time code; returns the session's token. Raises CodeRefused, SignInRefused."""
    check_new_password(name, password)
    if not NAME.fullmatch(name):
        raise CodeRefused
    made = _hash_password(password)
    with database.write() as session:
        row = session.get(AccountRow, (database.plant, name))
        opened = use_code(session, database.plant, ACCOUNT, name, code, now)
        token = ""
        if opened and row is not None and row.enabled:
            row.password_hash, row.failures, row.locked_until = made, 0, 0.0
            mine = (AccountSession.plant == database.plant, AccountSession.account == name)
            session.execute(delete(AccountSession).where(*mine))
            token = _open_session(session, database.plant, name, now)
    if not token:
        raise CodeRefused
    return token


def sign_in(database: Database, name: str, password: str, now: float) -> str:
    """The session's token. Raises SignInRefused (told the same way whatever was wrong), TooManyAttempts."""
    if not NAME.fullmatch(name) or len(password) > PASSWORD_CHARACTERS_MAX:
        raise SignInRefused
    with database.read() as session:
        row = session.get(AccountRow, (database.plant, name))
        known = row.password_hash if row and row.enabled else None
        # A clock that went back must not lock a name for as long as it was ahead (I9).
        if row and now < row.locked_until <= now + LOCK_SECONDS:
            raise TooManyAttempts
    right = _verify(known, password)
    with database.write() as session:
        row = session.get(AccountRow, (database.plant, name), with_for_update=True)
        token = ""
        if row is not None and right and row.password_hash == known and row.enabled:
            row.failures = 0
            token = _open_session(session, database.plant, name, now)
        elif row is not None:
            row.failures += 1
            if row.failures >= PASSWORD_FAILURES_MAX:
                row.failures, row.locked_until = 0, now + LOCK_SECONDS
    if not token:
        raise SignInRefused
    return token


def _open_session(session: Session, plant: str, name: str, now: float) -> str:
    mine = (AccountSession.plant == plant, AccountSession.account == name)
    newest = session.scalars(select(AccountSession).where(*mine).order_by(AccountSession.made_at.desc())).all()
    for row in newest[SESSIONS_PER_ACCOUNT_MAX - 1 :]:
        session.delete(row)
    token = secrets.token_urlsafe(32)
    session.add(
        AccountSession(
            plant=plant, token_hash=_token_hash(token), account=name, made_at=now, expires_at=now + SESSION_SECONDS
        )
    )
    return token


def account_of(session: Session, plant: str, token: str, now: float) -> SignedIn | None:
    """Who is signed in with this token."""
    if not 20 <= len(token) <= 128:
        return None
    row = session.execute(
        select(AccountRow.name, AccountRow.roles, AccountRow.person)
        .join(
            AccountSession,
            (AccountSession.account == AccountRow.name) & (AccountSession.plant == AccountRow.plant),
        )
        .where(
            AccountSession.plant == plant,
            AccountSession.token_hash == _token_hash(token),
            AccountSession.expires_at > now,
            AccountRow.enabled == 1,
        )
    ).first()
    return SignedIn(row.name, tuple(row.roles.split()), row.person) if row else None


def sign_out(session: Session, plant: str, token: str) -> None:
    """End the session of this token."""
    mine = (AccountSession.plant == plant, AccountSession.token_hash == _token_hash(token))
    session.execute(delete(AccountSession).where(*mine))


def purge_sessions(session: Session, plant: str, now: float) -> None:
    """Sessions and codes that are over."""
    session.execute(delete(AccountSession).where(AccountSession.plant == plant, AccountSession.expires_at < now))
    session.execute(delete(OneTimeCode).where(OneTimeCode.plant == plant, OneTimeCode.expires_at < now))


def _token_hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def _hash_password(password: str) -> str:
    if not _turns.acquire(timeout=HASH_SECONDS_MAX):
        raise TooManyAttempts
    try:
        return _hasher.hash(password)
    finally:
        _turns.release()


def _verify(known: str | None, password: str) -> bool:
    """Costs the same for a name that does not exist, so that time does not tell which do."""
    global _decoy
    if not _decoy:
        _decoy = _hash_password(secrets.token_urlsafe(16))
    if not _turns.acquire(timeout=HASH_SECONDS_MAX):
        raise TooManyAttempts
    try:
        return _hasher.verify(known or _decoy, password) and known is not None
    except argon2.exceptions.VerificationError:
        return False
    finally:
        _turns.release()
