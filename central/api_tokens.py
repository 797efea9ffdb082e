"""Tokens of machines: made by an administrator for some scopes and some days, shown once, kept as a hash."""

import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from central.enrolment import NAME
from central.errors import NameRefused, TokenRefused
from central.limits import TOKEN_DAYS_MAX, TOKEN_USED_SECONDS, TOKENS_MAX
from central.rights_tables import ApiToken
from central.route_rules import SCOPES
from central.sessions import token_hash

PREFIX: Final = "lst_"
"""How a machine's token begins: it is told from a gateway's at sight, also by who looks for leaked ones."""


@dataclass(frozen=True, slots=True)
class Bearer:
    """Who a token belongs to, and what it opens."""

    name: str
    scopes: frozenset[str]
    used_at: float | None


@dataclass(frozen=True, slots=True)
class TokenLine:
    """A token as it is listed. `state`: good, over, revoked."""

    name: str
    scopes: tuple[str, ...]
    made_at: float
    made_by: str
    expires_at: float
    used_at: float | None
    state: str


def make_token(
    session: Session, plant: str, name: str, scopes: Collection[str], days: int, by: str, now: float
) -> tuple[str, float]:
    """(token, works until), told this once. Raises NameRefused, TokenRefused."""
    if not NAME.fullmatch(name) or session.get(ApiToken, (plant, name)) is not None:
        raise NameRefused
    if not scopes or not set(scopes) <= set(SCOPES) or not 1 <= days <= TOKEN_DAYS_MAX:
        raise TokenRefused(f"a token has one scope at least and works for 1 to {TOKEN_DAYS_MAX} days")
    if (session.scalar(select(func.count()).select_from(ApiToken).where(ApiToken.plant == plant)) or 0) >= TOKENS_MAX:
        raise TokenRefused(f"there are {TOKENS_MAX} tokens, and no more are kept")
    token, until = PREFIX + secrets.token_urlsafe(32), now + days * 86_400.0
    session.add(
        ApiToken(
            plant=plant,
            name=name,
            token_hash=token_hash(token),
            scopes=" ".join(each for each in SCOPES if each in scopes),
            made_at=now,
            made_by=by,
            expires_at=until,
        )
    )
    return token, until


def revoke_token(session: Session, plant: str, name: str, by: str, now: float) -> None:
    """The token opens nothing from now on. Raises NameRefused when there is none of this name."""
    row = session.get(ApiToken, (plant, name))
    if row is None:
        raise NameRefused(f"no token is named {name}")
    if row.revoked_at is None:
        row.revoked_at, row.revoked_by = now, by


def list_tokens(session: Session, plant: str, now: float) -> Sequence[TokenLine]:
    """Every token by name."""
    rows = session.scalars(select(ApiToken).where(ApiToken.plant == plant).order_by(ApiToken.name))
    return [
        TokenLine(
            row.name,
            tuple(row.scopes.split()),
            row.made_at,
            row.made_by,
            row.expires_at,
            row.used_at,
            "revoked" if row.revoked_at is not None else "good" if row.expires_at > now else "over",
        )
        for row in rows
    ]


def bearer_of(session: Session, plant: str, token: str, now: float) -> Bearer | None:
    """Who a token belongs to; None for one that is unknown, over or revoked."""
    wanted = (ApiToken.plant == plant, ApiToken.token_hash == token_hash(token), ApiToken.revoked_at.is_(None))
    row = session.scalar(select(ApiToken).where(*wanted, ApiToken.expires_at > now))
    return Bearer(row.name, frozenset(row.scopes.split()), row.used_at) if row is not None else None


def is_use_worth_noting(bearer: Bearer, now: float) -> bool:
    """Whether the use is noted: a machine that asks each second must not write each second."""
    return bearer.used_at is None or abs(now - bearer.used_at) >= TOKEN_USED_SECONDS


def note_use(session: Session, plant: str, name: str, now: float) -> None:
    """The token was used."""
    session.execute(update(ApiToken).where(ApiToken.plant == plant, ApiToken.name == name).values(used_at=now))
