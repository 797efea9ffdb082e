"""The fold of the log, facts for other gateways, and the board, on both databases."""

import json

import pytest
from sqlalchemy import select

from central.board import Board, BoardCall, current_board, ended_calls
from central.database import Database
from central.facts import acknowledge_call, read_facts, resolve_call
from central.ingest import ingest
from central.limits import LEASE_SECONDS, PAGE_BEHIND_SECONDS_MAX
from central.models import Happening, Projection, Station
from central.projector import catch_up, catch_up_all
from central.snapshots import publish
from central.work import Worker, take_lease
from floor.events import (
    CONTINUED,
    AndonAcknowledged,
    AndonCancelled,
    AndonEscalated,
    AndonRaised,
    AndonResolved,
    AndonStopped,
    LimitReached,
    NoticeSkipped,
    ReportCorrected,
    ReportFinished,
    SessionClosed,
    SessionOpened,
    WorkPaused,
    WorkResumed,
    WorkStarted,
)
from floor.master import MasterData
from floor.rows import CallType, Operation, Person, WorkOrder
from floor.rows import Station as MasterStation
from floor.work_events import ReworkReported, SetupFinished, SetupStarted
from tests.central.card import Card

NOW = 1_800_000_000.0


def master() -> MasterData:
    return MasterData(
        people=(Person(id="P1", name="王芳", badge="B1"), Person(id="P2", name="李强", badge="B2")),
        stations=(MasterStation(id="S1", gateway="one"), MasterStation(id="S2", gateway="two")),
        work_orders=(WorkOrder(id="WO1", item="shaft", quantity=10, due="2026-12-01"),),
        operations=(
            Operation(id="OP1", work_order="WO1", number=10, name="车削", planned=10, ticket="T1", stations=("S2",)),
            Operation(id="OP2", work_order="WO1", number=20, name="磨削", planned=10, ticket="T2"),
        ),
        call_types=(CallType(id="quality", name="质量", impact="stop"),),
    )


def backlog(database: Database, records: int) -> Card:
    """So many records come in, and nobody has folded them."""
    card = Card("one")
    for _ in range(records):
        card.keep(ReportFinished(person="P1", operation="OP1", good=1))
    card.drain(lambda batch: ingest(database, "one", batch, NOW), records_max=1_000)
    return card


def put(database: Database, *cards: Card) -> Board:
    for card in cards:
        card.drain(lambda batch, name=card.name: ingest(database, name, batch, NOW))
    return current_board(database, NOW)


def publish_master(database: Database) -> None:
    with database.write() as session:
        assert publish(session, master(), "planner", NOW) == 1


def test_reports_are_summed_and_corrections_take_them_back(enrolled: Database) -> None:
    publish_master(enrolled)
    card = Card("one")
    card.keep(WorkStarted(person="P1", operation="OP1", work_order="WO1"))
    first = card.keep(ReportFinished(person="P1", operation="OP1", good=4, scrap=1, flags=("early",)))
    card.keep(WorkStarted(person="P2", operation="OP1"))
    board = put(enrolled, card)
    [shown] = [each for each in board.operations if each.operation == "OP1"]
    assert (shown.good, shown.scrap, shown.flagged, shown.state, shown.planned) == (4, 1, 1, "running", 10)
    assert [(each.name, each.station) for each in shown.workers] == [("李强", "S1")]
    assert (shown.item, shown.due, shown.known) == ("shaft", "2026-12-01", True)
    correction = ReportCorrected(person="P1", corrects=first, operation="OP1", good=-4, scrap=-1)
    card.keep(correction)
    card.keep(correction)
    board = put(enrolled, card)
    [shown] = [each for each in board.operations if each.operation == "OP1"]
    assert (shown.good, shown.scrap, shown.flagged) == (0, 0, 0) and len(shown.workers) == 2


def test_a_partial_report_counts_and_its_worker_goes_on(enrolled: Database) -> None:
    publish_master(enrolled)
    card = Card("one")
    card.keep(WorkStarted(person="P1", operation="OP1"))
    card.keep(ReportFinished(person="P1", operation="OP1", good=4))
    card.keep(WorkStarted(person="P1", operation="OP1", flags=(CONTINUED,)))
    [shown] = [each for each in put(enrolled, card).operations if each.operation == "OP1"]
    assert (shown.good, shown.flagged, shown.state) == (4, 0, "running")
    assert [each.name for each in shown.workers] == ["王芳"]


