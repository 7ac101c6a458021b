"""Frames: all values of one probe answer packed as one row of the embedded store. PURE.

A row a value costs some 7 us and 40 octets; a row an answer costs as much once for all its values.
The keys of a frame are its shape, kept once. The shape of a device's answers only grows, at its
end, so that an older frame is a shorter one; a value that is not there is a NaN in its place.
"""

from __future__ import annotations

import json
import math
import struct
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from domain.reading import Key, Reading, parsed, written
from storage.schema import OUTCOME_KEY, OUTCOME_NUMBER

NAN = math.nan
_NAN = struct.pack("=d", NAN)


class Shape:
    """The keys of a frame in order; the first is the probe's outcome."""

    __slots__ = ("id", "keys", "names", "pack", "probed")

    def __init__(self, number: int, keys: tuple[Key, ...]) -> None:
        self.id = number
        self.keys = keys
        self.probed = keys[1:]  # what a reading of this shape has as values
        self.names = frozenset(keys)
        self.pack = struct.Struct(f"={len(keys)}d").pack


def spelled(keys: Sequence[Key]) -> str:
    """Keys as text for the table of shapes."""
    return json.dumps([written(key) for key in keys], ensure_ascii=False)


def read_keys(text: str) -> tuple[Key, ...]:
    """The reverse of `spelled`."""
    return tuple(parsed(key) for key in json.loads(text))


def grown(keys: tuple[Key, ...], reading: Reading) -> tuple[Key, ...]:
    """The keys of a shape that has room for everything in the reading too."""
    wanted = (OUTCOME_KEY[reading.probe], *reading.values)
    have = set(keys)
    return keys + tuple(key for key in wanted if key not in have)


def fitted(reading: Reading, shape: Shape) -> bytes | None:
    """The reading as a frame of this shape; None when it has a key the shape lacks. What is not
    finite is no measurement: it is absent."""
    values = reading.values
    total = sum(values.values())
    if total - total != 0.0:
        values = {key: value for key, value in values.items() if math.isfinite(value)}
    outcome = OUTCOME_NUMBER[reading.outcome]
    if tuple(values) == shape.probed:
        return shape.pack(outcome, *values.values())
    if not values.keys() <= shape.names:
        return None
    return shape.pack(outcome, *(values.get(key, NAN) for key in shape.probed))


def overlaid(old: bytes, new: bytes) -> bytes:
    """Two frames of one series and moment: the new values, and the old where there is none."""
    width = max(len(old), len(new))
    below, above = array("d", _widened(old, width)), array("d", _widened(new, width))
    return array("d", [b if a != a else a for a, b in zip(above, below, strict=True)]).tobytes()


def _widened(frame: bytes, octets: int) -> bytes:
    return frame if len(frame) == octets else frame + _NAN * ((octets - len(frame)) // 8)


@dataclass(frozen=True, slots=True)
class Summary:
    """One hour of one metric: `mean` of the `count` values there were, the last of them too."""

    at: int  # start of the hour, engine milliseconds
    count: int
    low: float
    high: float
    mean: float
    last: float


_SUMMARY = 5  # numbers a metric in a rolled-up frame: count, low, high, mean, last


def rolled(frames: Sequence[bytes]) -> bytes:
    """Frames of one series and hour, in time order, as one frame of summaries."""
    octets = max(map(len, frames))
    width = octets // 8
    numbers = array("d", b"".join([_widened(frame, octets) for frame in frames]))
    out = array("d")
    for column in range(width):
        values = numbers[column::width]
        total = math.fsum(values)
        if total != total:  # some are missing
            values = array("d", [value for value in values if value == value])
            total = math.fsum(values)
        if values:
            out.extend((len(values), min(values), max(values), total / len(values), values[-1]))
        else:
            out.extend((0.0, NAN, NAN, NAN, NAN))
    return out.tobytes()


def summary(at: int, frame: bytes, column: int) -> Summary | None:
    """One metric's summary in a rolled-up frame; None where it had no value in that hour."""
    if column * _SUMMARY * 8 >= len(frame):
        return None
    count, low, high, mean, last = struct.unpack_from("=5d", frame, column * _SUMMARY * 8)
    return Summary(at, int(count), low, high, mean, last) if count else None


def value(frame: bytes, column: int) -> float | None:
    if column * 8 >= len(frame):
        return None
    found: float = struct.unpack_from("=d", frame, column * 8)[0]
    return None if found != found else found


def values(frame: bytes, keys: Sequence[Key]) -> Iterator[tuple[Key, float]]:
    """The values there are in a frame."""
    for key, number in zip(keys, array("d", frame), strict=False):
        if number == number:
            yield key, number
