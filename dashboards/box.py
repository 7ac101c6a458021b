"""Box: everything in one box, as an engineer wants to see it before driving there. PURE."""

from __future__ import annotations

from dashboards.common import (
    AGO,
    CHARGE,
    CONDITION,
    LEFT,
    NONE_IS_GOOD,
    box_conditions,
    open_incidents,
    to_device,
    who_answers,
)
from dashboards.influxql import ANY_DEVICE, chosen, each, metric, over_time
from dashboards.maps import geomap
from dashboards.page import Page, Row, boxes, districts, incidents
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
    state_timeline,
    table,
    target,
    timeseries,
)
from dashboards.units import RATES
from domain.metric import CATALOGUE

HERE = (chosen("box"),)


def page() -> Page:
    return Page(
        "nigehban-box",
        "One box: who answers, mains and battery, doors, position, PoE and traffic, and what was decided.",
        (
            Row("Now", (*_numbers(), open_incidents(HERE, width=12, height=7), _devices())),
            Row("Devices", (_answers(), _box_judged(), _judged())),
            Row("Power and battery", (_mains(), _voltage(), _load(), _charge(), _forecast())),
            Row("Doors and position", (_doors(), _casings(), _inputs(), _track(), _fix())),
            Row("PoE and traffic", (_poe(), _poe_ports(), _traffic(), _ports())),
            Row("What was decided", (_decisions(),)),
        ),
        (districts(), boxes(several=False)),
        (incidents(*HERE),),
    )


def _last(title: str, description: str, field: str, look: Look) -> Panel:
    return now(stat(title, description, each("box", [f'last("{field}")'], HERE), look, width=3))


def _numbers() -> tuple[Panel, ...]:
    number = Look(thresholds=NONE_IS_GOOD, decimals=0, empty="no data")
    return (
        _last("Condition", "The box as judged now.", "condition", CONDITION),
        _last("Incidents", "Open incidents of this box.", "incidents", number),
        _last("Devices down", "Devices that answer neither echoes nor their agent.", "devices_down", number),
        _last("Cameras dark", "Cameras nobody can see through now.", "cameras_dark", number),
        _last("On battery", "Whether the box has mains.", "on_battery", Look.of(metric("box", "on_battery"))),
        _last("Charge", "Charge of the battery.", "battery_charge_percent", CHARGE),
        _last("Time left, likely", "Our forecast; blank on mains.", "forecast_likely_seconds", LEFT),
        _last("Time left, at least", "Its pessimistic end.", "forecast_low_seconds", LEFT),
    )


def _devices() -> Panel:
    query = each(
        ANY_DEVICE,
        [
            'last("icmp_loss_ratio") AS "loss"',
            'last("icmp_rtt_seconds") AS "round_trip"',
            'last("icmp_outcome") AS "icmp"',
            'last("snmp_outcome") AS "snmp"',
            'last("sys_uptime_seconds") AS "agent_up"',
        ],
        HERE,
        ("device", "kind"),
    )
    columns: dict[str, Json | None] = {
        "device": to_device(),
        "kind": None,
        "loss": column("loss", Look.of(CATALOGUE["icmp_loss_ratio"], thresholds=NONE_IS_GOOD), coloured=True),
        "round_trip": column("round_trip", Look.of(CATALOGUE["icmp_rtt_seconds"])),
        "icmp": column("icmp", Look.of(metric("ups", "icmp_outcome"))),
        "snmp": column("snmp", Look.of(metric("ups", "snmp_outcome"))),
        "agent_up": column("agent_up", Look(unit="dtdurations", decimals=0)),
    }
    return now(
        table(
            "Devices",
            "The last answer of each device of the box, to echoes and to SNMP.",
            [target(query, table=True)],
            columns,
            width=12,
            height=7,
            sort="loss",
        )
    )


def _answers() -> Panel:
    there = link("Open the device", "nigehban-device", "var-box=${box}&var-device=${__field.labels.device}")
    return who_answers(HERE, links=(there,))


def _box_judged() -> Panel:
    return at_least(box_conditions(HERE, "The box as judged", height=4), "1m")


