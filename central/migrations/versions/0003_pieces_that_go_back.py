"""Pieces that go back"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """How many pieces went back, of each report and each operation."""
    comment = "pieces that went back, neither good nor scrap"
    op.add_column("operation", sa.Column("rework", NUMBER, nullable=False, server_default="0", comment=comment))
    comment = "of a rework.reported record"
    op.add_column("report", sa.Column("rework", NUMBER, nullable=False, server_default="0", comment=comment))
