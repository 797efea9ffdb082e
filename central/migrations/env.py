"""How Alembic runs here: in the transaction that `migrate` opened, under its lock."""

from alembic import context

from central import planning_tables as planning_tables
from central.models import Table

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Table.metadata,
    render_as_batch=True,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
