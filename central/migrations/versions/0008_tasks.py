"""Tasks, comments and problems"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Their tables. What happened before is no reason for a task: the log is read from here on."""
    _tasks()
    _comments()
    _rules()
    _problems()
    op.execute("INSERT INTO projection (plant, name, position) SELECT plant, 'tasks', position FROM log_head")


def _tasks() -> None:
    op.create_table(
        "task",
        sa.Column("plant", sa.String(length=32), nullable=False, comment="plant id"),
        sa.Column("number", NUMBER, autoincrement=False, nullable=False, comment="counts from 1"),
        sa.Column(
            "edition", NUMBER, nullable=False, comment="number of the newest event with which a person changed it"
        ),
        sa.Column("changed_at", sa.Double(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False, comment="person of the master data: exactly one"),
        sa.Column(
            "acting", sa.Text(), nullable=False, comment="who has it now: the owner, or the deputy while they are away"
        ),
        sa.Column("due", sa.Double(), nullable=True),
        sa.Column("reply_way", sa.Text(), nullable=False, comment="done, text, number, photo, yes_no"),
        sa.Column("reply", sa.Text(), nullable=False),
        sa.Column("confirm", sa.Integer(), nullable=False, comment="1: somebody else confirms the answer"),
        sa.Column("replied_by", sa.Text(), nullable=False, comment="account whose answer it is"),
        sa.Column("checklist", sa.Text(), nullable=False, comment="JSON: [[text, done], ...]"),
        sa.Column("priority", sa.Integer(), nullable=False, comment="1 low, 2 normal, 3 high, 4 urgent"),
        sa.Column("source", sa.Text(), nullable=False, comment="hand, call, problem, handover, rule"),
        sa.Column("source_key", sa.Text(), nullable=True, comment="what it was made for, once; null: by hand"),
        sa.Column("state", sa.Text(), nullable=False, comment="central/task_states.py"),
        sa.Column("department", sa.Text(), nullable=False),
        sa.Column("call", sa.Text(), nullable=False),
        sa.Column("work_order", sa.Text(), nullable=False),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.Column("station", sa.Text(), nullable=False),
        sa.Column("problem", NUMBER, nullable=True, comment="the problem it is a measure of"),
        sa.Column("made_at", sa.Double(), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False, comment="account; empty: the server"),
        sa.Column("done_at", sa.Double(), nullable=True),
        sa.Column("told_soon", sa.Double(), nullable=True, comment="the due time that was told to be near"),
        sa.Column("told_overdue", sa.Double(), nullable=True, comment="the due time that was told to have passed"),
        sa.PrimaryKeyConstraint("plant", "number"),
        comment="Tasks: each row is the sum of its rows in task_event.",
    )
    op.create_index("task_acting", "task", ["plant", "acting", "state"])
    op.create_index("task_problem", "task", ["plant", "problem"])
    op.create_index("task_source", "task", ["plant", "source_key"], unique=True)
    op.create_index("task_state", "task", ["plant", "state", "due"])
    op.create_table(
        "task_event",
        sa.Column("plant", sa.String(length=32), nullable=False, comment="plant id"),
        sa.Column("subject", sa.Text(), nullable=False, comment="task/7, problem/2, operation/WO-1-10 ..."),
        sa.Column("number", NUMBER, autoincrement=False, nullable=False, comment="counts from 1 in its subject"),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False, comment="empty: the server"),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("device", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("changes", sa.Text(), nullable=False, comment="JSON: the columns of the row that it sets"),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("plant", "subject", "number"),
        comment="Who did what, when and from where; never changed.",
    )
    op.create_index("task_event_at", "task_event", ["plant", "kind", "at"])


def _comments() -> None:
    op.create_table(
        "comment",
        sa.Column("plant", sa.String(length=32), nullable=False, comment="plant id"),
        sa.Column("number", NUMBER, autoincrement=False, nullable=False, comment="counts from 1"),
        sa.Column("kind", sa.Text(), nullable=False, comment="task, problem, call, order, operation"),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("device", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column(
            "mentions",
            sa.Text(),
            nullable=False,
            comment="JSON: [[start, end, person], ...]; person empty: nobody was on duty",
        ),
        sa.PrimaryKeyConstraint("plant", "number"),
        comment="Comments; who is meant was resolved when they were written.",
    )
    op.create_index("comment_subject", "comment", ["plant", "kind", "subject", "number"])
    op.create_table(
        "attachment",
        sa.Column("plant", sa.String(length=32), nullable=False, comment="plant id"),
        sa.Column("number", NUMBER, autoincrement=False, nullable=False, comment="counts from 1"),
        sa.Column("kind", sa.Text(), nullable=False, comment="as of comment"),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("comment_number", NUMBER, nullable=True, comment="null: it answers the task"),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False, comment="made safe from what the sender called it"),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("bytes", NUMBER, nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("plant", "number"),
        comment="Files of comments and answers.",
    )
    op.create_index("attachment_subject", "attachment", ["plant", "kind", "subject"])


def _rules() -> None:
    op.create_table(
        "task_rule",
        sa.Column("plant", sa.String(length=32), nullable=False, comment="plant id"),
        sa.Column("number", NUMBER, autoincrement=False, nullable=False, comment="counts from 1"),
        sa.Column("event", sa.Text(), nullable=False, comment="call_raised, call_resolved, kit_short"),
        sa.Column("call_type", sa.Text(), nullable=False, comment="empty: any"),
        sa.Column("impact", sa.Text(), nullable=False, comment="empty: any"),
        sa.Column("makes", sa.Text(), nullable=False, comment="task, problem"),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False, comment="person:ID, duty:NAME or department:ID"),
        sa.Column("otherwise", sa.Text(), nullable=False, comment="person who gets it when owner names nobody then"),
        sa.Column("minutes", NUMBER, nullable=False, comment="until it is due"),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("enabled", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.Double(), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("plant", "number"),
        comment="Rules: an event and a condition make a task for somebody.",
    )
    op.create_table(
        "information_owner",
        sa.Column("plant", sa.String(length=32), nullable=False, comment="plant id"),
        sa.Column("kind", sa.Text(), nullable=False, comment="operation, department"),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("minutes", NUMBER, nullable=False, comment="of silence before a reminder"),
        sa.Column("made_at", sa.Double(), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("plant", "kind", "subject"),
        comment="Who has to say something when a running operation falls silent (S27).",
    )
    op.create_table(
        "silence",
        sa.Column("plant", sa.String(length=32), nullable=False, comment="plant id"),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.Column("since", sa.Double(), nullable=False, comment="when the office last heard of it"),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("told_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("plant", "operation"),
        comment="One row for each operation; the same silence is told of once.",
    )


def _problems() -> None:
    op.create_table(
        "problem",
        sa.Column("plant", sa.String(length=32), nullable=False, comment="plant id"),
        sa.Column("number", NUMBER, autoincrement=False, nullable=False, comment="counts from 1"),
        sa.Column("edition", NUMBER, nullable=False, comment="number of the newest event with which it was changed"),
        sa.Column("changed_at", sa.Double(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False, comment="central/problem_states.py"),
        sa.Column("owner", sa.Text(), nullable=False, comment="person of the master data: exactly one"),
        sa.Column("call_type", sa.Text(), nullable=False),
        sa.Column("station", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False, comment="id of a reason; what comes again has the same"),
        sa.Column("whys", sa.Text(), nullable=False, comment="JSON: five texts"),
        sa.Column("steps", sa.Text(), nullable=False, comment="JSON: eight texts, D1 to D8"),
        sa.Column("due", sa.Double(), nullable=True),
        sa.Column("check_at", sa.Double(), nullable=True, comment="when its effect is judged"),
        sa.Column("check_asked", sa.Double(), nullable=True, comment="the check_at for which a task was made"),
        sa.Column("submitted_at", sa.Double(), nullable=True, comment="since when calls like its own are recurrences"),
        sa.Column("threshold", sa.Integer(), nullable=False, comment="so many recurrences reopen it"),
        sa.Column("recurrences", NUMBER, nullable=False, comment="since submitted_at"),
        sa.Column("recurrences_ever", NUMBER, nullable=False),
        sa.Column("source_key", sa.Text(), nullable=True, comment="what it was made for, once; null: by hand"),
        sa.Column("made_at", sa.Double(), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("closed_at", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("plant", "number"),
        comment="Problems: each row is the sum of its rows in task_event.",
    )
    op.create_index("problem_like", "problem", ["plant", "call_type", "station", "cause"])
    op.create_index("problem_source", "problem", ["plant", "source_key"], unique=True)
    op.create_index("problem_state", "problem", ["plant", "state"])
    op.create_table(
        "problem_call",
        sa.Column("plant", sa.String(length=32), nullable=False, comment="plant id"),
        sa.Column("call", sa.Text(), nullable=False, comment="gateway/epoch/seq; of one problem at most"),
        sa.Column("problem", NUMBER, nullable=False),
        sa.Column("recurred", sa.Integer(), nullable=False, comment="1: it came after the measures"),
        sa.Column("at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("plant", "call"),
        comment="Which calls belong to which problem.",
    )
    op.create_index("problem_call_problem", "problem_call", ["plant", "problem"])
