"""Notices, instructions and hand-overs: what is read back, by whom, and what does not start before."""

from dataclasses import replace

from devices.types import Signal
from floor.events import ReportFinished, SessionClosed, WorkStarted
from floor.master import MasterData
from floor.reading_events import HandoverAccepted, HandoverMisread, HandoverOffered, NoticeMisread, NoticeRead
from floor.rows import Instruction, Notice
from gateway.floor_state import Floor
from gateway.station_desk import PageCommand, PageReadBack
from gateway.station_texts import render
from tests.gateway.floor_desk import Bench, small_plant


def plant(*notices: Notice, instructions: tuple[Instruction, ...] = ()) -> MasterData:
    found = small_plant().model_dump()
    rows = [{**row, "due": "2027-03-09"} if row["id"] == "W3" else row for row in found["work_orders"]]
    return MasterData.model_validate(
        {
            **found,
            "work_orders": rows,
            "notices": [each.model_dump() for each in notices],
            "instructions": [each.model_dump() for each in instructions],
        }
    )


def signed_in(master: MasterData) -> Bench:
    bench = Bench(master=master)
    bench.scan("B-ANN")
    return bench


CHANGED = Notice(id="N1", title="数量改为 100", title_en="Now 100", work_order="W3", facts=("quantity", "due"))


def test_a_notice_holds_the_start_until_its_facts_are_said() -> None:
    bench = signed_in(plant(CHANGED))
    asked = bench.scan("T-W3-10")
    assert (asked.signal, asked.events, asked.message.key) == (Signal.ASK, (), "ask_fact_quantity")
    assert "Now 100" in render(asked.message, "en") and "数量改为 100" in render(asked.message, "zh")
    for card in ("C-D1A", "C-D0A", "C-D0B"):
        bench.scan(card)
    assert bench.scan("C-CONFIRM").message.key == "ask_fact_due"
    for card in ("C-D0A", "C-D3A", "C-D0B"):
        bench.scan(card)
    bench.scan("C-D9A")
    done = bench.scan("C-CONFIRM", after=5)
    read, started = done.events
    assert isinstance(read, NoticeRead) and isinstance(started, WorkStarted)
    assert (read.notice, read.person, read.facts) == ("notice/N1", "ann", ("quantity=100", "due=0309"))
    assert (done.signal, started.operation, started.flags) == (Signal.KEPT, "W3-10", ())


def test_another_fact_is_kept_as_a_mistake_and_nothing_starts() -> None:
    bench = signed_in(plant(CHANGED))
    bench.scan("T-W3-10")
    bench.scan("C-D9A")
    wrong = bench.scan("C-CONFIRM")
    (event,) = wrong.events
    assert isinstance(event, NoticeMisread) and (event.asked, event.given, event.person) == ("quantity", "9", "ann")
    assert wrong.signal is Signal.REFUSED and bench.state.share("ann", "W3-10") is None
    bench.put(PageReadBack("100"))
    bench.put(PageReadBack("0309"))
    assert bench.state.share("ann", "W3-10") is not None


def test_who_has_read_it_is_not_asked_again_but_the_next_person_is() -> None:
    bench = signed_in(plant(replace_facts(CHANGED)))
    assert bench.scan("T-W3-10").message.key == "ask_read"
    assert [type(each) for each in bench.scan("C-CONFIRM").events] == [NoticeRead, WorkStarted]
    bench.scan("C-GOOD", after=5)
    bench.scan("C-D1A")
    bench.scan("T-W3-10")
    assert bench.scan("T-W3-10", after=5).message.key == "started"
    bench.scan("B-BOB", after=5)
    assert bench.scan("T-W3-10").message.key == "ask_read"


def replace_facts(notice: Notice, *facts: str, **changes: object) -> Notice:
    return Notice.model_validate({**notice.model_dump(), "facts": facts, **changes})


def test_a_changed_notice_is_read_again() -> None:
    bench = signed_in(plant(replace_facts(CHANGED)))
    bench.scan("T-W3-10")
    bench.scan("C-CONFIRM")
    bench.scan("T-W3-10", after=5)
    bench.scan("C-UNDO")
    bench.master = plant(replace_facts(CHANGED, title="数量改为 120"))
    bench.scan("C-GOOD", after=5)
    bench.scan("C-D1A")
    bench.scan("T-W3-10")
    assert bench.scan("T-W3-10", after=5).message.key == "ask_read"


def test_a_notice_is_only_about_its_order_its_stations_and_its_days() -> None:
    here = replace_facts(CHANGED, stations=("S2",))
    assert signed_in(plant(here)).scan("T-W3-10").message.key == "started"
    assert signed_in(plant(CHANGED)).scan("T-W1-10").message.key == "started"
    over = replace_facts(CHANGED, until="2020-01-01")
    assert signed_in(plant(over)).scan("T-W3-10").message.key == "started"
    unsure = signed_in(plant(over))
    unsure.synchronised = False
    assert unsure.scan("T-W3-10").message.key == "ask_read"


def test_the_revision_of_an_instruction_is_scanned_or_entered() -> None:
    rule = Instruction(id="WI-7", operation="W3-10", revision="C", title="检验规程")
    for given in ("C", "c"):
        bench = signed_in(plant(instructions=(rule,)))
        assert bench.scan("T-W3-10").message.key == "ask_fact_revision"
        assert bench.scan("D").signal is Signal.REFUSED
        read, started = bench.scan(given, after=5).events
        assert isinstance(read, NoticeRead) and read.notice == "instruction/WI-7"
        assert isinstance(started, WorkStarted)
    newer = plant(instructions=(rule.model_copy(update={"revision": "D"}),))
    bench.scan("B-BOB", after=5)
    bench.master = newer
    bench.scan("T-W3-10")
    bench.put(PageReadBack("D"))
    assert (
        bench.state.readings.has_read("bob", "instruction/WI-7", next(iter(bench.state.readings.read.values())))
        is False
    )
    assert bench.state.share("bob", "W3-10") is not None


