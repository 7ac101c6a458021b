"""One open journal: connections set up for durability, short transactions, plain errors.

Several processes hold the same file open. Writers begin IMMEDIATE, so that a transaction either
owns the write lock from its first statement or waits for it, and never fails halfway.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from domain.errors import ConfigError, NigehbanError, Permanent, Problem, Retryable
from storage.journal import migrate
from storage.lock import Lock

FILE = "journal.sqlite"
BUSY_MS = 5_000
_TRIES = 6  # each waits BUSY_MS inside SQLite
_OPEN_WAIT_S = 20.0
_ADVISORY = 0x6E696765  # PostgreSQL's advisory lock for migrations

T = TypeVar("T")

_PASSING = {
    sqlite3.SQLITE_BUSY: "another process holds the journal's write lock",
    sqlite3.SQLITE_LOCKED: "another connection holds the journal's write lock",
    sqlite3.SQLITE_FULL: "no space is left where the journal is kept",
    sqlite3.SQLITE_IOERR: "the disk under the journal refuses to read or write",
    sqlite3.SQLITE_CANTOPEN: "the journal cannot be opened",
    sqlite3.SQLITE_READONLY: "the journal may not be written by this user",
    sqlite3.SQLITE_NOMEM: "no memory is left for the journal",
    sqlite3.SQLITE_PROTOCOL: "the journal's locks are contended",
}
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


def _code(error: BaseException) -> int:
    original = error.orig if isinstance(error, DBAPIError) else error
    return int(getattr(original, "sqlite_errorcode", 0)) & 0xFF  # the primary code


def plain(error: Exception, where: str) -> NigehbanError | None:
    """What a database error means for whoever keeps the machine; None when the fault is in the
    statement or its values, which no waiting mends."""
    code = _code(error)
    if code in _PASSING:
        return Retryable(f"{where}: {_PASSING[code]}")
    if code in _DAMAGED:
        return Permanent(f"{where}: the journal is damaged: stop nigehban and restore a backup", str(code))
    if not code and isinstance(error, (OperationalError, InterfaceError)):  # a server's, not SQLite's
        return Retryable(f"{where}: the database cannot be reached or refuses ({error.orig})")
    return None


class Store:
    """`read` and `write` are whole transactions; nothing else touches the connections."""

    def __init__(self, engine: Engine, where: str, using: Lock | None = None) -> None:
        self.engine = engine
        self.where = where
        self._writing = engine.execution_options(immediate=True)
        self._using = using

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A read transaction: everything read in it is of one moment."""
        try:
            with self.engine.begin() as connection:
                yield connection
        except DBAPIError as error:
            raise plain(error, self.where) or error from error

    def write(self, work: Callable[[Connection], T]) -> T:
        """Runs `work` in one write transaction, durable when this returns; run again from its
        start while another process keeps the lock. Retryable, Permanent by `plain`."""
        for left in reversed(range(_TRIES)):
            try:
                with self._writing.begin() as connection:
                    return work(connection)
            except DBAPIError as error:
                if _code(error) == sqlite3.SQLITE_BUSY and left:
                    continue
                raise plain(error, self.where) or error from error
        raise AssertionError("not reached")

    def close(self) -> None:
        self.engine.dispose()
        if self._using is not None:
            self._using.release()
            self._using = None


def _sqlite(path: Path) -> Engine:
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        pool_size=2,
        max_overflow=8,
        hide_parameters=True,  # errors are logged; rows hold people's numbers
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the driver leaves BEGIN to `_begin`
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute("PRAGMA synchronous = FULL")  # an SMS owed must survive a power cut
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.execute("PRAGMA journal_size_limit = 67108864")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        immediate = connection.get_execution_options().get("immediate")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")

    return engine


def copy_sqlite(source: Path, target: Path) -> None:
    """SQLite's online backup: a consistent copy while others write; mode 0600; synced."""
    target.unlink(missing_ok=True)
    os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    with (
        closing(sqlite3.connect(f"{source.resolve().as_uri()}?mode=ro", uri=True)) as origin,
        closing(sqlite3.connect(target)) as copy,
    ):
        origin.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
        origin.backup(copy, pages=-1)
        copy.execute("PRAGMA journal_mode = DELETE")  # one file, no WAL beside it
    sync(target)


def sync(path: Path) -> None:
    """Flushes a file or directory to disk."""
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def open_store(where: Path | str, *, create: bool = True) -> Store:
    """Opens the journal in the data directory `where`, or at a database URL, and brings it to the
    present schema; before that, a copy is kept beside it as `journal.sqlite.before-REVISION`.

    ConfigError: there is none and `create` is false; it is newer than this version; another
    version of nigehban has it open and it would have to be migrated."""
    if isinstance(where, str) and "://" in where:
        return _open_url(make_url(where))
    return _open_file(Path(where), create)


def _open_url(url: URL) -> Store:
    shown = url.render_as_string(hide_password=True)
    engine = create_engine(url, pool_pre_ping=True, hide_parameters=True)
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":  # one migrates, the others wait for it
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_ADVISORY})")
        found = migrate.revision(connection)
        migrate.refuse_newer(found, shown)
        if found != migrate.HEAD:
            migrate.upgrade(connection)
    return Store(engine, shown)


def _open_file(data_dir: Path, create: bool) -> Store:
    path = data_dir / FILE
    if not create and not path.exists():
        raise ConfigError(
            [Problem(str(path), 1, "there is no journal here", "start `nigehban run` or correct --data")]
        )
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    using = Lock(data_dir / "journal.lock")
    engine = _sqlite(path)
    try:
        _settle(path, engine, using)
    except DBAPIError as error:
        _abandon(engine, using)
        raise plain(error, str(path)) or error from error
    except BaseException:
        _abandon(engine, using)
        raise
    return Store(engine, str(path), using)


def _abandon(engine: Engine, using: Lock) -> None:
    engine.dispose()
    using.release()


def _settle(path: Path, engine: Engine, using: Lock) -> None:
    """Ends with the journal at the present schema and `using` held shared: whoever wants the file
    for himself (a migration, a restore) is kept out while it is open."""
    _hold(path, using, shared=True)
    if path.exists() and _found(path, engine) == migrate.HEAD:
        return
    engine.dispose()
    _hold(path, using, shared=False)
    if not path.exists():
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        sync(path.parent)
    found = _found(path, engine)
    if found is not None and found != migrate.HEAD:
        keep = path.with_name(f"{path.name}.before-{migrate.HEAD}")
        copy_sqlite(path, partial := keep.with_name(keep.name + ".partial"))
        os.replace(partial, keep)
        sync(path.parent)
    if found != migrate.HEAD:
        with engine.execution_options(immediate=True).begin() as connection:
            migrate.upgrade(connection)
    _hold(path, using, shared=True)


def _found(path: Path, engine: Engine) -> str | None:
    with engine.begin() as connection:
        found = migrate.revision(connection)
    migrate.refuse_newer(found, str(path))
    return found


def _hold(path: Path, using: Lock, *, shared: bool) -> None:
    if not using.take(shared=shared, wait_s=_OPEN_WAIT_S):
        raise ConfigError(
            [
                Problem(
                    str(path),
                    1,
                    "other processes have the journal open, and it is of an older version"
                    if not shared
                    else "the journal is being migrated or restored",
                    "stop every nigehban process of this data directory, then start again",
                )
            ]
        )
