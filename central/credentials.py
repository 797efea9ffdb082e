"""Which credentials of gateways are good: certificates, voided tokens, and cards that took another one's place."""

from dataclasses import dataclass

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.orm import Session

from central.alarms import raise_alarms
from central.authority import Authority, Issued, issue
from central.credential_tables import Certificate, FormerToken, Replacement, Retirement
from central.errors import CardReplaced, CredentialRefused, TooManyAttempts
from central.ingest_rules import AlarmRaised
from central.limits import (
    ALARM_REPEAT_SECONDS,
    CERTIFICATE_DAYS,
    CERTIFICATES_PER_DAY_MAX,
    FORMER_TOKENS_PER_GATEWAY_MAX,
)
from central.models import Alarm, Gateway
from central.sessions import token_hash

REPLACED = "replaced"
ENROLLED_AGAIN = "enrolled_again"
REVOKED = "revoked"
RETIRED = "retired"

OLD_CARD = "old_card"
"""The alarm: a card whose credential was voided by a replacement, a revocation or a retirement is running."""

DAY_SECONDS = 86_400.0


@dataclass(frozen=True, slots=True)
class Shown:
    """The client certificate that a proxy verified. `fault`: what it found wrong with one; empty for a good one."""

    serial: str
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Former:
    """A voided credential: whose it was, since when it opens nothing, and why."""

    gateway_name: str
    ended_at: float
    ended_for: str


# Certificates


def give(session: Session, authority: Authority, plant: str, gateway_name: str, request_pem: str, now: float) -> Issued:
    """A certificate for a gateway whose credential the caller has checked. Raises CertificateRequestRefused,
    TooManyAttempts."""
    mine = (Certificate.plant == plant, Certificate.gateway == gateway_name)
    young = select(func.count()).select_from(Certificate).where(*mine, Certificate.issued_at > now - DAY_SECONDS)
    if (session.scalar(young) or 0) >= CERTIFICATES_PER_DAY_MAX:
        raise TooManyAttempts(f"{gateway_name} has had {CERTIFICATES_PER_DAY_MAX} certificates within a day")
    made = issue(authority, plant, gateway_name, request_pem, now)
    row = {"plant": plant, "serial": made.serial, "gateway": gateway_name, "authority": authority.digest}
    session.execute(insert(Certificate), [row | {"issued_at": now, "ends_at": made.ends_at, "revoked_for": ""}])
    return made


def certificate_of(session: Session, plant: str, serial: str) -> Certificate | None:
    """A certificate of ours by its serial number."""
    return session.get(Certificate, (plant, serial))


def holder_of(session: Session, plant: str, shown: Shown, now: float) -> Certificate | Former | None:
    """The good certificate that a proxy saw, or whose voided one it is. None for one that says nothing: not verified,
    over, or of an authority that this database does not know; then the token alone counts."""
    row = None if shown.fault else certificate_of(session, plant, shown.serial)
    if row is None:
        return None
    if row.revoked_at is not None:
        return Former(row.gateway, row.revoked_at, row.revoked_for)
    return row if now < row.ends_at else None


def note_use(session: Session, plant: str, serial: str, now: float) -> None:
    """The first request that came with it."""
    mine = (Certificate.plant == plant, Certificate.serial == serial, Certificate.used_at.is_(None))
    session.execute(update(Certificate).where(*mine).values(used_at=now))


def is_due(row: Certificate | None, gateway_name: str, authority: Authority, now: float) -> bool:
    """Whether the gateway should ask for another certificate: half of its life is over, or it is none of ours.

    The office alone judges it, by its own clock: a gateway's may be years off.
    """
    if row is None or row.gateway != gateway_name or row.revoked_at is not None or row.authority != authority.digest:
        return True
    return now >= row.issued_at + (row.ends_at - row.issued_at) / 2


def newest_certificate(session: Session, plant: str, gateway_name: str) -> Certificate | None:
    """The newest one of a gateway that was not revoked."""
    return session.scalars(
        select(Certificate)
        .where(Certificate.plant == plant, Certificate.gateway == gateway_name, Certificate.revoked_at.is_(None))
        .order_by(Certificate.issued_at.desc())
        .limit(1)
    ).first()


def without_certificate(session: Session, plant: str, now: float) -> list[str]:
    """Gateways that may sync and have not yet come with a certificate that is good: they need the token."""
    used = select(Certificate.gateway).where(
        Certificate.plant == plant,
        Certificate.used_at.is_not(None),
        Certificate.revoked_at.is_(None),
        Certificate.ends_at > now,
    )
    enrolled = (Gateway.plant == plant, Gateway.token_hash.is_not(None), Gateway.revoked_at.is_(None))
    return list(
        session.scalars(select(Gateway.name).where(*enrolled, Gateway.name.not_in(used)).order_by(Gateway.name))
    )


