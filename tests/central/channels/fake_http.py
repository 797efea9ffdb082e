"""A provider on a loopback port of its own, with the faults that every provider over HTTP can have."""

import json
import re
import socket
import ssl
import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from types import TracebackType
from typing import Any, ClassVar, Self
from urllib.parse import parse_qsl, urlsplit

BODY_BYTES_MAX = 1_000_000
LINK = re.compile(r"\[([^\]]*)\]\(([^)\s]*)\)")


@dataclass(frozen=True)
class Received:
    """A message as its reader sees it: parsed from what the provider was sent. `raw`: the body."""

    title: str
    text: str
    link: str = ""
    link_text: str = ""
    mention: str = ""
    to: str = ""
    key: str = ""
    urgent: bool = False
    raw: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Request:
    path: str
    query: dict[str, str]
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> dict[str, Any]:
        found = json.loads(self.body)
        assert isinstance(found, dict)
        return found


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


def said(body: Mapping[str, Any], status: int = 200, **headers: str) -> Answer:
    """An answer in JSON."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, json.dumps(body).encode(), {"Content-Type": "application/json; charset=utf-8", **named})


class Quota:
    """What a provider counts: at most so many in so many seconds."""

    def __init__(self, count: int, seconds: float) -> None:
        self._count, self._seconds, self._times = count, seconds, deque[float]()

    def takes(self, now: float) -> bool:
        while self._times and self._times[0] <= now - self._seconds:
            self._times.popleft()
        self._times.append(now)
        return len(self._times) <= self._count


class HttpFake:
    """A provider. `received`: what it took, in order; `asked`: how many requests came at all.

    `fail_next("lost", "status:503")` gives the next requests one fault each:
    lost: taken, and the connection ends without an answer. late: taken, and the answer waits until nobody listens.
    cut: taken, and the answer breaks off. drip, endless: taken, and answered without end. html: another's page with
    status 200, nothing taken. redirect: elsewhere, nothing taken. status:N or status:N:SECONDS: that status, with
    Retry-After. code:N: the provider's own code as its words have it.
    """

    path: ClassVar[str] = "/"

    def __init__(self, *, clock: Callable[[], float] = time.time, tls: ssl.SSLContext | None = None) -> None:
        self.clock = clock
        self.received: list[Received] = []
        self.requests: list[Request] = []
        self.broken: list[BaseException] = []
        self._faults: deque[str] = deque()
        self._lock = Lock()
        self._server = _Server(self, tls)
        self._scheme = "https" if tls else "http"
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def asked(self) -> int:
        return len(self.requests)

    @property
    def url(self) -> str:
        return f"{self._scheme}://127.0.0.1:{self.port}{self.path}"

    def fail_next(self, *faults: str) -> None:
        self._faults.extend(faults)

    def answer(self, request: Request) -> Answer:
        """What the provider says to a request. It appends to `received` what it takes."""
        raise AssertionError("each provider says it")

    def coded(self, code: str) -> Answer:
        """The provider's own way to tell this code."""
        raise AssertionError("each provider says it")

    def take(self, request: Request) -> tuple[str, Answer]:
        """(how the answer is to go wrong, the answer)."""
        with self._lock:
            self.requests.append(request)
            fault = self._faults.popleft() if self._faults else ""
            kind, _, rest = fault.partition(":")
            if kind == "status":
                status, _, seconds = rest.partition(":")
                return "", Answer(int(status), b"", {"Retry-After": seconds} if seconds else {})
            if kind == "code":
                return "", self.coded(rest)
            if kind == "html":
                return "", Answer(200, b"<html>Sign in to this network</html>", {"Content-Type": "text/html"})
            if kind == "redirect":
                return "", Answer(302, b"", {"Location": self.url.replace(self.path, "/elsewhere")})
            return kind, self.answer(request)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)
        assert not self.broken, self.broken

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, fake: HttpFake, tls: ssl.SSLContext | None) -> None:
        self.fake, self.tls = fake, tls
        super().__init__(("127.0.0.1", 0), _Exchange)

    def finish_request(self, request: Any, client_address: Any) -> None:
        # In the thread of its own: a client that speaks no TLS must not hold up the others.
        if self.tls is not None:
            request = self.tls.wrap_socket(request, server_side=True)
        try:
            super().finish_request(request, client_address)
        finally:
            request.close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        import sys

        fault = sys.exc_info()[1]
        # Clients hang up in many tests; anything else is a fault of the fake.
        if fault is not None and not isinstance(fault, OSError):
            self.fake.broken.append(fault)


class _Exchange(BaseHTTPRequestHandler):
    server: _Server
    server_version = "fake"

    def log_message(self, format: str, *args: object) -> None:
        """Silent."""

    def do_POST(self) -> None:
        size = int(self.headers.get("Content-Length", "0"))
        assert size <= BODY_BYTES_MAX
        parts = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(parts.path, dict(parse_qsl(parts.query)), headers, self.rfile.read(size))
        fault, answer = self.server.fake.take(request)
        if fault == "lost":
            self._end()
        elif fault == "late":
            self._until_hung_up()
        elif fault in ("drip", "endless"):
            self._without_end(fault)
        else:
            assert fault in ("", "cut"), fault
            self._say(answer, cut=fault == "cut")

    def _say(self, answer: Answer, cut: bool) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body) + (100 if cut else 0)))
        self.end_headers()
        self.wfile.write(answer.body)

    def _without_end(self, fault: str) -> None:
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
        piece = b"X" if fault == "drip" else b" " * 4_096
        with suppress(OSError):
            self.wfile.write(head + (b"X-Slow: " if fault == "drip" else b"\r\n"))
            while not self._hung_up(0.05 if fault == "drip" else 0.0):
                self.wfile.write(piece)
                self.wfile.flush()

    def _hung_up(self, seconds: float) -> bool:
        self.connection.settimeout(seconds or 0.000_1)
        try:
            return not self.connection.recv(1)
        except TimeoutError:
            return False
        finally:
            self.connection.settimeout(None)

    def _until_hung_up(self) -> None:
        with suppress(OSError):
            while self.connection.recv(1):
                pass

    def _end(self) -> None:
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)
