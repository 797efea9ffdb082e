"""Messages to people"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Rules, contacts, notifications and deliveries; what happened before is told to nobody."""
    op.create_table(
        "contact",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        sa.Column("plant", sa.String(length=32), nullable=False),
        sa.Column("person", sa.Text(), nullable=False, comment="id in the master data"),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column(
            "address",
            sa.Text(),
            nullable=False,
            comment="in the channel's words; empty: a group, where only a session answers",
        ),
        sa.Column("mention", sa.Text(), nullable=False, comment="whom a robot names in its group"),
        sa.Column("place", NUMBER, nullable=False, comment="the lowest is tried first"),
        sa.Column("quiet_from", sa.Text(), nullable=False, comment="HH:MM of the plant's clock; empty: no quiet hours"),
        sa.Column("quiet_to", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False, comment="zh, en; empty: the person's"),
        sa.Column("changed_at", sa.Double(), nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("plant", "person", "channel", "address", name="contact_identity"),
        comment="Addresses of people. They never leave the server but to the channel itself.",
        sqlite_autoincrement=True,
    )
    op.create_table(
        "delivery",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        sa.Column("plant", sa.String(length=32), nullable=False),
        sa.Column(
            "key",
            sa.Text(),
            nullable=False,
            comment="128 random bits: its name at the provider, the same at each attempt",
        ),
        sa.Column("notification", NUMBER, nullable=False),
        sa.Column("rule", NUMBER, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("contact", NUMBER, nullable=False, comment="0: the page of messages"),
        sa.Column("level", NUMBER, nullable=False),
        sa.Column("priority", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False, comment="central/notify/states.py"),
        sa.Column("attempts", NUMBER, nullable=False, comment="times given to the channel"),
        sa.Column("failures", NUMBER, nullable=False, comment="attempts that failed; being too fast does not count"),
        sa.Column(
            "repeated", sa.Integer(), nullable=False, comment="1: an answer was lost; the person may have it twice"
        ),
        sa.Column("next_at", sa.Double(), nullable=True, comment="not before; null: nothing more is due"),
        sa.Column(
            "due_at", sa.Double(), nullable=False, comment="since when it may go: the bound on trying counts from here"
        ),
        sa.Column("claim", sa.Text(), nullable=False, comment="which attempt of which worker is under way"),
        sa.Column("sending_at", sa.Double(), nullable=True),
        sa.Column("made_at", sa.Double(), nullable=False),
        sa.Column("accepted_at", sa.Double(), nullable=True),
        sa.Column("shown_at", sa.Double(), nullable=True),
        sa.Column("acknowledged_at", sa.Double(), nullable=True),
        sa.Column("code", sa.Text(), nullable=False, comment="the provider's newest code"),
        sa.Column("told", sa.Text(), nullable=False, comment="and its words"),
        sa.Column("provider_id", sa.Text(), nullable=False),
        sa.Column("merged_into", NUMBER, nullable=False, comment="the digest or summary that tells of it; 0: none"),
        sa.Column("link_used_at", sa.Double(), nullable=True, comment="its link works once"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("plant", "key", name="delivery_key"),
        sa.UniqueConstraint("plant", "notification", "person", "channel", "contact", name="delivery_identity"),
        comment="The truth about each message: what became of it, by whose word.",
        sqlite_autoincrement=True,
    )
    op.create_index("delivery_due", "delivery", ["plant", "state", "next_at"], unique=False)
    op.create_index("delivery_merged", "delivery", ["plant", "merged_into"], unique=False)
    op.create_index("delivery_made", "delivery", ["plant", "made_at"], unique=False)
    op.create_index("delivery_person", "delivery", ["plant", "person", "channel", "state"], unique=False)
    op.create_index("delivery_storm", "delivery", ["plant", "rule", "person", "channel", "made_at"], unique=False)
    op.create_table(
        "delivery_step",
        sa.Column("plant", sa.String(length=32), nullable=False, comment="plant id"),
        sa.Column("delivery", NUMBER, autoincrement=False, nullable=False),
        sa.Column("number", NUMBER, autoincrement=False, nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False, comment="the state it led to"),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("told", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("plant", "delivery", "number"),
        comment="History of deliveries; purged with them.",
    )
    op.create_table(
        "notification",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        sa.Column("plant", sa.String(length=32), nullable=False),
        sa.Column("source", sa.Text(), nullable=False, comment="place in the log or of the announcement, and the rule"),
        sa.Column("rule", NUMBER, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False, comment="what it is about; repeated soon, it is counted here"),
        sa.Column(
            "gateway", sa.Text(), nullable=False, comment="gateway, epoch, seq of the call; empty and 0: about none"
        ),
        sa.Column("epoch", sa.Text(), nullable=False),
        sa.Column("seq", NUMBER, nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("station", sa.Text(), nullable=False),
        sa.Column("impact", sa.Text(), nullable=False),
        sa.Column("priority", sa.Text(), nullable=False),
        sa.Column("acknowledge", sa.Integer(), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False, comment="JSON; what the message says"),
        sa.Column("happened_at", sa.Double(), nullable=False),
        sa.Column("made_at", sa.Double(), nullable=False),
        sa.Column("count", NUMBER, nullable=False),
        sa.Column("level", NUMBER, nullable=False, comment="told up to this level, from 1"),
        sa.Column("escalate_at", sa.Double(), nullable=True, comment="when the next level is told"),
        sa.Column("closed_at", sa.Double(), nullable=True, comment="answered, or nothing is to be done any more"),
        sa.Column("closed_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("plant", "source", name="notification_source"),
        comment="What people are told. Purged after NOTIFICATION_DAYS.",
        sqlite_autoincrement=True,
    )
    op.create_index("notification_call", "notification", ["plant", "epoch", "seq"], unique=False)
    op.create_index("notification_escalate", "notification", ["plant", "escalate_at"], unique=False)
    op.create_index("notification_made", "notification", ["plant", "made_at"], unique=False)
    op.create_index("notification_subject", "notification", ["plant", "rule", "subject", "made_at"], unique=False)
    op.create_table(
        "notify_rule",
        sa.Column("plant", sa.String(length=32), nullable=False, comment="plant id"),
        sa.Column("number", NUMBER, autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False, comment="event kind; ends in .* for all that begin so"),
        sa.Column("enabled", sa.Integer(), nullable=False),
        sa.Column("line", sa.Text(), nullable=False, comment="empty: any; so with the other conditions"),
        sa.Column("station", sa.Text(), nullable=False),
        sa.Column("call_type", sa.Text(), nullable=False),
        sa.Column("impact", sa.Text(), nullable=False),
        sa.Column("tier_min", NUMBER, nullable=False),
        sa.Column(
            "levels", sa.Text(), nullable=False, comment="JSON: who is told, and after how many minutes the next level"
        ),
        sa.Column("channels", sa.Text(), nullable=False, comment="blank between them; own: the person's own order"),
        sa.Column("priority", sa.Text(), nullable=False, comment="urgent, normal, low"),
        sa.Column("acknowledge", sa.Integer(), nullable=False, comment="1: an answer is wanted"),
        sa.Column(
            "burst_max", NUMBER, nullable=False, comment="messages to one person in the storm window; more become one"
        ),
        sa.Column("limit_accepted", sa.Double(), nullable=False, comment="seconds; 0: none"),
        sa.Column("limit_shown", sa.Double(), nullable=False, comment="seconds; 0: none"),
        sa.Column("limit_acknowledged", sa.Double(), nullable=False, comment="seconds; 0: none"),
        sa.Column("changed_at", sa.Double(), nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("plant", "number"),
        comment="Who is told of what. A number below 100 takes the place of a built-in rule.",
    )
    op.create_table(
        "office_event",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        sa.Column("plant", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False, comment="JSON"),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("handled_at", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        comment="What the office announces beside the log, in the transaction in which it happened.",
        sqlite_autoincrement=True,
    )
    op.create_index("office_event_waiting", "office_event", ["plant", "handled_at", "id"], unique=False)
    op.execute("INSERT INTO projection (plant, name, position) SELECT plant, 'notify', position FROM log_head")
