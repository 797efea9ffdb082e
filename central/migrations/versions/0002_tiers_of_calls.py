"""Tiers of calls"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Which tier a waiting call has come to, and who has to know."""
    tier = sa.Column("tier", NUMBER, nullable=False, server_default="0", comment="newest tier; 0: none yet")
    owner = sa.Column("owner", sa.Text(), nullable=False, server_default="", comment="who has to know of that tier")
    op.add_column("call", tier)
    op.add_column("call", owner)