def test_set_up_shows_until_the_run_begins(enrolled: Database) -> None:
    publish_master(enrolled)
    card = Card("one")
    card.keep(WorkStarted(person="P1", operation="OP1"))
    card.keep(SetupStarted(person="P1", operation="OP1"))

    def shown() -> str:
        return next(each.state for each in put(enrolled, card).operations if each.operation == "OP1")

    assert shown() == "setup"
    card.keep(SetupFinished(person="P1", operation="OP1", seconds=60))
    assert shown() == "running"
    card.keep(WorkPaused(person="P1", operation="OP1", reason="break"))
    assert shown() == "paused"


def test_rework_is_counted_apart_and_taken_back(enrolled: Database) -> None:
    publish_master(enrolled)
    card = Card("one")
    card.keep(ReportFinished(person="P1", operation="OP1", good=4))
    rework = card.keep(ReworkReported(person="P1", operation="OP1", work_order="WO1", pieces=3, reason="flaw"))

    def counted() -> tuple[int, int, int, int]:
        [shown] = [each for each in put(enrolled, card).operations if each.operation == "OP1"]
        return shown.good, shown.scrap, shown.rework, shown.flagged

    assert counted() == (4, 0, 3, 0)
    with enrolled.read() as session:
        told = [each.content for each in read_facts(session, "plant", "two", 0).facts]
    assert told == [{"operation": "OP1", "good": 4, "scrap": 0}], "nothing of it is delivered downstream"
    card.keep(ReportCorrected(person="P1", corrects=rework, operation="OP1", good=0, reopened=False))
    assert counted() == (4, 0, 0, 0)


def test_rework_that_comes_after_its_correction_does_not_count(enrolled: Database) -> None:
    card = Card("one")
    identity = card.keep(ReworkReported(person="P1", operation="OP1", pieces=5))
    card.keep(ReportCorrected(person="P1", corrects=identity, operation="OP1", good=0, reopened=False))
    epoch = card.epochs[0]
    original = card.records.pop((epoch.epoch, 1))
    epoch.floor = 1
    put(enrolled, card)
    epoch.floor = 0
    card.records[epoch.epoch, 1] = original
    assert [each.rework for each in put(enrolled, card).operations] == [0]


def test_folding_again_and_cut_short_counts_nothing_twice(enrolled: Database) -> None:
    card = Card("one")
    for _ in range(30):
        card.keep(ReportFinished(person="P1", operation="OP9", good=1))
    card.drain(lambda batch: ingest(enrolled, "one", batch, NOW))
    try:
        with enrolled.write() as session:
            catch_up(session, limit=10)
            raise KeyboardInterrupt
    except KeyboardInterrupt:
        pass
    with enrolled.write() as session:
        assert catch_up(session, limit=7) == 7
    assert catch_up_all(enrolled) == 23 and catch_up_all(enrolled) == 0
    board = current_board(enrolled, NOW)
    assert [(each.operation, each.good, each.known) for each in board.operations] == [("OP9", 30, False)]
    assert board.complete
    with enrolled.read() as session:
        assert session.scalar(select(Projection.position)) == 30


def test_a_report_that_comes_after_its_correction_does_not_count(enrolled: Database) -> None:
    card = Card("one")
    identity = card.keep(ReportFinished(person="P1", operation="OP1", good=5))
    card.keep(ReportCorrected(person="P1", corrects=identity, operation="OP1", good=-5, reopened=False))
    epoch = card.epochs[0]
    original = card.records.pop((epoch.epoch, 1))
    epoch.floor = 1
    put(enrolled, card)
    epoch.floor = 0
    card.records[epoch.epoch, 1] = original
    board = put(enrolled, card)
    assert [each.good for each in board.operations] == [0]


def test_a_record_that_filled_a_gap_does_not_turn_the_state_back(enrolled: Database) -> None:
    card = Card("one")
    card.keep(WorkStarted(person="P1", operation="OP1"))
    card.keep(WorkPaused(person="P1", operation="OP1"))
    card.keep(WorkResumed(person="P1", operation="OP1"))
    epoch = card.epochs[0]
    paused = card.records.pop((epoch.epoch, 2))
    epoch.floor = 2
    put(enrolled, card)
    epoch.floor = 0
    card.records[epoch.epoch, 2] = paused
    [shown] = put(enrolled, card).operations
    assert shown.state == "running" and epoch.missing == ((1, 1),)[:0]


