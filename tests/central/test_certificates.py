"""Client certificates of gateways: who gets one, what it opens, and who may say that it was seen."""

import ssl
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

import pytest
from click.testing import CliRunner
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from flask import Flask
from flask.testing import FlaskClient

from central import proxy
from central.application import close_app, create_app
from central.authority import KEY_FILE, Authority, authority_of, issue, pin_of, public_path, standing_authority
from central.commands import central_group
from central.config import CentralConfig
from central.context import Plant
from central.credentials import Shown, without_certificate
from central.enrolment import invite_gateway, replace_gateway, revoke
from central.errors import AuthorityUnusable, PinUnreadable
from central.limits import AUTHORITY_YEARS, CERTIFICATE_DAYS, CERTIFICATES_PER_DAY_MAX
from gateway.client_keys import ClientKeys
from sync.certificate import pin_of as pin_of_der
from sync.certificate import serial_of
from sync.errors import KeyUnusable
from sync.wire import Batch
from tests.central.conftest import enrol_gateway
from tests.central.servers import write_config
from tests.sync.certificates import make_authority

DAY = 86_400.0


def plant_of(app: Flask) -> Plant:
    found = app.extensions["lineside"]
    assert isinstance(found, Plant)
    return found


class Asker:
    """A gateway at the application itself: what the proxy saw stands in the request as it would there."""

    def __init__(self, app: Flask, folder: Path, token: str = "", shown: Shown | None = None) -> None:
        self.client: FlaskClient = app.test_client()
        self.keys = ClientKeys(folder, "one")
        self.token, self.shown = token, shown

    def ask(self, method: str, path: str, **values: Any) -> Any:
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        seen = {"environ_base": {proxy.KEY: self.shown}} if self.shown else {}
        return self.client.open(path, method=method, headers=headers, **seen, **values)

    def offer(self, name: str = "one") -> int:
        return int(self.ask("POST", "/api/v1/sync", data=Batch(gateway=name).model_dump_json()).status_code)

    def certify(self) -> None:
        """Ask for a certificate, keep it, and show it from now on."""
        answer = self.ask("POST", "/api/v1/certificate", json={"certificate_request": self.keys.request()})
        assert answer.status_code == 200, answer.text
        self.keys.keep(answer.json["certificate"])
        self.shown = Shown(self.keys.serial())

    def standing(self) -> tuple[bool, bool]:
        answer = self.ask("GET", f"/api/v1/certificate?serial={self.keys.serial()}")
        assert answer.status_code == 200, answer.text
        return answer.json["renew"], answer.json["seen"]


@pytest.fixture
def gate(app: Flask, tmp_path: Path) -> Asker:
    return Asker(app, tmp_path, enrol_gateway(plant_of(app).database, "one"))


def test_a_certificate_opens_what_the_token_opens(app: Flask, gate: Asker) -> None:
    assert gate.standing() == (True, False), "it has none yet"
    gate.certify()
    assert gate.standing() == (False, True)
    token, gate.token = gate.token, ""
    assert gate.offer() == 200 and gate.offer("two") == 403
    gate.token = token
    assert gate.offer() == 200, "both during the change"
    stranger = enrol_gateway(plant_of(app).database, "two")
    gate.token = stranger
    assert gate.offer() == 403, "a certificate and a token of two gateways"


def test_what_the_request_calls_itself_counts_for_nothing(app: Flask, tmp_path: Path) -> None:
    gate = Asker(app, tmp_path, enrol_gateway(plant_of(app).database, "two"))
    gate.certify()
    made = x509.load_pem_x509_certificate(gate.keys.path.read_bytes())
    assert made.subject.rfc4514_string() == "O=plant,CN=two"
    assert gate.offer("two") == 200 and gate.offer("one") == 403


@pytest.mark.parametrize(
    "request_pem",
    ["no request", "-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n", "x" * 5_000, ""],
)
def test_what_is_no_request_is_refused(gate: Asker, request_pem: str) -> None:
    answer = gate.ask("POST", "/api/v1/certificate", json={"certificate_request": request_pem})
    assert answer.status_code == 400


