"""The default store: SQLite in a directory, no server.

`write` packs readings, puts them on a queue and returns; a thread commits all that came every half
second, and a commit is on the disk (fsync). kill -9 or a power cut therefore costs at most the last half
second of series; incidents do not depend on them. The queue is bounded: if the disk stands still
for long, the oldest readings are dropped, counted and said aloud, and nobody waits.
"""

from __future__ import annotations

import contextlib
import logging
import sqlite3
import threading
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from domain.ports import Point
from domain.reading import Key, Probe, Reading
from storage.embedded_files import DAY, HOUR, MINUTE, index_path, raw_path, writable
from storage.embedded_query import EmbeddedHistory
from storage.frame import Shape, Summary, fitted, grown, read_keys, spelled
from storage.rollup import Maintenance, maintain

_log = logging.getLogger(__name__)

_AT_ONCE = 64  # rows in one statement: each statement gives the interpreter up and takes it back
_OVERLAY = " ON CONFLICT DO UPDATE SET frame = overlaid(raw.frame, excluded.frame)"
_INSERT = "INSERT INTO raw VALUES (?, ?, ?, ?)" + _OVERLAY  # noqa: S608 - constants
_INSERT_MANY = "INSERT INTO raw VALUES " + ", ".join(["(?, ?, ?, ?)"] * _AT_ONCE) + _OVERLAY  # noqa: S608 - constants
_TOUCH = "INSERT INTO unrolled VALUES (?, 1) ON CONFLICT DO UPDATE SET writes = writes + 1"

_Row = tuple[int, int, int, bytes]
"""Minute, series, engine milliseconds, frame."""
_Track = tuple[int, Shape]
"""Id of a series, and the shape of its frames."""


@dataclass(frozen=True, slots=True)
class EmbeddedHealth:
    error: str  # "" while commits succeed
    waiting_readings: int
    dropped_readings: int  # because the disk stood still
    late_readings: int  # older than the raw days kept: not stored
    committed_readings: int


