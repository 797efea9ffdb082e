"""How Alembic runs here: in the transaction that `migrate` opened, under its lock."""

from alembic import context

from central import rights_tables, task_tables
from central.models import Table
from central.notify import tables as notify_tables

assert notify_tables, "the tables of every part are in the metadata"

assert rights_tables.AuditRow.metadata is Table.metadata, "every table is in the one metadata that is compared"

assert task_tables.TaskRow.metadata is Table.metadata, "importing a module of tables is what makes them known"

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Table.metadata,
    render_as_batch=True,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
