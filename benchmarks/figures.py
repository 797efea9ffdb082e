"""One measured figure beside its baseline, and how a set of them is shown. Pure."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """`ratio` is value / baseline, None where there is no baseline. `target` is text such as `>= 0.8`."""

    name: str
    value: float
    unit: str
    baseline: float | None
    ratio: float | None
    target: str
    holds: bool


def at_least(name: str, value: float, unit: str, baseline: float, target: float, ratio: float | None = None) -> Figure:
    """More is better: the ratio must reach the target. `ratio`: a median of ratios where it is not value/baseline."""
    found = value / baseline if ratio is None else ratio
    return Figure(name, _short(value), unit, _short(baseline), round(found, 3), f">= {target:g}", found >= target)


def at_most(name: str, value: float, unit: str, baseline: float, target: float, ratio: float | None = None) -> Figure:
    """Less is better: the ratio must not pass the target."""
    found = value / baseline if ratio is None else ratio
    return Figure(name, _short(value), unit, _short(baseline), round(found, 3), f"<= {target:g}", found <= target)


def below(name: str, value: float, unit: str, bound: float, beside: float | None = None) -> Figure:
    """A bound of its own. `beside`: what a baseline has, shown and not judged."""
    ratio = None if beside is None else round(value / beside, 3)
    baseline = None if beside is None else _short(beside)
    return Figure(name, _short(value), unit, baseline, ratio, f"< {bound:g} {unit}", value < bound)


def as_json(figures: Sequence[Figure]) -> str:
    """The list for a machine."""
    return json.dumps([asdict(each) for each in figures], indent=1)


def as_table(figures: Sequence[Figure]) -> str:
    """The list for a person."""
    rows = [("figure", "value", "unit", "baseline", "ratio", "target", "holds")]
    for each in figures:
        baseline = "-" if each.baseline is None else f"{each.baseline:,g}"
        ratio = "-" if each.ratio is None else f"{each.ratio:.2f}"
        verdict = "yes" if each.holds else "NO"
        rows.append((each.name, f"{each.value:,g}", each.unit, baseline, ratio, each.target, verdict))
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join(lines)


def _short(value: float) -> float:
    """Four significant digits: the machine is not quieter than that."""
    return float(f"{value:.4g}")
