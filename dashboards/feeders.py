"""Feeders: who loses mains together, and when. PURE."""

from __future__ import annotations

from dashboards import units
from dashboards.common import of_now, on_battery_now, to_box
from dashboards.influxql import chosen, each, metric, over_time
from dashboards.page import Page, Row, districts, feeders, incidents
from dashboards.panels import (
    Json,
    Look,
    Panel,
    at_least,
    bars,
    column,
    link,
    state_timeline,
    table,
    target,
    timeseries,
)
from dashboards.units import GREEN, ORANGE, RED

HERE = (chosen("district"), chosen("feeder"))

_SHARE = Look(
    unit="percentunit",
    low=0,
    high=1,
    mappings=units.ranges(
        (0, 0.001, "all have mains", GREEN),
        (0.001, 0.6, "some without", ORANGE),
        (0.6, 1, "feeder out", RED),
    ),
    thresholds=units.steps(GREEN, (0.001, ORANGE), (0.6, RED)),
)


def page() -> Page:
    return Page(
        "nigehban-feeders",
        "Power feeders: outages that boxes share are the utility's, outages of one box are its own.",
        (
            Row("Now", (_now(), on_battery_now(HERE, width=18, height=8))),
            Row("Together", (_timeline(), _share(), _time())),
            Row("Box by box", (_boxes(), _alone(), _failures(), _voltage())),
        ),
        (districts(), feeders()),
        (incidents(chosen("district"), "\"concern\" = 'power'"),),
        start="now-24h",
    )


def _now() -> Panel:
    panel = of_now("On battery", "Boxes of the chosen feeders without mains.", "on_battery", HERE)
    return Panel(panel.body, 6, 8)


def _timeline() -> Panel:
    query = over_time("box", 'mean("on_battery")', HERE, ("feeder",))
    return at_least(
        state_timeline(
            "Feeders",
            "Share of each feeder's boxes on battery. Red: most of them together, the feeder is out. Orange: "
            "some, look at the boxes below.",
            [target(query, "$tag_feeder")],
            _SHARE,
            height=7,
        ),
        "1m",
    )


def _share() -> Panel:
    query = over_time("box", 'mean("on_battery")', HERE, ("feeder",))
    panel = timeseries(
        "Share on battery",
        "The same as a graph: how quickly a feeder's boxes went, and in how many steps they came back.",
        [target(query, "$tag_feeder")],
        Look(unit="percentunit", low=0, high=1),
    )
    return at_least(panel, "1m")


def _time() -> Panel:
    query = each("box", ['mean("on_battery")'], HERE, ("feeder",))
    return bars(
        "Share of time on battery",
        "Of all box-minutes of each feeder within the range, the share spent without mains.",
        [target(query, "$tag_feeder")],
        Look(
            unit="percentunit",
            low=0,
            thresholds=units.steps(GREEN, (0.02, ORANGE), (0.1, RED)),
            decimals=2,
            by_thresholds=True,
        ),
    )


def _boxes() -> Panel:
    query = over_time("box", 'max("on_battery")', HERE, ("feeder", "box"))
    there = link("Open the box", "nigehban-box", "var-box=${__field.labels.box}")
    panel = state_timeline(
        "Boxes on battery",
        "Each box, named with its feeder: bands that begin together belong together.",
        [target(query, "$tag_feeder / $tag_box")],
        Look.of(metric("box", "on_battery")),
        height=12,
        links=(there,),
    )
    return at_least(panel, "1m")


def _alone() -> Panel:
    query = each(
        "box",
        ['mean("on_battery") AS "share"', 'min("battery_charge_percent") AS "lowest_charge"'],
        HERE,
        ("feeder", "box"),
    )
    columns: dict[str, Json | None] = {
        "feeder": None,
        "box": to_box(),
        "share": column("share", Look(unit="percentunit", decimals=2)),
        "lowest_charge": column("lowest_charge", Look(unit="percent", decimals=0)),
    }
    return table(
        "Time on battery, by box",
        "A box far above the others of its feeder has a trouble of its own: a breaker, a fuse, a cable.",
        [target(query, table=True)],
        columns,
        width=12,
        height=10,
        sort="share",
    )


def _failures() -> Panel:
    query = each(
        "ups",
        ['max("input_line_bads_total") - min("input_line_bads_total") AS "failures"'],
        (chosen("district"),),
        ("district", "box"),
    )
    columns: dict[str, Json | None] = {
        "district": None,
        "box": to_box(),
        "failures": column("failures", Look(decimals=0)),
    }
    return table(
        "Mains failures, by box",
        "Times mains left its tolerance within the range, as each UPS counts them itself: also those too "
        "short for a poll to see.",
        [target(query, table=True)],
        columns,
        width=12,
        height=10,
        sort="failures",
    )


def _voltage() -> Panel:
    query = over_time("ups", 'mean("input_voltage_volts")', (chosen("district"),), ("box", "line"))
    return timeseries(
        "Mains voltage, by box",
        "RMS voltage of the input lines: a feeder that sags before it fails sags in all its boxes.",
        [target(query, "$tag_box $tag_line")],
        Look.of(metric("ups", "input_voltage_volts")),
        width=24,
    )
