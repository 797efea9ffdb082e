"""Messages: from what happens to who is told, over which channel, and what became of each."""

import json
import threading
import time

import pytest
from sqlalchemy import select

from central.alarms import raise_alarms
from central.channels.port import Outcome
from central.database import Database
from central.facts import acknowledge_call, assign_call
from central.ingest_rules import AlarmRaised
from central.limits import (
    ANNOUNCED_WAITING_MAX,
    COLLAPSE_SECONDS,
    FAILURES_MAX,
    NOTIFY_TOLD_MAX,
    SEND_SECONDS_MAX,
    STORM_MESSAGES,
    STORM_SECONDS,
    TOLD_LATE_SECONDS_MAX,
    URGENT_SECONDS_MAX,
)
from central.models import Alarm, LogHead
from central.notify.announcements import announce
from central.notify.contacts import save_push
from central.notify.pump import BUSY_SECONDS, LOOK_SECONDS, purge
from central.notify.rules import Level, Rule, Who
from central.notify.tables import Delivery, DeliveryStep, Notification, OfficeEvent
from central.snapshots import publish
from floor.events import (
    AndonAcknowledged,
    AndonEscalated,
    AndonRaised,
    AndonResolved,
    ReportFinished,
)
from floor.rows import Notice
from tests.central.memory_channel import MemoryChannel
from tests.central.notify_plant import NOW, NotifyPlant, away, chat, mail, plant, staffed_plant

__all__ = ["chat", "mail", "plant"]

LEADER = (Level((Who("role", "leader"),)),)


def told(plant: NotifyPlant) -> set[tuple[str, str]]:
    return {(row.person, row.channel) for row in plant.deliveries()}


# Who is told


def test_a_call_reaches_the_leader_of_the_department_once(plant: NotifyPlant) -> None:
    plant.happen(AndonRaised(call_type="quality", person="P02"))
    plant.run()
    plant.run()
    assert told(plant) == {("P01", "in_app")}
    [row] = plant.deliveries()
    assert (row.state, plant.steps(row)) == ("accepted", ["make", "keep"])
    [note] = plant.notes()
    assert (note.rule, note.kind, note.station, note.line, note.impact) == (1, "andon.raised", "S1", "L1", "stop")


def test_the_deputy_is_told_in_place_of_who_is_away(plant: NotifyPlant) -> None:
    with plant.database.write() as session:
        publish(session, away(staffed_plant(), "P01"), "test", NOW, "plant")
    plant.happen(AndonRaised(call_type="quality"))
    plant.run()
    # P02 has no account: nobody can see it there, and the head has to know at once.
    assert told(plant) == {("P02", "in_app"), ("P06", "in_app")}
    [row] = plant.deliveries(person="P02")
    assert (row.state, row.code) == ("refused", "no_account")


def test_the_owner_of_a_tier_is_a_duty_a_person_or_a_department(plant: NotifyPlant) -> None:
    plant.account("P03")
    for number, owner in enumerate(("设备科", "机加", "王建国"), start=1):
        call = plant.happen(AndonRaised(call_type="equipment"))
        plant.happen(AndonEscalated(call=call, call_type="equipment", tier=number, owner=owner, elapsed_seconds=60))
    plant.run()
    assert [(row.person) for row in plant.deliveries() if row.kind == "andon.escalated"] == ["P03", "P06", "P01"]


def test_conditions_of_a_rule(plant: NotifyPlant) -> None:
    plant.rule(Rule(0, "only S2", "andon.raised", (Level((Who("person", "P03"),)),), station="S2", priority="urgent"))
    plant.rule(Rule(0, "other line", "andon.raised", (Level((Who("person", "P04"),)),), line="L9"))
    plant.rule(Rule(0, "tier", "andon.escalated", (Level((Who("person", "P05"),)),), tier_min=2))
    plant.happen(AndonRaised(call_type="quality"), "S1")
    call = plant.happen(AndonRaised(call_type="quality"), "S2")
    for tier in (1, 2):
        plant.happen(AndonEscalated(call=call, call_type="quality", tier=tier, elapsed_seconds=60))
    plant.run()
    assert [row.person for row in plant.deliveries() if row.person in ("P03", "P04", "P05")] == ["P03", "P05"]
    assert len(plant.deliveries(person="P05")) == 1


