"""Tasks as data: `/api/v1/tasks`."""

from typing import Annotated, Literal

from flask import Blueprint, Response
from pydantic import BaseModel, Field
from spectree import Response as Described
from sqlalchemy import or_, select

from central.api import PREFIX, READING, answer, described, faults, queried
from central.context import plant
from central.read_api import READERS, Number
from central.task_states import STILL_OPEN, TaskState
from central.task_tables import TaskRow
from central.tasks import PRIORITIES, checklist_of

TASKS_PER_READ_MAX = 200


class TasksAsked(BaseModel):
    """Which tasks, behind number `after`. Empty texts mean any; `show` of `open`: those that are not over."""

    show: Literal["open", "overdue", "done", "all"] = "open"
    owner: Annotated[str, Field(max_length=48, description="person who owns it or acts for its owner")] = ""
    department: Annotated[str, Field(max_length=48)] = ""
    operation: Annotated[str, Field(max_length=64)] = ""
    work_order: Annotated[str, Field(max_length=64)] = ""
    after: Number = 0
    limit: Annotated[int, Field(ge=1, le=TASKS_PER_READ_MAX)] = 100


class ItemTold(BaseModel):
    """An item of a checklist."""

    text: str
    done: bool


class TaskTold(BaseModel):
    """A task. Times are seconds since 1970; `acting` has it now: its owner or who stands in for them."""

    number: int
    title: str
    text: str
    state: TaskState
    owner: str
    acting: str
    due: float | None
    priority: str
    reply_way: str
    reply: str
    checklist: list[ItemTold]
    source: str
    department: str
    call: str
    work_order: str
    operation: str
    station: str
    problem: int | None
    made_at: float
    done_at: float | None
    changed_at: float


class TasksTold(BaseModel):
    """The next tasks by number."""

    tasks: list[TaskTold]


def blueprint() -> Blueprint:
    """The route."""
    routes = Blueprint("task_api", __name__, url_prefix=PREFIX)
    routes.get("/tasks")(tasks)
    return routes


@described(query=TasksAsked, resp=Described(HTTP_200=TasksTold, **faults(401, 403)), tags=[READERS], security=READING)
def tasks() -> Response:
    """Tasks by number: ask again behind the last one until none comes."""
    here = plant()
    asked = queried(TasksAsked)
    wanted = select(TaskRow).where(TaskRow.plant == here.database.plant, TaskRow.number > asked.after)
    if asked.show == "done":
        wanted = wanted.where(TaskRow.state == TaskState.DONE.value)
    elif asked.show != "all":
        wanted = wanted.where(TaskRow.state.in_(STILL_OPEN))
    if asked.show == "overdue":
        wanted = wanted.where(TaskRow.due <= here.now())
    if asked.owner:
        wanted = wanted.where(or_(TaskRow.owner == asked.owner, TaskRow.acting == asked.owner))
    for name in ("department", "operation", "work_order"):
        if getattr(asked, name):
            wanted = wanted.where(getattr(TaskRow, name) == getattr(asked, name))
    with here.database.read() as session:
        rows = session.scalars(wanted.order_by(TaskRow.number).limit(asked.limit)).all()
    return answer(TasksTold(tasks=[_told(row) for row in rows]))


def _told(row: TaskRow) -> TaskTold:
    items = [ItemTold(text=text, done=done) for text, done in checklist_of(row)]
    named = {name: getattr(row, name) for name in TaskTold.model_fields if name not in ("checklist", "priority")}
    return TaskTold(**named, checklist=items, priority=PRIORITIES[row.priority])
