"""Sums of seconds and counts of outages, which add up over devices. PURE."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from reports.buckets import BUCKETS, INDEX, Bucket

WIDTH = len(BUCKETS)
_GOOD = (INDEX[Bucket.UP], INDEX[Bucket.DEGRADED])
_DARK = tuple(INDEX[b] for b in (Bucket.UTILITY, Bucket.CONTRACTOR, Bucket.UPLINK, Bucket.TAMPER))


def nothing() -> list[int]:
    return [0] * WIDTH


@dataclass(slots=True)
class Tally:
    """Device-seconds by bucket (in the order of BUCKETS), those of cameras among them, and outages.

    An outage is one stretch of not answering with at least one second in a dark bucket; `longest`
    counts only such seconds. Detection is the time from an outage's true beginning to the decision,
    in milliseconds."""

    seconds: list[int] = field(default_factory=nothing)
    cameras: list[int] = field(default_factory=nothing)
    e_challan: list[int] = field(default_factory=nothing)
    outages: int = 0
    longest: int = 0
    detect_ms: int = 0
    detected: int = 0
    detect_max_ms: int = 0

    def count(self, seconds: Iterable[int], camera: bool, e_challan: bool) -> None:
        vector = list(seconds)
        _add(self.seconds, vector)
        if camera:
            _add(self.cameras, vector)
            if e_challan:
                _add(self.e_challan, vector)

    def outage(self, seconds: int, detect_ms: int | None) -> None:
        self.outages += 1
        self.longest = max(self.longest, seconds)
        if detect_ms is not None:
            self.detected += 1
            self.detect_ms += detect_ms
            self.detect_max_ms = max(self.detect_max_ms, detect_ms)

    def add(self, other: Tally) -> None:
        _add(self.seconds, other.seconds)
        _add(self.cameras, other.cameras)
        _add(self.e_challan, other.e_challan)
        self.outages += other.outages
        self.longest = max(self.longest, other.longest)
        self.detect_ms += other.detect_ms
        self.detected += other.detected
        self.detect_max_ms = max(self.detect_max_ms, other.detect_max_ms)

    def buckets(self) -> Mapping[str, int]:
        return named(self.seconds)


def _add(into: list[int], more: Iterable[int]) -> None:
    for n, value in enumerate(more):
        into[n] += value


def named(vector: Iterable[int]) -> dict[str, int]:
    return {bucket.value: value for bucket, value in zip(BUCKETS, vector, strict=True)}


def good(vector: list[int]) -> int:
    return sum(vector[n] for n in _GOOD)


def dark(vector: list[int]) -> int:
    return sum(vector[n] for n in _DARK)
