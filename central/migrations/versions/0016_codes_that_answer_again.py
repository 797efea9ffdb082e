"""Codes that answer again to who did not hear the answer"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """When a code was used, and by whose key."""
    at: sa.Column[float] = sa.Column("used_at", sa.Double(), nullable=True, comment="null: it waits to be used")
    op.add_column("one_time_code", at)
    about = "SHA-256 of the public key that it answers to again"
    key: sa.Column[str] = sa.Column("used_key", sa.Text(), nullable=True, comment=about)
    op.add_column("one_time_code", key)
