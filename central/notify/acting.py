"""What a person does with a message: sees it, confirms it, takes the call it is about."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from central.asking import asking_address
from central.audit import record_act
from central.board import person_name
from central.change import note_change
from central.facts import OPEN_STATES, acknowledge_call
from central.limits import INBOX_MAX
from central.models import Call
from central.notify.making import Moment, all_answered, close
from central.notify.moving import move
from central.notify.rules import CALL_KINDS, IN_APP
from central.notify.states import DeliveryAction, DeliveryState
from central.notify.tables import Delivery, Notification

UNSEEN_MAX = 99
"""The badge says 99+ beyond."""

RESULTS = ("taken", "already", "confirmed", "seen")
"""What comes of an answer."""


def unseen(session: Session, plant: str, person: str) -> int:
    """How many messages a person has not seen, at most UNSEEN_MAX + 1."""
    wanted = (
        select(Delivery.id)
        .where(Delivery.plant == plant, Delivery.person == person, Delivery.channel == IN_APP)
        .where(Delivery.state == str(DeliveryState.ACCEPTED))
        .limit(UNSEEN_MAX + 1)
    )
    return len(session.scalars(wanted).all())


def own_message(session: Session, plant: str, person: str, key: str) -> tuple[Delivery, Notification] | None:
    """A person's message on their page, by its key; locked, for who acts on it.

    The head row is locked first, as by the pump: one order of locks, and live pages hear of it.
    """
    note_change(session, plant)
    wanted = select(Delivery).where(Delivery.plant == plant, Delivery.key == key, Delivery.person == person)
    row = session.scalar(wanted.where(Delivery.channel == IN_APP).with_for_update())
    note = session.get(Notification, row.notification) if row else None
    return (row, note) if row is not None and note is not None else None


def see(session: Session, plant: str, person: str, keys: Sequence[str], now: float) -> int:
    """A person says that they have seen these messages on their page; how many changed."""
    note_change(session, plant)
    wanted = select(Delivery).where(Delivery.plant == plant, Delivery.person == person, Delivery.channel == IN_APP)
    rows = session.scalars(wanted.where(Delivery.key.in_(list(keys)[:INBOX_MAX])).with_for_update()).all()
    return sum(move(session, row, DeliveryAction.SHOW, now) for row in rows)


def call_of(session: Session, plant: str, note: Notification) -> Call | None:
    """The call a message is about."""
    return session.get(Call, (plant, note.gateway, note.epoch, note.seq)) if note.seq else None


def answer(moment: Moment, row: Delivery, note: Notification, person: str, source: str) -> str:
    """A person confirms a message, and with it takes the call that waits. `source`: office, link.

    Returns taken (the call is theirs), already (somebody else has it, or it is over), confirmed, or seen (there was
    nothing to confirm).
    """
    result = _answered(moment, note, person, source)
    if row.person == person:
        action = DeliveryAction.SHOW if result == "seen" else DeliveryAction.ACKNOWLEDGE
        move(moment.session, row, action, moment.now)
        _see_on_page(moment, note, person)
    moment.session.flush()
    if result == "taken" or (result == "confirmed" and all_answered(moment, note)):
        close(moment, note, person)
    return result


def note_taken(moment: Moment, note: Notification, done: str, who: str, by: str) -> None:
    """That a call was taken by a message, in the audit log. `by`: inbox, link. Who was asked may take it, whatever
    their role: the rule that asked them is the plant's word."""
    if done == "taken":
        subject = f"{note.gateway} {note.epoch}/{note.seq}"
        record_act(
            moment.session, moment.plant, who, "call.acknowledged", subject, {"by": by}, moment.now, asking_address()
        )


def _answered(moment: Moment, note: Notification, person: str, source: str) -> str:
    call = call_of(moment.session, moment.plant, note)
    if call is None or note.kind not in CALL_KINDS:
        return "confirmed" if note.acknowledge else "seen"
    if call.state not in OPEN_STATES:
        return "already"
    name = person_name(person, moment.master)
    identity = f"{call.epoch}/{call.seq}"
    taken = acknowledge_call(
        moment.session, moment.plant, call.gateway, identity, person, name, moment.now, source=source
    )
    return "taken" if taken else "already"


def _see_on_page(moment: Moment, note: Notification, person: str) -> None:
    """Who answered one of their messages need not be asked to look at the same on their page."""
    mine = (Delivery.plant == moment.plant, Delivery.notification == note.id, Delivery.person == person)
    for row in moment.session.scalars(select(Delivery).where(*mine, Delivery.channel == IN_APP)).all():
        move(moment.session, row, DeliveryAction.SHOW, moment.now)
