"""Updates by RAUC and the firmware's trial start, on a board that QEMU plays: what is refused, kept, and given back."""

import shutil
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from image.build import Build
from image.bundle import make_bundle, make_keys
from image.recipe import Recipe
from simulation.plant import Plant
from simulation.processes import wait_for
from tests.vm.board import Board
from tests.vm.machine import Machine
from tests.vm.stations import built, flashed, office_in, scan, sign_in, stick_of, wait_ready

pytestmark = [pytest.mark.vm, pytest.mark.root, pytest.mark.process, pytest.mark.timeout(2_400)]
STICK = "/run/lineside-usb"
INSTALL_SECONDS_MAX = 1_800.0
TRIAL_SECONDS = 90


def broken(tree: Path) -> None:
    """A release whose gateway never becomes ready, and which does not wait long for it."""
    units = tree / "usr/lib/systemd/system"
    (units / "lineside-gateway.service.d/broken.conf").write_text("[Service]\nExecStart=\nExecStart=/usr/bin/false\n")
    (units / "lineside-settle.service.d").mkdir()
    hurry = f"[Service]\nEnvironment=LINESIDE_TRIAL_SECONDS={TRIAL_SECONDS}\n"
    (units / "lineside-settle.service.d/hurry.conf").write_text(hurry)


@pytest.fixture(scope="module")
def releases(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Build]:
    """1.0.0 to be flashed, 2.0.0 as its update, and 2.1.0, which does not work."""
    folder = tmp_path_factory.mktemp("releases")
    return {
        "1.0.0": built(folder, "1.0.0"),
        "2.0.0": built(folder, "2.0.0", whole=False),
        "2.1.0": built(folder, "2.1.0", finish=broken, whole=False),
    }


