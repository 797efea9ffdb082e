"""The tables of tasks, comments and problems.

Times are seconds since 1970 by the server's clock. A call is named `gateway/epoch/seq`. JSON is kept as text.
"""

from sqlalchemy import Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from central.models import Table


def _plant() -> Mapped[str]:
    return mapped_column(String(32), primary_key=True, comment="plant id")


def _number(comment: str) -> Mapped[int]:
    return mapped_column(primary_key=True, autoincrement=False, comment=comment)


class TaskRow(Table):
    """A task: the fold of its events."""

    __tablename__ = "task"
    plant: Mapped[str] = _plant()
    number: Mapped[int] = _number("counts from 1")
    edition: Mapped[int] = mapped_column(comment="number of the newest event with which a person changed it")
    changed_at: Mapped[float]
    title: Mapped[str]
    text: Mapped[str]
    owner: Mapped[str] = mapped_column(comment="person of the master data: exactly one")
    acting: Mapped[str] = mapped_column(comment="who has it now: the owner, or the deputy while they are away")
    due: Mapped[float | None]
    reply_way: Mapped[str] = mapped_column(comment="done, text, number, photo, yes_no")
    reply: Mapped[str]
    confirm: Mapped[int] = mapped_column(Integer, comment="1: somebody else confirms the answer")
    replied_by: Mapped[str] = mapped_column(comment="account whose answer it is")
    checklist: Mapped[str] = mapped_column(comment="JSON: [[text, done], ...]")
    priority: Mapped[int] = mapped_column(Integer, comment="1 low, 2 normal, 3 high, 4 urgent")
    source: Mapped[str] = mapped_column(comment="hand, call, problem, handover, rule")
    source_key: Mapped[str | None] = mapped_column(comment="what it was made for, once; null: by hand")
    state: Mapped[str] = mapped_column(comment="central/task_states.py")
    department: Mapped[str]
    call: Mapped[str]
    work_order: Mapped[str]
    operation: Mapped[str]
    station: Mapped[str]
    problem: Mapped[int | None] = mapped_column(comment="the problem it is a measure of")
    made_at: Mapped[float]
    made_by: Mapped[str] = mapped_column(comment="account; empty: the server")
    done_at: Mapped[float | None]
    told_soon: Mapped[float | None] = mapped_column(comment="the due time that was told to be near")
    told_overdue: Mapped[float | None] = mapped_column(comment="the due time that was told to have passed")
    __table_args__ = (
        Index("task_source", "plant", "source_key", unique=True),
        Index("task_state", "plant", "state", "due"),
        Index("task_acting", "plant", "acting", "state"),
        Index("task_problem", "plant", "problem"),
        Index("task_done", "plant", "state", "done_at", "number"),
        Index("task_changed", "plant", "changed_at"),
        {"comment": "Tasks: each row is the sum of its rows in task_event."},
    )


class TaskEvent(Table):
    """Something that happened to a task, a problem or what else has a history at the office. Append-only."""

    __tablename__ = "task_event"
    plant: Mapped[str] = _plant()
    subject: Mapped[str] = mapped_column(primary_key=True, comment="task/7, problem/2, operation/WO-1-10 ...")
    number: Mapped[int] = _number("counts from 1 in its subject")
    at: Mapped[float]
    kind: Mapped[str]
    account: Mapped[str] = mapped_column(comment="empty: the server")
    person: Mapped[str]
    device: Mapped[str]
    address: Mapped[str]
    changes: Mapped[str] = mapped_column(comment="JSON: the columns of the row that it sets")
    note: Mapped[str]
    __table_args__ = (
        Index("task_event_at", "plant", "kind", "at"),
        {"comment": "Who did what, when and from where; never changed."},
    )


class CommentRow(Table):
    """A comment on a task, a problem, a call, an order or an operation."""

    __tablename__ = "comment"
    plant: Mapped[str] = _plant()
    number: Mapped[int] = _number("counts from 1")
    kind: Mapped[str] = mapped_column(comment="task, problem, call, order, operation")
    subject: Mapped[str]
    at: Mapped[float]
    account: Mapped[str]
    person: Mapped[str]
    device: Mapped[str]
    address: Mapped[str]
    text: Mapped[str]
    mentions: Mapped[str] = mapped_column(comment="JSON: [[start, end, person], ...]; person empty: nobody was on duty")
    __table_args__ = (
        Index("comment_subject", "plant", "kind", "subject", "number"),
        {"comment": "Comments; who is meant was resolved when they were written."},
    )


