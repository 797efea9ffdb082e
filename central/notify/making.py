"""From what happened to notifications and deliveries: each happening once, each person once."""

import functools
import json
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from central.limits import (
    COLLAPSE_SECONDS,
    ESCALATIONS_PER_STEP_MAX,
    STORM_SECONDS,
    STORM_STOP_MESSAGES,
    SUBJECT_CHARACTERS_MAX,
)
from central.models import AccountRow, Call
from central.notify.contacts import contacts_of
from central.notify.moving import add_delivery, move
from central.notify.rule_rows import rules_of
from central.notify.rules import CALL_KINDS, IN_APP, OWN, Happening, Rule, in_order, matches, people_of
from central.notify.states import FAILED, PENDING, DeliveryAction, DeliveryState
from central.notify.tables import Contact, Delivery, Notification
from central.notify.words import DIGEST, SUMMARY, facts_of
from central.snapshots import current_master
from floor.master import MasterData

NO_ACCOUNT = "no_account"
NO_CONTACT = "no_contact"


@dataclass(frozen=True)
class Moment:
    """When and where deliveries are made: what every step of it needs. It lives as long as its transaction, which has
    the head row, so neither master data nor rules change under it."""

    session: Session
    plant: str
    now: float
    utc_offset_seconds: float

    @functools.cached_property
    def master(self) -> MasterData:
        """The master data in force."""
        return current_master(self.session, self.plant)

    @functools.cached_property
    def rules(self) -> Sequence[Rule]:
        """Every rule, in the order in which they tell."""
        return in_order(rules_of(self.session, self.plant))


def make(moment: Moment, found: Happening) -> None:
    """Notifications for what happened. The caller moves its position in the same transaction."""
    told: set[str] = set()
    for rule in moment.rules:
        if not matches(rule, found):
            continue
        everybody = _people(moment, rule, found, 1)
        people = [each for each in everybody if each not in told]
        told.update(people)
        # A rule that is about nobody at its first level begins at its second; one whose people know already is done.
        if not people and (everybody or len(rule.levels) < 2):
            continue
        if _collapsed(moment, rule, found):
            continue
        note = _notification(moment, rule, found)
        for person in people:
            tell(moment, note, rule, person)
        hurry(moment, note, rule)


def hurry(moment: Moment, note: Notification, rule: Rule) -> None:
    """Where nobody can be reached, nobody can be waited for: the next level has to know now."""
    if note.level >= len(rule.levels) or note.closed_at is not None:
        return
    states = moment.session.scalars(
        select(Delivery.state).where(Delivery.plant == moment.plant, Delivery.notification == note.id)
    )
    if all(each in FAILED for each in states):
        note.escalate_at = moment.now


def _people(moment: Moment, rule: Rule, found: Happening, level: int) -> tuple[str, ...]:
    return people_of(rule.levels[level - 1], found, moment.master, moment.now, moment.utc_offset_seconds)


def _subject(found: Happening) -> str:
    return f"{found.kind} {found.subject}"[:SUBJECT_CHARACTERS_MAX]


def _collapsed(moment: Moment, rule: Rule, found: Happening) -> bool:
    """Whether the same was told a moment ago and still stands: then it is counted there."""
    row = moment.session.scalar(
        select(Notification)
        .where(Notification.plant == moment.plant, Notification.rule == rule.number)
        .where(Notification.subject == _subject(found), Notification.closed_at.is_(None))
        .where(Notification.made_at > moment.now - COLLAPSE_SECONDS, Notification.made_at <= moment.now)
        .order_by(Notification.id.desc())
        .limit(1)
    )
    if row is not None:
        row.count += 1
    return row is not None


def _notification(moment: Moment, rule: Rule, found: Happening) -> Notification:
    epoch, _, seq = found.call.partition("/")
    wait = rule.levels[0].minutes * 60 if rule.acknowledge and len(rule.levels) > 1 else 0
    note = Notification(
        plant=moment.plant,
        source=f"{found.source} {rule.number}",
        rule=rule.number,
        kind=found.kind,
        subject=_subject(found),
        gateway=found.gateway_name if found.call else "",
        epoch=epoch,
        seq=int(seq or 0),
        line=found.line,
        station=found.station,
        impact=found.impact,
        priority=rule.priority,
        acknowledge=int(rule.acknowledge),
        facts=json.dumps(found.facts | _for_later(found), ensure_ascii=False),
        happened_at=found.at,
        made_at=moment.now,
        count=1,
        level=1,
        escalate_at=moment.now + wait if wait else None,
        closed_by="",
    )
    moment.session.add(note)
    moment.session.flush()
    return note


