"""The files of the embedded store and how they are opened.

`index.db` names shapes and series and holds the hourly rollups; `raw-YYYY-MM-DD.db` (UTC) holds
one day of frames, so that forgetting a day is removing a file. All are SQLite in WAL mode: other
processes read while one writes.

Raw rows are clustered by minute first: all that comes in one minute stands side by side, so that
a commit writes a few pages and not one for every series; a series is read by one seek a minute.
"""

from __future__ import annotations

import sqlite3
from datetime import UTC, date, datetime
from pathlib import Path

from storage.frame import overlaid

MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR

_INDEX = """
CREATE TABLE IF NOT EXISTS shape (id INTEGER PRIMARY KEY, keys TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS series (
    id INTEGER PRIMARY KEY, device TEXT NOT NULL, probe TEXT NOT NULL,
    shape INTEGER NOT NULL REFERENCES shape, UNIQUE (device, probe));
CREATE TABLE IF NOT EXISTS hourly (
    series INTEGER NOT NULL, hour INTEGER NOT NULL, frame BLOB NOT NULL,
    PRIMARY KEY (series, hour)) WITHOUT ROWID;
"""

_RAW = """
CREATE TABLE IF NOT EXISTS raw (
    minute INTEGER NOT NULL, series INTEGER NOT NULL, at INTEGER NOT NULL, frame BLOB NOT NULL,
    PRIMARY KEY (minute, series, at)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS unrolled (hour INTEGER PRIMARY KEY, writes INTEGER NOT NULL);
"""


def index_path(directory: Path) -> Path:
    return directory / "index.db"


def raw_path(directory: Path, at: int) -> Path:
    """The file of the UTC day an engine time falls in."""
    return directory / f"raw-{datetime.fromtimestamp(at // 1000, UTC).date().isoformat()}.db"


def raw_days(directory: Path) -> list[tuple[int, Path]]:
    """Start of the day in milliseconds and file, oldest first."""
    return [(day_start(path), path) for path in sorted(directory.glob("raw-????-??-??.db"))]


def day_start(path: Path) -> int:
    day = date.fromisoformat(path.stem.removeprefix("raw-"))
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) * 1000


def writable(path: Path) -> sqlite3.Connection:
    """Opens for writing, made where missing. One commit is one fsync (synchronous FULL): what is
    committed survives a power cut."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=30)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA cache_size = -16000")
    connection.create_function("overlaid", 2, overlaid, deterministic=True)
    connection.executescript(_INDEX if path.name == "index.db" else _RAW)
    return connection


def readable(path: Path) -> sqlite3.Connection:
    """Opens for reading only, from any thread one at a time; sqlite3.OperationalError if absent."""
    connection = sqlite3.connect(
        f"{path.resolve().as_uri()}?mode=ro", uri=True, check_same_thread=False, timeout=30
    )
    connection.execute("PRAGMA query_only = ON")
    return connection


def remove(path: Path) -> None:
    """A day and its WAL."""
    for suffix in ("", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
