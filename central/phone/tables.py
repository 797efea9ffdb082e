"""The tables of the phone page. Times are seconds since 1970 by the server's clock; `plant` begins every key."""

from sqlalchemy import Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from central.models import Table


class CallNote(Table):
    """A note, a photo, or both, that somebody put to a call from the office's side."""

    __tablename__ = "call_note"
    plant: Mapped[str] = mapped_column(String(32), primary_key=True, comment="plant id")
    gateway: Mapped[str] = mapped_column(primary_key=True)
    epoch: Mapped[str] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, comment="of the call's notes, from 1")
    account: Mapped[str] = mapped_column(comment="who was signed in")
    key: Mapped[str] = mapped_column(comment="made by the phone: one note has one")
    person: Mapped[str] = mapped_column(comment="id in the master data, else the account")
    text: Mapped[str] = mapped_column(comment="empty beside a photo that says it all")
    sha256: Mapped[str] = mapped_column(comment="the photo among the server's files; empty: none")
    made_at: Mapped[float] = mapped_column(comment="when it was written, as the phone tells its age")
    received_at: Mapped[float]
    __table_args__ = (
        UniqueConstraint("plant", "account", "key", name="call_note_once"),
        {"comment": "Notes on calls made at the office's side: no records of the floor, and no gateway has them."},
    )


class PhoneAct(Table):
    """An act that a phone sent, and what came of it: asked again, it is answered the same."""

    __tablename__ = "phone_act"
    plant: Mapped[str] = mapped_column(String(32), primary_key=True, comment="plant id")
    account: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True, comment="128 random bits of the phone, hexadecimal")
    digest: Mapped[str] = mapped_column(comment="SHA-256 of what was asked")
    refusal: Mapped[str] = mapped_column(comment="empty: done")
    who: Mapped[str] = mapped_column(comment="who was first, where that is the refusal")
    answered_at: Mapped[float]
    __table_args__ = (
        Index("phone_act_answered", "plant", "answered_at"),
        {"comment": "Answers to acts of phones, kept longer than a phone may send one again."},
    )
