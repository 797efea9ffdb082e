"""How Alembic runs here: in the transaction that `migrate` opened, under its lock."""

from alembic import context

from central import rights_tables
from central.models import Table
from central.phone import tables as phone_tables

for each in (rights_tables.AuditRow, phone_tables.CallNote):
    assert each.metadata is Table.metadata, "every table is in the one metadata that is compared"

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Table.metadata,
    render_as_batch=True,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
