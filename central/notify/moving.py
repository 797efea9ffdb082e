"""Moving a delivery along its table, with its history; and making one."""

import secrets

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from central.channels.port import TOLD_CHARACTERS_MAX
from central.fold_rows import clean
from central.limits import DELIVERY_STEPS_MAX
from central.notify.states import DeliveryAction, DeliveryState, after
from central.notify.tables import Delivery, DeliveryStep, Notification

CODE_CHARACTERS_MAX = 64
MADE = "make"


def move(session: Session, row: Delivery, action: DeliveryAction, now: float, code: str = "", told: str = "") -> bool:
    """Take a delivery one step on. False where the table has no such step: then nothing changed."""
    follows = after(row.state, action)
    if follows is None:
        return False
    code, told = clean(code[:CODE_CHARACTERS_MAX]), clean(told[:TOLD_CHARACTERS_MAX])
    row.state = follows
    if code or told:
        row.code, row.told = code, told
    if follows not in (DeliveryState.QUEUED, DeliveryState.POSSIBLY_REPEATED, DeliveryState.HELD):
        row.next_at = None
    if follows in (DeliveryState.ACCEPTED, DeliveryState.HANDED_OVER):
        row.accepted_at = now
    if follows is DeliveryState.SHOWN:
        row.shown_at = row.shown_at or now
    if follows is DeliveryState.ACKNOWLEDGED:
        row.shown_at, row.acknowledged_at = row.shown_at or now, now
    _note(session, row, action, now, code, told)
    return True


def _note(session: Session, row: Delivery, action: str, now: float, code: str, told: str) -> None:
    session.flush()
    mine = (DeliveryStep.plant == row.plant, DeliveryStep.delivery == row.id)
    number = (session.scalar(select(func.max(DeliveryStep.number)).where(*mine)) or 0) + 1
    if number <= DELIVERY_STEPS_MAX:
        values = {"plant": row.plant, "delivery": row.id, "number": number, "at": now, "action": str(action)}
        session.execute(insert(DeliveryStep), [values | {"state": str(row.state), "code": code, "told": told}])


def note_late(session: Session, row: Delivery, now: float, code: str, told: str) -> None:
    """An answer that came after the attempt was taken for lost: evidence, no step."""
    late = f"late answer {code}" if code else "late answer"
    _note(session, row, "late", now, clean(late[:CODE_CHARACTERS_MAX]), clean(told[:TOLD_CHARACTERS_MAX]))


def add_delivery(
    session: Session, note: Notification, person: str, channel: str, contact: int, level: int, due: float, now: float
) -> Delivery:
    """A new delivery, due at `due`."""
    row = Delivery(
        plant=note.plant,
        key=secrets.token_hex(16),
        notification=note.id,
        rule=note.rule,
        kind=note.kind,
        person=person,
        channel=channel,
        contact=contact,
        level=level,
        priority=note.priority,
        state=str(DeliveryState.QUEUED),
        attempts=0,
        failures=0,
        repeated=0,
        next_at=due,
        due_at=due,
        claim="",
        made_at=now,
        code="",
        told="",
        provider_id="",
        merged_into=0,
    )
    session.add(row)
    session.flush()
    _note(session, row, MADE, now, "", "")
    return row
