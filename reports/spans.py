"""Arithmetic of spans: [first, last) in whole seconds, sorted and apart from each other. PURE.

Milliseconds become seconds once, by flooring each border: neighbours that share a border share it
afterwards too, so that nothing is counted twice or lost, and sums are exact.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

Span = tuple[int, int]
M = TypeVar("M")
N = TypeVar("N")
Painted = tuple[int, int, M]


def seconds(spans: Iterable[Span], first: int, last: int) -> list[Span]:
    """Spans of milliseconds, in any order and overlapping, as spans of seconds within [first, last)."""
    return union((max(a // 1000, first), min(b // 1000, last)) for a, b in spans)


def union(spans: Iterable[Span]) -> list[Span]:
    merged: list[Span] = []
    for first, last in sorted(spans):
        if first >= last:
            continue
        if merged and first <= merged[-1][1]:
            if last > merged[-1][1]:
                merged[-1] = (merged[-1][0], last)
        else:
            merged.append((first, last))
    return merged


def gaps(spans: Sequence[Span], first: int, last: int) -> list[Span]:
    """What `spans` leave of [first, last)."""
    left: list[Span] = []
    at = first
    for a, b in spans:
        if a > at:
            left.append((at, min(a, last)))
        at = max(at, b)
        if at >= last:
            return left
    left.append((at, last))
    return left


def cut(spans: Iterable[Span], first: int, last: int) -> list[Span]:
    return [(max(a, first), min(b, last)) for a, b in spans if a < last and b > first]


def length(spans: Iterable[Span]) -> int:
    return sum(b - a for a, b in spans)


def paint(below: Sequence[Painted[M]], above: Sequence[Painted[M]]) -> list[Painted[M]]:
    """`above` over `below`: `below` covers a period without gaps, `above` lies within it, apart."""
    result: list[Painted[M]] = []
    i, at = 0, below[0][0] if below else 0
    for top in above:
        while below[i][1] <= top[0]:
            result.append((at, below[i][1], below[i][2]))
            at = below[i][1]
            i += 1
        if at < top[0]:
            result.append((at, top[0], below[i][2]))
        result.append(top)
        at = top[1]
        while i < len(below) and below[i][1] <= at:
            i += 1
    if i < len(below):
        result.append((at, below[i][1], below[i][2]))
        result.extend(below[i + 1 :])
    return result


def together(one: Sequence[Painted[M]], other: Sequence[Painted[N]]) -> Iterator[tuple[int, int, M, N]]:
    """Two covers of the same period, cut at the borders of both."""
    i = j = 0
    at = one[0][0] if one else 0
    while i < len(one):
        a, b = one[i], other[j]
        last = a[1] if a[1] <= b[1] else b[1]
        yield at, last, a[2], b[2]
        at = last
        if a[1] == last:
            i += 1
        if b[1] == last:
            j += 1


class Ruler:
    """Measures how much of [a, b) lies in a set of spans, in the time of two bisections."""

    def __init__(self, spans: Sequence[Span]) -> None:
        self._starts = [a for a, _ in spans]
        self._spans = spans
        self._before = [0]
        for a, b in spans:
            self._before.append(self._before[-1] + b - a)

    def _upto(self, at: int) -> int:
        n = bisect_right(self._starts, at)
        if n == 0:
            return 0
        a, b = self._spans[n - 1]
        return self._before[n - 1] + min(at, b) - a

    def measure(self, a: int, b: int) -> int:
        return self._upto(b) - self._upto(a)
