"""Alarms: what a person must look at (S7). Each is one row, however often it comes up again."""

from collections.abc import Iterable

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from central.change import note_change
from central.ingest_rules import AlarmRaised
from central.limits import ALARM_REPEAT_SECONDS, ALARMS_PER_GATEWAY_MAX, DETAIL_CHARACTERS_MAX
from central.models import Alarm
from central.notify.announcements import announce


def raise_alarms(session: Session, plant: str, gateway_name: str, raised: Iterable[AlarmRaised], now: float) -> int:
    """Write what is new, count what stands already. Returns how many rows changed.

    What a person signed off stays signed off: a fork, for one, never goes away by itself.
    """
    wanted = {(each.kind, each.subject[:120]): each for each in raised}
    if not wanted:
        return 0
    mine = (Alarm.plant == plant, Alarm.gateway == gateway_name)
    standing = {(row.kind, row.subject): row for row in session.scalars(select(Alarm).where(*mine))}
    changed = 0
    for key, each in wanted.items():
        row = standing.get(key)
        if row is None:
            changed += _add(session, plant, gateway_name, each, now, len(standing) + changed)
        elif row.signed_off_at is None and now - row.last_at >= ALARM_REPEAT_SECONDS:
            where = (*mine, Alarm.kind == row.kind, Alarm.subject == row.subject)
            session.execute(update(Alarm).where(*where).values(last_at=now, count=row.count + 1))
            changed += 1
    return changed


def _add(session: Session, plant: str, gateway_name: str, each: AlarmRaised, now: float, count: int) -> int:
    if count > ALARMS_PER_GATEWAY_MAX:
        return 0
    if count == ALARMS_PER_GATEWAY_MAX:
        each = AlarmRaised("alarms_full", "", "more alarms came than are kept; sign some off")
    row = {
        "plant": plant,
        "gateway": gateway_name,
        "kind": each.kind,
        "subject": each.subject[:120],
        "detail": each.detail[:DETAIL_CHARACTERS_MAX].replace("\x00", "\ufffd"),
        "first_at": now,
        "last_at": now,
        "count": 1,
    }
    session.execute(insert(Alarm), [row])
    facts = {"alarm": each.kind, "gateway": gateway_name, "detail": each.detail, "path": "/board"}
    kind = "gateway.silent" if each.kind == "gateway_silent" else "alarm.raised"
    announce(session, plant, kind, f"{gateway_name} {each.kind} {each.subject}", facts, now)
    return 1


def sign_off(session: Session, plant: str, gateway_name: str, kind: str, subject: str, by: str, now: float) -> bool:
    """A person has dealt with it. False when it does not stand."""
    note_change(session, plant)
    where = (Alarm.plant == plant, Alarm.gateway == gateway_name, Alarm.kind == kind, Alarm.subject == subject)
    stands = session.scalar(select(func.count()).where(*where, Alarm.signed_off_at.is_(None)))
    session.execute(update(Alarm).where(*where).values(signed_off_at=now, signed_off_by=by))
    return bool(stands)
