"""A problem: one table of what may follow what.

Pure: values in, values out.
"""

from enum import StrEnum
from typing import Final

from central.errors import ProblemRefused


class ProblemState(StrEnum):
    """Where a problem stands. CHECKING: its measures are taken, and a day is named on which their effect is judged."""

    OPEN = "open"
    CHECKING = "checking"
    CLOSED = "closed"
    CANCELLED = "cancelled"


class ProblemAction(StrEnum):
    """What happens to a problem. RECUR: its calls came again, as often as its threshold says."""

    SUBMIT = "submit"
    EFFECTIVE = "effective"
    INEFFECTIVE = "ineffective"
    RECUR = "recur"
    CANCEL = "cancel"
    REOPEN = "reopen"


TABLE: Final[dict[tuple[ProblemState, ProblemAction], ProblemState]] = {
    (ProblemState.OPEN, ProblemAction.SUBMIT): ProblemState.CHECKING,
    (ProblemState.CHECKING, ProblemAction.EFFECTIVE): ProblemState.CLOSED,
    (ProblemState.CHECKING, ProblemAction.INEFFECTIVE): ProblemState.OPEN,
    (ProblemState.CHECKING, ProblemAction.RECUR): ProblemState.OPEN,
    (ProblemState.CLOSED, ProblemAction.RECUR): ProblemState.OPEN,
    (ProblemState.OPEN, ProblemAction.CANCEL): ProblemState.CANCELLED,
    (ProblemState.CLOSED, ProblemAction.REOPEN): ProblemState.OPEN,
    (ProblemState.CANCELLED, ProblemAction.REOPEN): ProblemState.OPEN,
}
"""Every pair that is not in here is refused. Nothing closes a problem but the check of its effect."""


def after(state: str, action: ProblemAction) -> ProblemState:
    """The state that follows. Raises ProblemRefused, and nothing has changed."""
    follows = TABLE.get((ProblemState(state), action))
    if follows is None:
        raise ProblemRefused(f"a problem that is {state} cannot be taken to {action}")
    return follows


def allowed(state: str, action: ProblemAction) -> bool:
    """Is there a state that follows?"""
    return (ProblemState(state), action) in TABLE


def diagram() -> str:
    """The table as a Mermaid state diagram."""
    lines = ["stateDiagram-v2", f"    [*] --> {ProblemState.OPEN}"]
    lines += [f"    {state} --> {follows}: {action}" for (state, action), follows in TABLE.items()]
    lines += [f"    {state} --> [*]" for state in (ProblemState.CLOSED, ProblemState.CANCELLED)]
    return "\n".join(lines) + "\n"
