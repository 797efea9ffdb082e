"""Credentials of gateways"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Client certificates, former tokens, replaced and retired gateways."""

    def plant() -> "sa.Column[str]":
        return sa.Column("plant", sa.String(32), nullable=False, comment="plant id")

    op.create_table(
        "certificate",
        plant(),
        sa.Column("serial", sa.Text(), nullable=False, comment="hexadecimal, without leading zeros"),
        sa.Column("gateway", sa.Text(), nullable=False),
        sa.Column(
            "authority", sa.Text(), nullable=False, comment="SHA-256 of the authority's certificate that signed it"
        ),
        sa.Column("issued_at", sa.Double(), nullable=False),
        sa.Column("ends_at", sa.Double(), nullable=False),
        sa.Column("used_at", sa.Double(), nullable=True, comment="first request that came with it"),
        sa.Column("revoked_at", sa.Double(), nullable=True),
        sa.Column(
            "revoked_for",
            sa.Text(),
            nullable=False,
            comment="replaced, enrolled_again, revoked, retired; empty: it is good",
        ),
        sa.PrimaryKeyConstraint("plant", "serial"),
        comment="Client certificates of gateways; the table is the revocation list.",
    )
    op.create_index("certificate_gateway", "certificate", ["plant", "gateway", "issued_at"])
    op.create_table(
        "former_token",
        plant(),
        sa.Column("token_hash", sa.Text(), nullable=False, comment="SHA-256 of the token"),
        sa.Column("gateway", sa.Text(), nullable=False),
        sa.Column("ended_at", sa.Double(), nullable=False),
        sa.Column("ended_for", sa.Text(), nullable=False, comment="replaced, enrolled_again, revoked, retired"),
        sa.PrimaryKeyConstraint("plant", "token_hash"),
        comment="Tokens that were voided, so that who still brings one is told why.",
    )
    op.create_index("former_token_gateway", "former_token", ["plant", "gateway", "ended_at"])
    op.create_table(
        "replacement",
        plant(),
        sa.Column("gateway", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False, comment="from 1"),
        sa.Column("asked_at", sa.Double(), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("enrolled_at", sa.Double(), nullable=True, comment="null: the code was not used yet"),
        sa.PrimaryKeyConstraint("plant", "gateway", "number"),
        comment="Cards that take the place of a dead one.",
    )
    op.create_table(
        "retirement",
        plant(),
        sa.Column("gateway", sa.Text(), nullable=False),
        sa.Column("retired_at", sa.Double(), nullable=False),
        sa.Column("retired_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("plant", "gateway"),
        comment="Gateways out of service.",
    )