def test_a_request_over_another_kind_of_key_is_refused(gate: Asker, tmp_path: Path) -> None:
    words = [
        "openssl",
        "req",
        "-new",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-subj",
        "/CN=one",
        "-keyout",
        str(tmp_path / "k"),
    ]
    made = subprocess.run(words, capture_output=True, text=True, check=True)
    answer = gate.ask("POST", "/api/v1/certificate", json={"certificate_request": made.stdout})
    assert answer.status_code == 400 and "P-256" in answer.text


def test_it_is_renewed_at_half_its_life_whatever_the_gateways_clock_says(app: Flask, gate: Asker) -> None:
    gate.certify()
    began = time.time()
    here = plant_of(app)
    here.clock = lambda: began + (CERTIFICATE_DAYS / 2 - 1) * DAY
    assert gate.standing() == (False, True)
    here.clock = lambda: began + (CERTIFICATE_DAYS / 2 + 1) * DAY
    assert gate.standing() == (True, True)
    before = gate.keys.serial()
    gate.certify()
    assert gate.keys.serial() != before and gate.standing() == (False, True)
    gate.shown = Shown(before)
    assert gate.offer() == 200, "the one before it stays good until it ends"


def test_one_that_is_over_leaves_the_token(app: Flask, gate: Asker) -> None:
    gate.certify()
    began = time.time()
    plant_of(app).clock = lambda: began + (CERTIFICATE_DAYS + 1) * DAY
    assert gate.offer() == 200 and gate.standing() == (True, False)
    gate.token = ""
    assert gate.offer() == 401


def test_one_that_the_proxy_did_not_verify_opens_nothing(gate: Asker) -> None:
    gate.certify()
    gate.token = ""
    for shown in (Shown(gate.keys.serial(), "FAILED:certificate has expired"), Shown("ab12"), Shown("")):
        gate.shown = shown
        assert gate.offer() == 401


def test_a_revoked_one_is_told_and_nothing_else_opens(app: Flask, gate: Asker) -> None:
    gate.certify()
    here = plant_of(app)
    with here.database.write() as session:
        revoke(session, here.database.plant, "one", time.time())
    gate.token = ""
    answer = gate.ask("GET", "/api/v1/facts")
    assert answer.status_code == 401 and "revoked" in answer.text


def test_a_replaced_cards_certificate_is_void_at_once(app: Flask, gate: Asker) -> None:
    gate.certify()
    here = plant_of(app)
    now = time.time()
    with here.database.write() as session:
        code, _ = replace_gateway(session, here.database.plant, "one", "test", now)
    other = Asker(app, gate.keys.path.parent / "other")
    (gate.keys.path.parent / "other").mkdir()
    asked = {"gateway": "one", "code": code, "certificate_request": other.keys.request()}
    answer = other.client.post("/api/v1/enrol", json=asked)
    assert answer.status_code == 200, answer.text
    other.keys.keep(answer.json["certificate"])
    other.token, other.shown = answer.json["token"], Shown(other.keys.serial())
    assert other.offer() == 200 and other.standing() == (False, True)
    assert gate.offer() == 401
    gate.token = ""
    told = gate.ask("GET", "/api/v1/facts")
    assert told.status_code == 401 and "was replaced" in told.text


def test_too_many_in_a_day_are_refused(gate: Asker) -> None:
    for _ in range(CERTIFICATES_PER_DAY_MAX):
        gate.certify()
    answer = gate.ask("POST", "/api/v1/certificate", json={"certificate_request": gate.keys.request()})
    assert answer.status_code == 429 and gate.offer() == 200


def invited(config: CentralConfig, folder: Path) -> tuple[Asker, dict[str, str]]:
    """A gateway that is not enrolled yet, at a server with this configuration, and what it sends to be."""
    app = create_app(config)
    here = plant_of(app)
    with here.database.write() as session:
        code, _ = invite_gateway(session, here.database.plant, "one", "test", time.time())
    gate = Asker(app, folder)
    return gate, {"gateway": "one", "code": code, "certificate_request": gate.keys.request()}


