"""The well-behaved, with and without misbehaving neighbours. Worlds take turns, each in a fresh process,
for what is compared are milliseconds. Of every hundred devices the last 75 behave in all of them."""

from __future__ import annotations

from typing import Any

from bench import peers
from bench.measure import Figures, median_of, windows
from bench.table import figure, middle

INTERVAL_S = 4
CALM = ""
WORLDS: dict[str, tuple[str, ...]] = {
    CALM: (),
    "20 % silent, 5 % late or garbled": ("silent=20", "late=3", "garbled=2"),
    "1 % each flood, lie, impersonate, cut off, outgrow, one storms": (
        "flood=1", "storm=1", "wrongid=1", "elsewhere=1", "truncated=1", "oversized=1",
    ),
}  # fmt: skip
REFUSED = ("unasked", "wrong_id", "garbled")
"""What the exchange counts of answers that are none."""


def worlds(full: bool) -> Figures:
    count, rounds = (10_000, 5) if full else (4_000, 3)
    given = {"devices": count, "interval_s": INTERVAL_S, "seconds": 12 if full else INTERVAL_S, "lateness": 1,
             "warm_s": INTERVAL_S if full else INTERVAL_S / 2, "bad_percent": 25,
             "healthy": count * 75 // 100}  # fmt: skip
    runs: dict[str, list[dict[str, Any]]] = {said: [] for said in WORLDS}
    for _ in range(rounds):
        for said, misbehaving in WORLDS.items():
            with peers.responder(*misbehaving) as (port, _):
                runs[said] += windows(**given, port=port)
    calm = runs.pop(CALM)
    yield figure("all behave: CPU a device of the same", "us", _cost(calm))
    for said, found in runs.items():
        for key, words in (("late_median_s", "median"), ("late_p99_s", "p99")):
            bound = median_of(calm, key) * 1.1
            yield figure(f"{said}: {words} after its slot", "s", median_of(found, key), None, bound)
        lost = median_of(calm, "heard") - median_of(found, "heard")
        few = 0.01 * median_of(calm, "heard")  # a window does not end with a turn
        yield figure(f"{said}: answers of the healthy fewer than without", "", max(lost, 0), None, few)
        yield figure(f"{said}: CPU a healthy device", "us", _cost(found))
        for kind in REFUSED:
            counted = median_of([window["counted"] for window in found], kind)
            yield figure(f"{said}: packets counted as {kind} in a window", "", counted)


def _cost(found: list[dict[str, Any]]) -> float:
    """All CPU over those that behave in every world."""
    return middle(window["cpu_s"] * 1e6 / window["heard"] for window in found)
