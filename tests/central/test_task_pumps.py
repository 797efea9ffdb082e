"""What tasks do by themselves: rules and hand-overs answered once, deputies, due times, silences, recurrences."""

import json
from typing import Any

from sqlalchemy import func, select, update

from central.call_names import call_name
from central.comments import add_comment
from central.database import Database
from central.history import events_of
from central.information_owners import name_owner, remind, silent_operations
from central.limits import TASK_DUE_SOON_SECONDS, TASKS_OPEN_MAX
from central.models import Alarm, Call, Projection
from central.problem_states import TABLE, ProblemAction, ProblemState, allowed, diagram
from central.problems import Analysis, act, add_call, calls_of, edit, judged_by, make_problem, problem_of
from central.retention import RetentionPump
from central.retention_settings import RetentionConfig
from central.task_pumps import LogPump, TimePump
from central.task_rules import Rule, add_rule, kit_short, usual_rules
from central.task_states import TaskAction
from central.task_tables import CommentRow, ProblemRow, TaskEvent, TaskRow
from central.tasks import Wanted, answer, checklist_of, make_task
from central.tasks import act as act_on
from floor.events import AndonCancelled, AndonRaised, AndonResolved, ReportFinished, WorkStarted
from floor.reading_events import HandoverAccepted, HandoverOffered
from floor.work_events import NoteKept
from tests.central.card import Card
from tests.central.task_plant import (
    BUYER,
    DAY,
    DEPUTY,
    LI,
    NOW,
    OPERATION,
    OWNER,
    WANG,
    answer_log,
    publish_master,
    take_in,
    task_master,
)


def rule(database: Database, rule_wanted: Rule) -> int:
    with database.write() as session:
        return add_rule(session, database.plant, rule_wanted, "test", NOW)


def found(database: Database, model: Any) -> list[Any]:
    with database.read() as session:
        return list(session.scalars(select(model).order_by(model.number)))


def told(database: Database, kind: str) -> list[dict[str, Any]]:
    """The facts of every event of a kind that people are told of."""
    with database.read() as session:
        notes = session.scalars(select(TaskEvent.note).where(TaskEvent.kind == kind).order_by(TaskEvent.at))
        return [json.loads(each) for each in notes]


def call_for(card: Card, call_type: str = "material", cause: str = "", station: str = "S1") -> str:
    call = card.keep(AndonRaised(call_type=call_type, person=OWNER, operation=OPERATION.id), station)
    if cause:
        card.keep(AndonResolved(call=call, call_type=call_type, person=OWNER, cause=cause), station)
    return call


# Rules


def test_a_call_makes_a_task_for_who_is_on_duty_and_once(enrolled: Database) -> None:
    publish_master(enrolled)
    rule(
        enrolled,
        Rule("call_raised", "{station}缺料 {operation} {none}", "duty:采购值班", OWNER, "material", minutes=60),
    )
    card = Card("one")
    call = call_for(card)
    call_for(card, "quality")
    take_in(enrolled, card)
    (row,) = found(enrolled, TaskRow)
    assert (row.title, row.owner, row.source) == (f"S1缺料 {OPERATION.id} {{none}}", BUYER, "rule")
    assert (row.call, row.operation, row.station, row.due) == (f"one/{call}", OPERATION.id, "S1", NOW + 3_600)
    assert told(enrolled, "task.assigned")[0]["people"] == [BUYER]
    with enrolled.write() as session:
        session.execute(update(Projection).where(Projection.name == "tasks").values(position=0))
    answer_log(enrolled)
    assert len(found(enrolled, TaskRow)) == 1


def test_a_pump_that_is_cut_answers_each_record_once(enrolled: Database) -> None:
    publish_master(enrolled)
    rule(enrolled, Rule("call_raised", "x", f"person:{OWNER}", OWNER))
    card = Card("one")
    for station in ("S1", "S2", "S3"):
        call_for(card, station=station)
    take_in(enrolled, card)
    for _ in range(3):
        LogPump(enrolled).step(NOW + 5)
    assert len(found(enrolled, TaskRow)) == 3


