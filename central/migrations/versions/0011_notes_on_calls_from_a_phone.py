"""Notes on calls from a phone"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Notes with photos, and the answers to acts that a phone may send twice."""
    op.create_table(
        "call_note",
        sa.Column("plant", sa.String(32), nullable=False, comment="plant id"),
        sa.Column("gateway", sa.Text(), nullable=False),
        sa.Column("epoch", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column(
            "number",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
            comment="of the call's notes, from 1",
        ),
        sa.Column("account", sa.Text(), nullable=False, comment="who was signed in"),
        sa.Column("key", sa.Text(), nullable=False, comment="made by the phone: one note has one"),
        sa.Column("person", sa.Text(), nullable=False, comment="id in the master data, else the account"),
        sa.Column("text", sa.Text(), nullable=False, comment="empty beside a photo that says it all"),
        sa.Column("sha256", sa.Text(), nullable=False, comment="the photo among the server's files; empty: none"),
        sa.Column("made_at", sa.Double(), nullable=False, comment="when it was written, as the phone tells its age"),
        sa.Column("received_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("plant", "gateway", "epoch", "seq", "number"),
        sa.UniqueConstraint("plant", "account", "key", name="call_note_once"),
        comment="Notes on calls made at the office's side: no records of the floor, and no gateway has them.",
    )
    op.create_table(
        "phone_act",
        sa.Column("plant", sa.String(32), nullable=False, comment="plant id"),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False, comment="128 random bits of the phone, hexadecimal"),
        sa.Column("digest", sa.Text(), nullable=False, comment="SHA-256 of what was asked"),
        sa.Column("refusal", sa.Text(), nullable=False, comment="empty: done"),
        sa.Column("who", sa.Text(), nullable=False, comment="who was first, where that is the refusal"),
        sa.Column("answered_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("plant", "account", "key"),
        comment="Answers to acts of phones, kept longer than a phone may send one again.",
    )
    op.create_index("phone_act_answered", "phone_act", ["plant", "answered_at"])
