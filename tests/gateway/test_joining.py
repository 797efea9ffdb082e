"""Enrolling a gateway that runs already, against an office that says no in every way."""

import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from gateway.boot_codes import BY_KEY
from gateway.config import parse
from gateway.joining import Joining
from gateway.main import Program
from sync.memory import MemoryOffice
from sync.ports import Report, SinkState
from sync.ports import SinkRefused as Told
from tests.sync.http_office import CODE, TOKEN, HttpOffice
from tests.sync.world import GATEWAY


class Card:
    """A gateway's folder, and what its `Joining` told."""

    def __init__(self, folder: Path, url: str, office: str = "", synchronised: bool = False) -> None:
        self.folder = folder
        self.told: list[Report] = []
        self.joined: list[bool] = []
        folder.mkdir(exist_ok=True)
        self.config = parse(
            f'[gateway]\nname = "{GATEWAY}"\nfolder = "{folder}"\n[central]\nurl = "{url}"\n{office}\n'
            '[[station]]\nid = "S1"\n'
        )
        self.synchronised = synchronised
        self.joining = self.started()

    def started(self) -> Joining:
        def post(report: Report) -> bool:
            self.told.append(report)
            return True

        return Joining(self.config, post, lambda: self.joined.append(True), lambda: 1.0, lambda: self.synchronised)

    def order(self, code: str = CODE) -> None:
        (self.folder / "enrolment.toml").write_text(f'code = "{code}"\n')


@pytest.fixture
def office() -> Iterator[HttpOffice]:
    with HttpOffice(MemoryOffice()) as made:
        yield made


def certificate(folder: Path, starts: datetime) -> Path:
    """Of a server at 127.0.0.1, signed by itself, good for a day; key and certificate in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "office")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(starts)
        .not_valid_after(starts + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    path = folder / "office.pem"
    held = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(held + made.public_bytes(pem))
    return path


@pytest.mark.parametrize(
    ("oddity", "key"),
    [("409", "name_taken"), ("403", "wrong_code"), ("429", "unreachable"), ("503", "unreachable"), ("404", "refused")],
)
def test_what_the_office_answers_has_its_code(office: HttpOffice, tmp_path: Path, oddity: str, key: str) -> None:
    card = Card(tmp_path / "card", office.url)
    card.order()
    # Somebody else's words must not be taken for a status.
    office.oddity, office.fault = oddity, '{"error": "answered 403, answered 409", "hint": ""}'
    card.joining.step(0.0)
    assert card.joining.key == key
    assert [each.detail.split(" ")[0] for each in card.told if isinstance(each, SinkState)] == [str(BY_KEY[key].number)]


@pytest.mark.parametrize("away", [timedelta(days=300), -timedelta(days=300)], ids=["early", "late"])
def test_a_clock_that_nothing_keeps_is_named_where_dates_are_in_the_way(tmp_path: Path, away: timedelta) -> None:
    """The board's own year says nothing: systemd sets it to the day of its build."""
    held = certificate(tmp_path, datetime.now(UTC) + away)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(held)
    with HttpOffice(MemoryOffice(), context) as office:
        card = Card(tmp_path / "card", office.url, f'ca_file = "{held}"')
        card.order()
        card.joining.step(0.0)
        assert card.joining.key == "clock_unset"
        card.synchronised = True
        card.joining.step(10.0)
        assert card.joining.key == "refused", "a clock that is kept has judged it"


def test_it_ends_when_the_office_has_answered(office: HttpOffice, tmp_path: Path) -> None:
    card = Card(tmp_path / "card", office.url)
    assert card.joining.step(0.0) == 2.0 and card.joining.key == "no_code"
    card.order()
    assert card.joining.step(2.0) is None and card.joined == [True]
    assert (card.folder / "token").read_text().strip() == TOKEN


# Beside a token


def test_a_code_beside_a_token_brings_another_one(office: HttpOffice, tmp_path: Path) -> None:
    card = Card(tmp_path / "card", office.url)
    (card.folder / "token").write_text("the old one\n")
    card.order()
    joining = card.started()
    assert joining.begin()
    office.oddity = "503"
    wake = joining.step(0.0)
    assert wake and joining.key == "unreachable" and card.config.token() == "the old one"
    assert not card.told, "the sinks, which go on, say themselves whether the office is there"
    office.oddity = ""
    assert joining.step(wake) is None and card.joined == [True] and card.config.token() == TOKEN
    assert {each.name for each in card.folder.iterdir()} == {"token"}
    assert not card.started().begin()


def test_a_refused_code_beside_a_token_is_told_until_the_next_start(office: HttpOffice, tmp_path: Path) -> None:
    card = Card(tmp_path / "card", office.url)
    (card.folder / "token").write_text("the old one\n")
    card.order()
    joining = card.started()
    office.oddity = "403"
    for now in (0.0, 10.0):
        assert joining.step(now) and joining.key == "wrong_code"
    assert (card.folder / "enrolment.refused").exists() and (card.folder / "joining").exists()
    told = [each for each in card.told if isinstance(each, Told)]
    assert len(told) == 1 and told[0].reason.startswith("6 · the server answered 403"), "the office's own words"
    card.order()
    assert card.started().begin(), "another code counts"
    (card.folder / "enrolment.toml").unlink()
    assert not card.started().begin()
    assert {each.name for each in card.folder.iterdir()} == {"token", "client.key.new"}, "no light blinks for ever"
    assert card.config.token() == "the old one"


def test_a_token_that_somebody_brought_by_hand_ends_it(office: HttpOffice, tmp_path: Path) -> None:
    card = Card(tmp_path / "card", office.url)
    (card.folder / "token").write_text("the old one\n")
    card.order("WRONGCODE")
    joining = card.started()
    (card.folder / "token").write_text("brought by hand\n")
    assert joining.step(0.0) is None and card.joined == [True]
    assert not office.bodies, "and no code is tried"


def test_the_gateway_tells_why_a_file_with_a_code_is_none(office: HttpOffice, tmp_path: Path) -> None:
    card = Card(tmp_path / "card", office.url)
    card.joining.step(0.0)
    (card.folder / "enrolment.fault").write_text("/boot/enrolment.toml: Extra inputs")
    for now in (2.0, 4.0):
        card.joining.step(now)
    reasons = [each.reason for each in card.told if isinstance(each, Told)]
    assert reasons == ["3 · no enrolment code", "3 · /boot/enrolment.toml: Extra inputs"]


def sinks_of(card: Card) -> set[str]:
    program = Program(card.config)
    program._open()
    names = {each.name for each in program._sinks().runners}
    program.journal.close()
    program.notice.close()
    return names


def test_it_runs_beside_the_sinks_that_use_the_old_token(tmp_path: Path) -> None:
    card = Card(tmp_path / "card", "https://127.0.0.1:9", "[screen]\nenabled = false")
    assert sinks_of(card) == {"photos", "joining"}
    (card.folder / "token").write_text("the old one\n")
    pumps = {"photos", "instructions", "central", "downlink"}
    assert sinks_of(card) == pumps | {"certificate"}
    card.order()
    assert sinks_of(card) == pumps | {"joining"}, "two that write one certificate do not run at once"
    (card.folder / "token").write_bytes(b"\xff")
    assert sinks_of(card) == {"photos", "joining"}, "the way out where the old one cannot be read"
