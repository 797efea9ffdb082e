"""The first tables"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _account() -> None:
    op.create_table(
        "account",
        sa.Column("plant", sa.String(length=32), nullable=False, comment="plant id"),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=True, comment="argon2id; null until the first sign-in by code"),
        sa.Column("roles", sa.Text(), nullable=False, comment="blank between them: leader planner admin"),
        sa.Column("person", sa.Text(), nullable=False, comment="id in the master data, empty where there is none"),
        sa.Column("enabled", sa.Integer(), nullable=False),
        sa.Column("failures", NUMBER, nullable=False, comment="wrong passwords in a row"),
        sa.Column("locked_until", sa.Double(), nullable=False),
        sa.Column("made_at", sa.Double(), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("plant", "name"),
        comment="Users of the pages.",
    )


def _account_session() -> None:
    op.create_table(
        "account_session",
        sa.Column("plant", sa.String(length=32), nullable=False, comment="plant id"),
        sa.Column("token_hash", sa.Text(), nullable=False, comment="SHA-256 of the cookie"),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("made_at", sa.Double(), nullable=False),
        sa.Column("expires_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("plant", "token_hash"),
        comment="Sessions of the pages, kept here so that they can be ended here.",
    )
    op.create_index("account_session_account", "account_session", ["plant", "account"], unique=False)


def _alarm() -> None:
    op.create_table(
        "alarm",
        sa.Column("plant", sa.String(length=32), nullable=False, comment="plant id"),
        sa.Column("gateway", sa.Text(), nullable=False, comment="empty: the server itself"),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False, comment="epoch, epoch/seq or another name"),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("first_at", sa.Double(), nullable=False),
        sa.Column("last_at", sa.Double(), nullable=False),
        sa.Column("count", NUMBER, nullable=False),
        sa.Column("signed_off_at", sa.Double(), nullable=True),
        sa.Column("signed_off_by", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("plant", "gateway", "kind", "subject"),
        comment="Kept until a person signs it off, and afterwards as history.",
    )


def _anchor() -> None:
    op.create_table(
        "anchor",
        sa.Column("plant", sa.String(length=32), nullable=False, comment="plant id"),
        sa.Column("gateway", sa.Text(), nullable=False),
        sa.Column("boot", sa.Text(), nullable=False),
        sa.Column(
            "offset_seconds", sa.Double(), nullable=False, comment="server time = CLOCK_BOOTTIME + this, at the latest"
        ),
        sa.Column("error_seconds", sa.Double(), nullable=True, comment="may be earlier by so much; null: not known"),
        sa.Column("observed_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("plant", "gateway", "boot"),
        comment="Server time less CLOCK_BOOTTIME for a boot of a gateway, with its error bound.",
    )


def _backup() -> None:
    op.create_table(
        "backup",
        sa.Column("plant", sa.String(length=32), nullable=False, comment="plant id"),
        sa.Column("name", sa.Text(), nullable=False, comment="file name in the backup folder"),
        sa.Column("made_at", sa.Double(), nullable=False),
        sa.Column("position", NUMBER, nullable=False, comment="log position in the copy"),
        sa.Column("bytes", NUMBER, nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("plant", "name"),
        comment="Copies that were opened and read after they were made (S5).",
    )


def _call() -> None:
    op.create_table(
        "call",
        sa.Column("plant", sa.String(length=32), nullable=False, comment="plant id"),
        sa.Column("gateway", sa.Text(), nullable=False),
        sa.Column("epoch", sa.Text(), nullable=False),
        sa.Column("seq", NUMBER, autoincrement=False, nullable=False),
        sa.Column("call_type", sa.Text(), nullable=False),
        sa.Column("station", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.Column(
            "state", sa.Text(), nullable=False, comment="raised, acknowledged, resolved, cancelled; only ever forward"
        ),
        sa.Column("raised_at", sa.Double(), nullable=True),
        sa.Column("acknowledged_at", sa.Double(), nullable=True),
        sa.Column("acknowledged_by", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False, comment="who took it: badge, page, office"),
        sa.Column("ended_at", sa.Double(), nullable=True),
        sa.Column("ended_by", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("plant", "gateway", "epoch", "seq"),
        comment="Andon calls; several acknowledgements of one call merge into its row.",
    )
    op.create_index("call_ended", "call", ["plant", "ended_at"], unique=False)
    op.create_index("call_state", "call", ["plant", "state"], unique=False)


def _fact() -> None:
    op.create_table(
        "fact",
        sa.Column("plant", sa.String(length=32), nullable=False, comment="plant id"),
        sa.Column("gateway", sa.Text(), nullable=False),
        sa.Column("number", NUMBER, autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False, comment="JSON"),
        sa.Column("made_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("plant", "gateway", "number"),
        comment="Numbered lists, one for each gateway.",
    )


def _gateway() -> None:
    op.create_table(
        "gateway",
        sa.Column("plant", sa.String(length=32), nullable=False, comment="plant id"),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("token_hash", sa.Text(), nullable=True, comment="SHA-256 of its bearer token"),
        sa.Column("mqtt_hash", sa.Text(), nullable=True, comment="the same token as mosquitto's $7$ password hash"),
        sa.Column("enrolled_at", sa.Double(), nullable=True),
        sa.Column("revoked_at", sa.Double(), nullable=True),
        sa.Column("last_seen", sa.Double(), nullable=True),
        sa.Column("data_as_of", sa.Double(), nullable=True, comment="everything it recorded up to then is held"),
        sa.Column("release", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False, comment="its own words on its health, JSON"),
        sa.Column(
            "clock_good", sa.Integer(), nullable=True, comment="1: its clock was synchronised in the newest record"
        ),
        sa.Column("waiting", NUMBER, nullable=False, comment="announced and not yet held"),
        sa.Column("closed_digest", sa.Text(), nullable=False, comment="digest of its closed epochs as last verified"),
        sa.Column("facts_last", NUMBER, nullable=False, comment="number of its newest fact"),
        sa.Column("facts_fetched", NUMBER, nullable=False, comment="it has asked for facts behind this number"),
        sa.PrimaryKeyConstraint("plant", "name"),
        comment="Gateways. Nothing is shared by the fleet: each has its own credential.",
    )
    op.create_index("gateway_token", "gateway", ["token_hash"], unique=False)


def _happening() -> None:
    op.create_table(
        "happening",
        sa.Column("plant", sa.String(length=32), nullable=False, comment="plant id"),
        sa.Column("position", NUMBER, autoincrement=False, nullable=False),
        sa.Column("gateway", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("station", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.Column("flags", sa.Text(), nullable=False, comment="blank between them"),
        sa.Column(
            "wall", sa.Double(), nullable=True, comment="when it happened, corrected where an anchor is known (I9)"
        ),
        sa.Column("error_seconds", sa.Double(), nullable=True),
        sa.Column("clock", sa.Text(), nullable=False, comment="synchronised, corrected or unsynchronised"),
        sa.Column("boot", sa.Text(), nullable=False),
        sa.Column("boottime", sa.Double(), nullable=False, comment="seconds of that boot's CLOCK_BOOTTIME"),
        sa.PrimaryKeyConstraint("plant", "position"),
        comment="Folded from the log.",
        sqlite_with_rowid=False,
    )
    op.create_index("happening_boot", "happening", ["plant", "boot"], unique=False)
    op.create_index("happening_gateway", "happening", ["plant", "gateway", "position"], unique=False)
    op.create_index("happening_operation", "happening", ["plant", "operation", "position"], unique=False)
    op.create_index("happening_type", "happening", ["plant", "type", "position"], unique=False)


def _lease() -> None:
    op.create_table(
        "lease",
        sa.Column("plant", sa.String(length=32), nullable=False, comment="plant id"),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("plant", "name"),
        comment="The holder does timers, projections and backups until expires_at.",
    )


def _log_head() -> None:
    op.create_table(
        "log_head",
        sa.Column("plant", sa.String(length=32), nullable=False, comment="plant id"),
        sa.Column("position", NUMBER, nullable=False, comment="position of the newest record"),
        sa.Column(
            "changes", NUMBER, nullable=False, comment="counts what a page could show differently; live pages watch it"
        ),
        sa.PrimaryKeyConstraint("plant"),
        comment="End of the log. Writers lock this row, so positions are gapless in commit order.",
    )


def _master_version() -> None:
    op.create_table(
        "master_version",
        sa.Column("plant", sa.String(length=32), nullable=False, comment="plant id"),
        sa.Column("version", NUMBER, autoincrement=False, nullable=False),
        sa.Column(
            "content_digest", sa.Text(), nullable=False, comment="SHA-256 without the version: equal data, equal digest"
        ),
        sa.Column("digest", sa.Text(), nullable=False, comment="SHA-256 of body"),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("made_at", sa.Double(), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("plant", "version"),
        comment="Every version ever published; decisions in the log name one of them.",
    )


def _one_time_code() -> None:
    op.create_table(
        "one_time_code",
        sa.Column("plant", sa.String(length=32), nullable=False, comment="plant id"),
        sa.Column("purpose", sa.Text(), nullable=False, comment="gateway or account"),
        sa.Column("subject", sa.Text(), nullable=False, comment="the one name it is for"),
        sa.Column("code_hash", sa.Text(), nullable=False),
        sa.Column("attempts", NUMBER, nullable=False),
        sa.Column("expires_at", sa.Double(), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("plant", "purpose", "subject"),
        comment="Codes to enrol a gateway or to set a password; only their hash is here.",
    )


def _operation() -> None:
    op.create_table(
        "operation",
        sa.Column("plant", sa.String(length=32), nullable=False, comment="plant id"),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("master_version", NUMBER, nullable=True, comment="null: the master data does not name it (I12)"),
        sa.Column("work_order", sa.Text(), nullable=False),
        sa.Column("number", NUMBER, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("planned", NUMBER, nullable=True),
        sa.Column("good", NUMBER, nullable=False),
        sa.Column("scrap", NUMBER, nullable=False),
        sa.Column("flagged", NUMBER, nullable=False, comment="uncorrected reports with flags"),
        sa.Column("changed_at", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("plant", "id"),
        comment="Progress of each operation: the sum of its reports that were not corrected.",
    )


def _projection() -> None:
    op.create_table(
        "projection",
        sa.Column("plant", sa.String(length=32), nullable=False, comment="plant id"),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("position", NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("plant", "name"),
        comment="Positions of the readers of the log; moved in the transaction that uses them.",
    )


def _record() -> None:
    op.create_table(
        "record",
        sa.Column("plant", sa.String(length=32), nullable=False, comment="plant id"),
        sa.Column("position", NUMBER, autoincrement=False, nullable=False, comment="place in the server's log"),
        sa.Column("stream_id", NUMBER, nullable=False, comment="epoch of a gateway: table stream"),
        sa.Column("seq", NUMBER, nullable=False, comment="number in its epoch, from 1"),
        sa.Column(
            "place",
            sa.Integer(),
            nullable=False,
            comment="0: the record; 1: a record.lost whose original turned up after all",
        ),
        sa.Column("previous_digest", sa.Text(), nullable=False),
        sa.Column(
            "digest", sa.Text(), nullable=False, comment="SHA-256 over identity, previous_digest and content (I3)"
        ),
        sa.Column(
            "content",
            sa.Text(),
            nullable=False,
            comment="the event as CloudEvents attributes, exactly as the gateway wrote it",
        ),
        sa.Column("received_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("plant", "position"),
        sa.UniqueConstraint("stream_id", "seq", "place", name="record_identity"),
        comment="The log of the plant. Rows are never changed but for place.",
        sqlite_with_rowid=False,
    )


def _report() -> None:
    op.create_table(
        "report",
        sa.Column("plant", sa.String(length=32), nullable=False, comment="plant id"),
        sa.Column("gateway", sa.Text(), nullable=False),
        sa.Column("epoch", sa.Text(), nullable=False),
        sa.Column("seq", NUMBER, autoincrement=False, nullable=False),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("good", NUMBER, nullable=False),
        sa.Column("scrap", NUMBER, nullable=False),
        sa.Column("flagged", sa.Integer(), nullable=False),
        sa.Column("wall", sa.Double(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("plant", "gateway", "epoch", "seq"),
        comment="report.finished records; state: counted, corrected, awaited (its correction came first).",
    )


def _server() -> None:
    op.create_table(
        "server",
        sa.Column("plant", sa.String(length=32), nullable=False, comment="plant id"),
        sa.Column("identity", sa.Text(), nullable=False, comment="128 random bits, hexadecimal"),
        sa.Column("secret", sa.Text(), nullable=False, comment="key that signs forms, hexadecimal"),
        sa.Column("made_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("plant"),
        comment="The database's own identity; another identity is another server to a gateway.",
    )


def _share() -> None:
    op.create_table(
        "share",
        sa.Column("plant", sa.String(length=32), nullable=False, comment="plant id"),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.Column("gateway", sa.Text(), nullable=False),
        sa.Column("good", NUMBER, nullable=False),
        sa.Column("scrap", NUMBER, nullable=False),
        sa.Column("told_good", NUMBER, nullable=False),
        sa.Column("told_scrap", NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("plant", "operation", "gateway"),
        comment="Progress by gateway; told_* is the newest operation.progress fact sent to it.",
    )


def _station() -> None:
    op.create_table(
        "station",
        sa.Column("plant", sa.String(length=32), nullable=False, comment="plant id"),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("gateway", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False, comment="empty: nobody"),
        sa.Column("recorded_at", sa.Double(), nullable=True),
        sa.Column("ordinal", NUMBER, nullable=False),
        sa.Column("seq", NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("plant", "id"),
        comment="Who is signed in where, and when the station last recorded something.",
    )


def _stream() -> None:
    op.create_table(
        "stream",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        sa.Column("plant", sa.String(length=32), nullable=False),
        sa.Column("gateway", sa.Text(), nullable=False),
        sa.Column("epoch", sa.Text(), nullable=False, comment="128 random bits made by a process start of the gateway"),
        sa.Column("previous_epoch", sa.Text(), nullable=True, comment="the epoch before it on that card"),
        sa.Column("previous_last", NUMBER, nullable=False, comment="last seq of that epoch, as the gateway knew it"),
        sa.Column("ordinal", NUMBER, nullable=False, comment="place in the chain of epochs"),
        sa.Column("mark", NUMBER, nullable=False, comment="held up to here, but for the ranges in gap"),
        sa.Column("safe", NUMBER, nullable=False, comment="in a confirmed backup up to here (S5)"),
        sa.Column("claimed", NUMBER, nullable=False, comment="largest last seq ever announced (S1)"),
        sa.Column("claimed_at", sa.Double(), nullable=False, comment="since when something announced is not held"),
        sa.Column(
            "offered_floor", NUMBER, nullable=False, comment="pruned on the card up to here, by the newest offer"
        ),
        sa.Column("offered_last", NUMBER, nullable=False, comment="last seq by the newest offer"),
        sa.Column(
            "forked", sa.Integer(), nullable=False, comment="1: another epoch names the same epoch before it (I4)"
        ),
        sa.Column("first_seen_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("plant", "gateway", "epoch", name="stream_identity"),
        comment="Epochs of gateways with their marks. Never purged.",
    )
    op.create_index("stream_previous", "stream", ["plant", "gateway", "previous_epoch"], unique=False)


def _work() -> None:
    op.create_table(
        "work",
        sa.Column("plant", sa.String(length=32), nullable=False, comment="plant id"),
        sa.Column("gateway", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.Column("station", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False, comment="running, paused, ended"),
        sa.Column("since", sa.Double(), nullable=True),
        sa.Column(
            "ordinal", NUMBER, nullable=False, comment="epoch's place in the chain, of the newest record applied (I9)"
        ),
        sa.Column("seq", NUMBER, nullable=False, comment="seq of the newest record applied (I9)"),
        sa.PrimaryKeyConstraint("plant", "gateway", "person", "operation"),
        comment="Shares of people in operations.",
    )
    op.create_index("work_state", "work", ["plant", "state"], unique=False)


def _conflict() -> None:
    op.create_table(
        "conflict",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        sa.Column("plant", sa.String(length=32), nullable=False),
        sa.Column("gateway", sa.Text(), nullable=False),
        sa.Column("stream_id", NUMBER, nullable=False),
        sa.Column("seq", NUMBER, nullable=False),
        sa.Column(
            "kind",
            sa.Text(),
            nullable=False,
            comment="conflict: the same identity with another digest; refused: over a bound",
        ),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("received_at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(
            ["stream_id"],
            ["stream.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("stream_id", "seq", "digest", name="conflict_identity"),
        comment="Records that are not in the log because their identity is taken or their content is refused.",
    )
    op.create_index("conflict_gateway", "conflict", ["plant", "gateway"], unique=False)


def _gap() -> None:
    op.create_table(
        "gap",
        sa.Column("stream_id", NUMBER, nullable=False),
        sa.Column("first", NUMBER, autoincrement=False, nullable=False),
        sa.Column("last", NUMBER, nullable=False),
        sa.Column("asked", sa.Integer(), nullable=False, comment="0: refused content, which is not asked for again"),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("declared_at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(
            ["stream_id"],
            ["stream.id"],
        ),
        sa.PrimaryKeyConstraint("stream_id", "first"),
        comment="Missing ranges. Asked for in each receipt while asked is 1.",
    )


def upgrade() -> None:
    """All of them, in the order in which they name each other."""
    _account()
    _account_session()
    _alarm()
    _anchor()
    _backup()
    _call()
    _fact()
    _gateway()
    _happening()
    _lease()
    _log_head()
    _master_version()
    _one_time_code()
    _operation()
    _projection()
    _record()
    _report()
    _server()
    _share()
    _station()
    _stream()
    _work()
    _conflict()
    _gap()
