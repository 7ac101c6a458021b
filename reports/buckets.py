"""The nine buckets, and the table that says which cause fills which (buckets.yaml)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Literal

from config.located import Located, read
from config.shape import Shape, nearest, validate
from domain.alarm import Cause
from domain.errors import ConfigError

SHIPPED = Path(__file__).with_name("buckets.yaml")


class Bucket(StrEnum):
    """Where a second lies. The order is that of every table and chart."""

    UP = "up"
    DEGRADED = "degraded"
    UTILITY = "utility"
    CONTRACTOR = "contractor"
    UPLINK = "uplink"
    TAMPER = "tamper"
    PLANNED = "planned"
    UNKNOWN = "unknown"
    DISPUTED = "disputed"


BUCKETS = tuple(Bucket)
INDEX: Mapping[Bucket, int] = {bucket: n for n, bucket in enumerate(BUCKETS)}
DARK = frozenset({Bucket.UTILITY, Bucket.CONTRACTOR, Bucket.UPLINK, Bucket.TAMPER})
"""The buckets of outages: it did not answer, and somebody is answerable."""

_Filled = Literal["degraded", "utility", "contractor", "uplink", "tamper", "unknown"]


class BucketsShape(Shape):
    while_down: dict[str, _Filled]
    without_cause: _Filled
    false_alarm_is: Cause


@dataclass(frozen=True, slots=True)
class Table:
    while_down: Mapping[Cause | None, Bucket]
    false_alarm: Cause

    def of(self, cause: Cause | None) -> Bucket:
        return self.while_down[cause]


def load(path: Path = SHIPPED) -> Table:
    return make(read(path))


def make(document: Located) -> Table:
    """ConfigError with every problem; a cause the product knows and the table does not is one."""
    shape, problems = validate(document, BucketsShape)
    if shape is None:
        raise ConfigError(problems)
    known = [cause.value for cause in Cause]
    problems += [
        document.problem(("while_down", name), f"unknown cause {name!r}", nearest(name, known))
        for name in shape.while_down
        if name not in known
    ]
    problems += [
        document.problem(
            ("while_down",), f"cause {name!r} has no bucket", f"add {name}: contractor, or another"
        )
        for name in known
        if name not in shape.while_down
    ]
    if problems:
        raise ConfigError(problems)
    filled: dict[Cause | None, Bucket] = {Cause(n): Bucket(b) for n, b in shape.while_down.items()}
    filled[None] = Bucket(shape.without_cause)
    return Table(filled, shape.false_alarm_is)
