"""Spans of alive marks to periods in which the monitor was alive. PURE."""

from __future__ import annotations

from collections.abc import Iterable

Span = tuple[int, int]


def alive_periods(spans: Iterable[Span], start: int, end: int) -> list[Span]:
    """The union of `spans` within [start, end), in order and apart from each other.

    A span ends at the last mark made, so an unclean end is early by less than one interval.
    Times are engine milliseconds; spans may overlap where the wall clock was set back between
    two runs."""
    merged: list[Span] = []
    for first, last in sorted(spans):
        first, last = max(first, start), min(last, end)
        if first >= last:
            continue
        if merged and first <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], last))
        else:
            merged.append((first, last))
    return merged


def gaps(periods: Iterable[Span], start: int, end: int) -> list[Span]:
    """What `alive_periods` leaves of [start, end): nobody was watching."""
    left: list[Span] = []
    at = start
    for first, last in periods:
        if first > at:
            left.append((at, first))
        at = max(at, last)
    if at < end:
        left.append((at, end))
    return left
