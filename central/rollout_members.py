"""The states of one gateway in a roll-out: what its agent tells, and what the office sees of it.

Pure: values in, values out.
"""

from collections.abc import Sequence
from typing import Final

WAITING: Final = "waiting"
OFFERED: Final = "offered"
UNDER_WAY: Final = "under_way"
"""Kept as the agent's own word, from downloading to trial (gateway/updates/states.py)."""
GOOD: Final = "good"
DOUBTED: Final = "doubted"
RETURNED: Final = "returned"
REFUSED: Final = "refused"
LEFT: Final = "left"

FAILED: Final = (RETURNED, REFUSED)
AT_RISK: Final = ("installed", "trial")
"""With the release on its hands: one that falls silent now may not have come up again. Before, it may just be off."""

TABLE: Final = {
    (WAITING, "offered"): OFFERED,
    (OFFERED, "begun"): UNDER_WAY,
    (UNDER_WAY, "begun"): UNDER_WAY,
    (UNDER_WAY, "withdrawn"): WAITING,
    **{(state, ending): ending for state in (OFFERED, UNDER_WAY) for ending in (GOOD, RETURNED, REFUSED)},
    (RETURNED, GOOD): GOOD,
    (REFUSED, GOOD): GOOD,
    (RETURNED, REFUSED): REFUSED,
    (REFUSED, RETURNED): RETURNED,
    (GOOD, "doubted"): DOUBTED,
    (DOUBTED, "cleared"): GOOD,
    **{(state, "revoked"): LEFT for state in (WAITING, OFFERED, UNDER_WAY, GOOD, DOUBTED)},
}
"""(state, event) -> state. `withdrawn`: its agent tells of this roll-out no more, since it was paused or its window has
ended, or since another card took its place. `doubted`, `cleared` and `revoked` are the office's own findings; who left
takes part in the next roll-out, if it is enrolled again."""


def phase_of(state: str, was_offered: bool) -> str:
    """The state of the table. An agent's word `waiting` is for a quiet moment; before the offer it is a turn's."""
    if state == LEFT:
        return LEFT
    if not was_offered:
        return WAITING
    return state if state in (OFFERED, GOOD, DOUBTED, *FAILED) else UNDER_WAY


def event_of(told_state: str) -> str:
    """What the word of an agent is to the table."""
    return told_state if told_state in (GOOD, *FAILED) else "begun"


def doubt_of(
    silent_seconds: float, silent_seconds_max: float, release: str, version: str, bad_faults: Sequence[str]
) -> str:
    """Why a gateway that was good is not taken for good now; empty: it is."""
    if silent_seconds > silent_seconds_max:
        return "its update agent is silent"
    if release and release != version:
        return f"it runs release {release}"
    return f"its health is bad: {', '.join(bad_faults)}" if bad_faults else ""


def diagram() -> str:
    """The table as a Mermaid state diagram."""
    lines = ["stateDiagram-v2", f"    [*] --> {WAITING}"]
    lines += [f"    {state} --> {follows}: {event}" for (state, event), follows in TABLE.items()]
    lines.append(f"    {LEFT} --> [*]")
    return "\n".join(lines) + "\n"
