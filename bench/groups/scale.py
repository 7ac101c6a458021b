"""From a thousand devices to a hundred thousand: what a sweep costs, and whether anything grows."""

from __future__ import annotations

from bench import peers
from bench.groups.snmp import SINKS
from bench.measure import MIB, Figures, measure, median_of, windows
from bench.table import exponent, figure, middle

SWEEPS = 30


def scale(full: bool) -> Figures:
    sizes = (1_000, 10_000, 100_000) if full else (1_000, 3_000, 9_000)
    largest = sizes[-1]
    with peers.responder() as (port, _):
        for sink, said in SINKS:
            cpu_s = []
            for size in sizes:
                # the last city of all is watched for longer: whether it grows
                last = (sink, size) == (SINKS[-1][0], largest)
                count = SWEEPS if last else 9 if full and size < largest else 5
                sweeps = measure("sweeps", devices=size, sweeps=count, port=port, sink=sink)["sweeps"]
                cpu_s.append(median_of(sweeps, "cpu_s"))
            name = f"cost from {sizes[0]:,} to {largest:,} devices, {said}: exponent"
            yield figure(name, "", exponent(sizes, cpu_s), None, 1.05)
        wall_s = median_of(sweeps, "wall_s")
        yield figure(f"a sweep of {largest:,} devices at once: wall", "s", wall_s, None, 60 if full else None)
        yield figure(f"a sweep of {largest:,} devices at once: CPU", "s", cpu_s[-1])
        limit = 1.5e9 / MIB if full else None
        yield figure(f"{largest:,} devices: resident memory", "MiB", sweeps[-1]["rss"] / MIB, None, limit)
        for begun, ended in ((0, 10), (10, 20), (20, 30)):
            grown = (sweeps[ended - 1]["rss"] - sweeps[begun]["rss"]) / MIB
            yield figure(f"{largest:,} devices: memory grown, sweeps {begun + 1} to {ended}", "MiB", grown)
        for what in ("descriptors", "tasks"):
            first, at_last = sweeps[0][what], sweeps[-1][what]
            yield figure(f"{largest:,} devices: {what} after {SWEEPS} sweeps", "", at_last, None, first)
        if full:
            yield from _every_minute(largest, port)


def _every_minute(count: int, port: int) -> Figures:
    """As a city is watched: each device asked by SNMP every 60 s, and by three echoes every 30."""
    found = windows(
        devices=count, interval_s=60, icmp_interval_s=30, seconds=60, runs=3, port=port, warm_s=60
    )
    cores = [100 * window["cpu_s"] / window["wall_s"] for window in found]
    name = f"{count:,} devices, SNMP every 60 s and 3 echoes every 30 s"
    yield figure(f"{name}: CPU of one core", "%", middle(cores), None, 100)
    yield figure(f"{name}: resident memory", "MiB", found[-1]["rss"] / MIB, None, 1.5e9 / MIB)
    lossy = max(window["lossy"] for window in found)
    yield figure(f"{name}: echo rounds of live hosts with a loss", "", lossy, None, 0)
    yield figure(f"{name}: polls that failed", "", max(window["failed"] for window in found), None, 0)
