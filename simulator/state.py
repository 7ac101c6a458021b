"""What the world is made of: boxes, devices, ports, counters, and how quickly things go. PURE."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from domain.place import Box, Device
from simulator.battery import Battery


@dataclass(frozen=True, slots=True)
class Pace:
    """How quickly things go; a play of three minutes has no time for real boot times."""

    boot_s: Mapping[str, float] = field(
        default_factory=lambda: {"ups": 2.0, "sensor": 3.0, "switch": 5.0, "router": 6.0, "camera": 9.0}
    )
    cut_after_s: float = 3.0  # from the opened door to the first cut cable
    cut_gap_s: float = 1.5
    gone_after_s: float = 2.0  # from the last cut cable to the silence


@dataclass(frozen=True, slots=True)
class Happening:
    """Something an agent may send a trap about. `row` is a switch port's index, else 0."""

    at: int
    device: str
    name: str  # cold_start, link_down, link_up, on_battery, on_mains, battery_low, door_opened, ...
    row: int = 0


class Meter:
    """A counter that grows at a rate while it runs, told at any time without stepping."""

    __slots__ = ("base", "rate", "since")

    def __init__(self, base: int, rate: float) -> None:
        self.base, self.rate = base, rate  # octets, octets per second
        self.since: int | None = None

    def run(self, now: int, running: bool) -> None:
        self.base, self.since = self.total(now), now if running else None

    def total(self, now: int) -> int:
        return self.base + (0 if self.since is None else int(self.rate * (now - self.since) / 1000))


@dataclass(slots=True)
class Port:
    """A switch port. `index` is its ifIndex, `label` its ifName, `feeds` the device behind it."""

    index: int
    label: str
    feeds: str
    powered: bool  # gives PoE to what it feeds
    inbound: Meter
    outbound: Meter
    up: bool = False
    changed_at: int = 0
    lost_signature: int = 0  # pethPsePortMPSAbsentCounter


@dataclass(slots=True)
class DeviceState:
    device: Device
    watts: float
    booted_at: int
    ready_at: int
    boots: int = 1
    powered: bool = True
    hung: bool = False  # deaf to everything, though powered
    agent: bool = True  # the SNMP agent runs
    cut: bool = False  # its cable is cut
    ports: dict[str, Port] = field(default_factory=dict)  # of a switch, by label


@dataclass(slots=True)
class BoxState:
    box: Box
    battery: Battery | None
    breaker: bool = True
    mains: bool = True
    powered: bool = True
    door_open: bool = False
    stolen: bool = False
    link: bool = True  # the cable or radio towards its uplink
    loss: float = 0.0  # share of packets its link loses
    replace: bool = False  # its UPS asks for a new battery
    low_told: bool = False
    on_battery_since: int | None = None
    told_at: int = 0
    line_bads: int = 0
    self_test_until: int = 0
