"""Owners of calls, and stops"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _number(name: str, comment: str) -> sa.Column[int]:
    return sa.Column(name, NUMBER, nullable=False, server_default="0", comment=comment)


def upgrade() -> None:
    """Who handed a call over, what its station has heard of it, and whether it stopped the line."""
    by = sa.Column("handed_by", sa.Text(), nullable=False, server_default="", comment="who handed it to its owner")
    op.add_column("call", by)
    op.add_column("call", _number("told", "newest fact of the office on who has it"))
    op.add_column("call", _number("heard", "newest fact of it that its station has kept"))
    op.add_column("call", _number("newest_ordinal", "epoch's place in the chain, of the newest record on who has it"))
    op.add_column("call", _number("newest_seq", "seq of that record (I9)"))
    op.add_column("call", _number("stopped", "1: the line stopped at its fixed position"))
    if op.get_bind().dialect.supports_comments:
        said = {
            "state": "raised, acknowledged, resolved, cancelled",
            "owner": "who has to know: of that tier, or by handing over",
        }
        for column, comment in said.items():
            op.alter_column("call", column, comment=comment)
