"""Problems: calls that deserve more than a repair. Why five times, eight disciplines, and a day on which the effect of
the measures is judged. Functions over a session that writes.

Calls of the same type, station and cause that are resolved after the measures are recurrences. When they reach the
problem's threshold (RECURRENCE_THRESHOLD unless it names another) it is open again.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from central.alarms import raise_alarms
from central.call_names import call_name
from central.change import note_change
from central.duties import is_person
from central.errors import ProblemRefused, TaskRefused
from central.history import SERVER, Actor, change, refuse_stale
from central.ingest_rules import AlarmRaised
from central.limits import (
    CALLS_PER_PROBLEM_MAX,
    PROBLEMS_OPEN_MAX,
    RECURRENCE_THRESHOLD,
    TASK_REPLY_CHARACTERS_MAX,
    TASK_TEXT_CHARACTERS_MAX,
    TASK_TITLE_CHARACTERS_MAX,
)
from central.models import Call
from central.problem_states import ProblemAction, ProblemState, after, allowed
from central.snapshots import current_master
from central.task_tables import ProblemCall, ProblemRow, TaskRow
from central.tasks import Wanted, make_task, tell

WHYS: Final = 5
STEPS: Final = 8
THRESHOLD_MAX: Final = 9
REASONED: Final = (ProblemAction.INEFFECTIVE, ProblemAction.CANCEL, ProblemAction.REOPEN)
OVER: Final = (ProblemState.CLOSED, ProblemState.CANCELLED)
CHECKS_AT_ONCE: Final = 100
CHECK: Final = "problem-check/"
"""How the key of the task begins that asks whether the measures of a problem had an effect."""


@dataclass(frozen=True, slots=True)
class Analysis:
    """What people write into a problem. Times are seconds since 1970."""

    title: str
    owner: str
    cause: str = ""
    whys: tuple[str, ...] = ("",) * WHYS
    steps: tuple[str, ...] = ("",) * STEPS
    due: float | None = None
    check_at: float | None = None
    threshold: int = RECURRENCE_THRESHOLD


def problem_of(session: Session, plant: str, number: int) -> ProblemRow | None:
    """A problem by its number."""
    return session.get(ProblemRow, (plant, number))


def problem_of_call(session: Session, plant: str, call: str) -> int | None:
    """The problem that a call belongs to."""
    found = session.get(ProblemCall, (plant, call))
    return found.problem if found is not None else None


def calls_of(session: Session, plant: str, number: int) -> Sequence[ProblemCall]:
    """The calls of a problem, newest first."""
    mine = (ProblemCall.plant == plant, ProblemCall.problem == number)
    wanted = select(ProblemCall).where(*mine).order_by(ProblemCall.at.desc()).limit(CALLS_PER_PROBLEM_MAX)
    return session.scalars(wanted).all()


def make_problem(
    session: Session,
    plant: str,
    analysis: Analysis,
    calls: Sequence[Call],
    by: Actor,
    now: float,
    key: str | None = None,
    note: str = "",
) -> int | None:
    """The number of a new problem of these calls, whose first names type, station and cause.

    None where one was made for `key` before. Raises ProblemRefused.
    """
    note_change(session, plant)
    mine = ProblemRow.plant == plant
    if key is not None and session.scalar(select(ProblemRow.number).where(mine, ProblemRow.source_key == key)):
        return None
    if any(problem_of_call(session, plant, call_name(each)) is not None for each in calls):
        raise ProblemRefused("a call belongs to one problem at most, and one of these has its own")
    if (session.scalar(select(func.count()).where(mine, ProblemRow.state.not_in(OVER))) or 0) >= PROBLEMS_OPEN_MAX:
        raise ProblemRefused(f"{PROBLEMS_OPEN_MAX} problems are open, which is all there is room for")
    columns = _checked(session, plant, analysis, by)
    first = calls[0] if calls else None
    columns["call_type"], columns["station"] = (first.call_type, first.station) if first else ("", "")
    columns["cause"] = columns["cause"] or (first.cause if first else "")
    columns |= {"state": ProblemState.OPEN.value, "check_asked": None, "submitted_at": None, "source_key": key}
    columns |= {"recurrences": 0, "recurrences_ever": 0, "made_at": now, "made_by": by.account, "closed_at": None}
    number = (session.scalar(select(func.max(ProblemRow.number)).where(mine)) or 0) + 1
    row = ProblemRow(plant=plant, number=number, edition=0, changed_at=now, **columns)
    session.add(row)
    change(session, row, "made", by, now, note, **columns)
    for each in calls:
        _link(session, row, each, 0, now)
    return number


def add_call(session: Session, row: ProblemRow, call: Call, by: Actor, now: float) -> None:
    """One more call for a problem. Raises ProblemRefused."""
    note_change(session, row.plant)
    if problem_of_call(session, row.plant, call_name(call)) is not None:
        raise ProblemRefused("a call belongs to one problem at most")
    if len(calls_of(session, row.plant, row.number)) >= CALLS_PER_PROBLEM_MAX:
        raise ProblemRefused(f"it has {CALLS_PER_PROBLEM_MAX} calls, which is all there is room for")
    _link(session, row, call, 0, now)
    # A problem that was made without a call takes what it counts by from its first.
    like = {} if row.call_type else {"call_type": call.call_type, "station": call.station}
    change(session, row, "call", by, now, call_name(call), **like)


def _link(session: Session, row: ProblemRow, call: Call, recurred: int, now: float) -> None:
    at = call.raised_at or now
    session.add(ProblemCall(plant=row.plant, call=call_name(call), problem=row.number, recurred=recurred, at=at))
    session.flush()


def _checked(session: Session, plant: str, analysis: Analysis, by: Actor) -> dict[str, Any]:
    """The columns of an analysis. Raises ProblemRefused."""
    title = " ".join(analysis.title.split())
    texts = (*analysis.whys, *analysis.steps)
    if not 0 < len(title) <= TASK_TITLE_CHARACTERS_MAX or any(len(each) > TASK_TEXT_CHARACTERS_MAX for each in texts):
        raise ProblemRefused("a problem has a title, and its texts have bounds")
    if len(analysis.whys) != WHYS or len(analysis.steps) != STEPS or len(analysis.cause) > TASK_TITLE_CHARACTERS_MAX:
        raise ProblemRefused("a problem has five whys and eight disciplines")
    if not 1 <= analysis.threshold <= THRESHOLD_MAX:
        raise ProblemRefused(f"it reopens after 1 to {THRESHOLD_MAX} recurrences")
    if by.account and not is_person(current_master(session, plant), analysis.owner):
        raise ProblemRefused("a problem has one owner, who stands in the master data and is active")
    return {
        "title": title,
        "owner": analysis.owner,
        "cause": analysis.cause,
        "whys": json.dumps(analysis.whys, ensure_ascii=False),
        "steps": json.dumps(analysis.steps, ensure_ascii=False),
        "due": analysis.due,
        "check_at": analysis.check_at,
        "threshold": analysis.threshold,
    }


def edit(session: Session, row: ProblemRow, analysis: Analysis, by: Actor, now: float, seen: int) -> None:
    """What people write into it. Raises ProblemRefused, ChangedMeanwhile."""
    note_change(session, row.plant)
    refuse_stale(session, row, seen)
    if row.state in OVER:
        raise ProblemRefused("what is over is reopened first")
    columns = _checked(session, row.plant, analysis, by)
    changes = {name: value for name, value in columns.items() if getattr(row, name) != value}
    if changes:
        change(session, row, "edit", by, now, **changes)


def act(
    session: Session, row: ProblemRow, action: ProblemAction, by: Actor, now: float, seen: int, note: str = ""
) -> None:
    """A step of a person. Raises ProblemRefused, ChangedMeanwhile."""
    note_change(session, row.plant)
    refuse_stale(session, row, seen)
    if action is ProblemAction.RECUR:
        raise ProblemRefused("only calls recur")
    if len(note) > TASK_REPLY_CHARACTERS_MAX or (action in REASONED and not note.strip()):
        raise ProblemRefused("this is not done without a short reason")
    if action is ProblemAction.SUBMIT:
        _refuse_unready(row, now)
    _move(session, row, action, by, now, note.strip())


def _refuse_unready(row: ProblemRow, now: float) -> None:
    if not row.cause or not json.loads(row.whys)[0]:
        raise ProblemRefused("its cause and its first why are missing")
    if row.check_at is None or row.check_at <= now:
        raise ProblemRefused("name a time to come at which the effect of the measures is judged")


def _move(session: Session, row: ProblemRow, action: ProblemAction, by: Actor, now: float, note: str) -> None:
    state = after(row.state, action)
    changes: dict[str, Any] = {"state": state.value, "closed_at": now if state is ProblemState.CLOSED else None}
    if state is ProblemState.CHECKING:
        # Counted from here on: what came before the measures says nothing about them.
        changes |= {"submitted_at": now, "recurrences": 0}
    if state is ProblemState.OPEN:
        changes |= {"submitted_at": None, "check_at": None}
    change(session, row, action.value, by, now, note, **changes)
    if state is ProblemState.OPEN:
        facts = {"people": [row.owner], "title": row.title, "path": f"/problems/{row.number}", "due": row.due}
        tell(session, row.plant, "problem.reopened", f"problem/{row.number}", facts | {"why": note}, now)


def resolved(session: Session, plant: str, call: Call, now: float) -> int | None:
    """A call was resolved: what it is a recurrence of, or one more case of; None where it is neither."""
    if not call.cause or problem_of_call(session, plant, call_name(call)) is not None:
        return None
    like = (ProblemRow.call_type == call.call_type, ProblemRow.station == call.station, ProblemRow.cause == call.cause)
    wanted = select(ProblemRow).where(ProblemRow.plant == plant, ProblemRow.state != "cancelled", *like)
    row = session.scalar(wanted.order_by(ProblemRow.number.desc()).limit(1))
    if row is None:
        return None
    # A call from before the measures that only comes to hand now says nothing about them.
    recurred = row.submitted_at is not None and (call.raised_at or now) > row.submitted_at
    if len(calls_of(session, plant, row.number)) < CALLS_PER_PROBLEM_MAX:
        _link(session, row, call, int(recurred), now)
    if not recurred:
        return row.number
    count = row.recurrences + 1
    counted = {"recurrences": count, "recurrences_ever": row.recurrences_ever + 1}
    change(session, row, "recurred", SERVER, now, call_name(call), **counted)
    if count >= row.threshold and allowed(row.state, ProblemAction.RECUR):
        _move(session, row, ProblemAction.RECUR, SERVER, now, call_name(call))
    return row.number


def unasked(session: Session, plant: str, now: float) -> Sequence[ProblemRow]:
    """Problems whose day of judgement has come and of whom nobody was asked yet."""
    due = (ProblemRow.state == ProblemState.CHECKING.value, ProblemRow.check_at <= now)
    new = ProblemRow.check_asked.is_distinct_from(ProblemRow.check_at)
    return session.scalars(select(ProblemRow).where(ProblemRow.plant == plant, *due, new).limit(CHECKS_AT_ONCE)).all()


def ask_for_checks(session: Session, plant: str, now: float, title: str) -> int:
    """A task for the owner of each problem whose day of judgement has come; how many. `title` stands before its own."""
    rows = unasked(session, plant, now)
    for row in rows:
        assert row.check_at is not None
        wanted = Wanted(
            f"{title}{row.title}"[:TASK_TITLE_CHARACTERS_MAX],
            row.owner,
            due=row.check_at + 86_400,
            reply_way="yes_no",
            priority=3,
            problem=row.number,
        )
        try:
            make_task(session, plant, wanted, SERVER, now, "problem", f"{CHECK}{row.number}/{row.check_at:.0f}")
        except TaskRefused as refused:
            raise_alarms(session, plant, "", [AlarmRaised("tasks_full", f"problem {row.number}", str(refused))], now)
        change(session, row, "check", SERVER, now, check_asked=row.check_at)
    return len(rows)


def judged_by(session: Session, task: TaskRow, by: Actor, now: float) -> None:
    """The answer to such a task is the judgement, where the problem still waits for one."""
    if task.problem is None or not (task.source_key or "").startswith(CHECK) or task.state != "done":
        return
    row = problem_of(session, task.plant, task.problem)
    action = ProblemAction.EFFECTIVE if task.reply == "yes" else ProblemAction.INEFFECTIVE
    if row is not None and allowed(row.state, action):
        _move(session, row, action, by, now, f"task {task.number}")
