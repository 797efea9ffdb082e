"""A running station page for the tests: its feed, what was posted, and a client that behaves like its own page."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import requests

from gateway.clock import boottime
from gateway.screen.guard import COOKIE, TOKEN_HEADER, Guard
from gateway.screen.inputs import PageInput
from gateway.screen.live import ViewFeed
from gateway.screen.server import ScreenServer
from gateway.view import GatewayView
from tests.gateway.screen_samples import TEXTS

WAIT_SECONDS = 30.0


@dataclass
class Inbox:
    """Where posts go. `full`: it takes nothing more. `answering` while clear: what arrived waits for its answer."""

    full: bool = False
    answering: threading.Event = field(default_factory=threading.Event)
    inputs: list[PageInput] = field(default_factory=list)
    arrived: threading.Condition = field(default_factory=threading.Condition)

    def __post_init__(self) -> None:
        self.answering.set()

    def put(self, happened: PageInput) -> bool:
        with self.arrived:
            if self.full:
                return False
            self.inputs.append(happened)
            self.arrived.notify_all()
        return self.answering.wait(WAIT_SECONDS)

    def wait_for(self, count: int) -> list[PageInput]:
        """What has arrived as soon as it is `count`."""
        with self.arrived:
            assert self.arrived.wait_for(lambda: len(self.inputs) >= count, WAIT_SECONDS), self.inputs
            return list(self.inputs)


@dataclass
class Page:
    """A served station page."""

    server: ScreenServer
    feed: ViewFeed
    inbox: Inbox

    def session(self) -> "Client":
        return Client(self.server.url)


@contextmanager
def served(view: GatewayView | None, port: int = 0, **settings: Any) -> Iterator[Page]:
    """A page on a free loopback port, showing `view`."""
    feed = ViewFeed()
    if view is not None:
        feed.put(view)
    inbox = Inbox()
    server = ScreenServer("127.0.0.1", port, feed, inbox.put, boottime, **{"texts": TEXTS, **settings})
    server.open()
    try:
        assert server.wait_ready(WAIT_SECONDS), server.fault
        yield Page(server, feed, inbox)
    finally:
        server.close()


class Client:
    """Asks like the page's own script: its cookie, its token, its origin."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.http = requests.Session()
        self.token = ""

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    def get(self, path: str, **more: Any) -> requests.Response:
        return self.http.get(self.url + path, timeout=WAIT_SECONDS, allow_redirects=False, **more)

    def enter(self, station: str = "A1") -> None:
        """Open the page and read the token out of the first event."""
        assert self.get(f"/station/{station}").status_code == 200
        assert Guard(b"").cookie_valid(self.http.cookies[COOKIE])
        with self.get(f"/station/{station}/events", stream=True) as answer:
            found = re.search(rb'"token": "([0-9a-f]{64})"', next(answer.iter_content(None)))
            assert found is not None
            self.token = found[1].decode()

    def post(
        self, kind: str, body: object = None, station: str = "A1", content: bytes | None = None, **headers: str
    ) -> requests.Response:
        """POST as the page does; `headers` change or add (underscores for hyphens), an empty one is left out."""
        mine = {"Origin": self.url, TOKEN_HEADER: self.token, "Content-Type": "application/json"}
        mine |= {name.replace("_", "-"): value for name, value in headers.items()}
        sent = {name: value for name, value in mine.items() if value}
        path = f"{self.url}/station/{station}/{kind}"
        if content is None:
            return self.http.post(path, json=body, headers=sent, timeout=WAIT_SECONDS)
        return self.http.post(path, data=content, headers=sent, timeout=WAIT_SECONDS)
