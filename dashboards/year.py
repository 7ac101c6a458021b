"""Year: what engineers and management ask of a year, from hourly rollups instead of every minute. PURE."""

from __future__ import annotations

from dashboards import year_power, year_reach
from dashboards.common import AVAILABILITY, to_box, to_district
from dashboards.influxql import chosen, each, over_time, rolled
from dashboards.page import YEAR, Page, Row, boxes, devices, districts, filled_from_years
from dashboards.panels import Json, Look, Panel, at_least, column, of_years, stat, table, target, timeseries
from domain.series import TIME_DOWN

HERE = (chosen("district"), chosen("box"))
DAY, WEEK = "1d", "7d"

_GOOD = " + ".join(f"sum({rolled('box', 'mean', name)})" for name in ("up", "degraded"))
_DOWN = f"sum({rolled('box', 'mean', 'down')})"
_UNKNOWN = f"sum({rolled('box', 'mean', 'unknown')})"
UP_SHARE = f"({_GOOD}) / ({_GOOD} + {_DOWN})"
"""Share of the watched hours not down; what nobody could know counts for neither side."""
UNKNOWN_SHARE = f"{_UNKNOWN} / ({_GOOD} + {_DOWN} + {_UNKNOWN})"
_SUM_DOWN = f'sum("{TIME_DOWN}")'
_TIME = Look(unit="dtdurations", decimals=0, low=0)


def page() -> Page:
    rows = (
        Row("Availability", (*_numbers(), _by_district(), _by_box(), _by_cause(), _worst())),
        Row("Batteries", year_power.batteries(HERE)),
        Row("Mains and load", year_power.mains(HERE)),
        Row("Reach", year_reach.reach(HERE)),
        Row("Device by device", year_reach.one_by_one(HERE), folded=True),
    )
    return Page(
        YEAR,
        "A year by hours: availability, wear of batteries, mains, round trips and load. Asks the hourly "
        "rollups, so that a year opens quickly; they are an hour behind.",
        tuple(Row(row.title, tuple(map(of_years, row.panels)), row.folded) for row in rows),
        tuple(map(filled_from_years, (districts(), boxes(), devices(several=True)))),
        start="now-1y",
        refresh="1h",
        years=True,
    )


def _numbers() -> tuple[Panel, ...]:
    on_battery = f"sum({rolled('box', 'mean', 'on_battery')}) * 3600"
    return (
        stat(
            "Available",
            "Share of the watched time the chosen boxes were not down, each hour counting the same.",
            each("box", [UP_SHARE], HERE),
            AVAILABILITY,
            width=6,
        ),
        stat("Time down", "Of all chosen boxes, added up.", each("box", [_SUM_DOWN], HERE), _TIME, width=6),
        stat(
            "Unknown",
            "Share of the time nobody could know: the monitor was blind. It counts for neither side.",
            each("box", [UNKNOWN_SHARE], HERE),
            Look(unit="percentunit", decimals=2),
            width=6,
        ),
        stat(
            "Time on battery",
            "Of all chosen boxes, added up: what the grid owes.",
            each("box", [on_battery], HERE),
            _TIME,
            width=6,
        ),
    )


def _by_district() -> Panel:
    panel = timeseries(
        "Availability by district",
        "Share of the watched time boxes were not down, by day or longer.",
        [target(over_time("box", UP_SHARE, HERE, ("district",)), "$tag_district")],
        Look(unit="percentunit", high=1, decimals=2),
    )
    return at_least(panel, DAY)


def _by_box() -> Panel:
    panel = timeseries(
        "Availability by box",
        "The same by box and week. In a large city choose a district first.",
        [target(over_time("box", UP_SHARE, HERE, ("box",)), "$tag_box")],
        Look(unit="percentunit", high=1, decimals=2),
    )
    return at_least(panel, WEEK)


def _by_cause() -> Panel:
    panel = timeseries(
        "Time down, by cause",
        "Time down of all chosen boxes within each week, stacked by why. What the utility's feeder took is "
        "not the contractor's.",
        [target(over_time("box", _SUM_DOWN, HERE, ("cause",), "0"), "$tag_cause")],
        Look(unit="dtdurations", low=0),
        bars=True,
        stacked=True,
        height=11,
    )
    return at_least(panel, WEEK)


def _worst() -> Panel:
    query = each(
        "box",
        [f'{UP_SHARE} AS "available"', f'{_SUM_DOWN} AS "down"', f'{UNKNOWN_SHARE} AS "unknown"'],
        HERE,
        ("district", "feeder", "box"),
    )
    columns: dict[str, Json | None] = {
        "district": to_district(),
        "feeder": None,
        "box": to_box(),
        "available": column("available", AVAILABILITY, coloured=True),
        "down": column("down", _TIME),
        "unknown": column("unknown", Look(unit="percentunit", decimals=2)),
    }
    return table(
        "Boxes, the worst first",
        "Availability, time down and the share of the time nobody could know, of each box.",
        [target(query, table=True)],
        columns,
        width=12,
        height=11,
        sort="down",
    )
