"""What the engine remembers of each device and box between two inputs.

Alarm states are frozen values; these holders are the one mutable thing of the room, so that an
input touches what it concerns and copies nothing. Alarms that are clear are not kept at all:
a healthy city of 100,000 devices is 100,000 small objects and empty dicts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from domain.alarm import AlarmState, Cause, Concern, Condition, Incident, Notice, Phase, Reason
from domain.place import Device
from domain.reading import Reading
from rules.forecast import Discharge
from rules.limits import Thresholds
from rules.machine import CLEAR
from rules.rule import RuleSet
from rules.shelf import Shelf
from rules.topology import Neighbourhood

ON = (Phase.FIRING, Phase.CLEARING)
"""An alarm holds from the moment it fires until it has cleared, clearing included."""


class DeviceMemory:
    """One device: when it last spoke on each road, and its alarms that are not clear."""

    __slots__ = (
        "alarms", "box", "cause", "condition", "device", "discharge", "habit", "heard_icmp", "heard_snmp",
        "icmp_at", "icmp_fails", "icmp_known_at", "icmp_since", "identity", "last", "last_ok_at",
        "power_ok_at", "power_saved", "recovered_at", "saved_at", "seen_identity", "snmp_at", "snmp_fails",
        "snmp_ok_at", "snmp_since", "thresholds",
    )  # fmt: skip

    def __init__(self, device: Device, box: BoxMemory, thresholds: Thresholds) -> None:
        self.device = device
        self.box = box
        self.thresholds = thresholds
        self.alarms: dict[str, AlarmState] = {}
        self.heard_icmp = False
        self.heard_snmp = False
        self.icmp_at = 0  # when its last sweep was over
        self.icmp_fails = 0
        self.icmp_since = 0
        self.icmp_known_at = 0  # when the sweep was over in which echoes began to fail
        self.snmp_at = 0
        self.snmp_fails = 0
        self.snmp_since = 0
        self.snmp_ok_at = 0
        self.last_ok_at = 0
        self.last: Reading | None = None  # last good SNMP reading, of UPS and switches
        self.power_ok_at = 0  # a UPS was last seen healthy on mains
        self.power_saved = 0  # what of that is durable
        self.saved_at = 0  # while its battery discharges
        self.discharge: Discharge | None = None
        self.habit = 0.0  # percent per hour of its past discharges
        self.recovered_at = 0  # when the good run began that cleared `silent`
        self.identity: dict[str, str] = {}  # as it was first seen, or acknowledged
        self.seen_identity: dict[str, str] = {}  # as it is now, where that differs
        self.condition = Condition.UP
        self.cause: Cause | None = None

    def alarm(self, rule: str) -> AlarmState:
        return self.alarms.get(rule, CLEAR)

    def on(self, rule: str) -> bool:
        state = self.alarms.get(rule)
        return state is not None and state.phase in ON

    @property
    def suspect(self) -> bool:
        """Silent or about to be called so."""
        state = self.alarms.get("silent")
        return state is not None and state.phase is not Phase.CLEAR


@dataclass(frozen=True, slots=True)
class Told:
    """What people know of an incident: only more than this is told again."""

    rank: int
    cameras: frozenset[str]
    police: bool


@dataclass(frozen=True, slots=True)
class Pending:
    """A notice waiting for its fellows until `due`; `asked` is when it was first wanted."""

    notice: Notice
    reason: Reason
    asked: int
    due: int


@dataclass(slots=True)
class Grid:
    """One feeder and its boxes, counted as they change: a verdict must not walk a feeder of a thousand.

    Boxes without a feeder share one."""

    boxes: tuple[str, ...] = ()
    roots: tuple[str, ...] = ()  # those of them without a parent
    powered: int = 0  # boxes with a UPS: those that can say whether they have mains
    needs: frozenset[int] = frozenset()  # so many of them without mains are a feeder outage, by their rules
    lost: set[str] = field(default_factory=set)  # seen on battery, hold over or not
    last_ok_at: int = 0  # when any of its boxes was last heard


class BoxMemory:
    """One box: its verdicts, what of them has been told, and the clues a theft is judged by."""

    __slots__ = (
        "condition", "dark", "door_at", "falls", "grid", "hushed", "identity_at", "incidents", "last_ok_at",
        "lit_at", "mains_at", "parent_back_at", "pending", "place", "provisional", "rules", "shelf", "told",
        "trusted_tamper_at",
    )  # fmt: skip

    def __init__(self, place: Neighbourhood, rules: RuleSet, grid: Grid, shelf: Shelf) -> None:
        self.place = place
        self.grid = grid
        self.shelf = shelf
        self.rules = rules
        self.dark: AlarmState = CLEAR
        self.last_ok_at = 0
        self.incidents: dict[Concern, Incident] = {}
        self.told: dict[Concern, Told] = {}
        self.pending: dict[Concern, Pending] = {}
        self.hushed: dict[Concern, tuple[Cause, Reason]] = {}  # kept silent about, while the cause is this
        self.provisional: frozenset[Concern] = frozenset()  # verdicts still waiting for a witness
        self.falls: tuple[tuple[int, str], ...] = ()  # (at, port) a switch port was seen to go down
        self.door_at = 0
        self.trusted_tamper_at = 0
        self.identity_at = 0
        self.parent_back_at = 0
        self.lit_at = 0  # when it last came back from the dark
        self.mains_at = 0  # when its mains last came back
        self.condition = Condition.UP

    @property
    def is_dark(self) -> bool:
        return self.dark.phase in ON


@dataclass(slots=True)
class Watchman:
    """The monitor's doubt about itself: when its reference hosts were last asked and answered."""

    fails: dict[str, int]  # reference id: sweeps without an answer since the last that had one
    doubt_at: int = 0  # when the last of them fell silent
    last_ok_at: int = 0
    last_at: int = 0
    state: AlarmState = CLEAR
    seeing_since: int = 0  # after a blind spell, nothing older is evidence

    @property
    def doubts(self) -> bool:
        """Every reference that was ever heard of failed its last sweep."""
        return bool(self.fails) and all(self.fails.values())

    def vouches(self, since: int, now: int, patience: int) -> bool:
        """A reference answered after `since`; or none is being swept (any more), so none can."""
        if self.doubts:
            return False
        return not self.fails or self.last_ok_at >= since or now - self.last_at > patience


@dataclass(slots=True)
class World:
    """All memories by id: what verdicts look around in."""

    devices: dict[str, DeviceMemory]
    boxes: dict[str, BoxMemory]
    grids: Mapping[str, Grid]  # by feeder; "" for boxes without one
    shelves: Mapping[str, Shelf]
    watchman: Watchman
