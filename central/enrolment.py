"""Enrolment: a one-time code for one name against a credential of its own. Nothing is shared by the fleet.

A dead Pi is replaced by another card under the same name; a gateway that is out of service is retired.
"""

import base64
import hashlib
import hmac
import re
import secrets

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.orm import Session

from central.change import note_change
from central.credential_tables import Replacement, Retirement
from central.credentials import (
    ENROLLED_AGAIN,
    REPLACED,
    RETIRED,
    REVOKED,
    pending_replacement,
    retirement_of,
    void_all,
)
from central.errors import CodeRefused, CredentialRefused, NameRefused, NameTaken, TooManyAttempts
from central.limits import CODE_AGAIN_SECONDS, CODE_ATTEMPTS_MAX, CODE_DAYS_MAX, CODE_MINUTES, CODES_MAX
from central.models import Gateway, OneTimeCode
from central.sessions import token_hash
from central.snapshots import current_master
from sync.wire import NO_DIGEST

GATEWAY = "gateway"
ACCOUNT = "account"

CODE_LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""Thirty-two letters that are not mistaken for each other when typed from a screen."""

CODE_CHARACTERS = 12
"""60 bits: five tries in ten minutes find none."""

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,47}")

RESERVED = "reader"
"""The broker's own account that may only read."""

MQTT_ITERATIONS = 101
"""mosquitto's own figure. The password is 256 random bits, so stretching it adds nothing."""


def make_code(
    session: Session, plant: str, purpose: str, subject: str, by: str, now: float, days: int = 0
) -> tuple[str, float]:
    """(code, works until). A code made before for the same name is void. `days`: for a card that is yet to be flashed
    and carried to its place; 0: some minutes, for somebody who types it now."""
    if _waiting(session) >= CODES_MAX:
        purge_codes(session, plant, now)
        if _waiting(session) >= CODES_MAX:
            raise TooManyAttempts("too many codes wait to be used")
    code = "".join(secrets.choice(CODE_LETTERS) for _ in range(CODE_CHARACTERS))
    until = now + (min(days, CODE_DAYS_MAX) * 86_400 if days else CODE_MINUTES * 60)
    key = (OneTimeCode.plant == plant, OneTimeCode.purpose == purpose, OneTimeCode.subject == subject)
    session.execute(delete(OneTimeCode).where(*key))
    row = {"plant": plant, "purpose": purpose, "subject": subject, "code_hash": token_hash(_plain(code)), "attempts": 0}
    session.execute(insert(OneTimeCode), [row | {"expires_at": until, "made_by": by}])
    return "-".join(code[start : start + 4] for start in range(0, CODE_CHARACTERS, 4)), until


def _waiting(session: Session) -> int:
    unused = select(func.count()).select_from(OneTimeCode).where(OneTimeCode.used_at.is_(None))
    return session.scalar(unused) or 0


FRESH_SECONDS = 30.0
"""A code so young was told by a process that began together with this one."""


def has_fresh_code(session: Session, plant: str, purpose: str, subject: str, now: float) -> bool:
    """Whether a code was made for the name a moment ago and is not used yet."""
    row = session.get(OneTimeCode, (plant, purpose, subject))
    return row is not None and 0 <= now - (row.expires_at - CODE_MINUTES * 60) < FRESH_SECONDS


def use_code(session: Session, plant: str, purpose: str, subject: str, code: str, now: float, key: str = "") -> bool:
    """Whether the code opens. Wrong: the try is counted, so the caller must commit either way. Right: it is used, and
    opens again only to the same `key` (see `central.asked_keys`), for CODE_AGAIN_SECONDS: whose answer was lost asks
    anew. Without a key it is gone."""
    row = session.get(OneTimeCode, (plant, purpose, subject), with_for_update=True)
    if row is None or row.expires_at < now or row.attempts >= CODE_ATTEMPTS_MAX:
        return False
    if not hmac.compare_digest(row.code_hash, token_hash(_plain(code))):
        row.attempts += 1
        session.flush()
        return False
    if row.used_at is not None:
        return bool(key) and row.used_key == key
    if key:
        row.used_at, row.used_key, row.expires_at = now, key, now + CODE_AGAIN_SECONDS
    else:
        session.delete(row)
    session.flush()
    return True


