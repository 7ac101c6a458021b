"""One writer thread with an ordered queue and group commit.

Whatever is queued while a transaction is being synced goes into the next one together, so the
price of a sync is shared exactly when there is much to write. A failing disk stops nothing but
the writing: what is queued stays queued and is tried again until it is on disk.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from domain.errors import Retryable

T = TypeVar("T")

_GROUP = 2_000  # at most so many in one transaction: others want the write lock too
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.1, 5.0


@dataclass(frozen=True, slots=True)
class Health:
    """`healthy` is false while writing fails, with the last error in plain words."""

    healthy: bool
    error: str
    queued: int
    parked: int  # changes the database refused for good, kept in its table `parked`


class Writer(Generic[T]):
    """Applies items in the order they were put, each exactly once.

    `apply` writes a group in one transaction or raises and leaves no trace; `park` keeps one item
    that was refused by itself; `passing` tells failures of the surroundings from such refusals.
    """

    def __init__(
        self,
        apply: Callable[[Sequence[T]], None],
        park: Callable[[T, Exception], None],
        passing: Callable[[Exception], bool],
        limit: int = 50_000,
    ) -> None:
        self._apply, self._park, self._passing = apply, park, passing
        self._limit = limit
        self._queue: deque[T] = deque()
        self._changed = threading.Condition()
        self._put = self._done = self._parked = 0
        self._error = ""
        self._failing = self._closing = False
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)
        self._thread.start()

    def put(self, item: T) -> None:
        """Queues `item`; blocks only while `limit` items wait already. Retryable once closed."""
        with self._changed:
            self._changed.wait_for(lambda: len(self._queue) < self._limit or self._closing)
            if self._closing:
                raise Retryable("the journal is closed")
            self._queue.append(item)
            self._put += 1
            self._changed.notify_all()

    def flush(self, timeout_s: float = 30.0) -> None:
        """Returns when all that was put before is on disk; Retryable when it is not by then."""
        with self._changed:
            goal = self._put
            if not self._changed.wait_for(lambda: self._done >= goal, timeout_s):
                left = goal - self._done
                raise Retryable(f"{left} changes are not on disk yet: {self._error or 'the disk is slow'}")

    def close(self, timeout_s: float = 30.0) -> None:
        """Writes what is queued, then ends the thread; Retryable when something is left."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._thread.join(timeout_s)
        if self._queue:
            raise Retryable(f"{len(self._queue)} changes were not written: {self._error}")

    def health(self) -> Health:
        with self._changed:
            return Health(not self._failing, self._error, len(self._queue), self._parked)

    def _run(self) -> None:
        pause = _FIRST_PAUSE_S
        while True:
            with self._changed:
                self._changed.wait_for(lambda: bool(self._queue) or self._closing)
                if not self._queue:
                    return
                group = [self._queue[i] for i in range(min(len(self._queue), _GROUP))]
            try:
                self._write(group)
                pause = _FIRST_PAUSE_S
            except Exception as error:  # whatever it was, the thread lives and the queue is kept
                with self._changed:
                    self._failing, self._error = True, str(error)
                    if self._closing:
                        return
                    self._changed.wait_for(lambda: self._closing, pause)
                pause = min(pause * 2, _LONGEST_PAUSE_S)

    def _write(self, group: list[T]) -> None:
        try:
            self._apply(group)
        except Exception as error:
            if self._passing(error):
                raise
            if len(group) > 1:  # one of them is at fault: write the others
                for item in group:
                    self._write([item])
                return
            self._park(group[0], error)
            with self._changed:
                self._parked += 1
                self._error = str(error)
        with self._changed:
            for _ in group:
                self._queue.popleft()
            self._done += len(group)
            self._failing = False
            if not self._parked:
                self._error = ""
            self._changed.notify_all()
