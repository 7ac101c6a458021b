"""Alembic's entry: migrates on the connection and in the transaction it is handed.

There is no alembic.ini: storage.journal.migrate is the only caller.
"""

from __future__ import annotations

from alembic import context

from storage.journal.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,  # SQLite's DDL is transactional once the driver keeps its hands off BEGIN
    transaction_per_migration=False,
)
context.run_migrations()