def test_what_the_office_announces_reaches_whom_it_names(plant: NotifyPlant) -> None:
    with plant.database.write() as session:
        facts = {"title": "换刀", "people": ["P06"], "path": "/tasks/7"}
        assert announce(session, "plant", "task.assigned", "7", facts, NOW)
    plant.run()
    assert told(plant) == {("P06", "in_app")}
    with plant.database.write() as session:
        raise_alarms(session, "plant", "one", [AlarmRaised("gateway_silent", "x/1", "quality")], NOW)
        changed = staffed_plant().with_tables(notices=(Notice(id="N1", title="图纸 B 版"),))
        publish(session, changed, "test", NOW, "plant")
    plant.run()
    assert [note.kind for note in plant.notes()] == ["task.assigned", "gateway.silent", "notice.published"]


def test_many_announcements_are_made_into_messages_in_short_transactions(plant: NotifyPlant) -> None:
    """Gateways and pages wait while one is open; each becomes a message once all the same."""
    count = 2 * NOTIFY_TOLD_MAX + 5
    with plant.database.write() as session:
        for number in range(count):
            announce(session, plant.database.plant, "task.assigned", f"task/{number}", {"people": ["P01"]}, plant.now)
    told = []
    while plant.pump.step(plant.now) <= plant.now:
        told.append(len(plant.notes("task.assigned")))
    assert told == [NOTIFY_TOLD_MAX, 2 * NOTIFY_TOLD_MAX]
    assert sorted(each.subject for each in plant.notes("task.assigned")) == sorted(
        f"task.assigned task/{number}" for number in range(count)
    )


def test_many_calls_are_told_of_in_short_transactions(plant: NotifyPlant) -> None:
    calls = [plant.card.keep(AndonRaised(call_type="quality"), "S1") for _ in range(NOTIFY_TOLD_MAX + 5)]
    last = plant.happen(AndonRaised(call_type="quality"))
    plant.run()
    assert len(plant.notes("andon.raised")) == len({*calls, last})


def test_announcements_are_bounded_and_say_so(enrolled: Database) -> None:
    with enrolled.write() as session:
        rows = [
            OfficeEvent(plant="plant", kind="task.due", subject=str(n), facts="{}", at=NOW, handled_at=None)
            for n in range(ANNOUNCED_WAITING_MAX)
        ]
        session.add_all(rows)
    with enrolled.write() as session:
        assert announce(session, "plant", "task.due", "last", {"x": 1}, NOW)
        assert not announce(session, "plant", "task.due", "one more", {}, NOW)
        last = session.scalars(select(OfficeEvent).order_by(OfficeEvent.id.desc()).limit(1)).one()
        assert last.kind == "announcements.full"


def test_what_is_long_past_or_over_is_told_to_nobody(plant: NotifyPlant) -> None:
    call = plant.happen(AndonRaised(call_type="quality"))
    plant.happen(AndonResolved(call=call, call_type="quality", cause="surface"))
    plant.happen(AndonRaised(call_type="safety"))
    plant.run()
    assert [note.station for note in plant.notes("andon.raised")] == ["S1"]
    plant.happen(AndonRaised(call_type="material"))
    plant.run(TOLD_LATE_SECONDS_MAX + 60)
    with plant.database.read() as session:
        assert "notices_late" in session.scalars(select(Alarm.kind)).all()


def test_the_same_again_is_counted_and_not_sent(plant: NotifyPlant) -> None:
    for _ in range(3):
        plant.happen(ReportFinished(person="P02", operation="WO-1001-10", good=1, flags=("early",)))
        plant.run()
    assert [(note.kind, note.count) for note in plant.notes()] == [("report.flagged", 3)]
    plant.run(COLLAPSE_SECONDS + 1)
    plant.happen(ReportFinished(person="P02", operation="WO-1001-10", good=1, flags=("early",)))
    plant.run()
    assert [note.count for note in plant.notes()] == [3, 1]


# Levels and answers


def test_each_level_is_told_once_when_nobody_answers(plant: NotifyPlant) -> None:
    plant.account("P02")
    plant.happen(AndonRaised(call_type="quality"))
    plant.run()
    assert told(plant) == {("P01", "in_app")}
    plant.run(301)
    plant.run()
    assert told(plant) == {("P01", "in_app"), ("P06", "in_app")}
    plant.run(601)
    plant.run(10_000)
    # The planner of the third level is the head of the second: told once.
    assert [row.level for row in plant.deliveries()] == [1, 2]


