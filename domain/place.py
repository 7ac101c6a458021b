"""Where things stand: the city, its districts and feeders, boxes on poles, and the devices inside.

Ids are immutable and never reused; names, addresses, districts and contractors may change
from one accepted configuration to the next, and the journal keeps each with its date.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Status(StrEnum):
    """Where a box or device is in its life; only what is in service raises incidents."""

    PLANNED = "planned"
    COMMISSIONING = "commissioning"
    IN_SERVICE = "in service"
    RETIRED = "retired"


class Kind(StrEnum):
    """What a device is for; also the name of its measurement in the time-series store."""

    UPS = "ups"
    SWITCH = "switch"
    CAMERA = "camera"
    ROUTER = "router"
    SENSOR = "sensor"


class Role(StrEnum):
    """Who a contact is, which decides what is told to them."""

    ENGINEER = "engineer"
    ON_CALL = "on_call"
    POLICE = "police"
    MANAGEMENT = "management"


@dataclass(frozen=True, slots=True)
class SecretRef:
    """A promise of a secret, never the secret: `env:NAME` or `file:/path`."""

    source: str  # "env" or "file"
    name: str

    def __str__(self) -> str:
        return f"{self.source}:{self.name}"


@dataclass(frozen=True, slots=True)
class SnmpV3:
    """User-based security (RFC 3414, 7860, 3826). Empty protocol means the layer is not used."""

    user: str
    auth_protocol: str = "SHA-256"  # MD5, SHA-1, SHA-224, SHA-256, SHA-384, SHA-512 or ""
    auth_key: SecretRef | None = None  # pass phrase
    priv_protocol: str = "AES-128"  # DES, AES-128, AES-192, AES-256 or ""
    priv_key: SecretRef | None = None


@dataclass(frozen=True, slots=True)
class SnmpAccess:
    """How a device's agent is asked. `version` is "1", "2c" or "3"."""

    version: str
    community: SecretRef | None = None
    v3: SnmpV3 | None = None


@dataclass(frozen=True, slots=True)
class Battery:
    capacity_ah: float
    chemistry: str = "lead-acid"  # or "lifepo4"
    installed: str | None = None  # ISO date, if known


@dataclass(frozen=True, slots=True)
class District:
    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Feeder:
    """A power utility feeder; its boxes lose mains together."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Contractor:
    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Contact:
    """A person or desk that is told. Empty `districts` or `contractors` mean all of them."""

    id: str
    name: str
    role: Role
    number: str  # E.164
    districts: frozenset[str] = frozenset()
    contractors: frozenset[str] = frozenset()
    channels: tuple[str, ...] = ()  # in order of preference; empty: the city's default


@dataclass(frozen=True, slots=True)
class Reference:
    """A host whose silence means the monitor itself is cut off, not the city."""

    id: str
    address: str


@dataclass(frozen=True, slots=True)
class Box:
    """A distribution box on a pole; `uplink` names the device or box its data passes through."""

    id: str
    name: str
    latitude: float
    longitude: float
    district: str
    feeder: str | None = None
    uplink: str | None = None  # id of a parent box, or of a device (its own router, say)
    contractor: str | None = None
    battery: Battery | None = None
    status: Status = Status.IN_SERVICE
    tags: frozenset[str] = frozenset()
    place: str = ""  # the words a driver needs to find it


@dataclass(frozen=True, slots=True)
class Device:
    """One thing with an address. Uniqueness is (address, port); intervals are seconds."""

    id: str
    box: str
    kind: Kind
    address: str
    port: int = 161
    name: str = ""
    trap_source: str | None = None  # where its traps come from if not from `address` (NAT)
    profile: str = "auto"
    snmp: SnmpAccess | None = None  # None: the device is judged by ICMP alone
    icmp_interval_s: float = 30.0
    snmp_interval_s: float = 60.0
    fed_by: tuple[str, str] | None = None  # (switch device id, port label) that powers it
    status: Status = Status.IN_SERVICE
    tags: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Bounds:
    """Outside these degrees a coordinate is a mistake, in the inventory and from a GPS alike."""

    south: float
    west: float
    north: float
    east: float

    def holds(self, latitude: float, longitude: float) -> bool:
        return self.south <= latitude <= self.north and self.west <= longitude <= self.east


@dataclass(frozen=True, slots=True)
class Traps:
    """Where traps and informs are heard; `community` None: only their source is checked."""

    listen: tuple[str, ...] = ("0.0.0.0",)  # noqa: S104 - devices send to whichever address they reach
    port: int = 1162
    community: SecretRef | None = None
    buffer_bytes: int = 8 * 2**20


@dataclass(frozen=True, slots=True)
class City:
    """Everything the inventory says, checked, frozen, and indexed by id."""

    name: str
    bounds: Bounds
    timezone: str = "Asia/Karachi"
    districts: Mapping[str, District] = field(default_factory=dict)
    feeders: Mapping[str, Feeder] = field(default_factory=dict)
    contractors: Mapping[str, Contractor] = field(default_factory=dict)
    contacts: Mapping[str, Contact] = field(default_factory=dict)
    boxes: Mapping[str, Box] = field(default_factory=dict)
    devices: Mapping[str, Device] = field(default_factory=dict)
    references: Mapping[str, Reference] = field(default_factory=dict)
    traps: Traps | None = None  # None: no trap is heard
    channels: tuple[str, ...] = ()  # to contacts who name none of their own, in order of preference

    def devices_of(self, box: str) -> tuple[Device, ...]:
        """The devices of one box, in inventory order. Linear: for indexes use rules.topology."""
        return tuple(d for d in self.devices.values() if d.box == box)
