"""Gateways and servers of different releases: the same scenarios hold in each pairing, and the way back is open."""

import os
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from central.migrations import NEWEST_REVISION
from simulation.processes import ProcessDied
from tests.mixed.releases import HERE, ROOT, Release, commit_of, release
from tests.mixed.scenarios import STORY, Pair, everything_is_there_once

pytestmark = [pytest.mark.process, pytest.mark.broker]

EARLIER = "0.1.0"
Releases = Callable[[str], Release]


@pytest.fixture(scope="module")
def releases(tmp_path_factory: pytest.TempPathFactory) -> Releases:
    """Each release is built once, when it is first asked for."""
    built: dict[str, Release] = {}

    def found(name: str) -> Release:
        if name not in built:
            built[name] = release(name, tmp_path_factory.mktemp(f"release-{name}"))
        return built[name]

    return found


@contextmanager
def paired(folder: Path, gateway_release: Release, server_release: Release) -> Iterator[Pair]:
    """A running plant of these two, ended whatever happens."""
    pair = Pair(folder, gateway_release, server_release)
    try:
        pair.start()
        yield pair
    except ProcessDied as error:
        raise AssertionError(str(error)) from error
    finally:
        pair.plant.stop()


@pytest.mark.faults
@pytest.mark.parametrize(("at_the_line", "at_the_office"), [(HERE, HERE), (EARLIER, HERE), (HERE, EARLIER)])
@pytest.mark.timeout(900)
def test_the_same_scenarios_hold(tmp_path: Path, releases: Releases, at_the_line: str, at_the_office: str) -> None:
    with paired(tmp_path, releases(at_the_line), releases(at_the_office)) as pair:
        for scenario in STORY:
            scenario(pair)


@pytest.mark.faults
@pytest.mark.timeout(900)
def test_a_card_goes_forward_and_back(tmp_path: Path, releases: Releases) -> None:
    """An update is tried, rolled back and made again; the card is the same one."""
    earlier, here = releases(EARLIER), releases(HERE)
    with paired(tmp_path, earlier, here) as pair:
        pair.scans(3)
        for each in (here, earlier, here, earlier):
            pair.plant.processes["gateway"].kill()
            pair.gateway_release = each
            pair.restart_gateway()
            pair.scans(3)
            everything_is_there_once(pair)


@pytest.mark.faults
@pytest.mark.timeout(900)
def test_a_server_is_updated_on_its_own_database(tmp_path: Path, releases: Releases) -> None:
    """The newer server migrates the file of the earlier one, and everything it held still counts."""
    with paired(tmp_path, releases(HERE), releases(EARLIER)) as pair:
        pair.scans(5)
        pair.everything_arrived()
        pair.stop_office()
        held = pair.at_office()
        pair.scans(2)
        pair.server_release = releases(HERE)
        pair.start_office()
        pair.scans(2)
        everything_is_there_once(pair)
        assert pair.at_office()[: len(held)] == held
        with sqlite3.connect(pair.plant.central_folder / "central.sqlite3") as connection:
            versions = connection.execute("SELECT version_num FROM alembic_version").fetchall()
        connection.close()
        assert versions == [(NEWEST_REVISION,)]


def test_a_release_is_a_commit_of_this_repository() -> None:
    commit = commit_of(EARLIER)
    assert len(commit) == 40
    said = subprocess.run(["git", "cat-file", "-t", commit], cwd=ROOT, capture_output=True, text=True, check=False)
    assert said.stdout.strip() == "commit", "fetch the whole history"


@pytest.mark.faults
def test_an_earlier_release_runs_its_own_code(tmp_path: Path, releases: Releases) -> None:
    program = Path(releases(EARLIER).command()[0])
    asked = (
        "import floor, gateway, central; print(floor.__version__, floor.__file__, gateway.__file__, central.__file__)"
    )
    said = subprocess.run(
        [program.with_name("python"), "-c", asked], cwd=tmp_path, capture_output=True, text=True, check=True
    ).stdout.split()
    assert said[0] == EARLIER
    assert all(place.startswith(str(program.parents[1])) for place in said[1:])
    listed = subprocess.run(["git", "worktree", "list"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert os.path.basename(program.parents[2]) not in listed, "the worktree is gone again"
