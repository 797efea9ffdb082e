"""The HTTP exchange against a real server that answers strangely, and through a proxy that cuts."""

import ssl
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulation.cut_proxy import CutProxy
from sync.central_sink import HttpExchange
from sync.enrol import enrol
from sync.errors import ReplyRefused, SettingsRefused, SinkRefused, SinkUnreachable
from sync.limits import PumpLimits
from sync.memory import MemoryCard, MemoryOffice
from sync.ports import SinkState
from sync.pump import CentralPump
from sync.runner import Runner
from sync.wire import BATCH_BYTES_MAX, Batch
from tests.sync.certificates import make_authority, make_certificate
from tests.sync.http_office import CODE, TOKEN, HttpOffice, wait_until
from tests.sync.mosquitto import free_port
from tests.sync.world import GATEWAY, Inbox


@pytest.fixture
def office() -> Iterator[HttpOffice]:
    with HttpOffice(MemoryOffice()) as made:
        yield made


@pytest.fixture
def exchange(office: HttpOffice) -> Iterator[HttpExchange]:
    made = HttpExchange(office.url, TOKEN, read_seconds_max=2.0, reply_seconds_max=2.0)
    yield made
    made.close()


OFFER = Batch(gateway=GATEWAY)


@pytest.mark.parametrize("oddity", ["500", "503", "429", "408", "short", "silent", "drip", "taken_then_cut"])
def test_what_passes_by_itself_is_unreachable(office: HttpOffice, exchange: HttpExchange, oddity: str) -> None:
    office.oddity = oddity
    begin = time.monotonic()
    with pytest.raises(SinkUnreachable):
        exchange.offer(OFFER)
    assert time.monotonic() - begin < 10
    office.oddity = ""
    office.release.set()
    assert exchange.offer(OFFER).server == "office-1"


@pytest.mark.parametrize("oddity", ["401", "403", "404", "413", "426", "400", "garbage", "redirect", "203", "bomb"])
def test_what_a_person_must_mend_is_refused(office: HttpOffice, exchange: HttpExchange, oddity: str) -> None:
    office.oddity = oddity
    with pytest.raises(SinkRefused) as refused:
        exchange.offer(OFFER)
    assert refused.value.hint
    assert len(str(refused.value)) < 300 and str(refused.value).isprintable()
    office.oddity = ""
    assert exchange.offer(OFFER).server == "office-1"


@pytest.mark.parametrize("oddity", ["garbage", "redirect", "404", "416", "bomb"])
def test_a_file_that_does_not_come_as_the_range_asked_for_is_refused(
    office: HttpOffice, exchange: HttpExchange, oddity: str
) -> None:
    office.oddity = oddity
    with pytest.raises(SinkRefused):
        exchange.file_piece("0" * 64, 0)
    with pytest.raises(SinkRefused):
        exchange.put_piece("0" * 64, 0, 10, b"x" * 10)


@pytest.mark.parametrize("oddity", ["500", "507", "short", "taken_then_cut"])
def test_a_piece_that_is_cut_is_tried_again(office: HttpOffice, exchange: HttpExchange, oddity: str) -> None:
    office.oddity = oddity
    with pytest.raises(SinkUnreachable):
        exchange.file_piece("0" * 64, 0)
    with pytest.raises(SinkUnreachable):
        exchange.put_piece("0" * 64, 0, 10, b"x" * 10)


def test_the_servers_own_words_are_shown(office: HttpOffice, exchange: HttpExchange) -> None:
    office.fault = '{"error": "revoked\\n", "hint": "Ask the office."}'
    office.oddity = "403"
    with pytest.raises(SinkRefused, match=r"^the server answered 403: revoked$") as refused:
        exchange.offer(OFFER)
    assert refused.value.hint == "Ask the office."


def test_a_bomb_is_not_unpacked(office: HttpOffice, exchange: HttpExchange) -> None:
    office.oddity = "bomb"
    with pytest.raises(ReplyRefused, match="larger than"):
        exchange.offer(OFFER)


def test_bodies_are_compressed_and_carry_the_credential(office: HttpOffice, exchange: HttpExchange) -> None:
    exchange.offer(Batch(gateway=GATEWAY, status={"text": "x" * 10_000}))
    headers, body = office.bodies[-1]
    assert headers["Content-Encoding"] == "gzip" and len(body) < 500
    assert headers["Authorization"] == f"Bearer {TOKEN}"
    assert BATCH_BYTES_MAX > 10_000


def test_a_quick_line_is_not_compressed_for(office: HttpOffice) -> None:
    seconds, passing = [0.0], [0.0]

    def clock() -> float:
        seconds[0] += passing[0]
        return seconds[0]

    exchange = HttpExchange(office.url, TOKEN, clock=clock)
    large = Batch(gateway=GATEWAY, status={"text": "x" * 100_000})
    encodings = []
    for passing[0] in (0.0, 0.0, 10.0, 0.0):
        exchange.offer(large)
        encodings.append(office.bodies[-1][0].get("Content-Encoding", "identity"))
    exchange.close()
    assert encodings == ["gzip", "identity", "identity", "gzip"]


