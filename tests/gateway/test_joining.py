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
from sync.memory import MemoryOffice
from sync.ports import Report, SinkState
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
