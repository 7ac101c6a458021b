"""Batteries: which will not last, and which to replace before the heat does it. PURE."""

from __future__ import annotations

from dashboards import units
from dashboards.common import CHARGE, LEFT, of_now, on_battery_now, to_box, to_district, to_year
from dashboards.influxql import chosen, each, metric, over_time
from dashboards.page import Page, Row, boxes, districts, incidents
from dashboards.panels import Json, Look, Panel, bars, column, leads, stat, table, target, timeseries
from dashboards.units import GREEN, RED, YELLOW

HERE = (chosen("district"), chosen("box"))
_YEAR = to_year("district", "box")

_WARM = Look.of(
    metric("ups", "battery_temperature_celsius"),
    thresholds=units.steps(GREEN, (35, YELLOW), (45, RED)),
    decimals=1,
)
_AGE = Look(unit="d", thresholds=units.steps(GREEN, (1095, YELLOW), (1460, RED)), decimals=0)


def page() -> Page:
    return Page(
        "nigehban-batteries",
        "Who will not last the outage, and which batteries to replace before summer: age, heat, the "
        "charge they fell to, and what the UPS asks for.",
        (
            Row("Now", (*_numbers(), on_battery_now(HERE, width=24))),
            Row("Replace before summer", (_candidates(), _hottest(), _deepest())),
            Row("Over time", tuple(leads(graph, _YEAR) for graph in _graphs())),
        ),
        (districts(), boxes()),
        (incidents(*HERE, "\"concern\" = 'battery'"),),
        start="now-7d",
        refresh="5m",
    )


def _numbers() -> tuple[Panel, ...]:
    inner = each("ups", ['max("battery_replace") AS "asks"'], HERE, ("device",))
    asking = f'SELECT sum("asks") FROM ({inner})'  # noqa: S608 - constants
    return (
        of_now("On battery", "Boxes without mains, living on their batteries.", "on_battery", HERE),
        stat(
            "Lowest charge",
            "The lowest charge any chosen battery fell to within the range.",
            each("ups", ['min("battery_charge_percent")'], HERE),
            CHARGE,
            width=5,
        ),
        stat(
            "Hottest",
            "The highest temperature at any chosen battery within the range.",
            each("ups", ['max("battery_temperature_celsius")'], HERE),
            _WARM,
            width=5,
        ),
        stat(
            "Ask for replacement",
            "UPS units that asked for a new battery within the range.",
            asking,
            Look(thresholds=units.steps(GREEN, (1, RED)), decimals=0),
            width=5,
        ),
        stat(
            "Longest on battery",
            "The longest time any chosen UPS was on battery without a break.",
            each("ups", ['max("time_on_battery_seconds")'], HERE),
            Look(unit="dtdurations", decimals=0),
            width=6,
        ),
    )


def _candidates() -> Panel:
    measured = each(
        "ups",
        [
            'max("battery_replace") AS "asks"',
            'max("battery_temperature_celsius") AS "hottest"',
            'min("battery_charge_percent") AS "lowest"',
            'max("time_on_battery_seconds") AS "longest"',
            'max("battery_runtime_seconds") AS "best_runtime"',
        ],
        HERE,
        ("district", "box"),
    )
    known = each(
        "box",
        ['last("battery_age_days") AS "age"', 'last("battery_capacity_ampere_hours") AS "capacity"'],
        HERE,
        ("district", "box"),
    )
    columns: dict[str, Json | None] = {
        "district": to_district(),
        "box": to_box(),
        "asks": column("asks", Look.of(metric("ups", "battery_replace"))),
        "age": column("age", _AGE, coloured=True),
        "capacity": column("capacity", Look(unit="amph", decimals=0)),
        "hottest": column("hottest", _WARM, coloured=True),
        "lowest": column("lowest", CHARGE, coloured=True),
        "longest": column("longest", Look(unit="dtdurations", decimals=0)),
        "best_runtime": column("best_runtime", LEFT, coloured=True),
    }
    return table(
        "Batteries",
        "asks: the UPS wants a new one. age: by the inventory. hottest, lowest charge and longest time on "
        "battery: within the range. best_runtime: the most the UPS promised itself, fully charged; a "
        "battery that promises little when full is worn, whatever its age.",
        [target(measured, table=True), target(known, table=True)],
        columns,
        height=12,
        sort="best_runtime",
        descending=False,
    )


def _hottest() -> Panel:
    query = each("ups", ['max("battery_temperature_celsius")'], HERE, ("box",))
    return bars(
        "Hottest batteries",
        "The highest temperature within the range, by box. Each 10 degrees above 20 halve a lead "
        "battery's life.",
        [target(query, "$tag_box")],
        _WARM,
    )


def _deepest() -> Panel:
    query = each("ups", ['min("battery_charge_percent")'], HERE, ("box",))
    return bars(
        "Deepest discharges",
        "The lowest charge within the range, by box. Lead batteries below a third again and again do not "
        "live long.",
        [target(query, "$tag_box")],
        Look(unit="percent", thresholds=CHARGE.thresholds, low=0, high=100, by_thresholds=True),
    )


def _graphs() -> tuple[Panel, ...]:
    return _charge(), _voltage(), _temperature(), _runtime()


def _line(title: str, description: str, field: str) -> Panel:
    query = over_time("ups", f'mean("{field}")', HERE, ("box",))
    return timeseries(title, description, [target(query, "$tag_box")], Look.of(metric("ups", field)))


def _charge() -> Panel:
    return _line("Charge", "Charge of each battery.", "battery_charge_percent")


def _voltage() -> Panel:
    return _line("Voltage", "Voltage of each battery string.", "battery_voltage_volts")


def _temperature() -> Panel:
    return _line("Temperature", "Temperature at each battery.", "battery_temperature_celsius")


def _runtime() -> Panel:
    return _line("Runtime by the UPS", "The time left each UPS promises itself.", "battery_runtime_seconds")