def purge_codes(session: Session, plant: str, now: float) -> None:
    """Codes that are over."""
    session.execute(delete(OneTimeCode).where(OneTimeCode.plant == plant, OneTimeCode.expires_at < now))


def _plain(code: str) -> str:
    return code.upper().replace("-", "").replace(" ", "")


def invite_gateway(
    session: Session, plant: str, gateway_name: str, by: str, now: float, days: int = 0
) -> tuple[str, float]:
    """(code, works until) for a gateway of this name, new or known. Raises NameRefused.

    A replacement that was chosen before is taken back: its code is void, and a card that comes with this one is not
    what somebody chose then.
    """
    made = _invite(session, plant, gateway_name, by, now, days)
    _take_back_replacement(session, plant, gateway_name)
    return made


def _invite(session: Session, plant: str, gateway_name: str, by: str, now: float, days: int) -> tuple[str, float]:
    """A name that is a station of another gateway is refused: on the broker it would open that station's topics."""
    if not NAME.fullmatch(gateway_name) or gateway_name == RESERVED:
        raise NameRefused
    taken = _taken(session, plant, gateway_name)
    if taken:
        raise NameRefused(taken)
    if session.get(Gateway, (plant, gateway_name)) is None:
        session.execute(insert(Gateway), [_first_row(plant, gateway_name)])
        note_change(session, plant)
    return make_code(session, plant, GATEWAY, gateway_name, by, now, days)


def _taken(session: Session, plant: str, gateway_name: str) -> str:
    """Why no gateway may have the name; empty when one may."""
    station = current_master(session, plant).station_by_id.get(gateway_name)
    if station is not None and station.gateway != gateway_name:
        return f"{gateway_name} is the name of a station of gateway {station.gateway}"
    return f"{gateway_name} was retired" if retirement_of(session, plant, gateway_name) else ""


def replace_gateway(
    session: Session, plant: str, gateway_name: str, by: str, now: float, days: int = 0
) -> tuple[str, float]:
    """(code, works until) for another card that takes this gateway's place. Raises NameRefused.

    The old card's credential is good until the code is used: nothing stops when somebody chooses this by mistake. The
    choice goes with its code: any later code for the name, and `revoke`, take it back.
    """
    enrolled = select(Gateway.enrolled_at).where(Gateway.plant == plant, Gateway.name == gateway_name)
    if session.scalar(enrolled) is None:
        raise NameRefused(f"{gateway_name} was never enrolled, so there is nothing to replace")
    made = _invite(session, plant, gateway_name, by, now, days)
    waiting = pending_replacement(session, plant, gateway_name)
    if waiting is not None:
        waiting.asked_at, waiting.asked_by = now, by
        return made
    mine = (Replacement.plant == plant, Replacement.gateway == gateway_name)
    number = (session.scalar(select(func.max(Replacement.number)).where(*mine)) or 0) + 1
    row = {"plant": plant, "gateway": gateway_name, "number": number, "asked_at": now, "asked_by": by}
    session.execute(insert(Replacement), [row])
    return made


def awaits_card(session: Session, plant: str, gateway_name: str, now: float) -> bool:
    """Whether a replacement was chosen and its code still works."""
    row = session.get(OneTimeCode, (plant, GATEWAY, gateway_name))
    works = row is not None and row.expires_at >= now and row.attempts < CODE_ATTEMPTS_MAX
    return works and pending_replacement(session, plant, gateway_name) is not None


def _first_row(plant: str, gateway_name: str) -> dict[str, object]:
    return {
        "plant": plant,
        "name": gateway_name,
        "release": "",
        "status": "{}",
        "waiting": 0,
        "closed_digest": NO_DIGEST,
        "facts_last": 0,
        "facts_fetched": 0,
    }


