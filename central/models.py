"""The tables. Comments go into the PostgreSQL schema, so that a person reading it there needs no other page.

Times are seconds since 1970 by the server's clock unless the column says otherwise. `plant` begins every key.
"""

from typing import Any, ClassVar

import sqlalchemy
from sqlalchemy import BigInteger, Double, ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

Number = BigInteger().with_variant(Integer, "sqlite")


class Table(DeclarativeBase):
    """Base of all tables."""

    type_annotation_map: ClassVar[dict[Any, Any]] = {int: Number, float: Double, str: Text}


def table_of(model: type[Table]) -> sqlalchemy.Table:
    """The plain table of a model, for the paths that are too hot for objects."""
    found = model.__table__
    assert isinstance(found, sqlalchemy.Table)
    return found


def _plant() -> Mapped[str]:
    return mapped_column(String(32), primary_key=True, comment="plant id")


class ServerRow(Table):
    """This database."""

    __tablename__ = "server"
    __table_args__ = ({"comment": "The database's own identity; another identity is another server to a gateway."},)
    plant: Mapped[str] = _plant()
    identity: Mapped[str] = mapped_column(comment="128 random bits, hexadecimal")
    secret: Mapped[str] = mapped_column(comment="key that signs forms, hexadecimal")
    made_at: Mapped[float]


class LogHead(Table):
    """The end of the log; the row every writer of the log locks."""

    __tablename__ = "log_head"
    __table_args__ = ({"comment": "End of the log. Writers lock this row, so positions are gapless in commit order."},)
    plant: Mapped[str] = _plant()
    position: Mapped[int] = mapped_column(comment="position of the newest record")
    changes: Mapped[int] = mapped_column(comment="counts what a page could show differently; live pages watch it")


class Record(Table):
    """The log: every record of every gateway, append-only."""

    __tablename__ = "record"
    plant: Mapped[str] = _plant()
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, comment="place in the server's log")
    stream_id: Mapped[int] = mapped_column(comment="epoch of a gateway: table stream")
    seq: Mapped[int] = mapped_column(comment="number in its epoch, from 1")
    place: Mapped[int] = mapped_column(
        Integer, comment="0: the record; 1: a record.lost whose original turned up after all"
    )
    previous_digest: Mapped[str]
    digest: Mapped[str] = mapped_column(comment="SHA-256 over identity, previous_digest and content (I3)")
    content: Mapped[str] = mapped_column(comment="the event as CloudEvents attributes, exactly as the gateway wrote it")
    received_at: Mapped[float]
    __table_args__ = (
        UniqueConstraint("stream_id", "seq", "place", name="record_identity"),
        {"comment": "The log of the plant. Rows are never changed but for place.", "sqlite_with_rowid": False},
    )


class Stream(Table):
    """One epoch of one gateway and how far it is held. Never purged (S6)."""

    __tablename__ = "stream"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    plant: Mapped[str] = mapped_column(String(32))
    gateway: Mapped[str]
    epoch: Mapped[str] = mapped_column(comment="128 random bits made by a process start of the gateway")
    previous_epoch: Mapped[str | None] = mapped_column(comment="the epoch before it on that card")
    previous_last: Mapped[int] = mapped_column(comment="last seq of that epoch, as the gateway knew it")
    ordinal: Mapped[int] = mapped_column(comment="place in the chain of epochs")
    mark: Mapped[int] = mapped_column(comment="held up to here, but for the ranges in gap")
    safe: Mapped[int] = mapped_column(comment="in a confirmed backup up to here (S5)")
    claimed: Mapped[int] = mapped_column(comment="largest last seq ever announced (S1)")
    claimed_at: Mapped[float] = mapped_column(comment="since when something announced is not held")
    offered_floor: Mapped[int] = mapped_column(comment="pruned on the card up to here, by the newest offer")
    offered_last: Mapped[int] = mapped_column(comment="last seq by the newest offer")
    forked: Mapped[int] = mapped_column(Integer, comment="1: another epoch names the same epoch before it (I4)")
    first_seen_at: Mapped[float]
    __table_args__ = (
        UniqueConstraint("plant", "gateway", "epoch", name="stream_identity"),
        Index("stream_previous", "plant", "gateway", "previous_epoch"),
        {"comment": "Epochs of gateways with their marks. Never purged."},
    )


