"""Keys that judge the seals of stations' logs"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """One table: a card has one key, and a gateway as many as it had cards."""
    op.create_table(
        "fleet_log_seal",
        sa.Column("plant", sa.String(32), nullable=False, comment="plant id"),
        sa.Column("gateway", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("told_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("plant", "gateway", "key"),
        comment="Keys for journalctl --verify-key; the station has them no more.",
    )