def test_a_duty_that_nobody_has_falls_to_who_is_named_for_that(enrolled: Database) -> None:
    master = publish_master(enrolled)
    rule(enrolled, Rule("call_raised", "{call_type}", "duty:夜班电工", DEPUTY))
    card = Card("one")
    call_for(card)
    take_in(enrolled, card)
    (row,) = found(enrolled, TaskRow)
    assert (row.owner, row.title) == (DEPUTY, master.call_type_by_id["material"].name)
    with enrolled.read() as session:
        assert events_of(session, enrolled.plant, "task/1")[-1].note == "duty:夜班电工: -"


def test_calls_that_are_over_when_they_come_ask_nobody(enrolled: Database) -> None:
    publish_master(enrolled)
    rule(enrolled, Rule("call_raised", "x", f"person:{OWNER}", OWNER))
    card = Card("one")
    call = call_for(card)
    card.keep(AndonCancelled(call=call, call_type="material", person=OWNER))
    take_in(enrolled, card)
    assert found(enrolled, TaskRow) == []


def test_a_stopped_line_becomes_a_problem_when_its_call_is_resolved(enrolled: Database) -> None:
    master = publish_master(enrolled)
    stopping = next(each.id for each in master.call_types if each.impact == "stop")
    rule(enrolled, Rule("call_resolved", "{call_type}: {cause}", "duty:质量值班", OWNER, "", "stop", "problem", 4_320))
    card = Card("one")
    call_for(card, stopping, "sensor")
    take_in(enrolled, card)
    (row,) = found(enrolled, ProblemRow)
    assert (row.owner, row.call_type, row.station, row.cause) == (DEPUTY, stopping, "S1", "sensor")
    assert "传感器" in row.title and row.due == NOW + 4_320 * 60
    call_for(card, stopping, "sensor")
    take_in(enrolled, card)
    # It came again while the problem is open: one more case of it, no problem of its own and no alarm.
    assert len(found(enrolled, ProblemRow)) == 1
    with enrolled.read() as session:
        assert len(calls_of(session, enrolled.plant, 1)) == 2
        assert session.scalars(select(Alarm.kind).where(Alarm.kind == "tasks_full")).all() == []


def test_a_shortage_asks_who_buys_once_for_each_set_of_items(database: Database) -> None:
    master = publish_master(database)
    for each in usual_rules(master, OWNER):
        rule(database, each)
    with database.write() as session:
        made = [
            kit_short(session, database.plant, "WO-1001", items, NOW)
            for items in (["螺栓", "垫片"], ["垫片", "螺栓"], ["螺栓"])
        ]
    assert made == [1, 0, 1]
    first, second = found(database, TaskRow)
    assert (first.owner, first.work_order, first.title) == (BUYER, "WO-1001", "WO-1001: 垫片、螺栓")
    assert second.title == "WO-1001: 螺栓"


def test_no_room_for_a_rule_is_an_alarm_and_the_log_goes_on(enrolled: Database) -> None:
    publish_master(enrolled)
    rule(enrolled, Rule("call_raised", "x", f"person:{OWNER}", OWNER))
    with enrolled.write() as session:
        make_task(session, enrolled.plant, Wanted("x", OWNER), WANG, NOW)
        columns = [each.name for each in TaskRow.__table__.columns if each.name not in ("number", "source_key")]
        first = session.get(TaskRow, (enrolled.plant, 1))
        same = {name: getattr(first, name) for name in columns}
        rows = [{**same, "number": at, "source_key": None} for at in range(2, TASKS_OPEN_MAX + 1)]
        session.execute(TaskRow.__table__.insert(), rows)
    card = Card("one")
    call_for(card)
    take_in(enrolled, card)
    with enrolled.read() as session:
        assert session.scalar(select(func.count()).select_from(TaskRow)) == TASKS_OPEN_MAX
        assert session.scalars(select(Alarm.kind).where(Alarm.kind == "tasks_full")).all() == ["tasks_full"]


# Hand-overs


