"""Echoes, beside fping and a loop in C."""

from __future__ import annotations

from bench.measure import Figures, measure
from bench.table import figure, times

RIVALS = (
    ("raw paced", "fping paced", "raw, 50,000/s asked for"),
    ("datagram paced", "fping paced", "unprivileged, 50,000/s asked for"),
    ("raw unpaced", "fping unpaced", "raw, unpaced"),
)
"""Ours, the rival that takes turns with it, and what it is called."""


def icmp(full: bool) -> Figures:
    for hosts in (10_000, 50_000):
        found = measure("icmp", hosts=hosts, runs=5 if full else 3, all=full or hosts < 20_000)
        size, c = f"ICMP {hosts:,} x 3", found["bound"]
        for ours, theirs, said in RIVALS:
            if ours not in found:
                continue
            us, them = found[ours], found.get(theirs, {})
            wall, cost = us["wall_s"], us["cpu_us_an_echo"]
            yield figure(f"{size}, {said}: wall", "s", wall, them.get("wall_s"), c["wall_s"])
            yield figure(
                f"{size}, {said}: CPU an echo", "us", cost, them.get("cpu_us_an_echo"), c["cpu_us_an_echo"]
            )
            if them:
                yield times(f"{size}, {said}: wall, times less than fping", wall, them["wall_s"], 2)
                yield times(f"{size}, {said}: CPU, times less than fping", cost, them["cpu_us_an_echo"], 2)
            lossy = them.get("most_lossy")
            yield figure(f"{size}, {said}: live hosts called lossy", "hosts", us["most_lossy"], lossy, 0)
            if ours != "raw unpaced":
                yield figure(f"{size}, {said}: answers dropped", "echoes", us["most_dropped"])
        if "tenth dead" in found:
            us, living = found["tenth dead"], found["raw paced"]
            limit = living["wall_s"] + 1.0  # the timeout
            yield figure(f"{size}, a tenth dead: wall", "s", us["wall_s"], None, limit)
            yield figure(
                f"{size}, a tenth dead: CPU an echo", "us", us["cpu_us_an_echo"], living["cpu_us_an_echo"]
            )
            yield figure(f"{size}, a tenth dead: live hosts called lossy", "hosts", us["most_lossy"], None, 0)