def test_done_paused_and_closed_are_told_apart(enrolled: Database) -> None:
    publish_master(enrolled)
    card = Card("one")
    card.keep(WorkStarted(person="P1", operation="OP2"))
    card.keep(WorkPaused(person="P1", operation="OP2"))
    card.keep(ReportFinished(person="P2", operation="OP1", good=10))
    states = {each.operation: each.state for each in put(enrolled, card).operations}
    assert states == {"OP1": "done", "OP2": "paused"}


def test_calls_go_forward_only_and_show_who_comes(enrolled: Database) -> None:
    publish_master(enrolled)
    card = Card("one")
    call = card.keep(AndonRaised(call_type="quality", person="P1", operation="OP1"))
    [shown] = put(enrolled, card).calls
    assert (shown.state, shown.name, shown.impact, shown.call) == ("raised", "质量", "stop", call)
    assert shown.running_seconds == NOW - card.wall
    card.keep(AndonAcknowledged(call=call, call_type="quality", person="P2"))
    card.keep(AndonAcknowledged(call=call, call_type="quality", person="P1"))
    [shown] = put(enrolled, card).calls
    assert (shown.state, shown.acknowledged_by_name) == ("acknowledged", "李强")
    card.keep(AndonResolved(call=call, call_type="quality", person="P2", cause="tool"))
    card.keep(AndonCancelled(call=call, call_type="quality"))
    assert put(enrolled, card).calls == ()


def test_a_waiting_call_shows_its_newest_tier_and_who_has_to_know(enrolled: Database) -> None:
    card = Card("one")
    call = card.keep(AndonRaised(call_type="quality"))
    for tier, owner in ((2, "车间主任"), (1, "班组长")):
        card.keep(AndonEscalated(call=call, call_type="quality", tier=tier, owner=owner, elapsed_seconds=300.0 * tier))
    [shown] = put(enrolled, card).calls
    assert (shown.state, shown.tier, shown.owner) == ("raised", 2, "车间主任")


def test_a_call_that_stopped_the_line_at_its_position_is_a_stop(enrolled: Database) -> None:
    fit = CallType(id="fit", name="装配不到位", impact="slow", fixed_position=True)
    with enrolled.write() as session:
        publish(session, master().model_copy(update={"call_types": (fit,)}), "planner", NOW)
    card = Card("one")
    call = card.keep(AndonRaised(call_type="fit"))
    [shown] = put(enrolled, card).calls
    assert (shown.impact, shown.stopped) == ("fixed", False)
    card.keep(AndonStopped(call=call, call_type="fit", position="finish"))
    [shown] = put(enrolled, card).calls
    assert (shown.impact, shown.stopped) == ("stop", True)


def test_calls_stand_in_the_order_of_the_log_whatever_the_clocks_said(enrolled: Database) -> None:
    """I9: a clock that was years ahead, and then right, turns nothing round."""
    card = Card("one")
    raised = []
    for wall in (2_000_000_000.0, 1_700_000_000.0, 1_900_000_000.0):
        card.wall = wall
        raised.append(card.keep(AndonRaised(call_type="quality")))
    board = put(enrolled, card)
    assert [each.call for each in board.calls] == raised
    for call in (raised[1], raised[0], raised[2]):
        card.wall -= 1e8
        card.keep(AndonResolved(call=call, call_type="quality", cause="other"))
    assert put(enrolled, card).calls == ()
    with enrolled.read() as session:
        assert [each.call for each in ended_calls(session, NOW)] == raised[::-1]


def test_the_office_takes_and_closes_a_call_once_and_the_station_is_told(enrolled: Database) -> None:
    card = Card("one")
    call = card.keep(AndonRaised(call_type="quality"))
    put(enrolled, card)
    with enrolled.write() as session:
        assert acknowledge_call(session, "plant", "one", call, "P2", "李强", NOW)
        assert not acknowledge_call(session, "plant", "one", call, "P1", "王芳", NOW)
        assert not acknowledge_call(session, "plant", "one", "nonsense", "P1", "王芳", NOW)
    with enrolled.write() as session:
        assert resolve_call(session, "plant", "one", call, "tool", "P2", "李强", NOW)
        assert not resolve_call(session, "plant", "one", call, "tool", "P2", "李强", NOW)
    with enrolled.read() as session:
        told = read_facts(session, "plant", "one", 0)
        assert [each.number for each in told.facts] == [1, 2, 3] and told.last == 3
        assert told.facts[0].kind == "call.acknowledged"
        assert told.facts[0].content == {
            "call": call,
            "call_type": "quality",
            "person": "P2",
            "person_name": "李强",
        }
        # That a second one would have come is evidence, and changes nothing (N04).
        assert (told.facts[1].kind, told.facts[1].content["person"]) == ("call.acknowledged", "P1")
        assert told.facts[2].kind == "call.resolved"
        assert read_facts(session, "plant", "one", 3).facts == ()
    assert put(enrolled, card).calls == ()