class AttachmentRow(Table):
    """A file of a comment or of a task's answer; the file itself is in the store under its hash."""

    __tablename__ = "attachment"
    plant: Mapped[str] = _plant()
    number: Mapped[int] = _number("counts from 1")
    kind: Mapped[str] = mapped_column(comment="as of comment")
    subject: Mapped[str]
    comment_number: Mapped[int | None] = mapped_column(comment="null: it answers the task")
    sha256: Mapped[str]
    name: Mapped[str] = mapped_column(comment="made safe from what the sender called it")
    media_type: Mapped[str]
    bytes: Mapped[int]
    at: Mapped[float]
    account: Mapped[str]
    __table_args__ = (
        Index("attachment_subject", "plant", "kind", "subject", "number"),
        {"comment": "Files of comments and answers."},
    )


class TaskRule(Table):
    """What makes a task or a problem by itself."""

    __tablename__ = "task_rule"
    __table_args__ = ({"comment": "Rules: an event and a condition make a task for somebody."},)
    plant: Mapped[str] = _plant()
    number: Mapped[int] = _number("counts from 1")
    event: Mapped[str] = mapped_column(comment="call_raised, call_resolved, kit_short")
    call_type: Mapped[str] = mapped_column(comment="empty: any")
    impact: Mapped[str] = mapped_column(comment="empty: any")
    makes: Mapped[str] = mapped_column(comment="task, problem")
    title: Mapped[str]
    owner: Mapped[str] = mapped_column(comment="person:ID, duty:NAME or department:ID")
    otherwise: Mapped[str] = mapped_column(comment="person who gets it when owner names nobody then")
    minutes: Mapped[int] = mapped_column(comment="until it is due")
    priority: Mapped[int] = mapped_column(Integer)
    enabled: Mapped[int] = mapped_column(Integer)
    made_at: Mapped[float]
    made_by: Mapped[str]


class InformationOwner(Table):
    """Who answers for the news of an operation, or of all operations at a department's stations."""

    __tablename__ = "information_owner"
    __table_args__ = ({"comment": "Who has to say something when a running operation falls silent (S27)."},)
    plant: Mapped[str] = _plant()
    kind: Mapped[str] = mapped_column(primary_key=True, comment="operation, department")
    subject: Mapped[str] = mapped_column(primary_key=True)
    person: Mapped[str]
    minutes: Mapped[int] = mapped_column(comment="of silence before a reminder")
    made_at: Mapped[float]
    made_by: Mapped[str]


class Silence(Table):
    """The newest silence of a running operation that somebody was reminded of."""

    __tablename__ = "silence"
    __table_args__ = ({"comment": "One row for each operation; the same silence is told of once."},)
    plant: Mapped[str] = _plant()
    operation: Mapped[str] = mapped_column(primary_key=True)
    since: Mapped[float] = mapped_column(comment="when the office last heard of it")
    person: Mapped[str]
    told_at: Mapped[float]


class ProblemRow(Table):
    """A problem: the fold of its events."""

    __tablename__ = "problem"
    plant: Mapped[str] = _plant()
    number: Mapped[int] = _number("counts from 1")
    edition: Mapped[int] = mapped_column(comment="number of the newest event with which it was changed")
    changed_at: Mapped[float]
    title: Mapped[str]
    state: Mapped[str] = mapped_column(comment="central/problem_states.py")
    owner: Mapped[str] = mapped_column(comment="person of the master data: exactly one")
    call_type: Mapped[str]
    station: Mapped[str]
    cause: Mapped[str] = mapped_column(comment="id of a reason; what comes again has the same")
    whys: Mapped[str] = mapped_column(comment="JSON: five texts")
    steps: Mapped[str] = mapped_column(comment="JSON: eight texts, D1 to D8")
    due: Mapped[float | None]
    check_at: Mapped[float | None] = mapped_column(comment="when its effect is judged")
    check_asked: Mapped[float | None] = mapped_column(comment="the check_at for which a task was made")
    submitted_at: Mapped[float | None] = mapped_column(comment="since when calls like its own are recurrences")
    threshold: Mapped[int] = mapped_column(Integer, comment="so many recurrences reopen it")
    recurrences: Mapped[int] = mapped_column(comment="since submitted_at")
    recurrences_ever: Mapped[int]
    source_key: Mapped[str | None] = mapped_column(comment="what it was made for, once; null: by hand")
    made_at: Mapped[float]
    made_by: Mapped[str]
    closed_at: Mapped[float | None]
    __table_args__ = (
        Index("problem_source", "plant", "source_key", unique=True),
        Index("problem_state", "plant", "state"),
        Index("problem_like", "plant", "call_type", "station", "cause"),
        {"comment": "Problems: each row is the sum of its rows in task_event."},
    )


class ProblemCall(Table):
    """A call of a problem."""

    __tablename__ = "problem_call"
    plant: Mapped[str] = _plant()
    call: Mapped[str] = mapped_column(primary_key=True, comment="gateway/epoch/seq; of one problem at most")
    problem: Mapped[int]
    recurred: Mapped[int] = mapped_column(Integer, comment="1: it came after the measures")
    at: Mapped[float]
    __table_args__ = (
        Index("problem_call_problem", "plant", "problem"),
        {"comment": "Which calls belong to which problem."},
    )