def test_what_was_handed_over_is_one_card_of_who_took_it(enrolled: Database) -> None:
    publish_master(enrolled)
    card = Card("one")
    card.keep(NoteKept(person=DEPUTY, text="另一个人的话"))
    card.keep(NoteKept(person=OWNER, operation=OPERATION.id, text="刀片还剩 2 片\n去库房领"))
    open_call, over = call_for(card), call_for(card, "quality")
    offered = card.keep(HandoverOffered(person=OWNER, operations=(OPERATION.id,), calls=(open_call, over)))
    card.keep(AndonResolved(call=over, call_type="quality", person=OWNER, cause="dimension"))
    card.keep(HandoverAccepted(handover=offered, offered_by=OWNER, person=DEPUTY))
    take_in(enrolled, card)
    (row,) = found(enrolled, TaskRow)
    assert (row.owner, row.source, row.station, row.call) == (DEPUTY, "handover", "S1", f"one/{open_call}")
    items = [text for text, _ in checklist_of(row)]
    assert len(items) == 2 and OPERATION.id in items[0] and items[1] == "刀片还剩 2 片 去库房领"
    again = card.keep(HandoverOffered(person=DEPUTY))
    card.keep(HandoverAccepted(handover=again, offered_by=DEPUTY, person=OWNER))
    card.keep(HandoverAccepted(handover="a" * 32 + "/9", offered_by=DEPUTY, person=OWNER))
    take_in(enrolled, card)
    assert len(found(enrolled, TaskRow)) == 1


HOSTILE_MEMBERS = (
    {"handover": "x" * 900},
    {"handover": "\x00" * 32 + "/1"},
    {"handover": 7, "person": ["x"]},
    {"handover": "a" * 32 + "/" + "9" * 40},
    {"person": "\ud800\x00", "offered_by": "\x00"},
)


def test_nonsense_of_a_gateway_holds_nothing_up(enrolled: Database) -> None:
    publish_master(enrolled)
    rule(enrolled, Rule("call_resolved", "{cause}", f"person:{OWNER}", OWNER))
    card = Card("one")
    head = {"subject": "S1", "clockstate": "synchronised", "bootid": "b", "boottime": "1", "walltime": "1"}
    nothing = card.keep_text('{"type":"handover.offered","data":{"calls":5}}')
    for members in ({"calls": [None, "x", {}]}, {"calls": {"a": 1}}):
        offered = card.keep_text(json.dumps({"type": "handover.offered", **head, "data": {"person": OWNER, **members}}))
        data = {"handover": offered, "offered_by": OWNER, "person": DEPUTY}
        card.keep_text(json.dumps({"type": "handover.accepted", **head, "data": data}))
    for members in HOSTILE_MEMBERS:
        data = {"handover": nothing, "person": DEPUTY, **members}
        card.keep_text(json.dumps({"type": "handover.accepted", **head, "data": data}))
    for call in (None, "x", "\x00/1", "a" * 32 + "/1", 7):
        card.keep_text(json.dumps({"type": "andon.resolved", **head, "data": {"call": call, "cause": "\x00"}}))
    call_for(card, "quality", "dimension")
    take_in(enrolled, card)
    assert [row.title for row in found(enrolled, TaskRow)] == ["尺寸超差"]


# Time


def test_a_due_time_is_told_once_before_and_once_after_and_again_when_it_moves(database: Database) -> None:
    publish_master(database)
    with database.write() as session:
        make_task(session, database.plant, Wanted("x", OWNER, due=NOW + DAY), WANG, NOW)
    pump = TimePump(database)
    for now in (NOW, NOW + DAY - TASK_DUE_SOON_SECONDS, NOW + DAY - 5, NOW + DAY, NOW + DAY + 30, NOW + 2 * DAY):
        pump.step(now)
        TimePump(database).step(now)
    assert (len(told(database, "task.due_soon")), len(told(database, "task.overdue"))) == (1, 1)
    assert told(database, "task.overdue")[0]["people"] == [OWNER]
    (row,) = found(database, TaskRow)
    seen = row.edition
    with database.write() as session:
        row = session.merge(row)
        # What the server noted meanwhile is nothing that a form could be out of date for.
        act_on(session, row, TaskAction.ACCEPT, WANG, NOW, seen)
        row.due = NOW + 3 * DAY
    pump.step(NOW + 3 * DAY)
    assert len(told(database, "task.overdue")) == 2


