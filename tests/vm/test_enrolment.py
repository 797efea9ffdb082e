"""A card's way to its office, on a board: an office that is away, a code that is refused, a board that is replaced."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from image.build import Build
from image.partitions import partition_offsets
from image.programs import run
from image.recipe import PARTITIONS
from simulation.plant import Plant
from simulation.processes import wait_for
from tests.process.test_kills import at_office, office_rows
from tests.vm.board import Board
from tests.vm.machine import Machine
from tests.vm.stations import (
    LIT,
    NAME,
    READY_AT,
    built,
    flashed,
    office_in,
    scan,
    sign_in,
    stick_of,
    typed_until,
    wait_ready,
)

pytestmark = [pytest.mark.vm, pytest.mark.root, pytest.mark.process, pytest.mark.timeout(2_400)]
FOLDER = "/var/lib/lineside"
JOINING = f"cat {FOLDER}/joining"
WAIT_SECONDS = 600.0


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Build:
    return built(tmp_path_factory.mktemp("release"), "1.0.0")


@pytest.fixture
def plant(tmp_path: Path) -> Iterator[Plant]:
    with office_in(tmp_path) as plant:
        yield plant


def alarms(plant: Plant) -> list[str]:
    return [str(kind) for (kind,) in office_rows(plant, "SELECT kind FROM alarm")]


@contextmanager
def data_of(card: Path, folder: Path) -> Iterator[Path]:
    """The data partition of a card that is in a reader of this machine."""
    folder.mkdir()
    run("mount", "-o", f"loop,offset={partition_offsets(card)[PARTITIONS['data']]}", card, folder)
    try:
        yield folder
    finally:
        run("umount", folder)


def test_a_station_waits_for_its_office_and_a_refused_code_is_made_good_by_a_stick(
    release: Build, plant: Plant, tmp_path: Path
) -> None:
    plant.processes["central"].stop()
    board = flashed(release.disk, tmp_path, plant, code="AAAA-AAAA-AAAA")
    with board.started() as machine:
        board.wait_answer(machine)
        board.wait_said(machine, READY_AT, "Started")
        board.wait_said(machine, JOINING, "unreachable")
        unanswered = board.ssh(LIT.format(""))
        typed_until(machine, "T-EARLY", lambda: board.ssh(LIT.format("")) != unanswered)
        plant.launch("central")
        plant.processes["central"].wait_ready()
        board.wait_said(machine, JOINING, "wrong_code")
        said = board.ssh("journalctl -b -u lineside-first-boot -u lineside-gateway --no-pager -o cat")
        assert "AAAA-AAAA-AAAA" not in said, "no secret in a log"
        code = tmp_path / "enrolment.toml"
        code.write_text(f'code = "{plant.enrolment_code(NAME)}"\n', "utf-8")
        machine.plug_stick(stick_of([code], tmp_path / "stick.img", "lineside"))
        board.wait_said(machine, f"ls {FOLDER}", "token")
        wait_ready(board, machine)
        sign_in(machine, plant)
        scan(machine, plant, "T-ENROLLED")


def test_a_dead_board_is_replaced_and_what_its_card_still_had_is_brought_in(
    release: Build, plant: Plant, tmp_path: Path
) -> None:
    old = flashed(release.disk, tmp_path / "old", plant)
    with old.started() as machine:
        wait_ready(old, machine)
        sign_in(machine, plant)
        scan(machine, plant, "T-SENT")
        plant.processes["central"].stop()
        unsent(old, machine, "T-UNSENT")
    plant.launch("central")
    plant.processes["central"].wait_ready()
    new = flashed(release.disk, tmp_path / "new", plant, code=replacing(plant))
    with new.started() as machine:
        wait_ready(new, machine)
        sign_in(machine, plant)
        scan(machine, plant, "T-REPLACED")
    assert "T-UNSENT" not in at_office(plant) and "old_card" not in alarms(plant)
    with old.started() as machine:
        old.wait_answer(machine)
        wait_for("the old card's alarm", lambda: "old_card" in alarms(plant), WAIT_SECONDS)
        unsent(old, machine, "T-AFTERWARDS")
    with data_of(old.disk, tmp_path / "reader") as place:
        (journal,) = place.rglob("journal.sqlite")
        for _ in range(2):
            plant.command("central", "import-card", "--config", str(plant.central_config), str(journal.parent))
    labels = at_office(plant)
    wanted = ["T-SENT", "T-UNSENT", "T-REPLACED", "T-AFTERWARDS"]
    assert [labels.count(each) for each in wanted] == [1, 1, 1, 1]
    with new.started() as machine:
        wait_ready(new, machine)
        scan(machine, plant, "T-STILL-THERE")


def replacing(plant: Plant) -> str:
    """The code by which another card takes the board's place."""
    said = plant.command("central", "replace", "--config", str(plant.central_config), NAME)
    return said.removeprefix("code:").strip()


def unsent(board: Board, machine: Machine, label: str) -> None:
    """A label that the station has kept, as it beeped, and that no office has taken."""
    kept = LIT.format("kept")
    before = board.ssh(kept)
    typed_until(machine, label, lambda: board.ssh(kept) != before)
