"""When the watcher could see, and whom it watched. PURE."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from domain.alarm import Condition, Transition
from domain.record import Coverage
from reports.period import Period
from reports.spans import Span, gaps, seconds
from reports.timeline import cover, fold


@dataclass(frozen=True, slots=True)
class Watched:
    """Seconds under watch, by device and by box (of a box: while any device of it was)."""

    devices: Mapping[str, tuple[Span, ...]]
    boxes: Mapping[str, tuple[Span, ...]]


def watched(
    rows: Iterable[Coverage], starts: Sequence[int], accepted: Sequence[int], period: Period
) -> Watched:
    """A row's `last_at` is only what was last written: its run went on watching until the run ended
    (no alive mark: painted by `unseen`), the next one began, or another configuration took over.
    `starts` and `accepted` are sorted engine milliseconds of runs begun and configurations accepted."""
    devices: dict[str, list[Span]] = {}
    boxes: dict[str, set[Span]] = {}
    for row in rows:
        span = (row.first_at, _until(row, starts, accepted, period.end))
        devices.setdefault(row.device, []).append(span)
        boxes.setdefault(row.box, set()).add(span)
    known: dict[tuple[Span, ...], tuple[Span, ...]] = {}  # most devices share their spans

    def settled(raw: Iterable[Span]) -> tuple[Span, ...]:
        key = tuple(raw)
        if key not in known:
            known[key] = tuple(seconds(key, period.first, period.last))
        return known[key]

    return Watched(
        {device: settled(spans) for device, spans in devices.items()},
        {box: settled(sorted(spans)) for box, spans in boxes.items()},
    )


def _until(row: Coverage, starts: Sequence[int], accepted: Sequence[int], end: int) -> int:
    n = bisect_right(starts, row.first_at)
    until = starts[n] if n < len(starts) else max(end, row.last_at)
    n = bisect_right(accepted, max(row.first_at, row.last_at - 1))
    return min(until, accepted[n]) if n < len(accepted) else until


def unseen(
    alive: Iterable[Span],
    standing: Transition | None,
    monitor: Iterable[Transition],
    period: Period,
) -> tuple[list[Span], list[Span]]:
    """(off, blind): seconds in which the watcher did not run, and in which its references were gone."""
    off = gaps(seconds(alive, period.first, period.last), period.first, period.last)
    held = fold(standing, sorted(monitor, key=lambda it: it.at))
    blind = [
        (a, b)
        for a, b, state in cover(held, (), period.first, period.last)
        if state.condition is Condition.DOWN
    ]
    return [span for span in off if span[0] < span[1]], blind
