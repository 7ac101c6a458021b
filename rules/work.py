"""What one input is changing, collected until the engine hands it out as one Change."""

from __future__ import annotations

import heapq

from domain.alarm import Decision, Incident, OwedEvent, Transition


class Work:
    """Filled while one input is evaluated; emptied by the engine afterwards."""

    __slots__ = (
        "boxes", "decisions", "devices", "incidents", "now", "owed", "review", "shelves", "transitions",
    )  # fmt: skip

    def __init__(self) -> None:
        self.now = 0
        self.devices: set[str] = set()  # durable state of these changed
        self.boxes: set[str] = set()
        self.shelves: set[str] = set()
        self.review: dict[str, None] = {}  # boxes to judge anew, in order
        self.transitions: list[Transition] = []
        self.incidents: dict[str, Incident] = {}
        self.owed: list[OwedEvent] = []
        self.decisions: list[Decision] = []

    @property
    def empty(self) -> bool:
        return not (
            self.devices
            or self.boxes
            or self.shelves
            or self.review
            or self.transitions
            or self.incidents
            or self.owed
            or self.decisions
        )


def next_beat(now: int, every: int) -> int:
    """The next of the moments that come `every` so many milliseconds: whoever looks again and again asks
    for these, so that ten who asked at different moments make one chain of wakes and not ten."""
    return (now // every + 1) * every


class Wakes:
    """Moments the engine wants to be woken at, each naming a device or a box to look at again.

    Every moment asked for is kept, however many a target has: who asks once need not ask again.
    Looking again is harmless, so a wake that has become pointless is not searched for and removed.
    """

    def __init__(self) -> None:
        self._heap: list[tuple[int, str]] = []
        self._asked: set[tuple[int, str]] = set()

    def at(self, when: int | None, target: str) -> None:
        if when is None or (when, target) in self._asked:
            return
        self._asked.add((when, target))
        heapq.heappush(self._heap, (when, target))

    def next(self) -> int | None:
        return self._heap[0][0] if self._heap else None

    def due(self, now: int) -> list[str]:
        """Targets whose moment has come, oldest first, each once; they are forgotten here."""
        found: dict[str, None] = {}
        while self._heap and self._heap[0][0] <= now:
            wake = heapq.heappop(self._heap)
            self._asked.discard(wake)
            found[wake[1]] = None
        return list(found)
