"""Series in memory: for replay, for tests, and for reading what just was without any file."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from domain.ports import Point
from domain.reading import Key, Reading
from storage.schema import OUTCOME_KEY, OUTCOME_NUMBER


class MemoryStore:
    """A `ReadingSink` and a `History`. Keeps everything: not for a city, not for long."""

    def __init__(self) -> None:
        self._values: dict[str, dict[Key, dict[int, float]]] = {}

    def write(self, readings: Sequence[Reading]) -> None:
        for reading in readings:
            device = self._values.setdefault(reading.device, {})
            outcome = float(OUTCOME_NUMBER[reading.outcome])
            device.setdefault(OUTCOME_KEY[reading.probe], {})[reading.at] = outcome
            for key, value in reading.values.items():
                if math.isfinite(value):
                    device.setdefault(key, {})[reading.at] = float(value)

    def series(self, device: str, key: Key, start: int, end: int) -> Sequence[Point]:
        """Points with start <= at < end, oldest first."""
        found = self._values.get(device, {}).get(key, {})
        return [Point(at, found[at]) for at in sorted(found) if start <= at < end]

    def latest(self, device: str) -> Mapping[Key, Point]:
        kept = self._values.get(device, {})
        return {key: Point(at := max(values), values[at]) for key, values in kept.items()}

    def close(self) -> None:
        """Nothing to let go of."""
