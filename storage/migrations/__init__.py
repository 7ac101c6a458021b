"""How the journal's schema came to be: Alembic revisions, run by storage.journal.migrate."""
