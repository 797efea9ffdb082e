"""One attempt: what is due is claimed and committed as being sent, then sent, then what came of it is kept."""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, or_, select

from central.channels.port import Address, Channel, Message, Outcome
from central.fold_rows import clean
from central.limits import (
    CLAIMS_MAX,
    DELIVERY_SECONDS_MAX,
    FAILURES_MAX,
    RETRY_DELIVERY_SECONDS_MAX,
    RETRY_DELIVERY_SECONDS_MIN,
    SEND_SECONDS_MAX,
    URGENT_SECONDS_MAX,
)
from central.notify.links import link_of
from central.notify.making import NO_CONTACT, Moment, fall_back, joined, keep
from central.notify.moving import move, note_late
from central.notify.quiet import quiet_until
from central.notify.rules import IN_APP
from central.notify.states import DUE, DeliveryAction, DeliveryState
from central.notify.tables import Contact, Delivery, Notification
from central.notify.words import DIGEST, SUMMARY, facts_of, language_of, text_of, title_of
from central.texts import text

NOT_CONFIGURED = "not_configured"
EXPIRED = "expired"
LOST = "no_answer"
TITLES_MAX = 8
"""Titles that a digest names."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One message on its way: to be sent exactly as it is here. `claim` names the attempt in the delivery's row."""

    delivery: int
    claim: str
    channel: str
    message: Message
    address: Address


@dataclass(frozen=True, slots=True)
class Senders:
    """What an attempt needs of its surroundings. `room`: whether a channel takes one more now."""

    channels: Mapping[str, Channel]
    room: Callable[[str], bool]
    next_claim: Callable[[], str]
    public_url: str
    secret: str


def claim_due(moment: Moment, senders: Senders, resting: Collection[str]) -> list[Attempt]:
    """Commit these as being sent before any of them is: after a crash it is known which may have arrived."""
    wanted = (
        select(Delivery)
        .where(Delivery.plant == moment.plant, Delivery.state.in_(DUE), Delivery.next_at <= moment.now)
        # A channel that rests must not fill the list before the others.
        .where(Delivery.channel.not_in(tuple(resting)))
        # In the alphabet, too, urgent is the last and low the first.
        .order_by(Delivery.priority.desc(), Delivery.next_at, Delivery.id)
        .limit(CLAIMS_MAX)
    )
    claimed = []
    for row in moment.session.scalars(wanted).all():
        attempt = _claim(moment, senders, row)
        if attempt is not None:
            claimed.append(attempt)
    return claimed


def _claim(moment: Moment, senders: Senders, row: Delivery) -> Attempt | None:
    note = moment.session.get(Notification, row.notification)
    assert note is not None, "a delivery is purged with its notification"
    if note.kind == SUMMARY:
        count_joined(moment, note, row)
    if row.channel == IN_APP:
        keep(moment, row)
        return None
    contact = moment.session.get(Contact, row.contact)
    channel = senders.channels.get(row.channel)
    if contact is None or contact.person != row.person or contact.channel != row.channel or channel is None:
        _fail(moment, row, DeliveryAction.REFUSE, NOT_CONFIGURED if channel is None else NO_CONTACT, "")
        return None
    until = quiet_until(contact.quiet_from, contact.quiet_to, moment.now, moment.utc_offset_seconds)
    if until is not None and row.priority != "urgent" and move(moment.session, row, DeliveryAction.HOLD, moment.now):
        row.next_at = until
        return None
    if not senders.room(row.channel):
        return None
    move(moment.session, row, DeliveryAction.SEND, moment.now)
    row.attempts, row.claim, row.sending_at = row.attempts + 1, senders.next_claim(), moment.now
    return Attempt(row.id, row.claim, row.channel, _message(moment, senders, row, note, contact), _address(contact))


def is_expired(now: float, resting: Collection[str]) -> ColumnElement[bool]:
    """Tried for too long, or its channel is not free for too long. What it slept over is tried once at least."""
    urgent = (Delivery.priority == "urgent") & (Delivery.due_at < now - URGENT_SECONDS_MAX)
    late = urgent | (Delivery.due_at < now - DELIVERY_SECONDS_MAX)
    return Delivery.state.in_(DUE) & late & ((Delivery.attempts > 0) | Delivery.channel.in_(tuple(resting)))


def expire(moment: Moment, resting: Collection[str]) -> int:
    """Give up what no attempt got through in time: the person's next channel is tried. Returns how many."""
    wanted = select(Delivery).where(Delivery.plant == moment.plant, is_expired(moment.now, resting))
    found = moment.session.scalars(wanted.limit(CLAIMS_MAX)).all()
    for row in found:
        _fail(moment, row, DeliveryAction.GIVE_UP, row.code or EXPIRED, row.told)
    return len(found)


def _address(contact: Contact) -> Address:
    return Address(contact.address, contact.mention)


def _message(moment: Moment, senders: Senders, row: Delivery, note: Notification, contact: Contact) -> Message:
    master = moment.master
    language = language_of(contact.language, row.person, master)
    asks = bool(note.acknowledge) and note.closed_at is None
    return Message(
        key=row.key,
        title=title_of(note, master, language),
        text=text_of(note, master, language, moment.utc_offset_seconds),
        link=link_of(senders.public_url, senders.secret, row.key, row.made_at),
        link_text=text(language, "message.answer" if asks else "message.open"),
        urgent=row.priority == "urgent",
    )


