"""The power and battery of one box: panels of the page Box. PURE."""

from __future__ import annotations

from dashboards.common import to_year
from dashboards.influxql import chosen, metric, over_time
from dashboards.panels import Look, Panel, at_least, leads, override, state_timeline, target, timeseries

HERE = (chosen("box"),)


def panels() -> tuple[Panel, ...]:
    year = to_year("district", "box")
    return _mains(), leads(_voltage(), year), leads(_load(), year), leads(_charge(), year), _forecast()


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
