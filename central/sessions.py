"""Sessions of the pages: opened at a sign-in, kept by the hash of their token, listed and ended."""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from central.fold_rows import clean
from central.limits import BADGE_SESSION_SECONDS, BROWSER_CHARACTERS_MAX, SESSION_SECONDS, SESSIONS_PER_ACCOUNT_MAX
from central.models import AccountSession

PASSWORD = "password"
BADGE = "badge"
PROVIDER = "oidc"
KEY_CHARACTERS = 16
"""Of the token's hash: tells the sessions of one name apart, and opens nothing."""


@dataclass(frozen=True, slots=True)
class SessionLine:
    """A session as it is listed. `means`: password, badge or oidc."""

    key: str
    made_at: float
    expires_at: float
    address: str
    browser: str
    means: str


@dataclass(frozen=True, slots=True)
class Caller:
    """Where a sign-in comes from: the address, and the browser as it names itself."""

    address: str = ""
    browser: str = ""


NOWHERE = Caller()
"""Who signs in without a request."""


def open_session(
    session: Session, plant: str, name: str, now: float, caller: Caller = NOWHERE, means: str = PASSWORD
) -> str:
    """A new session's token, told this once. The oldest session of the name ends where there are too many."""
    mine = (AccountSession.plant == plant, AccountSession.account == name)
    newest = session.scalars(select(AccountSession).where(*mine).order_by(AccountSession.made_at.desc())).all()
    for row in newest[SESSIONS_PER_ACCOUNT_MAX - 1 :]:
        session.delete(row)
    token = secrets.token_urlsafe(32)
    lasts = BADGE_SESSION_SECONDS if means == BADGE else SESSION_SECONDS
    session.add(
        AccountSession(
            plant=plant,
            token_hash=token_hash(token),
            account=name,
            made_at=now,
            expires_at=now + lasts,
            address=clean(caller.address[:BROWSER_CHARACTERS_MAX]),
            browser=clean(caller.browser[:BROWSER_CHARACTERS_MAX]),
            means=means,
        )
    )
    return token


def token_hash(token: str) -> str:
    """What is kept of a token."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def key_of(token: str) -> str:
    """The key under which the session of this token is listed."""
    return token_hash(token)[:KEY_CHARACTERS]


def list_sessions(session: Session, plant: str, name: str, now: float) -> Sequence[SessionLine]:
    """The sessions of a name that last, newest first."""
    mine = (AccountSession.plant == plant, AccountSession.account == name, AccountSession.expires_at > now)
    rows = session.scalars(select(AccountSession).where(*mine).order_by(AccountSession.made_at.desc()))
    return [
        SessionLine(row.token_hash[:KEY_CHARACTERS], row.made_at, row.expires_at, row.address, row.browser, row.means)
        for row in rows
    ]


def end_session(session: Session, plant: str, name: str, key: str) -> bool:
    """Ends one session of a name. False when there is none under this key."""
    mine = (AccountSession.plant == plant, AccountSession.account == name)
    found = [
        row for row in session.scalars(select(AccountSession).where(*mine)) if row.token_hash[:KEY_CHARACTERS] == key
    ]
    for row in found:
        session.delete(row)
    return bool(found)


def end_sessions(session: Session, plant: str, name: str, but: str = "") -> None:
    """Ends every session of a name, but the one of the token `but`."""
    mine = (AccountSession.plant == plant, AccountSession.account == name)
    session.execute(delete(AccountSession).where(*mine, AccountSession.token_hash != token_hash(but)))


def sign_out(session: Session, plant: str, token: str) -> str:
    """Ends the session of this token; whose it was, empty where there was none."""
    row = session.get(AccountSession, (plant, token_hash(token)))
    if row is None:
        return ""
    session.delete(row)
    return row.account
