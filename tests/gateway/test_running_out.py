"""What gives way when room runs out, on real files with small caps (I11): each row of gateway/concessions.py."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from devices.types import Found, Lost, Signal
from floor.events import Happening, Instant, ReportFinished, encode
from gateway import limits
from gateway.concessions import ORDER, Concession
from gateway.config import parse
from gateway.errors import JournalBroken, JournalFull, PhotoRefused
from gateway.file_room import FileRoom
from gateway.journal_reader import JournalReader, check
from gateway.journal_room import free_bytes
from gateway.journal_upkeep import checkpoint_position, used_fraction
from gateway.keeping import NewMaster, Noted
from gateway.loop import Met
from gateway.photo_shelf import PhotoShelf
from gateway.screen import inputs as page
from gateway.sinks import Poster
from sync.limits import NoticeLimits
from sync.mqtt_pump import MqttPump
from sync.ports import FactsCame, ReceiptCame, SinkRefused, SnapshotCame
from sync.wire import Fact, Receipt, StreamReceipt
from tests.gateway.station import BADGE, OTHER_TICKET, TICKET, Bench
from tests.sync.test_mqtt_pump import TestPort

CAP = 1_500_000


def content(number: int) -> str:
    """A report as a station keeps it, of an operation of its own."""
    event = ReportFinished(person="P03", operation=f"WO-{number:06d}-10", good=1, seconds=1.0)
    return encode(Happening(event, "S1", Instant("earlier", float(number), 1.79e9 + number, True), 1), "2026-09-21")


def fill(bench: Bench, upto: float = 1.0) -> int:
    """Reports until so much of the cap is used; how many. Up to 1: until the next scan is refused."""
    kept = 0
    while used_fraction(bench.journal) < min(upto, 0.99):
        with bench.journal.group() as group:
            for _ in range(10):
                group.append(content(kept))
                kept += 1
    bench.keeping.stale = True
    while upto >= 1 and bench.scan(f"T-Z{kept}") != [Signal.UNKEPT]:
        kept += 1
    return kept


def all_safe(bench: Bench) -> ReceiptCame:
    """The office holds everything, in a confirmed backup."""
    rows = bench.journal.epochs.values()
    streams = tuple(StreamReceipt(epoch=row.epoch, mark=row.last, safe=row.last) for row in rows)
    return ReceiptCame("central", Receipt(server="x", streams=streams))


def idle(bench: Bench, seconds: float) -> None:
    """Rounds of the loop without an input."""
    until = bench.now + seconds
    while bench.now < until:
        bench.now += 0.5
        bench.step()


def kept(bench: Bench, kind: str) -> list[dict[str, object]]:
    """What the records of a type say."""
    contents = [json.loads(each.content) for each in bench.records()]
    return [each["data"] for each in contents if each["type"] == kind]


def reached(bench: Bench) -> dict[str, int]:
    """Limits that were told, with how often they were met."""
    found: dict[str, int] = {}
    for each in kept(bench, "limit.reached"):
        found[str(each["limit"])] = found.get(str(each["limit"]), 0) + int(str(each["count"]))
    return found


# The rows.


def rejected_scans(folder: Path) -> None:
    bench = Bench(folder)
    signals = bench.scan(*[f"nonsense {number}" for number in range(70)], seconds=0.1)
    assert signals == [Signal.REFUSED] * 70, "each is refused aloud"
    assert len(kept(bench, "scan.rejected")) == limits.REJECTED_SCANS_PER_MINUTE_MAX
    idle(bench, 61)
    assert reached(bench) == {"rejected_scans": 10}
    bench.close()


def notices(folder: Path) -> None:
    bench = Bench(folder)
    for number in range(300):
        with bench.journal.group() as group:
            group.append(content(number))
    port = TestPort()
    port.accepts = False
    with JournalReader(bench.journal.path, "gw1") as source:
        few = NoticeLimits(backlog_records_max=100)
        pump = MqttPump(
            source, port, bench.inbox.put, lambda _: "topic", lambda _: b"", lambda: 0.5, position=0, limits=few
        )
        for second in range(30):
            pump.step(float(second))
    bench.step(*bench.inbox.take(100, 0))
    (skipped,) = kept(bench, "notice.skipped")
    assert (skipped["sink"], skipped["first"]) == ("mqtt", 1) and int(str(skipped["last"])) >= 200
    assert len(kept(bench, "report.finished")) == 300, "the records are all there"
    bench.close()


def new_master_data(folder: Path) -> None:
    free = free_bytes(folder)
    config = parse(f'[gateway]\nname = "gw1"\nfolder = "{folder}"\nfree_bytes_min = {free}\n[[station]]\nid = "S1"\n')
    bench = Bench(folder)
    poster = Poster(config, bench.inbox.put, bench.storage)
    assert not poster.has_room() and not poster.has_room()
    assert poster(FactsCame((Fact(number=1, kind="x", content={}),))), "facts come all the same"
    bench.step(*bench.inbox.take(100, 0))
    assert reached(bench) == {"snapshot_room": 1}, "told once, however often it is looked at"
    assert bench.keeping.master.version == 1 and kept(bench, "fact.received")
    bench.close()


def telemetry(folder: Path) -> None:
    bench = Bench(folder, bytes_max=CAP)
    bench.scan(BADGE)
    fill(bench, 0.96)
    bench.scan(TICKET)
    for number in range(5):
        bench.step(Found(f"scanner:{number}", bench.now, ""), Lost(f"scanner:{number}", bench.now, ""))
    assert bench.scan("nonsense") == [Signal.REFUSED]
    assert bench.scan(TICKET) == [Signal.KEPT], "a report has the reserve"
    bench.step(page.PageCall("S1", "quality"))
    assert bench.lamp.given[-1] is Signal.CALLED, "a call has the reserve"
    assert kept(bench, "device.found") == kept(bench, "device.lost") == kept(bench, "scan.rejected") == []
    idle(bench, 61)
    assert reached(bench) == {"telemetry": 10, "rejected_scans": 1}
    bench.close()


def records_at_the_cap(folder: Path) -> None:
    """The folded state must be written before anything behind it can be deleted, and that takes room itself."""
    bench = Bench(folder, bytes_max=CAP)
    bench.loop.upkeep.record_sink = "central"
    assert fill(bench) > limits.CHECKPOINT_RECORDS
    assert bench.scan(BADGE, TICKET) == [Signal.UNKEPT, Signal.UNKEPT]
    idle(bench, 1)
    assert bench.views[-1].refusing == "disk_full"
    bench.step(all_safe(bench))
    idle(bench, 120)
    assert checkpoint_position(bench.journal) > 0 and bench.journal.epochs[1].floor > 0
    assert bench.views[-1].refusing == "" and reached(bench)["journal_room"] == 3
    assert bench.scan(BADGE, TICKET) == [Signal.NOTED, Signal.KEPT]
    with JournalReader(bench.journal.path) as reader:
        assert list(check(reader)) == []
    bench.close()


def records_without_free_space(folder: Path) -> None:
    bench = Bench(folder)
    assert bench.scan(BADGE, TICKET) == [Signal.NOTED, Signal.KEPT]
    bench.close()
    bench = Bench(folder, "boot-2", 50, free_bytes_min=free_bytes(folder) * 2)
    assert bench.scan(OTHER_TICKET) == [Signal.UNKEPT]
    bench.step(all_safe(bench))
    idle(bench, 5)
    assert bench.journal.waiting() == 0 and bench.journal.flush_due() is None, "marks still move"
    assert [each["operation"] for each in kept(bench, "work.started")] == ["WO-1001-10"]
    bench.close()


def the_ballast(folder: Path) -> None:
    bench = Bench(folder, ballast_bytes=2**20)
    ballast = folder / "ballast"
    assert ballast.stat().st_blocks * 512 >= 2**20
    bench.close()
    bench = Bench(folder, "boot-2", 50, ballast_bytes=2**20, free_bytes_min=free_bytes(folder) * 2)
    assert not ballast.exists(), "given back before the journal is opened"
    bench.close()
    bench = Bench(folder, "boot-3", 50, ballast_bytes=2**20)
    assert ballast.exists(), "and laid down again"
    bench.close()


def new_photos(folder: Path) -> None:
    """Photos stop where the journal's promised room begins, and at their own bound; scans are kept all the same."""
    bench = Bench(folder)
    room = FileRoom(bench.journal.path, 10**6, 0, bytes_max=5_000)
    shelf = PhotoShelf(folder, room, lambda: bench.now, told=lambda limit: bench.step(Met(limit)))
    shelf.recovered(())
    shelf.begin(4_000)
    with pytest.raises(PhotoRefused, match="photo_full"):
        shelf.begin(1_001)
    shelf._room = FileRoom(bench.journal.path, free_bytes(folder), 0)
    with pytest.raises(PhotoRefused, match="photo_room"):
        shelf.begin(1)
    assert reached(bench) == {"photos": 1, "photo_room": 1}
    assert bench.scan(BADGE, TICKET) == [Signal.NOTED, Signal.KEPT]
    bench.close()


