"""The server behind the proxy that is shipped: nginx with TLS, as docs/central.md sets it up."""

import os
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
import requests
from click.testing import CliRunner

from central.commands import central_group
from central.config import read_config
from central.limits import ENROL_ATTEMPTS_PER_MINUTE_MAX, REFUSED_PER_MINUTE_MAX
from central.opening import open_database
from floor.events import ReportFinished
from sync.wire import Receipt
from tests.central.card import Card
from tests.central.conftest import enrol_gateway
from tests.central.page_client import FORM_TOKEN, PASSWORD
from tests.central.servers import ServerProcess, write_config

SITE = Path(__file__).parents[2] / "systemd/nginx-lineside.conf"
NGINX = "/usr/sbin/nginx"
NAME = "plant.example"

pytestmark = pytest.mark.process


def free_ports() -> tuple[int, int]:
    """Two that differ."""
    with closing(socket.socket()) as one, closing(socket.socket()) as two:
        for probe in (one, two):
            probe.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1]), int(two.getsockname()[1])


class Site:
    """nginx over the server at `upstream`, with a certificate of its own. `open`: the address that answers over TLS."""

    def __init__(self, folder: Path, upstream: str, authority: Path) -> None:
        folder.mkdir()
        self.folder, (self.port, self.plain) = folder, free_ports()
        self.certificate = folder / "plant.crt"
        words = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={NAME}"]
        words += ["-addext", f"subjectAltName=DNS:{NAME},IP:127.0.0.1"]
        words += ["-keyout", str(folder / "plant.key"), "-out", str(self.certificate)]
        subprocess.run(["openssl", *words], check=True, capture_output=True)
        site = SITE.read_text()
        for told, here in (
            ("listen 80;", f"listen 127.0.0.1:{self.plain};"),
            ("    listen [::]:80;\n", ""),
            ("listen 443 ssl;", f"listen 127.0.0.1:{self.port} ssl;"),
            ("    listen [::]:443 ssl;\n", ""),
            ("/etc/lineside/plant.crt", str(self.certificate)),
            ("/etc/lineside/plant.key", str(folder / "plant.key")),
            ("/var/lib/lineside-central/ca/authority.crt", str(authority)),
            ("server 127.0.0.1:8770;", f"server {upstream};"),
        ):
            assert told in site
            site = site.replace(told, here)
        kept = "".join(
            f"{each}_temp_path {folder}/{each};" for each in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        whole = folder / "nginx.conf"
        # As root nginx gives its workers to another user, who may not write here.
        user = "user root;\n" if os.geteuid() == 0 else ""
        whole.write_text(
            f"{user}pid {folder}/nginx.pid;\nerror_log {folder}/error.log;\ndaemon off;\nevents {{}}\n"
            f"http {{ access_log {folder}/access.log; {kept}\n{site}\n}}\n"
        )
        self.said = folder / "said"
        with self.said.open("wb") as said:
            self.process = subprocess.Popen([NGINX, "-p", str(folder), "-c", str(whole)], stderr=said)
        self.open = f"https://127.0.0.1:{self.port}"
        self._wait()

    def _wait(self) -> None:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            with closing(socket.socket()) as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            assert self.process.poll() is None, self.said.read_text()
            time.sleep(0.05)
        raise AssertionError("nginx does not answer")

    def session(self, host: str = "") -> requests.Session:
        made = requests.Session()
        made.trust_env = False
        made.verify = str(self.certificate)
        if host:
            made.headers["Host"] = host
        return made

    def close(self) -> None:
        self.process.terminate()
        self.process.wait(30)


@contextmanager
def plant(folder: Path, extra: str = "") -> Iterator[tuple[Site, ServerProcess, Path, str]]:
    config = write_config(folder, extra=extra)
    server = ServerProcess("serve", config)
    try:
        address = server.wait_for(r"central ready http://(\S+)")[1]
        made = CliRunner().invoke(central_group, ["ca", "init", "--config", str(config)])
        assert made.exit_code == 0, made.output
        authority = folder / "central/ca/authority.crt"
        assert str(authority) in made.output
        with closing(Site(folder / "nginx", address, authority)) as site:
            yield site, server, config, address
    finally:
        server.stop()


def sign_in(site: Site, session: requests.Session, **form: str) -> requests.Response:
    page = session.get(f"{site.open}/sign-in", timeout=20)
    found = FORM_TOKEN.search(page.text)
    assert found, page.text
    return session.post(
        f"{site.open}/sign-in/first" if "code" in form else f"{site.open}/sign-in",
        data={"form_token": found[1], **form},
        headers={"Origin": site.open},
        timeout=20,
        allow_redirects=False,
    )


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Site, ServerProcess, Path, str]]:
    with plant(tmp_path_factory.mktemp("proxy"), 'trusted_proxy = "127.0.0.1"\nlog = "json"\n') as found:
        yield found


def test_the_shipped_file_is_what_nginx_reads(running: tuple[Site, ServerProcess, Path, str]) -> None:
    site = running[0]
    done = subprocess.run(
        [NGINX, "-t", "-p", str(site.folder), "-c", str(site.folder / "nginx.conf")], capture_output=True, text=True
    )
    assert done.returncode == 0 and "warn" not in done.stderr, done.stderr
    answer = requests.get(f"http://127.0.0.1:{site.plain}/board", timeout=20, allow_redirects=False)
    assert answer.status_code == 308 and answer.headers["Location"].startswith("https://")
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
    old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_2
    with socket.create_connection(("127.0.0.1", site.port)) as raw, old.wrap_socket(raw) as spoken:
        assert spoken.version() == "TLSv1.2"


