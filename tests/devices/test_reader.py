"""The reader thread, looking again, and what wakes it."""

import os
import queue
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.clock import boottime
from devices.contract_desk import PATIENCE_SECONDS, Desk
from devices.errors import DeviceGone
from devices.hotplug import Hotplug
from devices.intake import decode, settled
from devices.kinds import build_source
from devices.labels import LabelRules
from devices.lines import LineDecoder
from devices.reader import Posted, Reader
from devices.reopen import REOPEN_DELAY_SECONDS_MAX, Reopening
from devices.types import Found, Frame, Garbled, Lost, Scan

pytestmark = pytest.mark.process


class Scripted:
    """A source that does what it is told."""

    name = "scripted"

    def __init__(self, *script: str) -> None:
        self.script = list(script)
        self.opened_at: list[float] = []
        self._closed = threading.Event()

    def open(self) -> str:
        self.opened_at.append(boottime())
        if self._next() == "absent":
            raise DeviceGone
        return "here"

    def read(self, timeout_seconds: float) -> Frame | None:
        if self._next() == "bug":
            raise ZeroDivisionError("a bug")
        raise DeviceGone("unplugged")

    def close(self) -> None:
        self._closed.set()

    def _next(self) -> str:
        return self.script.pop(0) if self.script else "absent"


def run(source: Scripted, reopening: Reopening | None = None) -> tuple[Reader, "queue.SimpleQueue[object]"]:
    posted: queue.SimpleQueue[object] = queue.SimpleQueue()
    reader = Reader(source, posted.put, boottime, lambda name, fault: posted.put((name, fault)), reopening)
    reader.start()
    return reader, posted


def test_a_device_that_is_absent_is_told_once() -> None:
    reader, posted = run(Scripted("absent", "absent", "absent", "present", "gone"))
    kinds = [type(posted.get(timeout=PATIENCE_SECONDS)) for _ in range(3)]
    assert kinds == [Lost, Found, Lost]
    reader.stop()
    assert posted.empty()


def test_a_bug_is_told_and_not_swallowed() -> None:
    reader, posted = run(Scripted("present", "bug"))
    assert isinstance(posted.get(timeout=PATIENCE_SECONDS), Found)
    name, fault = posted.get(timeout=PATIENCE_SECONDS)  # type: ignore[misc]
    assert name == "scripted" and isinstance(fault, ZeroDivisionError)
    reader.stop()


def test_plugging_wakes_a_reader_that_waits() -> None:
    reader, posted = run(Scripted("absent", "present"), Reopening(600.0, 600.0))
    assert isinstance(posted.get(timeout=PATIENCE_SECONDS), Lost)
    reader.look_now()
    assert isinstance(posted.get(timeout=PATIENCE_SECONDS), Found)
    reader.stop()


def test_stopping_twice_and_before_starting() -> None:
    reader = Reader(Scripted(), lambda _: None, boottime, lambda *_: None)
    reader.stop()
    reader, _ = run(Scripted())
    reader.stop()
    reader.stop()
    assert not reader.alive


def test_waits_double_up_to_the_limit_and_start_again() -> None:
    waits, wait = [], Reopening()
    for _ in range(5):
        waits.append(wait.delay_seconds)
        wait = wait.after_failure()
    assert waits == [0.2, 0.4, 0.8, 1.0, 1.0] and max(waits) == REOPEN_DELAY_SECONDS_MAX
    assert wait.after_success() == Reopening()


def test_a_device_with_a_bad_contact_does_not_flood_the_journal() -> None:
    source = Scripted(*["present", "gone"] * 50)
    reader, posted = run(source)
    for _ in range(8):
        posted.get(timeout=PATIENCE_SECONDS)
    reader.stop()
    pauses = [later - earlier for earlier, later in zip(source.opened_at, source.opened_at[1:], strict=False)]
    assert pauses[1] > 0.35 and pauses[2] > 0.75


def test_a_found_device_ends_what_was_unfinished() -> None:
    decoder = LineDecoder(LabelRules())
    posted: list[Posted] = [Frame("gate", 1.0, b"HALF"), Lost("gate", 1.1, "gone"), Found("gate", 1.2, "here")]
    found = [each for item in posted for each in decode(decoder, item)]
    assert [type(each) for each in found] == [Garbled, Lost, Found]


@given(st.lists(st.text("0123456789", min_size=1, max_size=4), max_size=12), st.lists(st.booleans(), max_size=40))
def test_a_full_inbox_never_makes_another_label_of_what_is_left(labels: list[str], taken: list[bool]) -> None:
    """Every key and every byte is a frame of its own here; each may find the inbox full."""
    answers, posted = list(taken), []

    def post(item: Posted) -> bool:
        took = answers.pop() if answers else True
        posted.extend([item] if took else [])
        return took

    reader = Reader(Scripted(), post, boottime, lambda *_: None)
    for number, byte in enumerate("".join(f"{label}\r" for label in labels).encode()):
        reader._hand_on(Frame("gate", 1 + number / 1e6, bytes((byte,))))
    decoder = LineDecoder(LabelRules())
    found = [each for item in posted for each in decode(decoder, item)] + list(settled(decoder))
    sent = iter(labels)
    assert all(scan.data.decode() in sent for scan in found if isinstance(scan, Scan))
    if all(taken):
        assert [scan.data.decode() for scan in found if isinstance(scan, Scan)] == labels


def test_found_is_offered_until_it_is_taken() -> None:
    answers, posted = [True, False, False], queue.SimpleQueue[Posted]()

    def post(item: Posted) -> bool:
        took = answers.pop() if answers else True
        if took:
            posted.put(item)
        return took

    reader = Reader(Scripted("present", "gone"), post, boottime, lambda *_: None)
    reader.start()
    assert [type(posted.get(timeout=PATIENCE_SECONDS)) for _ in range(2)] == [Found, Lost]
    reader.stop()


def test_hotplug_starts_and_stops_wherever_it_runs() -> None:
    hotplug = Hotplug(lambda: None)
    assert hotplug.start() in (True, False)
    hotplug.stop()
    hotplug.stop()


def test_a_scanner_to_type_into(tmp_path: Path) -> None:
    link = tmp_path / "scanner"
    root = Path(__file__).parents[2]
    command = [sys.executable, "-m", "devices.typed_scanner", "--link", str(link)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=root, text=True) as typed:
        assert typed.stdin and typed.stdout
        path = typed.stdout.readline().split()[0]
        assert os.path.realpath(link) == path
        source, decoder = build_source("serial", "gate", {"path": str(link)})
        with Desk(source, decoder) as desk:
            typed.stdin.write("T|WO-1|10\n工位\n")
            typed.stdin.flush()
            desk.until(lambda: desk.labels == [b"T|WO-1|10", "工位".encode()])
        typed.stdin.close()
        typed.wait(PATIENCE_SECONDS)
    assert not link.is_symlink()


def test_an_idle_station_of_every_kind_costs_no_processor(tmp_path: Path) -> None:
    sources = [build_source("pty", f"s{number}", {}) for number in range(4)]
    sources += [build_source("tcp_server", "dock", {"port": 0}), build_source("serial", "none", {"path": "/dev/none"})]
    readers = [Reader(source, lambda _: None, boottime, lambda *_: None) for source, _ in sources]
    for reader in readers:
        reader.start()
    before, began = time.process_time(), time.monotonic()
    threading.Event().wait(1.5)
    used = (time.process_time() - before) / (time.monotonic() - began)
    for reader in readers:
        reader.stop()
    assert used < 0.05
