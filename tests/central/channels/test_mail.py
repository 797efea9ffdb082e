"""Mail over a real server: with TLS, STARTTLS and sign-in, and what goes wrong with each."""

from pathlib import Path
from typing import Any

import pytest

from central.channels import port
from central.channels.mail import message_id
from central.channels.port import Channel, Message
from tests.central.channels.certificates import Authority, authority
from tests.central.channels.fakes import MailFake
from tests.central.channels.kits import MESSAGE, Time, address_for, channel

USERS = {"line@plant.example": "hunter2-very-secret"}
SIGNED_IN = {"user": "line@plant.example", "password": USERS["line@plant.example"], "security": "starttls"}


@pytest.fixture
def ca(tmp_path: Path) -> Authority:
    return authority(tmp_path / "ca")


def sender(fake: MailFake, folder: Path, **more: Any) -> Channel:
    return channel(fake, folder, Time(), **more)


def test_a_mail_is_as_people_and_filters_want_it(tmp_path: Path) -> None:
    with MailFake() as fake:
        outcome = sender(fake, tmp_path).send(MESSAGE, address_for(fake))
        (mail,) = fake.mails
        assert (outcome.state, outcome.code, outcome.told) == ("accepted", "250", "2.0.0 queued as 4f2a")
        assert outcome.provider_id == mail["Message-ID"] == message_id(MESSAGE.key, "line@plant.example")
        assert mail["Subject"] == MESSAGE.title
        assert (mail["From"], mail["To"]) == ("line@plant.example", "zhang.san@plant.example")
        assert (mail["Auto-Submitted"], mail["Importance"]) == ("auto-generated", "high")
        assert mail["Date"].datetime.timestamp() == Time().now
        assert mail.get_content_type() == "text/plain" and mail.get_content_charset() == "utf-8"
        assert fake.received[0].link == MESSAGE.link


def test_each_attempt_of_a_delivery_has_the_same_id_and_each_delivery_another() -> None:
    assert message_id("a", "x@y.example") == message_id("a", "x@y.example")
    assert message_id("a", "x@y.example") != message_id("b", "x@y.example")
    assert message_id("a\r\nBcc: x", "x@y.example").isprintable()


def test_starttls_and_sign_in(tmp_path: Path, ca: Authority) -> None:
    with MailFake(starttls=ca.context, users=USERS) as fake:
        good = sender(fake, tmp_path, ca_file=str(ca.trusted), **SIGNED_IN)
        assert good.send(MESSAGE, address_for(fake)).state == "accepted"
        wrong = sender(fake, tmp_path, ca_file=str(ca.trusted), **SIGNED_IN | {"password": "hunter3-wrong"})
        outcome = wrong.send(MESSAGE, address_for(fake))
        assert (outcome.state, outcome.code) == ("refused", "535") and "hunter3" not in repr(outcome)
        nobody = sender(fake, tmp_path, ca_file=str(ca.trusted), security="starttls")
        assert nobody.send(MESSAGE, address_for(fake)).code == "530"
        assert len(fake.mails) == 1


def test_a_certificate_that_is_not_trusted_ends_it_before_the_password(tmp_path: Path, ca: Authority) -> None:
    with MailFake(starttls=ca.context, users=USERS) as fake:
        outcome = sender(fake, tmp_path, **SIGNED_IN).send(MESSAGE, address_for(fake))
        assert (outcome.state, outcome.code) == ("unreachable", port.BAD_TLS), outcome
    with MailFake(tls=ca.context) as fake:
        outcome = sender(fake, tmp_path, security="tls").send(MESSAGE, address_for(fake))
        assert (outcome.state, outcome.code) == ("unreachable", port.BAD_TLS), outcome


def test_tls_from_the_first_byte(tmp_path: Path, ca: Authority) -> None:
    with MailFake(tls=ca.context) as fake:
        good = sender(fake, tmp_path, security="tls", ca_file=str(ca.trusted))
        assert good.send(MESSAGE, address_for(fake)).state == "accepted"
        plain = sender(fake, tmp_path, answer_seconds_max=0.5)
        assert plain.send(MESSAGE, address_for(fake)).state == "unreachable"


def test_a_server_without_tls_or_sign_in_gets_no_password(tmp_path: Path) -> None:
    with MailFake() as fake:
        outcome = sender(fake, tmp_path, **SIGNED_IN).send(MESSAGE, address_for(fake))
        assert (outcome.state, outcome.code) == ("refused", port.BAD_TLS) and "STARTTLS" in outcome.told
        assert fake.mails == []


def test_a_mail_without_link_and_text_has_a_body(tmp_path: Path) -> None:
    with MailFake() as fake:
        assert sender(fake, tmp_path).send(Message("k", "标题", ""), address_for(fake)).state == "accepted"
        assert fake.received[0].title == "标题" and fake.received[0].link == ""
