"""Planned work: windows that silence telling, never watching, and fill the ledger's planned bucket.

A window is one-off (two moments) or recurring (local hours of a zone, on certain days). Local hours
follow the zone through its changes of clock: an hour that does not exist that day begins when the
clock has jumped, an hour that comes twice is covered both times. Times are engine milliseconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from domain.place import Box

Span = tuple[int, int]
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Hours:
    """Local hours on certain days. `ends` at or before `begins` is of the next day; `ends` None with
    `lasts_s` counts elapsed seconds instead of reading the wall clock again."""

    begins: time
    ends: time | None = None
    lasts_s: int = 0
    weekdays: frozenset[int] = frozenset(range(7))  # Monday is 0
    days: frozenset[int] = frozenset()  # of the month; empty: any. The 31st is skipped where there is none.
    first: date | None = None  # the first day on which it may begin
    last: date | None = None

    def on(self, day: date) -> bool:
        return (
            day.weekday() in self.weekdays
            and (not self.days or day.day in self.days)
            and (self.first is None or day >= self.first)
            and (self.last is None or day <= self.last)
        )


@dataclass(frozen=True, slots=True)
class Window:
    """Names boxes, districts or feeders; a box belongs to it if any of the three names it."""

    id: str
    why: str
    zone: tzinfo
    boxes: frozenset[str] = frozenset()
    districts: frozenset[str] = frozenset()
    feeders: frozenset[str] = frozenset()
    once: Span | None = None
    hours: Hours | None = None

    def names(self, box: Box) -> bool:
        return box.id in self.boxes or box.district in self.districts or box.feeder in self.feeders

    def spans(self, start: int, end: int) -> Iterator[Span]:
        """Its parts of [start, end), in order of beginning; parts of one window may touch."""
        if self.once is not None:
            yield from _cut(self.once, start, end)
        if self.hours is None or start >= end:
            return
        longest = timedelta(seconds=self.hours.lasts_s) + 2 * DAY
        day = (_utc(start) - longest).date()
        until = (_utc(end) + DAY).date()
        while day <= until:
            if self.hours.on(day):
                yield from _cut(_of_day(self.hours, day, self.zone), start, end)
            day += DAY

    def holds(self, at: int) -> bool:
        return any(True for _ in self.spans(at, at + 1))


def silenced(windows: Iterable[Window], box: Box, at: int) -> Window | None:
    """The first window that holds `box` at `at`: nothing is told of it then, all is watched."""
    return next((w for w in windows if w.names(box) and w.holds(at)), None)


def moment(day: date, at: time, zone: tzinfo, *, last: bool = False) -> int:
    """The moment a wall clock in `zone` shows `at`; of two, the first unless `last`; of none (the
    clock jumps over it), the moment of the jump."""
    early, late = (_milliseconds(datetime.combine(day, at, zone).replace(fold=fold)) for fold in (0, 1))
    if early <= late:
        return late if last else early
    return _jump(late, early, zone)


def _jump(before: int, after: int, zone: tzinfo) -> int:
    """The first second in (before, after] at which the zone's offset is the new one."""
    low, high = before // 1000, after // 1000
    new = _offset(high, zone)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if _offset(middle, zone) == new else (middle, high)
    return high * 1000


def _of_day(hours: Hours, day: date, zone: tzinfo) -> Span:
    begins = moment(day, hours.begins, zone)
    if hours.ends is None:
        return begins, begins + hours.lasts_s * 1000
    end_day = day if hours.ends > hours.begins else day + DAY
    return begins, moment(end_day, hours.ends, zone, last=True)


def _cut(span: Span, start: int, end: int) -> Iterator[Span]:
    first, last = max(span[0], start), min(span[1], end)
    if first < last:
        yield first, last


def _utc(at: int) -> datetime:
    return datetime.fromtimestamp(at / 1000, UTC)


def _milliseconds(at: datetime) -> int:
    return (at.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def _offset(second: int, zone: tzinfo) -> timedelta | None:
    return datetime.fromtimestamp(second, UTC).astimezone(zone).utcoffset()
