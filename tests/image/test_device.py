"""What one device is told: the options become files that the gateway's own reader takes, or are refused whole."""

import importlib.machinery
import importlib.util
import tomllib

import pytest

from gateway.config import parse
from image.device import ENROLMENT, GATEWAY, KEYS, NETWORK, SETTINGS, DeviceRefused, Value, device_files, quoted
from tests.wheels import ROOT

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPnMl8 who@where"


def test_options_become_files_that_their_readers_take() -> None:
    given = {"name": "gw7", "site": "p1", "server": "https://plant.example", "code": "ABCD-EFGH"}
    given |= {"wifi-name": '厂 "1"', "wifi-country": "CN", "wifi-password": "secret\\word"}
    files = device_files({**given, "dns": ["10.0.0.1", "10.0.0.2"]}, ["S1", "S2"], KEY)
    config = parse(files[GATEWAY])
    assert (config.gateway.name, config.gateway.site, config.central.url) == ("gw7", "p1", "https://plant.example")
    assert [station.id for station in config.station] == ["S1", "S2"]
    assert tomllib.loads(files[ENROLMENT]) == {"code": "ABCD-EFGH"}
    network = tomllib.loads(files[NETWORK])
    assert network["dns"] == ["10.0.0.1", "10.0.0.2"]
    assert network["wifi"] == {"ssid": '厂 "1"', "password": "secret\\word", "country": "CN"}
    assert files[KEYS] == KEY


def test_nothing_given_writes_nothing() -> None:
    assert device_files({}, []) == {}


@pytest.mark.parametrize("value", ['"', "\\", "\n[central]\nurl = 'x'", "\x00\x7f", "]", "#", "'''", '"""'])
def test_a_value_stays_a_value(value: str) -> None:
    assert tomllib.loads(f"x = {quoted(value)}") == {"x": value}


def test_what_the_station_would_refuse_is_not_written() -> None:
    with pytest.raises(DeviceRefused, match="no http"):
        device_files({"name": "gw1", "server": "plant"}, ["S1"])
    with pytest.raises(DeviceRefused, match="station: there is none"):
        device_files({"name": "gw1"}, [])
    with pytest.raises(DeviceRefused, match="one or the other"):
        device_files({"name": "gw1"}, ["S1"], gateway_text="[[station]]\nid = 'S1'\n")
    with pytest.raises(DeviceRefused, match="shoe"):
        device_files({}, [], gateway_text="[[station]]\nid = 'S1'\nshoe = 3\n")
    with pytest.raises(DeviceRefused, match="more than"):
        device_files({}, [], gateway_text="#" * 70_000 + "\n[[station]]\nid = 'S1'\n")


NAMED = {"name": "gw1", "server": "https://plant.example"}
WIFI = {"wifi-name": "Halle2", "wifi-country": "DE"}


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (NAMED | {"code": "abc"}, "enrolment.toml: code: .*8"),
        (NAMED | {"code": "A" * 65}, "enrolment.toml: code: .*64"),
        ({"name": "gw1", "code": "ABCD-EFGH-JKLM"}, "give --server"),
        (NAMED | {"address": ["10.0.0.500/24"]}, "network.toml: address: '10.0.0.500/24'"),
        (NAMED | {"address": ["10.0.0.5"]}, "such as 10.0.0.5/24"),
        (NAMED | {"address": ["10.0.0.5/24", "plant/24"]}, "'plant/24'"),
        (NAMED | {"router": "10.0.0"}, "router: '10.0.0'"),
        (NAMED | {"router": ""}, "router: ''"),
        (NAMED | {"dns": ["10.0.0.1", "dns.example"]}, "dns: 'dns.example'"),
        (NAMED | {"ntp": ["10.0.0.500"]}, "ntp: '10.0.0.500'"),
        (NAMED | {"ntp": ["a b"]}, "ntp: 'a b'"),
        (NAMED | {"wifi-name": "Halle2"}, "wifi.country"),
        (NAMED | WIFI | {"wifi-country": "Germany"}, "wifi.country"),
        (NAMED | WIFI | {"wifi-country": "de"}, "two capital letters"),
        (NAMED | {"wifi-country": "DE"}, "wifi.ssid"),
        (NAMED | WIFI | {"wifi-name": "厂" * 11}, "wifi.ssid"),
        (NAMED | WIFI | {"wifi-password": ""}, "wifi.password"),
        (NAMED | WIFI | {"wifi-password": "short"}, "wifi.password"),
    ],
)
def test_what_the_station_would_leave_out_is_not_written(given: dict[str, Value], told: str) -> None:
    with pytest.raises(DeviceRefused, match=told):
        device_files(given, ["S1"])


def test_a_code_alone_has_no_server_to_go_to() -> None:
    with pytest.raises(DeviceRefused, match="give --server"):
        device_files({"code": "ABCD-EFGH-JKLM"}, [])
    ready = "[gateway]\nname = 'gw1'\n[central]\nurl = 'https://plant.example'\n[[station]]\nid = 'S1'\n"
    assert ENROLMENT in device_files({"code": "ABCD-EFGH-JKLM"}, [], gateway_text=ready)


def test_every_fault_is_told_at_once() -> None:
    given: dict[str, Value] = {"name": "gw 1", "code": "abc", "router": "x", "wifi-name": "y"}
    with pytest.raises(DeviceRefused) as refused:
        device_files(given, ["S1"])
    for told in ("gateway.name", "enrolment.toml: code", "router: 'x'", "wifi.country"):
        assert told in str(refused.value)


GOOD: dict[str, Value] = {
    "address": ["10.0.0.5/24", "fd00::5/64"],
    "router": "10.0.0.1",
    "dns": ["10.0.0.1", "fd00::1"],
}


def test_what_is_taken_here_the_station_takes(capfd: pytest.CaptureFixture[str]) -> None:
    files = device_files(GOOD | {"ntp": ["10.0.0.1", "time.example"]}, [])
    loader = importlib.machinery.SourceFileLoader("network", str(ROOT / "image/root/usr/lib/lineside/network"))
    spec = importlib.util.spec_from_loader("network", loader)
    assert spec is not None
    network = importlib.util.module_from_spec(spec)
    loader.exec_module(network)
    table = tomllib.loads(files[NETWORK])
    told = [line.partition("=")[2] for line in network.lines_of(table)]
    assert [each for each in told if each not in ("", "no")] == [*GOOD["address"], GOOD["router"], *GOOD["dns"]]
    assert network.servers(table, "ntp") == ["10.0.0.1", "time.example"]
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(
    "text", ["-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNz\n", f'command="sh" {KEY}', "\n", "ssh-ed25519", f"{KEY}\rx"]
)
def test_only_public_keys_come_onto_a_card(text: str) -> None:
    with pytest.raises(DeviceRefused, match=r"no public key|no key"):
        device_files({}, [], keys=text)


def test_every_setting_has_words_and_a_place_of_its_own() -> None:
    places = [(each.file, each.table, each.key) for each in SETTINGS.values()]
    assert len(set(places)) == len(places)
    assert all(each.help for each in SETTINGS.values())
