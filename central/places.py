"""Where the things of the office are: each with the stations that it is about, as `site/area/line/station`.

A role that is given for a line holds for what is at one of its stations. What names no station at all is the plant's
and no other line's; a station that the master data does not name is nobody's place.
"""

from collections.abc import Iterable
from typing import Final, Protocol

from sqlalchemy import select
from sqlalchemy.orm import Session

from central.call_names import call_of
from central.digits import whole_number
from central.models import Operation, Work
from central.snapshots import current_master
from central.task_tables import ProblemCall, ProblemRow, TaskRow
from floor.master import MasterData

Places = frozenset[str]
NOWHERE: Final[Places] = frozenset()


def places_of(session: Session, plant: str, kind: str, subject: str) -> Places:
    """Where a task, problem, call, order or operation is; nowhere for what there is not."""
    if kind == "task":
        task = session.get(TaskRow, (plant, whole_number(subject, 15) or 0))
        return places_of_task(session, plant, task) if task is not None else NOWHERE
    if kind == "problem":
        problem = session.get(ProblemRow, (plant, whole_number(subject, 15) or 0))
        return places_of_problem(session, plant, problem) if problem is not None else NOWHERE
    if kind == "call":
        call = call_of(session, plant, subject)
        return _at(current_master(session, plant), [call.station]) if call is not None else NOWHERE
    if kind == "order":
        return places_of_operations(session, plant, _operations_of(session, plant, subject))
    return places_of_operations(session, plant, [subject])


def places_of_links(
    session: Session,
    plant: str,
    *,
    station: str = "",
    call: str = "",
    operation: str = "",
    work_order: str = "",
    problem: int | None = None,
) -> Places:
    """Where a task is, by the nearest thing that it names."""
    if station:
        return _at(current_master(session, plant), [station])
    if call:
        return places_of(session, plant, "call", call)
    if problem:
        return places_of(session, plant, "problem", str(problem))
    if operation or work_order:
        return places_of(session, plant, "operation" if operation else "order", operation or work_order)
    return NOWHERE


class Linked(Protocol):
    """A task, kept or as somebody wants it: what it names."""

    @property
    def station(self) -> str: ...
    @property
    def call(self) -> str: ...
    @property
    def operation(self) -> str: ...
    @property
    def work_order(self) -> str: ...
    @property
    def problem(self) -> int | None: ...


def places_of_task(session: Session, plant: str, task: Linked) -> Places:
    """Where a task is."""
    return places_of_links(
        session,
        plant,
        station=task.station,
        call=task.call,
        operation=task.operation,
        work_order=task.work_order,
        problem=task.problem,
    )


def places_of_problem(session: Session, plant: str, row: ProblemRow) -> Places:
    """Where a problem is: its own station, and those of all its calls."""
    mine = (ProblemCall.plant == plant, ProblemCall.problem == row.number)
    calls = session.scalars(select(ProblemCall.call).where(*mine)).all()
    found = {call.station for each in calls if (call := call_of(session, plant, each)) is not None}
    return _at(current_master(session, plant), found | ({row.station} if row.station else set()))


def places_of_operations(session: Session, plant: str, operations: Iterable[str]) -> Places:
    """Where operations are: the stations at which the plan puts them, and those at which somebody did them."""
    master, names = current_master(session, plant), list(operations)
    planned = [row for each in names if (row := master.operation_of(each)) is not None]
    done = session.scalars(select(Work.station).where(Work.plant == plant, Work.operation.in_(names)).distinct())
    return _at(master, {each for row in planned for each in row.stations} | set(done))


def _operations_of(session: Session, plant: str, work_order: str) -> list[str]:
    master = current_master(session, plant)
    mine = (Operation.plant == plant, Operation.work_order == work_order)
    known = [row.id for row in master.operations_by_order.get(work_order, ())]
    return list(dict.fromkeys([*known, *session.scalars(select(Operation.id).where(*mine))]))


def _at(master: MasterData, stations: Iterable[str]) -> Places:
    return frozenset(master.place_of(each) for each in stations)
