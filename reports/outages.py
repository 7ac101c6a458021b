"""Outages of one device: stretches of not answering, however often their cause was revised. PURE."""

from __future__ import annotations

from collections.abc import Callable

from domain.alarm import Condition
from reports.buckets import DARK, Bucket
from reports.facts import Place
from reports.tally import Tally
from reports.timeline import State


class Outages:
    """Fed with adjoining stretches in order. A stretch the monitor did not see, or that was planned,
    does not end an outage; only an answer does. One without a dark second is none."""

    def __init__(self, own: Tally, start: int, place: Callable[[Place], Tally] | None) -> None:
        self._own, self._start, self._of = own, start, place
        self._last = -1
        self._dark = 0
        self._first: State | None = None
        self._place: Place | None = None

    def see(self, first: int, last: int, bucket: Bucket, state: State, place: Place) -> None:
        if state.condition is not Condition.DOWN:
            return
        if first != self._last or self._first is None:
            self.end()
            self._first = state
        self._last = last
        if bucket in DARK:
            self._dark += last - first
            self._place = self._place or place

    def end(self) -> None:
        state, dark, place = self._first, self._dark, self._place
        self._first, self._dark, self._place = None, 0, None
        if state is None or place is None or not dark:
            return
        seen_late = max(state.decided - state.since, 0) if state.since >= self._start else None
        self._own.outage(dark, seen_late)
        if self._of is not None:
            self._of(place).outage(dark, seen_late)