def test_the_proxies_of_the_environment_are_not_asked(
    office: HttpOffice, exchange: HttpExchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
    assert exchange.offer(OFFER).server == "office-1"


def test_nobody_listens() -> None:
    exchange = HttpExchange(f"http://127.0.0.1:{free_port()}", TOKEN)
    with pytest.raises(SinkUnreachable, match=r"[Cc]onnection refused"):
        exchange.offer(OFFER)
    exchange.close()


@pytest.mark.parametrize(
    "url", ["", "office", "ftp://office", "http://", "http://user:secret@office", "http://office/?a=1"]
)
def test_an_address_that_can_never_work_is_refused(url: str) -> None:
    with pytest.raises(SettingsRefused) as refused:
        HttpExchange(url, TOKEN)
    assert "secret" not in str(refused.value)


def test_a_missing_authority_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsRefused):
        HttpExchange("https://127.0.0.1", TOKEN, ca_file=str(tmp_path / "absent.pem"))


def test_tls_trusts_the_plants_own_authority_alone(tmp_path: Path) -> None:
    authority = make_authority(tmp_path)
    other = make_authority(tmp_path, "other")
    make_certificate(tmp_path, "server")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "server.pem", tmp_path / "server.key")
    with HttpOffice(MemoryOffice(), context) as office:
        good, bad = HttpExchange(office.url, TOKEN, ca_file=authority), HttpExchange(office.url, TOKEN, ca_file=other)
        assert good.offer(OFFER).server == "office-1"
        with pytest.raises(SinkRefused, match="TLS"):
            bad.offer(OFFER)
        good.close()
        bad.close()


def test_enrolment_gives_the_credential_for_a_code(office: HttpOffice) -> None:
    assert enrol(office.url, GATEWAY, CODE).token == TOKEN
    with pytest.raises(SinkRefused, match="not valid"):
        enrol(office.url, GATEWAY, "87654321")
    with pytest.raises(SettingsRefused):
        enrol(office.url, "no spaces allowed", CODE)


class Gateway:
    """A pump in its thread, over HTTP through a proxy."""

    def __init__(self, port: int) -> None:
        self.card = MemoryCard(GATEWAY)
        self.exchange = HttpExchange(f"http://127.0.0.1:{port}", TOKEN, connect_seconds_max=0.5, read_seconds_max=0.5)
        self.inbox = Inbox()
        self.deaths: list[BaseException] = []
        limits = PumpLimits(retry_seconds_min=0.02, retry_seconds_max=0.2, offer_interval_seconds=0.01)
        pump = CentralPump(GATEWAY, self.card, self.exchange, self.inbox, lambda: 0.5, limits=limits)
        self.runner = Runner(
            "central",
            pump.step,
            time.monotonic,
            lambda name, error: self.deaths.append(error),
            finish=self.exchange.close,
        )
        self.runner.start()

    def append(self, count: int) -> None:
        for _ in range(count):
            self.card.append('{"type":"report.finished"}')
        self.runner.wake()

    def close(self) -> None:
        self.runner.close()
        assert self.runner.join(30)
        assert not self.deaths


def test_outages_of_every_kind_lose_and_double_nothing(office: HttpOffice) -> None:
    with CutProxy(0, "127.0.0.1", office.port) as proxy:
        gate = Gateway(proxy.port)
        for turn, fault in enumerate([proxy.cut, proxy.freeze, proxy.drop_replies, proxy.reset] * 2):
            gate.append(700)
            fault()
            threading.Event().wait(0.05 * turn)
            gate.append(50)
            proxy.heal()
            wait_until(lambda: len(office.memory.held(GATEWAY)) == gate.card.newest())
        gate.close()
    assert not office.memory.conflicts
    made = {(each.epoch, each.seq): each.content for each in gate.card.made()}
    assert office.memory.held(GATEWAY) == made


def test_a_half_open_connection_is_noticed_by_the_time_out(office: HttpOffice) -> None:
    with CutProxy(0, "127.0.0.1", office.port) as proxy:
        gate = Gateway(proxy.port)
        gate.append(1)
        wait_until(lambda: len(office.memory.held(GATEWAY)) == 1)
        proxy.freeze()
        gate.append(1)
        wait_until(lambda: any(not state.online for state in gate.inbox.of(SinkState)))
        proxy.heal()
        wait_until(lambda: len(office.memory.held(GATEWAY)) == 2)
        gate.close()


def test_an_exception_in_a_step_ends_the_thread_and_is_handed_on() -> None:
    deaths: list[tuple[str, BaseException]] = []

    def step(now: float) -> float:
        raise ZeroDivisionError

    runner = Runner("broken", step, time.monotonic, lambda name, error: deaths.append((name, error)))
    runner.start()
    assert runner.join(10)
    assert [(name, type(error)) for name, error in deaths] == [("broken", ZeroDivisionError)]


def test_a_runner_wakes_at_once_and_closes() -> None:
    steps: list[float] = []

    def step(now: float) -> None:
        steps.append(now)

    finished = threading.Event()
    runner = Runner("calm", step, time.monotonic, lambda name, error: None, finish=finished.set)
    assert runner.join(0.0), "not started yet"
    runner.start()
    wait_until(lambda: len(steps) == 1)
    runner.wake()
    wait_until(lambda: len(steps) == 2)
    runner.close()
    assert runner.join(10) and finished.is_set()