ROWS: dict[str, Callable[[Path], None]] = {
    "PHOTOS_BYTES_MAX": new_photos,
    "REJECTED_SCANS_PER_MINUTE_MAX": rejected_scans,
    "NOTICE_BACKLOG_RECORDS_MAX": notices,
    "SNAPSHOT_ROOM_BYTES": new_master_data,
    "JOURNAL_RESERVE_FRACTION": telemetry,
    "JOURNAL_BYTES_MAX": records_at_the_cap,
    "FREE_BYTES_MIN": records_without_free_space,
    "BALLAST_BYTES": the_ballast,
}


@pytest.mark.parametrize("row", ORDER, ids=lambda row: row.bound)
def test_the_row_holds(row: Concession, tmp_path: Path) -> None:
    assert hasattr(limits, row.bound)
    ROWS[row.bound](tmp_path)


def test_each_row_has_a_test() -> None:
    assert [row.bound for row in ORDER] == list(ROWS)


def test_without_the_room_above_the_cap_a_full_journal_stays_full(tmp_path: Path) -> None:
    bench = Bench(tmp_path, bytes_max=CAP, upkeep_bytes=0)
    fill(bench)
    with pytest.raises(JournalFull):
        bench.loop.upkeep.checkpoint(bench.keeping)
    bench.close()


