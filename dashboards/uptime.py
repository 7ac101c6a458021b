"""Uptime: this month by cause. The ledger is what is paid by; this is its picture. PURE."""

from __future__ import annotations

from dashboards.common import AVAILABILITY, CONDITION, UP_SHARE, to_box, to_district, to_year
from dashboards.influxql import chosen, each, over_time
from dashboards.page import Page, Row, districts, incidents
from dashboards.panels import (
    Json,
    Look,
    Panel,
    at_least,
    bars,
    column,
    leads,
    override,
    stat,
    table,
    target,
    timeseries,
)
from domain.alarm import Cause

HERE = (chosen("district"),)
_YEAR = to_year("district")
_DOWN = Look(unit="dtdurations", decimals=0, low=0)


def page() -> Page:
    return Page(
        "nigehban-uptime",
        "Availability this month and why it was lost. Sampled once a minute; `nigehban report` gives the "
        "exact seconds of the ledger.",
        (
            Row("This range", (*_numbers(), _by_cause(), _times())),
            Row("Where", (_by_district(), _by_box())),
            Row("When", (leads(_daily(), _YEAR), leads(_lost(), _YEAR))),
            Row("Each outage", (_outages(),)),
        ),
        (districts(),),
        (incidents(*HERE, "\"concern\" = 'outage'"),),
        start="now/M",
        refresh="15m",
    )


def _numbers() -> tuple[Panel, ...]:
    unknown = 'sum("unknown") / (sum("up") + sum("degraded") + sum("down") + sum("unknown"))'
    return (
        stat(
            "Available",
            "Share of the watched time boxes were not down.",
            each("box", [UP_SHARE], HERE),
            AVAILABILITY,
            width=6,
        ),
        stat(
            "Time down",
            "Time down of all chosen boxes, added up.",
            each("box", ['sum("down_seconds")'], HERE),
            _DOWN,
            width=6,
        ),
        stat(
            "Outages",
            "Times a box or device was judged down.",
            each("transition", ['count("condition")'], [*HERE, '"condition" = 3']),
            Look(decimals=0),
            width=6,
        ),
        stat(
            "Unknown",
            "Share of the time nobody could know: the monitor was blind or off. It counts for neither side.",
            each("box", [unknown], HERE),
            Look(unit="percentunit", decimals=2),
            width=6,
        ),
    )


def _by_cause() -> Panel:
    query = each("box", ['sum("down_seconds")'], [*HERE, '"down" = 1'], ("cause",))
    return bars(
        "Time down, by cause",
        "Time down of all chosen boxes, added up by why. What the utility's feeder took is not the "
        "contractor's.",
        [target(query, "$tag_cause")],
        _DOWN,
        height=11,
    )


def _times() -> Panel:
    """One question a cause: in `transition` the cause is a field, and a tag could not be revised."""
    targets = [
        target(
            each("transition", ['count("condition")'], [*HERE, '"condition" = 3', f"\"cause\" = '{cause}'"]),
            cause.value,
        )
        for cause in _OUTAGES
    ]
    return bars(
        "Times down, by cause",
        "How often a box or device was judged down, by the cause named then.",
        targets,
        Look(decimals=0, low=0),
        height=11,
    )


_OUTAGES = (
    Cause.DEVICE_SILENT,
    Cause.CAMERA_HUNG,
    Cause.PORT_DOWN,
    Cause.SWITCH_SILENT,
    Cause.UPLINK_DOWN,
    Cause.BOX_SILENT,
    Cause.BATTERY_EXHAUSTED,
    Cause.SUSPECTED_THEFT,
)


def _by_district() -> Panel:
    query = each("box", [f'{UP_SHARE} AS "available"', 'sum("down_seconds") AS "down"'], HERE, ("district",))
    columns: dict[str, Json | None] = {
        "district": to_district(),
        "available": column("available", AVAILABILITY, coloured=True),
        "down": column("down", _DOWN),
    }
    return table(
        "Districts",
        "Availability and time down of each district.",
        [target(query, table=True)],
        columns,
        width=10,
        height=10,
        sort="available",
        descending=False,
    )


def _by_box() -> Panel:
    query = each(
        "box",
        [f'{UP_SHARE} AS "available"', 'sum("down_seconds") AS "down"'],
        HERE,
        ("district", "feeder", "box"),
    )
    columns: dict[str, Json | None] = {
        "district": to_district(),
        "feeder": None,
        "box": to_box(),
        "available": column("available", AVAILABILITY, coloured=True),
        "down": column("down", _DOWN),
    }
    return table(
        "Boxes, the worst first",
        "Availability and time down of each box.",
        [target(query, table=True)],
        columns,
        width=14,
        height=10,
        sort="down",
    )


def _daily() -> Panel:
    query = over_time("box", 'mean("down")', HERE, ("district",))
    panel = timeseries(
        "Share of boxes down",
        "By district, averaged within each interval.",
        [target(query, "$tag_district")],
        Look(unit="percentunit", low=0, decimals=2),
    )
    return at_least(panel, "1h")


def _lost() -> Panel:
    query = over_time("box", 'sum("down_seconds")', [*HERE, '"down" = 1'], ("cause",), "0")
    panel = timeseries(
        "Time down, by cause and moment",
        "Time down of all chosen boxes within each interval, stacked by cause.",
        [target(query, "$tag_cause")],
        Look(unit="dtdurations", low=0),
        bars=True,
        stacked=True,
    )
    return at_least(panel, "1h")


def _outages() -> Panel:
    query = (
        'SELECT "box", "device", "condition", "cause", "why" '  # noqa: S608 - constants
        f'FROM "transition" WHERE $timeFilter AND {HERE[0]} ORDER BY time DESC LIMIT 500'
    )
    columns: dict[str, Json | None] = {
        "box": to_box(),
        "device": None,
        "condition": column("condition", CONDITION),
        "cause": None,
        "why": override("why", custom__width=600),
    }
    return table(
        "Changes of condition",
        "The latest five hundred, from which the ledger counts. A row without a device is a box's own.",
        [target(query, table=True)],
        columns,
        time="decided",
        sort="decided",
        height=12,
    )