@pytest.mark.parametrize("where", ["station", "office"])
def test_an_answered_call_goes_no_further(plant: NotifyPlant, chat: MemoryChannel, where: str) -> None:
    plant.contact("P01", "chat", quiet_from="00:00", quiet_to="23:59")
    plant.rule(Rule(1, "calm", "andon.raised", (Level((Who("person", "P01"),), 5), LEADER[0])))
    call = plant.happen(AndonRaised(call_type="quality"))
    plant.run()
    assert plant.states("chat") == ["held"]
    if where == "station":
        plant.happen(AndonAcknowledged(call=call, call_type="quality", person="P02"))
    else:
        with plant.database.write() as session:
            assert acknowledge_call(session, "plant", "one", call, "P06", "赵敏", plant.now)
    plant.run()
    plant.run(100_000)
    assert plant.states("chat") == ["overtaken"] and chat.sent == []
    assert {row.level for row in plant.deliveries()} == {1}
    [note] = plant.notes("andon.raised")
    assert note.closed_at is not None and note.closed_by == ("P02" if where == "station" else "P06")


def test_a_call_that_is_handed_over_asks_the_new_owner(plant: NotifyPlant) -> None:
    call = plant.happen(AndonRaised(call_type="quality"))
    plant.run()
    with plant.database.write() as session:
        assert assign_call(session, "plant", "one", call, "赵敏", "P01", "王建国", plant.now)
    plant.run()
    assert [(note.kind, note.closed_at is None) for note in plant.notes()] == [
        ("andon.raised", False),
        ("andon.assigned", True),
    ]
    assert told(plant) == {("P01", "in_app"), ("P06", "in_app")}


# Sending


def test_every_outcome_leads_where_the_table_says(plant: NotifyPlant, chat: MemoryChannel) -> None:
    plant.contact("P01", "chat", mention="13800000000")
    outcomes = {
        "accepted": "accepted",
        "handed_over": "handed_over",
        "refused": "refused",
        "limited": "queued",
        "unreachable": "queued",
        "unknown": "possibly_repeated",
    }
    for outcome, state in outcomes.items():
        chat.answers = (Outcome(outcome, f"code-{outcome}", "their words", "id-7"),)  # type: ignore[arg-type]
        plant.happen(AndonRaised(call_type="quality"))
        plant.run()
        row = plant.deliveries("chat")[-1]
        assert (row.state, row.code, row.told, row.provider_id) == (state, f"code-{outcome}", "their words", "id-7")
        plant.run(700)
    message, address = chat.sent[0]
    assert (address.to, address.mention, message.urgent) == ("a@example.org", "13800000000", True)
    assert "质量" in message.title and "S1" in message.title and message.link.startswith("https://plant.example/n/")
    assert "停线" in message.text


def test_a_refused_channel_is_followed_by_the_next(
    plant: NotifyPlant, chat: MemoryChannel, mail: MemoryChannel
) -> None:
    chat.answers = (Outcome("refused", "310000", "sign not match"),)
    plant.contact("P01", "chat", place="1")
    plant.contact("P01", "mail", place="2")
    plant.contact("P01", "pager", place="3")
    plant.happen(AndonRaised(call_type="quality"))
    plant.run()
    assert [(row.channel, row.state) for row in plant.deliveries()] == [
        ("in_app", "accepted"),
        ("chat", "refused"),
        ("mail", "accepted"),
    ]
    mail.answers = (Outcome("refused", "550"),)
    plant.happen(AndonRaised(call_type="quality"))
    plant.run()
    assert [(row.state, row.code) for row in plant.deliveries("pager")] == [("refused", "not_configured")]


def test_a_browser_is_reached_whatever_the_configuration_calls_its_channel(enrolled: Database) -> None:
    browsers = MemoryChannel(kind="web_push")
    plant = NotifyPlant(enrolled, {"browsers": browsers})
    keys = {"p256dh": "B" + "A" * 86, "auth": "A" * 22}
    with enrolled.write() as session:
        raw = json.dumps({"endpoint": "https://push.example.org/abc", "keys": keys})
        save_push(session, "plant", "P01", raw, "test", NOW)
    plant.happen(AndonRaised(call_type="quality"))
    plant.run()
    assert plant.states("web_push") == ["accepted"] and len(browsers.sent) == 1


def test_an_unreachable_provider_is_tried_again_and_given_up(plant: NotifyPlant, chat: MemoryChannel) -> None:
    chat.answers = (Outcome("unreachable", "ECONNREFUSED"),)
    plant.contact("P01", "chat")
    plant.rule(Rule(0, "calm", "andon.raised", LEADER, priority="urgent"))
    plant.happen(AndonRaised(call_type="quality"))
    plant.run()
    attempts = [len(chat.sent)]
    for _ in range(60):
        plant.run(5)
        attempts.append(len(chat.sent))
    [row] = plant.deliveries("chat")
    assert (row.state, len(chat.sent), len(set(chat.keys))) == ("given_up", FAILURES_MAX, 1)
    assert attempts[:9] == [1, 2, 2, 3, 3, 3, 3, 4, 4], "the pause doubles: 5, 10, 20 seconds"


