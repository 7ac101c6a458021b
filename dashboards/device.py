"""Device: one device in every detail its kind has. PURE."""

from __future__ import annotations

from collections.abc import Sequence

from dashboards.common import ANSWERS, CONDITION, NONE_IS_GOOD, to_year
from dashboards.influxql import ANY_DEVICE, chosen, each, metric, over_time
from dashboards.page import Page, Row, boxes, devices, districts, incidents
from dashboards.panels import Look, Panel, leads, now, override, stat, state_timeline, target, timeseries
from dashboards.units import GREEN, RATES, steps
from domain.metric import CATALOGUE
from domain.series import DEVICE_FIELDS

HERE = (chosen("device"),)
_YEAR = to_year("district", "box", "device")


def page() -> Page:
    return Page(
        "nigehban-device",
        "One device: echoes, agent, and what its kind measures. Open the row of its kind.",
        (
            Row(
                "Reachability",
                (
                    *_numbers(),
                    _answers(),
                    leads(_loss(), _YEAR),
                    leads(_round_trips(), _YEAR),
                    _uptime(),
                    _outcomes(),
                    _judged(),
                ),
            ),
            Row("UPS", tuple(_ups()), folded=True),
            Row("Switch", tuple(_switch()), folded=True),
            Row("Camera", tuple(_camera()), folded=True),
            Row("Router", tuple(_router()), folded=True),
            Row("Sensor", tuple(_sensor()), folded=True),
        ),
        (districts(), boxes(several=False), devices()),
        (incidents(chosen("box")),),
    )


def _numbers() -> tuple[Panel, ...]:
    def last(title: str, description: str, field: str, look: Look) -> Panel:
        return now(stat(title, description, each(ANY_DEVICE, [f'last("{field}")'], HERE), look, width=6))

    plain = steps("text")
    loss = Look.of(CATALOGUE["icmp_loss_ratio"], thresholds=NONE_IS_GOOD)
    return (
        last("Loss", "Share of echoes lost in the last sweep.", "icmp_loss_ratio", loss),
        last(
            "Round trip",
            "Average of the last sweep.",
            "icmp_rtt_seconds",
            Look.of(CATALOGUE["icmp_rtt_seconds"]),
        ),
        last(
            "SNMP", "How the last SNMP probe ended.", "snmp_outcome", Look.of(DEVICE_FIELDS["snmp_outcome"])
        ),
        last(
            "Agent up for",
            "Since the SNMP agent started; it wraps at 497 days.",
            "sys_uptime_seconds",
            Look(unit="dtdurations", thresholds=plain, decimals=0),
        ),
    )


def _answers() -> Panel:
    return state_timeline(
        "Does it answer",
        "Echoes: green it answers, yellow it loses some, red it is silent. A gap means nobody asked.",
        [target(over_time(ANY_DEVICE, 'mean("icmp_loss_ratio")', HERE, ("device",)), "$tag_device")],
        ANSWERS,
        height=4,
    )


def _loss() -> Panel:
    return timeseries(
        "Echo loss",
        "Share of echo requests without an answer.",
        [target(over_time(ANY_DEVICE, 'mean("icmp_loss_ratio")', HERE), "loss")],
        Look.of(CATALOGUE["icmp_loss_ratio"], low=0, high=1),
    )


def _round_trips() -> Panel:
    names = (
        ("icmp_rtt_min_seconds", "shortest"),
        ("icmp_rtt_seconds", "average"),
        ("icmp_rtt_max_seconds", "longest"),
        ("icmp_jitter_seconds", "jitter"),
    )
    return timeseries(
        "Round trips",
        "Round-trip times of answered echoes, and how much they wander.",
        [target(over_time(ANY_DEVICE, f'mean("{name}")', HERE), words) for name, words in names],
        Look.of(CATALOGUE["icmp_rtt_seconds"], low=0),
    )


def _uptime() -> Panel:
    return timeseries(
        "Agent uptime",
        "A saw tooth is a device that restarts.",
        [target(over_time(ANY_DEVICE, 'max("sys_uptime_seconds")', HERE), "agent up for")],
        Look(unit="dtdurations", low=0),
        width=8,
        height=6,
    )


def _outcomes() -> Panel:
    return state_timeline(
        "How probes ended",
        "The worst outcome of each interval, by probe. Refused or auth means the device lives and its "
        "agent does not let us in.",
        [
            target(over_time(ANY_DEVICE, f'max("{probe}_outcome")', HERE), probe.upper())
            for probe in ("icmp", "snmp")
        ],
        Look.of(DEVICE_FIELDS["icmp_outcome"]),
        width=8,
        height=6,
    )


def _judged() -> Panel:
    return state_timeline(
        "As judged",
        "The device's condition from its first change within the range on.",
        [target(over_time("transition", 'last("condition")', HERE, ("device",), "previous"), "$tag_device")],
        CONDITION,
        width=8,
        height=6,
    )


def _graph(
    kind: str, title: str, fields: Sequence[tuple[str, str]], about: str = "", width: int = 8
) -> Panel:
    """Means of one or more fields of the same unit; the words of the catalogue describe them."""
    first = metric(kind, fields[0][0])
    tags = (first.label,) if first.label else ()
    suffix = f" $tag_{first.label}" if first.label else ""
    return timeseries(
        title,
        about or ". ".join(dict.fromkeys(metric(kind, name).meaning for name, _ in fields)) + ".",
        [target(over_time(kind, f'mean("{name}")', HERE, tags), words + suffix) for name, words in fields],
        Look.of(first),
        width=width,
    )


