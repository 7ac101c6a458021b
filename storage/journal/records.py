"""What only the reading side hands out."""

from __future__ import annotations

from dataclasses import dataclass

from domain.alarm import Delivery, DeliveryStatus


@dataclass(frozen=True, slots=True)
class Run:
    """One life of a process; `stopped_at` None: it runs, or it ended without saying so."""

    process: str
    started_at: int
    wall: int
    configuration: str
    stopped_at: int | None


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a delivery: as it then stood, with the event it tells of."""

    seq: int
    at: int
    delivery: Delivery
    owed_at: int
    box: str


@dataclass(frozen=True, slots=True)
class Acceptance:
    """A configuration came to hold at `at`; its files are read by `Reader.configuration`."""

    at: int
    hash: str
    diff: str


@dataclass(frozen=True, slots=True)
class ClockStep:
    """The wall clock moved against engine time by `step_ms`."""

    at: int
    step_ms: int


@dataclass(frozen=True, slots=True)
class Attempt:
    """One step of a delivery."""

    at: int
    status: DeliveryStatus
    attempts: int
    receipt: str
    error: str


@dataclass(frozen=True, slots=True)
class Restoration:
    """The journal was put back from a backup taken at `taken_at`; how much of it was silenced."""

    at: int
    taken_at: int
    source: str
    owed: int
    deliveries: int
