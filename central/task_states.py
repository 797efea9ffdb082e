"""A task: one table of what may follow what.

Pure: values in, values out.
"""

from enum import StrEnum
from typing import Final

from central.errors import TaskRefused


class TaskState(StrEnum):
    """Where a task stands. REPLIED: answered, and somebody else still has to confirm it."""

    OPEN = "open"
    ACCEPTED = "accepted"
    WAITING = "waiting"
    REPLIED = "replied"
    DONE = "done"
    CANCELLED = "cancelled"


class TaskAction(StrEnum):
    """What one can do with a task. RETURN: the answer is not what was asked for."""

    ACCEPT = "accept"
    WAIT = "wait"
    REPLY = "reply"
    FINISH = "finish"
    CONFIRM = "confirm"
    RETURN = "return"
    ASSIGN = "assign"
    CANCEL = "cancel"
    REOPEN = "reopen"


_UNDER_WAY: Final = (TaskState.OPEN, TaskState.ACCEPTED, TaskState.WAITING)

TABLE: Final[dict[tuple[TaskState, TaskAction], TaskState]] = {
    (TaskState.OPEN, TaskAction.ACCEPT): TaskState.ACCEPTED,
    (TaskState.WAITING, TaskAction.ACCEPT): TaskState.ACCEPTED,
    (TaskState.OPEN, TaskAction.WAIT): TaskState.WAITING,
    (TaskState.ACCEPTED, TaskAction.WAIT): TaskState.WAITING,
    **{(each, TaskAction.REPLY): TaskState.REPLIED for each in _UNDER_WAY},
    **{(each, TaskAction.FINISH): TaskState.DONE for each in _UNDER_WAY},
    (TaskState.REPLIED, TaskAction.CONFIRM): TaskState.DONE,
    (TaskState.REPLIED, TaskAction.RETURN): TaskState.ACCEPTED,
    **{(each, TaskAction.ASSIGN): TaskState.OPEN for each in _UNDER_WAY},
    **{(each, TaskAction.CANCEL): TaskState.CANCELLED for each in (*_UNDER_WAY, TaskState.REPLIED)},
    (TaskState.DONE, TaskAction.REOPEN): TaskState.OPEN,
    (TaskState.CANCELLED, TaskAction.REOPEN): TaskState.OPEN,
}
"""Every pair that is not in here is refused. A new owner has not accepted yet, so a task that changes hands is open."""

OVER: Final = (TaskState.DONE, TaskState.CANCELLED)
STILL_OPEN: Final = tuple(each for each in TaskState if each not in OVER)
"""To be asked for by name: what is not over is a few of all the tasks there ever were, and an index knows states."""


def after(state: str, action: TaskAction) -> TaskState:
    """The state that follows. Raises TaskRefused, and nothing has changed."""
    follows = TABLE.get((TaskState(state), action))
    if follows is None:
        raise TaskRefused(f"a task that is {state} cannot be taken to {action}")
    return follows


def allowed(state: str, action: TaskAction) -> bool:
    """Is there a state that follows?"""
    return (TaskState(state), action) in TABLE


def diagram() -> str:
    """The table as a Mermaid state diagram."""
    lines = ["stateDiagram-v2", f"    [*] --> {TaskState.OPEN}"]
    lines += [f"    {state} --> {follows}: {action}" for (state, action), follows in TABLE.items()]
    lines += [f"    {state} --> [*]" for state in OVER]
    return "\n".join(lines) + "\n"
