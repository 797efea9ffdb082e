"""The tables of messages. Contacts and deliveries stay at the server: no snapshot has them."""

from sqlalchemy import Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from central.models import Table


def _plant() -> Mapped[str]:
    return mapped_column(String(32), primary_key=True, comment="plant id")


def _id() -> Mapped[int]:
    """Never given twice, also on SQLite (`sqlite_autoincrement`): what hangs on a deleted row must find none."""
    return mapped_column(primary_key=True, autoincrement=True)


class NotifyRule(Table):
    """A rule of this plant, or what it made of one of the product's."""

    __tablename__ = "notify_rule"
    __table_args__ = ({"comment": "Who is told of what. A number below 100 takes the place of a built-in rule."},)
    plant: Mapped[str] = _plant()
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str]
    kind: Mapped[str] = mapped_column(comment="event kind; ends in .* for all that begin so")
    enabled: Mapped[int] = mapped_column(Integer)
    line: Mapped[str] = mapped_column(comment="empty: any; so with the other conditions")
    station: Mapped[str]
    call_type: Mapped[str]
    impact: Mapped[str]
    tier_min: Mapped[int]
    levels: Mapped[str] = mapped_column(comment="JSON: who is told, and after how many minutes the next level")
    channels: Mapped[str] = mapped_column(comment="blank between them; own: the person's own order")
    priority: Mapped[str] = mapped_column(comment="urgent, normal, low")
    acknowledge: Mapped[int] = mapped_column(Integer, comment="1: an answer is wanted")
    burst_max: Mapped[int] = mapped_column(comment="messages to one person in the storm window; more become one")
    limit_accepted: Mapped[float] = mapped_column(comment="seconds; 0: none")
    limit_shown: Mapped[float] = mapped_column(comment="seconds; 0: none")
    limit_acknowledged: Mapped[float] = mapped_column(comment="seconds; 0: none")
    changed_at: Mapped[float]
    changed_by: Mapped[str]


class Contact(Table):
    """How a person is reached."""

    __tablename__ = "contact"
    id: Mapped[int] = _id()
    plant: Mapped[str] = mapped_column(String(32))
    person: Mapped[str] = mapped_column(comment="id in the master data")
    channel: Mapped[str]
    address: Mapped[str] = mapped_column(comment="in the channel's words; empty: a group, where only a session answers")
    mention: Mapped[str] = mapped_column(comment="whom a robot names in its group")
    place: Mapped[int] = mapped_column(comment="the lowest is tried first")
    quiet_from: Mapped[str] = mapped_column(comment="HH:MM of the plant's clock; empty: no quiet hours")
    quiet_to: Mapped[str]
    language: Mapped[str] = mapped_column(comment="zh, en; empty: the person's")
    changed_at: Mapped[float]
    changed_by: Mapped[str]
    __table_args__ = (
        UniqueConstraint("plant", "person", "channel", "address", name="contact_identity"),
        {
            "comment": "Addresses of people. They never leave the server but to the channel itself.",
            "sqlite_autoincrement": True,
        },
    )


class OfficeEvent(Table):
    """Something the office itself announces; it becomes notifications once."""

    __tablename__ = "office_event"
    id: Mapped[int] = _id()
    plant: Mapped[str] = mapped_column(String(32))
    kind: Mapped[str]
    subject: Mapped[str]
    facts: Mapped[str] = mapped_column(comment="JSON")
    at: Mapped[float]
    handled_at: Mapped[float | None]
    __table_args__ = (
        Index("office_event_waiting", "plant", "handled_at", "id"),
        {
            "comment": "What the office announces beside the log, in the transaction in which it happened.",
            "sqlite_autoincrement": True,
        },
    )


