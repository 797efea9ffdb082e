"""Users of the pages: passwords, roles, the first administrator by a one-time code."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.orm import Session

from central.audit import NOBODY, record_act, record_failed_sign_in
from central.badges import drop_pin
from central.database import Database
from central.enrolment import ACCOUNT, make_code, use_code
from central.errors import CodeRefused, NameRefused, SignInRefused, TooManyAttempts
from central.limits import (
    ACCOUNTS_MAX,
    LOCK_SECONDS,
    PASSWORD_CHARACTERS_MAX,
    PASSWORD_CHARACTERS_MIN,
    PASSWORD_FAILURES_MAX,
    PERSON_CHARACTERS_MAX,
)
from central.models import AccountRow, AccountSession, OneTimeCode
from central.passwords import hash_secret, is_secret
from central.rights import ADMIN, by_badge, grants_of
from central.sessions import BADGE, NOWHERE, PASSWORD, Caller, end_sessions, open_session, token_hash

FIRST_NAME = "admin"
"""The name the first one-time code is for."""

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,47}")


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who a session belongs to. `roles` as they are given: `leader@site/area/line` is one for a place."""

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
    if not NAME.fullmatch(name):
        raise NameRefused
    written = _written(roles)
    if session.get(AccountRow, (plant, name)) is not None:
        raise NameRefused(f"{name} is taken")
    if (session.scalar(select(func.count()).select_from(AccountRow)) or 0) >= ACCOUNTS_MAX:
        raise NameRefused("there are too many users")
    row = {
        "plant": plant,
        "name": name,
        "password_hash": None,
        "roles": written,
        "person": person[:PERSON_CHARACTERS_MAX],
        "enabled": 1,
        "failures": 0,
        "locked_until": 0.0,
        "made_at": now,
        "made_by": by,
    }
    session.execute(insert(AccountRow), [row])


def _written(roles: Collection[str]) -> str:
    try:
        found = grants_of(roles)
    except ValueError as fault:
        raise NameRefused(str(fault)) from None
    if not found:
        raise NameRefused("a user has one role at least")
    return " ".join(map(str, found))


def change_account(session: Session, plant: str, name: str, roles: Collection[str], person: str) -> None:
    """Other roles, another person. They hold from the next request on. Raises NameRefused.

    A PIN goes with a person's badge, so it does not outlast the person.
    """
    row = _row(session, plant, name)
    row.roles = _written(roles)
    if person != row.person:
        drop_pin(session, plant, name)
    row.person = person[:PERSON_CHARACTERS_MAX]


def invite_account(session: Session, plant: str, name: str, by: str, now: float) -> tuple[str, float]:
    """(code, works until) with which a user sets a password. Raises NameRefused when there is no such user."""
    _row(session, plant, name)
    return make_code(session, plant, ACCOUNT, name, by, now)


def enable_account(session: Session, plant: str, name: str, enabled: bool) -> None:
    """Let a user in again, or end every session and code at once and keep them out."""
    row = _row(session, plant, name)
    row.enabled, row.failures, row.locked_until = int(enabled), 0, 0.0
    if not enabled:
        end_sessions(session, plant, name)
        mine = (OneTimeCode.plant == plant, OneTimeCode.purpose == ACCOUNT, OneTimeCode.subject == name)
        session.execute(delete(OneTimeCode).where(*mine))


def _row(session: Session, plant: str, name: str) -> AccountRow:
    row = session.get(AccountRow, (plant, name))
    if row is None:
        raise NameRefused(f"no user is named {name}")
    return row


def list_accounts(session: Session, plant: str) -> Sequence[User]:
    """Every user by name."""
    rows = session.scalars(select(AccountRow).where(AccountRow.plant == plant).order_by(AccountRow.name))
    return [_user(row) for row in rows]


def one_account(session: Session, plant: str, name: str) -> User | None:
    """A user by name; None where there is none."""
    row = session.get(AccountRow, (plant, name)) if NAME.fullmatch(name) else None
    return _user(row) if row is not None else None


def _user(row: AccountRow) -> User:
    return User(row.name, tuple(row.roles.split()), row.person, _state(row))


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


def first_sign_in(database: Database, name: str, code: str, password: str, now: float, caller: Caller = NOWHERE) -> str:
    """Set the password with a one-time code; returns the session's token. Raises CodeRefused, SignInRefused."""
    check_new_password(name, password)
    if not NAME.fullmatch(name):
        raise CodeRefused
    made = hash_secret(password)
    with database.write() as session:
        row = session.get(AccountRow, (database.plant, name))
        opened = use_code(session, database.plant, ACCOUNT, name, code, now)
        token = ""
        if opened and row is not None and row.enabled:
            row.password_hash, row.failures, row.locked_until = made, 0, 0.0
            end_sessions(session, database.plant, name)
            token = open_session(session, database.plant, name, now, caller)
            record_act(session, database.plant, name, "password.set", name, {"means": "code"}, now, caller.address)
        else:
            who = name if row is not None else NOBODY
            record_failed_sign_in(session, database.plant, who, "code", now, caller.address)
    if not token:
        raise CodeRefused
    return token


