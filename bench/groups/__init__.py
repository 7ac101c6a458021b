"""The groups of figures, in the order in which they are measured. Each yields its lines of the table."""

from __future__ import annotations

from collections.abc import Callable

from bench.groups.alone import budget, engine, start
from bench.groups.icmp import icmp
from bench.groups.latency import latency
from bench.groups.scale import scale
from bench.groups.snmp import snmp
from bench.groups.v3 import v3
from bench.groups.value import value
from bench.groups.worlds import worlds
from bench.measure import Figures

GROUPS: dict[str, Callable[[bool], Figures]] = {
    "icmp": icmp, "snmp": snmp, "value": value, "v3": v3, "scale": scale, "worlds": worlds,
    "latency": latency, "engine": engine, "start": start, "budget": budget,
}  # fmt: skip
"""Each is told whether to measure at full size."""
