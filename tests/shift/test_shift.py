"""A shift of some six hundred inputs on real processes: what the office holds is what the script comes to."""

import csv
import json
import sqlite3
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
import requests

from simulation.plant import STATIONS, Plant
from simulation.processes import ProcessDied, wait_for
from tests.shift.expectation import FOLDER, Outcome, Shift, read_script
from tests.shift.replay import Replay, shift_plant

pytestmark = [pytest.mark.process, pytest.mark.broker]

CLOCK_SECONDS = 0.01
"""Rounding of a duration in a record."""

Kept = dict[str, Any]


WORDS: dict[str, tuple[str, ...]] = {
    "session.opened": ("person",),
    "session.closed": ("person",),
    "work.started": ("person", "operation"),
    "work.paused": ("person", "operation"),
    "work.resumed": ("person", "operation"),
    "report.finished": ("person", "operation", "good", "scrap", "scrap_reason"),
    "report.corrected": ("person", "operation", "good", "scrap"),
    "scan.rejected": ("reason",),
    "scan.refused": ("rule", "person", "operation"),
    "andon.raised": ("call_type",),
    "andon.acknowledged": ("call_type", "person"),
    "andon.resolved": ("call_type", "cause"),
    "andon.cancelled": ("call_type",),
    "notice.read": ("person", "notice"),
    "notice.misread": ("person", "asked", "given"),
    "handover.offered": ("person", "facts"),
    "handover.misread": ("person", "asked", "given"),
    "handover.accepted": ("person",),
}
"""What people did: the type of a record -> the fields that the expectation names."""


def told(event: Kept) -> Outcome:
    """A record's words as the expectation has them."""
    found = [event["data"][field] for field in WORDS[event["type"]]]
    flat = [word for each in found for word in (each if isinstance(each, list) else [each])]
    return (event["type"], *(str(each) for each in flat))


def held(plant: Plant) -> list[Kept]:
    """The records of the stations at the office, in the order of the log."""
    with sqlite3.connect(f"file:{plant.central_folder / 'central.sqlite3'}?mode=ro", uri=True) as connection:
        rows = connection.execute("SELECT content FROM record WHERE place = 0 ORDER BY stream_id, seq").fetchall()
    connection.close()
    events = [json.loads(content) for (content,) in rows]
    return [each for each in events if each["type"] in WORDS]


def expected_at(shift: Shift, station: str) -> list[tuple[int, Outcome]]:
    rows = [each.number for each in read_script() if each.station == station]
    return [(number, outcome) for number in rows for outcome in shift.outcomes.get(number, [])]


def compare(plant: Plant, replay: Replay, shift: Shift) -> None:
    """Every record in its order, every duration between the times that its rows allow, and the board's totals."""
    kept: dict[str, list[Kept]] = defaultdict(list)
    for event in held(plant):
        kept[event["subject"]].append(event)
    for station in STATIONS:
        wanted = expected_at(shift, station)
        assert [told(each) for each in kept[station]] == [outcome for _, outcome in wanted], station
        for (number, outcome), event in zip(wanted, kept[station], strict=True):
            if outcome[0] == "report.finished":
                low, high = bounds(replay, shift.seconds[number])
                assert low <= event["data"]["seconds"] <= high, (number, outcome)
    raised: dict[str, Kept] = {}
    for event in [each for station in STATIONS for each in kept[station]]:
        if event["type"] == "andon.raised":
            raised[event["subject"], event["data"]["call_type"]] = event  # type: ignore[index]
        elif event["type"] == "andon.resolved":
            began = raised[event["subject"], event["data"]["call_type"]]  # type: ignore[index]
            seconds = float(event["boottime"]) - float(began["boottime"])
            assert any(
                low <= seconds <= high for low, high in (bounds(replay, [each]) for each in shift.waited.values())
            )
    board = requests.get(f"http://127.0.0.1:{plant.ports.central}/api/v1/board", timeout=20).json()
    shown = {each["operation"]: (each["good"], each["scrap"]) for each in board["operations"]}
    touched = {key: (shift.good[key], shift.scrap[key]) for key in shift.good if shift.good[key] or shift.scrap[key]}
    assert {key: shown.get(key) for key in touched} == touched
    assert board["calls"] == []


def bounds(replay: Replay, stretches: list[tuple[int, int]]) -> tuple[float, float]:
    """The shortest and the longest time that these stretches can have taken."""
    low = sum(max(0.0, replay.sent[end] - replay.answered[start]) for start, end in stretches)
    high = sum(replay.answered[end] - replay.sent[start] for start, end in stretches)
    return low - CLOCK_SECONDS, high + CLOCK_SECONDS


def arrived(plant: Plant, shift: Shift) -> bool:
    """Is everything at the office, and folded into its board?"""
    count = sum(len(each) for each in shift.outcomes.values())
    if len(held(plant)) < count:
        return False
    board = requests.get(f"http://127.0.0.1:{plant.ports.central}/api/v1/board", timeout=20).json()
    good = {each["operation"]: each["good"] for each in board["operations"]}
    return board["complete"] and all(good.get(key, 0) == value for key, value in shift.good.items())


@pytest.mark.parametrize(
    "away",
    [
        pytest.param(range(0), id="connected", marks=pytest.mark.nightly),
        pytest.param(range(150, 450), id="half of it alone"),
    ],
)
def test_the_shift_comes_to_what_its_script_says(tmp_path: Path, away: range) -> None:
    shift = Shift().run()
    try:
        with shift_plant(tmp_path / "plant") as plant:
            replay = Replay(plant)
            replay.run(away)
            wait_for("the whole shift on the board", lambda: arrived(plant, shift), 120)
            compare(plant, replay, shift)
    except ProcessDied as error:
        raise AssertionError(str(error)) from error


def test_thirty_rows_were_checked_by_hand() -> None:
    """What a person worked out on paper for these rows of the script; the expectation must say the same."""
    shift = Shift().run()
    with (FOLDER / "checked_by_hand.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 30
    for row in rows:
        said = "; ".join(" ".join(outcome).strip() for outcome in shift.outcomes.get(int(row["row"]), []))
        assert said == row["comes to"], row


def test_the_script_is_a_whole_shift() -> None:
    rows = read_script()
    assert len(rows) >= 590 and rows[-1].second >= 8 * 3600
    assert {each.what for each in rows} == {"scan", "twice", "press", "cut", "mend"}


def test_the_expectation_imports_nothing_of_ours() -> None:
    lines = (FOLDER / "expectation.py").read_text(encoding="utf-8").splitlines()
    imported = {each.split()[1].split(".")[0] for each in lines if each.startswith(("import ", "from "))}
    assert imported == {"csv", "tomllib", "dataclasses", "pathlib"}
