"""Series beside those of devices: names, tags and fields, for the store and the dashboards alike.

A device's measurement is its kind and its fields are metrics of the catalogue (domain.metric).
These are about boxes, incidents, messages and the monitor itself; docs/dashboards.md is their prose.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from domain.metric import YES_NO, Metric, Shape
from domain.place import Kind

DEVICE_KINDS: Final = tuple(kind.value for kind in Kind)
DEVICE_TAGS: Final = ("district", "box", "device", "kind")

CONDITIONS: Final[Mapping[int, str]] = {0: "unknown", 1: "up", 2: "degraded", 3: "down"}
INCIDENT_STATES: Final[Mapping[int, str]] = {0: "closed", 1: "open", 2: "open, acknowledged"}
OUTCOMES: Final[Mapping[int, str]] = {
    0: "ok",
    1: "timeout",
    2: "refused",
    3: "unreachable",
    4: "malformed",
    5: "auth",
    6: "forbidden",
}


ROLLUPS: Final = ("mean", "min", "max")
"""What an hour holds of each number x in the database of years: the floats mean_x, min_x and max_x."""
TIME_DOWN: Final = "sum_down_seconds"
"""And of `box`, by cause: the seconds it was down."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """`fields` are numbers, each a Metric with unit, meaning and legend; `texts` are strings."""

    name: str
    meaning: str
    tags: tuple[str, ...]
    fields: Mapping[str, Metric]
    texts: tuple[str, ...] = ()


def _fields(*metrics: Metric) -> Mapping[str, Metric]:
    return {metric.name: metric for metric in metrics}


def _number(name: str, meaning: str, unit: str = "") -> Metric:
    return Metric(name, meaning, unit)


def _whole(name: str, meaning: str, legend: Mapping[int, str] | None = None) -> Metric:
    return Metric(name, meaning, "", "", Shape.STATE, 0, float("inf"), legend)


def _total(name: str, meaning: str, unit: str = "") -> Metric:
    return Metric(name, meaning, unit, "", Shape.COUNTER, 0)


_INCIDENT = _fields(
    _whole("state", "Whether the incident is open, acknowledged or closed", INCIDENT_STATES),
    _whole("since", "When the trouble truly began, in milliseconds since 1970"),
    _whole("opened", "When it was decided, in milliseconds since 1970"),
    _whole("devices", "Devices concerned"),
    _whole("cameras_dark", "Cameras that cannot be seen because of it"),
)
_INCIDENT_TEXTS = ("id", "code", "cause", "confidence", "title")

_OUTCOME = {
    f"{probe}_outcome": _whole(f"{probe}_outcome", f"How the last {probe.upper()} probe ended", OUTCOMES)
    for probe in ("icmp", "snmp", "trap")
}
DEVICE_FIELDS: Final[Mapping[str, Metric]] = _OUTCOME
"""What a device's measurement holds beside the catalogue."""

BOX: Final = Measurement(
    "box",
    "One point a box and minute: how it stands, for maps, lists and uptime",
    ("district", "box", "feeder", "cause"),
    _fields(
        _whole("condition", "Condition of the box as judged", CONDITIONS),
        _whole("up", "1 while the box is up", YES_NO),
        _whole("degraded", "1 while the box is degraded", YES_NO),
        _whole("down", "1 while the box is down", YES_NO),
        _whole("unknown", "1 while nobody could know", YES_NO),
        _number("down_seconds", "Seconds of the past interval the box was down", "s"),
        _number("latitude_degrees", "Latitude by the inventory", "deg"),
        _number("longitude_degrees", "Longitude by the inventory", "deg"),
        _whole("devices", "Devices in service"),
        _whole("devices_down", "Devices down"),
        _whole("cameras_dark", "Cameras that cannot be seen"),
        _whole("incidents", "Open incidents"),
        _whole("on_battery", "The box lives on its battery", YES_NO),
        _number("battery_charge_percent", "Charge of its battery", "%"),
        _number("forecast_low_seconds", "Forecast of the time left on battery, pessimistic", "s"),
        _number("forecast_likely_seconds", "Forecast of the time left on battery, likely", "s"),
        _number("forecast_high_seconds", "Forecast of the time left on battery, optimistic", "s"),
        _number("battery_age_days", "Days since the battery was installed", "d"),
        _number("battery_capacity_ampere_hours", "Capacity of the battery by the inventory", "Ah"),
    ),
)