class Gap(Table):
    """A range of records that the card announced and this database does not hold."""

    __tablename__ = "gap"
    __table_args__ = ({"comment": "Missing ranges. Asked for in each receipt while asked is 1."},)
    stream_id: Mapped[int] = mapped_column(ForeignKey("stream.id"), primary_key=True)
    first: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    last: Mapped[int]
    asked: Mapped[int] = mapped_column(Integer, comment="0: refused content, which is not asked for again")
    reason: Mapped[str]
    declared_at: Mapped[float]


class Conflict(Table):
    """A record that could not take its place, kept as evidence until a person signs it off."""

    __tablename__ = "conflict"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    plant: Mapped[str] = mapped_column(String(32))
    gateway: Mapped[str]
    stream_id: Mapped[int] = mapped_column(ForeignKey("stream.id"))
    seq: Mapped[int]
    kind: Mapped[str] = mapped_column(comment="conflict: the same identity with another digest; refused: over a bound")
    digest: Mapped[str]
    content: Mapped[str]
    received_at: Mapped[float]
    __table_args__ = (
        UniqueConstraint("stream_id", "seq", "digest", name="conflict_identity"),
        Index("conflict_gateway", "plant", "gateway"),
        {"comment": "Records that are not in the log because their identity is taken or their content is refused."},
    )


class Alarm(Table):
    """Something a person must look at (S7, I10)."""

    __tablename__ = "alarm"
    __table_args__ = ({"comment": "Kept until a person signs it off, and afterwards as history."},)
    plant: Mapped[str] = _plant()
    gateway: Mapped[str] = mapped_column(primary_key=True, comment="empty: the server itself")
    kind: Mapped[str] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(primary_key=True, comment="epoch, epoch/seq or another name")
    detail: Mapped[str]
    first_at: Mapped[float]
    last_at: Mapped[float]
    count: Mapped[int]
    signed_off_at: Mapped[float | None]
    signed_off_by: Mapped[str | None]


class Gateway(Table):
    """A gateway, its credential and what it last said."""

    __tablename__ = "gateway"
    plant: Mapped[str] = _plant()
    name: Mapped[str] = mapped_column(primary_key=True)
    token_hash: Mapped[str | None] = mapped_column(comment="SHA-256 of its bearer token")
    mqtt_hash: Mapped[str | None] = mapped_column(comment="the same token as mosquitto's $7$ password hash")
    enrolled_at: Mapped[float | None]
    revoked_at: Mapped[float | None]
    last_seen: Mapped[float | None]
    data_as_of: Mapped[float | None] = mapped_column(comment="everything it recorded up to then is held")
    release: Mapped[str]
    status: Mapped[str] = mapped_column(comment="its own words on its health, JSON")
    clock_good: Mapped[int | None] = mapped_column(
        Integer, comment="1: its clock was synchronised in the newest record"
    )
    waiting: Mapped[int] = mapped_column(comment="announced and not yet held")
    closed_digest: Mapped[str] = mapped_column(comment="digest of its closed epochs as last verified")
    facts_last: Mapped[int] = mapped_column(comment="number of its newest fact")
    facts_fetched: Mapped[int] = mapped_column(comment="it has asked for facts behind this number")
    __table_args__ = (
        Index("gateway_token", "token_hash"),
        {"comment": "Gateways. Nothing is shared by the fleet: each has its own credential."},
    )


