"""The server's side over real HTTP for these tests: an office in memory behind the standard library's server."""

import gzip
import json
import ssl
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import ClassVar
from urllib.parse import parse_qs, urlsplit

from pydantic import ValidationError

from sync.errors import SinkRefused
from sync.memory import MemoryOffice
from sync.wire import BATCH_BYTES_MAX, Batch, Enrolled, Enrolment
from tests.sync.world import GATEWAY

TOKEN = "token-of-gate-1"
CODE = "12345678"


class _Answers(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 20
    office: ClassVar["HttpOffice"]

    def log_message(self, format: str, *arguments: object) -> None:
        """Quiet."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.office.bodies.append((dict(self.headers), body))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        if self._odd():
            return
        if self.path == "/api/v1/enrol":
            self._enrol(body)
        elif self._authorised():
            self._sync(body)

    do_PUT = do_POST

    def do_GET(self) -> None:
        self.office.bodies.append((dict(self.headers), b""))
        if self._odd() or not self._authorised():
            return
        parts = urlsplit(self.path)
        if parts.path == "/api/v1/snapshot" and self.office.memory.envelope is not None:
            self._say(200, self.office.memory.envelope.model_dump_json())
        elif parts.path == "/api/v1/facts":
            after = int(parse_qs(parts.query)["after"][0])
            self._say(200, self.office.memory.facts_after(GATEWAY, after).model_dump_json())
        else:
            self._say(404, "no such page")

    def _authorised(self) -> bool:
        if self.headers.get("Authorization") == f"Bearer {TOKEN}":
            return True
        self._say(401, json.dumps({"reason": "unknown token"}))
        return False

    def _enrol(self, body: bytes) -> None:
        enrolment = Enrolment.model_validate_json(body)
        if enrolment.code == CODE:
            self._say(200, Enrolled(gateway=enrolment.gateway, token=TOKEN).model_dump_json())
        else:
            self._say(403, "the code is not valid")

    def _sync(self, body: bytes) -> None:
        if len(body) > BATCH_BYTES_MAX:
            self._say(413, "too large")
            return
        try:
            batch = Batch.model_validate_json(body)
        except ValidationError as error:
            self._say(422, str(error))
            return
        if batch.gateway != GATEWAY:
            self._say(403, "the credential belongs to another gateway")
            return
        try:
            receipt = self.office.memory.take(batch)
        except SinkRefused as refusal:
            self._say(426, str(refusal))
            return
        self._say(200, receipt.model_dump_json())

    def _say(self, status: int, text: str, headers: tuple[tuple[str, str], ...] = ()) -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        if "gzip" in self.headers.get("Accept-Encoding", "") and len(body) > 500:
            body = gzip.compress(body)
            self.send_header("Content-Encoding", "gzip")
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _odd(self) -> bool:
        """Whether one of the strange answers was given."""
        match self.office.oddity:
            case "":
                return False
            case "garbage":
                self._say(200, "<html>Welcome to the hotel</html>")
            case "redirect":
                self._say(302, "", (("Location", f"http://127.0.0.1:{self.office.port}/elsewhere"),))
            case "bomb":
                self._say(200, " " * 9_000_000)
            case "drip":
                self._drip()
            case "short":
                self.send_response(200)
                self.send_header("Content-Length", "1000")
                self.end_headers()
                self.wfile.write(b"{")
                self.close_connection = True
            case "silent":
                self.office.release.wait(20)
                self.close_connection = True
            case "taken_then_cut":
                self.close_connection = True
            case status:
                self._say(int(status), self.office.fault)
        return True

    def _drip(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "100000")
        self.end_headers()
        while not self.office.release.wait(0.05):
            self.wfile.write(b" ")
            self.wfile.flush()
        self.close_connection = True


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is what these tests are about."""


class HttpOffice:
    """Listens on a free loopback port; `oddity` names a strange answer or a status code."""

    def __init__(self, memory: MemoryOffice, context: ssl.SSLContext | None = None) -> None:
        self.memory = memory
        self.oddity = ""
        self.fault = "because\x1b[31m of this " + "x" * 5_000
        self.release = threading.Event()
        self.bodies: list[tuple[dict[str, str], bytes]] = []
        self._server = _Server(("127.0.0.1", 0), type("Answers", (_Answers,), {"office": self}))
        if context is not None:
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.port: int = self._server.server_address[1]
        self.url = f"http{'s' if context else ''}://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def __enter__(self) -> "HttpOffice":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release.set()
        self._server.shutdown()
        self._thread.join(10)
        self._server.server_close()


def wait_until(condition: "object", seconds_max: float = 30.0) -> None:
    """Wait on a condition with a generous limit."""
    assert callable(condition)
    deadline = time.monotonic() + seconds_max
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError("the condition did not come true")
        time.sleep(0.01)
