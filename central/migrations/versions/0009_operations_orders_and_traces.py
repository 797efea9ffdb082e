"""Operations, orders and traces"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _text(name: str, comment: str | None = None) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False, comment=comment)


def _number(name: str, comment: str | None = None) -> sa.Column[int]:
    return sa.Column(name, NUMBER, nullable=False, comment=comment)


def _plant() -> sa.Column[str]:
    return sa.Column("plant", sa.String(32), nullable=False, comment="plant id")


def upgrade() -> None:
    """The tables are empty: their reader begins at the log's first record and fills them."""
    op.create_index("operation_order", "operation", ["plant", "work_order", "number"])
    op.create_index("work_operation", "work", ["plant", "operation"])
    op.create_index("call_operation", "call", ["plant", "operation"])
    op.create_index("call_station", "call", ["plant", "station"])
    _flow_cards()
    _order_cards()
    _trace_steps()


def _flow_cards() -> None:
    op.create_table(
        "flow_card",
        _plant(),
        _text("operation"),
        _text("work_order"),
        _number("number"),
        _text("name"),
        _text("item"),
        _text("due", "YYYY-MM-DD, or empty"),
        sa.Column("planned", NUMBER, comment="null: the master data does not name it (I12)"),
        _number("good"),
        _number("scrap"),
        _number("rework"),
        _number("flagged"),
        _number("ready", "pieces that upstream has made and this one has not"),
        _text("state", "waiting, ready, running, paused, done; open calls are not in it"),
        sa.Column("since", sa.Double(), nullable=False, comment="when it came into that state"),
        _text("line"),
        _text("department"),
        _text("station", "where it is worked on, else the first where it may be"),
        _text("words", "what a search looks in, in small letters"),
        sa.PrimaryKeyConstraint("plant", "operation"),
        comment="Operations by line, department and state. A projection: made anew from the log and master data.",
    )
    op.create_index("flow_card_line", "flow_card", ["plant", "line", "state", "since", "operation"])
    op.create_index("flow_card_department", "flow_card", ["plant", "department", "state", "since", "operation"])
    op.create_index("flow_card_order", "flow_card", ["plant", "work_order", "number"])


def _order_cards() -> None:
    op.create_table(
        "order_card",
        _plant(),
        _text("id"),
        sa.Column("known", sa.Integer(), nullable=False, comment="0: the master data does not name it (I12)"),
        _text("item"),
        _text("name"),
        sa.Column("quantity", NUMBER),
        _text("due", "YYYY-MM-DD, or empty"),
        _text("due_key", "due, or 9999 where there is none: what the list is sorted by"),
        _text("state", "running, paused, started, released, held, done, closed"),
        sa.Column("open", sa.Integer(), nullable=False, comment="1: not done and not closed"),
        _number("operations"),
        _number("done", "operations that are done"),
        _number("good", "pieces that every operation has made good: the least of them"),
        _number("scrap", "of all its operations"),
        _number("rework", "of all its operations"),
        sa.Column("changed_at", sa.Double()),
        _text("words", "what a search looks in, in small letters"),
        sa.PrimaryKeyConstraint("plant", "id"),
        comment="Orders with their progress. A projection: made anew from the log and master data.",
    )
    op.create_index("order_card_open", "order_card", ["plant", "open", "due_key", "id"])
    op.create_index("order_card_due", "order_card", ["plant", "due_key", "id"])
    op.create_index("order_card_state", "order_card", ["plant", "state", "due_key", "id"])


def _trace_steps() -> None:
    op.create_table(
        "trace_step",
        _plant(),
        sa.Column("position", NUMBER, nullable=False, autoincrement=False, comment="of its record in the log"),
        _text("kind", "component, product or report"),
        _text("gateway"),
        _text("epoch"),
        _number("ordinal", "epoch's place in the chain; with seq the order on the floor (I9)"),
        _number("seq"),
        _text("station"),
        _text("person"),
        _text("operation"),
        _text("work_order"),
        _text("item", "of a component"),
        _text("lot"),
        _text("serial"),
        _text("revision", "of the line of the bill of materials"),
        _number("good", "of a report"),
        _number("scrap", "of a report"),
        _number("master_version", "the master data it was decided by (I8)"),
        _text("flags"),
        sa.PrimaryKeyConstraint("plant", "position"),
        comment="Serials, lots, components and reports, for traces both ways. A projection of the log.",
    )
    for word in ("serial", "lot", "person", "station"):
        op.create_index(f"trace_step_{word}", "trace_step", ["plant", word, "position"])
    op.create_index("trace_step_order", "trace_step", ["plant", "work_order", "position"])
    columns = ["plant", "operation", "gateway", "kind", "ordinal", "seq"]
    op.create_index("trace_step_operation", "trace_step", columns)
    op.create_index("trace_step_share", "trace_step", [*columns[:4], "person", *columns[4:]])
