"""The law of series: what is kept where, under which names. PURE. docs/series.md is its prose.

One measurement per kind of device; tags district, box, device, kind and, where a metric has a
label, that label under its own name (port, line, name, n, channel, group); numeric fields only,
in base units, named as in the catalogue. Absent values are not written.
"""

from __future__ import annotations

from collections.abc import Mapping
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
