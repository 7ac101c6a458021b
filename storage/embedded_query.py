"""Reading the embedded store, from this or any other process, while it is written."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path

from domain.ports import Point
from domain.reading import Key
from storage.embedded_files import DAY, HOUR, MINUTE, index_path, raw_days, readable
from storage.frame import Summary, read_keys, summary, value, values

_OF_SERIES = """
WITH RECURSIVE minutes(minute) AS (
    VALUES (?) UNION ALL SELECT minute + 1 FROM minutes WHERE minute < ?)
SELECT raw.at, raw.frame FROM minutes CROSS JOIN raw ON raw.minute = minutes.minute AND raw.series = ?
WHERE raw.at >= ? AND raw.at < ?
"""

_NEWEST = """
WITH RECURSIVE minutes(minute) AS (
    VALUES (?) UNION ALL SELECT minute - 1 FROM minutes WHERE minute > ?)
SELECT raw.at, raw.frame FROM minutes CROSS JOIN raw ON raw.minute = minutes.minute AND raw.series = ?
ORDER BY minutes.minute DESC, raw.at DESC
"""

_Series = tuple[int, tuple[Key, ...]]


class EmbeddedHistory:
    """A `History` over the files in `directory`; sees what is committed."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._shapes: dict[int, tuple[Key, ...]] = {}
        self._lock = threading.Lock()

    def series(self, device: str, key: Key, start: int, end: int) -> Sequence[Point]:
        """Points with start <= at < end, oldest first: raw where the day is kept raw, before that
        the hourly mean at the start of its hour."""
        found: dict[int, float] = {}
        with self._lock:
            columns = [(number, keys.index(key)) for number, keys in self._series_of(device) if key in keys]
            days = raw_days(self._directory)
            raw_from = days[0][0] if days else end
            if start < raw_from:
                for hour in self._hours(columns, start, min(end, raw_from)):
                    found[hour.at] = hour.mean
            for day, path in days:
                if day >= end or day + DAY <= start:
                    continue
                first, last = max(start, day), min(end, day + DAY)
                with closing(readable(path)) as raw:
                    for number, column in columns:
                        span = (first // MINUTE, (last - 1) // MINUTE, number, first, last)
                        for at, frame in raw.execute(_OF_SERIES, span):
                            kept = value(frame, column)
                            if kept is not None:
                                found[at] = kept
        return [Point(at, found[at]) for at in sorted(found)]

    def hourly(self, device: str, key: Key, start: int, end: int) -> Sequence[Summary]:
        """Hours beginning in start <= at < end that are rolled up, oldest first."""
        with self._lock:
            columns = [(number, keys.index(key)) for number, keys in self._series_of(device) if key in keys]
            found = {hour.at: hour for hour in self._hours(columns, start, end)}
        return [found[at] for at in sorted(found)]

    def latest(self, device: str) -> Mapping[Key, Point]:
        """The newest value of every metric; where the raw days have none, the last of the newest
        hour that has one, at the start of that hour."""
        found: dict[Key, Point] = {}
        with self._lock:
            series = self._series_of(device)
            wanted = {number: set(keys) for number, keys in series}
            for day, path in reversed(raw_days(self._directory)):
                if not any(wanted.values()):
                    break
                with closing(readable(path)) as raw:
                    top = raw.execute("SELECT max(minute) FROM raw").fetchone()[0]
                    for number, keys in series:
                        if top is not None and wanted[number]:
                            rows = raw.execute(_NEWEST, (top, day // MINUTE, number))
                            _fill(found, wanted[number], keys, rows)
            for number, keys in series:
                for key in wanted[number] - found.keys():
                    last = self._last_hour(number, keys.index(key))
                    if last is not None:
                        found[key] = Point(last.at, last.last)
        return found

    def _series_of(self, device: str) -> list[_Series]:
        try:
            index = readable(index_path(self._directory))
        except sqlite3.OperationalError:  # nothing was ever written
            return []
        with closing(index):
            rows = index.execute(
                "SELECT series.id, shape.id, shape.keys FROM series JOIN shape ON shape.id = shape "
                "WHERE device = ? ORDER BY series.id",
                (device,),
            )
            return [(number, self._keys(shape, text)) for number, shape, text in rows]

    def _keys(self, shape: int, text: str) -> tuple[Key, ...]:
        keys = self._shapes.get(shape)
        if keys is None:
            keys = self._shapes[shape] = read_keys(text)
        return keys

    def _hours(self, columns: Sequence[tuple[int, int]], start: int, end: int) -> Iterator[Summary]:
        if not columns:
            return
        with closing(readable(index_path(self._directory))) as index:
            for number, column in columns:
                rows = index.execute(
                    "SELECT hour, frame FROM hourly WHERE series = ? AND hour >= ? AND hour < ?",
                    (number, -(-start // HOUR), -(-end // HOUR)),
                )
                for hour, frame in rows:
                    found = summary(hour * HOUR, frame, column)
                    if found is not None:
                        yield found

    def _last_hour(self, series: int, column: int) -> Summary | None:
        with closing(readable(index_path(self._directory))) as index:
            rows = index.execute(
                "SELECT hour, frame FROM hourly WHERE series = ? ORDER BY hour DESC", (series,)
            )
            for hour, frame in rows:
                found = summary(hour * HOUR, frame, column)
                if found is not None:
                    return found
        return None


def _fill(
    found: dict[Key, Point], wanted: set[Key], keys: tuple[Key, ...], rows: Iterable[tuple[int, bytes]]
) -> None:
    """Takes the newest value of each wanted key from rows, newest first, until all are had."""
    for at, frame in rows:
        for key, number in values(frame, keys):
            if key in wanted:
                wanted.discard(key)
                if key not in found or found[key].at < at:
                    found[key] = Point(at, number)
        if not wanted:
            return