class Anchor(Table):
    """What is known of one boot's clock (I9)."""

    __tablename__ = "anchor"
    __table_args__ = ({"comment": "Server time less CLOCK_BOOTTIME for a boot of a gateway, with its error bound."},)
    plant: Mapped[str] = _plant()
    gateway: Mapped[str] = mapped_column(primary_key=True)
    boot: Mapped[str] = mapped_column(primary_key=True)
    offset_seconds: Mapped[float] = mapped_column(comment="server time = CLOCK_BOOTTIME + this, at the latest")
    error_seconds: Mapped[float | None] = mapped_column(comment="may be earlier by so much; null: not known")
    observed_at: Mapped[float]


class Projection(Table):
    """How far a reader of the log has come."""

    __tablename__ = "projection"
    __table_args__ = ({"comment": "Positions of the readers of the log; moved in the transaction that uses them."},)
    plant: Mapped[str] = _plant()
    name: Mapped[str] = mapped_column(primary_key=True)
    position: Mapped[int]


class Happening(Table):
    """A record, read: what the list of records is filtered by."""

    __tablename__ = "happening"
    plant: Mapped[str] = _plant()
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    gateway: Mapped[str]
    type: Mapped[str]
    station: Mapped[str]
    person: Mapped[str]
    operation: Mapped[str]
    flags: Mapped[str] = mapped_column(comment="blank between them")
    wall: Mapped[float | None] = mapped_column(comment="when it happened, corrected where an anchor is known (I9)")
    error_seconds: Mapped[float | None]
    clock: Mapped[str] = mapped_column(comment="synchronised, corrected or unsynchronised")
    boot: Mapped[str]
    boottime: Mapped[float] = mapped_column(comment="seconds of that boot's CLOCK_BOOTTIME")
    __table_args__ = (
        Index("happening_gateway", "plant", "gateway", "position"),
        Index("happening_type", "plant", "type", "position"),
        Index("happening_boot", "plant", "boot"),
        Index("happening_operation", "plant", "operation", "position"),
        {"comment": "Folded from the log.", "sqlite_with_rowid": False},
    )


class Operation(Table):
    """An operation: what is planned (master data) and what is done (the log)."""

    __tablename__ = "operation"
    __table_args__ = (
        Index("operation_order", "plant", "work_order", "number"),
        {"comment": "Progress of each operation: the sum of its reports that were not corrected."},
    )
    plant: Mapped[str] = _plant()
    id: Mapped[str] = mapped_column(primary_key=True)
    master_version: Mapped[int | None] = mapped_column(comment="null: the master data does not name it (I12)")
    work_order: Mapped[str]
    number: Mapped[int]
    name: Mapped[str]
    planned: Mapped[int | None]
    good: Mapped[int]
    scrap: Mapped[int]
    flagged: Mapped[int] = mapped_column(comment="uncorrected reports with flags")
    changed_at: Mapped[float | None]
    rework: Mapped[int] = mapped_column(server_default="0", comment="pieces that went back, neither good nor scrap")


class Share(Table):
    """What one gateway reported of one operation, and what it was told of the others."""

    __tablename__ = "share"
    __table_args__ = ({"comment": "Progress by gateway; told_* is the newest operation.progress fact sent to it."},)
    plant: Mapped[str] = _plant()
    operation: Mapped[str] = mapped_column(primary_key=True)
    gateway: Mapped[str] = mapped_column(primary_key=True)
    good: Mapped[int]
    scrap: Mapped[int]
    told_good: Mapped[int]
    told_scrap: Mapped[int]


class Report(Table):
    """A work report, and whether it still counts."""

    __tablename__ = "report"
    __table_args__ = (
        {"comment": "report.finished records; state: counted, corrected, awaited (its correction came first)."},
    )
    plant: Mapped[str] = _plant()
    gateway: Mapped[str] = mapped_column(primary_key=True)
    epoch: Mapped[str] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    operation: Mapped[str]
    person: Mapped[str]
    good: Mapped[int]
    scrap: Mapped[int]
    flagged: Mapped[int] = mapped_column(Integer)
    wall: Mapped[float | None]
    state: Mapped[str]
    rework: Mapped[int] = mapped_column(server_default="0", comment="of a rework.reported record")


