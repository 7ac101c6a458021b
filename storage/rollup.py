"""Hourly rollups of the embedded store, and forgetting: a function of a directory and a time.

May run beside the writer, in its process or another. An hour that gets late readings after it was
rolled up is rolled up again: each day's file counts the writes to each hour not yet rolled.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from pathlib import Path

from storage import embedded_files
from storage.embedded_files import DAY, HOUR, MINUTE, index_path, remove, writable
from storage.frame import rolled

_SERIES_AT_ONCE = 2_000
_LATE_MS = 2 * MINUTE  # an hour is rolled up once its last readings have surely come

_HOUR_OF_SOME = """
WITH RECURSIVE minutes(minute) AS (
    VALUES (?) UNION ALL SELECT minute + 1 FROM minutes WHERE minute < ?)
SELECT raw.series, raw.frame FROM minutes CROSS JOIN raw
ON raw.minute = minutes.minute AND raw.series BETWEEN ? AND ?
ORDER BY raw.series, raw.at
"""


@dataclass(frozen=True, slots=True)
class Maintenance:
    """What was done: hours rolled up, days of raw readings and rolled-up rows forgotten."""

    hours: int
    days_removed: int
    rollups_removed: int


def maintain(directory: Path, now: int, *, raw_days: int = 14, rollup_days: int = 1825) -> Maintenance:
    """Rolls up every finished hour, then forgets days past `raw_days` and rollups past
    `rollup_days`. Idempotent, and safe to be killed at any point. sqlite3.Error on a full disk."""
    with closing(writable(index_path(directory))) as index:
        hours = roll(directory, index, now)
        removed = _forget_days(directory, now - raw_days * DAY)
        oldest = (now - rollup_days * DAY) // HOUR
        rollups = index.execute("DELETE FROM hourly WHERE hour < ?", (oldest,)).rowcount
        return Maintenance(hours, removed, rollups)


def roll(directory: Path, index: sqlite3.Connection, now: int) -> int:
    """The number of hours rolled up."""
    finished = (now - _LATE_MS) // HOUR
    top = index.execute("SELECT max(id) FROM series").fetchone()[0] or 0
    done = 0
    for _, path in embedded_files.raw_days(directory):
        with closing(writable(path)) as raw:
            waiting = raw.execute("SELECT hour, writes FROM unrolled WHERE hour < ?", (finished,)).fetchall()
            for hour, writes in waiting:
                for chunk in _rolled_hour(raw, hour, top):
                    index.execute("BEGIN IMMEDIATE")
                    index.executemany("INSERT OR REPLACE INTO hourly VALUES (?, ?, ?)", chunk)
                    index.execute("COMMIT")
                raw.execute("DELETE FROM unrolled WHERE hour = ? AND writes = ?", (hour, writes))
                done += 1
    return done


def _rolled_hour(raw: sqlite3.Connection, hour: int, top: int) -> Iterator[list[tuple[int, int, bytes]]]:
    """The rows of one hour, some series at a time, so that memory does not grow with the city."""
    first = hour * HOUR // MINUTE
    for low in range(1, top + 1, _SERIES_AT_ONCE):
        rows = raw.execute(_HOUR_OF_SOME, (first, first + 59, low, low + _SERIES_AT_ONCE - 1))
        yield [
            (series, hour, rolled([frame for _, frame in group]))
            for series, group in groupby(rows, key=itemgetter(0))
        ]


def _forget_days(directory: Path, before: int) -> int:
    gone = [path for start, path in embedded_files.raw_days(directory) if start + DAY <= before]
    for path in gone:
        remove(path)
    return len(gone)
