"""A person's share of an operation: one table of what may follow what.

Pure: values in, values out.
"""

from enum import StrEnum

from floor.errors import WorkRefused


class WorkState(StrEnum):
    """Where a person's share of an operation stands."""

    NONE = "none"
    RUNNING = "running"
    SETUP = "setup"
    PAUSED = "paused"
    FINISHED = "finished"


class WorkAction(StrEnum):
    """What one can do with a share."""

    START = "start"
    FINISH = "finish"
    PAUSE = "pause"
    RESUME = "resume"
    SET_UP = "set_up"
    UNDO = "undo"


AT_WORK = (WorkState.RUNNING, WorkState.SETUP, WorkState.PAUSED)
"""A person has the share: they began it and have not finished it."""

TABLE: dict[tuple[WorkState, WorkAction], WorkState] = {
    (WorkState.NONE, WorkAction.START): WorkState.RUNNING,
    (WorkState.RUNNING, WorkAction.FINISH): WorkState.FINISHED,
    (WorkState.RUNNING, WorkAction.PAUSE): WorkState.PAUSED,
    (WorkState.PAUSED, WorkAction.RESUME): WorkState.RUNNING,
    # Set-up is time of its own: it begins from running work and gives way to it, also just before a pause or a finish.
    (WorkState.RUNNING, WorkAction.SET_UP): WorkState.SETUP,
    (WorkState.SETUP, WorkAction.RESUME): WorkState.RUNNING,
    (WorkState.PAUSED, WorkAction.FINISH): WorkState.FINISHED,
    (WorkState.FINISHED, WorkAction.START): WorkState.RUNNING,
    (WorkState.FINISHED, WorkAction.UNDO): WorkState.RUNNING,
    # An earlier report of a share that was started again is taken back: the share itself stays as it is.
    (WorkState.RUNNING, WorkAction.UNDO): WorkState.RUNNING,
    (WorkState.PAUSED, WorkAction.UNDO): WorkState.PAUSED,
    (WorkState.SETUP, WorkAction.UNDO): WorkState.SETUP,
}
"""Every pair that is not in here is refused."""


def after(state: WorkState, action: WorkAction) -> WorkState:
    """The state that follows. Raises WorkRefused, and nothing has changed."""
    follows = TABLE.get((state, action))
    if follows is None:
        raise WorkRefused(f"a share that is {state} cannot {action}")
    return follows


def allowed(state: WorkState, action: WorkAction) -> bool:
    """Is there a state that follows?"""
    return (state, action) in TABLE


def diagram() -> str:
    """The table as a Mermaid state diagram."""
    lines = ["stateDiagram-v2", f"    [*] --> {WorkState.NONE}"]
    lines += [f"    {state} --> {follows}: {action}" for (state, action), follows in TABLE.items()]
    return "\n".join(lines) + "\n"
