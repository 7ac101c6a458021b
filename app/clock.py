"""The only place that reads a clock or sleeps.

Engine time is the wall time at start plus monotonic time elapsed: a step of the wall clock moves
no deadline and no decision. The difference that has grown is `drift`, recorded in the journal.
"""

from __future__ import annotations

import asyncio
import time


class SystemClock:
    """Engine milliseconds since the epoch, anchored once."""

    def __init__(self) -> None:
        self._wall = time.time_ns() // 1_000_000
        self._monotonic = time.monotonic_ns()

    def now(self) -> int:
        return self._wall + (time.monotonic_ns() - self._monotonic) // 1_000_000

    async def sleep(self, milliseconds: int) -> None:
        await asyncio.sleep(max(milliseconds, 0) / 1000)

    def pause(self, milliseconds: int) -> None:
        """Blocks this thread; for processes without an event loop."""
        time.sleep(max(milliseconds, 0) / 1000)

    def drift(self) -> int:
        """Wall clock minus engine time, in milliseconds: what steps and slewing have added up to."""
        return time.time_ns() // 1_000_000 - self.now()