def _judged() -> Panel:
    query = over_time("transition", 'last("condition")', [*HERE, "\"device\" != ''"], ("device",), "previous")
    return state_timeline(
        "Devices as judged",
        "Each device from its first change within the range on; before that, nothing had changed.",
        [target(query, "$tag_device")],
        CONDITION,
    )


def _mains() -> Panel:
    return state_timeline(
        "Mains, self-tests, replacement",
        "What the UPS said, by the agreement of all its sources; a self-test is no outage.",
        [
            target(over_time("ups", f'max("{name}")', HERE, ("device",)), f"$tag_device {words}")
            for name, words in (
                ("on_battery", "on battery"),
                ("self_test_running", "self-test"),
                ("battery_replace", "wants a new battery"),
            )
        ],
        Look.of(metric("ups", "on_battery")),
        height=6,
    )


def _voltage() -> Panel:
    return timeseries(
        "Mains voltage",
        "RMS voltage of each input line, and of the output.",
        [
            target(over_time("ups", 'mean("input_voltage_volts")', HERE, ("device", "line")), "in $tag_line"),
            target(
                over_time("ups", 'mean("output_voltage_volts")', HERE, ("device", "line")), "out $tag_line"
            ),
        ],
        Look.of(metric("ups", "input_voltage_volts")),
        width=8,
    )


def _load() -> Panel:
    return timeseries(
        "Load and temperature",
        "Load of each output line (left); temperature at the battery (right): every 10 degrees above 20 "
        "halve a lead battery's life.",
        [
            target(over_time("ups", 'mean("output_load_percent")', HERE, ("line",)), "load $tag_line"),
            target(over_time("ups", 'mean("battery_temperature_celsius")', HERE, ("device",)), "battery"),
        ],
        Look.of(metric("ups", "output_load_percent"), low=0),
        width=8,
        overrides=[override("battery", unit="celsius", custom__axisPlacement="right")],
    )


def _charge() -> Panel:
    return timeseries(
        "Battery",
        "Charge as the UPS reports it (left), voltage of the string (right).",
        [
            target(over_time("ups", 'mean("battery_charge_percent")', HERE), "charge"),
            target(over_time("ups", 'mean("battery_voltage_volts")', HERE), "voltage"),
        ],
        Look.of(metric("ups", "battery_charge_percent")),
        width=8,
        overrides=[
            override("charge", min=0, max=100),
            override("voltage", unit="volt", custom__axisPlacement="right"),
        ],
    )


def _forecast() -> Panel:
    names = (("low", "at least"), ("likely", "likely"), ("high", "at most"))
    panel = timeseries(
        "Time left on battery",
        "Our forecast with its interval, made from the fall of the charge, and the UPS's own number "
        "beside it. Only while on battery.",
        [
            *(
                target(over_time("box", f'mean("forecast_{name}_seconds")', HERE), words)
                for name, words in names
            ),
            target(
                over_time("ups", 'mean("battery_runtime_seconds")', [*HERE]),
                "the UPS says",
            ),
        ],
        Look(unit="dtdurations", low=0),
        width=24,
        overrides=[
            override("at most", custom__fillBelowTo="at least", custom__lineWidth=0),
            override("at least", custom__lineWidth=0),
            override("the UPS says", custom__lineStyle={"fill": "dash", "dash": [8, 8]}),
        ],
    )
    return at_least(panel, "1m")


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


def _decisions() -> Panel:
    query = (
        'SELECT "device", "condition", "cause", "since", "why", "incident" '  # noqa: S608 - constants
        f'FROM "transition" WHERE $timeFilter AND {HERE[0]}'
    )
    columns: dict[str, Json | None] = {
        "device": to_device(),
        "condition": column("condition", CONDITION),
        "cause": None,
        "since": column("since", AGO),
        "why": override("why", custom__width=600),
        "incident": None,
    }
    return table(
        "Transitions",
        "Every change of condition over the range with its cause and the evidence in words. A row without "
        "a device is about the box itself.",
        [target(query, table=True)],
        columns,
        time="decided",
        sort="decided",
        height=10,
    )