def test_others_are_told_of_progress_as_absolute_totals(enrolled: Database) -> None:
    publish_master(enrolled)
    one, two = Card("one"), Card("two")
    one.keep(ReportFinished(person="P1", operation="OP1", good=3))
    one.keep(ReportFinished(person="P1", operation="OP2", good=9))
    put(enrolled, one)
    two.keep(ReportFinished(person="P2", operation="OP1", good=2, scrap=1))
    put(enrolled, two)
    identity = one.keep(ReportFinished(person="P1", operation="OP1", good=1))
    put(enrolled, one)
    one.keep(ReportCorrected(person="P1", corrects=identity, operation="OP1", good=-1))
    put(enrolled, one)
    with enrolled.read() as session:
        told = [each.content for each in read_facts(session, "plant", "two", 0).facts]
        assert told == [{"operation": "OP1", "good": good, "scrap": 0} for good in (3, 4, 3)]
        told = [each.content for each in read_facts(session, "plant", "one", 0).facts]
        assert told == [{"operation": "OP1", "good": 2, "scrap": 1}]


def test_stations_remember_who_is_signed_in(enrolled: Database) -> None:
    card = Card("one")
    card.keep(SessionOpened(person="P1"), "S1")
    card.keep(SessionOpened(person="P2"), "S2")
    card.keep(SessionClosed(person="P1", reason="badge"), "S1")
    put(enrolled, card)
    with enrolled.read() as session:
        assert {row.id: row.person for row in session.scalars(select(Station))} == {"S1": "", "S2": "P2"}


def test_nonsense_is_kept_told_and_stops_nothing(enrolled: Database) -> None:
    card = Card("one")
    card.keep_text("[" * 8000)
    card.keep_text('{"type":"report.finished","data":{"person":"P1"}}')
    card.keep_text('{"type":"of.tomorrow","data":[]}')
    card.keep_text('{"type":["x"],"data":{"person":{"a":1},"flags":"no"}}')
    card.keep_text('{"type":"report.finished","data":{"person":"a\\u0000b","operation":"O\\u0000","good":1}}')
    card.keep_text('{"type":"work.started","data":{"person":"\\ud800","operation":"O"}}')
    card.keep(ReportFinished(person="P1", operation="OP1", good=5))
    board = put(enrolled, card)
    assert {each.operation: each.good for each in board.operations} == {"OP1": 5, "O\ufffd": 1}
    assert {each.kind for each in board.alarms} == {"unreadable_record"} and board.complete
    with enrolled.read() as session:
        assert len(session.scalars(select(Happening)).all()) == 7


def test_a_bound_that_a_gateway_met_is_told_to_a_person(enrolled: Database) -> None:
    """I10: once for each limit and life of the gateway, however often it comes."""
    card = Card("one")
    for count in (3, 4):
        card.keep(LimitReached(limit="telemetry", count=count))
        card.keep(NoticeSkipped(sink="mqtt", first=1, last=count))
    board = put(enrolled, card)
    assert sorted(each.kind for each in board.alarms) == ["limit_reached", "notice_skipped"]
    assert "telemetry was reached 3 times" in {each.detail for each in board.alarms}
    card.start()
    card.keep(LimitReached(limit="telemetry"))
    assert [each.kind for each in put(enrolled, card).alarms].count("limit_reached") == 2


def test_the_board_counts_gaps_forks_and_how_far_it_is_complete(enrolled: Database) -> None:
    card = Card("one")
    for _ in range(6):
        card.keep(ReportFinished(person="P1", operation="OP1", good=1))
    put(enrolled, card)
    clone = card.copy()
    for each in (card, clone):
        each.start()
        each.keep(ReportFinished(person="P1", operation="OP1", good=1))
    board = put(enrolled, card, clone)
    [shown, other] = board.gateways
    assert (shown.name, shown.forks, shown.gaps, shown.waiting, shown.contiguous) == ("one", 2, 0, 0, 1)
    assert other.last_seen is None and other.enrolled and not other.revoked
    assert [each.kind for each in board.alarms] == ["fork"]


