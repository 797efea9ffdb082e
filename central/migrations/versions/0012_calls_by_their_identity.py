"""Calls by their identity, messages by their newest"""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Indexes that go with what is asked, so that no page and no pump reads a table that grows from end to end."""
    op.create_index("call_identity", "call", ["plant", "epoch", "seq"])
    op.create_index("delivery_newest", "delivery", ["plant", "id"])
    op.create_index("delivery_inbox", "delivery", ["plant", "person", "channel", "id"])
    op.create_index("delivery_state", "delivery", ["plant", "state", "id"])
    op.create_index("task_done", "task", ["plant", "state", "done_at", "number"])
    op.create_index("task_changed", "task", ["plant", "changed_at"])
    op.drop_index("attachment_subject", "attachment")
    op.create_index("attachment_subject", "attachment", ["plant", "kind", "subject", "number"])