def keep_outcome(moment: Moment, attempt: Attempt, outcome: Outcome, repeats_safely: bool) -> None:
    """What came of an attempt; evidence alone where it was taken for lost meanwhile."""
    row = moment.session.get(Delivery, attempt.delivery)
    if row is None:
        return
    code, told = outcome.code, outcome.told
    if row.claim != attempt.claim:
        note_late(moment.session, row, moment.now, f"{outcome.state} {code}".strip(), told)
        return
    row.claim = ""
    if outcome.provider_id:
        row.provider_id = clean(outcome.provider_id[:200])
    if row.state != DeliveryState.SENDING:
        # The person was faster than the provider's answer.
        row.accepted_at = row.accepted_at or moment.now
        note_late(moment.session, row, moment.now, f"{outcome.state} {code}".strip(), told)
    elif outcome.state in ("accepted", "handed_over"):
        done = DeliveryAction.ACCEPT if outcome.state == "accepted" else DeliveryAction.HAND_OVER
        move(moment.session, row, done, moment.now, code or outcome.state, told)
    elif outcome.state == "refused":
        _fail(moment, row, DeliveryAction.REFUSE, code or "refused", told)
    elif outcome.state == "limited":
        move(moment.session, row, DeliveryAction.RETRY, moment.now, code or "limited", told)
        row.next_at = moment.now + pause_of(outcome.retry_after_seconds, row.failures)
    elif outcome.state == "unreachable":
        _again(moment, row, code or "unreachable", told)
    else:
        lose(moment, row, repeats_safely, code or LOST, told)


def pause_of(asked_seconds: float, failures: int) -> float:
    """How long to wait before the next attempt."""
    grown: float = RETRY_DELIVERY_SECONDS_MIN * 2 ** min(failures, 10)
    return min(max(asked_seconds, grown), RETRY_DELIVERY_SECONDS_MAX)


def _again(moment: Moment, row: Delivery, code: str, told: str) -> None:
    row.failures += 1
    if row.failures >= FAILURES_MAX:
        _fail(moment, row, DeliveryAction.GIVE_UP, code, told)
        return
    move(moment.session, row, DeliveryAction.RETRY, moment.now, code, told)
    row.next_at = moment.now + pause_of(0.0, row.failures - 1)


def lose(moment: Moment, row: Delivery, repeats_safely: bool, code: str, told: str) -> None:
    """It may have arrived. Sent once more at most where the provider would show it twice, and marked so."""
    row.claim = ""
    if repeats_safely:
        _again(moment, row, code, told)
    elif row.repeated:
        _fail(moment, row, DeliveryAction.GIVE_UP, code, told)
    else:
        row.repeated = 1
        row.failures += 1
        move(moment.session, row, DeliveryAction.LOSE, moment.now, code, told)
        row.next_at = moment.now + pause_of(0.0, 0)


def _fail(moment: Moment, row: Delivery, action: DeliveryAction, code: str, told: str) -> None:
    if move(moment.session, row, action, moment.now, code, told):
        fall_back(moment, row)


def is_lost(now: float) -> ColumnElement[bool]:
    """Under way for too long. One from the future was claimed under a clock that was wrong."""
    apart = or_(Delivery.sending_at < now - SEND_SECONDS_MAX, Delivery.sending_at > now + SEND_SECONDS_MAX)
    return (Delivery.state == str(DeliveryState.SENDING)) & apart


def recover(moment: Moment, channels: Mapping[str, Channel]) -> int:
    """Attempts without an answer for too long: their worker died, or the provider hangs. Returns how many."""
    wanted = select(Delivery).where(Delivery.plant == moment.plant, is_lost(moment.now)).limit(CLAIMS_MAX)
    found = moment.session.scalars(wanted).all()
    for row in found:
        channel = channels.get(row.channel)
        lose(moment, row, channel is not None and channel.repeats_safely, LOST, "")
    return len(found)


# Quiet hours and digests


def release_due(moment: Moment) -> int:
    """What was held and may go now: several of low priority to one address as one. Returns how many."""
    wanted = (
        select(Delivery)
        .where(Delivery.plant == moment.plant, Delivery.state == str(DeliveryState.HELD))
        .where(Delivery.next_at <= moment.now)
        .order_by(Delivery.id)
        .limit(CLAIMS_MAX)
    )
    held = moment.session.scalars(wanted).all()
    groups: dict[tuple[str, str, int], list[Delivery]] = {}
    for row in held:
        if row.priority == "low" and row.kind not in (DIGEST, SUMMARY):
            groups.setdefault((row.person, row.channel, row.contact), []).append(row)
    for group in groups.values():
        if len(group) > 1:
            _digest(moment, group)
    for row in held:
        if row.state == DeliveryState.HELD:
            move(moment.session, row, DeliveryAction.RELEASE, moment.now)
            row.next_at = row.due_at = moment.now
    return len(held)


def _digest(moment: Moment, rows: Sequence[Delivery]) -> None:
    whole = joined(moment, rows[0], DIGEST, "low", moment.now)
    for row in rows:
        move(moment.session, row, DeliveryAction.DIGEST, moment.now)
        row.merged_into = whole.id
    note = moment.session.get(Notification, whole.notification)
    assert note is not None
    moment.session.flush()
    count_joined(moment, note, whole)


def count_joined(moment: Moment, note: Notification, row: Delivery) -> None:
    """What a digest or a summary says: how many, and the newest of them by name."""
    merged = select(Notification).join(Delivery, Delivery.notification == Notification.id)
    merged = merged.where(Delivery.plant == moment.plant, Delivery.merged_into == row.id)
    found = moment.session.scalars(merged.order_by(Notification.id.desc())).all()
    master = moment.master
    contact = moment.session.get(Contact, row.contact) if row.contact else None
    language = language_of(contact.language if contact else "", row.person, master)
    titles = [title_of(each, master, language) for each in found[:TITLES_MAX]]
    note.facts = json.dumps(facts_of(note) | {"count": len(found), "titles": titles}, ensure_ascii=False)
    moment.session.flush()
