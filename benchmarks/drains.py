"""Draining a backlog: all of the gateway sends it to a broker and to the office, beside bare clients.

The gateway is the production one, in this process: its pump, its readers of the journal, and the main loop that takes
the positions. The same journal is drained in each round.
"""

import time
from collections.abc import Iterator
from pathlib import Path

import requests

from benchmarks.bare import bare_publisher
from benchmarks.brokers import broker
from benchmarks.cards import fill
from benchmarks.figures import Figure, at_least
from benchmarks.offices import bare_office, own_office
from benchmarks.readings import NothingCame, in_turns, median_pair, wait_until
from benchmarks.rig import Sinks, Station, forget_sinks, lay_out, started
from benchmarks.scales import Scale
from gateway.config import read
from gateway.journal import FILE_NAME
from gateway.journal_reader import JournalReader
from gateway.sinks import TopicOf, payload_of

MQTT_MIN = 0.8
CENTRAL_MIN = 0.6
BARE_BATCH = 500
DRAIN_SECONDS_MAX = 600.0


def drained(config: Path, records: int, to_office: bool) -> float:
    """Records a second of the whole gateway, from the start of its threads to the last acknowledgement. What it takes
    to open and fold the journal before is part of `start_ratio`."""
    forget_sinks(config.parent)
    own = Station(config)
    began = time.perf_counter()
    with started(own):
        journal = own.journal

        def done() -> bool:
            if to_office:
                return sum(row.mark for row in list(journal.epochs.values())) >= records
            return journal.sinks.get("mqtt", 0) >= records

        wait_until("the end of the drain", done, DRAIN_SECONDS_MAX, step_seconds=0.02)
        return records / (time.perf_counter() - began)


def messages(config: Path) -> list[tuple[str, bytes]]:
    """The same topics and payloads, ready made."""
    topic_of = TopicOf(read(config))
    with JournalReader(config.parent / "gateway" / FILE_NAME) as reader:
        return [(topic_of(record), payload_of(record)) for _, record in reader.walk()]


def bare_mqtt(port: int, ready_made: list[tuple[str, bytes]]) -> float:
    """Messages a second of bare paho, from its connection to the last acknowledgement."""
    began = time.perf_counter()
    with bare_publisher(port) as publisher:
        publisher.publish_all(ready_made)
        return len(ready_made) / (time.perf_counter() - began)


def measure_mqtt(scale: Scale, folder: Path) -> list[Figure]:
    """Broker only."""
    fill(folder, scale.drain_records)
    with broker(folder) as port:
        config = lay_out(folder, Sinks(port))
        ready_made = messages(config)
        pairs = in_turns(
            scale.drain_rounds,
            lambda: bare_mqtt(port, ready_made),
            lambda: drained(config, scale.drain_records, to_office=False),
        )
    base, own = median_pair(pairs)
    return [at_least("mqtt_drain", own, "records/s", base, MQTT_MIN)]


def _batches(folder: Path) -> Iterator[list[tuple[int, int, str, str, str]]]:
    with JournalReader(folder / "gateway" / FILE_NAME) as reader:
        after = 0
        while rows := reader.read_after(after, BARE_BATCH):
            yield [(at, 1, each.previous_digest, each.digest, each.content) for at, each in rows]
            after = rows[-1][0]


def bare_central(folder: Path, records: int, place: Path) -> float:
    """Records a second of requests, Flask and SQLite with the same batches, read from the same journal."""
    place.mkdir()
    with bare_office(place) as url, requests.Session() as session:
        session.trust_env = False
        began = time.perf_counter()
        for batch in _batches(folder):
            reply = session.post(f"{url}/rows", json=batch, timeout=60)
            if reply.status_code != 200:
                raise NothingCame(f"the bare office answered {reply.status_code}")
        return records / (time.perf_counter() - began)


def own_central(folder: Path, records: int, place: Path) -> float:
    """Records a second of the whole gateway against the product's own server, new in each round."""
    with own_office(place) as (url, token):
        config = lay_out(folder, Sinks(0, url, token))
        return drained(config, records, to_office=True)


def measure_central(scale: Scale, folder: Path) -> list[Figure]:
    """Office only."""
    fill(folder, scale.drain_records)
    places = (folder / f"office-{number}" for number in range(2 * scale.drain_rounds))
    pairs = in_turns(
        scale.drain_rounds,
        lambda: bare_central(folder, scale.drain_records, next(places)),
        lambda: own_central(folder, scale.drain_records, next(places)),
    )
    base, own = median_pair(pairs)
    return [at_least("central_drain", own, "records/s", base, CENTRAL_MIN)]
