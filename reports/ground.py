"""What lies over a device's own history: service, planned work, disputes, and a watcher that saw nothing.

The order of precedence, strongest first: outside service; disputed; planned; unseen (the monitor off,
blind, or not watching this device); then the device's own state. PURE.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from domain.human import Note, NoteKind
from domain.place import Box
from reports.buckets import Bucket
from reports.facts import Place, Tenure
from reports.given import Planned
from reports.period import Period
from reports.spans import Painted, Span, gaps, paint, seconds, union

OUTSIDE = "outside service"
OFF = "monitor off"
BLIND = "monitor blind"
UNWATCHED = "not under watch"
MONITOR_REASONS = frozenset({OFF, BLIND})


class Ground(NamedTuple):
    """`bucket` None: the device's own state counts. `place` None: nobody's, outside service."""

    bucket: Bucket | None
    reason: str
    place: Place | None


_Mark = tuple[Bucket, str]


class Grounds:
    """Makes the ground of each device and box; things alike share one."""

    def __init__(
        self,
        period: Period,
        off: Sequence[Span],
        blind: Sequence[Span],
        windows: Sequence[Planned],
        notes: Sequence[Note],
    ) -> None:
        self._period = period
        clear: list[Painted[_Mark | None]] = [(period.first, period.last, None)]
        for spans, reason in ((off, OFF), (blind, BLIND)):
            clear = paint(clear, [(a, b, (Bucket.UNKNOWN, reason)) for a, b in spans])
        self._clear = clear
        self._windows = windows
        self.disputes = disputed(notes, period)
        self._planned: dict[tuple[str, str, str | None], list[Painted[_Mark | None]]] = {}
        self._made: dict[object, list[Painted[Ground]]] = {}

    def of(self, id_: str, tenure: Tenure, covered: tuple[Span, ...]) -> list[Painted[Ground]]:
        """Covers the period. `covered`: seconds in which it was under watch."""
        contested = self._contested(id_, tenure)
        key = (tuple(tenure.counted), covered, tuple(contested))
        made = self._made.get(key)
        if made is None:
            made = self._made[key] = self._make(tenure, covered, contested)
        return made

    def _contested(self, id_: str, tenure: Tenure) -> list[Painted[_Mark | None]]:
        if not self.disputes:
            return []
        by = list(self.disputes.get(id_, ()))
        for first, last, place in tenure.counted:  # a box's dispute is about what it holds at the time
            for (a, b), note in self.disputes.get(place.box, ()) if place.box != id_ else ():
                if a < last and b > first:
                    by.append(((max(a, first), min(b, last)), note))
        words = {span: f"disputed by {note.by}" for span, note in by}
        painted: list[Painted[_Mark | None]] = []
        for a, b in union(words):
            who = sorted({word for (c, d), word in words.items() if c < b and d > a})
            painted.append((a, b, (Bucket.DISPUTED, "; ".join(who))))
        return painted

    def _make(
        self, tenure: Tenure, covered: tuple[Span, ...], contested: list[Painted[_Mark | None]]
    ) -> list[Painted[Ground]]:
        period = self._period
        unwatched = gaps(covered, period.first, period.last)
        marks: list[Painted[_Mark | None]] = [(period.first, period.last, None)]
        marks = paint(marks, [(a, b, (Bucket.UNKNOWN, UNWATCHED)) for a, b in unwatched])
        marks = paint(marks, [piece for piece in self._clear if piece[2] is not None])
        for a, b, place in tenure.counted:
            planned = self._planned_of(place)
            marks = paint(marks, [(max(c, a), min(d, b), m) for c, d, m in planned if c < b and d > a])
        marks = paint(marks, contested)
        return self._placed(marks, tenure)

    def _placed(self, marks: Sequence[Painted[_Mark | None]], tenure: Tenure) -> list[Painted[Ground]]:
        """Joins the marks with where the device belonged; outside service nothing else counts."""
        period = self._period
        nobody: list[Painted[Place | None]] = [(period.first, period.last, None)]
        places = paint(nobody, tenure.counted)
        result: list[Painted[Ground]] = []
        n = 0
        for a, b, place in places:
            if place is None:
                result.append((a, b, Ground(Bucket.UNKNOWN, OUTSIDE, None)))
                continue
            while n < len(marks) and marks[n][1] <= a:
                n += 1
            k = n
            while k < len(marks) and marks[k][0] < b:
                c, d, mark = marks[k]
                bucket, reason = mark if mark is not None else (None, "")
                result.append((max(a, c), min(b, d), Ground(bucket, reason, place)))
                k += 1
        return result

    def _planned_of(self, place: Place) -> list[Painted[_Mark | None]]:
        key = (place.box, place.district, place.feeder)
        found = self._planned.get(key)
        if found is None:
            found = self._planned[key] = planned_of(self._windows, place, self._period)
        return found


def planned_of(windows: Sequence[Planned], place: Place, period: Period) -> list[Painted[_Mark | None]]:
    """The windows that name a box where it stood, each for as long as it was on file."""
    box = Box(place.box, "", 0.0, 0.0, place.district, feeder=place.feeder)
    pieces: list[Painted[_Mark | None]] = [(period.first, period.last, None)]
    for n, entry in enumerate(windows):
        start = max(entry.at, period.start)
        end = min(windows[n + 1].at if n + 1 < len(windows) else period.end, period.end)
        for window in entry.windows:
            if start < end and window.names(box):
                spans = seconds(window.spans(start, end), period.first, period.last)
                mark = (Bucket.PLANNED, f"{window.id}: {window.why}" if window.why else window.id)
                pieces = paint(pieces, [(a, b, mark) for a, b in spans])
    return [piece for piece in pieces if piece[2] is not None]


def disputed(notes: Sequence[Note], period: Period) -> Mapping[str, list[tuple[Span, Note]]]:
    """Disputes that stand, by target; one that was settled (same target and interval) is over."""
    settled = {(it.target, it.interval) for it in notes if it.kind is NoteKind.SETTLE}
    found: dict[str, list[tuple[Span, Note]]] = {}
    for note in notes:
        if note.kind is not NoteKind.DISPUTE or note.interval is None:
            continue
        if (note.target, note.interval) in settled:
            continue
        for span in seconds([note.interval], period.first, period.last):
            found.setdefault(note.target, []).append((span, note))
    return found
