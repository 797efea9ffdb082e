"""What can be made next, and where an order is stuck.

Pure: values in, values out. Times are seconds since 1970.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

State = Literal["waiting", "ready", "running", "paused", "done"]
STATES: Final[tuple[State, ...]] = ("waiting", "ready", "running", "paused", "done")
"""In the order in which an operation comes by them."""

SILENT_SECONDS: Final = 2 * 3600.0
"""Running, or ready, for so long without a report is where an order is stuck."""

DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True, slots=True)
class Step:
    """An operation in its order. `planned` None: the master data does not name it."""

    operation: str
    number: int
    planned: int | None
    good: int
    scrap: int


@dataclass(frozen=True, slots=True)
class StepState:
    """A step as it stands now. `since`: when its state began; `reported`: its newest report, or None."""

    operation: str
    number: int
    state: State
    ready: int
    since: float
    reported: float | None
    called: float | None = None
    """Since when a call of it is open."""


@dataclass(frozen=True, slots=True)
class Stuck:
    """Which operation holds an order up. `why`: call, paused, silent, idle, held, upstream."""

    operation: str
    why: str
    since: float


def day_of(due: str) -> str:
    """The day that a due date begins with, as YYYY-MM-DD; empty where it is none."""
    found = DAY.match(due.strip())
    return found[0] if found else ""


def stages(steps: Sequence[Step]) -> list[list[Step]]:
    """Steps in the order in which they are made; those with one number are side by side."""
    found: dict[int, list[Step]] = {}
    for each in sorted(steps, key=lambda each: (each.number, each.operation)):
        found.setdefault(each.number, []).append(each)
    return list(found.values())


def ready_pieces(steps: Sequence[Step], quantity: int | None) -> dict[str, int]:
    """Pieces each operation can go on with: the least that the stage before has made good, less its own good and scrap.

    The first stage has the order's quantity (its own plan where the order has none). Pieces that went back for rework
    are still to be made here, so they are not taken off. Never below zero.
    """
    found: dict[str, int] = {}
    before: int | None = None
    for stage in stages(steps):
        for each in stage:
            given = before if before is not None else max(quantity or 0, each.planned or 0)
            found[each.operation] = max(0, given - each.good - each.scrap)
        before = min(each.good for each in stage)
    return found


def state_of(step: Step, ready: int, working: Sequence[str], order_state: str) -> State:
    """The state of an operation. `working`: states of the people at it (running, setup, paused)."""
    if "running" in working or "setup" in working:
        return "running"
    if working:
        return "paused"
    if order_state == "closed" or step.planned is None or (step.planned and step.good >= step.planned):
        return "done"
    return "ready" if ready and order_state != "held" else "waiting"


def stuck_at(steps: Sequence[StepState], order_state: str, now: float) -> Stuck | None:
    """Where an order is stuck and why; None when it goes on, is done, or has only just become ready.

    Open calls come before pauses, pauses before silence: what a person can do something about at once comes first.
    """
    todo = [each for each in sorted(steps, key=lambda each: each.number) if each.state != "done" or each.called]
    called = [each for each in todo if each.called is not None]
    if called:
        return Stuck(called[0].operation, "call", called[0].called or now)
    if order_state == "held" and todo:
        return Stuck(todo[0].operation, "held", todo[0].since)
    found = [Stuck(each.operation, "paused", each.since) for each in todo if each.state == "paused"]
    for word, state in (("silent", "running"), ("idle", "ready")):
        for each in todo:
            heard = max(each.since, each.reported or 0.0)
            if each.state == state and now - heard > SILENT_SECONDS:
                found.append(Stuck(each.operation, word, heard))
    moving = any(each.state in ("running", "ready", "paused") for each in todo)
    if not moving:
        found += [Stuck(each.operation, "upstream", each.since) for each in todo if each.state == "waiting"]
    return found[0] if found else None
