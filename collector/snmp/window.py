"""How many requests may be unanswered at once without their answers outgrowing a receive buffer.

Only the young count: an answer that is not there after a fifth of a second is late or will never
come, and silent agents must not take the room of the living. PURE.
"""

from __future__ import annotations

_EPOCHS_A_SECOND = 10


class Window:
    """`size` requests of this tenth of a second and the one before. Time is in seconds."""

    __slots__ = ("_epoch", "_size", "_young")

    def __init__(self, size: int) -> None:
        self._size = size
        self._epoch = 0
        self._young = [0, 0]

    def room(self, now: float) -> int:
        """How many may be sent at once."""
        epoch = int(now * _EPOCHS_A_SECOND)
        if epoch != self._epoch:
            self._young[epoch & 1] = 0
            if epoch > self._epoch + 1:
                self._young[~epoch & 1] = 0
            self._epoch = epoch
        return self._size - self._young[0] - self._young[1]

    def sent(self) -> int:
        """Notes a request; the mark to be given back when it ends."""
        self._young[self._epoch & 1] += 1
        return self._epoch

    def ended(self, mark: int) -> None:
        """The request of this mark needs no room any more."""
        if mark >= self._epoch - 1:
            self._young[mark & 1] -= 1
