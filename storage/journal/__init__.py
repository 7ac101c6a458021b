"""The journal: what was decided, owed, told and watched, safe against a killed process, a power
cut and a full disk.

`watch` holds a `Journal`, `tell` and `deadman` an `Outbox`, people and reports a `Reader` and a
`LedgerReader`; each opens the same file, or database, by itself.
"""

from __future__ import annotations

from pathlib import Path

from storage.journal.ledger_read import LedgerReader
from storage.journal.prune import prune
from storage.journal.read import Reader
from storage.journal.store import FILE, Store, open_store
from storage.journal.tell import Outbox
from storage.journal.watch import Journal
from storage.journal.writer import Health

__all__ = [
    "FILE",
    "Health",
    "Journal",
    "LedgerReader",
    "Outbox",
    "Reader",
    "Store",
    "open_journal",
    "open_ledger",
    "open_outbox",
    "open_reader",
    "open_store",
    "prune",
]


def open_journal(where: Path | str, *, alive_interval_ms: int = 10_000) -> Journal:
    """For `watch`, which must hold storage.lock.lock_watch of the same directory."""
    return Journal(open_store(where), alive_interval_ms)


def open_outbox(where: Path | str, *, alive_interval_ms: int = 10_000) -> Outbox:
    """For `tell` and `deadman`."""
    return Outbox(open_store(where), alive_interval_ms)


def open_reader(where: Path | str) -> Reader:
    """For people; ConfigError where no journal is."""
    return Reader(open_store(where, create=False))


def open_ledger(where: Path | str) -> LedgerReader:
    """For reports; ConfigError where no journal is."""
    return LedgerReader(open_store(where, create=False))