class EmbeddedStore:
    """A `ReadingSink` and a `History`. One writer a directory (the data directory's lock sees to
    that); readers in any process use EmbeddedHistory."""

    def __init__(
        self,
        directory: Path,
        *,
        raw_days: int = 14,
        rollup_days: int = 1825,
        commit_s: float = 0.5,
        max_waiting: int = 1_000_000,
    ) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._directory = directory
        self._raw_days, self._rollup_days = raw_days, rollup_days
        self._commit_s = commit_s
        self._max_waiting = max_waiting
        self._history = EmbeddedHistory(directory)
        self._lock = threading.Condition()
        self._queue: deque[list[_Row | Reading]] = deque()
        self._waiting = 0
        self._taken = 0  # readings ever queued (or dropped), and how many of them are settled
        self._settled = 0
        self._dropped = self._late = self._committed = 0
        self._error = ""
        self._newest = 0
        self._hurry = threading.Event()
        self._closing = False
        self._index = writable(index_path(directory))
        self._day: tuple[Path, sqlite3.Connection] | None = None
        self._shapes: dict[tuple[Key, ...], Shape] = {}
        self._tracks: dict[Probe, dict[str, _Track]] = {probe: {} for probe in Probe}
        self._known: dict[Probe, dict[str, _Track]] = {probe: {} for probe in Probe}  # those on disk
        self._new: list[tuple[Probe, str, _Track]] = []  # since the last commit
        self._stale = True  # shapes and tracks are to be read again
        self._writer = threading.Thread(target=self._run, name="embedded-writer", daemon=True)
        self._writer.start()

    def write(self, readings: Sequence[Reading]) -> None:
        """Readings of a known series are packed here and now, while they are at hand: half a second
        later, in another thread, a city's readings are no longer in the processor's cache."""
        if not readings:
            return
        packed = [*map(self._packed, readings)]
        with self._lock:
            self._queue.append(packed)
            self._waiting += len(readings)
            self._taken += len(readings)
            while self._waiting > self._max_waiting and len(self._queue) > 1:
                lost = len(self._queue.popleft())
                self._waiting -= lost
                self._settled += lost
                self._dropped += lost

    def flush(self, timeout_s: float = 30.0) -> bool:
        """Waits until all written so far is committed; False when it is not in time."""
        with self._lock:
            until = self._taken
            self._hurry.set()
            return self._lock.wait_for(lambda: self._settled >= until, timeout_s)

    def series(self, device: str, key: Key, start: int, end: int) -> Sequence[Point]:
        return self._history.series(device, key, start, end)

    def latest(self, device: str) -> Mapping[Key, Point]:
        return self._history.latest(device)

    def hourly(self, device: str, key: Key, start: int, end: int) -> Sequence[Summary]:
        return self._history.hourly(device, key, start, end)

    def maintain(self, now: int) -> Maintenance:
        """Rolls up finished hours and forgets what is too old; storage.rollup.maintain does the
        same from a child process, which is kinder to the sweep."""
        return maintain(self._directory, now, raw_days=self._raw_days, rollup_days=self._rollup_days)

    def health(self) -> EmbeddedHealth:
        with self._lock:
            return EmbeddedHealth(self._error, self._waiting, self._dropped, self._late, self._committed)

    def close(self) -> None:
        """Commits what waits and lets go of the files."""
        self._closing = True
        self._hurry.set()
        self._writer.join()
        if self._day is not None:
            self._day[1].close()
        self._index.close()

    def _packed(self, reading: Reading) -> _Row | Reading:
        """As a row, where its series is on disk and has room for it; else as it is."""
        track = self._known[reading.probe].get(reading.device)
        frame = None if track is None else fitted(reading, track[1])
        if track is None or frame is None:
            return reading
        return reading.at // MINUTE, track[0], reading.at, frame

    # -- the writer's thread

    def _run(self) -> None:
        batch: list[_Row | Reading] = []
        while True:
            self._hurry.wait(self._commit_s)
            closing = self._closing
            self._hurry.clear()
            with self._lock:
                while self._queue:
                    readings = self._queue.popleft()
                    self._waiting -= len(readings)
                    batch += readings
            if batch:
                try:
                    late = self._commit(batch)
                except sqlite3.Error as error:
                    self._failed(error, batch)
                else:
                    self._succeeded(batch, late)
                    batch = []
            if closing:
                return

    def _commit(self, batch: Sequence[_Row | Reading]) -> int:
        """One transaction a day touched (nearly always one); how many were too old to keep."""
        if self._stale:
            self._load()
        last = batch[-1]
        self._newest = max(self._newest, last.at if isinstance(last, Reading) else last[2])
        oldest = self._newest - self._raw_days * DAY
        days: dict[int, list[_Row]] = {}
        late = 0
        for each in batch:
            row = self._row(each) if isinstance(each, Reading) else each
            at = row[2]
            if at < oldest:
                late += 1
                continue
            day = at // DAY
            rows = days.get(day)
            if rows is None:
                rows = days[day] = []
            rows.append(row)
        if self._index.in_transaction:
            self._index.execute("COMMIT")  # names are on disk before the first row that uses them
        self._publish()
        for day, rows in sorted(days.items()):
            raw = self._open(day * DAY)
            raw.execute("BEGIN IMMEDIATE")
            try:
                _insert(raw, rows)
                raw.executemany(_TOUCH, [(hour,) for hour in {row[2] // HOUR for row in rows}])
                raw.execute("COMMIT")
            except sqlite3.Error:
                if raw.in_transaction:
                    raw.execute("ROLLBACK")
                raise
        return late

    def _row(self, reading: Reading) -> _Row:
        track = self._tracks[reading.probe].get(reading.device)
        frame = None if track is None else fitted(reading, track[1])
        if track is None or frame is None:
            track, frame = self._enlarged(reading, track)
        return reading.at // MINUTE, track[0], reading.at, frame

    def _publish(self) -> None:
        """What is on disk may be used by `write`; what a failed commit took back never was."""
        for probe, device, track in self._new:
            self._known[probe][device] = track
        self._new.clear()

    def _enlarged(self, reading: Reading, track: _Track | None) -> tuple[_Track, bytes]:
        """A series, new or grown, whose shape has room for the reading; names wait in an open transaction."""
        keys = grown(track[1].keys if track else (), reading)
        if not self._index.in_transaction:
            self._index.execute("BEGIN IMMEDIATE")
        shape = self._shapes.get(keys)
        if shape is None:
            cursor = self._index.execute("INSERT INTO shape (keys) VALUES (?)", (spelled(keys),))
            shape = self._shapes[keys] = Shape(int(cursor.lastrowid or 0), keys)
        if track:
            number = track[0]
            self._index.execute("UPDATE series SET shape = ? WHERE id = ?", (shape.id, number))
        else:
            row = (reading.device, reading.probe.value, shape.id)
            cursor = self._index.execute("INSERT INTO series (device, probe, shape) VALUES (?, ?, ?)", row)
            number = int(cursor.lastrowid or 0)
        made = self._tracks[reading.probe][reading.device] = (number, shape)
        self._new.append((reading.probe, reading.device, made))
        frame = fitted(reading, shape)
        assert frame is not None
        return made, frame

    def _open(self, at: int) -> sqlite3.Connection:
        path = raw_path(self._directory, at)
        if self._day is None or self._day[0] != path:
            if self._day is not None:
                self._day[1].close()
                self._day = None
            self._day = (path, writable(path))
        return self._day[1]

    def _load(self) -> None:
        """Shapes, and the series of each device and probe."""
        self._shapes.clear()
        self._new.clear()
        for tracks in self._tracks.values():  # those of names that a failed commit took back, too
            tracks.clear()
        by_id: dict[int, Shape] = {}
        for number, text in self._index.execute("SELECT id, keys FROM shape"):
            by_id[number] = Shape(number, read_keys(text))
            self._shapes[by_id[number].keys] = by_id[number]
        rows = self._index.execute("SELECT id, device, probe, shape FROM series")
        for number, device, probe, shape_id in rows:
            track = number, by_id[shape_id]
            self._tracks[Probe(probe)][device] = self._known[Probe(probe)][device] = track
        self._stale = False

    def _failed(self, error: sqlite3.Error, batch: list[_Row | Reading]) -> None:
        """The batch stays for the next try; names not committed are forgotten again."""
        with contextlib.suppress(sqlite3.Error):
            if self._index.in_transaction:
                self._index.execute("ROLLBACK")
        self._stale = True
        with self._lock:
            if not self._error:
                _log.error("series: the embedded store in %s takes none: %s", self._directory, error)
            self._error = str(error)
            extra = len(batch) - self._max_waiting
            if extra > 0:
                del batch[:extra]
                self._dropped += extra
                self._settled += extra

    def _succeeded(self, batch: Sequence[_Row | Reading], late: int) -> None:
        with self._lock:
            if self._error:
                _log.error("series: stored again; %d readings were lost", self._dropped)
            self._error = ""
            self._late += late
            self._committed += len(batch) - late
            self._settled += len(batch)
            self._lock.notify_all()


def _insert(raw: sqlite3.Connection, rows: Sequence[_Row]) -> None:
    whole = len(rows) - len(rows) % _AT_ONCE
    for start in range(0, whole, _AT_ONCE):
        raw.execute(_INSERT_MANY, [*chain.from_iterable(rows[start : start + _AT_ONCE])])
    raw.executemany(_INSERT, rows[whole:])