class Work(Table):
    """Who works on what. Ended rows stay: they tell an older record that turns up late from a newer one."""

    __tablename__ = "work"
    plant: Mapped[str] = _plant()
    gateway: Mapped[str] = mapped_column(primary_key=True)
    person: Mapped[str] = mapped_column(primary_key=True)
    operation: Mapped[str] = mapped_column(primary_key=True)
    station: Mapped[str]
    state: Mapped[str] = mapped_column(comment="running, paused, ended")
    since: Mapped[float | None]
    ordinal: Mapped[int] = mapped_column(comment="epoch's place in the chain, of the newest record applied (I9)")
    seq: Mapped[int] = mapped_column(comment="seq of the newest record applied (I9)")
    __table_args__ = (
        Index("work_state", "plant", "state"),
        Index("work_operation", "plant", "operation"),
        {"comment": "Shares of people in operations."},
    )


class Call(Table):
    """A call for help. `gateway` and `epoch`/`seq` are those of its andon.raised."""

    __tablename__ = "call"
    plant: Mapped[str] = _plant()
    gateway: Mapped[str] = mapped_column(primary_key=True)
    epoch: Mapped[str] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    call_type: Mapped[str]
    station: Mapped[str]
    person: Mapped[str]
    operation: Mapped[str]
    state: Mapped[str] = mapped_column(comment="raised, acknowledged, resolved, cancelled")
    raised_at: Mapped[float | None]
    acknowledged_at: Mapped[float | None]
    acknowledged_by: Mapped[str]
    source: Mapped[str] = mapped_column(comment="who took it: badge, page, office")
    ended_at: Mapped[float | None]
    ended_by: Mapped[str]
    cause: Mapped[str]
    tier: Mapped[int] = mapped_column(server_default="0", default=0, comment="newest tier; 0: none yet")
    owner: Mapped[str] = mapped_column(
        server_default="", default="", comment="who has to know: of that tier, or by handing over"
    )
    handed_by: Mapped[str] = mapped_column(server_default="", default="", comment="who handed it to its owner")
    told: Mapped[int] = mapped_column(server_default="0", default=0, comment="newest fact of the office on who has it")
    heard: Mapped[int] = mapped_column(
        server_default="0", default=0, comment="newest fact of it that its station has kept"
    )
    newest_ordinal: Mapped[int] = mapped_column(
        server_default="0", default=0, comment="epoch's place in the chain, of the newest record on who has it"
    )
    newest_seq: Mapped[int] = mapped_column(server_default="0", default=0, comment="seq of that record (I9)")
    stopped: Mapped[int] = mapped_column(
        server_default="0", default=0, comment="1: the line stopped at its fixed position"
    )
    __table_args__ = (
        Index("call_state", "plant", "state"),
        Index("call_ended", "plant", "ended_at"),
        Index("call_raised", "plant", "raised_at"),
        Index("call_operation", "plant", "operation"),
        Index("call_station", "plant", "station"),
        Index("call_identity", "plant", "epoch", "seq"),
        {"comment": "Andon calls; several acknowledgements of one call merge into its row."},
    )


class Station(Table):
    """A station as its newest record left it."""

    __tablename__ = "station"
    __table_args__ = ({"comment": "Who is signed in where, and when the station last recorded something."},)
    plant: Mapped[str] = _plant()
    id: Mapped[str] = mapped_column(primary_key=True)
    gateway: Mapped[str]
    person: Mapped[str] = mapped_column(comment="empty: nobody")
    recorded_at: Mapped[float | None]
    ordinal: Mapped[int]
    seq: Mapped[int]


