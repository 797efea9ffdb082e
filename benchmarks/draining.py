"""Append while a backlog drains over MQTT, beside the append of the same process when idle.

The journal's thread appends one record at a time; the pump runs in its own thread, as in the gateway.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.appends import append_one
from benchmarks.bare import checkpoint
from benchmarks.brokers import broker
from benchmarks.cards import fill
from benchmarks.content import GATEWAY_NAME, content
from benchmarks.figures import Figure, at_least
from benchmarks.readings import NothingCame, median_pair, wait_until
from benchmarks.rig import Sinks, lay_out
from benchmarks.scales import Scale
from gateway.clock import boottime
from gateway.config import read
from gateway.journal import FILE_NAME, Journal
from gateway.journal_reader import JournalReader
from gateway.sinks import TopicOf, broker_settings, payload_of
from sync.mqtt_pump import MqttPump
from sync.mqtt_sink import PahoPort
from sync.ports import PositionMoved, Report
from sync.runner import Runner

RATIO_MIN = 0.8
ROUNDS = 15


class Draining:
    """A pump in its own thread over the whole journal. `sent`: the position acknowledged so far."""

    def __init__(self, config: Path, journal: Journal) -> None:
        settings = read(config)
        self.sent = 0
        self.fault: BaseException | None = None
        self._source = JournalReader(config.parent / "gateway" / FILE_NAME, GATEWAY_NAME)
        port = PahoPort(broker_settings(settings), boottime)
        pump = MqttPump(self._source, port, self._post, TopicOf(settings), payload_of, lambda: 0.5)
        self.runner = Runner(
            "mqtt",
            pump.step,
            boottime,
            self._died,
            waiter=port,
            finish=port.farewell,
            others_first=journal.is_busy,
        )

    def close(self) -> None:
        """End the thread."""
        self.runner.close()
        self.runner.join(30)
        self._source.close()

    def _post(self, report: Report, /) -> bool:
        if isinstance(report, PositionMoved):
            self.sent = report.position
        return True

    def _died(self, name: str, fault: BaseException) -> None:
        self.fault = fault


@contextmanager
def draining(config: Path, journal: Journal) -> Iterator[Draining]:
    """A drain under way."""
    found = Draining(config, journal)
    found.runner.start()
    try:
        wait_until("the drain", lambda: found.sent > 0 or found.fault is not None, step_seconds=0.001)
        if found.fault is not None:
            raise found.fault
        yield found
    finally:
        found.close()


def rate(journal: Journal, texts: list[str]) -> float:
    """Records a second, one commit each."""
    began = time.perf_counter()
    for text in texts:
        append_one(journal, text)
    seconds = time.perf_counter() - began
    checkpoint(journal.connection)
    return len(texts) / seconds


def measure(scale: Scale, folder: Path) -> list[Figure]:
    """Rounds of idle, draining, idle; the mean of the two idle ones is the baseline."""
    fill(folder, scale.draining_records)
    texts = [content(number) for number in range(max(5, min(400, scale.draining_records // 50)))]
    pairs: list[tuple[float, float]] = []
    journal = Journal(folder / "gateway", GATEWAY_NAME)
    journal.open()
    try:
        with broker(folder) as port:
            config = lay_out(folder, Sinks(port))
            for _ in range(ROUNDS):
                before = rate(journal, texts)
                with draining(config, journal) as drain:
                    own = rate(journal, texts)
                    if drain.sent >= journal.newest():
                        raise NothingCame("the drain was over before the appends: take a larger backlog")
                pairs.append(((before + rate(journal, texts)) / 2, own))
    finally:
        journal.close()
    base, own = median_pair(pairs)
    return [at_least("append_draining", own, "records/s", base, RATIO_MIN)]
