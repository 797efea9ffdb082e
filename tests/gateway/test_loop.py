"""From frames to records: commit, then signal, then send (I1), on the production loop with a real journal."""

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from devices.types import Frame, Signal
from floor.events import DeviceFound, GatewayStopped, Happening, ReportFinished, decode, encode
from gateway import limits
from gateway.clock import MachineClock
from gateway.errors import JournalBroken
from gateway.journal_upkeep import checkpoint_position
from gateway.keeping import Noted
from gateway.screen import inputs as page
from gateway.station_desk import StationRules
from sync import ports
from sync.wire import Fact, Receipt, StreamReceipt
from tests.gateway.station import BADGE, LEADER, OTHER_TICKET, TICKET, Bench


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    bench.close()


def types_of(bench: Bench) -> list[str]:
    return [json.loads(record.content)["type"] for record in bench.records()]


def reports_of(bench: Bench) -> list[ReportFinished]:
    events = [decode(record.content).event for record in bench.records()]
    return [event for event in events if isinstance(event, ReportFinished)]


def test_two_scans_and_no_tap_report_all_good(bench: Bench) -> None:
    assert bench.scan(BADGE) == [Signal.NOTED]
    assert bench.scan(TICKET, TICKET) == [Signal.KEPT, Signal.KEPT]
    assert types_of(bench) == ["snapshot.applied", "session.opened", "work.started", "report.finished"]
    (report,) = reports_of(bench)
    assert (report.person, report.operation, report.good, report.scrap) == ("P02", "WO-1001-10", 120, 0)
    assert report.seconds == pytest.approx(10.0)


def test_the_signal_comes_after_the_commit(bench: Bench) -> None:
    seen: list[int] = []
    give = bench.lamp.give

    def give_and_look(signal: Signal, station: str) -> None:
        # What another connection sees at the moment of the beep is what a power cut would leave (I1).
        with sqlite3.connect(f"file:{bench.journal.path}?mode=ro", uri=True) as connection:
            seen.append(connection.execute("SELECT count(*) FROM record").fetchone()[0])
        connection.close()
        give(signal, station)

    bench.lamp.give = give_and_look  # type: ignore[method-assign]
    bench.scan(BADGE, TICKET, TICKET)
    assert seen == [2, 3, 4]


def test_no_signal_but_the_loudest_when_the_commit_fails(bench: Bench) -> None:
    bench.scan(BADGE, TICKET)
    before = types_of(bench)
    bench.journal.connection.execute("PRAGMA query_only = ON")
    assert bench.scan(TICKET) == [Signal.UNKEPT]
    assert bench.loop.viewing.latest is not None and bench.loop.viewing.latest.refusing == "read_only"
    assert types_of(bench) == before
    # The journal was closed; the next look opens it anew and the station goes on by itself.
    bench.now += 5
    bench.step()
    assert bench.storage.reason == ""
    assert bench.scan(TICKET) == [Signal.KEPT]
    assert len(reports_of(bench)) == 1, "the scan that was refused aloud was not counted"


def test_scans_that_wait_share_a_commit_and_each_gets_its_signal(bench: Bench) -> None:
    bench.scan(BADGE)
    newest = bench.journal.newest()
    kept = bench.kept_calls
    frames = [Frame("scanner", bench.now + 10, f"{each}\r".encode()) for each in (TICKET, OTHER_TICKET)]
    bench.now += 10
    bench.step(*frames)
    assert bench.lamp.given[-2:] == [Signal.KEPT, Signal.KEPT]
    assert bench.journal.newest() == newest + 2
    assert bench.kept_calls == kept + 1


def test_a_double_scan_is_one_report(bench: Bench) -> None:
    bench.scan(BADGE, TICKET)
    assert bench.scan(TICKET, seconds=10) == [Signal.KEPT]
    assert bench.scan(TICKET, seconds=0.5) == [Signal.REPEATED]
    assert len(reports_of(bench)) == 1