def test_pages_over_tls_have_cookies_for_tls_alone(running: tuple[Site, ServerProcess, Path, str]) -> None:
    site, server, _, _ = running
    code = server.wait_for(r"one-time code (\S+)")[1]
    session = site.session()
    answer = sign_in(site, session, name="admin", code=code, password=PASSWORD, repeat=PASSWORD)
    assert answer.status_code == 303, answer.text
    assert "Secure" in answer.headers["Set-Cookie"] and "HttpOnly" in answer.headers["Set-Cookie"]
    page = session.get(f"{site.open}/users", timeout=20)
    assert page.status_code == 200 and "max-age" in page.headers["Strict-Transport-Security"]
    assert "nginx/" not in page.headers.get("Server", "")


@pytest.mark.parametrize("host", ["", "localhost", "127.0.0.1"])
@pytest.mark.parametrize("told", [{}, {"X-Forwarded-For": "127.0.0.1"}, {"Forwarded": "for=127.0.0.1"}])
def test_nobody_behind_the_proxy_is_at_the_machine_itself(
    running: tuple[Site, ServerProcess, Path, str], host: str, told: dict[str, str]
) -> None:
    session = running[0].session(host)
    board = session.get(f"{running[0].open}/board", headers=told, timeout=20, allow_redirects=False)
    assert board.status_code == 303 and board.headers["Location"].startswith("/sign-in")
    for path in ("/metrics", "/api/v1/board"):
        assert session.get(f"{running[0].open}{path}", headers=told, timeout=20).status_code == 403
    at_the_machine = requests.get(f"http://{running[3]}/board", timeout=20)
    assert at_the_machine.status_code == 200


def test_a_proxy_that_was_not_named_opens_nothing_either(tmp_path: Path) -> None:
    with plant(tmp_path) as (site, _, _, _):
        for host in ("", "localhost"):
            session = site.session(host)
            answer = session.get(f"{site.open}/board", timeout=20, allow_redirects=False)
            assert answer.status_code == 303, "what the proxy says shows that the reader is not here"
            assert session.get(f"{site.open}/metrics", timeout=20).status_code == 403


def test_gateways_sync_through_it_and_what_is_too_large_is_refused(
    running: tuple[Site, ServerProcess, Path, str],
) -> None:
    site, _, config, _ = running
    database = open_database(read_config(config))
    token = enrol_gateway(database, "one")
    database.close()
    card = Card("one")
    for _ in range(700):
        card.keep(ReportFinished(person="P1", operation="OP1", good=1))
    session = site.session()
    while True:
        answer = session.post(
            f"{site.open}/api/v1/sync",
            data=card.batch(records_max=500).model_dump_json().encode(),
            headers={"Authorization": f"Bearer {token}"},
            timeout=20,
        )
        assert answer.status_code == 200, answer.text
        if not card.believe(Receipt.model_validate_json(answer.content)):
            break
    assert card.epochs[0].mark == 700
    too_large = session.post(f"{site.open}/api/v1/sync", data=b"x" * (19 * 1024 * 1024), timeout=60)
    assert too_large.status_code == 413


def test_a_live_page_behind_the_proxy_hears_of_a_change_at_once(
    running: tuple[Site, ServerProcess, Path, str],
) -> None:
    site, server, config, _ = running
    database = open_database(read_config(config))
    token = enrol_gateway(database, "two")
    card = Card("two")
    card.keep(ReportFinished(person="P1", operation="OP1", good=1))
    session = site.session()
    code = server.wait_for(r"one-time code (\S+)")[1]
    first = sign_in(site, session, name="admin", code=code, password=PASSWORD, repeat=PASSWORD)
    if first.status_code != 303:
        assert sign_in(site, session, name="admin", password=PASSWORD).status_code == 303
    with session.get(f"{site.open}/board/stream", stream=True, timeout=(10, 30)) as stream:
        lines = stream.iter_lines(chunk_size=1)
        assert any(line.startswith(b"event: change") for line in lines)
        session_two = site.session()
        answer = session_two.post(
            f"{site.open}/api/v1/sync",
            data=card.batch().model_dump_json().encode(),
            headers={"Authorization": f"Bearer {token}"},
            timeout=20,
        )
        assert answer.status_code == 200
        assert any(line.startswith(b"event: change") for line in lines)
    database.close()


def test_who_guesses_behind_the_proxy_holds_up_nobody_else(tmp_path: Path) -> None:
    """Attempts are counted by the address that the proxy tells, not by the proxy's own."""
    config = write_config(tmp_path, extra='trusted_proxy = "127.0.0.1"\n')
    server = ServerProcess("serve", config)
    address = server.wait_for(r"central ready (\S+)")[1]
    try:

        def statuses(who: str, count: int, path: str) -> list[int]:
            told = {"X-Forwarded-For": who, "X-Forwarded-Proto": "https"}
            return [requests.get(f"{address}{path}", headers=told, timeout=20).status_code for _ in range(count)]

        def shut_out() -> bool:
            assert set(statuses("203.0.113.9", REFUSED_PER_MINUTE_MAX, "/nothing-here")) <= {404, 429}
            return statuses("203.0.113.9", 1, "/sign-in") == [429]

        assert shut_out() or shut_out(), "the minute that is counted may turn once in the midst"
        assert statuses("203.0.113.10", 1, "/sign-in") == [200]
        asked = {"gateway": "one", "code": "AAAA-AAAA-AAAA"}

        def guess(who: str) -> int:
            told = {"X-Forwarded-For": who}
            return requests.post(f"{address}/api/v1/enrol", json=asked, headers=told, timeout=20).status_code

        guesses = [guess("203.0.113.11") for _ in range(ENROL_ATTEMPTS_PER_MINUTE_MAX * 2 + 1)]
        assert 429 in guesses and guess("203.0.113.12") == 403
    finally:
        server.stop()
