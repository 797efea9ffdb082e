"""Scan to signal while photos of 10 MB are put on the same slow card, beside the same scans without any photo.

The gateway's flushes are slowed down by a library that is preloaded (`slow_card.c`): 5 ms each, 4 MB a second, one at a
time. Ten scans a second, without photos and with photos in turns, on one gateway; photos come through its station page.
"""

import secrets
import subprocess
import threading
import time
from pathlib import Path

import requests

from benchmarks.figures import Figure, at_most
from benchmarks.readings import NothingCame, percentile, wait_until
from benchmarks.rig import Sinks, lay_out
from benchmarks.scales import Scale
from benchmarks.scans import PERIOD_SECONDS, Scanner, stopped_gateway
from floor.limits import PHOTO_BYTES_MAX
from gateway.screen.guard import TOKEN_HEADER
from gateway.screen.limits import PIECE_BYTES_MAX

P50_RATIO_MAX = 1.1
P99_RATIO_MAX = 1.5
FLUSH_MICROSECONDS = 5_000
CARD_BYTES_PER_MICROSECOND = 4
JOURNAL_BYTES_MAX = 64 * 1024 * 1024
TURNS = 2
WARM_UP = 20
ANSWER_SECONDS_MAX = 60.0


class Camera:
    """Takes one photo after the other in a thread of its own, as the page's script does it."""

    def __init__(self, url: str, station: str) -> None:
        self._url = url
        self._base = f"{url}/station/{station}"
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="camera")
        self.pieces = 0
        self.fault: BaseException | None = None

    def __enter__(self) -> "Camera":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self._thread.join(ANSWER_SECONDS_MAX)
        if self.fault is not None:
            raise NothingCame(f"a photo was not taken: {self.fault}") from self.fault

    def _run(self) -> None:
        try:
            with requests.Session() as session:
                self._enter(session)
                while not self._closing.is_set():
                    self._take(session)
        except BaseException as fault:
            self.fault = fault

    def _enter(self, session: requests.Session) -> None:
        session.get(self._base, timeout=ANSWER_SECONDS_MAX).raise_for_status()
        with session.get(f"{self._base}/events", stream=True, timeout=ANSWER_SECONDS_MAX) as events:
            hello = next(events.iter_content(None)).decode()
        session.headers.update({"Origin": self._url, TOKEN_HEADER: hello.partition('"token": "')[2][:64]})

    def _take(self, session: requests.Session) -> None:
        """A photo of the largest size, or as much of it as there is time for."""
        body = {"bytes": PHOTO_BYTES_MAX, "operation": "WO-1-10"}
        begun = session.post(f"{self._base}/photo", json=body, timeout=ANSWER_SECONDS_MAX)
        begun.raise_for_status()
        content = b"\xff\xd8\xff\xe0" + secrets.token_bytes(PHOTO_BYTES_MAX - 4)
        for offset in range(0, PHOTO_BYTES_MAX, PIECE_BYTES_MAX):
            if self._closing.is_set():
                return
            answer = session.post(
                f"{self._base}/photo/{begun.json()['upload']}?offset={offset}",
                data=content[offset : offset + PIECE_BYTES_MAX],
                headers={"Content-Type": "application/octet-stream"},
                timeout=ANSWER_SECONDS_MAX,
            )
            answer.raise_for_status()
            self.pieces += 1


def slow_card(folder: Path) -> dict[str, str]:
    """The environment of a gateway whose files lie on a slow card."""
    source, library = Path(__file__).with_name("slow_card.c"), folder / "slow_card.so"
    command = ["cc", "-shared", "-fPIC", "-O2", "-Wall", "-o", library, source, "-ldl", "-lpthread"]
    subprocess.run(command, check=True)
    return {
        "LD_PRELOAD": str(library),
        "SLOW_CARD_FLUSH_US": str(FLUSH_MICROSECONDS),
        "SLOW_CARD_BYTES_PER_US": str(CARD_BYTES_PER_MICROSECOND),
    }


def _scans(scanner: Scanner, count: int) -> list[float]:
    """Seconds from scan to signal, ten scans a second."""
    found: list[float] = []
    due = time.monotonic()
    for _ in range(count):
        sent = scanner.send()
        found.append(scanner.signalled() - sent)
        due += PERIOD_SECONDS
        time.sleep(max(0.0, due - time.monotonic()))
    return found


def measure(scale: Scale, folder: Path) -> list[Figure]:
    """p50 and p99 of both."""
    without: list[float] = []
    beside: list[float] = []
    count = max(2, scale.scans // (2 * TURNS))
    config = lay_out(folder, Sinks(), screen=True, journal_bytes_max=JOURNAL_BYTES_MAX)
    with stopped_gateway(folder, Sinks(), config=config, environment=slow_card(folder)) as scanner:
        url = scanner.process.log.read_text().partition("gateway ready ")[2].split()[0]
        _scans(scanner, min(WARM_UP, scale.scans))
        for _ in range(TURNS):
            without += _scans(scanner, count)
            with Camera(url, "S1") as camera:
                wait_until("the first piece of a photo", lambda camera=camera: camera.pieces > 0 or camera.fault)
                beside += _scans(scanner, count)
    figures = []
    for name, fraction, ratio in (("scan_photo_p50", 0.5, P50_RATIO_MAX), ("scan_photo_p99", 0.99, P99_RATIO_MAX)):
        own, base = percentile(beside, fraction) * 1e6, percentile(without, fraction) * 1e6
        figures.append(at_most(name, own, "us", base, ratio))
    return figures
