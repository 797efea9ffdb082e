"""A package with devices of its own, as somebody else makes one: built, installed beside our wheel, and scanned."""

import json
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from floor.example import example_plant
from floor.master_files import write_toml
from gateway.journal import FILE_NAME
from gateway.journal_reader import JournalReader
from simulation.processes import Process, wait_for
from tests.wheels import ROOT, built_wheel, fresh_environment, run

pytestmark = pytest.mark.process

EXAMPLE = ROOT / "tests" / "plugin_example"
BADGE = example_plant().people[0].badge


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with our wheel and the package's."""
    source = tmp_path_factory.mktemp("source") / "socket-devices"
    shutil.copytree(EXAMPLE, source)
    ours = built_wheel(ROOT, tmp_path_factory.mktemp("ours"))
    theirs = built_wheel(source, tmp_path_factory.mktemp("theirs"))
    return fresh_environment(tmp_path_factory.mktemp("installed") / "venv", ours, theirs)


def configured(folder: Path, *tables: str) -> Path:
    """A configuration with one station that has these tables."""
    (folder / "plant.toml").write_text(write_toml(example_plant()))
    path = folder / "gateway.toml"
    path.write_text(
        f'[gateway]\nname = "gw1"\nfolder = "{folder / "data"}"\n[master]\nfile = "{folder / "plant.toml"}"\n'
        f'[screen]\nport = 0\n[[station]]\nid = "S1"\n' + "".join(tables)
    )
    return path


def kept(folder: Path, kind: str) -> list[dict[str, str]]:
    """The data of all kept events of a type."""
    with JournalReader(folder / "data" / FILE_NAME) as reader:
        contents = [json.loads(record.content) for _, record in reader.walk()]
    return [each["data"] for each in contents if each["type"] == kind]


Started = Callable[..., Process]


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Started]:
    processes: list[Process] = []

    def start(command: list[str | Path], **environment: str) -> Process:
        words = [str(word) for word in command]
        process = Process("gateway", words, tmp_path / "log", "gateway ready", environment)
        processes.append(process)
        process.start()
        process.wait_ready()
        return process

    yield start
    for process in processes:
        process.stop()


def test_a_label_comes_through_an_installed_driver_into_the_journal(
    installed: Path, tmp_path: Path, started: Started
) -> None:
    place, light = tmp_path / "scanner", tmp_path / "light"
    config = configured(
        tmp_path,
        f'[[station.scanner]]\nkind = "socket_scanner"\nname = "hand"\npath = "{place}"\n',
        f'[[station.light]]\nkind = "file_light"\npath = "{light}"\n',
    )
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(place))
        listener.listen()
        listener.settimeout(60)
        started([installed / "bin/lineside", "gateway", "run", "--config", config])
        scanner, _ = listener.accept()
        with scanner:
            scanner.sendall(BADGE.encode() + b"\r")
            wait_for("the record", lambda: bool(kept(tmp_path, "session.opened")))
            wait_for("the light", lambda: light.exists() and "noted S1" in light.read_text())
            scanner.sendall(b"half a la")
        wait_for("the loss", lambda: any(each["device"] == "hand" for each in kept(tmp_path, "device.lost")))
    assert [each["reason"] for each in kept(tmp_path, "scan.rejected")] == ["garbled_incomplete"]


def test_its_settings_are_checked_with_all_others(installed: Path, tmp_path: Path) -> None:
    config = configured(
        tmp_path,
        '[[station.scanner]]\nkind = "socket_scanner"\nterminators = ["bell"]\n',
        '[[station.scanner]]\nkind = "serial"\nspeed = 3\n',
        '[[station.scanner]]\nkind = "teleport"\n',
    )
    command = [installed / "bin/lineside", "gateway", "check-config", "--config", config]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 1
    for part in ("path: Field required", "terminators.0", "speed", "teleport", "socket_scanner (socket-devices 1.0)"):
        assert part in done.stderr, done.stderr


def test_the_doctor_names_what_is_added(installed: Path, tmp_path: Path) -> None:
    config = configured(tmp_path)
    command = [installed / "bin/lineside", "doctor", "--json", "--config", config]
    found = json.loads(subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False).stdout)
    rows = {each["name"]: each for each in found}
    assert rows["kind socket_scanner"]["verdict"] == "good"
    assert "socket-devices 1.0" in rows["kind file_light"]["detail"]


def test_the_contract_suite_runs_from_the_wheel_against_its_drivers(installed: Path, tmp_path: Path) -> None:
    checks = tmp_path / "checks"
    shutil.copytree(EXAMPLE / "checks", checks)
    said = run(installed / "bin/python", "-m", "pytest", "-q", "-p", "no:cacheprovider", checks, cwd=tmp_path)
    assert " passed" in said and "failed" not in said and "skipped" not in said


@pytest.mark.parametrize("target", ["no_such_module:X", "crane_kind:NEWER"])
def test_a_broken_kind_costs_its_device_alone(tmp_path: Path, started: Started, target: str) -> None:
    (tmp_path / "crane_kind.py").write_text(
        "from devices.interface import LineSettings, Role, SourceKind\n"
        "NEWER = SourceKind(Role.SCANNER, LineSettings, print, interface=99)\n"
    )
    dist = tmp_path / "crane-1.dist-info"
    dist.mkdir()
    (dist / "METADATA").write_text("Metadata-Version: 2.1\nName: crane\nVersion: 1\n")
    (dist / "entry_points.txt").write_text(f"[lineside.devices]\ncrane = {target}\n")
    link = tmp_path / "hand"
    config = configured(
        tmp_path,
        '[[station.scanner]]\nkind = "crane"\nname = "hook"\n',
        f'[[station.scanner]]\nkind = "pty"\nname = "hand"\nlink = "{link}"\n',
    )
    command = [sys.executable, "-m", "gateway.cli", "gateway"]
    judged = subprocess.run(
        [*command, "check-config", "--config", config],
        capture_output=True,
        text=True,
        env={"PYTHONPATH": str(tmp_path)},
        cwd=ROOT,
        check=False,
    )
    assert judged.returncode == 1 and "crane (crane 1)" in judged.stderr and "maintainer" in judged.stderr
    started([*command, "run", "--config", config], PYTHONPATH=str(tmp_path))
    wait_for("the working scanner", link.exists)
    link.write_text(BADGE + "\r")
    wait_for("its record", lambda: bool(kept(tmp_path, "session.opened")))
    (lost,) = [each for each in kept(tmp_path, "device.lost") if each["device"] == "hook"]
    assert "crane (crane 1)" in lost["detail"] and "maintainer" in lost["detail"]
