"""Retention: forgets how things came about, never what happened."""

from __future__ import annotations

from sqlalchemy import Connection, Table, delete, select

from storage.journal import tables as t
from storage.journal.store import Store

DAY_MS = 86_400_000
_AT_ONCE = 5_000  # rows a transaction: others want the write lock too


def prune(store: Store, now: int, days: int) -> int:
    """Deletes decisions, delivery steps and answered requests older than `days`; the number of
    rows gone. Transitions, incidents with their history, owed events, deliveries, coverage, runs
    and configurations are never touched: the ledger stands on them."""
    before = now - days * DAY_MS
    return sum(_forget(store, table, before) for table in (t.decisions, t.attempts, t.requests))


def _forget(store: Store, table: Table, before: int) -> int:
    old = select(table.c.id).where(table.c.at < before).limit(_AT_ONCE)
    if table is t.requests:
        old = old.where(t.requests.c.answer.is_not(None))

    def some(connection: Connection) -> int:
        return connection.execute(delete(table).where(table.c.id.in_(old))).rowcount

    total = 0
    while gone := store.write(some):
        total += gone
    return total
