"""Drafts of master data, notes on its versions, shortages"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """The tables of planning, and what somebody says of a version that they release."""
    op.create_table(
        "master_draft",
        sa.Column("plant", sa.String(32), nullable=False, comment="plant id"),
        sa.Column("owner", sa.Text(), nullable=False, comment="account"),
        sa.Column("base_version", NUMBER, nullable=False, comment="version of the master data that it changes"),
        sa.Column("edits", sa.Text(), nullable=False, comment="JSON: table, key, row; null: the row goes"),
        sa.Column("note", sa.Text(), nullable=False, comment="proposed release note"),
        sa.Column("changed_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("plant", "owner"),
        comment="Rows changed over a version of the master data, one draft for each account.",
    )
    op.create_table(
        "shortage",
        sa.Column("plant", sa.String(32), nullable=False, comment="plant id"),
        sa.Column("work_order", sa.Text(), nullable=False),
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("missing", sa.Double(), nullable=False),
        sa.Column("expected_day", sa.Text(), nullable=False, comment="when more comes; empty: not known"),
        sa.Column("owner", sa.Text(), nullable=False, comment="who has to see to it"),
        sa.Column("raised_at", sa.Double(), nullable=False),
        sa.Column("ended_at", sa.Double(), nullable=True, comment="null: still short"),
        sa.Column("told_at", sa.Double(), nullable=True, comment="when people were told; null: not yet"),
        sa.PrimaryKeyConstraint("plant", "work_order", "item"),
        comment="Kit check of released orders; ended rows stay until the order leaves.",
    )
    note = sa.Column("note", sa.Text(), nullable=False, server_default="", comment="what who released it says of it")
    op.add_column("master_version", note)
