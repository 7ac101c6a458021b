"""Parts alone: the rules, the start, and each stage of the path."""

from __future__ import annotations

from bench import peers
from bench.measure import MIB, Figures, measure, median_of
from bench.table import figure


def engine(full: bool) -> Figures:
    runs = [measure("engine", devices=100_000 if full else 10_000, sweeps=3) for _ in range(3)]
    rules = runs[0]["rules_a_device"]
    yield figure(
        f"rules alone, {rules} that an SNMP answer is judged by: readings", "a second",
        median_of(runs, "readings_a_second"),
    )  # fmt: skip
    yield figure("rules alone: evaluations", "a second", rules * median_of(runs, "readings_a_second"))
    yield figure("rules alone: an SNMP reading", "us", median_of(runs, "snmp_us"))
    yield figure("rules alone: an ICMP reading", "us", median_of(runs, "icmp_us"))
    yield figure("rules alone: memory a device", "octets", median_of(runs, "octets_a_device"))


def start(full: bool) -> Figures:
    count = 100_000 if full else 10_000
    runs = [measure("startup", devices=count) for _ in range(3)]
    name = f"{count:,} devices, from the command to the first echo"
    yield figure(f"{name}: wall", "s", median_of(runs, "seconds"), None, 20.0 if full else None)
    yield figure(f"{name}: CPU, the child that loads counted in", "s", median_of(runs, "cpu_s"))
    yield figure(f"{name}: memory then", "MiB", median_of(runs, "rss") / MIB)


def budget(full: bool) -> Figures:
    with peers.responder() as (port, _):
        found = measure("budget", devices=10_000, runs=7 if full else 3, port=port)
    for stage, cost in found.items():
        yield figure(f"budget, {stage}", "us/device", cost)