def test_where_certificates_are_required_the_token_alone_opens_nothing(tmp_path: Path) -> None:
    config = CentralConfig(folder=tmp_path / "central", gateway_certificates="required")
    gate, asked = invited(config, tmp_path)
    here = plant_of(gate.client.application)
    answer = gate.client.post("/api/v1/enrol", json=asked)
    gate.token = answer.json["token"]
    assert gate.offer() == 401
    with here.database.read() as session:
        assert without_certificate(session, here.database.plant, time.time()) == ["one"]
    gate.keys.keep(answer.json["certificate"])
    gate.shown = Shown(gate.keys.serial())
    assert gate.offer() == 200
    with here.database.read() as session:
        assert without_certificate(session, here.database.plant, time.time()) == []
    close_app(gate.client.application)


def test_another_authority_gives_every_gateway_a_new_one(app: Flask, gate: Asker) -> None:
    gate.certify()
    folder = plant_of(app).config.folder
    for path in (folder / "ca").iterdir():
        path.unlink()
    assert gate.standing()[0], "what the former one signed is due"
    gate.certify()
    assert not gate.standing()[0]


# Who says that a certificate was seen


def heard(trusted: str, peer: str, **headers: str) -> Shown | None:
    """What reaches the application of a request from `peer`."""
    found: list[dict[str, Any]] = []

    def inner(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        found.append(environ)
        return []

    environ = {"REMOTE_ADDR": peer, "wsgi.url_scheme": "http", "SERVER_NAME": "x", "SERVER_PORT": "80", **headers}
    proxy.behind(trusted, inner)(environ, None)
    assert not {proxy.SERIAL, proxy.VERIFY} & set(found[0])
    shown = found[0].get(proxy.KEY)
    return shown if isinstance(shown, Shown) else None


def test_only_the_named_proxy_is_believed() -> None:
    told = {proxy.SERIAL: "00AB12", proxy.VERIFY: "SUCCESS"}
    assert heard("127.0.0.1", "127.0.0.1", **told) == Shown("ab12")
    assert heard("127.0.0.1", "10.0.0.9", **told) is None
    assert heard("", "127.0.0.1", **told) is None
    forwarded = {"HTTP_X_FORWARDED_FOR": "10.0.0.9"}
    assert heard("127.0.0.1", "127.0.0.1", **told, **forwarded) == Shown("ab12"), "the peer counts, not whom it names"
    assert heard("127.0.0.1", "10.0.0.9", **told, HTTP_X_FORWARDED_FOR="127.0.0.1") is None
    assert heard("127.0.0.1", "127.0.0.1", **{proxy.SERIAL: "AB", proxy.VERIFY: "FAILED:over"}) == Shown(
        "ab", "FAILED:over"
    )
    assert heard("127.0.0.1", "127.0.0.1", **{proxy.SERIAL: "AB"}) == Shown("ab", "not verified")
    assert heard("127.0.0.1", "127.0.0.1", **{proxy.SERIAL: "", proxy.VERIFY: "NONE"}) is None


def test_a_header_alone_opens_nothing(app: Flask, gate: Asker) -> None:
    gate.certify()
    headers = {"Lineside-Client-Serial": gate.keys.serial(), "Lineside-Client-Verify": "SUCCESS"}
    answer = gate.client.get("/api/v1/facts", headers=headers)
    assert answer.status_code == 401


# The authority


def test_the_key_is_readable_by_one_user_and_made_once(tmp_path: Path) -> None:
    made = authority_of(tmp_path, "plant", time.time())
    path = tmp_path / "ca" / KEY_FILE
    assert path.stat().st_mode & 0o777 == 0o600 and path.parent.stat().st_mode & 0o777 == 0o700
    assert b"PRIVATE" not in public_path(tmp_path).read_bytes()
    assert authority_of(tmp_path, "plant", time.time()).digest == made.digest


def test_processes_that_start_together_have_one_authority(tmp_path: Path) -> None:
    words = "import sys, time; from pathlib import Path; from central.authority import authority_of\n"
    words += "print(authority_of(Path(sys.argv[1]), 'plant', time.time()).digest)"
    running = [
        subprocess.Popen([sys.executable, "-c", words, str(tmp_path)], stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    assert len({each.communicate(timeout=60)[0] for each in running}) == 1
    assert sorted(path.name for path in (tmp_path / "ca").iterdir()) == ["authority.crt", KEY_FILE]


def openssl_trusts(public: Path, pem: str, folder: Path) -> bool:
    """What the proxy says of a client's certificate: it verifies with the same library."""
    shown = folder / "shown.pem"
    shown.write_text(pem)
    words = ["openssl", "verify", "-purpose", "sslclient", "-CAfile", str(public), str(shown)]
    return subprocess.run(words, capture_output=True, check=False).returncode == 0


def test_a_lost_authority_is_followed_by_another_and_what_it_signed_opens_until_its_end(tmp_path: Path) -> None:
    now = time.time()
    keys = ClientKeys(tmp_path, "one")
    former = authority_of(tmp_path, "plant", now)
    before = issue(former, "plant", "one", keys.request(), now).pem
    (tmp_path / "ca" / KEY_FILE).unlink()
    present = authority_of(tmp_path, "plant", now)
    after = issue(present, "plant", "one", keys.request(), now).pem
    assert public_path(tmp_path).read_text() == present.public_pem + former.public_pem
    assert openssl_trusts(public_path(tmp_path), after, tmp_path) and openssl_trusts(
        public_path(tmp_path), before, tmp_path
    )
    kept = public_path(tmp_path).stat()
    authority_of(tmp_path, "plant", now)
    assert public_path(tmp_path).stat().st_ino == kept.st_ino, "written once"
    # The key of before is found again.
    (tmp_path / "ca" / KEY_FILE).write_bytes(private_pem(former) + former.public_pem.encode())
    authority_of(tmp_path, "plant", now)
    assert public_path(tmp_path).read_text() == former.public_pem + present.public_pem


def private_pem(authority: Authority) -> bytes:
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    return authority.key.private_bytes(encoding, form, serialization.NoEncryption())


def test_the_proxys_file_leaves_out_what_ended_and_what_cannot_be_read(tmp_path: Path) -> None:
    ended = authority_of(tmp_path, "plant", time.time() - (AUTHORITY_YEARS * 365 + 2) * DAY)
    block = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
    public_path(tmp_path).write_text("words of somebody\n" + block + ended.public_pem)
    (tmp_path / "ca" / KEY_FILE).unlink()
    assert public_path(tmp_path).read_text() != authority_of(tmp_path, "plant", time.time()).public_pem
    assert public_path(tmp_path).read_text() == authority_of(tmp_path, "plant", time.time()).public_pem


def test_processes_that_find_another_authority_write_the_proxys_file_once(tmp_path: Path) -> None:
    former = authority_of(tmp_path, "plant", time.time())
    (tmp_path / "ca" / KEY_FILE).unlink()
    words = "import sys, time; from pathlib import Path; from central.authority import authority_of\n"
    words += "print(authority_of(Path(sys.argv[1]), 'plant', time.time()).public_pem)"
    running = [
        subprocess.Popen([sys.executable, "-c", words, str(tmp_path)], stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    found = {each.communicate(timeout=60)[0] for each in running}
    assert len(found) == 1
    assert public_path(tmp_path).read_text() == found.pop().rstrip("\n") + "\n" + former.public_pem
    assert sorted(path.name for path in (tmp_path / "ca").iterdir()) == ["authority.crt", KEY_FILE]


def put_ended_authority(folder: Path) -> None:
    authority_of(folder, "plant", time.time() - (AUTHORITY_YEARS * 365 + 2) * DAY)


@pytest.mark.parametrize("wanted", ["offered", "required"])
def test_an_ended_authority_gives_the_token_where_it_opens_and_keeps_the_code_where_not(
    tmp_path: Path, wanted: Literal["offered", "required"]
) -> None:
    config = CentralConfig(folder=tmp_path / "central", gateway_certificates=wanted)
    put_ended_authority(config.folder)
    gate, asked = invited(config, tmp_path)
    answer = gate.client.post("/api/v1/enrol", json=asked)
    if wanted == "offered":
        assert answer.status_code == 200 and answer.json["certificate"] == ""
        gate.token = answer.json["token"]
        assert gate.offer() == 200
    else:
        assert answer.status_code == 500 and "the authority ended" in answer.json["error"]
        assert "ca init" in answer.json["hint"] and "reload" in answer.json["hint"]
        (config.folder / "ca" / KEY_FILE).unlink()
        answer = gate.client.post("/api/v1/enrol", json=asked)
        assert answer.status_code == 200 and answer.json["certificate"], "the code is as good as it was"
    close_app(gate.client.application)


def test_an_authority_that_signs_no_more_says_so(tmp_path: Path) -> None:
    now = time.time()
    ended = authority_of(tmp_path, "plant", now - AUTHORITY_YEARS * 365 * DAY)
    request_pem = ClientKeys(tmp_path, "one").request()
    for moment in (ended.ends_at, ended.ends_at + DAY / 2, ended.ends_at + 400 * DAY):
        with pytest.raises(AuthorityUnusable, match="the authority ended") as refused:
            issue(ended, "plant", "one", request_pem, moment)
        assert "ca init" in refused.value.hint
    assert issue(ended, "plant", "one", request_pem, ended.ends_at - 1).ends_at == ended.ends_at


def test_the_last_year_of_an_authority_is_told(tmp_path: Path) -> None:
    config = write_config(tmp_path)
    folder = tmp_path / "central"

    def told() -> str:
        return CliRunner().invoke(central_group, ["ca", "missing", "--config", str(config)]).output

    assert told() == "" and standing_authority(folder) is None, "looking makes none"
    authority_of(folder, "plant", time.time() - (AUTHORITY_YEARS * 365 - 370) * DAY)
    assert told() == ""
    for path in (folder / "ca").iterdir():
        path.unlink()
    authority_of(folder, "plant", time.time() - (AUTHORITY_YEARS * 365 - 360) * DAY)
    assert "the authority is good until" in told()
    (folder / "ca" / KEY_FILE).write_text("no key")
    assert KEY_FILE in told()


def test_an_authority_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "ca").mkdir()
    (tmp_path / "ca" / KEY_FILE).write_text("no key")
    with pytest.raises(AuthorityUnusable, match=KEY_FILE):
        authority_of(tmp_path, "plant", time.time())
    with pytest.raises(PinUnreadable):
        pin_of(tmp_path / "ca" / KEY_FILE)


# What a gateway reads of a certificate


def test_a_gateway_reads_serial_number_and_pin_as_the_library_does(tmp_path: Path) -> None:
    for number in range(3):
        pem = Path(make_authority(tmp_path, f"ca{number}"))
        whole = x509.load_pem_x509_certificate(pem.read_bytes())
        der = ssl.PEM_cert_to_DER_cert(pem.read_text())
        assert serial_of(der) == f"{whole.serial_number:x}"
        assert pin_of_der(der) == pin_of(pem)
        for size in range(0, len(der), 7):
            broken = der[:size]
            try:
                pin_of_der(broken)
            except ValueError:
                continue
            assert size > len(der) // 2, "a key behind which it breaks off"


def test_keys_are_kept_whole_and_for_one_user(app: Flask, gate: Asker) -> None:
    gate.certify()
    assert gate.keys.path.stat().st_mode & 0o777 == 0o600
    before = gate.keys.path.read_bytes()
    gate.keys.request()
    with pytest.raises(KeyUnusable):
        gate.keys.keep(before[before.index(b"-----BEGIN CERTIFICATE-----") :].decode())
    assert gate.keys.path.read_bytes() == before, "a certificate of another key changes nothing"
    with pytest.raises(KeyUnusable, match="no-such-program"):
        ClientKeys(gate.keys.path.parent, "one", "no-such-program").request()