def _for_later(found: Happening) -> dict[str, object]:
    """What the people of later levels are found by."""
    kept = {"call_type": found.call_type, "owner": found.owner, "people": list(found.people)}
    return {name: value for name, value in kept.items() if value}


def happening_of(note: Notification) -> Happening:
    """What a notification was made from, as far as levels need it."""
    facts = facts_of(note)
    return Happening(
        note.kind,
        note.subject,
        note.source,
        note.happened_at,
        line=note.line,
        station=note.station,
        owner=str(facts.get("owner", "")),
        people=tuple(map(str, facts.get("people", ()))),
    )


# One person


def tell(moment: Moment, note: Notification, rule: Rule, person: str) -> None:
    """The person's own page, and beside it the first of their channels. Nothing to who was told already."""
    if _rows(moment, note, person):
        return
    page = _add(moment, note, rule, person, IN_APP, 0)
    if page.state == DeliveryState.QUEUED:
        keep(moment, page)
    tell_next(moment, note, rule, person)


def keep(moment: Moment, row: Delivery) -> None:
    """The plant's own page has it, for somebody who can sign in there."""
    account = select(AccountRow.name).where(
        AccountRow.plant == moment.plant, AccountRow.person == row.person, AccountRow.enabled == 1
    )
    if moment.session.scalar(account.limit(1)) is None:
        move(moment.session, row, DeliveryAction.REFUSE, moment.now, NO_ACCOUNT)
    else:
        move(moment.session, row, DeliveryAction.KEEP, moment.now)


def tell_next(moment: Moment, note: Notification, rule: Rule, person: str) -> bool:
    """The person's next channel that was not tried. False where there is none."""
    tried = {row.channel for row in _rows(moment, note, person)}
    contacts = contacts_of(moment.session, moment.plant, person)
    for channel in channels_in_order(rule, contacts):
        if channel not in tried:
            for contact in (each for each in contacts if each.channel == channel):
                _add(moment, note, rule, person, channel, contact.id)
            return True
    return False


def channels_in_order(rule: Rule, contacts: Sequence[Contact]) -> list[str]:
    """The channels that a rule tries for somebody with these contacts."""
    own = list(dict.fromkeys(each.channel for each in contacts))
    wanted = [name for each in rule.channels for name in (own if each == OWN else [each])]
    return [each for each in dict.fromkeys(wanted) if each in own]


def fall_back(moment: Moment, row: Delivery) -> None:
    """A channel failed: the person's next one, once nothing of this one is under way any more."""
    note = moment.session.get(Notification, row.notification)
    if note is None or note.closed_at is not None or row.channel == IN_APP:
        return
    same = [each for each in _rows(moment, note, row.person) if each.channel == row.channel]
    rule = rule_or_own(moment, note.rule)
    if all(each.state in FAILED for each in same) and not tell_next(moment, note, rule, row.person):
        hurry(moment, note, rule)


def rule_or_own(moment: Moment, number: int) -> Rule:
    """The rule; where it is gone, one that sends over each person's own channels and tells nobody else."""
    found = next((each for each in moment.rules if each.number == number), None)
    return found or Rule(number, "", "", ())


def _rows(moment: Moment, note: Notification, person: str) -> Sequence[Delivery]:
    mine = (Delivery.plant == moment.plant, Delivery.notification == note.id, Delivery.person == person)
    return moment.session.scalars(select(Delivery).where(*mine)).all()


def _add(moment: Moment, note: Notification, rule: Rule, person: str, channel: str, contact: int) -> Delivery:
    stormy = note.kind not in (SUMMARY, DIGEST) and _is_storm(moment, note, rule, person, channel)
    row = add_delivery(moment.session, note, person, channel, contact, note.level, moment.now, moment.now)
    if stormy:
        move(moment.session, row, DeliveryAction.SUPPRESS, moment.now)
        row.merged_into = _summary(moment, note, row).id
    return row


# Storms


def _is_storm(moment: Moment, note: Notification, rule: Rule, person: str, channel: str) -> bool:
    bound = rule.burst_max
    if note.impact in ("stop", "fixed"):
        bound = max(bound, STORM_STOP_MESSAGES)
    recent = moment.session.scalar(
        select(func.count())
        .where(Delivery.plant == moment.plant, Delivery.rule == rule.number, Delivery.person == person)
        .where(Delivery.channel == channel, Delivery.made_at > moment.now - STORM_SECONDS)
        .where(Delivery.state != str(DeliveryState.SUPPRESSED), Delivery.kind.not_in((SUMMARY, DIGEST)))
    )
    return (recent or 0) >= bound


