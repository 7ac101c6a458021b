"""City: is anything wrong, where, and will it get worse. PURE."""

from __future__ import annotations

from dashboards import units
from dashboards.common import (
    AVAILABILITY,
    CONDITION,
    HANDED_OVER,
    UP_SHARE,
    of_now,
    on_battery_now,
    open_incidents,
    to_district,
)
from dashboards.influxql import chosen, each, over_time, total_over_time
from dashboards.maps import geomap
from dashboards.page import Page, Row, districts, incidents
from dashboards.panels import (
    Json,
    Look,
    Panel,
    at_least,
    column,
    link,
    now,
    override,
    stat,
    table,
    target,
    timeseries,
)
from dashboards.units import GREEN, ORANGE, RED, YELLOW

HERE = (chosen("district"),)


def page() -> Page:
    return Page(
        "nigehban-city",
        "The whole city at a glance: what is dark now, where, why, and who will be dark next.",
        (
            Row("Now", (*_numbers(), _map(), open_incidents(HERE), on_battery_now(HERE, height=7))),
            Row("The past hours", (_dark(), _power(), _districts(), _messages())),
        ),
        (districts(),),
        (incidents(*HERE),),
    )


def _numbers() -> tuple[Panel, ...]:
    up = now(
        stat(
            "Boxes up",
            "Share of the boxes in service that are up or degraded, of those anybody can know about.",
            each("box", [UP_SHARE], HERE),
            AVAILABILITY,
            width=3,
        ),
        "5m",
    )
    battery = Look(thresholds=units.steps(GREEN, (1, ORANGE)), decimals=0, empty="no data")
    return (
        up,
        of_now("Boxes dark", "Boxes judged down now.", "down", HERE),
        of_now(
            "Cameras dark", "Cameras nobody can see through now, for whatever reason.", "cameras_dark", HERE
        ),
        of_now("Devices down", "Devices that answer neither echoes nor their agent.", "devices_down", HERE),
        of_now("Incidents", "Open incidents of every concern.", "incidents", HERE),
        of_now("On battery", "Boxes without mains, living on their batteries.", "on_battery", HERE, battery),
        of_now("Unknown", "Boxes nobody could watch: the monitor itself was blind or off.", "unknown", HERE),
        _delivered(),
    )


def _delivered() -> Panel:
    query = each("delivery", ['count("seconds")'], [*HERE, *HANDED_OVER])
    look = Look(decimals=0, empty="none", thresholds=units.steps("text"))
    return now(
        stat("SMS, 24 h", "Messages handed to a channel in the past 24 hours.", query, look, width=3), "24h"
    )


def _map() -> Panel:
    query = each(
        "box",
        [
            'last("latitude_degrees") AS "latitude"',
            'last("longitude_degrees") AS "longitude"',
            'last("condition") AS "condition"',
            'last("cameras_dark") AS "cameras_dark"',
            'last("on_battery") AS "on_battery"',
        ],
        HERE,
        ("district", "box"),
    )
    to_box = link("Open the box", "nigehban-box", "var-box=${__data.fields.box}")
    plain = Look(decimals=5)
    return now(
        geomap(
            "Map",
            "Every box where it stands, coloured by its condition. The base layer is blank on purpose: "
            "nothing is fetched from the internet. Click a marker to open the box.",
            query,
            Look(thresholds=CONDITION.thresholds),
            colour="condition",
            label="box",
            latitude="latitude",
            longitude="longitude",
            overrides=(
                override("condition", CONDITION, links=[to_box]),
                override("latitude", plain),
                override("longitude", plain),
            ),
        )
    )


def _dark() -> Panel:
    fields = (("down", "down", RED), ("degraded", "degraded", YELLOW), ("unknown", "unknown", units.GREY))
    panel = timeseries(
        "Boxes not well",
        "How many boxes were down, degraded or unknown at each moment.",
        [target(total_over_time("box", field, HERE, "box"), name) for field, name, _ in fields],
        Look(decimals=0),
        stacked=True,
        overrides=[
            override(name, color={"mode": "fixed", "fixedColor": colour}) for _, name, colour in fields
        ],
    )
    return at_least(panel, "1m")


def _power() -> Panel:
    panel = timeseries(
        "Power and batteries",
        "Boxes on battery (left), and the lowest charge among all boxes (right).",
        [
            target(total_over_time("box", "on_battery", HERE, "box"), "boxes on battery"),
            target(over_time("box", 'min("battery_charge_percent")', HERE), "lowest charge"),
        ],
        Look(decimals=0),
        overrides=[override("lowest charge", unit="percent", custom__axisPlacement="right", max=100, min=0)],
    )
    return at_least(panel, "1m")


def _districts() -> Panel:
    availability = each("box", [f'{UP_SHARE} AS "available"'], HERE, ("district",))
    dark = each("box", ['sum("down_seconds") AS "down"'], HERE, ("district",))
    columns: dict[str, Json | None] = {
        "district": to_district(),
        "available": column("available", AVAILABILITY, coloured=True),
        "down": column("down", Look(unit="dtdurations", decimals=0)),
    }
    return table(
        "Districts",
        "Share of the watched time boxes were not down, and their time down added up, over the chosen range.",
        [target(availability, table=True), target(dark, table=True)],
        columns,
        width=12,
        height=8,
        sort="available",
        descending=False,
    )


def _messages() -> Panel:
    query = over_time("delivery", 'count("seconds")', HERE, ("status",), "0")
    panel = timeseries(
        "Messages",
        "Steps of messages: sending, sent, delivered, failed. Sending without delivered for long means a "
        "provider or a phone is in trouble.",
        [target(query, "$tag_status")],
        Look(decimals=0),
        bars=True,
        stacked=True,
    )
    return at_least(panel, "5m")
