"""Everything a report is computed from, as plain data: no journal, no clock, no file. PURE."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from domain.alarm import Incident, Transition
from domain.human import Note
from domain.record import Coverage
from domain.window import Window
from reports.adjustment import Adjustment, MoneyAdjustment
from reports.contract import Contract
from reports.facts import Dated
from reports.period import Period

Progress = Callable[[str], None]


def silent(_: str) -> None:
    """Nobody asked for progress."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What a report is about; without either the whole city."""

    district: str | None = None
    contractor: str | None = None


@dataclass(frozen=True, slots=True)
class Planned:
    """Windows as they held from `at` on: a window entered after the fact excuses nothing before it."""

    at: int
    windows: tuple[Window, ...]


@dataclass(frozen=True, slots=True)
class BatteryReading:
    """What is measured of a box's battery: percent an hour of its discharges, as learned by the engine."""

    box: str
    percent_per_hour: float | None = None


@dataclass(frozen=True, slots=True)
class Given:
    """Times are engine milliseconds. `transitions` are those that began in the period, by target
    (their order within a target is that of decision); `standing` is for each target what held just
    before, `late` what was decided within the period about things begun before it. Those of the
    target "monitor" are among them or in `monitor`, which must be complete."""

    period: Period
    dated: Sequence[Dated]
    transitions: Iterable[Transition]
    standing: Sequence[Transition] = ()
    late: Sequence[Transition] = ()
    monitor: Sequence[Transition] = ()
    coverage: Iterable[Coverage] = ()
    alive: Sequence[tuple[int, int]] = ()
    starts: Sequence[int] = ()  # of runs of the watcher
    accepted: Sequence[int] = ()  # when a configuration came to hold; without it, when `dated` did
    clock_steps: int = 0
    windows: Sequence[Planned] = ()
    notes: Sequence[Note] = ()
    incidents: Sequence[Incident] = ()
    contracts: Sequence[Contract] = ()
    batteries: Sequence[BatteryReading] = ()
    adjustments: Sequence[Adjustment | MoneyAdjustment] = ()  # of months that were closed before
    before: Mapping[str, Any] | None = None  # the month before, as it was frozen
    scope: Scope = Scope()
    known_at: int | None = None  # as of when this is known; for people
    remarks: Sequence[str] = field(default_factory=tuple)  # what the gatherer had to leave out