def test_a_snapshot_that_finds_no_room_ends_nothing(tmp_path: Path) -> None:
    """The pump lives on, half a file is taken away, and what waits on the card is sent all the same."""
    from floor.example import example_plant
    from gateway.master_store import seal

    bench = Bench(tmp_path)
    folder = tmp_path / "a file where the folder should be"
    folder.write_text("")
    config = parse(f'[gateway]\nname = "gw1"\nfolder = "{folder}"\n[[station]]\nid = "S1"\n')
    assert Poster(config, bench.inbox.put, bench.storage)(SnapshotCame(seal(example_plant())))
    noted, refused = bench.inbox.take(10, 0)
    assert isinstance(noted, Noted) and isinstance(refused, SinkRefused)
    bench.step(noted, refused)
    assert reached(bench) == {"snapshot_room": 1}
    bench.close()


@pytest.mark.parametrize("first", ["a scan", "a look"])
def test_what_came_while_nothing_could_be_kept_is_taken_afterwards(tmp_path: Path, first: str) -> None:
    """Also where the first success is a scan, and not the look for room."""
    from floor.example import example_plant

    bench = Bench(tmp_path)
    bench.journal._room._free_bytes_min = 1 << 62
    newer = example_plant().model_copy(update={"version": 7})
    bench.step(NewMaster(newer, "central"))
    assert bench.scan(BADGE) == [Signal.UNKEPT]
    bench.journal._room._free_bytes_min = 0
    if first == "a scan":
        assert bench.scan(BADGE, seconds=0.1) == [Signal.NOTED]
    else:
        idle(bench, 5)
    assert bench.keeping.master.version == 7
    assert [each["version"] for each in kept(bench, "snapshot.applied")] == [1, 7]
    bench.step()
    assert reached(bench) == {"journal_room": 1}
    bench.close()


@pytest.mark.parametrize("fault", ["closed", "full"])
def test_a_station_that_refuses_rests_between_looks(tmp_path: Path, fault: str) -> None:
    """Marks that wait to be written must not keep the loop spinning on a card that takes nothing."""
    bench = Bench(tmp_path)
    bench.scan(BADGE, TICKET)
    bench.step(all_safe(bench))
    if fault == "full":
        bench.journal._room._free_bytes_min = 1 << 62
        assert bench.scan(TICKET) == [Signal.UNKEPT]
    else:
        bench.journal.close()
        bench.storage.refuse(JournalBroken("pulled"), bench.now)
    bench.now += 1.5
    for _ in range(4):
        wake = bench.loop.step((), bench.instant())
    assert wake is not None and wake > bench.now
    bench.close()


def test_an_inbox_that_overflows_is_told_at_once_and_then_once_a_minute(tmp_path: Path) -> None:
    """A flood must not fill the card with what it says about the flood."""
    bench = Bench(tmp_path)
    for _ in range(50):
        for _ in range(limits.INBOX_INPUTS_MAX + 7 - len(bench.inbox)):
            bench.inbox.put(page.Typed("S9", b""))
        bench.inbox._items.clear()
        bench.now += 0.1
        bench.step()
    assert len(kept(bench, "limit.reached")) == 1
    idle(bench, 61)
    assert len(kept(bench, "limit.reached")) == 2 and reached(bench) == {"inbox": 350}
    bench.close()


def test_what_the_state_forgets_is_told_first_and_at_each_doubling(tmp_path: Path) -> None:
    """A record for each thing forgotten would double what a station in overload writes."""
    bench = Bench(tmp_path)
    bench.scan(BADGE)
    for _ in range(100):
        bench.keeping.floor.forgotten += 1
        bench.now += 1
        bench.step()
    assert len(kept(bench, "limit.reached")) == 6 and reached(bench)["floor_kept"] == 63
    bench.close()
