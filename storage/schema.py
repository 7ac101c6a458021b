"""The law of series: what is kept where, under which names. PURE. docs/series.md is its prose.

One measurement per kind of device; tags district, box, device, kind and, where a metric has a
label, that label under its own name (port, line, name, n, channel, group); numeric fields only,
in base units, named as in the catalogue. Absent values are not written.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from domain.alarm import Condition
from domain.metric import CATALOGUE, Shape
from domain.place import City
from domain.reading import Key, Outcome, Probe

OUTCOME_LEGEND: Mapping[int, Outcome] = {
    0: Outcome.OK,
    1: Outcome.TIMEOUT,
    2: Outcome.REFUSED,
    3: Outcome.UNREACHABLE,
    4: Outcome.MALFORMED,
    5: Outcome.AUTH,
    6: Outcome.FORBIDDEN,
}
"""What the integer in icmp_outcome, snmp_outcome and trap_outcome means; numbers are never reused."""

OUTCOME_NUMBER: Mapping[Outcome, int] = {outcome: number for number, outcome in OUTCOME_LEGEND.items()}

OUTCOME_KEY: Mapping[Probe, Key] = {probe: (f"{probe.value}_outcome", "") for probe in Probe}
"""The key under which a probe's outcome is kept: one per probe, so that an ICMP and an SNMP
reading of the same millisecond do not overwrite each other."""

CONDITION_LEGEND: Mapping[int, Condition] = {
    0: Condition.UNKNOWN,
    1: Condition.UP,
    2: Condition.DEGRADED,
    3: Condition.DOWN,
}

INCIDENT_LEGEND: Mapping[int, str] = {0: "closed", 1: "open", 2: "open, acknowledged"}

_CONTROLS = (*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029)
_CLEAN = {**dict.fromkeys(_CONTROLS, " "), ord("\\"): "/"}

LABEL_LENGTH = 200  # characters; more is no name but an accident, and a tag is kept in an index


@dataclass(frozen=True, slots=True)
class Place:
    """Where a device's series belong: the values of its tags."""

    kind: str
    district: str
    box: str


Places = Mapping[str, Place]
"""Device id -> its place. A reload hands over a whole new mapping, never changes one."""

NOWHERE = Place("unknown", "", "")
"""For a reading of a device the configuration no longer holds: kept, without district or box."""


def places(city: City) -> dict[str, Place]:
    """The places of all devices of a city, and of the reference hosts it is judged by."""
    districts = {box.id: box.district for box in city.boxes.values()}
    known = {
        device.id: Place(device.kind.value, districts.get(device.box, ""), device.box)
        for device in city.devices.values()
    }
    return known | {reference: Place("reference", "", "") for reference in city.references}


def label_name(metric: str) -> str:
    """The tag a metric's label is kept under; `label` for a metric outside the catalogue."""
    known = CATALOGUE.get(metric)
    return (known.label if known else "") or "label"


def is_integer(metric: str) -> bool:
    """States and outcomes are integers, everything else floats (counters too: a total of octets
    outgrows the 63 bits of an Influx integer, and 2^53 octets are nine petabytes)."""
    known = CATALOGUE.get(metric)
    return metric.endswith("_outcome") if known is None else known.shape is Shape.STATE


def tag_text(text: str) -> str:
    """A label as a tag value: one line, no backslash (servers disagree on how to read it back:
    it becomes a slash), bounded, never empty."""
    if text.isascii() and text.isalnum() and len(text) <= LABEL_LENGTH:
        return text
    cleaned = text.translate(_CLEAN).encode("utf-8", "replace").decode()
    return cleaned[:LABEL_LENGTH].strip() or "_"


@dataclass(frozen=True, slots=True)
class Cardinality:
    """How many series a city makes, by measurement, and how many values each tag takes."""

    series: Mapping[str, int]
    tag_values: Mapping[str, int]
    warnings: tuple[str, ...]

    @property
    def total(self) -> int:
        return sum(self.series.values())


USUAL_LABELS: Mapping[str, Mapping[str, int]] = {
    "ups": {"line": 3},
    "switch": {"port": 10, "group": 1, "name": 1},
    "camera": {"n": 2, "channel": 1, "name": 1},
    "router": {"port": 6, "name": 4},
    "sensor": {"name": 4},
}
"""Values a label takes on a typical street device of a kind; the estimate rests on these until
`nigehban influx cardinality` is given counts of one's own."""

SERIES_LIMIT = 1_000_000  # max-series-per-database of InfluxDB 1.x
TAG_VALUES_LIMIT = 100_000  # max-values-per-tag of InfluxDB 1.x


def cardinality(city: City, labels: Mapping[str, Mapping[str, int]] = USUAL_LABELS) -> Cardinality:
    """An estimate from the inventory alone, before anything is written.

    A device makes one series without a label and one for each value of each label; transitions
    make one a device and box, incidents one a box and concern.
    """
    series: dict[str, int] = {}
    for device in city.devices.values():
        kind = device.kind.value
        series[kind] = series.get(kind, 0) + 1 + sum(labels.get(kind, {}).values())
    series["transition"] = len(city.devices) + len(city.boxes)
    series["incident"] = 7 * len(city.boxes) + 1
    values = {
        "district": len(city.districts),
        "box": len(city.boxes),
        "device": len(city.devices),
        "kind": len({device.kind for device in city.devices.values()}),
    }
    return Cardinality(series, values, tuple(_warnings(sum(series.values()), values)))


def _warnings(total: int, values: Mapping[str, int]) -> Iterable[str]:
    if total > SERIES_LIMIT // 2:
        yield (
            f"{total} series: InfluxDB 1.x stops at {SERIES_LIMIT} (max-series-per-database); "
            "raise it and set index-version = 'tsi1'"
        )
    for tag, count in values.items():
        if count > TAG_VALUES_LIMIT // 2:
            yield (
                f"tag {tag} takes {count} values: InfluxDB 1.x stops at {TAG_VALUES_LIMIT} "
                "(max-values-per-tag); raise it"
            )