def test_the_version_moves_with_what_a_page_shows_and_rests_otherwise(enrolled: Database) -> None:
    card = Card("one")
    card.keep(ReportFinished(person="P1", operation="OP1", good=1))
    before = put(enrolled, card).version
    ingest(enrolled, "one", card.batch(), NOW + 1)
    assert current_board(enrolled, NOW).version == before
    card.keep(ReportFinished(person="P1", operation="OP1", good=1))
    assert put(enrolled, card).version > before


def test_a_time_without_a_clock_is_corrected_once_an_anchor_is_known(enrolled: Database) -> None:
    card = Card("one", synchronised=False, wall=1000.0)
    card.keep(ReportFinished(person="P1", operation="OP1", good=1))
    put(enrolled, card)
    with enrolled.read() as session:
        row = session.scalars(select(Happening)).one()
        assert (row.clock, row.error_seconds, row.wall) == ("unsynchronised", None, 1001.0)
        server = enrolled.identity(session)
    # A batch that does not tell which answer came before may have been on its way for long: it is no anchor.
    status = {"bootid": card.boot, "boottime": 103.0}
    for untold in (status | {"answered": 0}, status | {"answered": NOW, "answered_by": "another server"}):
        ingest(enrolled, "one", card.batch().model_copy(update={"status": untold}), NOW + 4)
        with enrolled.read() as session:
            assert session.scalars(select(Happening)).one().clock == "unsynchronised"
    # Health read between the server's answers at NOW and NOW + 4, at boot time 103: the offset is NOW - 101 +- 2.
    told = status | {"answered": NOW, "answered_by": server}
    ingest(enrolled, "one", card.batch().model_copy(update={"status": told}), NOW + 4)
    with enrolled.read() as session:
        row = session.scalars(select(Happening)).one()
        assert (row.clock, row.wall) == ("corrected", NOW)
        assert row.error_seconds == pytest.approx(2.0, abs=0.01)
    card.keep(ReportFinished(person="P1", operation="OP1", good=1))
    put(enrolled, card)
    with enrolled.read() as session:
        rows = session.scalars(select(Happening).order_by(Happening.position)).all()
        assert [row.wall for row in rows] == pytest.approx([NOW, NOW + 1], abs=1e-3)


def test_the_same_master_data_is_the_same_version(enrolled: Database) -> None:
    publish_master(enrolled)
    with enrolled.write() as session:
        assert publish(session, master(), "planner", NOW) == 1
        smaller = master().model_copy(update={"operations": master().operations[:1]})
        smaller = MasterData.model_validate_json(json.dumps(smaller.model_dump(mode="json")))
        assert publish(session, smaller, "planner", NOW) == 2
    shown = {each.operation: each.known for each in current_board(enrolled, NOW).operations}
    assert shown == {"OP1": True, "OP2": False}


def test_a_page_leaves_the_log_to_the_worker_and_says_when_it_is_behind(enrolled: Database) -> None:
    backlog(enrolled, 3)
    with enrolled.write() as session:
        assert take_lease(session, enrolled.plant, Worker.NAME, "somebody", NOW)
    told = current_board(enrolled, NOW + PAGE_BEHIND_SECONDS_MAX / 2)
    assert (told.complete, told.operations) == (True, ()), "what came in this moment is not late yet"
    told = current_board(enrolled, NOW + PAGE_BEHIND_SECONDS_MAX)
    assert (told.complete, told.operations) == (False, ())
    # Without a worker nobody else would.
    told = current_board(enrolled, NOW + LEASE_SECONDS + 1)
    assert told.complete
    assert sum(each.good for each in told.operations) == 3


def test_a_call_is_found_among_thousands_of_its_epoch(enrolled: Database) -> None:
    card = Card("one")
    calls = [card.keep(AndonRaised(call_type="quality")) for _ in range(50)]
    put(enrolled, card)
    card.keep(AndonResolved(call=calls[7], call_type="quality", person="P1", cause="tool"))
    board = put(enrolled, card)
    assert {each.call for each in board.calls} == {*calls} - {calls[7]}
    assert [each.call for each in ended_calls_of(enrolled)] == [calls[7]]


def ended_calls_of(database: Database) -> list[BoardCall]:
    with database.read() as session:
        return list(ended_calls(session, NOW, database.plant))
