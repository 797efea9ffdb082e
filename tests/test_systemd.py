"""The units as systemd itself judges them: no warning, little exposure, times it understands."""

import configparser
import os
import re
import subprocess
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent.parent / "systemd"
SERVICES = sorted(FOLDER.glob("*.service"))
EXPOSURE_TENTHS_MAX = 20
BOOTS = {
    "lineside-reboot": "systemctl reboot",
    "lineside-reboot-trial": 'systemctl --reboot-argument="0 tryboot" reboot',
}
"""Only root may ask for a boot: these do that one thing, without any capability, when a file appears."""


def analyze(*arguments: str | Path, root: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"SYSTEMD_COLORS": "0", "LC_ALL": "C.UTF-8"}
    if root is not None:
        environment["SYSTEMD_UNIT_PATH"] = f"{root}:"
    command = ["systemd-analyze", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


def version() -> int:
    found = re.match(r"systemd (\d+)", analyze("--version").stdout)
    assert found is not None
    return int(found.group(1))


def settings(path: Path) -> dict[str, list[str]]:
    """Every setting of a unit with all its values; systemd allows a key many times, configparser does not."""
    values: dict[str, list[str]] = {}
    for line in path.read_text("utf-8").splitlines():
        if line and line[0] not in "#;[":
            key, _, value = line.partition("=")
            values.setdefault(key, []).append(value)
    return values


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The units in one folder, with a program that exists here in the place of ours."""
    folder = tmp_path_factory.mktemp("units")
    program = folder / "lineside"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    for unit in SERVICES:
        text = unit.read_text("utf-8").replace("/opt/lineside/bin/lineside", str(program))
        (folder / unit.name).write_text(text, "utf-8")
        if "Restart=always" in text and version() >= 254:
            (folder / f"{unit.name}.d").mkdir()
            (folder / f"{unit.name}.d/backoff.conf").write_text((FOLDER / "lineside-backoff.conf").read_text("utf-8"))
    return folder


def complaints_about_ours(output: str, folder: Path) -> list[str]:
    """Lines that are not about another package's unit, which this machine may have in any state."""
    return [line for line in output.splitlines() if "lineside" in line or str(folder) in line]


def test_there_are_units() -> None:
    assert {unit.stem for unit in SERVICES} == {
        "lineside-broker",
        "lineside-central",
        "lineside-central-work",
        "lineside-gateway",
        "lineside-reboot",
        "lineside-reboot-trial",
        "lineside-update",
    }


@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.name)
def test_systemd_verifies_the_unit_without_a_word(unit: Path, installed: Path) -> None:
    done = analyze("verify", "--man=no", installed / unit.name, root=installed)
    assert (done.returncode, complaints_about_ours(done.stderr, installed)) == (0, [])


def test_verify_tells_of_a_planted_mistake(installed: Path, tmp_path: Path) -> None:
    unit = tmp_path / "lineside-planted.service"
    text = (installed / "lineside-gateway.service").read_text("utf-8").replace("WatchdogSec=30", "WatchdogSek=30")
    unit.write_text(text, "utf-8")
    done = analyze("verify", "--man=no", unit, root=installed)
    assert any("WatchdogSek" in line for line in complaints_about_ours(done.stderr, installed))


@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.name)
def test_the_unit_is_little_exposed(unit: Path) -> None:
    done = analyze("security", "--offline=true", "--no-pager", f"--threshold={EXPOSURE_TENTHS_MAX}", unit)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.name)
def test_the_unit_runs_without_rights_and_comes_back(unit: Path) -> None:
    given = settings(unit)
    assert given["User"][0].startswith("lineside") or unit.stem in BOOTS
    assert given["NoNewPrivileges"] == ["yes"]
    assert given["CapabilityBoundingSet"] == [""]
    if given["Type"] != ["oneshot"]:
        assert given["Restart"] == ["always"]
        assert given["StartLimitIntervalSec"] == ["0"]


def test_users_and_groups_that_units_name_are_made() -> None:
    made = set(re.findall(r"^[ug] (\S+)", (FOLDER / "lineside.sysusers.conf").read_text("utf-8"), re.MULTILINE))
    for unit in SERVICES:
        given = settings(unit)
        named = {*given["User"], *given.get("Group", []), *" ".join(given.get("SupplementaryGroups", [])).split()}
        assert named <= made | ({"root"} if unit.stem in BOOTS else {"systemd-journal"}), unit.name


@pytest.mark.parametrize("name", BOOTS)
def test_what_runs_as_root_does_one_thing_when_a_file_appears(name: str) -> None:
    given = settings(FOLDER / f"{name}.service")
    assert given["ExecStart"] == [f"/usr/bin/{BOOTS[name]}"]
    assert given["Type"] == ["oneshot"]
    watched = settings(FOLDER / f"{name}.path")["PathExists"]
    assert watched == [f"/run/lineside-update/{name.removeprefix('lineside-')}"]


def test_the_update_agent_takes_what_scans_leave() -> None:
    agent, station = settings(FOLDER / "lineside-update.service"), settings(FOLDER / "lineside-gateway.service")
    assert int(agent["CPUWeight"][0]) < int(station["CPUWeight"][0])
    assert int(agent["IOWeight"][0]) < int(station["IOWeight"][0])
    assert (agent["IOSchedulingClass"], agent["User"]) == (["idle"], station["User"])
    assert agent["RuntimeDirectory"] == ["lineside-update"]
    # A certificate is not judged by a clock that nothing synchronises, so it may ask, as the gateway may.
    assert "ProtectClock" not in agent
    assert agent["SystemCallFilter"][-1] == "adjtimex clock_adjtime"


def test_the_gateway_may_read_what_it_needs() -> None:
    given = settings(FOLDER / "lineside-gateway.service")
    # adjtimex tells the quality of the clock (I9); /proc/sys/kernel/random/boot_id names the boot.
    assert "ProtectClock" not in given
    assert "ProcSubset" not in given
    assert given["SystemCallFilter"][-1] == "adjtimex clock_adjtime"
    assert given["Type"] == ["notify"]
    modules = (FOLDER / "lineside.modules-load.conf").read_text("utf-8").split("\n")
    for device, module in (("char-ttyUSB rw", "usbserial"), ("char-ttyACM rw", "cdc_acm"), ("char-input rw", "evdev")):
        assert device in given["DeviceAllow"]
        assert module in modules


def test_the_backoff_grows_to_a_minute() -> None:
    parser = configparser.ConfigParser()
    parser.read(FOLDER / "lineside-backoff.conf")
    assert parser["Service"]["RestartMaxDelaySec"] == "1min"
