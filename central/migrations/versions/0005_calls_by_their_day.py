"""Calls by their day"""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The calls of a period, without reading the others."""
    op.create_index("call_raised", "call", ["plant", "raised_at"])
