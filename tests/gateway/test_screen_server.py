"""The station page over real sockets."""

import json
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace

import pytest
import requests

from gateway.clock import boottime
from gateway.screen import inputs
from gateway.screen.errors import ScreenUnreachable
from gateway.screen.guard import ANSWER_HEADERS
from gateway.screen.server import ScreenServer
from tests.corpus.hostile import CORPUS
from tests.gateway import screen_samples as samples
from tests.gateway.screen_fixture import WAIT_SECONDS, Page, served


class Events:
    """Server-sent events as (name, content), comments as ("", text)."""

    def __init__(self, answer: requests.Response) -> None:
        assert answer.status_code == 200, answer.text
        self._lines = answer.iter_lines(chunk_size=1)

    def next(self, wanted: str) -> dict[str, object]:
        """The content of the next event with this name."""
        name = ""
        for line in self._lines:
            if line.startswith(b"event: "):
                name = line[7:].decode()
            elif line.startswith(b"data: ") and name == wanted:
                content: dict[str, object] = json.loads(line[6:])
                return content
        raise AssertionError(f"the stream ended before {wanted}")

    def ended(self) -> bool:
        """Whether nothing more comes, be it by the last chunk or by a closed connection."""
        try:
            return not any(self._lines)
        except requests.exceptions.ChunkedEncodingError:
            return True


def wait_until(holds: Callable[[], bool], seconds: float = WAIT_SECONDS) -> None:
    until = time.monotonic() + seconds
    paused = threading.Event()
    while not holds():
        assert time.monotonic() < until, "it never came true"
        paused.wait(0.02)


def test_one_station_is_entered_at_once_and_several_are_offered() -> None:
    with served(samples.running()) as page, page.session() as client:
        answer = client.get("/")
        assert (answer.status_code, answer.headers["Location"]) == (303, "/station/A1")
        second = replace(samples.IDLE_STATION, station="A2", name="<script>alert(1)</script>")
        page.feed.put(replace(samples.idle(), stations=(samples.IDLE_STATION, second)))
        listed = client.get("/").text
        assert 'href="/station/A2"' in listed and "&lt;script&gt;alert(1)" in listed and "<script" not in listed
        assert client.get("/station/B9").status_code == 404


def test_before_the_first_view_the_page_says_that_it_starts() -> None:
    with served(None) as page, page.session() as client:
        answer = client.get("/")
        assert answer.status_code == 200 and "正在启动" in answer.text and answer.headers["Refresh"] == "2"
        assert client.get("/station/A1").headers["Location"] == "/"
        assert client.get("/healthz").status_code == 503


@pytest.mark.parametrize("path", ["/", "/station/A1", "/healthz", "/static/station.css", "/nowhere", "/station/B9"])
def test_every_answer_is_sealed(path: str) -> None:
    with served(samples.running()) as page, page.session() as client:
        answer = client.get(path)
        for name, value in ANSWER_HEADERS.items():
            assert answer.headers[name] == value, name
        assert "Server" not in answer.headers
        assert "default-src 'self'" in answer.headers["Content-Security-Policy"]


def test_the_cookie_is_strict_and_the_page_has_no_inline_script() -> None:
    with served(samples.running()) as page, page.session() as client:
        answer = client.get("/station/A1")
        cookie = answer.headers["Set-Cookie"]
        assert "HttpOnly" in cookie and "SameSite=Strict" in cookie
        assert re.findall(r"<script[^>]*>", answer.text) == ['<script type="module" src="/static/station.js">']
        assert "style=" not in answer.text and answer.headers["Cache-Control"] == "no-store"
        assert "Set-Cookie" not in client.get("/station/A1").headers


def test_posts_become_inputs_in_order() -> None:
    with served(samples.called()) as page, page.session() as client:
        client.enter()
        assert client.post("typed", {"text": "OP-1"}).status_code == 202
        assert client.post("report", {"operation": "OP-1", "good": 12, "scrap": 1, "scrap_reason": "size"}).ok
        assert client.post("command", {"command": "pause", "value": ""}).ok
        assert client.post("call", {"call_type": "machine", "long": False}).ok
        assert page.inbox.inputs == [
            inputs.Typed("A1", b"OP-1"),
            inputs.PageReport("A1", "OP-1", 12, 1, "size"),
            inputs.PageCommand("A1", "pause", ""),
            inputs.PageCall("A1", "machine", False),
        ]