def enrol(session: Session, plant: str, gateway_name: str, code: str, now: float, key: str = "") -> str | None:
    """The gateway's new token, told this once; None when the code does not open (commit also then). `key`: see
    `use_code`.

    A token that the name had before is void from here on: a replaced card cannot go on beside its successor.
    Raises NameTaken, which leaves the code as it is, so that it works once the name is free.
    """
    if not use_code(session, plant, GATEWAY, gateway_name, code, now, key):
        return None
    taken = _taken(session, plant, gateway_name)
    if taken:
        raise NameTaken(taken)
    waiting = pending_replacement(session, plant, gateway_name)
    if waiting is not None:
        waiting.enrolled_at = now
        session.flush()
    void_all(session, plant, gateway_name, REPLACED if waiting is not None else ENROLLED_AGAIN, now)
    token = secrets.token_urlsafe(32)
    session.execute(
        update(Gateway)
        .where(Gateway.plant == plant, Gateway.name == gateway_name)
        .values(token_hash=token_hash(token), mqtt_hash=mosquitto_hash(token), enrolled_at=now, revoked_at=None)
    )
    note_change(session, plant)
    return token


def enrol_or_refuse(found: str | None) -> str:
    """After the commit: the token, or CodeRefused."""
    if found is None:
        raise CodeRefused
    return found


def revoke(session: Session, plant: str, gateway_name: str, now: float, reason: str = REVOKED) -> None:
    """The credential is void. What the gateway kept stays on its card. Raises NameRefused when it is unknown."""
    mine = (Gateway.plant == plant, Gateway.name == gateway_name)
    known = session.scalar(select(Gateway.name).where(*mine))
    if known is None:
        raise NameRefused(f"no gateway is named {gateway_name}")
    void_all(session, plant, gateway_name, reason, now)
    session.execute(update(Gateway).where(*mine).values(token_hash=None, mqtt_hash=None, revoked_at=now))
    session.execute(
        delete(OneTimeCode).where(
            OneTimeCode.plant == plant, OneTimeCode.purpose == GATEWAY, OneTimeCode.subject == gateway_name
        )
    )
    _take_back_replacement(session, plant, gateway_name)
    note_change(session, plant)


def _take_back_replacement(session: Session, plant: str, gateway_name: str) -> None:
    """The one whose code was not used."""
    mine = (Replacement.plant == plant, Replacement.gateway == gateway_name, Replacement.enrolled_at.is_(None))
    session.execute(delete(Replacement).where(*mine))


def retire(session: Session, plant: str, gateway_name: str, by: str, now: float) -> None:
    """Out of service for good: its credential is void, its name is closed, its records stay. Raises NameRefused."""
    if retirement_of(session, plant, gateway_name) is not None:
        raise NameRefused(f"{gateway_name} was retired before")
    revoke(session, plant, gateway_name, now, RETIRED)
    row = {"plant": plant, "gateway": gateway_name, "retired_at": now, "retired_by": by}
    session.execute(insert(Retirement), [row])


def gateway_of(session: Session, plant: str, token: str) -> str:
    """The gateway that a bearer token belongs to. Raises CredentialRefused."""
    if not 20 <= len(token) <= 128:
        raise CredentialRefused
    wanted = (Gateway.plant == plant, Gateway.token_hash == token_hash(token), Gateway.revoked_at.is_(None))
    name = session.scalar(select(Gateway.name).where(*wanted))
    if name is None:
        raise CredentialRefused
    return name


def mosquitto_hash(password: str, salt: bytes | None = None) -> str:
    """A password as mosquitto 2 stores it: `$7$` is PBKDF2 with SHA-512."""
    salt = secrets.token_bytes(12) if salt is None else salt
    made = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, MQTT_ITERATIONS)
    return f"$7${MQTT_ITERATIONS}${base64.b64encode(salt).decode()}${base64.b64encode(made).decode()}"
