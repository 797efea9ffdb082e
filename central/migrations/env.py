"""How Alembic runs here: in the transaction that `migrate` opened, under its lock."""

from alembic import context

import central.order_tables  # noqa: F401 - Table knows the tables of other files once they are imported.
from central.models import Table

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Table.metadata,
    render_as_batch=True,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
