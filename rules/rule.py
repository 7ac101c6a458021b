"""The rules as the engine reads them: frozen, checked, times in milliseconds.

The YAML an operator edits has the same shape (rules/shape.py); rules/load.py turns one into the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import ceil

from domain.alarm import Cause, Concern
from domain.place import Kind
from domain.window import Window


@dataclass(frozen=True, slots=True)
class Hold:
    """Hysteresis in both directions: so many polls and so much time, before firing and before clearing."""

    polls: int = 1
    hold: int = 0
    clear_polls: int = 1
    clear_hold: int = 0


@dataclass(frozen=True, slots=True)
class Threshold:
    """A metric beyond a limit. Between the limit and the clear limit nothing moves."""

    id: str
    concern: Concern
    cause: Cause
    metric: str
    kinds: frozenset[Kind]
    hold: Hold
    above: float | None = None
    below: float | None = None
    clear_below: float | None = None
    clear_above: float | None = None
    labels: frozenset[str] = frozenset()  # empty: any label
    tags: frozenset[str] = frozenset()  # empty: any device; else devices or boxes with one of them
    when: Mapping[str, float] = field(default_factory=dict)  # metric: value that must hold too
    trap_opens: bool = False  # a trap may open it (never close it)


@dataclass(frozen=True, slots=True)
class Theft:
    """When a dark box is suspected stolen or cut, and when its police are told."""

    together: int  # its devices fell silent within this
    power_fresh: int  # its last power reading was healthy and at most so old when it fell
    corroboration: int  # a door, falling ports or a changed identity count for so long
    police_hold: int  # uncorroborated, the police are told after this


@dataclass(frozen=True, slots=True)
class Mains:
    """Mains lost and restored; a feeder is out when enough of its boxes lose mains together."""

    hold: Hold
    low_volts: float  # below this an input line is dead
    feeder_boxes: int
    feeder_share: float

    def need(self, powered: int) -> int:
        """How many of the feeder's `powered` boxes must have lost mains for the feeder to be out."""
        return max(self.feeder_boxes, ceil(self.feeder_share * powered))


@dataclass(frozen=True, slots=True)
class ForecastRule:
    hold: Hold
    below: int  # forecast time left under which it fires
    clear_above: int
    after: int  # never before so long on battery: the first seconds sag and recover


@dataclass(frozen=True, slots=True)
class Habit:
    """Charge falling faster than this box's own past discharges."""

    hold: Hold
    times: float
    after: int
    min_drop: float  # percent of charge a discharge must have cost to teach anything


@dataclass(frozen=True, slots=True)
class Flapping:
    """Each outage adds `penalty`, which halves every `half_life` (after RFC 2439)."""

    penalty: float
    suppress: float
    reuse: float
    half_life: int


@dataclass(frozen=True, slots=True)
class RuleSet:
    """All rules for one box, overrides applied."""

    settle: int
    boot: int  # a box that has come back is given so long for its devices to start
    silent: Hold
    dark: Hold
    agent: Hold
    blind: Hold
    mains: Mains
    forecast: ForecastRule
    habit: Habit
    theft: Theft
    flapping: Flapping
    thresholds: tuple[Threshold, ...]
    meaning: Mapping[str, tuple[Concern, Cause]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """What each alarm of a device is about; `silent` and `mains` have verdicts of their own."""
        meaning = {
            "agent": (Concern.AGENT, Cause.AGENT_OR_CREDENTIALS),
            "forecast": (Concern.BATTERY, Cause.BATTERY_RUNNING_OUT),
            "habit": (Concern.BATTERY, Cause.BATTERY_FAST_DRAIN),
            "flapping": (Concern.DEGRADED, Cause.FLAPPING),
            "identity": (Concern.TAMPER, Cause.IDENTITY_CHANGED),
        }
        meaning |= {rule.id: (rule.concern, rule.cause) for rule in self.thresholds}
        object.__setattr__(self, "meaning", meaning)


@dataclass(frozen=True, slots=True)
class Override:
    """Rules that differ for some boxes; `rules` is the whole set for them, already merged."""

    boxes: frozenset[str]
    tags: frozenset[str]

    def concerns(self, box: str, tags: frozenset[str]) -> bool:
        return box in self.boxes or bool(self.tags & tags)


@dataclass(frozen=True, slots=True)
class Rules:
    """What rules/load.py makes of a rules file: the base set, and a set for each combination of
    overrides that can meet in one box (key: indexes of the overrides, in file order)."""

    base: RuleSet
    overrides: tuple[Override, ...] = ()
    merged: Mapping[tuple[int, ...], RuleSet] = field(default_factory=dict)
    windows: tuple[Window, ...] = ()  # planned work: while one holds a box, nothing of it is told

    def of(self, box: str, tags: frozenset[str]) -> RuleSet:
        which = tuple(i for i, override in enumerate(self.overrides) if override.concerns(box, tags))
        return self.merged[which] if which else self.base
