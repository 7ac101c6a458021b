"""Readings as InfluxDB line protocol. PURE.

A device answers the same question poll after poll, so the shape of its lines is compiled once
per (probe, keys) and filled by one formatting call: about 5 us for ten values in three lines.
Floats are written in Python's shortest exact form, states as integers, time in milliseconds. Most
floats are percent, volts and degrees that come again and again: their texts are remembered.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain
from operator import itemgetter
from typing import Any

from domain.alarm import Incident, Transition
from domain.reading import Key, Probe, Reading
from storage.schema import (
    CONDITION_LEGEND,
    NOWHERE,
    OUTCOME_KEY,
    OUTCOME_NUMBER,
    Place,
    Places,
    is_integer,
    label_name,
    tag_text,
)

_TAG = str.maketrans({",": "\\,", "=": "\\=", " ": "\\ "})
_MEASUREMENT = str.maketrans({",": "\\,", " ": "\\ "})
_STRING = str.maketrans({'"': '\\"', "\\": "\\\\", "\n": " ", "\r": " "})
_TEXTS = 65_536  # floats whose text is remembered
_SHAPE_KEYS = 400_000  # keys in all compiled shapes together: some 40 MB at the most
_CONDITION_NUMBER = {condition: number for number, condition in CONDITION_LEGEND.items()}

_Shape = tuple[str, Callable[[Sequence[Any]], Any]]


def tag(name: str, value: str) -> str:
    """`,name=value`, escaped; nothing where the value is empty, for an empty tag is an error."""
    return f",{name.translate(_TAG)}={tag_text(value).translate(_TAG)}" if value else ""


def head(device: str, place: Place) -> str:
    """Measurement and tags of a device's line without a label."""
    measurement = tag_text(place.kind).translate(_MEASUREMENT)
    placed = tag("box", place.box) + tag("device", device) + tag("district", place.district)
    return measurement + placed + tag("kind", place.kind)


class LineEncoder:
    """Turns readings into lines. `replace` may be called from another thread at any time: the
    places and the heads made from them change together."""

    def __init__(self, places: Places) -> None:
        self._world: tuple[Places, dict[str, str]] = (places, {})
        self._shapes: dict[tuple[Probe, tuple[Key, ...]], _Shape] = {}
        self._shape_keys = 0
        self._texts: dict[float, str] = {}

    def replace(self, places: Places) -> None:
        self._world = (places, {})

    def encode(self, readings: Iterable[Reading]) -> tuple[bytes, int]:
        """The lines of all readings, each ended by a newline, and their number."""
        lines: list[str] = []
        places, heads = self._world
        shapes, text_of = self._shapes, self._texts.get
        for reading in readings:
            device = reading.device
            start = heads.get(device)
            if start is None:
                start = heads[device] = head(device, places.get(device, NOWHERE))
            values = reading.values
            numbers: Iterable[float] = values.values()
            total = sum(numbers)
            if total - total != 0.0:  # a NaN or an infinity among them, or a sum beyond a float
                values = {key: value for key, value in values.items() if math.isfinite(value)}
                numbers = values.values()
            key = (reading.probe, tuple(values))
            shape = shapes.get(key)
            if shape is None:
                shape = self._compile(*key)
            form, arranged = shape
            texts: Sequence[str | None] = [*map(text_of, numbers)]
            if None in texts:
                texts = self._written(numbers)
            outcome = OUTCOME_NUMBER[reading.outcome]
            lines.append(form % arranged((start, reading.at, outcome, *numbers, *texts)))
        text = "".join(lines)
        return text.encode(), text.count("\n")

    def _written(self, numbers: Iterable[float]) -> list[str]:
        known = self._texts
        if len(known) > _TEXTS:
            known.clear()
        # + 0.0: minus nought is nought, and shall not lend it its sign
        return [known.setdefault(number, repr(float(number) + 0.0)) for number in numbers]

    def _compile(self, probe: Probe, keys: tuple[Key, ...]) -> _Shape:
        """A format, and what picks its arguments out of (head, at, outcome, value, ..., its text, ...)."""
        groups: dict[str, list[tuple[int, str]]] = {"": [(2, f"{OUTCOME_KEY[probe][0]}=%di")]}
        for position, (metric, label) in enumerate(keys, start=3):
            group = tag(label_name(metric), label) if label else ""
            name = metric.translate(_TAG).replace("%", "%%")
            field = (position, f"{name}=%di") if is_integer(metric) else (position + len(keys), f"{name}=%s")
            groups.setdefault(group, []).append(field)
        text = "".join(
            f"%s{group.replace('%', '%%')} {','.join(field for _, field in fields)} %d\n"
            for group, fields in groups.items()
        )
        order = chain.from_iterable((0, *(position for position, _ in group), 1) for group in groups.values())
        shape: _Shape = (text, itemgetter(*order))
        if self._shape_keys > _SHAPE_KEYS:
            self._shapes.clear()
            self._shape_keys = 0
        self._shape_keys += len(keys) + 1
        self._shapes[(probe, keys)] = shape
        return shape


def quoted(text: str) -> str:
    """A string field's value."""
    return '"' + text.encode("utf-8", "replace").decode().translate(_STRING) + '"'


def _fields(fields: Mapping[str, str | int]) -> str:
    return ",".join(f"{n}={quoted(v) if isinstance(v, str) else f'{v}i'}" for n, v in fields.items())


def transition_lines(transitions: Iterable[Transition], places: Places) -> tuple[bytes, int]:
    """Measurement `transition`: one line a change of condition, for state timelines.

    A box's transition has no device tag, a device's own is placed like its series."""
    lines = []
    districts = {place.box: place.district for place in places.values()}
    for transition in transitions:
        target = transition.target
        place = places.get(target)
        if place is not None:
            tags = head(target, place).removeprefix(tag_text(place.kind).translate(_MEASUREMENT))
        else:
            tags = tag("box", target) + tag("district", districts.get(target, ""))
        fields = {
            "condition": _CONDITION_NUMBER[transition.condition],
            "since": transition.since,
            "cause": transition.cause.value if transition.cause else "",
            "incident": transition.incident,
            "why": transition.why,
        }
        lines.append(f"transition{tags} {_fields(fields)} {transition.at}\n")
    return "".join(lines).encode(), len(lines)


def incident_lines(incidents: Iterable[Incident], at: int, places: Places) -> tuple[bytes, int]:
    """Measurement `incident`: one line each time an incident opens, changes or closes, for
    annotations. The id is a field, for as a tag it would make a series an incident."""
    lines = []
    districts = {place.box: place.district for place in places.values()}
    for incident in incidents:
        closed = incident.closed_at is not None
        tags = (
            tag("box", incident.target)
            + tag("concern", incident.concern.value)
            + tag("district", districts.get(incident.target, ""))
        )
        fields: dict[str, str | int] = {
            "state": 0 if closed else 2 if incident.acknowledged_at is not None else 1,
            "since": incident.since,
            "opened": incident.opened_at,
            "devices": len(incident.devices),
            "cameras_dark": len(incident.cameras_dark),
            "id": incident.id,
            "code": incident.code,
            "cause": incident.cause.value,
            "confidence": incident.confidence.value,
            "title": f"{incident.cause.value} {'closed' if closed else 'open'} ({incident.code})",
        }
        lines.append(f"incident{tags} {_fields(fields)} {at}\n")
    return "".join(lines).encode(), len(lines)
