"""Lists of tasks: which, in what order, and by lanes of departments or people."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, func, literal_column, or_, select
from sqlalchemy.orm import Session

from central.digits import whole_number
from central.task_states import STILL_OPEN
from central.task_tables import TaskRow

SHOWS: Final = ("mine", "open", "overdue", "done")
BY: Final = ("list", "department", "owner")
TASKS_PER_PAGE: Final = 50
TASKS_PER_LANE: Final = 8
LANES_MAX: Final = 60


@dataclass(frozen=True, slots=True)
class Selection:
    """Which tasks. Empty texts mean any; `department` of "-" means none."""

    show: str = "open"
    by: str = "list"
    department: str = ""
    owner: str = ""
    search: str = ""
    page: int = 1


@dataclass(frozen=True, slots=True)
class Lane:
    """A department's or a person's tasks: how many, since when its oldest waits, and the most pressing."""

    key: str
    count: int
    overdue: int
    oldest: float
    rows: Sequence[TaskRow]


def _where(plant: str, chosen: Selection, person: str, account: str, now: float) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [TaskRow.plant == plant]
    found.append(TaskRow.state == "done" if chosen.show == "done" else TaskRow.state.in_(STILL_OPEN))
    if chosen.show == "mine":
        # An account that is nobody of the master data owns nothing; it sees what it asked for.
        mine = or_(TaskRow.owner == person, TaskRow.acting == person)
        found.append(mine if person else TaskRow.made_by == account)
    if chosen.show == "overdue":
        found.append(TaskRow.due <= now)
    if chosen.department:
        found.append(TaskRow.department == ("" if chosen.department == "-" else chosen.department))
    if chosen.owner:
        found.append(or_(TaskRow.owner == chosen.owner, TaskRow.acting == chosen.owner))
    if chosen.search:
        like = [TaskRow.title.icontains(chosen.search, autoescape=True), TaskRow.work_order == chosen.search]
        number = whole_number(chosen.search.lstrip("#"), 15)
        if number is not None:
            like.append(TaskRow.number == number)
        found.append(or_(*like, TaskRow.operation == chosen.search, TaskRow.station == chosen.search))
    return found


def _order(chosen: Selection) -> tuple[Any, ...]:
    """The most pressing first: by time, those without one last; what is done by when it was."""
    if chosen.show == "done":
        return (TaskRow.done_at.desc(), TaskRow.number.desc())
    return (TaskRow.due.is_(None), TaskRow.due, TaskRow.priority.desc(), TaskRow.number)


def selected(
    session: Session, plant: str, chosen: Selection, person: str, account: str, now: float, count: int = TASKS_PER_PAGE
) -> tuple[Sequence[TaskRow], int]:
    """A page of tasks, and how many there are in all."""
    where = _where(plant, chosen, person, account, now)
    total = session.scalar(select(func.count()).select_from(TaskRow).where(*where)) or 0
    wanted = select(TaskRow).where(*where).order_by(*_order(chosen))
    return session.scalars(wanted.offset((chosen.page - 1) * count).limit(count)).all(), total


def lanes(session: Session, plant: str, chosen: Selection, person: str, account: str, now: float) -> list[Lane]:
    """Lanes by department or by who has the tasks, the one with the most overdue first."""
    # As an expression: for the bare column SQLite walks every task there ever was in the order of its index.
    column = (TaskRow.department if chosen.by == "department" else TaskRow.acting).concat(literal_column("''"))
    where = _where(plant, chosen, person, account, now)
    late = func.sum(func.coalesce((TaskRow.due <= now).cast(TaskRow.priority.type), 0))
    grouped = select(column, func.count(), late, func.min(TaskRow.made_at)).where(*where).group_by(column)
    found = []
    for key, total, overdue, oldest in session.execute(grouped.order_by(late.desc(), column).limit(LANES_MAX)):
        rows = select(TaskRow).where(*where, column == key).order_by(*_order(chosen)).limit(TASKS_PER_LANE)
        found.append(Lane(key, total, int(overdue or 0), oldest, session.scalars(rows).all()))
    return found


def measures_of(session: Session, plant: str, problem: int) -> Sequence[TaskRow]:
    """The tasks of a problem, in the order in which they were made."""
    wanted = select(TaskRow).where(TaskRow.plant == plant, TaskRow.problem == problem).order_by(TaskRow.number)
    return session.scalars(wanted.limit(TASKS_PER_PAGE)).all()