# What is over


def void_all(session: Session, plant: str, gateway_name: str, reason: str, now: float) -> None:
    """Every credential that the gateway has so far opens nothing from here on, and is known for what it was."""
    held = session.scalar(select(Gateway.token_hash).where(Gateway.plant == plant, Gateway.name == gateway_name))
    if held is not None:
        session.execute(delete(FormerToken).where(FormerToken.plant == plant, FormerToken.token_hash == held))
        row = {"plant": plant, "token_hash": held, "gateway": gateway_name, "ended_at": now, "ended_for": reason}
        session.execute(insert(FormerToken), [row])
    _forget_oldest(session, plant, gateway_name)
    good = (Certificate.plant == plant, Certificate.gateway == gateway_name, Certificate.revoked_at.is_(None))
    session.execute(update(Certificate).where(*good).values(revoked_at=now, revoked_for=reason))
    # A card that was enrolled again and is now replaced is an old card as well: the last reason is the one that counts.
    if reason != ENROLLED_AGAIN:
        again = (FormerToken.plant == plant, FormerToken.gateway == gateway_name)
        session.execute(
            update(FormerToken).where(*again, FormerToken.ended_for == ENROLLED_AGAIN).values(ended_for=reason)
        )


def _forget_oldest(session: Session, plant: str, gateway_name: str) -> None:
    mine = (FormerToken.plant == plant, FormerToken.gateway == gateway_name)
    kept = select(FormerToken.token_hash).where(*mine).order_by(FormerToken.ended_at.desc())
    over = session.scalars(kept.offset(FORMER_TOKENS_PER_GATEWAY_MAX)).all()
    session.execute(delete(FormerToken).where(FormerToken.plant == plant, FormerToken.token_hash.in_(over)))


def former_of(session: Session, plant: str, token: str) -> Former | None:
    """Whose token it was."""
    row = session.get(FormerToken, (plant, token_hash(token)))
    return None if row is None else Former(row.gateway, row.ended_at, row.ended_for)


def is_told(session: Session, plant: str, former: Former, now: float) -> bool:
    """Whether nothing new would be written by `tell_old_card`: an old card asks again and again."""
    row = session.get(Alarm, (plant, former.gateway_name, OLD_CARD, _subject(former)))
    return row is not None and (row.signed_off_at is not None or now - row.last_at < ALARM_REPEAT_SECONDS)


def tell_old_card(session: Session, plant: str, former: Former, now: float) -> None:
    """Somebody runs the card that was put out of use. A card that was only enrolled again is the same card."""
    detail = "a card whose credential is void is running; switch it off and import what it has not sent"
    raise_alarms(session, plant, former.gateway_name, [AlarmRaised(OLD_CARD, _subject(former), detail)], now)


def _subject(former: Former) -> str:
    return f"{former.ended_for} {former.ended_at:.0f}"


def refusal_of(former: Former) -> CredentialRefused:
    """What the card is told, which its station shows."""
    name = former.gateway_name
    if former.ended_for == ENROLLED_AGAIN:
        return CardReplaced(
            f"{name} was enrolled again; this is its former credential",
            "Restart the gateway; if this is another card, switch it off and import it at the office.",
        )
    if former.ended_for == REPLACED:
        return CardReplaced(f"this card was replaced: another one is {name} now")
    return CardReplaced(f"{name} was {former.ended_for} at the office")


def purge_credentials(session: Session, plant: str, now: float) -> None:
    """Certificates that are over for as long as they were good: nobody can show one of them any more."""
    over = Certificate.ends_at < now - CERTIFICATE_DAYS * DAY_SECONDS
    session.execute(delete(Certificate).where(Certificate.plant == plant, over))


# Cards


def pending_replacement(session: Session, plant: str, gateway_name: str) -> Replacement | None:
    """The replacement whose code was not used yet."""
    return session.scalars(
        select(Replacement)
        .where(Replacement.plant == plant, Replacement.gateway == gateway_name, Replacement.enrolled_at.is_(None))
        .limit(1)
    ).first()


def cards_of(session: Session, plant: str, gateway_name: str) -> int:
    """How many cards may have begun under this name: the first, and each that took its place by a person's choice."""
    replaced = session.scalar(
        select(func.count())
        .select_from(Replacement)
        .where(Replacement.plant == plant, Replacement.gateway == gateway_name, Replacement.enrolled_at.is_not(None))
    )
    return 1 + (replaced or 0)


def retirement_of(session: Session, plant: str, gateway_name: str) -> Retirement | None:
    """Since when a gateway is out of service."""
    return session.get(Retirement, (plant, gateway_name))