@pytest.fixture(scope="module")
def stick(releases: dict[str, Build], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A USB stick with every bundle there can be: good, broken, old, of a stranger, changed on the way."""
    folder = tmp_path_factory.mktemp("stick")
    first = releases["1.0.0"]
    old = Recipe(first.recipe.architecture, first.recipe.variant, "0.9.0")
    make_bundle(old, first.folder, first.keys, folder / "old.raucb")
    make_bundle(releases["2.0.0"].recipe, first.folder, make_keys(folder / "other"), folder / "stranger.raucb")
    kiosk = replace(old, version="2.0.0", variant=replace(old.variant, name="kiosk"))
    make_bundle(kiosk, first.folder, first.keys, folder / "kiosk.raucb")
    shutil.copyfile(releases["2.0.0"].bundle, folder / "good.raucb")
    shutil.copyfile(releases["2.1.0"].bundle, folder / "broken.raucb")
    shutil.copyfile(first.bundle, folder / "changed.raucb")
    with (folder / "changed.raucb").open("r+b") as file:
        # Newer by name would need another signature: the same release, with one byte of its payload turned.
        file.seek(60 * 2**20)
        byte = file.read(1)[0]
        file.seek(60 * 2**20)
        file.write(bytes([byte ^ 0x40]))
    return stick_of(sorted(folder.glob("*.raucb")), folder / "stick.img")


@pytest.fixture(scope="module")
def plant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plant]:
    with office_in(tmp_path_factory.mktemp("plant")) as plant:
        yield plant


@pytest.fixture
def board(releases: dict[str, Build], plant: Plant, tmp_path: Path) -> Board:
    return flashed(releases["1.0.0"].disk, tmp_path, plant)


def slot(board: Board) -> tuple[str, str]:
    """Which slot runs, and which release."""
    said = board.ssh(
        "sed -n 's/.*rauc.slot=\\([AB]\\).*/\\1/p' /proc/cmdline; sed -n 's/^IMAGE_VERSION=//p' /etc/os-release"
    )
    running, version = said.split()
    return running, version


def plug(board: Board, machine: Machine, stick: Path) -> None:
    """For a person: the agent, which would take the newest release by itself, is stopped."""
    board.ssh("systemctl stop lineside-update")
    machine.plug_stick(stick)
    board.wait_said(machine, f"ls {STICK}", "good.raucb")


def refused(board: Board, name: str) -> str:
    with pytest.raises(RuntimeError) as caught:
        board.ssh(f"rauc install {STICK}/{name}", seconds=INSTALL_SECONDS_MAX)
    return str(caught.value)


def tell(capsys: pytest.CaptureFixture[str], line: str) -> None:
    with capsys.disabled():
        sys.stdout.write(f"\nupdate: {line}\n")


def test_what_must_not_be_installed_is_refused(board: Board, stick: Path) -> None:
    with board.started() as machine:
        wait_ready(board, machine)
        plug(board, machine, stick)
        assert "signature verification failed" in refused(board, "stranger.raucb")
        assert "older than 1.0.0" in refused(board, "old.raucb") + board.ssh("journalctl -u rauc --no-pager")
        assert "ompatible" in refused(board, "kiosk.raucb")
        refused(board, "changed.raucb")
        said = board.ssh("rauc status --output-format=shell | grep -E 'RAUC_BOOT_PRIMARY|BOOT_STATUS'")
        assert "root.0" in said and slot(board) == ("A", "1.0.0")
        board.ssh("! /usr/lib/lineside/tryboot try")
    assert board.chosen_partition() == 2
    with board.started() as machine:
        wait_ready(board, machine)
        assert slot(board) == ("A", "1.0.0")


def test_a_release_is_tried_and_kept_and_a_bad_one_given_back(
    board: Board, stick: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with board.started() as machine:
        wait_ready(board, machine)
        plug(board, machine, stick)
        cut_while_installing(board, machine)
    with board.started() as machine:
        wait_ready(board, machine)
        assert slot(board) == ("A", "1.0.0"), "the power went while the other slot was written"
        plug(board, machine, stick)
        began = time.monotonic()
        board.ssh(f"rauc install {STICK}/good.raucb", seconds=INSTALL_SECONDS_MAX)
        tell(capsys, f"2.0.0 installed in {time.monotonic() - began:.0f} s")
        assert board.chosen_partition() == 2, "installed is not chosen"
        ask_for_trial(board, machine)
    assert board.chosen_partition() == 3
    with board.started() as machine:
        wait_ready(board, machine)
        board.wait(machine, "the commit", lambda: not board.has(1, "pending"))
        assert slot(board) == ("B", "2.0.0")
    assert board.chosen_partition() == 3, "2.0.0 is what every start takes now"
    for running, other in (("B", "A"), ("A", "B")):
        go_to_the_other(board, running, other)
    with board.started() as machine:
        wait_ready(board, machine)
        assert slot(board) == ("B", "2.0.0")
        plug(board, machine, stick)
        board.ssh(f"rauc install {STICK}/broken.raucb", seconds=INSTALL_SECONDS_MAX)
        ask_for_trial(board, machine)
    assert board.chosen_partition() == 2
    with board.started() as machine:
        began = time.monotonic()
        assert not board.wait_restart(machine, seconds=1_800), "an ordinary start: the way back"
        tell(capsys, f"2.1.0 gave up after {time.monotonic() - began:.0f} s")
    assert board.chosen_partition() == 3
    with board.started() as machine:
        wait_ready(board, machine)
        assert slot(board) == ("B", "2.0.0")
        board.wait_said(machine, "cat /data/rauc/not-taken", "A")
        assert "root.1" in board.ssh("rauc status --output-format=shell | grep RAUC_BOOT_PRIMARY"), "nothing is pending"


def test_a_power_cut_in_a_trial_ends_it(board: Board, stick: Path) -> None:
    with board.started() as machine:
        wait_ready(board, machine)
        plug(board, machine, stick)
        board.ssh(f"rauc install {STICK}/good.raucb", seconds=INSTALL_SECONDS_MAX)
        ask_for_trial(board, machine)
    with board.started() as machine:
        board.wait_answer(machine)
        assert slot(board) == ("B", "2.0.0"), "the trial runs"
        machine.cut()
    assert board.has(1, "pending"), "nobody had said yet that it works"
    assert board.chosen_partition() == 2
    with board.started() as machine:
        wait_ready(board, machine)
        assert slot(board) == ("A", "1.0.0")
        board.wait_said(machine, "cat /data/rauc/not-taken", "B")
        assert not board.has(1, "pending")
        board.ssh("rauc status mark-active other")
        ask_for_trial(board, machine)
    with board.started() as machine:
        wait_ready(board, machine)
        board.wait(machine, "the commit", lambda: not board.has(1, "pending"))
        assert slot(board) == ("B", "2.0.0"), "nothing was wrong with it: it may be tried again"


def test_the_agent_takes_a_release_from_a_stick_and_gives_back_a_bad_one_of_the_office(
    board: Board, releases: dict[str, Build], plant: Plant, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with board.started() as machine:
        wait_ready(board, machine)
        began = time.monotonic()
        machine.plug_stick(stick_of([releases["2.0.0"].bundle], tmp_path / "one.img"))
        assert board.wait_restart(machine, INSTALL_SECONDS_MAX), "the agent asked for a trial"
        tell(capsys, f"from a stick that was plugged in to the trial in {time.monotonic() - began:.0f} s")
    with board.started() as machine:
        wait_ready(board, machine)
        board.wait_said(machine, "lineside update status", '"good"')
        assert slot(board) == ("B", "2.0.0") and board.chosen_partition() == 3
        wait_for("the slot at the office", lambda: ' "B"' in fleet(plant, "list", "--json"), INSTALL_SECONDS_MAX)
        fleet(plant, "add", str(releases["2.1.0"].bundle), "--version", "2.1.0")
        fleet(plant, "rollout", "start", "2.1.0", "--soak-seconds", "0")
        sign_in(machine, plant)
        scan(machine, plant, "T-MEANWHILE")
        assert board.wait_restart(machine, INSTALL_SECONDS_MAX), "the agent fetched it and asked for a trial"
    with board.started() as machine:
        assert not board.wait_restart(machine, INSTALL_SECONDS_MAX), "the way back"
    with board.started() as machine:
        wait_ready(board, machine)
        assert slot(board) == ("B", "2.0.0")
        wait_for("the end at the office", lambda: "returned" in fleet(plant, "rollout", "show"), INSTALL_SECONDS_MAX)
        assert "stopped" in fleet(plant, "rollout", "show")


def fleet(plant: Plant, *words: str) -> str:
    """What `lineside fleet` says at the office."""
    return plant.command("fleet", *words, "--config", str(plant.central_config))


def go_to_the_other(board: Board, running: str, other: str) -> None:
    """Back and forth on purpose: the release in the other slot is tried, works and stays."""
    with board.started() as machine:
        wait_ready(board, machine)
        assert slot(board)[0] == running
        board.ssh("rauc status mark-active other")
        ask_for_trial(board, machine)
    with board.started() as machine:
        wait_ready(board, machine)
        board.wait(machine, "the commit", lambda: not board.has(1, "pending"))
        assert slot(board)[0] == other


def cut_while_installing(board: Board, machine: Machine) -> None:
    """The power goes while the root of the other slot is being written."""
    before = int(board.ssh("awk '{print $7}' /sys/class/block/vda/stat"))
    board.ssh(f"systemd-run --quiet rauc install {STICK}/good.raucb")

    def writing() -> bool:
        return int(board.ssh("awk '{print $7}' /sys/class/block/vda/stat")) > before + 20 * 2_048

    board.wait(machine, "the installation", writing, INSTALL_SECONDS_MAX)
    machine.cut()


def ask_for_trial(board: Board, machine: Machine) -> None:
    """The other slot is started, once; the connection ends with the system, so the command is left to systemd."""
    board.ssh("systemd-run --quiet --no-block /usr/lib/lineside/tryboot try")
    assert board.wait_restart(machine), "the firmware was asked for a trial"
