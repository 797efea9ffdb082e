"""The states of a roll-out and of its stages, and when it goes on or stops.

Pure: values in, values out.
"""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from central.rollout_members import AT_RISK, DOUBTED, FAILED, GOOD, LEFT

RUNNING: Final = "running"
PAUSED: Final = "paused"
STOPPED: Final = "stopped"
DONE: Final = "done"

TABLE: Final = {
    (RUNNING, "pause"): PAUSED,
    (PAUSED, "resume"): RUNNING,
    (RUNNING, "stop"): STOPPED,
    (PAUSED, "stop"): STOPPED,
    (RUNNING, "failed"): STOPPED,
    (PAUSED, "failed"): STOPPED,
    (RUNNING, "finished"): DONE,
}
"""(state, event) -> state. Stopped and done are ends: another try is another roll-out."""

ACTS: Final = ("pause", "resume", "stop")
"""Events by a person; the others are the roll-out's own."""

STAGES: Final = ("canary", "part", "all")


@dataclass(frozen=True, slots=True)
class Member:
    """A gateway of a roll-out. `silent_seconds`: since its agent was last heard of. `doubt_seconds`: for how long it
    has been doubted, if it is. Both count only while the server listens."""

    gateway: str
    stage: str
    state: str
    silent_seconds: float = 0.0
    doubt_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Judgement:
    """`event` of the table, or empty; `stage`: the one from here on; `since`: since when all of it is good."""

    event: str
    stage: str
    since: float | None
    reason: str = ""


def judge(
    stage: str,
    since: float | None,
    members: Sequence[Member],
    failures_max: int,
    soak_seconds: float,
    silent_seconds_max: float,
    now: float,
) -> Judgement:
    """What comes next. A gateway that fell silent with the release on its hands, or that was good and has been doubted
    for so long, counts as failed; one that left is waited for no more. Failures that are allowed take nobody on:
    somebody of the stage has to be good."""
    failed = [each for each in members if _is_failed(each, silent_seconds_max)]
    if len(failed) > failures_max:
        names = ", ".join(each.gateway for each in failed[:5])
        return Judgement("failed", stage, since, f"{len(failed)} of {len(members)} failed: {names}")
    begun = [each for each in members if STAGES.index(each.stage) <= STAGES.index(stage)]
    if not all(each.state in (GOOD, LEFT) or each in failed for each in begun):
        return Judgement("", stage, None)
    is_last = len(begun) == len(members)
    if not any(each.state == GOOD for each in begun if is_last or each.stage == stage):
        return Judgement("failed", stage, since, f"no gateway of the stage {stage} is good")
    if is_last:
        return Judgement("finished", stage, since)
    since = now if since is None or since > now else since
    if now - since < soak_seconds:
        return Judgement("", stage, since)
    waiting = {each.stage for each in members} - {each.stage for each in begun}
    return Judgement("", min(waiting, key=STAGES.index), None)


def _is_failed(member: Member, silent_seconds_max: float) -> bool:
    if member.state in FAILED:
        return True
    if member.state == DOUBTED:
        return member.doubt_seconds > silent_seconds_max
    return member.state in AT_RISK and member.silent_seconds > silent_seconds_max


def staged(
    gateways: Sequence[str], canaries: Sequence[str], canary_count: int, percent: int, salt: str
) -> dict[str, str]:
    """gateway -> stage. Who is not named as a canary is taken in an order that differs from release to release.
    `percent`: of those who are no canary, rounded up, so that there is a second stage unless it is 0."""
    order = sorted(gateways, key=lambda name: hashlib.sha256(f"{salt}/{name}".encode()).digest())
    first = [name for name in order if name in canaries] or order[:canary_count]
    rest = [name for name in order if name not in first]
    part = rest[: math.ceil(len(rest) * percent / 100)]
    return {name: "canary" if name in first else "part" if name in part else "all" for name in order}


def has_later(stage: str, stages: Sequence[str]) -> bool:
    """Whether a stage is watched: somebody of a later one takes the release on its word."""
    return any(STAGES.index(each) > STAGES.index(stage) for each in stages)


def diagram() -> str:
    """The table as a Mermaid state diagram."""
    lines = ["stateDiagram-v2", f"    [*] --> {RUNNING}"]
    lines += [f"    {state} --> {follows}: {event}" for (state, event), follows in TABLE.items()]
    lines += [f"    {state} --> [*]" for state in (STOPPED, DONE)]
    return "\n".join(lines) + "\n"


def in_window(minute: int, begins: int | None, ends: int | None) -> bool:
    """Whether a minute of the day lies in a window, which may go over midnight."""
    if begins is None or ends is None or begins == ends:
        return True
    if begins < ends:
        return begins <= minute < ends
    return minute >= begins or minute < ends