def test_a_deputy_acts_while_the_owner_is_away_and_each_change_is_an_event(database: Database) -> None:
    publish_master(database)
    with database.write() as session:
        make_task(session, database.plant, Wanted("x", OWNER), WANG, NOW)
    publish_master(database, task_master(away=(OWNER,)))
    for now in (NOW + 1, NOW + 2):
        TimePump(database).step(now)
    (row,) = found(database, TaskRow)
    assert (row.owner, row.acting) == (OWNER, DEPUTY)
    publish_master(database)
    TimePump(database).step(NOW + 3)
    assert found(database, TaskRow)[0].acting == OWNER
    with database.read() as session:
        kinds = [each.kind for each in reversed(events_of(session, database.plant, "task/1"))]
    assert kinds == ["made", "task.assigned", "deputy", "task.assigned", "deputy", "task.assigned"]
    assert [each["people"] for each in told(database, "task.assigned")] == [[OWNER], [DEPUTY], [OWNER]]


def test_tasks_that_were_over_long_ago_go_with_all_that_was_theirs(database: Database) -> None:
    publish_master(database)
    with database.write() as session:
        for _ in range(2):
            make_task(session, database.plant, Wanted("x", OWNER), WANG, NOW)
        add_comment(session, database.plant, "task", "1", "gone", WANG, NOW)
        row = session.get(TaskRow, (database.plant, 1))
        assert row is not None
        answer(session, row, "", WANG, NOW, row.edition)
    pump = RetentionPump(database, RetentionConfig(tasks_days=100))
    pump.step(NOW + 100 * DAY - 5)
    assert len(found(database, TaskRow)) == 2
    pump.step(NOW + 100 * DAY + 5)
    assert [row.number for row in found(database, TaskRow)] == [2] and found(database, CommentRow) == []
    with database.read() as session:
        assert events_of(session, database.plant, "task/1") == []


# Silence


def test_a_silent_operation_is_told_of_once_until_it_is_heard_again(enrolled: Database) -> None:
    master = publish_master(enrolled)
    machining = [row.model_copy(update={"department": "MACH"}) for row in master.stations]
    publish_master(enrolled, master.with_tables(stations=tuple(machining)))
    card = Card("one")
    card.keep(WorkStarted(person=OWNER, operation=OPERATION.id))
    take_in(enrolled, card)
    with enrolled.write() as session:
        assert silent_operations(session, enrolled.plant, NOW + DAY) == []
        name_owner(session, enrolled.plant, "department", "MACH", OWNER, 60, "test", NOW)
        assert [remind(session, enrolled.plant, NOW + at) for at in (0, 3_599, 3_600, 3_700, DAY)] == [0, 0, 1, 0, 0]
        name_owner(session, enrolled.plant, "operation", OPERATION.id, BUYER, 30, "test", NOW)
        add_comment(session, enrolled.plant, "operation", OPERATION.id, "还在做", WANG, NOW + DAY)
        assert [remind(session, enrolled.plant, NOW + DAY + at) for at in (60, 1_800, 1_900)] == [0, 1, 0]
    assert [each["people"] for each in told(enrolled, "operation.silent")] == [[OWNER], [BUYER]]
    card.keep(ReportFinished(person=OWNER, operation=OPERATION.id, good=1))
    take_in(enrolled, card, NOW + 2 * DAY)
    with enrolled.read() as session:
        heard = silent_operations(session, enrolled.plant, NOW + 2 * DAY + 60)
    assert heard == []


def test_the_pump_tells_of_silence(enrolled: Database) -> None:
    publish_master(enrolled)
    card = Card("one")
    card.keep(WorkStarted(person=OWNER, operation=OPERATION.id))
    take_in(enrolled, card)
    with enrolled.write() as session:
        name_owner(session, enrolled.plant, "operation", OPERATION.id, BUYER, 30, "test", NOW)
    for at in (1_000, 1_800, 1_900, 2_000):
        TimePump(enrolled).step(NOW + at)
    assert len(told(enrolled, "operation.silent")) == 1


# Problems


def test_what_may_follow_what_of_problems() -> None:
    assert {(state, action) for state in ProblemState for action in ProblemAction if allowed(state, action)} == set(
        TABLE
    )
    closes = [pair for pair, follows in TABLE.items() if follows is ProblemState.CLOSED]
    assert closes == [(ProblemState.CHECKING, ProblemAction.EFFECTIVE)]
    assert diagram().startswith("stateDiagram-v2")


