"""Live pages: server-sent events that tell when to fetch again. One thread watches one number for all readers."""

import threading
from collections.abc import Iterator

from flask import Response

from central.board import board_version
from central.database import Database
from central.errors import DatabaseUnreachable
from central.limits import EVENT_BEAT_SECONDS, EVENT_POLL_SECONDS, EVENT_STREAMS_MAX


class LiveStreams:
    """Open streams of one server process. At most EVENT_STREAMS_MAX; one more gets 503.

    `streams_max` must be below the web server's threads: each stream holds one.
    """

    def __init__(self, database: Database, streams_max: int = EVENT_STREAMS_MAX) -> None:
        self._database = database
        self._streams_max = streams_max
        self._condition = threading.Condition()
        self._open = 0
        self._version = -1
        self._closed = False
        self._watcher: threading.Thread | None = None

    def response(self) -> Response:
        """A stream of `change` events with the board's version as data, and a `beat` every few seconds."""
        with self._condition:
            if self._open >= self._streams_max or self._closed:
                return Response("too many live pages are open\n", 503, {"Retry-After": "10"}, "text/plain")
            self._open += 1
            if self._watcher is None:
                self._watcher = threading.Thread(target=self._watch, name="live pages", daemon=True)
                self._watcher.start()
        stream = _Reader(self)
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        response = Response(stream, 200, headers, "text/event-stream")
        response.call_on_close(stream.close)
        return response

    def wait_beyond(self, version: int) -> int | None:
        """The next version, or the same after the time of a beat; None when the server ends."""
        with self._condition:
            self._condition.wait_for(lambda: self._closed or self._version > version, EVENT_BEAT_SECONDS)
            return None if self._closed else max(version, self._version)

    def left(self) -> None:
        """A reader went away."""
        with self._condition:
            self._open -= 1

    @property
    def open_count(self) -> int:
        """Streams open now."""
        return self._open

    def close(self) -> None:
        """End every stream and the watcher."""
        with self._condition:
            self._closed = True
            self._condition.notify_all()
            watcher = self._watcher
        if watcher is not None:
            watcher.join()

    def _watch(self) -> None:
        while True:
            version = self._read()
            with self._condition:
                if version is not None and version != self._version:
                    self._version = version
                    self._condition.notify_all()
                if self._condition.wait_for(lambda: self._closed, EVENT_POLL_SECONDS):
                    return

    def _read(self) -> int | None:
        """None while the database does not answer: pages keep what they show, and their clock tells its age."""
        try:
            with self._database.read() as session:
                return board_version(session, self._database.plant)
        except DatabaseUnreachable:
            return None


class _Reader:
    """One stream; leaves its place however it ends."""

    def __init__(self, streams: LiveStreams) -> None:
        self._streams = streams
        self._left = False

    def __iter__(self) -> Iterator[str]:
        version = -1
        yield "retry: 2000\n\n"
        while True:
            newer = self._streams.wait_beyond(version)
            if newer is None:
                return
            name = "beat" if newer == version else "change"
            yield f"event: {name}\ndata: {newer}\n\n"
            version = newer

    def close(self) -> None:
        """Called by the web server at the end, also when the reader is gone."""
        if not self._left:
            self._left = True
            self._streams.left()
