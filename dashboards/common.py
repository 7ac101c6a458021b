"""Panels and columns that more than one page shows. PURE."""

from __future__ import annotations

from collections.abc import Sequence

from dashboards import units
from dashboards.influxql import ANY_DEVICE, each, metric, over_time, total_of_last
from dashboards.page import YEAR
from dashboards.panels import (
    Json,
    Look,
    Panel,
    column,
    link,
    linked,
    now,
    stat,
    state_timeline,
    table,
    target,
)
from dashboards.units import GREEN, GREY, ORANGE, RED, YELLOW

DISTRICT, BOX, DEVICE = "nigehban-district", "nigehban-box", "nigehban-device"

NONE_IS_GOOD = units.steps(GREEN, (1, RED))
CONDITION = Look.of(
    metric("box", "condition"), thresholds=units.steps(GREY, (1, GREEN), (2, YELLOW), (3, RED))
)
ANSWERS = Look(
    unit="percentunit",
    mappings=units.ranges(
        (0, 0.2, "answers", GREEN), (0.2, 0.95, "loses echoes", YELLOW), (0.95, 1, "silent", RED)
    ),
    thresholds=units.steps(GREEN, (0.2, YELLOW), (0.95, RED)),
)
AVAILABILITY = Look(
    unit="percentunit", thresholds=units.steps(RED, (0.95, YELLOW), (0.99, GREEN)), decimals=2, low=0, high=1
)
CHARGE = Look.of(
    metric("ups", "battery_charge_percent"),
    thresholds=units.steps(RED, (30, ORANGE), (60, GREEN)),
    decimals=0,
)
LEFT = Look(unit="dtdurations", thresholds=units.steps(RED, (1800, ORANGE), (7200, GREEN)), decimals=0)
AGO = Look(unit="dateTimeFromNow")

UP_SHARE = '(sum("up") + sum("degraded")) / (sum("up") + sum("degraded") + sum("down"))'
"""Share of the watched time not down; what nobody could know counts for neither side."""


HANDED_OVER = ("\"status\" = 'sending'", '"attempts" = 1')
"""Messages handed to a channel, each once: the one step that every road makes."""


def to_district() -> Json:
    return linked("district", link("Open the district", DISTRICT, "var-district=${__value.text}"))


def to_box() -> Json:
    return linked("box", link("Open the box", BOX, "var-box=${__value.text}"))


def to_device(box: str = "${box}") -> Json:
    return linked("device", link("Open the device", DEVICE, f"var-box={box}&var-device=${{__value.text}}"))


def to_year(*variables: str) -> Json:
    """A link to the year of what is chosen here, from a panel's heading."""
    carried = "&".join(f"${{{name}:queryparam}}" for name in ("datasource", *variables))
    return {**link("The year of it", YEAR, ""), "url": f"/d/{YEAR}?{carried}&from=now-1y&to=now"}


def of_now(title: str, description: str, field: str, where: Sequence[str], look: Look | None = None) -> Panel:
    """A number summed over the boxes as they stand now."""
    shown = look or Look(thresholds=NONE_IS_GOOD, decimals=0, empty="no data")
    return now(stat(title, description, total_of_last("box", field, where, "box"), shown, width=3))


def open_incidents(where: Sequence[str], width: int = 12, height: int = 9) -> Panel:
    """The list of what is wrong now."""
    fields = ("since", "state", "cause", "confidence", "cameras_dark", "code")
    query = each(
        "open_incident",
        [f'last("{name}") AS "{name}"' for name in fields],
        where,
        ("district", "box", "concern"),
    )
    columns: dict[str, Json | None] = {
        "district": to_district(),
        "box": to_box(),
        "concern": None,
        "cause": None,
        "since": column("since", AGO),
        "cameras_dark": column("cameras_dark", Look(thresholds=NONE_IS_GOOD), coloured=True),
        "state": column("state", Look.of(metric("open_incident", "state"))),
        "confidence": None,
        "code": None,
    }
    return now(
        table(
            "Incidents now",
            "Every open incident, the newest trouble first. The code is what people quote to acknowledge it.",
            [target(query, table=True)],
            columns,
            width=width,
            height=height,
            sort="since",
            empty="no incident is open",
        )
    )


def on_battery_now(where: Sequence[str], width: int = 12, height: int = 9) -> Panel:
    """Boxes living on their batteries, the soonest to go dark first."""
    fields = (
        "battery_charge_percent",
        "forecast_low_seconds",
        "forecast_likely_seconds",
        "forecast_high_seconds",
    )
    query = each(
        "box",
        [f'last("{name}") AS "{name}"' for name in fields],
        [*where, '"on_battery" = 1'],
        ("district", "feeder", "box"),
    )
    columns: dict[str, Json | None] = {
        "district": to_district(),
        "feeder": None,
        "box": to_box(),
        "battery_charge_percent": column("battery_charge_percent", CHARGE, coloured=True),
        "forecast_low_seconds": column("forecast_low_seconds", LEFT, coloured=True),
        "forecast_likely_seconds": column("forecast_likely_seconds", LEFT, coloured=True),
        "forecast_high_seconds": column("forecast_high_seconds", LEFT),
    }
    return now(
        table(
            "On battery now",
            "Boxes without mains, with our forecast of the time left: pessimistic, likely, optimistic. "
            "Blank until three samples and two percent of charge have been seen.",
            [target(query, table=True)],
            columns,
            width=width,
            height=height,
            sort="forecast_low_seconds",
            descending=False,
            empty="every box has mains",
        )
    )


def who_answers(
    where: Sequence[str], tag: str = "device", height: int = 8, links: Sequence[Json] = ()
) -> Panel:
    query = over_time(ANY_DEVICE, 'mean("icmp_loss_ratio")', where, (tag,))
    return state_timeline(
        "Who answers",
        "Echoes of each device: green it answers, yellow it loses some, red it is silent. A gap means "
        "nobody asked. This is what was measured, before any judgement.",
        [target(query, f"$tag_{tag}")],
        ANSWERS,
        height=height,
        links=links,
    )


def box_conditions(where: Sequence[str], title: str, height: int = 10, links: Sequence[Json] = ()) -> Panel:
    query = over_time("box", 'max("condition")', where, ("box",))
    return state_timeline(
        title,
        "Each box as judged; within an interval its worst condition. Grey is a time nobody could know.",
        [target(query, "$tag_box")],
        CONDITION,
        height=height,
        links=links,
    )