def test_a_full_inbox_is_said_and_nothing_is_pretended() -> None:
    with served(samples.running()) as page, page.session() as client:
        client.enter()
        page.inbox.full = True
        answer = client.post("typed", {"text": "OP-1"})
        assert answer.status_code == 503
        assert answer.json()["error"] == "inbox_full" and "没有收下" in answer.json()["zh"]
        assert page.inbox.inputs == [] and page.server.counts["inbox_full"] == 1


@pytest.mark.parametrize(
    ("headers", "status", "error"),
    [
        ({"Origin": "http://evil.example"}, 403, "refused_origin"),
        ({"Origin": ""}, 403, "refused_origin"),
        ({"Sec_Fetch_Site": "cross-site"}, 403, "refused_origin"),
        ({"X_Lineside_Token": ""}, 403, "refused_token"),
        ({"X_Lineside_Token": "0" * 64}, 403, "refused_token"),
        ({"Cookie": "lineside_screen=" + "0" * 32}, 403, "refused_token"),
        ({"Content_Type": "text/plain"}, 415, "refused_body"),
        ({"Host": "evil.example"}, 403, "refused_host"),
    ],
)
def test_a_post_from_elsewhere_takes_nothing(headers: dict[str, str], status: int, error: str) -> None:
    with served(samples.running()) as page, page.session() as client:
        client.enter()
        answer = client.post("typed", content=b'{"text": "OP-1"}', **headers)
        assert (answer.status_code, answer.json()["error"]) == (status, error)
        assert page.inbox.inputs == []


def test_a_name_turned_to_this_machine_reads_nothing() -> None:
    with served(samples.running(), hosts=("station-a.plant",)) as page, page.session() as client:
        for path in ("/", "/station/A1", "/station/A1/events", "/healthz", "/metrics", "/static/station.js"):
            answer = client.get(path, headers={"Host": "rebound.example"})
            assert answer.status_code == 403, path
            assert "李晓梅" not in answer.text
        assert client.get("/healthz", headers={"Host": "station-a.plant:99"}).status_code == 200


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"", 400),
        (b"[", 400),
        (b"[" * 4000, 400),
        (b'{"text": "\\ud800"}', 400),
        (b'{"text": "A", "__proto__": {"a": 1}}', 400),
        (b'{"text": 5}', 400),
        (json.dumps({"text": "A" * 513}).encode(), 413),
        (json.dumps({"text": "字" * 171}).encode(), 413),
        (b'{"text": "' + b"A" * 5000 + b'"}', 413),
    ],
)
def test_bodies_are_bounded_and_judged(content: bytes, status: int) -> None:
    with served(samples.running()) as page, page.session() as client:
        client.enter()
        answer = client.post("typed", content=content)
        assert answer.status_code == status, answer.text
        assert page.inbox.inputs == []


def test_a_flood_of_bytes_is_cut_off() -> None:
    with served(samples.running()) as page, socket.create_connection(("127.0.0.1", page.server.port)) as peer:
        peer.settimeout(WAIT_SECONDS)
        peer.sendall(b"POST /station/A1/typed HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999\r\n\r\n")
        assert b" 413 " in peer.recv(64)


def test_unknown_ways_are_refused_without_a_trace_of_the_program() -> None:
    with served(samples.running()) as page, page.session() as client:
        client.enter()
        assert client.post("typed", {"text": "A"}, station="B9").status_code == 404
        assert client.post("reboot", {}).status_code == 404
        for path in ("/static/../server.py", "/static/%2e%2e/server.py", "/station/%00", "/nowhere"):
            answer = client.get(path)
            assert answer.status_code == 404 and "Traceback" not in answer.text


def test_hostile_labels_arrive_as_they_are_or_not_at_all() -> None:
    with served(samples.running()) as page, page.session() as client:
        client.enter()
        for label in (label for labels in CORPUS.values() for label in labels):
            text = label.decode("latin-1") if isinstance(label, bytes) else label
            before = len(page.inbox.inputs)
            status = client.post("typed", {"text": text}).status_code
            arrived = page.inbox.inputs[before:]
            assert arrived == ([inputs.Typed("A1", text.encode())] if status == 202 else []), text[:40]
            assert status in (202, 400, 413)
            assert status != 202 or len(text.encode()) <= 512


