"""Monitor health: is the watchman itself awake. PURE."""

from __future__ import annotations

from collections.abc import Sequence

from dashboards import units
from dashboards.influxql import each, metric, over_time
from dashboards.page import Page, Row
from dashboards.panels import Look, Panel, at_least, now, stat, state_timeline, target, timeseries
from dashboards.units import GREEN, GREY, ORANGE, RED

NONE_LOST = units.steps(GREEN, (1, RED))


def page() -> Page:
    return Page(
        "nigehban-health",
        "The monitor's own health: does it sweep in time, does it lose anything, was it ever blind.",
        (
            Row("Now", _numbers()),
            Row("Watching", (_awake(), _sweep(), _readings())),
            Row("Losses", (_losses(), _spool(), _waiting())),
            Row("Resources", (_processor(), _memory())),
        ),
    )


def _last(title: str, description: str, field: str, look: Look) -> Panel:
    query = each("monitor", [f'last("{field}")'], ())
    return now(stat(title, description, query, look, width=4), "5m")


def _numbers() -> tuple[Panel, ...]:
    lag = Look(unit="s", thresholds=units.steps(GREEN, (5, ORANGE), (30, RED)), decimals=1)
    blind = Look(
        mappings=[units.values({0: ("watching", GREEN), 1: ("blind", RED)})],
        thresholds=NONE_LOST,
        empty="no word",
    )
    lost = Look(thresholds=NONE_LOST, decimals=0)
    waits = Look(thresholds=units.steps(GREEN, (100_000, ORANGE), (1_000_000, RED)), decimals=0)
    return (
        _last("State", "Blind: its own reference hosts are silent, so it judges nobody.", "blind", blind),
        _last("Lag", "How far probing runs behind its schedule.", "sweep_lag_seconds", lag),
        _last("Sweep", "How long the last sweep of the city took.", "sweep_seconds", lag),
        _last("Waiting lines", "Lines in the spool, not yet in the time-series store.", "spool_lines", waits),
        _last(
            "Lost lines", "Lines lost to the caps of the spool since the start.", "spool_dropped_total", lost
        ),
        _last("Refused lines", "Lines the store refused, kept in a readable file.", "parked_total", lost),
    )


def _awake() -> Panel:
    query = over_time("monitor", 'max("blind")', (), ("process",), "2")
    panel = state_timeline(
        "Awake",
        "The watching process: watching, blind, or without a word. Without a word nobody watched, "
        "unless the store was away: its gaps are filled later from the spool.",
        [target(query, "$tag_process")],
        Look(
            mappings=[units.values({0: ("watching", GREEN), 1: ("blind", RED), 2: ("no word", GREY)})],
            thresholds=units.steps(GREEN, (1, RED), (2, GREY)),
        ),
        height=6,
    )
    return at_least(panel, "2m")


def _lines(title: str, description: str, fields: Sequence[tuple[str, str]], function: str = "max") -> Panel:
    first = metric("monitor", fields[0][0])
    targets = [
        target(over_time("monitor", f'{function}("{name}")', (), ("process",)), f"$tag_process {words}")
        for name, words in fields
    ]
    return at_least(timeseries(title, description, targets, Look.of(first, low=0)), "1m")


def _sums(title: str, description: str, fields: Sequence[tuple[str, str]]) -> Panel:
    """Counters as what was added within each interval; a restart counts as nothing."""
    targets = [
        target(
            over_time("monitor", f'non_negative_difference(max("{name}"))', (), ("process",)),
            f"$tag_process {words}",
        )
        for name, words in fields
    ]
    panel = timeseries(title, description, targets, Look(decimals=0, low=0), bars=True)
    return at_least(panel, "1m")


def _sweep() -> Panel:
    return _lines(
        "Sweep time and lag",
        "How long sweeps take, and how far they run behind. A lag that grows means the machine or the "
        "network cannot keep up.",
        (("sweep_seconds", "sweep"), ("sweep_lag_seconds", "lag")),
    )


def _readings() -> Panel:
    return _sums(
        "Readings and traps",
        "Readings taken and traps received within each interval; turns that found the last one still under "
        "way; and packets that answer no question: late ones, and more where a device garbles or floods.",
        (
            ("readings_total", "readings"),
            ("traps_total", "traps"),
            ("overruns_total", "overruns"),
            ("answers_refused_total", "answers refused"),
        ),
    )


def _losses() -> Panel:
    return _sums(
        "Losses",
        "What was lost within each interval, by where: answers dropped by the kernel, traps dropped, lines "
        "dropped from a full spool, lines refused by the store. All should be zero.",
        (
            ("packets_dropped_total", "answers"),
            ("traps_dropped_total", "traps"),
            ("spool_dropped_total", "spool"),
            ("parked_total", "refused"),
        ),
    )


def _spool() -> Panel:
    return _lines(
        "Spool",
        "Lines waiting for the time-series store: a hill is an outage of the store, its fall the backfill.",
        (("spool_lines", "waiting"),),
    )


def _waiting() -> Panel:
    return _lines(
        "Messages waiting",
        "Owed events not yet decided and messages not yet sent. More than a few for more than a minute "
        "means `tell` or a channel is stuck.",
        (("owed_waiting", "owed"), ("deliveries_waiting", "to send")),
    )


def _processor() -> Panel:
    query = over_time("monitor", 'non_negative_derivative(max("cpu_seconds_total"), 1s)', (), ("process",))
    panel = timeseries(
        "Processor",
        "Share of one processor the watching process uses.",
        [target(query, "$tag_process")],
        Look(unit="percentunit", low=0),
    )
    return at_least(panel, "1m")


def _memory() -> Panel:
    return _lines("Memory", "Resident memory of the watching process.", (("memory_bytes", ""),))
