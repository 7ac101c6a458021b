"""One process of the whole path: Poller, Core, engine, journal, sink; over any number of devices.

    python -m bench.whole '{"devices": 20000, "interval_s": 1, "port": 16161, "seconds": 10}'

Waits until every device is discovered and answered, then measures a window. Prints one line of JSON.
"""

from __future__ import annotations

import asyncio
import cProfile
import gc
import json
import os
import pstats
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from app import garbage
from app.clock import SystemClock
from app.core import Core
from bench import city, peers
from bench.table import quantile
from collector.device.discover import discover
from collector.device.plan import Plan
from collector.icmp.sweeper import Sweeper
from collector.poller import Poller
from collector.schedule import phase
from collector.snmp.session import Session
from domain.place import Device
from domain.reading import Key, Outcome, Probe, Reading
from storage.embedded import EmbeddedStore
from storage.influx import InfluxSink
from storage.influx_http import InfluxSettings
from storage.journal import open_journal
from storage.schema import places

LOSS: Key = ("icmp_loss_ratio", "")
SLOT_MS = 100
"""The schedule begins what lies in one slot together."""


class Whole:
    """The middle of `watch` over a city of benchmark UPSes."""

    def __init__(self, folder: Path, given: dict[str, Any]) -> None:
        self.given = given
        shipped = given.get("profile", "bench-ups") != "bench-ups"
        place = city.city(
            given["devices"],
            given["interval_s"],
            port=given["port"],
            profile=given.get("profile", "bench-ups"),
            icmp_interval_s=given.get("icmp_interval_s", 3600.0),
            version=given.get("version", "2c"),
        )
        self.accepted = city.accepted(place, shipped=shipped)
        self.clock = SystemClock()
        self.journal = open_journal(folder)
        url = given.get("influx", "")
        if given.get("sink") == "influx":
            # without a server the points stay in the spool, as they do when the server is away
            settings = InfluxSettings(url=url or "http://127.0.0.1:9")
            self.sink: Any = InfluxSink(settings, places(place), folder / "spool")
        else:
            self.sink = EmbeddedStore(folder / "series")
        self.core = Core(self.accepted, self.journal, self.sink)
        self.answered = 0
        self.failed = 0
        self.lossy = 0  # rounds of echoes that lost one, all or some
        self.seen: Callable[[Sequence[Reading]], None] | None = None
        self.prober = Sweeper()
        self.poller = Poller(
            self.clock,
            self.prober,
            self._discover,
            city.credentials_v3 if given.get("version") == "3" else city.credentials,
            self._take,
        )

    async def _discover(self, session: Session, device: Device) -> Plan:
        return await discover(session, device, self.accepted.profiles, self.accepted.city.bounds)

    def _take(self, readings: list[Reading]) -> None:
        for reading in readings:
            if reading.probe is Probe.SNMP:
                if reading.outcome is Outcome.OK:
                    self.answered += 1
                else:
                    self.failed += 1
            elif reading.values.get(LOSS, 1.0) > 0:
                self.lossy += 1
        if self.seen is not None:
            self.seen(readings)
        self.core.take(readings)

    async def begin(self) -> list[asyncio.Task[None]]:
        now = self.clock.now()
        self.core.start(now, now)
        self.poller.reload(self.accepted.city.devices.values())
        gc.collect()
        garbage.the_city_stands()
        return [asyncio.create_task(self.poller.run()), asyncio.create_task(self._beat())]

    async def _beat(self) -> None:
        while True:
            self.core.wake(self.clock.now())
            await asyncio.sleep(0.25)

    async def discovered(self, most_s: float) -> None:
        """Until every device that answers has answered."""
        healthy = self.given.get("healthy", self.given["devices"])
        heard: set[str] = set()
        self.seen = lambda readings: heard.update(r.device for r in readings if r.outcome is Outcome.OK)
        for _ in range(int(most_s * 10)):
            await asyncio.sleep(0.1)
            if len(heard) >= healthy:
                self.seen = None
                return
        raise RuntimeError(f"only {len(heard)} devices answered in {most_s} s")

    async def end(self, tasks: list[asyncio.Task[None]]) -> None:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.poller.close()
        self.prober.close()
        self.sink.close()
        self.journal.close()


