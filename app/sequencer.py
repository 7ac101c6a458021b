"""One order for everything that reaches the engine: what is recorded, and what a replay repeats.

Inputs are stamped so that time never goes back, and every wake-up the engine asked for is given
to it at exactly the time it asked for, before any later input. So wake-ups need not be recorded:
the same inputs make the same wake-ups, live and in a replay.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from domain.input import Input, Wake
from domain.reading import Reading
from domain.record import Change
from rules.engine import Engine


class Sequencer:
    """`changed` is called for each Change that is not empty; `record`, if any, sees each input."""

    def __init__(
        self,
        engine: Engine,
        changed: Callable[[Change], None],
        record: Callable[[Input], None] | None = None,
    ) -> None:
        self.engine = engine
        self._changed = changed
        self.record = record
        self._last = 0

    def feed(self, given: Input) -> Change:
        """Gives one input to the engine, after the wake-ups that come before it."""
        at = max(given.at, self._last)
        self.wake_until(at)
        self._last = at
        if given.at != at:
            given = given._replace(at=at) if isinstance(given, Reading) else replace(given, at=at)
        if self.record is not None:
            self.record(given)
        change = self.engine.evaluate(given)
        if change:
            self._changed(change)
        return change

    def wake_until(self, now: int) -> None:
        """Gives the engine every wake-up due by `now`, each at its own time."""
        while (due := self.engine.next_wake()) is not None and due <= now:
            self._last = max(due, self._last)
            change = self.engine.evaluate(Wake(self._last))
            if change:
                self._changed(change)