def _summary(moment: Moment, note: Notification, row: Delivery) -> Delivery:
    """The one message at the window's end that stands for those that were too many."""
    waiting = moment.session.scalar(
        select(Delivery)
        .where(Delivery.plant == moment.plant, Delivery.rule == row.rule, Delivery.person == row.person)
        .where(Delivery.channel == row.channel, Delivery.contact == row.contact, Delivery.kind == SUMMARY)
        .where(Delivery.state.in_(PENDING))
        .limit(1)
    )
    if waiting is not None:
        return waiting
    return joined(moment, row, SUMMARY, note.priority, moment.now + STORM_SECONDS)


def joined(moment: Moment, like: Delivery, kind: str, priority: str, due: float) -> Delivery:
    """A delivery that stands for several others of one person and channel."""
    note = Notification(
        plant=moment.plant,
        source=f"{kind} {like.key}",
        rule=like.rule,
        kind=kind,
        subject=f"{kind} {like.person} {like.channel}"[:SUBJECT_CHARACTERS_MAX],
        gateway="",
        epoch="",
        seq=0,
        line="",
        station="",
        impact="",
        priority=priority,
        acknowledge=0,
        facts="{}",
        happened_at=moment.now,
        made_at=moment.now,
        count=1,
        level=1,
        closed_by="",
    )
    moment.session.add(note)
    moment.session.flush()
    return add_delivery(moment.session, note, like.person, like.channel, like.contact, 1, due, moment.now)


# Calls that are over, and levels


def close_call(moment: Moment, epoch: str, seq: int, by: str) -> None:
    """Somebody has the call, or it is over: nobody else has to come, and what was not sent is not sent any more."""
    wanted = select(Notification).where(
        Notification.plant == moment.plant,
        Notification.epoch == epoch,
        Notification.seq == seq,
        Notification.kind.in_(CALL_KINDS),
        Notification.closed_at.is_(None),
    )
    for note in moment.session.scalars(wanted).all():
        close(moment, note, by)


def close(moment: Moment, note: Notification, by: str) -> None:
    """Nothing is waited for any more."""
    note.closed_at, note.closed_by, note.escalate_at = moment.now, by, None
    pending = select(Delivery).where(
        Delivery.plant == moment.plant, Delivery.notification == note.id, Delivery.state.in_(PENDING)
    )
    for row in moment.session.scalars(pending).all():
        move(moment.session, row, DeliveryAction.OVERTAKE, moment.now)


def escalate_due(moment: Moment) -> int:
    """Take what nobody answered in time to its next level, each level once. Returns how many were looked at."""
    wanted = (
        select(Notification)
        .where(Notification.plant == moment.plant, Notification.escalate_at <= moment.now)
        .order_by(Notification.escalate_at)
        .limit(ESCALATIONS_PER_STEP_MAX)
    )
    due = moment.session.scalars(wanted).all()
    for note in due:
        _escalate(moment, note)
    return len(due)


def _escalate(moment: Moment, note: Notification) -> None:
    note.escalate_at = None
    if not _is_waiting(moment, note):
        close(moment, note, note.closed_by)
        return
    rule = rule_or_own(moment, note.rule)
    while note.level < len(rule.levels):
        note.level += 1
        level = rule.levels[note.level - 1]
        people = _people(moment, rule, happening_of(note), note.level)
        fresh = [each for each in people if not _rows(moment, note, each)]
        for person in fresh:
            tell(moment, note, rule, person)
        if fresh:
            if note.level < len(rule.levels) and level.minutes:
                note.escalate_at = moment.now + level.minutes * 60
            hurry(moment, note, rule)
            return


def _is_waiting(moment: Moment, note: Notification) -> bool:
    """Whether an answer is still missing: nobody has the call; else somebody has not confirmed."""
    if note.closed_at is not None:
        return False
    if note.seq and note.kind in CALL_KINDS:
        call = moment.session.get(Call, (moment.plant, note.gateway, note.epoch, note.seq))
        return call is None or call.state == "raised"
    return not all_answered(moment, note)


def all_answered(moment: Moment, note: Notification) -> bool:
    """Whether each person of a notification has confirmed it, over whichever channel."""
    rows = moment.session.execute(
        select(Delivery.person, func.max(Delivery.acknowledged_at))
        .where(Delivery.plant == moment.plant, Delivery.notification == note.id)
        .group_by(Delivery.person)
    ).all()
    return bool(rows) and all(at is not None for _, at in rows)