def sign_in(database: Database, name: str, password: str, now: float, caller: Caller = NOWHERE) -> str:
    """The session's token. Raises SignInRefused (told the same way whatever was wrong), TooManyAttempts."""
    if not NAME.fullmatch(name) or len(password) > PASSWORD_CHARACTERS_MAX:
        raise SignInRefused
    known = _known_hash(database, name, now)
    right = is_secret(known, password)
    with database.write() as session:
        row = session.get(AccountRow, (database.plant, name), with_for_update=True)
        token = ""
        if row is not None and right and row.password_hash == known and row.enabled:
            row.failures = 0
            token = open_session(session, database.plant, name, now, caller)
            record_act(session, database.plant, name, "sign_in.done", name, {"means": PASSWORD}, now, caller.address)
        else:
            if row is not None:
                _count_failure(row, now)
            who = name if row is not None else NOBODY
            record_failed_sign_in(session, database.plant, who, PASSWORD, now, caller.address)
    if not token:
        raise SignInRefused
    return token


def _known_hash(database: Database, name: str, now: float) -> str | None:
    """The hash that a password is compared with; None where nobody of this name may come in. Raises TooManyAttempts."""
    with database.read() as session:
        row = session.get(AccountRow, (database.plant, name))
        # A clock that went back must not lock a name for as long as it was ahead (I9).
        if row and now < row.locked_until <= now + LOCK_SECONDS:
            raise TooManyAttempts
        return row.password_hash if row and row.enabled else None


def _count_failure(row: AccountRow, now: float) -> None:
    row.failures += 1
    if row.failures >= PASSWORD_FAILURES_MAX:
        row.failures, row.locked_until = 0, now + LOCK_SECONDS


def change_password(database: Database, name: str, old: str, new: str, now: float, caller: Caller = NOWHERE) -> str:
    """Another password: every session of the name ends, and a new one begins, whose token this is.

    Raises SignInRefused where the old password is wrong or the new one weak, TooManyAttempts.
    """
    check_new_password(name, new)
    known = confirm_password(database, name, old, now)
    made = hash_secret(new)
    with database.write() as session:
        row = session.get(AccountRow, (database.plant, name), with_for_update=True)
        if row is None or not row.enabled or row.password_hash != known:
            raise SignInRefused
        row.password_hash = made
        end_sessions(session, database.plant, name)
        token = open_session(session, database.plant, name, now, caller)
        record_act(session, database.plant, name, "password.changed", name, {}, now, caller.address)
    return token


def confirm_password(database: Database, name: str, password: str, now: float) -> str:
    """The hash in force, where this is the password of a name. A wrong one counts as at a sign-in.

    Raises SignInRefused, TooManyAttempts.
    """
    known = _known_hash(database, name, now)
    if len(password) <= PASSWORD_CHARACTERS_MAX and is_secret(known, password) and known is not None:
        return known
    with database.write() as session:
        row = session.get(AccountRow, (database.plant, name), with_for_update=True)
        if row is not None:
            _count_failure(row, now)
    raise SignInRefused


def account_of(session: Session, plant: str, token: str, now: float) -> SignedIn | None:
    """Who is signed in with this token."""
    if not 20 <= len(token) <= 128:
        return None
    row = session.execute(
        select(AccountRow.name, AccountRow.roles, AccountRow.person, AccountSession.means)
        .join(
            AccountSession,
            (AccountSession.account == AccountRow.name) & (AccountSession.plant == AccountRow.plant),
        )
        .where(
            AccountSession.plant == plant,
            AccountSession.token_hash == token_hash(token),
            AccountSession.expires_at > now,
            AccountRow.enabled == 1,
        )
    ).first()
    if row is None:
        return None
    roles = tuple(row.roles.split())
    if row.means == BADGE:
        roles = tuple(map(str, by_badge(grants_of(roles))))
    return SignedIn(row.name, roles, row.person)


def purge_sessions(session: Session, plant: str, now: float) -> None:
    """Sessions and codes that are over."""
    session.execute(delete(AccountSession).where(AccountSession.plant == plant, AccountSession.expires_at < now))
    session.execute(delete(OneTimeCode).where(OneTimeCode.plant == plant, OneTimeCode.expires_at < now))
