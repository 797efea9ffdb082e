"""Sign-in at a shared terminal with a badge and a PIN: for a short time, and for what is done on the floor."""

import re

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from central.audit import NOBODY, record_act, record_failed_sign_in
from central.database import Database
from central.errors import PinRefused, SignInRefused, TooManyAttempts
from central.limits import LOCK_SECONDS, PIN_FAILURES_MAX, PIN_LOCKS_MAX
from central.models import AccountRow
from central.passwords import hash_secret, is_secret
from central.rights_tables import AccountPin
from central.sessions import BADGE, Caller, open_session
from central.snapshots import current_master
from floor.errors import LabelRefused
from floor.labels import classify, decode
from floor.master import MasterData

PIN = re.compile(r"[0-9]{4,8}")
RUNS = "01234567890 09876543210"


def check_pin(pin: str) -> None:
    """Raises PinRefused for a PIN that is no 4 to 8 digits, all the same digit, or a run of them."""
    if not PIN.fullmatch(pin) or not pin.isascii() or len(set(pin)) == 1 or pin in RUNS:
        raise PinRefused


def set_pin(session: Session, plant: str, name: str, hashed: str, now: float) -> None:
    """Keeps the hash of a PIN for a name. Raises PinRefused where the account has no person, or another account has."""
    row = session.get(AccountRow, (plant, name))
    if row is None or not row.person:
        raise PinRefused("the account has no person, so there is no badge to go with a PIN")
    others = select(AccountPin.account).join(
        AccountRow, (AccountRow.plant == AccountPin.plant) & (AccountRow.name == AccountPin.account)
    )
    mine = (AccountPin.plant == plant, AccountRow.person == row.person, AccountPin.account != name)
    if session.scalar(others.where(*mine)) is not None:
        raise PinRefused("another account of this person has a PIN")
    drop_pin(session, plant, name)
    session.add(AccountPin(plant=plant, account=name, pin_hash=hashed, failures=0, locked_until=0.0, set_at=now))


def drop_pin(session: Session, plant: str, name: str) -> None:
    """The name has no PIN any more."""
    session.execute(delete(AccountPin).where(AccountPin.plant == plant, AccountPin.account == name))


def has_pin(session: Session, plant: str, name: str) -> bool:
    """Whether a name has a PIN."""
    return session.get(AccountPin, (plant, name)) is not None


def person_of_badge(master: MasterData, label: str, today: str) -> str:
    """The person whose badge was scanned, by every pattern that a station knows; empty for none or one that is over."""
    try:
        decoded = decode(label.strip().encode("utf-8", "replace"))
    except LabelRefused:
        return ""
    person = classify(decoded, master).person if decoded is not None else None
    is_good = person is not None and person.active and (not person.badge_until or person.badge_until >= today)
    return person.id if person is not None and is_good else ""


def sign_in_by_badge(database: Database, label: str, pin: str, today: str, now: float, caller: Caller) -> str:
    """A short session's token. Raises SignInRefused (told the same way whatever was wrong), TooManyAttempts."""
    plant = database.plant
    with database.read() as session:
        name = _account_of(session, plant, person_of_badge(current_master(session, plant), label, today))
        row = session.get(AccountPin, (plant, name))
        known = row.pin_hash if row is not None else None
        if row is not None and now < row.locked_until <= now + LOCK_SECONDS:
            raise TooManyAttempts
    right = is_secret(known, pin if PIN.fullmatch(pin) else "")
    with database.write() as session:
        token = ""
        row = session.get(AccountPin, (plant, name), with_for_update=True)
        user = session.get(AccountRow, (plant, name))
        if row is not None and user is not None and user.enabled and right and row.pin_hash == known:
            row.failures = 0
            token = open_session(session, plant, name, now, caller, BADGE)
            record_act(session, plant, name, "sign_in.done", name, {"means": BADGE}, now, caller.address)
        else:
            record_failed_sign_in(session, plant, name or NOBODY, BADGE, now, caller.address)
            _count(session, row, now, caller.address)
    if not token:
        raise SignInRefused
    return token


def _account_of(session: Session, plant: str, person: str) -> str:
    """The account of a person that has a PIN; empty where there is none."""
    if not person:
        return ""
    wanted = select(AccountRow.name).join(
        AccountPin, (AccountPin.plant == AccountRow.plant) & (AccountPin.account == AccountRow.name)
    )
    return session.scalar(wanted.where(AccountRow.plant == plant, AccountRow.person == person)) or ""


def _count(session: Session, row: AccountPin | None, now: float, address: str) -> None:
    """Four digits bear few tries: the PIN rests after some, and is void after some rests."""
    if row is None:
        return
    row.failures += 1
    if row.failures >= PIN_FAILURES_MAX * PIN_LOCKS_MAX:
        session.delete(row)
        record_act(session, row.plant, row.account, "pin.voided", row.account, {"failures": row.failures}, now, address)
    elif row.failures % PIN_FAILURES_MAX == 0:
        row.locked_until = now + LOCK_SECONDS
        record_act(session, row.plant, row.account, "pin.locked", row.account, {"failures": row.failures}, now, address)


def new_pin_hash(pin: str) -> str:
    """The hash of a PIN to keep, made outside of any transaction. Raises PinRefused, TooManyAttempts."""
    check_pin(pin)
    return hash_secret(pin)