def test_the_state_is_the_fold_of_the_journal(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.scan(BADGE, TICKET, OTHER_TICKET)
    state = bench.keeping.floor.to_json()
    bench = bench.again()
    assert bench.keeping.floor.to_json() == state, "I7"
    bench.loop.upkeep.checkpoint(bench.keeping)
    bench.scan(BADGE, OTHER_TICKET)
    state = bench.keeping.floor.to_json()
    bench = bench.again("boot-3")
    assert bench.keeping.floor.to_json() == state, "also from a checkpoint"
    bench.close()


def test_after_a_start_the_same_label_asks_whether_it_is_the_same_piece(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.scan(BADGE, TICKET, TICKET)
    bench = bench.again()
    bench.step()
    (view,) = bench.views[-1:]
    assert view.stations[0].last is not None and view.stations[0].last.beep_unknown
    assert bench.scan(TICKET) == [Signal.ASK]
    assert bench.scan("C-SAME") == [Signal.REPEATED]
    assert len(reports_of(bench)) == 1
    bench.close()


def test_after_an_orderly_end_nothing_is_asked(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.scan(BADGE, TICKET, TICKET)
    bench.keeping.keep([Noted("", GatewayStopped())], bench.instant())
    bench = bench.again()
    bench.step()
    assert bench.views[-1].stations[0].last is not None and not bench.views[-1].stations[0].last.beep_unknown
    bench.close()


def test_a_broken_scanner_cannot_fill_the_card(bench: Bench) -> None:
    signals = bench.scan(*[f"nonsense {n}" for n in range(100)], seconds=0.1)
    assert signals == [Signal.REFUSED] * 100
    assert types_of(bench).count("scan.rejected") == 60
    bench.now += 61
    bench.step()
    limit = [json.loads(each.content)["data"] for each in bench.records() if '"limit.reached"' in each.content]
    assert limit == [{"limit": "rejected_scans", "count": 40, "detail": ""}]


def test_megabytes_without_an_end_are_one_rejection_and_the_next_scan_works(bench: Bench) -> None:
    for _ in range(160):
        bench.step(Frame("scanner", bench.now, b"x" * 65_536))
    bench.scan(b"")
    assert bench.lamp.given == [Signal.REFUSED]
    assert bench.scan(BADGE) == [Signal.NOTED]
    assert types_of(bench).count("scan.rejected") == 1


def test_the_page_does_what_a_scan_does(bench: Bench) -> None:
    bench.now += 10
    bench.step(page.Typed("S1", BADGE.encode()))
    bench.now += 10
    bench.step(page.Typed("S1", TICKET.encode()))
    bench.now += 10
    bench.step(page.PageReport("S1", "WO-1001-10", 100, 2, "surface"))
    (report,) = reports_of(bench)
    assert (report.good, report.scrap, report.scrap_reason) == (100, 2, "surface")


def test_a_call_is_raised_taken_and_resolved(bench: Bench) -> None:
    bench.step(page.PageCall("S1", "quality"))
    assert bench.lamp.given[-1] is Signal.CALLED
    assert bench.scan(LEADER) == [Signal.ACKNOWLEDGED]
    (call,) = bench.keeping.floor.calls
    bench.now += 10
    bench.step(page.Typed("S1", LEADER.encode()))
    bench.now += 10
    bench.step(page.PageResolve("S1", call, "dimension"))
    assert bench.lamp.given[-1] is Signal.RESOLVED
    assert not bench.keeping.floor.calls


def test_a_fact_of_the_office_is_kept_once_and_shown(bench: Bench) -> None:
    bench.step(page.PageCall("S1", "quality"))
    (call,) = bench.keeping.floor.calls
    fact = Fact(number=7, kind="call.acknowledged", content={"call": call, "person": "P06", "person_name": "赵敏"})
    bench.step(ports.FactsCame((fact,)))
    assert bench.lamp.given[-1] is Signal.ACKNOWLEDGED
    assert bench.journal.settings["facts_last"] == "7"


def test_marks_of_the_server_show_on_the_screen(bench: Bench) -> None:
    bench.scan(BADGE, TICKET)
    epoch = bench.records()[0].epoch
    receipt = Receipt(server="x", streams=(StreamReceipt(epoch=epoch, mark=3, safe=0),))
    bench.now += 1
    bench.step(ports.ReceiptCame("central", receipt))
    last = bench.views[-1].stations[0].last
    assert last is not None and last.at_office
    bench.step(ports.ReceiptCame("central", Receipt(server="x", streams=(StreamReceipt(epoch=epoch, mark=1, safe=0),))))
    bench.now += 1
    bench.step()
    last = bench.views[-1].stations[0].last
    assert last is not None and not last.at_office, "a mark that goes back is believed"


def test_a_full_card_refuses_aloud_and_goes_on_when_there_is_room(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.scan(BADGE)
    bench.journal._room._free_bytes_min = 1 << 62
    assert bench.scan(TICKET) == [Signal.UNKEPT]
    bench.now += 1
    bench.step()
    assert bench.views[-1].refusing == "disk_full"
    bench.journal._room._free_bytes_min = 0
    bench.now += 5
    bench.step()
    assert bench.storage.reason == ""
    assert bench.scan(TICKET) == [Signal.KEPT]
    bench.close()


def test_a_skipped_notice_is_a_record(bench: Bench) -> None:
    bench.step(ports.NoticeSkipped("mqtt", 3, 900))
    assert types_of(bench)[-1] == "notice.skipped"


def test_a_bug_is_not_swallowed(bench: Bench) -> None:
    with pytest.raises(AssertionError, match="nobody knows"):
        bench.step(object())


def test_a_journal_that_is_closed_says_so(bench: Bench) -> None:
    bench.journal.close()
    with pytest.raises(JournalBroken):
        _ = bench.journal.connection


@pytest.mark.parametrize("fault", ["read_only", "disk_full"])
def test_a_station_that_refuses_rests_between_its_tries(bench: Bench, fault: str) -> None:
    """What is pending for the next idle moment must not keep the loop awake while nothing can be written."""
    bench.scan(BADGE, TICKET)
    if fault == "read_only":
        bench.journal.connection.execute("PRAGMA query_only = ON")
    else:
        pages = bench.journal.connection.execute("PRAGMA page_count").fetchone()[0]
        bench.journal.connection.execute(f"PRAGMA max_page_count = {pages}")
    for number in range(60):
        if bench.scan(f"T-N{number:03d}", seconds=0.05) == [Signal.UNKEPT]:
            break
    assert bench.storage.reason == fault
    assert rounds_in_a_second(bench) < 50


def test_upkeep_that_meets_a_full_card_is_tried_again_later(bench: Bench) -> None:
    """The folded state is large, and due to be written in an idle moment."""
    bench.scan(BADGE)
    for number in range(300):
        bench.scan(f"T-N{number:03d}")
    bench.loop.upkeep.checkpointed = 0
    bench.loop.upkeep.checkpoint_records, bench.loop.upkeep.work_left = 1, True
    pages = bench.journal.connection.execute("PRAGMA page_count").fetchone()[0]
    bench.journal.connection.execute(f"PRAGMA max_page_count = {pages}")
    assert rounds_in_a_second(bench) < 50


def test_a_badge_that_times_out_while_nothing_can_be_kept_waits(bench: Bench) -> None:
    """Its sign-out is a record: it is tried again when the journal is."""
    bench.scan(BADGE)
    bench.journal.connection.execute("PRAGMA query_only = ON")
    bench.now += StationRules().session_timeout_seconds
    bench.step()
    assert bench.storage.reason == "read_only"
    assert rounds_in_a_second(bench) < 50


def rounds_in_a_second(bench: Bench) -> int:
    """How often the loop goes round when nothing comes in."""
    rounds, began = 0, bench.now
    while bench.now < began + 1.0 and rounds < 1_000:
        wake = bench.loop.step((), bench.instant())
        bench.now = max(bench.now, wake if wake is not None else began + 1.0)
        rounds += 1
    return rounds


def test_a_state_is_folded_with_the_very_instants_it_was_made_of(bench: Bench) -> None:
    """I7: a record keeps microseconds, so nobody decides on finer ones."""
    clock = MachineClock("boot")
    for _ in range(100):
        instant = clock()
        assert (instant.boottime, instant.wall) == (float(f"{instant.boottime:.6f}"), float(f"{instant.wall:.6f}"))


def test_a_gateway_that_is_cut_off_every_evening_writes_its_state(tmp_path: Path) -> None:
    """Else its start would fold a longer journal every morning, and nothing would ever be pruned."""
    bench = Bench(tmp_path)
    for evening in range(4):
        with bench.journal.group() as group:
            for number in range(limits.CHECKPOINT_RECORDS // 3):
                event = DeviceFound(device=f"scanner {number}")
                group.append(encode(Happening(event, "S1", bench.instant(), 1), "2026-09-21"))
        for _ in range(4):
            bench.now += 1
            bench.step()
        bench = bench.again(f"boot-{evening + 3}")
    assert checkpoint_position(bench.journal) > 0
    bench.close()


def test_scans_without_a_pause_do_not_put_off_the_next_try_of_the_card(tmp_path: Path) -> None:
    """Scans come faster than the card is tried again: the first one after that time is kept (I11)."""
    bench = Bench(tmp_path)
    bench.scan(BADGE, TICKET)
    # The card lets go of the journal's folder, and takes it again.
    bench.journal.close()
    aside = tmp_path.with_name("aside")
    tmp_path.rename(aside)
    tmp_path.touch()
    assert bench.scan("T-N1", "T-N2", seconds=0.5) == [Signal.UNKEPT, Signal.UNKEPT]
    tmp_path.unlink()
    aside.rename(tmp_path)
    signals = bench.scan(*(f"T-M{number}" for number in range(8)), seconds=0.5)
    assert signals.count(Signal.KEPT) >= 4 and signals[-1] is Signal.KEPT, signals
    bench.close()
