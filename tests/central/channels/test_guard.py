"""Where channels may connect: judged by what the name resolves to, and connected to exactly that."""

import ipaddress
import socket
from pathlib import Path
from typing import Any

import pytest

from central.channels import port
from central.channels.guard import AddressRefused, Guard, embedded
from central.channels.port import Message
from central.channels.settings import url_fault
from tests.central.channels.certificates import authority
from tests.central.channels.fakes import WebhookFake, WecomFake
from tests.central.channels.kits import MESSAGE, Time, address_for, channel

INSIDE = ["127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "::1", "fe80::1"]
INSIDE += ["fd00::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::"]
INSIDE += ["192.0.2.1", "198.18.0.1"]
NOBODY = ["0.0.0.0", "::", "224.0.0.1", "ff02::1", "::ffff:0.0.0.0"]
OUTSIDE = ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "64:ff9b::5db8:d70e"]


def resolving(monkeypatch: pytest.MonkeyPatch, *answers: str) -> list[str]:
    """Names resolve to the next answer, each time another; the list holds what was asked."""
    asked: list[str] = []

    def resolve(host: str, place: Any, *rest: Any, **named: Any) -> list[Any]:
        asked.append(host)
        address = answers[min(len(asked), len(answers)) - 1]
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        return [(family, socket.SOCK_STREAM, 6, "", (address, place))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    return asked


@pytest.mark.parametrize("address", INSIDE)
def test_the_plants_network_is_closed(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    resolving(monkeypatch, address)
    with pytest.raises(AddressRefused, match=r"hooks\.example is in a private network"):
        Guard().connect("hooks.example", 443, 1.0, encrypted=True)


@pytest.mark.parametrize("private", [False, True])
@pytest.mark.parametrize("address", NOBODY)
def test_what_is_no_machine_is_always_closed(address: str, private: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    resolving(monkeypatch, address)
    with pytest.raises(AddressRefused):
        Guard(private).connect("hooks.example", 443, 1.0, encrypted=True)


@pytest.mark.parametrize("address", OUTSIDE)
def test_the_public_internet_is_open(address: str) -> None:
    Guard()._judge("hooks.example", ipaddress.ip_address(address), encrypted=True)


@pytest.mark.parametrize("address", ["10.1.2.3", "93.184.215.14", "fd00::1"])
def test_nothing_goes_to_another_machine_without_tls(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    resolving(monkeypatch, address)
    with pytest.raises(AddressRefused, match="without TLS"):
        Guard(private=True).connect("hooks.example", 80, 1.0, encrypted=False)


def test_one_bad_address_among_good_ones_closes_the_name(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, 443)) for each in ("93.184.215.14", "10.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *given, **named: rows)
    with pytest.raises(AddressRefused):
        Guard().connect("hooks.example", 443, 1.0, encrypted=True)


def test_other_ways_to_write_an_address_are_seen_through() -> None:
    for host in ("2130706433", "0x7f.1", "127.1", "localhost", "017700000001"):
        with pytest.raises(AddressRefused):
            Guard().connect(host, 443, 1.0, encrypted=True)


@pytest.mark.parametrize("host", ["a" * 64 + ".example", "a..example", "nowhere.invalid"])
def test_what_can_be_no_name_is_unreachable(host: str, tmp_path: Path) -> None:
    with WebhookFake() as fake:
        outcome = channel(fake, tmp_path, Time(), url=f"https://{host}/x").send(MESSAGE, address_for(fake))
        assert (outcome.state, outcome.code) == ("unreachable", port.NO_CONNECTION)


def test_a_name_that_changes_its_answer_leads_nowhere_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """First public, then inside: a guard that asks twice would connect inside."""
    with WebhookFake() as inside:
        sender = channel(inside, tmp_path, Time(), private=False, url=f"https://rebind.example:{inside.port}/x")
        met: list[Any] = []

        def no_route(own: socket.socket, place: Any) -> None:
            met.append(place)
            raise OSError("no route")

        monkeypatch.setattr(socket.socket, "connect", no_route)
        asked = resolving(monkeypatch, "93.184.215.14", "127.0.0.1")
        outcome = sender.send(MESSAGE, address_for(inside))
        assert outcome.state == "unreachable"
        assert asked == ["rebind.example"]
        assert met == [("93.184.215.14", inside.port)]
        assert inside.asked == 0


def test_a_private_channel_reaches_a_name_of_the_plant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ca = authority(tmp_path / "ca", host="hooks.plant.example")
    time = Time()
    with WebhookFake(tls=ca.context, clock=time) as fake:
        asked = resolving(monkeypatch, "127.0.0.1")
        url = f"https://hooks.plant.example:{fake.port}{fake.path}"
        outcome = channel(fake, tmp_path, time, url=url, ca_file=str(ca.trusted)).send(MESSAGE, address_for(fake))
        assert outcome.state == "accepted", outcome
        assert asked == ["hooks.plant.example"]


def test_tls_is_verified(tmp_path: Path) -> None:
    ca, time = authority(tmp_path / "ca"), Time()
    other = authority(tmp_path / "other", host="other.example")
    with WecomFake(tls=ca.context, clock=time) as fake, WecomFake(tls=other.context, clock=time) as named_otherwise:
        good = channel(fake, tmp_path, time, ca_file=str(ca.trusted))
        assert good.send(MESSAGE, address_for(fake)).state == "accepted"
        for wrong in (
            channel(fake, tmp_path, time),
            channel(fake, tmp_path, time, ca_file=str(other.trusted)),
            channel(named_otherwise, tmp_path, time, ca_file=str(other.trusted)),
        ):
            outcome = wrong.send(MESSAGE, address_for(fake))
            assert (outcome.state, outcome.code) == ("unreachable", port.BAD_TLS), outcome
        assert len(fake.received) == 1 and named_otherwise.received == []


def test_a_plain_server_behind_https_is_unreachable(tmp_path: Path) -> None:
    with WecomFake() as fake:
        sender = channel(fake, tmp_path, Time(), url=fake.url.replace("http:", "https:"))
        assert sender.send(MESSAGE, address_for(fake)).state == "unreachable"


def test_a_proxy_of_the_environment_is_not_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    time = Time()
    with WecomFake(clock=time) as fake, WecomFake(clock=time) as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        assert channel(fake, tmp_path, time).send(Message("k", "t", "x"), address_for(fake)).state == "accepted"
        assert proxy.asked == 0


@pytest.mark.parametrize(
    "url",
    [
        *("", "ftp://x", "//x", "https://", "https://u:p@x/", "https://x/#y", "https://x y/", "https://x:99999/"),
        *("http://hooks.example/", "https://张.example/", "javascript:alert(1)", "https://[::1", "https://x/\r\nX: 1"),
    ],
)
def test_addresses_that_no_channel_takes(url: str) -> None:
    fault = url_fault(url, private=False)
    assert fault and (len(url) < 9 or url not in fault)


def test_what_an_ipv6_address_stands_for() -> None:
    for text, inner in (("::ffff:10.0.0.1", "10.0.0.1"), ("2002:a00:1::", "10.0.0.1"), ("64:ff9b::a00:1", "10.0.0.1")):
        assert str(embedded(ipaddress.ip_address(text))) == inner
