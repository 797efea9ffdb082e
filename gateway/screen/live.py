"""From the main loop's views to open pages: a feed with a version, and the stream of one page.

`ViewFeed.put` holds its lock for two assignments, so no page can delay a scan (I6).
"""

import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

from gateway.clock import boottime
from gateway.screen.limits import COMMENT_SECONDS
from gateway.view import GatewayView


class ViewFeed:
    """The latest GatewayView, for any number of waiting threads. Version 0: none yet."""

    def __init__(self, clock: Callable[[], float] = boottime) -> None:
        self._changed = threading.Condition()
        self._clock = clock
        self._version = 0
        self._view: GatewayView | None = None
        self._put_at = 0.0

    def put(self, view: GatewayView) -> None:
        """Make `view` the latest. Never waits for a reader's work."""
        with self._changed:
            self._view = view
            self._put_at = self._clock()
            self._version += 1
            self._changed.notify_all()

    def latest(self) -> tuple[int, GatewayView | None]:
        """(version, view) without waiting."""
        with self._changed:
            return self._version, self._view

    def wait_newer(self, version: int, timeout: float) -> tuple[int, GatewayView | None]:
        """The latest (version, view) as soon as it is newer than `version`, or after `timeout` seconds as it is."""
        with self._changed:
            self._changed.wait_for(lambda: self._version > version, timeout)
            return self._version, self._view

    def wall(self) -> float:
        """The gateway's wall time now: that of the latest view plus its age. 0 before the first view."""
        with self._changed:
            return 0.0 if self._view is None else self._view.wall + self._clock() - self._put_at

    def wake(self) -> None:
        """Let every waiting thread look around now: a server is closing. The version moves, the view does not."""
        with self._changed:
            self._version += 1
            self._changed.notify_all()


class StreamPlaces:
    """A counted bound on open streams (I10)."""

    def __init__(self, places_max: int) -> None:
        self._places_max = places_max
        self._lock = threading.Lock()
        self.taken = 0
        self.refused = 0

    def take(self) -> bool:
        """True: a place is yours until `give_back`. False: all are taken, which is counted."""
        with self._lock:
            if self.taken >= self._places_max:
                self.refused += 1
                return False
            self.taken += 1
            return True

    def give_back(self) -> None:
        """Free one place."""
        with self._lock:
            self.taken -= 1


class PageStream:
    """The server-sent events of one page, as bytes: `hello` first, then `view`, and a comment while nothing new.

    `content` gives what the page shows of a view, told as the member `name`; it goes out at once when something of it
    changed. The times of `clock`, seconds of the boot clock, and of the wall go with it, and are none of it.
    """

    def __init__(
        self,
        name: str,
        content: Callable[[GatewayView], Any],
        publish: ViewFeed,
        clock: Callable[[], float],
        hello: dict[str, str],
        closing: threading.Event,
    ) -> None:
        self._name = name
        self._content_of = content
        self._publish = publish
        self._clock = clock
        self._hello = hello
        self._closing = closing

    def __iter__(self) -> Iterator[bytes]:
        # The browser waits one second between attempts: a restart of the gateway is bridged without a person.
        yield b"retry: 1000\n" + event("hello", json.dumps(self._hello))
        version, view = self._publish.latest()
        sent = ""
        quiet_until = self._clock() + COMMENT_SECONDS
        while not self._closing.is_set():
            content = "" if view is None else self._content(view)
            if view is not None and content != sent:
                sent = content
                times = f'"wall":{self._publish.wall():.3f},"boottime":{self._clock():.3f}'
                yield event("view", f'{{{times},"version":{version},"{self._name}":{content}}}')
                quiet_until = self._clock() + COMMENT_SECONDS
            elif self._clock() >= quiet_until:
                # The comment keeps the connection; the event lets the page notice when it no longer comes.
                yield b": still here\n" + event("alive", f'{{"wall":{self._publish.wall():.3f}}}')
                quiet_until = self._clock() + COMMENT_SECONDS
            version, view = self._publish.wait_newer(version, max(0.05, quiet_until - self._clock()))

    def _content(self, view: GatewayView) -> str:
        return json.dumps(self._content_of(view), ensure_ascii=True, separators=(",", ":"))


def event(name: str, data: str) -> bytes:
    """One server-sent event; `data` is JSON on one line (ensure_ascii, so no line break can hide in it)."""
    return f"event: {name}\ndata: {data}\n\n".encode("ascii")