def test_a_channel_that_is_too_fast_rests_as_long_as_it_asks(
    plant: NotifyPlant, chat: MemoryChannel, mail: MemoryChannel
) -> None:
    chat.answers = (Outcome("limited", "130101", "too fast", retry_after_seconds=60), Outcome("accepted"))
    plant.contact("P01", "chat")
    plant.contact("P06", "mail")
    plant.rule(Rule(0, "head", "andon.raised", (Level((Who("head"),)),)))
    for _ in range(2):
        plant.happen(AndonRaised(call_type="quality"))
        plant.run()
    assert len(chat.sent) == 1 and len(mail.sent) == 2, "the other channel goes on"
    [first, second] = plant.deliveries("chat")
    assert (first.failures, first.attempts, second.attempts) == (0, 1, 0)
    assert plant.pump.step(plant.now) == plant.now + LOOK_SECONDS, "what rests is no work"
    plant.run(61)
    assert plant.states("chat") == ["accepted", "accepted"]


def test_a_slow_channel_holds_up_no_other(plant: NotifyPlant, chat: MemoryChannel, mail: MemoryChannel) -> None:
    chat.gate.clear()
    for person in ("P01", "P06"):
        plant.contact(person, "chat")
    plant.contact("P03", "mail")
    plant.rule(Rule(0, "all", "andon.raised", (Level((Who("head"), Who("person", "P03"))),), priority="urgent"))
    plant.happen(AndonRaised(call_type="quality"))
    assert plant.pump.step(plant.now) == plant.now + BUSY_SECONDS
    assert chat.asked.wait(10) and mail.asked.wait(10)
    until = time.monotonic() + 10
    while plant.states("mail") != ["accepted"]:
        plant.pump.step(plant.now)
        assert time.monotonic() < until
    plant.happen(AndonRaised(call_type="safety"))
    plant.happen(AndonRaised(call_type="equipment"))
    while len(mail.sent) < 3:
        plant.pump.step(plant.now)
        assert time.monotonic() < until
    assert len(chat.sent) == 2, "a channel has two messages under way at most"
    # Its urgent messages go another way in the end, though no attempt of them ever began.
    plant.now += URGENT_SECONDS_MAX + 1
    plant.pump.step(plant.now)
    waited = [row.state for row in plant.deliveries("chat")[2:] if row.made_at < plant.now]
    assert waited and set(waited) == {"given_up"}
    chat.gate.set()
    plant.run()


def test_a_channel_that_throws_may_have_sent(plant: NotifyPlant, chat: MemoryChannel) -> None:
    chat.answers = (RuntimeError("no such thing"), Outcome("accepted"))
    plant.contact("P01", "chat")
    plant.happen(AndonRaised(call_type="quality"))
    plant.run()
    [row] = plant.deliveries("chat")
    assert (row.state, row.code, row.told, row.repeated) == ("possibly_repeated", "threw", "RuntimeError", 1)
    plant.run(6)
    assert plant.states("chat") == ["accepted"]


# Crashes


@pytest.mark.parametrize("safely", [False, True])
def test_after_a_crash_between_commit_and_answer_it_is_sent_once_more(
    plant: NotifyPlant, chat: MemoryChannel, safely: bool
) -> None:
    chat.repeats_safely = safely
    chat.gate.clear()
    plant.contact("P01", "chat")
    plant.happen(AndonRaised(call_type="quality"))
    plant.pump.step(plant.now)
    assert chat.asked.wait(10)
    assert plant.states("chat") == ["sending"], "committed before it was sent"
    # The worker is gone with its answer; another one starts.
    other = plant.new_pump()
    plant.run(1, other)
    assert plant.states("chat") == ["sending"], "its answer may still be on the way"
    chat.gate.set()
    plant.run(SEND_SECONDS_MAX + 1, other)
    [row] = plant.deliveries("chat")
    assert (row.state, row.repeated) == (("queued", 0) if safely else ("possibly_repeated", 1))
    plant.run(6, other)
    [row] = plant.deliveries("chat")
    assert (row.state, row.attempts, len(set(chat.keys)), len(chat.sent)) == ("accepted", 2, 1, 2)
    # The first worker was only slow: what it brings is evidence, and changes nothing.
    plant.run(0, plant.pump)
    assert plant.states("chat") == ["accepted"]
    assert plant.steps(plant.deliveries("chat")[0])[-1] == "late"