class MasterVersion(Table):
    """A version of the master data, whole (I8)."""

    __tablename__ = "master_version"
    __table_args__ = ({"comment": "Every version ever published; decisions in the log name one of them."},)
    plant: Mapped[str] = _plant()
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    content_digest: Mapped[str] = mapped_column(comment="SHA-256 without the version: equal data, equal digest")
    digest: Mapped[str] = mapped_column(comment="SHA-256 of body")
    body: Mapped[str]
    made_at: Mapped[float]
    made_by: Mapped[str]
    note: Mapped[str] = mapped_column(server_default="", default="", comment="what who released it says of it")


class Fact(Table):
    """Something that happened elsewhere, told to one gateway."""

    __tablename__ = "fact"
    __table_args__ = ({"comment": "Numbered lists, one for each gateway."},)
    plant: Mapped[str] = _plant()
    gateway: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str]
    content: Mapped[str] = mapped_column(comment="JSON")
    made_at: Mapped[float]


class OneTimeCode(Table):
    """A code that opens one door once."""

    __tablename__ = "one_time_code"
    __table_args__ = ({"comment": "Codes to enrol a gateway or to set a password; only their hash is here."},)
    plant: Mapped[str] = _plant()
    purpose: Mapped[str] = mapped_column(primary_key=True, comment="gateway or account")
    subject: Mapped[str] = mapped_column(primary_key=True, comment="the one name it is for")
    code_hash: Mapped[str]
    attempts: Mapped[int]
    expires_at: Mapped[float]
    made_by: Mapped[str]
    used_at: Mapped[float | None] = mapped_column(comment="null: it waits to be used")
    used_key: Mapped[str | None] = mapped_column(comment="SHA-256 of the public key that it answers to again")


class AccountRow(Table):
    """Somebody who may sign in to the pages."""

    __tablename__ = "account"
    __table_args__ = ({"comment": "Users of the pages."},)
    plant: Mapped[str] = _plant()
    name: Mapped[str] = mapped_column(primary_key=True)
    password_hash: Mapped[str | None] = mapped_column(comment="argon2id; null until the first sign-in by code")
    roles: Mapped[str] = mapped_column(comment="blank between them; one for a place as leader@site/area/line")
    person: Mapped[str] = mapped_column(comment="id in the master data, empty where there is none")
    enabled: Mapped[int] = mapped_column(Integer)
    failures: Mapped[int] = mapped_column(comment="wrong passwords in a row")
    locked_until: Mapped[float]
    made_at: Mapped[float]
    made_by: Mapped[str]


class AccountSession(Table):
    """A sign-in that lasts."""

    __tablename__ = "account_session"
    plant: Mapped[str] = _plant()
    token_hash: Mapped[str] = mapped_column(primary_key=True, comment="SHA-256 of the cookie")
    account: Mapped[str]
    made_at: Mapped[float]
    expires_at: Mapped[float]
    address: Mapped[str] = mapped_column(server_default="", comment="where the sign-in came from")
    browser: Mapped[str] = mapped_column(server_default="", comment="as it names itself")
    means: Mapped[str] = mapped_column(server_default="password", comment="password, or badge and PIN")
    __table_args__ = (
        Index("account_session_account", "plant", "account"),
        {"comment": "Sessions of the pages, kept here so that they can be ended here."},
    )


class Lease(Table):
    """Who does the work that one process does."""

    __tablename__ = "lease"
    __table_args__ = ({"comment": "The holder does timers, projections and backups until expires_at."},)
    plant: Mapped[str] = _plant()
    name: Mapped[str] = mapped_column(primary_key=True)
    holder: Mapped[str]
    expires_at: Mapped[float]


class BackupRow(Table):
    """A confirmed backup."""

    __tablename__ = "backup"
    __table_args__ = ({"comment": "Copies that were opened and read after they were made (S5)."},)
    plant: Mapped[str] = _plant()
    name: Mapped[str] = mapped_column(primary_key=True, comment="file name in the backup folder")
    made_at: Mapped[float]
    position: Mapped[int] = mapped_column(comment="log position in the copy")
    bytes: Mapped[int]
    digest: Mapped[str]
