"""Rollups of InfluxDB's raw series by the hour, as questions in InfluxQL and answers in line protocol. PURE.

Each measurement and each series keeps its name and tags; each number x becomes the floats mean_x,
min_x and max_x, at the start of the hour. Of `box`, the cause is a tag and falls out of an hour's
mean, so that an hour is whole however many causes befell it: shares are over all of it, and beside
them stands sum_down_seconds by cause.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from domain.series import BOX, DEVICE_KINDS, ROLLUPS, TIME_DOWN
from storage.influxql import identifier, literal
from storage.line_protocol import tag

HOUR = 3_600_000
LATE = 120_000
"""Milliseconds after its end by which all of an hour has been handed to the spool."""
REFERENCE = "reference"
MEASUREMENTS = (*DEVICE_KINDS, REFERENCE, BOX.name)
"""What is rolled up, in this order; `reference` has no boxes."""

_SHARE_BOXES = 50
_SHARE_CHARACTERS = 4_000  # of an address that any proxy lets through, once it is percent-encoded
_NUMBERS = ", ".join(f"{name}(*)" for name in ROLLUPS)


def hours(first: int, end: int) -> range:
    """The hours that begin at `first` or later and have ended by `end` (engine milliseconds)."""
    return range(-(-first // HOUR) * HOUR, end // HOUR * HOUR, HOUR)


def horizon(now: int, oldest_waiting: int | None) -> int:
    """The moment before which the server holds all there is: what waits in the spool is not older."""
    return min(now, now if oldest_waiting is None else oldest_waiting) - LATE


def which_boxes(measurement: str, hour: int) -> str:
    """The boxes that wrote in that hour. (1.x knows it by shard only: some of them may have no rows.)"""
    return f'SHOW TAG VALUES FROM {identifier(measurement)} WITH KEY = "box" WHERE {_span(hour)}'


def shares(boxes: Iterable[str]) -> Iterator[Sequence[str]]:
    """Boxes some at a time, so that neither the server's memory nor ours grows with the city."""
    share: list[str] = []
    size = 0
    for box in boxes:
        size += len(box) + 12
        if share and (len(share) == _SHARE_BOXES or size > _SHARE_CHARACTERS):
            yield share
            share, size = [], len(box) + 12
        share.append(box)
    if share:
        yield share


def questions(measurement: str, boxes: Sequence[str], hour: int) -> Iterator[str]:
    """What to ask for one hour of some boxes; of all there is where no boxes are given."""
    where = [_span(hour)]
    if boxes:
        where.append("(" + " OR ".join(f'"box" = {literal(box)}' for box in boxes) + ")")
    if measurement == BOX.name:
        whole = [name for name in BOX.tags if name != "cause"]
        yield _select(_NUMBERS, measurement, where, whole)
        yield _select(
            f'sum("down_seconds") AS {identifier(TIME_DOWN)}', measurement, [*where, '"down" = 1'], BOX.tags
        )
    else:
        yield _select(_NUMBERS, measurement, where, None)


def _select(columns: str, measurement: str, where: Sequence[str], tags: Sequence[str] | None) -> str:
    by = "*" if tags is None else ", ".join(map(identifier, tags))
    return (
        f"SELECT {columns} FROM {identifier(measurement)} "  # noqa: S608 - quoted
        f"WHERE {' AND '.join(where)} GROUP BY time(1h), {by} fill(none)"
    )


def _span(hour: int) -> str:
    return f"time >= {hour}ms AND time < {hour + HOUR}ms"


def lines(results: Iterable[Mapping[str, Any]]) -> Iterator[bytes]:
    """The rows of an answer (times in milliseconds), a line each, without newlines."""
    for result in results:
        for series in result.get("series", ()):
            columns = series["columns"]
            for row in series["values"]:
                line = _line(series["name"], series.get("tags") or {}, dict(zip(columns, row, strict=True)))
                if line:
                    yield line


def _line(measurement: str, tags: Mapping[str, str], row: dict[str, Any]) -> bytes:
    """Version 3 has answered with tags as columns: what is a text there is a tag."""
    at = row.pop("time")
    numbers = {name: value for name, value in row.items() if isinstance(value, int | float)}
    if not numbers:
        return b""
    placed = {**tags, **{name: value for name, value in row.items() if isinstance(value, str)}}
    head = measurement + "".join(tag(name, placed[name]) for name in sorted(placed))
    return f"{head} {','.join(f'{name}={float(value)!r}' for name, value in numbers.items())} {at}".encode()