def checked_problem(database: Database, card: Card, threshold: int = 1) -> int:
    """A problem of a resolved call whose measures are taken at NOW, to be judged a day later."""
    call_for(card, "equipment", "sensor")
    take_in(database, card)
    with database.write() as session:
        call = session.scalars(select(Call)).one()
        number = make_problem(session, database.plant, Analysis("传感器", OWNER), [call], WANG, NOW)
        assert number is not None
        row = problem_of(session, database.plant, number)
        assert row is not None
        whys = ("铁屑", "", "", "", "")
        wanted = Analysis("传感器", OWNER, "sensor", whys, check_at=card.wall + DAY, threshold=threshold)
        edit(session, row, wanted, WANG, card.wall, row.edition)
        act(session, row, ProblemAction.SUBMIT, WANG, card.wall, row.edition)
    return number


def state_of(database: Database, number: int) -> tuple[str, int, int]:
    with database.read() as session:
        row = problem_of(session, database.plant, number)
        assert row is not None
        return row.state, row.recurrences, row.recurrences_ever


def test_calls_like_its_own_reopen_a_problem_at_its_threshold(enrolled: Database) -> None:
    publish_master(enrolled)
    card = Card("one", wall=NOW)
    number = checked_problem(enrolled, card, threshold=2)
    for cause, station in (("tool-broken", "S1"), ("sensor", "S2")):
        call_for(card, "equipment", cause, station)
    take_in(enrolled, card)
    assert state_of(enrolled, number) == ("checking", 0, 0)
    call_for(card, "equipment", "sensor")
    take_in(enrolled, card)
    assert state_of(enrolled, number) == ("checking", 1, 1) and told(enrolled, "problem.reopened") == []
    call_for(card, "equipment", "sensor")
    take_in(enrolled, card)
    assert state_of(enrolled, number) == ("open", 2, 2)
    assert told(enrolled, "problem.reopened")[0]["people"] == [OWNER]
    call_for(card, "equipment", "sensor")
    take_in(enrolled, card)
    assert state_of(enrolled, number) == ("open", 2, 2)
    with enrolled.read() as session:
        assert [each.recurred for each in calls_of(session, enrolled.plant, number)] == [0, 1, 1, 0]


def test_a_closed_problem_is_reopened_too_and_an_older_call_says_nothing(enrolled: Database) -> None:
    publish_master(enrolled)
    card = Card("one", wall=NOW)
    number = checked_problem(enrolled, card)
    late = Card("two", wall=NOW - DAY)
    call_for(late, "equipment", "sensor")
    take_in(enrolled, late)
    with enrolled.write() as session:
        row = problem_of(session, enrolled.plant, number)
        assert row is not None
        act(session, row, ProblemAction.EFFECTIVE, LI, card.wall, row.edition)
    assert state_of(enrolled, number) == ("closed", 0, 0)
    call_for(card, "equipment", "sensor")
    take_in(enrolled, card)
    assert state_of(enrolled, number) == ("open", 1, 1)


def test_the_day_of_judgement_asks_the_owner_once_and_their_answer_counts(enrolled: Database) -> None:
    publish_master(enrolled)
    card = Card("one", wall=NOW)
    number = checked_problem(enrolled, card)
    for at in (0, DAY + 10, DAY + 20):
        TimePump(enrolled).step(NOW + at)
    (row,) = found(enrolled, TaskRow)
    assert (row.owner, row.reply_way, row.problem, row.source) == (OWNER, "yes_no", number, "problem")
    with enrolled.write() as session:
        row = session.merge(row)
        answer(session, row, "no", WANG, NOW + DAY + 30, row.edition)
        judged_by(session, row, WANG, NOW + DAY + 30)
    assert state_of(enrolled, number)[0] == "open" and len(told(enrolled, "problem.reopened")) == 1


def test_a_call_belongs_to_one_problem_and_a_problem_without_one_takes_its_first(enrolled: Database) -> None:
    publish_master(enrolled)
    card = Card("one")
    call_for(card, "equipment", "sensor")
    take_in(enrolled, card)
    with enrolled.write() as session:
        call = session.scalars(select(Call)).one()
        number = make_problem(session, enrolled.plant, Analysis("x", OWNER), [], WANG, NOW)
        assert number is not None
        row = problem_of(session, enrolled.plant, number)
        assert row is not None
        add_call(session, row, call, WANG, NOW)
        assert (row.call_type, row.station, call_name(call)) == (
            "equipment",
            "S1",
            calls_of(session, row.plant, 1)[0].call,
        )