def test_a_change_reaches_the_stream_at_once() -> None:
    with served(samples.idle()) as page, page.session() as client:
        client.enter()
        with client.get("/station/A1/events", stream=True) as answer:
            stream = Events(answer)
            assert len(str(stream.next("hello")["token"])) == 64
            assert stream.next("view")["station"]["people"] == []  # type: ignore[index]
            began = time.monotonic()
            page.feed.put(samples.running())
            shown = stream.next("view")
            taken = time.monotonic() - began
            assert shown["station"]["people"][-1]["name"] == "李晓梅"  # type: ignore[index]
            assert taken < 2.0, "200 ms is the goal; two busy processors get ten times that"
            assert abs(float(str(shown["wall"])) - samples.WALL) < WAIT_SECONDS


def test_a_quiet_stream_says_that_it_lives_and_steps_without_news_are_not_sent() -> None:
    with (
        served(samples.idle()) as page,
        page.session() as client,
        client.get("/station/A1/events", stream=True) as answer,
    ):
        stream = Events(answer)
        first = stream.next("view")
        page.feed.put(replace(samples.idle(), wall=samples.WALL + 1))
        assert stream.next("alive")["wall"] > first["wall"]  # type: ignore[operator]


def test_streams_are_bounded_and_a_closed_one_gives_its_place_back() -> None:
    with served(samples.idle(), streams_max=2) as page, page.session() as client:
        first = client.get("/station/A1/events", stream=True)
        second = client.get("/station/A1/events", stream=True)
        refused = client.get("/station/A1/events", stream=True)
        assert refused.status_code == 503 and refused.json()["error"] == "refused_many"
        assert client.get("/station/A1").status_code == 200
        first.close()
        wait_until(lambda: put_and_count(page) < 2)
        with client.get("/station/A1/events", stream=True) as third:
            assert Events(third).next("hello")
        second.close()


def put_and_count(page: Page) -> int:
    """Publish something new, so that a stream without a reader notices, and count the open ones."""
    page.feed.put(replace(samples.idle(), kept=page.feed.latest()[0]))
    return page.server.streams


def test_closing_ends_the_streams_and_frees_the_port() -> None:
    with served(samples.idle()) as page, page.session() as client:
        answer = client.get("/station/A1/events", stream=True)
        stream = Events(answer)
        stream.next("view")
        port = page.server.port
        page.server.close()
        page.server.close()
        assert page.server.fault is None
        assert stream.ended()
        answer.close()
        with served(samples.idle(), port=port) as again:
            assert again.server.port == port


def test_an_address_that_is_taken_is_named() -> None:
    with served(samples.idle()) as page:
        other = ScreenServer("127.0.0.1", page.server.port, page.feed, page.inbox.put, boottime)
        with pytest.raises(ScreenUnreachable, match=str(page.server.port)) as caught:
            other.open()
    assert caught.value.hint


def test_health_and_metrics_come_from_the_gateway() -> None:
    with (
        served(
            samples.running(), metrics=lambda: b"lineside_kept 1284\n", health=lambda: {"loop_seconds": 0.1}
        ) as page,
        page.session() as client,
    ):
        assert client.get("/metrics").text == "lineside_kept 1284\n"
        health = client.get("/healthz")
        assert health.status_code == 200 and health.json()["ok"] is True and health.json()["loop_seconds"] == 0.1
        page.feed.put(samples.unkept())
        assert client.get("/healthz").status_code == 503
        assert client.get("/healthz").json()["refusing"] == "disk_full"
    with served(samples.running(), health=lambda: {"ok": False}) as page, page.session() as client:
        assert client.get("/healthz").status_code == 503
        assert client.get("/metrics").status_code == 404


def test_opening_does_not_wait_for_flask() -> None:
    code = (
        "import sys, gateway.screen.server, gateway.screen.live\n"
        "assert not {'flask', 'waitress', 'werkzeug', 'jinja2'} & set(sys.modules), 'imported too early'\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=WAIT_SECONDS)
