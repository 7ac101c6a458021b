"""How many series a city will make, from its inventory alone, before anything is written. PURE.

A device makes one series and one for each value of each label; a box one for each cause that befalls
it; messages one for each way they may end. All are estimates, and generous ones.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from domain.alarm import Cause, Concern, DeliveryStatus, Reason
from domain.metric import CATALOGUE
from domain.place import City
from domain.series import (
    ACKNOWLEDGEMENT,
    BOX,
    DECISION,
    DELIVERY,
    INCIDENT,
    MONITOR,
    OPEN_INCIDENT,
    TRANSITION,
)
from storage.years import REFERENCE

SERIES_LIMIT = 1_000_000  # max-series-per-database of InfluxDB 1.x
TAG_VALUES_LIMIT = 100_000  # max-values-per-tag of InfluxDB 1.x

USUAL_LABELS: Mapping[str, Mapping[str, int]] = {
    "ups": {"line": 3},
    "switch": {"port": 10, "group": 1, "name": 1},
    "camera": {"n": 2, "channel": 1, "name": 1},
    "router": {"port": 6, "name": 4},
    "sensor": {"name": 4},
}
"""Values a label takes on a typical street device of a kind."""

USUAL_CAUSES = 8
"""Causes that befall one box over the years, with none among them."""
_CHANNELS = 3
_ROADS = 4  # by which an acknowledgement comes
_PROCESSES = 3  # that write about themselves


@dataclass(frozen=True, slots=True)
class Cardinality:
    """Series by measurement, in the database and in the years beside it; how many values a tag takes
    at the most in any measurement of either."""

    series: Mapping[str, int]
    years: Mapping[str, int]
    tag_values: Mapping[str, int]
    warnings: tuple[str, ...]

    @property
    def total(self) -> int:
        return sum(self.series.values())

    @property
    def total_years(self) -> int:
        return sum(self.years.values())


def cardinality(city: City, labels: Mapping[str, Mapping[str, int]] = USUAL_LABELS) -> Cardinality:
    devices: dict[str, int] = {}
    for device in city.devices.values():
        kind = device.kind.value
        devices[kind] = devices.get(kind, 0) + 1 + sum(labels.get(kind, {}).values())
    if city.references:
        devices[REFERENCE] = len(city.references)
    boxes, districts = len(city.boxes), len(city.districts) + 1  # and what belongs to none
    by_concern = len(Concern) * boxes + 1  # and the monitor's own
    series = {
        **devices,
        BOX.name: USUAL_CAUSES * boxes,
        TRANSITION.name: len(city.devices) + boxes,
        INCIDENT.name: by_concern,
        OPEN_INCIDENT.name: by_concern,
        DELIVERY.name: districts * _CHANNELS * len(DeliveryStatus) * len(Reason),
        DECISION.name: districts * len(Reason),
        ACKNOWLEDGEMENT.name: by_concern * _ROADS,
        MONITOR.name: _PROCESSES,
    }
    years = {**devices, BOX.name: (1 + USUAL_CAUSES) * boxes}  # over all causes, and by each
    values = {
        "district": districts,
        "feeder": len(city.feeders),
        "box": boxes,
        "device": len(city.devices) + len(city.references),
        "kind": len(devices),
        "concern": len(Concern),
        "cause": len(Cause),
        "reason": len(Reason),
        "status": len(DeliveryStatus),
        "channel": _CHANNELS,
        "road": _ROADS,
        "process": _PROCESSES,
    }
    kinds = {device.kind.value for device in city.devices.values()}
    for label in sorted({metric.label for metric in CATALOGUE.values() if metric.label}):
        most = max((labels.get(kind, {}).get(label, 0) for kind in kinds), default=0)
        values[label] = max(values.get(label, 0), most)
    warnings = (*_warnings(sum(series.values()), sum(years.values()), values),)
    return Cardinality(series, years, values, warnings)


def _warnings(raw: int, years: int, values: Mapping[str, int]) -> Iterator[str]:
    for total, where in ((raw, ""), (years, " in the database of years")):
        if total > SERIES_LIMIT // 2:
            yield (
                f"{total} series{where}: InfluxDB 1.x stops at {SERIES_LIMIT} (max-series-per-database); "
                "raise it and set index-version = 'tsi1'"
            )
    for tag, count in values.items():
        if count > TAG_VALUES_LIMIT // 2:
            yield (
                f"tag {tag} takes {count} values: InfluxDB 1.x stops at {TAG_VALUES_LIMIT} "
                "(max-values-per-tag); raise it"
            )
