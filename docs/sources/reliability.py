"""The results in docs/reliability.md: what the last recorded runs of the fault lab, the simulation and the image found.

A run is recorded by `scripts/record-faults` or its like as a JSON file in docs/reliability/, and the page shows what is
there; what was not run is named as such.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from docs.sources.code import ROOT, cell, table

FOLDER = ROOT / "docs/reliability"
HEADS = ("fault", "times", "beeped", "lost", "doubled", "outcome", "seconds")


def recorded(name: str, folder: Path = FOLDER) -> dict[str, Any] | None:
    """The recorded run of that name, or None where there is none."""
    path = folder / f"{name}.json"
    if not path.is_file():
        return None
    content = json.loads(path.read_text("utf-8"))
    assert isinstance(content, dict)
    return content


def merged(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """One row for each fault: runs of the same fault on several cards are added up."""
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        before = found.get(row["fault"])
        if before is None:
            found[row["fault"]] = dict(row)
            continue
        for key in ("count", "acknowledged", "lost", "doubled", "seconds"):
            before[key] += row[key]
        if row["outcome"] not in before["outcome"]:
            before["outcome"] += f"; {row['outcome']}"
    return list(found.values())


def faults(run: dict[str, Any] | None) -> str:
    """The fault matrix."""
    if run is None:
        return "The fault lab has not been recorded yet: `scripts/test --tier faults`, then `scripts/record-faults`.\n"
    rows = merged(run["rows"])
    kept = sum(row["acknowledged"] for row in rows if not row["expected_loss"])
    lost = sum(row["lost"] for row in rows if not row["expected_loss"])
    doubled = sum(row["doubled"] for row in rows)
    text = (
        f"Run of {run['date']} on commit `{run['commit']}`: {kept:,} labels beeped under faults that must lose "
        f"nothing, {lost} lost; {doubled} counted twice. Rows in italics must lose, or nobody promises that they do "
        "not: they show that the lab sees a loss.\n\n"
    )
    return text + table(HEADS, [_row(row) for row in rows])


def _row(row: dict[str, Any]) -> tuple[str, ...]:
    name = f"*{cell(row['fault'])}*" if row["expected_loss"] else cell(row["fault"])
    figures = (f"{row[key]:,}" for key in ("count", "acknowledged", "lost", "doubled"))
    return (name, *figures, cell(row["outcome"]), f"{row['seconds']:,.0f}")


SLICE_HEADS = ("seeds", "commit", "days", "acknowledged inputs", "faults", "starts", "records", "violations")
MUTANT_HEADS = ("planted bug", "found on day")


def simulation(run: dict[str, Any] | None) -> str:
    """Whole plants from seeds: slices of days, and the broken programs that the checks caught."""
    if run is None:
        return "The simulation of whole plants has not been recorded yet.\n"
    slices = run["slices"]
    days, faults_met = (sum(each[key] for each in slices) for key in ("days", "faults"))
    violations = sum(each["violations"] for each in slices)
    text = f"{days:,} plant-days of distinct seeds, {faults_met:,} faults, {violations} violations of a promise.\n\n"
    text += table(SLICE_HEADS, [_slice_row(each) for each in slices])
    if run["mutants"]:
        text += "\n" + table(MUTANT_HEADS, [_mutant_row(each) for each in run["mutants"]])
    return text


def _slice_row(part: dict[str, Any]) -> tuple[str, ...]:
    counts = (f"{part[key]:,}" for key in ("days", "acknowledged", "faults", "boots", "records", "violations"))
    return (f"{part['first_seed']:,} to {part['last_seed']:,}", f"`{part['commit']}`", *counts)


def _mutant_row(mutant: dict[str, Any]) -> tuple[str, str]:
    return f"`{cell(mutant['bug'])}`", str(mutant["days"]) if mutant["found"] else f"not within {mutant['days']}"


def image(run: dict[str, Any] | None) -> str:
    """Power cuts of a virtual machine."""
    if run is None:
        return "Power cuts of a virtual machine have not been recorded yet.\n"
    text = f"Run of {run['date']} on commit `{run['commit']}`; processor: {run['accelerator']}.\n\n"
    return text + table(HEADS, [_row(row) for row in merged(run["rows"])])


def blocks() -> dict[str, str]:
    """What goes between the marks of docs/reliability.md."""
    return {
        "faults": faults(recorded("faults")),
        "simulation": simulation(recorded("simulation")),
        "vm": image(recorded("vm")),
    }
