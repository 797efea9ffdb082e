"""What one device is told: the options become files that the gateway's own reader takes, or are refused whole."""

import tomllib

import pytest

from gateway.config import parse
from image.device import ENROLMENT, GATEWAY, KEYS, NETWORK, SETTINGS, DeviceRefused, device_files, quoted

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
