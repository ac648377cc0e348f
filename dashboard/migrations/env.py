"""Where Alembic starts: `dashboard/database.py` gives the connection, in a transaction of its own."""

from alembic import context

from dashboard.database import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
