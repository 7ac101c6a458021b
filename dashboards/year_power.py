"""Batteries and mains over a year: panels of the page Year. PURE."""

from __future__ import annotations

from collections.abc import Sequence

from dashboards import units
from dashboards.common import CHARGE, LEFT, to_box, to_district
from dashboards.influxql import each, metric, over_time, rolled
from dashboards.panels import Json, Look, Panel, at_least, column, table, target, timeseries
from dashboards.units import GREEN, RED, YELLOW

Where = Sequence[str]

_WARM = Look.of(
    metric("ups", "battery_temperature_celsius"),
    thresholds=units.steps(GREEN, (35, YELLOW), (45, RED)),
    decimals=1,
)
_TIME = Look(unit="dtdurations", decimals=0, low=0)


def batteries(where: Where) -> tuple[Panel, ...]:
    return _wear(where), _lowest(where), _hottest(where), _on_battery(where), _list(where)


def mains(where: Where) -> tuple[Panel, ...]:
    return _voltage(where), _load(where)


def _by_box(title: str, description: str, where: Where, which: str, field: str, every: str) -> Panel:
    look = Look.of(metric("ups", field)) if "runtime" not in field else Look(unit="dtdurations", low=0)
    panel = timeseries(
        title,
        description,
        [target(over_time("ups", f"{which}({rolled('ups', which, field)})", where, ("box",)), "$tag_box")],
        look,
    )
    return at_least(panel, every)


def _wear(where: Where) -> Panel:
    return _by_box(
        "Wear: the most each battery promises",
        "The longest runtime each UPS promised itself within the week, which is when it was full. A line "
        "that falls month by month is a battery that wears; one that jumps up was replaced.",
        where,
        "max",
        "battery_runtime_seconds",
        "7d",
    )


def _lowest(where: Where) -> Panel:
    return _by_box(
        "Lowest charge",
        "The lowest charge of each battery within the day. Lead batteries below a third again and again do "
        "not live long.",
        where,
        "min",
        "battery_charge_percent",
        "1d",
    )


def _hottest(where: Where) -> Panel:
    return _by_box(
        "Hottest",
        "The highest temperature at each battery within the day. Each 10 degrees above 20 halve a lead "
        "battery's life.",
        where,
        "max",
        "battery_temperature_celsius",
        "1d",
    )


def _on_battery(where: Where) -> Panel:
    seconds = f"sum({rolled('box', 'mean', 'on_battery')}) * 3600"
    panel = timeseries(
        "Time on battery, by week",
        "Time the chosen boxes lived on their batteries within the week, added up by district.",
        [target(over_time("box", seconds, where, ("district",)), "$tag_district")],
        Look(unit="dtdurations", low=0),
        bars=True,
        stacked=True,
    )
    return at_least(panel, "7d")


def _list(where: Where) -> Panel:
    def of(which: str, field: str) -> str:
        return f"{which}({rolled('ups', which, field)})"

    measured = each(
        "ups",
        [
            f'{of("max", "battery_replace")} AS "asks"',
            f'{of("max", "battery_runtime_seconds")} AS "best_runtime"',
            f'{of("min", "battery_charge_percent")} AS "lowest"',
            f'{of("max", "battery_temperature_celsius")} AS "hottest"',
            f'sum({rolled("ups", "mean", "on_battery")}) * 3600 AS "on_battery"',
            f'{of("max", "time_on_battery_seconds")} AS "longest"',
        ],
        where,
        ("district", "box"),
    )
    known = each(
        "box", [f'max({rolled("box", "max", "battery_age_days")}) AS "age"'], where, ("district", "box")
    )
    columns: dict[str, Json | None] = {
        "district": to_district(),
        "box": to_box(),
        "asks": column("asks", Look.of(metric("ups", "battery_replace"))),
        "age": column("age", Look.of(metric("box", "battery_age_days"), decimals=0)),
        "best_runtime": column("best_runtime", LEFT, coloured=True),
        "lowest": column("lowest", CHARGE, coloured=True),
        "hottest": column("hottest", _WARM, coloured=True),
        "on_battery": column("on_battery", _TIME),
        "longest": column("longest", _TIME),
    }
    return table(
        "Batteries over the range",
        "asks: the UPS wanted a new one. age: by the inventory, at the end. best_runtime: the most it "
        "promised itself. lowest, hottest: of any moment. on_battery: added up; longest: without a break.",
        [target(measured, table=True), target(known, table=True)],
        columns,
        height=11,
        sort="on_battery",
    )


def _voltage(where: Where) -> Panel:
    low = f"min({rolled('ups', 'min', 'input_voltage_volts')})"
    high = f"max({rolled('ups', 'max', 'input_voltage_volts')})"
    panel = timeseries(
        "Mains voltage, low and high",
        "The lowest and the highest voltage of each line within the day, over the chosen boxes; nought is "
        "mains lost. Choose a box to see its own.",
        [
            target(over_time("ups", low, where, ("line",)), "low, line $tag_line"),
            target(over_time("ups", high, where, ("line",)), "high, line $tag_line"),
        ],
        Look.of(metric("ups", "input_voltage_volts")),
    )
    return at_least(panel, "1d")


def _load(where: Where) -> Panel:
    mean = f"mean({rolled('ups', 'mean', 'output_load_percent')})"
    high = f"max({rolled('ups', 'max', 'output_load_percent')})"
    panel = timeseries(
        "Load of the UPS units",
        "Mean and highest load of each line within the day, of its rating, over the chosen boxes.",
        [
            target(over_time("ups", mean, where, ("line",)), "mean, line $tag_line"),
            target(over_time("ups", high, where, ("line",)), "highest, line $tag_line"),
        ],
        Look.of(metric("ups", "output_load_percent"), low=0),
    )
    return at_least(panel, "1d")