def test_a_second_lost_answer_is_not_tried_a_third_time(
    plant: NotifyPlant, chat: MemoryChannel, mail: MemoryChannel
) -> None:
    chat.answers = (Outcome("unknown", "timeout"),)
    plant.contact("P01", "chat", place="1")
    plant.contact("P01", "mail", place="2")
    plant.happen(AndonRaised(call_type="quality"))
    plant.run()
    plant.run(6)
    plant.run(3_000)
    assert plant.states("chat") == ["given_up"] and len(chat.sent) == 2
    assert plant.states("mail") == ["accepted"]


def test_a_crash_before_the_commit_tells_nobody_twice(plant: NotifyPlant) -> None:
    plant.happen(AndonRaised(call_type="quality"))
    # Two workers read the same piece of the log at once: the head's lock and the position make it one.
    pumps = [plant.new_pump() for _ in range(2)]
    barrier = threading.Barrier(2)

    def step(index: int) -> None:
        barrier.wait(10)
        pumps[index].step(plant.now)

    threads = [threading.Thread(target=step, args=(index,)) for index in range(2)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(20)
    assert len(plant.notes()) == 1 and len(plant.deliveries()) == 1


def test_an_orderly_end_keeps_what_is_under_way(plant: NotifyPlant, chat: MemoryChannel) -> None:
    plant.contact("P01", "chat")
    plant.happen(AndonRaised(call_type="quality"))
    plant.pump.step(plant.now)
    plant.pump.close(plant.now)
    assert plant.states("chat") == ["accepted"]


# Quiet hours, digests, storms


def test_quiet_hours_hold_and_several_of_low_priority_become_one(plant: NotifyPlant, chat: MemoryChannel) -> None:
    plant.contact("P01", "chat", quiet_from="22:00", quiet_to="06:00")
    for number in range(3):
        plant.happen(ReportFinished(person="P02", operation=f"OP{number}", good=1, flags=("early",)))
    plant.happen(AndonRaised(call_type="material"))
    plant.run()
    assert chat.sent == [] and plant.states("chat") == ["held"] * 4
    plant.happen(AndonRaised(call_type="quality"))
    plant.run()
    assert len(chat.sent) == 1, "an urgent call breaks through"
    plant.run(9 * 3_600)
    assert sorted(plant.states("chat")) == ["accepted"] * 3 + ["digested"] * 3
    digest = next(message for message, _ in chat.sent if "汇总" in message.title)
    assert "3" in digest.title and digest.text.count("报工待核对") == 3


def test_too_many_of_one_rule_become_one_summary(plant: NotifyPlant, chat: MemoryChannel) -> None:
    plant.contact("P01", "chat")
    for number in range(STORM_MESSAGES + 5):
        plant.happen(ReportFinished(person="P02", operation=f"OP{number}", good=1, flags=("early",)))
    plant.run()
    for channel in ("chat", "in_app"):
        assert plant.states(channel).count("suppressed") == 5
    assert len(chat.sent) == STORM_MESSAGES
    plant.run(STORM_SECONDS + 1)
    message, _ = chat.sent[-1]
    assert len(chat.sent) == STORM_MESSAGES + 1 and "5" in message.title


def test_calls_that_stop_the_line_pass_the_first_bound(plant: NotifyPlant, chat: MemoryChannel) -> None:
    plant.contact("P01", "chat")
    for _ in range(STORM_MESSAGES + 5):
        plant.happen(AndonRaised(call_type="quality"))
    plant.run()
    assert len(chat.sent) == STORM_MESSAGES + 5 and "suppressed" not in plant.states()


# Keeping house


def test_an_idle_plant_is_not_written_to(plant: NotifyPlant) -> None:
    plant.run()
    with plant.database.read() as session:
        before = session.scalar(select(LogHead.changes))
    plant.run(1)
    with plant.database.read() as session:
        assert session.scalar(select(LogHead.changes)) == before


def test_what_is_old_is_purged_with_all_that_hangs_on_it(plant: NotifyPlant) -> None:
    plant.happen(AndonRaised(call_type="quality"))
    plant.run()
    with plant.database.write() as session:
        assert purge(session, "plant", NOW - 60) == 0
        assert purge(session, "plant", NOW + 60) == 1
        for table in (Notification, Delivery, DeliveryStep):
            assert session.scalars(select(table)).all() == []
