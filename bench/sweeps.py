"""A whole city asked at once, again and again: the cost of a sweep, and whether anything grows.

python -m bench.sweeps '{"devices": 10000, "sweeps": 5, "port": 16161}'
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from bench import peers
from bench.whole import Whole
from domain.reading import Probe
from storage.embedded import EmbeddedStore


async def sweep(whole: Whole) -> dict[str, float]:
    """Every device due at this moment; over with the last answer, paid for when all of it is kept:
    a small city is answered before the store has begun, and would seem cheaper than it is."""
    goal = whole.answered + whole.failed + whole.given["devices"]
    wall, used = time.monotonic(), peers.cpu()
    now = whole.clock.now()
    schedule = whole.poller._schedule
    for device in whole.accepted.city.devices:
        schedule.hasten(device, Probe.SNMP, now)
    done = asyncio.Event()
    whole.seen = lambda _: done.set() if whole.answered + whole.failed >= goal else None
    await done.wait()
    whole.seen = None
    wall = time.monotonic() - wall
    if isinstance(whole.sink, EmbeddedStore):
        await asyncio.to_thread(whole.sink.flush)
    return {
        "wall_s": wall,
        "cpu_s": peers.cpu() - used,
        "rss": peers.resident(),
        "descriptors": peers.descriptors(),
        "tasks": len(asyncio.all_tasks()),
    }


async def main(given: dict[str, Any]) -> dict[str, Any]:
    """The devices' own interval is so long that it adds next to nothing."""
    given.setdefault("interval_s", 600)
    with tempfile.TemporaryDirectory() as folder:
        whole = Whole(Path(folder), given)
        started = time.monotonic()
        tasks = await whole.begin()
        for device in whole.accepted.city.devices:
            whole.poller._schedule.hasten(device, Probe.SNMP, whole.clock.now())
        await whole.discovered(given.get("patience_s", 120.0))
        discovered = time.monotonic() - started
        sweeps = []
        for _ in range(given["sweeps"]):
            await asyncio.sleep(0.2)  # what the last one left to the store is its own, not the next one's
            sweeps.append(await sweep(whole))
        await whole.end(tasks)
        return {"sweeps": sweeps, "discovered_s": discovered}


if __name__ == "__main__":
    if peers.cores_apart():
        os.sched_setaffinity(0, peers.OURS)
    print(json.dumps(asyncio.run(main(json.loads(sys.argv[1])))))
