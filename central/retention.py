"""What grows at the server and may go: one table, by the plant's policy (`[retention]`), and one pump that does it.

Not in the table, and so never deleted: records of the log (their digests are linked, their positions have no gap, every
page is worked out of them again: I3, I7), versions of master data (decisions name them: I8), marks, conflicts, files.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, String, cast, delete, func, select, tuple_
from sqlalchemy.orm import Session

from central.accounts import purge_sessions
from central.audit import SHELL, purge_acts, record_act
from central.credentials import purge_credentials
from central.database import Database
from central.facts import OPEN_STATES
from central.limits import PHONE_KEY_SECONDS, PURGED_PER_STEP_MAX
from central.models import Alarm, Call, Table, table_of
from central.notify.pump import purge as purge_notifications
from central.order_tables import FlowCard, OrderCard
from central.phone.acts import purge_answers
from central.phone.tables import CallNote
from central.planning_tables import MasterDraft
from central.problems import OVER as PROBLEM_OVER
from central.retention_settings import RetentionConfig
from central.rights_tables import ApiToken
from central.task_states import OVER as TASK_OVER
from central.task_tables import AttachmentRow, CommentRow, ProblemCall, ProblemRow, TaskEvent, TaskRow

PURGE_SECONDS: Final = 600.0
DAY_SECONDS: Final = 86_400.0


@dataclass(frozen=True, slots=True)
class Cut:
    """What is older than `before`, in one transaction at `now`."""

    session: Session
    plant: str
    before: float
    now: float


@dataclass(frozen=True, slots=True)
class Kind:
    """Something that is kept for `<name>_days` of the configuration. `forget` deletes a bounded piece and says how many
    went. `told`: that some went is an act."""

    name: str
    forget: Callable[[Cut], int]
    told: bool = True

    @property
    def setting(self) -> str:
        """The name of its days."""
        return f"{self.name}_days"


def _forget_rows(session: Session, model: type[Table], *which: ColumnElement[bool]) -> int:
    key = table_of(model).primary_key.columns
    found = session.execute(select(*key).where(*which).limit(PURGED_PER_STEP_MAX)).all()
    if found:
        session.execute(delete(model).where(tuple_(*key).in_([tuple(row) for row in found])))
    return len(found)


def _forget_alarms(cut: Cut) -> int:
    return _forget_rows(cut.session, Alarm, Alarm.plant == cut.plant, Alarm.signed_off_at < cut.before)


def _forget_acts(cut: Cut) -> int:
    return purge_acts(cut.session, cut.plant, cut.before, cut.now)


def _forget_messages(cut: Cut) -> int:
    return purge_notifications(cut.session, cut.plant, cut.before)


def _forget_tokens(cut: Cut) -> int:
    return _forget_rows(
        cut.session,
        ApiToken,
        ApiToken.plant == cut.plant,
        func.coalesce(ApiToken.revoked_at, ApiToken.expires_at) < cut.before,
    )


def _forget_drafts(cut: Cut) -> int:
    return _forget_rows(cut.session, MasterDraft, MasterDraft.plant == cut.plant, MasterDraft.changed_at < cut.before)


def _forget_tasks(cut: Cut) -> int:
    """With them the events of operations that were silent then: they belong to no task."""
    mine = (TaskRow.plant == cut.plant, TaskRow.state.in_(TASK_OVER), TaskRow.changed_at < cut.before)
    numbers = cut.session.scalars(select(TaskRow.number).where(*mine).limit(PURGED_PER_STEP_MAX)).all()
    silent = (TaskEvent.plant == cut.plant, TaskEvent.kind == "operation.silent", TaskEvent.at < cut.before)
    gone = _forget_rows(cut.session, TaskEvent, *silent)
    _forget_things(cut.session, cut.plant, TaskRow, "task", numbers)
    return max(len(numbers), gone)


def _forget_problems(cut: Cut) -> int:
    mine = (ProblemRow.plant == cut.plant, ProblemRow.state.in_(PROBLEM_OVER), ProblemRow.changed_at < cut.before)
    numbers = cut.session.scalars(select(ProblemRow.number).where(*mine).limit(PURGED_PER_STEP_MAX)).all()
    cut.session.execute(delete(ProblemCall).where(ProblemCall.plant == cut.plant, ProblemCall.problem.in_(numbers)))
    _forget_things(cut.session, cut.plant, ProblemRow, "problem", numbers)
    return len(numbers)


def _forget_things(session: Session, plant: str, model: Any, kind: str, numbers: Sequence[int]) -> None:
    """Tasks or problems with their history and their comments."""
    subjects = [str(number) for number in numbers]
    histories = [f"{kind}/{number}" for number in numbers]
    session.execute(delete(TaskEvent).where(TaskEvent.plant == plant, TaskEvent.subject.in_(histories)))
    _forget_talk(session, plant, kind, subjects)
    session.execute(delete(model).where(model.plant == plant, model.number.in_(numbers)))


def _forget_talk(session: Session, plant: str, kind: str, subjects: Sequence[str]) -> None:
    for each in (CommentRow, AttachmentRow):
        session.execute(delete(each).where(each.plant == plant, each.kind == kind, each.subject.in_(subjects)))


def _forget_comments(cut: Cut) -> int:
    """What was said of something goes as one, when nothing was added since and the thing itself is over."""
    open_calls = select(Call.gateway + "/" + Call.epoch + "/" + cast(Call.seq, String)).where(
        Call.plant == cut.plant, Call.state.in_(OPEN_STATES)
    )
    open_orders = select(OrderCard.id).where(OrderCard.plant == cut.plant, OrderCard.open == 1)
    open_operations = select(FlowCard.operation).where(
        FlowCard.plant == cut.plant, FlowCard.work_order.in_(open_orders)
    )
    count = 0
    for kind, still_open in (("call", open_calls), ("order", open_orders), ("operation", open_operations)):
        mine = (CommentRow.plant == cut.plant, CommentRow.kind == kind, CommentRow.subject.not_in(still_open))
        old = select(CommentRow.subject).where(*mine).group_by(CommentRow.subject)
        subjects = cut.session.scalars(
            old.having(func.max(CommentRow.at) < cut.before).limit(PURGED_PER_STEP_MAX)
        ).all()
        _forget_talk(cut.session, cut.plant, kind, subjects)
        count += len(subjects)
    return count


def _forget_call_notes(cut: Cut) -> int:
    of_open_call = (
        select(Call.seq)
        .where(
            *(Call.plant == CallNote.plant, Call.gateway == CallNote.gateway, Call.epoch == CallNote.epoch),
            *(Call.seq == CallNote.seq, Call.state.in_(OPEN_STATES)),
        )
        .exists()
    )
    return _forget_rows(
        cut.session, CallNote, CallNote.plant == cut.plant, CallNote.received_at < cut.before, ~of_open_call
    )


KINDS: Final = (
    Kind("alarms", _forget_alarms),
    Kind("audit", _forget_acts, told=False),
    Kind("messages", _forget_messages, told=False),
    Kind("tasks", _forget_tasks),
    Kind("problems", _forget_problems),
    Kind("comments", _forget_comments),
    Kind("call_notes", _forget_call_notes),
    Kind("drafts", _forget_drafts),
    Kind("tokens", _forget_tokens, told=False),
)
"""Each has its days in `RetentionConfig`. Purging the audit log is an act by itself."""


class RetentionPump:
    """Deletes what is older than the plant keeps it, a piece at a time; and what is over and tells nothing any more:
    sessions, one-time codes, certificates, answers that no phone asks for again."""

    def __init__(self, database: Database, retention: RetentionConfig) -> None:
        self._database = database
        self._retention = retention

    def step(self, now: float) -> float:
        """Seldom; again at once where there is more."""
        plant = self._database.plant
        with self._database.write() as session:
            purge_sessions(session, plant, now)
            purge_answers(session, plant, now - PHONE_KEY_SECONDS)
            purge_credentials(session, plant, now)
        most = max(self._forget(kind, now) for kind in KINDS)
        return now if most >= PURGED_PER_STEP_MAX else now + PURGE_SECONDS

    def _forget(self, kind: Kind, now: float) -> int:
        days: int = getattr(self._retention, kind.setting)
        if not days:
            return 0
        with self._database.write() as session:
            count = kind.forget(Cut(session, self._database.plant, now - days * DAY_SECONDS, now))
            if count and kind.told:
                detail = {"count": count, "days": days}
                record_act(session, self._database.plant, SHELL, "retention.deleted", kind.name, detail, now)
        return count
