"""What Alembic runs: always upon the connection, and inside the transaction, of the caller."""

from __future__ import annotations

from alembic import context

from hub.db.tables import all_tables

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=all_tables(), transactional_ddl=True, render_as_batch=False)
with context.begin_transaction():
    context.run_migrations()
