"""District: its boxes, one by one. PURE."""

from __future__ import annotations

from dashboards.common import (
    AVAILABILITY,
    CHARGE,
    CONDITION,
    LEFT,
    NONE_IS_GOOD,
    UP_SHARE,
    box_conditions,
    of_now,
    on_battery_now,
    open_incidents,
    to_box,
)
from dashboards.influxql import chosen, each, metric, over_time
from dashboards.page import Page, Row, districts, incidents
from dashboards.panels import Json, Look, Panel, at_least, column, link, now, stat, table, target, timeseries

HERE = (chosen("district"),)


def page() -> Page:
    boxes = link("Open the box", "nigehban-box", "var-box=${__field.labels.box}")
    return Page(
        "nigehban-district",
        "One district: which boxes are well, which are not, and how they were over the chosen time.",
        (
            Row("Now", (*_numbers(), _boxes(), open_incidents(HERE), on_battery_now(HERE))),
            Row(
                "Over time",
                (
                    at_least(box_conditions(HERE, "Boxes as judged", links=(boxes,)), "1m"),
                    _loss(),
                    _round_trips(),
                    _worst(),
                ),
            ),
        ),
        (districts(several=False),),
        (incidents(*HERE),),
    )


def _numbers() -> tuple[Panel, ...]:
    return (
        now(
            stat(
                "Boxes up",
                "Share of the district's boxes that are up or degraded now.",
                each("box", [UP_SHARE], HERE),
                AVAILABILITY,
                width=3,
            ),
            "5m",
        ),
        of_now("Boxes dark", "Boxes of the district judged down now.", "down", HERE),
        of_now("Cameras dark", "Cameras of the district nobody can see through now.", "cameras_dark", HERE),
        of_now("Devices down", "Devices that answer neither echoes nor their agent.", "devices_down", HERE),
        of_now("Incidents", "Open incidents of every concern.", "incidents", HERE),
        of_now("On battery", "Boxes of the district without mains.", "on_battery", HERE),
        of_now("Unknown", "Boxes nobody could watch.", "unknown", HERE),
        stat(
            "Available",
            "Share of the watched time the district's boxes were not down, over the chosen range.",
            each("box", [UP_SHARE], HERE),
            AVAILABILITY,
            width=3,
        ),
    )


def _boxes() -> Panel:
    fields = (
        "condition",
        "devices",
        "devices_down",
        "cameras_dark",
        "incidents",
        "on_battery",
        "battery_charge_percent",
        "forecast_likely_seconds",
    )
    query = each("box", [f'last("{name}") AS "{name}"' for name in fields], HERE, ("box", "feeder"))
    number = Look(thresholds=NONE_IS_GOOD, decimals=0)
    columns: dict[str, Json | None] = {
        "box": to_box(),
        "feeder": None,
        "condition": column("condition", CONDITION),
        "devices": column("devices", Look(decimals=0)),
        "devices_down": column("devices_down", number, coloured=True),
        "cameras_dark": column("cameras_dark", number, coloured=True),
        "incidents": column("incidents", number, coloured=True),
        "on_battery": column("on_battery", Look.of(metric("box", "on_battery"))),
        "battery_charge_percent": column("battery_charge_percent", CHARGE, coloured=True),
        "forecast_likely_seconds": column("forecast_likely_seconds", LEFT, coloured=True),
    }
    return now(
        table(
            "Boxes",
            "Every box of the district as it stands now, the worst first.",
            [target(query, table=True)],
            columns,
            sort="condition",
            height=10,
        )
    )


def _loss() -> Panel:
    query = over_time("router", 'mean("icmp_loss_ratio")', HERE, ("box",))
    return timeseries(
        "Loss towards the routers",
        "Share of echoes lost by each box's router: the health of the uplinks.",
        [target(query, "$tag_box")],
        Look.of(metric("router", "icmp_loss_ratio"), low=0, high=1),
    )


def _round_trips() -> Panel:
    query = over_time("router", 'mean("icmp_rtt_seconds")', HERE, ("box",))
    return timeseries(
        "Round trips to the routers",
        "Average round-trip time of answered echoes to each box's router.",
        [target(query, "$tag_box")],
        Look.of(metric("router", "icmp_rtt_seconds")),
    )


def _worst() -> Panel:
    query = each("box", [f'{UP_SHARE} AS "available"', 'sum("down_seconds") AS "down"'], HERE, ("box",))
    columns: dict[str, Json | None] = {
        "box": to_box(),
        "available": column("available", AVAILABILITY, coloured=True),
        "down": column("down", Look(unit="dtdurations", decimals=0)),
    }
    return table(
        "Least available",
        "Boxes of the district by their time down over the chosen range.",
        [target(query, table=True)],
        columns,
        sort="down",
    )