def _states(
    kind: str, title: str, fields: Sequence[tuple[str, str]], worst: str = "max", width: int = 12
) -> Panel:
    first = metric(kind, fields[0][0])
    targets = []
    for name, words in fields:
        label = metric(kind, name).label
        query = over_time(kind, f'{worst}("{name}")', HERE, (label,) if label else ())
        targets.append(target(query, f"{words} $tag_{label}" if label else words))
    return state_timeline(
        title,
        ". ".join(dict.fromkeys(metric(kind, name).meaning for name, _ in fields)) + ".",
        targets,
        Look.of(first),
        width=width,
        height=7,
    )


def _ups() -> Sequence[Panel]:
    return (
        _states(
            "ups",
            "Power states",
            (
                ("on_battery", "on battery"),
                ("self_test_running", "self-test"),
                ("battery_replace", "wants a new battery"),
            ),
        ),
        _states("ups", "Mains", (("on_mains", "on mains"),), worst="min"),
        _graph("ups", "Charge", (("battery_charge_percent", "charge"),)),
        _graph(
            "ups",
            "Battery runtime and time on battery",
            (("battery_runtime_seconds", "left, by the UPS"), ("time_on_battery_seconds", "on battery for")),
        ),
        _graph("ups", "Battery voltage", (("battery_voltage_volts", "battery"),)),
        _graph("ups", "Battery current", (("battery_current_amperes", "battery"),)),
        _graph("ups", "Battery temperature", (("battery_temperature_celsius", "battery"),)),
        _graph("ups", "Input voltage", (("input_voltage_volts", "line"),)),
        _graph("ups", "Input frequency", (("input_frequency_hertz", "line"),)),
        _graph("ups", "Output voltage", (("output_voltage_volts", "line"),)),
        _graph("ups", "Output load", (("output_load_percent", "line"),)),
        _graph("ups", "Alarms", (("alarms_present", "alarms"),)),
        timeseries(
            "Mains failures",
            "Times mains left its tolerance within each interval, as the UPS itself counts them.",
            [
                target(
                    over_time("ups", 'non_negative_difference(max("input_line_bads_total"))', HERE),
                    "failures",
                )
            ],
            Look(decimals=0),
            width=8,
            bars=True,
        ),
    )


def _rate(field: str, words: str) -> tuple[str, str]:
    column = f'non_negative_derivative(max("{field}"), 1s)'
    return over_time("switch", column, HERE, ("port",)), f"{words} $tag_port"


def _switch() -> Sequence[Panel]:
    octets = metric("switch", "port_in_octets_total")
    return (
        _states("switch", "Port states", (("port_up", "port"),), worst="min"),
        _states("switch", "PoE delivery", (("poe_port_delivering", "port"),), worst="min"),
        _states("switch", "PoE faults", (("poe_port_fault", "port"),)),
        _graph(
            "switch", "PoE power", (("poe_power_watts", "drawn"), ("poe_budget_watts", "budget")), width=12
        ),
        timeseries(
            "Port traffic",
            "Octets a second, received and sent.",
            [target(*_rate("port_in_octets_total", "in")), target(*_rate("port_out_octets_total", "out"))],
            Look(unit=RATES[octets.unit]),
        ),
        _graph("switch", "Port speed", (("port_speed_bits_per_second", "port"),), width=6),
        _graph("switch", "Switch uptime", (("uptime_seconds", "up for"),), width=6),
    )


def _camera() -> Sequence[Panel]:
    return (
        _states("camera", "Video signal", (("video_signal", "channel"),), worst="min"),
        _states("camera", "Casing and storage", (("casing_open", "casing"), ("storage_failed", "storage"))),
        _graph(
            "camera", "Processor and memory", (("cpu_percent", "processor"), ("memory_percent", "memory"))
        ),
        _graph("camera", "Camera temperature", (("temperature_celsius", "probe"),)),
        _graph("camera", "Camera uptime", (("uptime_seconds", "up for"),)),
    )


def _router() -> Sequence[Panel]:
    return (
        _states("router", "Inputs", (("digital_input", "input"),)),
        _states("router", "GPS fix", (("gps_fix", "fix"),), worst="min"),
        _graph("router", "Satellites", (("gps_satellites", "satellites"),)),
        _graph("router", "Mobile signal", (("signal_dbm", "signal"),)),
        _graph("router", "Modem temperature", (("temperature_celsius", "probe"),)),
        timeseries(
            "Position",
            "Latitude (left) and longitude (right); a straight line is a box that stays where it belongs.",
            [
                target(over_time("router", 'mean("latitude_degrees")', HERE), "latitude"),
                target(over_time("router", 'mean("longitude_degrees")', HERE), "longitude"),
            ],
            Look.of(metric("router", "latitude_degrees"), thresholds=steps(GREEN), decimals=5),
            width=24,
            overrides=[override("longitude", custom__axisPlacement="right")],
        ),
    )


def _sensor() -> Sequence[Panel]:
    return (
        _states("sensor", "Contacts", (("door_open", "door"), ("contact_active", "contact"))),
        _graph("sensor", "Temperature", (("temperature_celsius", "probe"),), width=6),
        _graph("sensor", "Humidity", (("humidity_percent", "probe"),), width=6),
    )
