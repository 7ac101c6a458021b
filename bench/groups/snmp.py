"""The whole path of an SNMP answer, beside an exporter that polls alone and a loop in C."""

from __future__ import annotations

import sys
from functools import cache

from bench import peers, rivals
from bench.measure import Figures, measure, median_of, windows
from bench.table import figure, middle, times

SINKS = (("influx", "to the spool"), ("embedded", "to the embedded store"))
STEADY = 0.8
"""Of what a core can do at most: a schedule with room, as one would run it."""


def snmp(full: bool) -> Figures:
    """All take turns over one responder."""
    runs, seconds, count = (5, 6.0, 20_000) if full else (3, 2.0, 4_000)
    costs: dict[str, list[float]] = {sink: [] for sink, _ in SINKS}
    theirs: list[float] = []
    bounds: list[tuple[float, float]] = []
    rates = {sink: flat_out(count, sink) for sink, _ in SINKS}
    with peers.responder() as (port, _):
        for _ in range(runs):
            for sink, rate in rates.items():
                interval = count / (STEADY * rate)
                found = windows(devices=count, interval_s=interval, seconds=seconds, port=port, sink=sink)
                costs[sink].append(median_of(found, "us_a_device"))
            bounds.append(rivals.bound(port, 20_000, 5))
            try:
                theirs.append(rivals.exporter(port, 4_000 if full else 2_500))
            except (peers.Absent, RuntimeError) as error:
                print(error, file=sys.stderr)
        few = count if full else count // 2
        steady = {"devices": few, "interval_s": few / 2000, "seconds": few / 2000, "runs": 3}
        calm = median_of(windows(**steady, port=port), "us_a_device")
        shipped = median_of(windows(**steady, port=port, profile="rfc1628"), "us_a_device")
    them = middle(theirs) if theirs else None
    c_cost, c_rate = (middle(column) for column in zip(*bounds, strict=True))
    for sink, said in SINKS:
        cost, name = middle(costs[sink]), f"SNMP whole path {said}"
        yield figure(f"{name}: CPU a device", "us", cost, them, c_cost)
        if them:
            yield times(f"{name}: CPU, times less than the exporter", cost, them, 4)
        one_core = 1e6 / them if them else None
        yield figure(
            f"{name}: devices on one core", "a second", rates[sink], one_core, c_rate, more_is_better=True
        )
        yield figure(
            f"{name}: devices on one core, wanted", "a second", rates[sink], None, 20_000, more_is_better=True
        )
    yield figure("SNMP whole path at 2,000 devices/s: CPU a device", "us", calm, them, c_cost)
    yield figure("SNMP whole path, shipped UPS profile, 2,000/s: CPU a device", "us", shipped)


@cache
def flat_out(count: int, sink: str) -> float:
    """Devices a second of one core that does nothing else: sweeps of all at once, the median of five."""
    with peers.responder() as (port, _):
        sweeps = measure("sweeps", devices=count, sweeps=5, port=port, sink=sink)["sweeps"]
    return count / median_of(sweeps, "wall_s")
