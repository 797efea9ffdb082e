"""Each measurement runs with tiny counts and gives the figures it announces. How fast is not judged here."""

import os
from pathlib import Path

import pytest

from benchmarks.__main__ import MEASUREMENTS, Measurement, measured
from benchmarks.readings import NoRealDisk, cpu_seconds, file_system, place, resident_bytes
from benchmarks.scales import TINY

OF_FILES = [each for each in MEASUREMENTS if each.group in ("append", "month", "pages")]
OF_PROCESSES = [each for each in MEASUREMENTS if each.group in ("scan", "photo", "cpu", "idle", "draining", "start")]
OF_SCREENS = [each for each in MEASUREMENTS if each.group == "screen"]
OF_OFFICES = [each for each in MEASUREMENTS if each.group in ("drain", "ingest")]
OF_PLANTS = [each for each in MEASUREMENTS if each.module == "plant_load"]


PLACES = Path("/var/tmp")
"""PostgreSQL runs as somebody else, who could not enter pytest's own folders."""


def gives_what_it_announces(measurement: Measurement) -> None:
    figures = measured(measurement.figures, TINY, PLACES)
    assert tuple(each.name for each in figures) == measurement.figures
    for each in figures:
        # The kernel counts a process's CPU in ticks of 10 ms: one that idles for a moment may have used none.
        assert each.value > 0 or (each.name == "idle_cpu" and each.value == 0)
        assert each.unit and each.target
        assert each.baseline is None or each.baseline > 0


@pytest.mark.parametrize("measurement", OF_FILES, ids=lambda each: each.figures[0])
def test_files(measurement: Measurement) -> None:
    gives_what_it_announces(measurement)


@pytest.mark.browser
@pytest.mark.parametrize("measurement", OF_SCREENS, ids=lambda each: each.figures[0])
def test_screens(measurement: Measurement) -> None:
    gives_what_it_announces(measurement)


@pytest.mark.process
@pytest.mark.broker
@pytest.mark.parametrize("measurement", OF_PROCESSES, ids=lambda each: each.figures[0])
def test_processes(measurement: Measurement) -> None:
    gives_what_it_announces(measurement)


@pytest.mark.process
@pytest.mark.broker
@pytest.mark.postgres
@pytest.mark.parametrize("measurement", OF_OFFICES, ids=lambda each: each.figures[0])
def test_offices(measurement: Measurement) -> None:
    gives_what_it_announces(measurement)


@pytest.mark.nightly
@pytest.mark.process
@pytest.mark.postgres
@pytest.mark.timeout(900)
@pytest.mark.parametrize("measurement", OF_PLANTS, ids=lambda each: each.figures[0])
def test_plants(measurement: Measurement) -> None:
    """Two hundred gateways and three readers want the machine for themselves."""
    gives_what_it_announces(measurement)


def test_every_measurement_is_tried() -> None:
    assert {*OF_FILES, *OF_SCREENS, *OF_PROCESSES, *OF_OFFICES, *OF_PLANTS} == set(MEASUREMENTS)


def test_a_figure_alone_comes_alone(tmp_path: Path) -> None:
    assert [each.name for each in measured(("append_waiting",), TINY, tmp_path)] == ["append_waiting"]


def test_memory_is_no_disk() -> None:
    assert file_system(Path("/proc")) == "proc"
    if file_system(Path("/dev/shm")) == "tmpfs" and file_system(Path("/var/tmp")) == "tmpfs":
        with pytest.raises(NoRealDisk), place():
            pass


def test_processes_are_read() -> None:
    assert cpu_seconds(os.getpid()) > 0
    assert resident_bytes(os.getpid()) > 1_000_000
