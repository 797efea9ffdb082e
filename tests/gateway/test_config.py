"""The configuration: every fault at once, nothing guessed."""

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from gateway.assigned import read_assigned
from gateway.commands import gateway_group
from gateway.config import device_places, parse, read
from gateway.device_checks import check_device
from gateway.errors import ConfigRefused, EnrolmentRefused
from gateway.joining import read_order

GOOD = """
[gateway]
name = "gw1"
folder = "/tmp/x"
[[station]]
id = "S1"
[[station.scanner]]
kind = "pty"
[[station.scanner]]
kind = "tcp_server"
port = 5501
[[station.button]]
kind = "evdev_keys"
path = "/dev/input/by-id/keypad"
keys = { KEY_1 = "quality" }
[[station]]
id = "S2"
"""


def test_devices_are_named_by_station_and_kind() -> None:
    names = [place.name for place in device_places(parse(GOOD))]
    assert names == ["S1.pty", "S1.tcp_server1", "S1.evdev_keys", "S1.log", "S2.log"]


@pytest.mark.parametrize("text", ["a = " + "9" * 5_000, "a = " + "[" * 100_000], ids=["endless", "bottomless"])
def test_a_text_that_breaks_the_reader_is_refused_like_any_other(text: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigRefused, match=r"^not TOML: "):
        parse(text)
    (tmp_path / "enrolment.toml").write_text(text)
    with pytest.raises(EnrolmentRefused):
        read_order(tmp_path / "enrolment.toml")
    (tmp_path / "assigned.toml").write_text(text)
    with pytest.raises(ConfigRefused):
        read_assigned(tmp_path / "assigned.toml")


def test_every_fault_is_told_at_once() -> None:
    text = """
[gateway]
name = "not a name"
speed = 3
[screen]
port = 99999
[[station]]
id = "S1"
double_scan_seconds = -1
"""
    with pytest.raises(ConfigRefused) as caught:
        parse(text)
    told = str(caught.value)
    for part in ("gateway.name", "gateway.speed", "screen.port", "station.0.double_scan_seconds"):
        assert part in told


def test_faults_between_settings_and_of_devices_are_told_together() -> None:
    text = """
[central]
url = "ftp://x"
[mqtt]
certificate_file = "/x"
[[station]]
id = "S1"
[[station.scanner]]
kind = "teleport"
[[station.scanner]]
kind = "serial"
speed = 3
[[station.light]]
kind = "pty"
[[station]]
id = "S1"
"""
    with pytest.raises(ConfigRefused) as caught:
        parse(text, check_device)
    told = str(caught.value)
    for part in ("'S1' stands twice", "ftp://x", "go together", "teleport", "scanner[1]", "'pty' is no light"):
        assert part in told, told


def test_no_station_is_a_fault() -> None:
    with pytest.raises(ConfigRefused, match="there is none"):
        parse("")


@pytest.mark.parametrize("text", ["[gateway", "a = 1\na = 2"])
def test_what_is_no_toml_is_told(text: str) -> None:
    with pytest.raises(ConfigRefused, match="not TOML"):
        parse(text)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigRefused, match=r"nowhere\.toml"):
        read(tmp_path / "nowhere.toml")


def test_check_config_lists_the_faults_with_a_hint(tmp_path: Path) -> None:
    path = tmp_path / "gateway.toml"
    path.write_text('[gateway]\nname = "a b"\n')
    result = CliRunner().invoke(gateway_group, ["check-config", "--config", str(path)])
    assert result.exit_code == 1
    assert "gateway.name" in result.output and "hint:" in result.output
    path.write_text(GOOD)
    assert CliRunner().invoke(gateway_group, ["check-config", "--config", str(path)]).exit_code == 0, result.output


def test_a_part_that_cannot_be_built_is_a_sentence_and_not_a_traceback(tmp_path: Path) -> None:
    path = tmp_path / "gateway.toml"
    path.write_text(
        f'[gateway]\nfolder = "{tmp_path / "data"}"\n[mqtt]\nhost = "127.0.0.1"\ntls = true\nca_file = "/nowhere.pem"\n'
        '[screen]\nenabled = false\n[[station]]\nid = "S1"\n'
    )
    command = [sys.executable, "-m", "gateway.cli", "gateway", "run", "--config", str(path)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert result.returncode == 1
    assert "/nowhere.pem" in result.stderr and "hint:" in result.stderr and "Traceback" not in result.stderr