class Notification(Table):
    """One thing that people are told by one rule."""

    __tablename__ = "notification"
    id: Mapped[int] = _id()
    plant: Mapped[str] = mapped_column(String(32))
    source: Mapped[str] = mapped_column(comment="place in the log or of the announcement, and the rule")
    rule: Mapped[int]
    kind: Mapped[str]
    subject: Mapped[str] = mapped_column(comment="what it is about; repeated soon, it is counted here")
    gateway: Mapped[str] = mapped_column(comment="gateway, epoch, seq of the call; empty and 0: about none")
    epoch: Mapped[str]
    seq: Mapped[int]
    line: Mapped[str]
    station: Mapped[str]
    impact: Mapped[str]
    priority: Mapped[str]
    acknowledge: Mapped[int] = mapped_column(Integer)
    facts: Mapped[str] = mapped_column(comment="JSON; what the message says")
    happened_at: Mapped[float]
    made_at: Mapped[float]
    count: Mapped[int]
    level: Mapped[int] = mapped_column(comment="told up to this level, from 1")
    escalate_at: Mapped[float | None] = mapped_column(comment="when the next level is told")
    closed_at: Mapped[float | None] = mapped_column(comment="answered, or nothing is to be done any more")
    closed_by: Mapped[str]
    __table_args__ = (
        UniqueConstraint("plant", "source", name="notification_source"),
        Index("notification_subject", "plant", "rule", "subject", "made_at"),
        Index("notification_call", "plant", "epoch", "seq"),
        Index("notification_escalate", "plant", "escalate_at"),
        Index("notification_made", "plant", "made_at"),
        {"comment": "What people are told. Purged after NOTIFICATION_DAYS.", "sqlite_autoincrement": True},
    )


class Delivery(Table):
    """One notification to one person over one channel."""

    __tablename__ = "delivery"
    id: Mapped[int] = _id()
    plant: Mapped[str] = mapped_column(String(32))
    key: Mapped[str] = mapped_column(comment="128 random bits: its name at the provider, the same at each attempt")
    notification: Mapped[int]
    rule: Mapped[int]
    kind: Mapped[str]
    person: Mapped[str]
    channel: Mapped[str]
    contact: Mapped[int] = mapped_column(comment="0: the page of messages")
    level: Mapped[int]
    priority: Mapped[str]
    state: Mapped[str] = mapped_column(comment="central/notify/states.py")
    attempts: Mapped[int] = mapped_column(comment="times given to the channel")
    failures: Mapped[int] = mapped_column(comment="attempts that failed; being too fast does not count")
    repeated: Mapped[int] = mapped_column(Integer, comment="1: an answer was lost; the person may have it twice")
    next_at: Mapped[float | None] = mapped_column(comment="not before; null: nothing more is due")
    due_at: Mapped[float] = mapped_column(comment="since when it may go: the bound on trying counts from here")
    claim: Mapped[str] = mapped_column(comment="which attempt of which worker is under way")
    sending_at: Mapped[float | None]
    made_at: Mapped[float]
    accepted_at: Mapped[float | None]
    shown_at: Mapped[float | None]
    acknowledged_at: Mapped[float | None]
    code: Mapped[str] = mapped_column(comment="the provider's newest code")
    told: Mapped[str] = mapped_column(comment="and its words")
    provider_id: Mapped[str]
    merged_into: Mapped[int] = mapped_column(comment="the digest or summary that tells of it; 0: none")
    link_used_at: Mapped[float | None] = mapped_column(comment="its link works once")
    __table_args__ = (
        UniqueConstraint("plant", "key", name="delivery_key"),
        UniqueConstraint("plant", "notification", "person", "channel", "contact", name="delivery_identity"),
        Index("delivery_due", "plant", "state", "next_at"),
        Index("delivery_person", "plant", "person", "channel", "state"),
        Index("delivery_storm", "plant", "rule", "person", "channel", "made_at"),
        Index("delivery_merged", "plant", "merged_into"),
        Index("delivery_made", "plant", "made_at"),
        Index("delivery_newest", "plant", "id"),
        Index("delivery_inbox", "plant", "person", "channel", "id"),
        Index("delivery_state", "plant", "state", "id"),
        {"comment": "The truth about each message: what became of it, by whose word.", "sqlite_autoincrement": True},
    )


class DeliveryStep(Table):
    """What happened to a delivery, step by step."""

    __tablename__ = "delivery_step"
    __table_args__ = ({"comment": "History of deliveries; purged with them."},)
    plant: Mapped[str] = _plant()
    delivery: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[float]
    action: Mapped[str]
    state: Mapped[str] = mapped_column(comment="the state it led to")
    code: Mapped[str]
    told: Mapped[str]