def lateness(whole: Whole, into: list[float]) -> Callable[[Sequence[Reading]], None]:
    """Notes how long after its slot in the schedule each well-behaved device was heard."""
    given = whole.given
    interval, bad = int(given["interval_s"] * 1000), given.get("bad_percent", 0)
    moments = {
        device.id: phase(device.id, Probe.SNMP, interval) // SLOT_MS * SLOT_MS
        for number, device in enumerate(whole.accepted.city.devices.values())
        if (city.FIRST + number & 0xFFFFFF) % 100 >= bad
    }

    def seen(readings: Sequence[Reading]) -> None:
        for reading in readings:
            moment = moments.get(reading.device)
            if moment is not None and reading.probe is Probe.SNMP and reading.outcome is Outcome.OK:
                into.append((reading.at - moment) % interval / 1000)

    return seen


async def measured(whole: Whole, seconds: float) -> dict[str, Any]:
    """One window: what was answered, in which wall time and for how much CPU."""
    arrivals: list[float] = []
    if whole.given.get("lateness"):
        whole.seen = lateness(whole, arrivals)
    counters = whole.poller.counters
    before = whole.answered, whole.failed, counters.overruns, whole.lossy
    packets = asdict(whole.poller.exchange.counters)
    profile = cProfile.Profile() if whole.given.get("profiled") else None
    if profile:
        profile.enable()
    server = Server(whole)
    wall, used = time.monotonic(), peers.cpu()
    await asyncio.sleep(seconds)
    whole.seen = None
    wall, used = time.monotonic() - wall, peers.cpu() - used
    if profile:
        profile.disable()
        pstats.Stats(profile, stream=sys.stderr).sort_stats("tottime").print_stats(45)
    answered = whole.answered - before[0]
    return {
        "answered": answered,
        "failed": whole.failed - before[1],
        "overruns": counters.overruns - before[2],
        "wall_s": wall,
        "cpu_s": used,
        "us_a_device": used * 1e6 / max(answered, 1),
        "devices_a_second": answered / wall,
        "lag_ms": counters.lag_ms,
        "late_median_s": quantile(arrivals, 0.5) if arrivals else None,
        "late_p99_s": quantile(arrivals, 0.99) if arrivals else None,
        "heard": len(arrivals),
        "received_drops": whole.poller.exchange.dropped(),
        "lossy": whole.lossy - before[3],
        "counted": {
            kind: count - packets[kind] for kind, count in asdict(whole.poller.exchange.counters).items()
        },
        "rss": peers.resident(),
        "descriptors": peers.descriptors(),
        "tasks": len(asyncio.all_tasks()),
        **server.cost(max(answered, 1)),
    }


class Server:
    """What an InfluxDB of the process id `influx_pid` spends from now on, for the lines it takes."""

    def __init__(self, whole: Whole) -> None:
        self._whole, self._pid = whole, whole.given.get("influx_pid")
        self._began = self._now()

    def _now(self) -> tuple[float, int]:
        if not self._pid:
            return 0.0, 0
        return peers.cpu_of(self._pid), self._whole.sink.health().tally.acknowledged_lines

    def cost(self, devices: int) -> dict[str, float]:
        if not self._pid:
            return {}
        (used, lines), (used_before, lines_before) = self._now(), self._began
        taken = max(lines - lines_before, 1)
        return {"server_us_a_line": (used - used_before) * 1e6 / taken, "lines_a_device": taken / devices}


async def main(given: dict[str, Any]) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        whole = Whole(Path(folder), given)
        tasks = await whole.begin()
        await whole.discovered(given.get("patience_s", 120.0))
        await asyncio.sleep(given.get("warm_s", 2.0))
        windows = [await measured(whole, given["seconds"]) for _ in range(given.get("runs", 1))]
        await whole.end(tasks)
        return {"windows": windows}


if __name__ == "__main__":
    if peers.cores_apart():
        os.sched_setaffinity(0, peers.OURS)
    print(json.dumps(asyncio.run(main(json.loads(sys.argv[1])))))