TRANSITION: Final = Measurement(
    "transition",
    "One point each time a device or box changes its condition",
    ("district", "box", "device", "kind"),
    _fields(
        _whole("condition", "Condition from now on", CONDITIONS),
        _whole("since", "When it truly began, in milliseconds since 1970"),
    ),
    ("cause", "incident", "why"),
)

INCIDENT: Final = Measurement(
    "incident",
    "One point each time an incident opens, changes or closes, for annotations",
    ("district", "box", "concern"),
    _INCIDENT,
    _INCIDENT_TEXTS,
)

OPEN_INCIDENT: Final = Measurement(
    "open_incident",
    "One point an open incident and minute: the list of now needs no long look back",
    ("district", "box", "concern"),
    _INCIDENT,
    _INCIDENT_TEXTS,
)

DELIVERY: Final = Measurement(
    "delivery",
    "One point each step of a message: sending, sent, delivered, failed; roads differ in which they know",
    ("district", "channel", "status", "reason"),
    _fields(
        _number("seconds", "From the moment it was owed to this step", "s"),
        _whole("segments", "SMS segments it costs"),
        _whole("attempts", "Attempts so far"),
    ),
    ("box", "contact", "error"),
)

DECISION: Final = Measurement(
    "decision",
    "One point each decision to tell or to stay silent, with its named reason",
    ("district", "reason", "told"),
    _fields(_whole("count", "Decisions of this kind made at this moment")),
)

ACKNOWLEDGEMENT: Final = Measurement(
    "acknowledgement",
    "One point each acknowledgement of an incident",
    ("district", "box", "concern", "road"),
    _fields(_number("seconds", "From the opening of the incident to its acknowledgement", "s")),
    ("by", "code"),
)

MONITOR: Final = Measurement(
    "monitor",
    "One point a process and interval: the monitor's own health",
    ("process",),
    _fields(
        _whole("blind", "The monitor's own reference hosts are silent: it judges nobody", YES_NO),
        _number("sweep_seconds", "How long the last sweep took", "s"),
        _number("sweep_lag_seconds", "How far probing runs behind its schedule", "s"),
        _total("readings_total", "Readings taken since the process started"),
        _total("overruns_total", "Probes that were still running when their next turn came"),
        _total("packets_dropped_total", "Answers the kernel dropped for want of buffer"),
        _total("answers_refused_total", "SNMP packets that answer nothing: late, garbled, forged, a flood"),
        _total("traps_total", "Traps and informs received"),
        _total("traps_dropped_total", "Traps dropped: malformed, unknown sender, or too many"),
        _whole("spool_lines", "Lines waiting for the time-series store"),
        _whole("spool_bytes", "Size of the spool on disk"),
        _number("spool_age_seconds", "Age of the oldest waiting line", "s"),
        _total("spool_dropped_total", "Lines lost to the caps of the spool"),
        _total("parked_total", "Lines the store refused, kept in a readable file"),
        _whole("owed_waiting", "Owed events not yet decided"),
        _whole("deliveries_waiting", "Messages due and not yet sent"),
        _number("memory_bytes", "Resident memory of the process", "B"),
        _total("cpu_seconds_total", "Processor time of the process", "s"),
    ),
)

MEASUREMENTS: Final[Mapping[str, Measurement]] = {
    measurement.name: measurement
    for measurement in (
        BOX,
        TRANSITION,
        INCIDENT,
        OPEN_INCIDENT,
        DELIVERY,
        DECISION,
        ACKNOWLEDGEMENT,
        MONITOR,
    )
}
