"""From an event on the wire to its SMS in a channel's hands."""

from __future__ import annotations

from bench.measure import Figures, measure, median_of
from bench.table import figure


def latency(full: bool) -> Figures:
    runs = [measure("told", what="traps", boxes=200 if full else 40, a_second=200) for _ in range(3)]
    name = "trap to SMS at 200 traps/s, 20 of them doors"
    yield figure(f"{name}: median", "s", median_of(runs, "median_s"))
    yield figure(f"{name}: p99", "s", median_of(runs, "p99_s"), None, 1.0)
    yield figure(f"{name}: doors not told", "", max(run["doors"] - run["told"] for run in runs), None, 0)
    yield figure(f"{name}: CPU a trap, `watch` and its decoder", "us", median_of(runs, "cpu_us_a_trap"))
    runs = [measure("told", what="burst", boxes=100, traps=5000) for _ in range(3 if full else 1)]
    name = "a burst of 5,000 traps, 100 doors in it"
    yield figure(f"{name}: lost", "traps", max(run["sent"] - run["heard"] for run in runs), None, 0)
    yield figure(f"{name}: not told", "", max(run["doors"] - run["told"] for run in runs), None, 0)
    yield figure(f"{name}: last SMS", "s", median_of(runs, "last_s"))
    runs = [measure("told", what="silence", boxes=20, interval_s=5) for _ in range(3 if full else 1)]
    name = f"box silent to SMS (interval 5, hold {runs[0]['hold_s']:g}, settling 0)"
    yield figure(f"{name}: latest of 20", "s", median_of(runs, "last_s"), None, runs[0]["allowed_s"])
    yield figure(f"{name}: not told", "", max(20 - run["told"] for run in runs), None, 0)
