"""A call for help (andon): one table of what may follow what.

Pure: values in, values out.
"""

from enum import StrEnum
from typing import TYPE_CHECKING

from floor.errors import CallRefused

if TYPE_CHECKING:
    from floor.rows import CallType


class CallState(StrEnum):
    """Where a call stands. NONE: there is no open call of this type at this station."""

    NONE = "none"
    RAISED = "raised"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"
    CANCELLED = "cancelled"


class CallAction(StrEnum):
    """What one can do with a call."""

    RAISE = "raise"
    ACKNOWLEDGE = "acknowledge"
    RESOLVE = "resolve"
    CANCEL = "cancel"
    ASSIGN = "assign"


TABLE: dict[tuple[CallState, CallAction], CallState] = {
    (CallState.NONE, CallAction.RAISE): CallState.RAISED,
    (CallState.RAISED, CallAction.ACKNOWLEDGE): CallState.ACKNOWLEDGED,
    (CallState.RAISED, CallAction.RESOLVE): CallState.RESOLVED,
    (CallState.RAISED, CallAction.CANCEL): CallState.CANCELLED,
    (CallState.ACKNOWLEDGED, CallAction.RESOLVE): CallState.RESOLVED,
    (CallState.RAISED, CallAction.ASSIGN): CallState.RAISED,
    (CallState.ACKNOWLEDGED, CallAction.ASSIGN): CallState.RAISED,
}
"""Every pair that is not in here is refused. A closed call stays closed: the next press raises a new one.

A call that is handed over waits for its new owner: whoever had taken it no longer has it.
"""


def after(state: CallState, action: CallAction) -> CallState:
    """The state that follows. Raises CallRefused, and nothing has changed."""
    follows = TABLE.get((state, action))
    if follows is None:
        raise CallRefused(f"a call that is {state} cannot be taken to {action}")
    return follows


def allowed(state: CallState, action: CallAction) -> bool:
    """Is there a state that follows?"""
    return (state, action) in TABLE


def impact_of(kind: "CallType | None", stopped: bool = False) -> str:
    """What a call does to the line: `fixed` as long as that runs on to its fixed position."""
    if stopped:
        return "stop"
    if kind is None:
        return "slow"
    return "fixed" if kind.fixed_position else kind.impact


def diagram() -> str:
    """The table as a Mermaid state diagram."""
    lines = ["stateDiagram-v2", f"    [*] --> {CallState.NONE}"]
    lines += [f"    {state} --> {follows}: {action}" for (state, action), follows in TABLE.items()]
    lines += [f"    {state} --> [*]" for state in (CallState.RESOLVED, CallState.CANCELLED)]
    return "\n".join(lines) + "\n"
