"""The baselines: sqlite3 and paho as anybody would use them for the same bytes and the same flushes."""

import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from benchmarks.readings import NothingCame

SECONDS_MAX = 300.0
WINDOW = 20

TABLE = (
    "CREATE TABLE record(position INTEGER PRIMARY KEY, epoch_number INTEGER NOT NULL,"
    " previous_digest BLOB NOT NULL, digest BLOB NOT NULL, content TEXT NOT NULL)"
)
INSERT = "INSERT INTO record(position, epoch_number, previous_digest, digest, content) VALUES (?, ?, ?, ?, ?)"
DIGEST = bytes(range(32))


class BareLog:
    """The journal's table without the journal. WAL and FULL; the write-ahead log is copied when asked for only."""

    def __init__(self, path: Path) -> None:
        self.connection = sqlite3.connect(path)
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "wal_autocheckpoint=0"):
            self.connection.execute(f"PRAGMA {pragma}")
        self.connection.execute(TABLE)
        self._last = 0

    def append(self, content: str) -> None:
        """Insert and commit."""
        self._last += 1
        self.connection.execute(INSERT, (self._last, 1, DIGEST, DIGEST, content))
        self.connection.commit()

    def append_all(self, contents: Sequence[str]) -> None:
        """Insert all and commit once."""
        first = self._last + 1
        self._last += len(contents)
        rows = [(first + at, 1, DIGEST, DIGEST, content) for at, content in enumerate(contents)]
        self.connection.executemany(INSERT, rows)
        self.connection.commit()

    def shorten(self) -> None:
        """Copy the write-ahead log into the database."""
        checkpoint(self.connection)

    def close(self) -> None:
        """End."""
        self.connection.close()


def checkpoint(connection: sqlite3.Connection) -> None:
    """Copy the write-ahead log into the database, as the gateway does when idle."""
    connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()


class BarePublisher:
    """paho with its own thread, QoS 1, at most `WINDOW` unacknowledged."""

    def __init__(self, port: int) -> None:
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="bare")
        self._client.max_inflight_messages_set(WINDOW)
        self._client.max_queued_messages_set(0)
        self._client.on_connect = self._connected
        self._client.on_publish = self._acknowledged
        self._room = threading.Semaphore(WINDOW)
        self._ready = threading.Event()
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        if not self._ready.wait(30):
            raise NothingCame("the broker did not take bare paho")

    def publish(self, topic: str, payload: bytes) -> None:
        """Publish as soon as there is room in the window."""
        if not self._room.acquire(timeout=SECONDS_MAX):
            raise NothingCame("the broker acknowledges nothing")
        self._client.publish(topic, payload, qos=1)

    def publish_all(self, messages: Iterable[tuple[str, bytes]]) -> None:
        """Publish all of them and wait for the last acknowledgement."""
        for topic, payload in messages:
            self.publish(topic, payload)
        self.finish()

    def finish(self) -> None:
        """Wait until everything is acknowledged."""
        for _ in range(WINDOW):
            if not self._room.acquire(timeout=SECONDS_MAX):
                raise NothingCame("the broker acknowledges nothing")
        for _ in range(WINDOW):
            self._room.release()

    def close(self) -> None:
        """Say good-bye."""
        self._client.disconnect()
        self._client.loop_stop()

    def _connected(self, *_: Any) -> None:
        self._ready.set()

    def _acknowledged(self, *_: Any) -> None:
        self._room.release()


@contextmanager
def bare_publisher(port: int) -> Iterator[BarePublisher]:
    """A connected publisher, closed afterwards."""
    publisher = BarePublisher(port)
    try:
        yield publisher
    finally:
        publisher.close()
