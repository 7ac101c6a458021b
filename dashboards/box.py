"""Box: everything in one box, as an engineer wants to see it before driving there. PURE."""

from __future__ import annotations

from dashboards import box_inside, box_power
from dashboards.box_power import HERE
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
from dashboards.influxql import ANY_DEVICE, each, metric, over_time
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
)
from domain.metric import CATALOGUE


def page() -> Page:
    return Page(
        "nigehban-box",
        "One box: who answers, mains and battery, doors, position, PoE and traffic, and what was decided.",
        (
            Row("Now", (*_numbers(), open_incidents(HERE, width=12, height=7), _devices())),
            Row("Devices", (_answers(), _box_judged(), _judged())),
            Row("Power and battery", box_power.panels()),
            Row("Doors and position", box_inside.doors_and_position()),
            Row("PoE and traffic", box_inside.poe_and_traffic()),
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
