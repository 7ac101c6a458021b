"""Doors, position, PoE and traffic of one box: panels of the page Box. PURE."""

from __future__ import annotations

from dashboards.box_power import HERE
from dashboards.influxql import each, metric, over_time
from dashboards.maps import geomap
from dashboards.panels import Look, Panel, override, state_timeline, target, timeseries
from dashboards.units import RATES


def doors_and_position() -> tuple[Panel, ...]:
    return _doors(), _casings(), _inputs(), _track(), _fix()


def poe_and_traffic() -> tuple[Panel, ...]:
    return _poe(), _poe_ports(), _traffic(), _ports()


def _doors() -> Panel:
    return state_timeline(
        "Doors and contacts",
        "Door contacts and other contacts of the box's sensors.",
        [
            target(over_time("sensor", 'max("door_open")', HERE, ("name",)), "$tag_name"),
            target(over_time("sensor", 'max("contact_active")', HERE, ("name",)), "$tag_name"),
        ],
        Look.of(metric("sensor", "door_open")),
        width=12,
        height=6,
    )


def _casings() -> Panel:
    query = over_time("camera", 'max("casing_open")', HERE, ("device", "n"))
    return state_timeline(
        "Camera casings",
        "Casing contacts of the cameras.",
        [target(query, "$tag_device $tag_n")],
        Look.of(metric("camera", "casing_open")),
        width=12,
        height=6,
    )


def _inputs() -> Panel:
    query = over_time("router", 'max("digital_input")', HERE, ("device", "name"))
    return state_timeline(
        "Router inputs",
        "Levels of the router's digital inputs, which often carry a door contact.",
        [target(query, "$tag_name")],
        Look.of(metric("router", "digital_input")),
        width=12,
        height=7,
    )


def _track() -> Panel:
    columns = ['mean("latitude_degrees") AS "latitude"', 'mean("longitude_degrees") AS "longitude"']
    query = f"{each('router', columns, HERE)} GROUP BY time($__interval) fill(none)"
    return geomap(
        "Where its GPS says it is",
        "Positions the router reported over the range: a box that travels was taken. Blank base layer.",
        query,
        Look(),
        colour="",
        label="",
        latitude="latitude",
        longitude="longitude",
        width=12,
        height=14,
    )


def _fix() -> Panel:
    return timeseries(
        "GPS and mobile signal",
        "Satellites used (left) and received signal strength (right).",
        [
            target(over_time("router", 'mean("gps_satellites")', HERE), "satellites"),
            target(over_time("router", 'mean("signal_dbm")', HERE), "signal"),
        ],
        Look(decimals=0),
        width=12,
        height=7,
        overrides=[override("signal", unit="dBm", custom__axisPlacement="right")],
    )


def _poe() -> Panel:
    return timeseries(
        "PoE power",
        "Power drawn from each PSE group, and what it can give.",
        [
            target(
                over_time("switch", 'mean("poe_power_watts")', HERE, ("device", "group")),
                "$tag_device $tag_group",
            ),
            target(
                over_time("switch", 'mean("poe_budget_watts")', HERE, ("device", "group")),
                "$tag_device $tag_group budget",
            ),
        ],
        Look.of(metric("switch", "poe_power_watts"), low=0),
    )


def _poe_ports() -> Panel:
    return state_timeline(
        "PoE ports",
        "Whether each port delivers power. A camera that is silent while its port delivers has hung; one "
        "whose port stopped delivering is gone or cut off.",
        [
            target(
                over_time("switch", 'min("poe_port_delivering")', HERE, ("device", "port")), "port $tag_port"
            )
        ],
        Look.of(metric("switch", "poe_port_delivering")),
        width=12,
    )


def _traffic() -> Panel:
    def rate(field: str) -> str:
        column = f'non_negative_derivative(max("{field}"), 1s)'
        return over_time("switch", column, HERE, ("device", "port"))

    return timeseries(
        "Traffic",
        "Octets a second of each port: above the line from the camera, as the switch receives them.",
        [
            target(rate("port_in_octets_total"), "port $tag_port in"),
            target(rate("port_out_octets_total"), "port $tag_port out"),
        ],
        Look(unit=RATES[metric("switch", "port_in_octets_total").unit]),
    )


def _ports() -> Panel:
    query = over_time("switch", 'min("port_up")', HERE, ("device", "port"))
    return state_timeline(
        "Ports",
        "Whether each port of the switch is up; the order in which they fall tells a thief from a fuse.",
        [target(query, "port $tag_port")],
        Look.of(metric("switch", "port_up")),
        width=12,
    )