def test_nothing_is_asked_where_nothing_is_read_back() -> None:
    bench = signed_in(plant())
    assert bench.put(PageReadBack("100")).message.key == "nothing_asked"


def test_reading_survives_a_restart() -> None:
    bench = signed_in(plant(replace_facts(CHANGED)))
    bench.scan("T-W3-10")
    bench.scan("C-CONFIRM")
    bench.scan("C-HANDOVER", after=5)
    bench.scan("B-ANN")
    again = Floor.from_json(bench.state.to_json())
    assert again == bench.state and again.readings.offers["S1"].person == "ann"


# Hand-over.


def handed_over() -> Bench:
    """Ann made 30 of 100 of W3-10, goes on, calls for quality, and hands over."""
    bench = signed_in(plant())
    bench.scan("T-W3-10")
    bench.scan("C-GOOD", after=5)
    bench.scan("C-D3A")
    bench.scan("C-D0A")
    bench.scan("T-W3-10")
    bench.scan("T-W3-10", after=5)
    bench.scan("C-CALL", after=1)
    bench.now += 600
    return bench


def test_whoever_goes_signs_and_whoever_comes_says_the_facts_and_signs() -> None:
    bench = handed_over()
    asked = bench.scan("C-HANDOVER")
    assert (asked.signal, asked.events, asked.message.key) == (Signal.ASK, (), "ask_handover")
    report, offered, closed = bench.scan("B-ANN").events
    assert isinstance(report, ReportFinished) and isinstance(closed, SessionClosed)
    assert (report.good, report.flags) == (0, ("handed_over",)) and report.seconds is not None and report.seconds > 600
    assert isinstance(offered, HandoverOffered)
    assert offered.facts == ("operations=1", "calls=1", "left=70")
    assert (len(offered.calls), offered.operations) == (1, ("W3-10",))
    bench.scan("B-BOB", after=5)
    assert bench.scan("T-W3-10").message.key == "ask_fact_operations"
    bench.put(PageReadBack("2"))
    assert isinstance(bench.kept[-1][1].event, HandoverMisread)
    for fact in ("1", "1", "70"):
        bench.put(PageReadBack(fact))
    assert bench.desk.prompt is not None and bench.desk.prompt.message.key == "ask_handover_badge"
    accepted, started = bench.scan("B-BOB", after=5).events
    assert isinstance(accepted, HandoverAccepted) and isinstance(started, WorkStarted)
    assert (accepted.offered_by, accepted.person) == ("ann", "bob")
    assert bench.state.readings.offers == {} and bench.state.current("S1") == "bob"
    (finish,) = bench.scan("T-W3-10", after=5).events
    assert isinstance(finish, ReportFinished) and finish.good == 70


def test_a_set_up_ends_with_the_hand_over_and_keeps_its_time() -> None:
    bench = signed_in(plant())
    bench.scan("T-W3-10")
    bench.scan("C-SETUP")
    bench.scan("T-W3-10", after=5)
    bench.now += 300
    bench.scan("C-HANDOVER")
    kinds = [each.type_name for each in bench.scan("B-ANN", after=5).events]
    assert kinds == ["setup.finished", "report.finished", "handover.offered", "session.closed"]


def test_taking_over_without_starting_anything() -> None:
    bench = signed_in(plant())
    bench.scan("C-HANDOVER")
    bench.scan("B-ANN", after=5)
    bench.scan("B-BOB")
    bench.scan("C-HANDOVER", after=5)
    for fact in ("0", "0"):
        bench.put(PageReadBack(fact))
    done = bench.scan("B-BOB", after=5)
    assert (done.signal, done.message.key) == (Signal.KEPT, "handover_accepted")
    assert bench.state.current("S1") == "bob"


def test_another_badge_does_not_sign_for_the_one_who_read() -> None:
    bench = signed_in(plant())
    bench.scan("C-HANDOVER")
    bench.scan("B-ANN", after=5)
    bench.scan("B-BOB")
    bench.put(PageCommand("handover"))
    bench.put(PageReadBack("0"))
    bench.put(PageReadBack("0"))
    bench.scan("B-LEE", after=5)
    assert "S1" in bench.state.readings.offers and bench.desk.prompt is None


def test_the_badge_before_the_facts_signs_nothing() -> None:
    bench = signed_in(plant())
    bench.scan("C-HANDOVER")
    bench.scan("B-ANN", after=5)
    bench.scan("B-BOB")
    bench.scan("C-HANDOVER", after=5)
    bench.scan("B-BOB", after=5)
    assert "S1" in bench.state.readings.offers and bench.state.current("S1") == ""


def test_a_cancelled_or_forgotten_hand_over_is_none() -> None:
    for forgotten in (True, False):
        bench = handed_over()
        bench.scan("C-HANDOVER")
        if forgotten:
            bench.now += 500
            bench.step()
        else:
            bench.scan("C-CANCEL")
        assert bench.state.readings.offers == {} and bench.state.current("S1") == "ann"


def test_readings_are_bounded() -> None:
    from gateway import limits

    bench = signed_in(plant())
    for number in range(limits.READINGS_KEPT_MAX + 5):
        bench.state.apply(
            f"{'cd' * 16}/{number + 1}",
            replace(bench.kept[0][1], event=NoticeRead(notice=f"notice/{number}", version="v", person="ann")),
        )
    assert len(bench.state.readings.read) == limits.READINGS_KEPT_MAX and bench.state.forgotten == 5
