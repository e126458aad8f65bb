"""Alembic's entry: runs the migrations on the connection that `argosy.state.database` hands over.

All of them in one transaction, on SQLite too: a migration that is killed has changed nothing.
"""

from alembic import context

context.configure(
    connection=context.config.attributes["connection"],
    transactional_ddl=True,
    transaction_per_migration=False,
)
with context.begin_transaction():
    context.run_migrations()
