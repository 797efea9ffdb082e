"""The file of assigned devices: merged, never able to keep a gateway from starting, undone by deleting it."""

import os
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from gateway import limits
from gateway.assigned import AssignedDevice, merged, read_assigned, with_assigned, write_assigned
from gateway.commands import gateway_group
from gateway.config import Config, device_places, parse
from gateway.device_checks import check_device, check_words
from gateway.doctor import examine
from gateway.errors import ConfigRefused

CONFIG = '[gateway]\nname = "gw1"\nfolder = "{folder}"\n[[station]]\nid = "S1"\n[[station.scanner]]\nkind = "pty"\n'


def scanner(label: str = "hand", **more: object) -> AssignedDevice:
    rows = {"station": "S1", "role": "scanner", "kind": "evdev", "name": label, "vendor": "05e0"}
    return AssignedDevice.model_validate({**rows, **more})


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return parse(CONFIG.format(folder=tmp_path))


def test_what_is_written_is_read_and_merged(config: Config) -> None:
    keypad = scanner(
        "pad", kind="evdev_keys", role="button", keys={"59": "quality", "KEY_F2": "help"}, serial="质检\x7f\n"
    )
    given = (scanner(assigned_by="P07", assigned_at="2026-11-26T08:00:00Z"), keypad)
    write_assigned(config.assigned_path, given)
    assert read_assigned(config.assigned_path) == given
    more, left_out = with_assigned(config, check_device)
    assert left_out == []
    assert [(place.name, place.role) for place in device_places(more)] == [
        ("S1.pty", "scanner"),
        ("hand", "scanner"),
        ("pad", "button"),
        ("S1.log", "light"),
    ]
    assert device_places(more)[1].settings == {"vendor": "05e0"}


@given(
    st.text(st.characters(codec="utf-8"), min_size=1, max_size=48), st.text(st.characters(codec="utf-8"), max_size=60)
)
def test_any_text_survives_the_file(tmp_path_factory: pytest.TempPathFactory, name: str, text: str) -> None:
    path = tmp_path_factory.getbasetemp() / "any.toml"
    device = scanner(name, serial=text, keys={text: name})
    write_assigned(path, [device])
    assert read_assigned(path) == (device,)


def test_without_a_file_nothing_is_assigned(config: Config) -> None:
    assert with_assigned(config, check_device) == (config, [])


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"station": "S9"}, "station 'S9' is not configured"),
        ({"kind": "teleport"}, "teleport"),
        ({"colour": "red"}, "colour"),
        ({"kind": "log"}, "is no scanner"),
        ({"name": "S1.pty"}, "used by another"),
        ({"name": "a b"}, "cannot be called"),
        ({"vendor": ""}, "give one of"),
    ],
)
def test_what_does_not_fit_is_left_out_and_the_rest_is_used(config: Config, wrong: dict[str, object], why: str) -> None:
    more, left_out = merged(config, [scanner("bad", **wrong), scanner("good")], check_words)
    assert len(left_out) == 1 and why in left_out[0]
    assert [place.name for place in device_places(more)] == ["S1.pty", "good", "S1.log"]


@pytest.mark.parametrize(
    "content", [b"[[device", b"\xff", b'[[device]]\nkind = "pty"\n', b"#" * (limits.ASSIGNED_BYTES_MAX + 1)]
)
def test_a_damaged_file_costs_its_devices_alone(config: Config, content: bytes) -> None:
    config.assigned_path.write_bytes(content)
    more, left_out = with_assigned(config, check_words)
    assert more == config and left_out and "assigned.toml" in left_out[0]


def test_a_write_that_fails_leaves_the_old_file(config: Config) -> None:
    write_assigned(config.assigned_path, [scanner()])
    many = [scanner(f"s{number}") for number in range(limits.ASSIGNED_DEVICES_MAX + 1)]
    with pytest.raises(ConfigRefused):
        write_assigned(config.assigned_path, many)
    assert read_assigned(config.assigned_path) == (scanner(),)
    assert os.stat(config.assigned_path).st_mode & 0o077 in (0o044, 0o040, 0)


def test_check_config_and_doctor_name_what_is_left_out(config: Config, tmp_path: Path) -> None:
    path = tmp_path / "gateway.toml"
    path.write_text(CONFIG.format(folder=tmp_path))
    write_assigned(config.assigned_path, [scanner("far", station="S9")])
    result = CliRunner().invoke(gateway_group, ["check-config", "--config", str(path)])
    assert result.exit_code == 1 and "far" in result.output and "S9" in result.output
    assert any(each.name == "assigned device" and each.verdict == "fault" for each in examine(path))
    config.assigned_path.unlink()
    assert CliRunner().invoke(gateway_group, ["check-config", "--config", str(path)]).exit_code == 0
