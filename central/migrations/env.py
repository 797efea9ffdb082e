"""How Alembic runs here: in the transaction that `migrate` opened, under its lock."""

from alembic import context

from central import credential_tables, fleet_tables, order_tables, planning_tables, rights_tables, task_tables
from central.models import Table
from central.notify import tables as notify_tables
from central.phone import tables as phone_tables

# Importing a module of tables is what makes them known; every one is in the one metadata that is compared.
assert all(
    (
        credential_tables,
        fleet_tables,
        notify_tables,
        order_tables,
        phone_tables,
        planning_tables,
        rights_tables,
        task_tables,
    )
)

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Table.metadata,
    render_as_batch=True,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
