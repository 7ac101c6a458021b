"""Series about boxes, messages and the monitor itself, as line protocol. PURE.

Names, units and meanings are in domain.series. Each function gives lines and their number, as
storage.line_protocol does; points of one call that would overwrite one another are put a
millisecond apart.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from math import isfinite

from domain.alarm import Condition, Decision, Delivery, Incident
from domain.facts import BoxStanding
from domain.metric import Metric, Shape
from domain.record import Acknowledgement
from domain.series import ACKNOWLEDGEMENT, BOX, DECISION, DELIVERY, MONITOR, OPEN_INCIDENT
from storage.line_protocol import incident_lines, quoted, tag
from storage.schema import CONDITION_LEGEND, Places

Lines = tuple[bytes, int]

_CONDITION = {condition: number for number, condition in CONDITION_LEGEND.items()}


def box_lines(standings: Iterable[BoxStanding], at: int, interval_s: float) -> Lines:
    """Measurement `box`. `interval_s` is how long each point stands for: the time between calls."""
    return _joined(
        f"box{_box_tags(s)} {_numbers(BOX.fields, _box(s, at, interval_s))} {at}" for s in standings
    )


def _box_tags(standing: BoxStanding) -> str:
    box = standing.box
    cause = standing.cause.value if standing.cause and standing.condition is not Condition.UP else ""
    return (
        tag("box", box.id)
        + tag("cause", cause)
        + tag("district", box.district)
        + tag("feeder", box.feeder or "")
    )


def _box(standing: BoxStanding, at: int, interval_s: float) -> Iterator[tuple[str, float]]:
    box, condition = standing.box, standing.condition
    yield "condition", _CONDITION[condition]
    for name in Condition:
        yield name.value, condition is name
    yield "down_seconds", interval_s if condition is Condition.DOWN else 0.0
    yield "latitude_degrees", box.latitude
    yield "longitude_degrees", box.longitude
    yield "devices", standing.devices
    yield "devices_down", standing.devices_down
    yield "cameras_dark", standing.cameras_dark
    yield "incidents", standing.incidents
    if standing.on_battery is not None:
        yield "on_battery", standing.on_battery
    if standing.charge_percent is not None:
        yield "battery_charge_percent", standing.charge_percent
    if standing.forecast is not None:
        yield "forecast_low_seconds", standing.forecast.low_s
        yield "forecast_likely_seconds", standing.forecast.likely_s
        yield "forecast_high_seconds", standing.forecast.high_s
    if box.battery is not None:
        yield "battery_capacity_ampere_hours", box.battery.capacity_ah
        if box.battery.installed is not None:
            yield "battery_age_days", at / 86_400_000 - _epoch_day(box.battery.installed)


def _epoch_day(iso: str) -> int:
    return date.fromisoformat(iso).toordinal() - date(1970, 1, 1).toordinal()


def open_incident_lines(incidents: Iterable[Incident], at: int, places: Places) -> Lines:
    """Measurement `open_incident`: every open incident again, with each round of `box_lines`."""
    lines, count = incident_lines(incidents, at, places)
    name = OPEN_INCIDENT.name.encode()
    renamed = (name + line.removeprefix(b"incident") for line in lines.splitlines(keepends=True))
    return b"".join(renamed), count


@dataclass(frozen=True, slots=True)
class DeliveryStep:
    """A delivery as it stands after a step taken at `at`; `owed_at` is when it was promised."""

    at: int
    delivery: Delivery
    owed_at: int
    box: str
    district: str
    segments: int


def delivery_lines(steps: Iterable[DeliveryStep]) -> Lines:
    """Measurement `delivery`. Neither the text nor the number leaves the journal."""
    taken: set[tuple[str, int]] = set()
    lines = []
    for step in steps:
        delivery, at = step.delivery, step.at
        tags = (
            tag("channel", delivery.channel)
            + tag("district", step.district)
            + tag("reason", delivery.reason.value)
            + tag("status", delivery.status.value)
        )
        while (tags, at) in taken:
            at += 1
        taken.add((tags, at))
        numbers = (
            ("seconds", (step.at - step.owed_at) / 1000),
            ("segments", step.segments),
            ("attempts", delivery.attempts),
        )
        texts = f"box={quoted(step.box)},contact={quoted(delivery.contact)},error={quoted(delivery.error)}"
        lines.append(f"delivery{tags} {_numbers(DELIVERY.fields, numbers)},{texts} {at}")
    return _joined(lines)


def decision_lines(decisions: Iterable[Decision], places: Places) -> Lines:
    """Measurement `decision`: how often was decided so, by district, reason and moment."""
    districts = {place.box: place.district for place in places.values()}
    counted: Counter[tuple[str, int]] = Counter()
    for decision in decisions:
        place = places.get(decision.target)
        district = place.district if place else districts.get(decision.target, "")
        told = tag("told", "yes" if decision.told else "no")
        counted[tag("district", district) + tag("reason", decision.reason.value) + told, decision.at] += 1
    return _joined(
        f"decision{tags} {_numbers(DECISION.fields, [('count', count)])} {at}"
        for (tags, at), count in counted.items()
    )


def acknowledgement_line(given: Acknowledgement, incident: Incident, places: Places) -> Lines:
    """Measurement `acknowledgement`: how long the incident had been open."""
    district = next((p.district for p in places.values() if p.box == incident.target), "")
    tags = (
        tag("box", incident.target)
        + tag("concern", incident.concern.value)
        + tag("district", district)
        + tag("road", given.road)
    )
    seconds = _numbers(ACKNOWLEDGEMENT.fields, [("seconds", (given.at - incident.opened_at) / 1000)])
    return _joined(
        [f"acknowledgement{tags} {seconds},by={quoted(given.by)},code={quoted(given.code)} {given.at}"]
    )


def monitor_line(process: str, at: int, values: Mapping[str, float]) -> Lines:
    """Measurement `monitor`, with the fields of domain.series.MONITOR that are known; KeyError for
    any other name."""
    return _joined([f"monitor{tag('process', process)} {_numbers(MONITOR.fields, values.items())} {at}"])


def _numbers(fields: Mapping[str, Metric], values: Iterable[tuple[str, float]]) -> str:
    return ",".join(
        f"{name}={int(value)}i" if fields[name].shape is Shape.STATE else f"{name}={float(value)!r}"
        for name, value in values
        if isfinite(value)
    )


def _joined(lines: Iterable[str]) -> Lines:
    made = [line + "\n" for line in lines]
    return "".join(made).encode(), len(made)
