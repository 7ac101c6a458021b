"""Work that must not be done all at once: a queue of coroutines, a bounded number under way."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any

Work = Callable[[], Coroutine[Any, Any, None]]


class Bounded:
    """At most `limit` tasks run; the rest wait in order, as callables and not yet as tasks."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._waiting: deque[Work] = deque()
        self._tasks: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._waiting) + len(self._tasks)

    def start(self, work: Work) -> None:
        """Runs it now or when its turn comes. An exception of it is left to the loop's handler."""
        self._waiting.append(work)
        self._fill()

    async def close(self) -> None:
        """Cancels what runs, drops what waits."""
        self._waiting.clear()
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _fill(self) -> None:
        while self._waiting and len(self._tasks) < self._limit:
            task = asyncio.get_running_loop().create_task(self._waiting.popleft()())
            self._tasks.add(task)
            task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._fill()
