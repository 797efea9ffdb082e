"""The tables of planning: drafts of master data, and orders that lack material."""

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from central.models import Table


class MasterDraft(Table):
    """What somebody changed and has not released."""

    __tablename__ = "master_draft"
    __table_args__ = ({"comment": "Rows changed over a version of the master data, one draft for each account."},)
    plant: Mapped[str] = mapped_column(String(32), primary_key=True, comment="plant id")
    owner: Mapped[str] = mapped_column(primary_key=True, comment="account")
    base_version: Mapped[int] = mapped_column(comment="version of the master data that it changes")
    edits: Mapped[str] = mapped_column(comment="JSON: table, key, row; null: the row goes")
    note: Mapped[str] = mapped_column(comment="proposed release note")
    changed_at: Mapped[float]


class ShortageRow(Table):
    """An order lacks an item."""

    __tablename__ = "shortage"
    __table_args__ = ({"comment": "Kit check of released orders; ended rows stay until the order leaves."},)
    plant: Mapped[str] = mapped_column(String(32), primary_key=True, comment="plant id")
    work_order: Mapped[str] = mapped_column(primary_key=True)
    item: Mapped[str] = mapped_column(primary_key=True)
    missing: Mapped[float]
    expected_day: Mapped[str] = mapped_column(comment="when more comes; empty: not known")
    owner: Mapped[str] = mapped_column(comment="who has to see to it")
    raised_at: Mapped[float]
    ended_at: Mapped[float | None] = mapped_column(comment="null: still short")
    told_at: Mapped[float | None] = mapped_column(comment="when people were told; null: not yet")
