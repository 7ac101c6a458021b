"""The shape of inventory.yaml, section by section: what may be written, and what it means.

What a field says here is what an editor shows beside it (inventory/schema.json is made of these
models). What holds between entries is in inventory/check.py. PURE.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from config.shape import Shape
from domain.place import Kind, Role, Status
from inventory.words import (
    Auth,
    Day,
    Duration,
    Host,
    Id,
    Listener,
    Number,
    Port,
    Priv,
    Secret,
    Text,
    Word,
    plain,
)

Version = Annotated[
    Literal["1", "2c", "3"], BeforeValidator(plain), WithJsonSchema({"enum": [1, "1", "2c", 3, "3"]})
]
Tags = Annotated[
    list[Word], Field(description="Free words that rules and reports may ask for, such as e-challan.")
]


def _no_agent(value: object) -> object:
    """`snmp: none` reads best for a thing without an agent; inside it is a switch of its own."""
    if value == "none":
        return {"agent": False}
    if isinstance(value, str):  # not shown: it may be the community itself
        raise ValueError("one word is not enough -> write {version: 2c, community: env:NAME}, or none")
    return value


class SnmpShape(Shape):
    """How agents are asked. Each key is inherited by itself, so that a device may change only one."""

    version: Version | None = Field(None, description='"1", 2c (default) or 3.')
    community: Secret | None = Field(
        None, description="Versions 1 and 2c: env:NAME or file:/path, never the word."
    )
    user: Word | None = Field(None, description="Version 3: the user's name.")
    auth: Auth | None = Field(None, description="Version 3: SHA-256 unless said otherwise.")
    auth_key: Secret | None = Field(None, description="Version 3: pass phrase of authentication.")
    priv: Priv | None = Field(None, description="Version 3: AES-128 unless said otherwise.")
    priv_key: Secret | None = Field(None, description="Version 3: pass phrase of privacy.")
    legacy: bool | None = Field(
        None, description="true lets MD5 and DES be used, for what knows nothing better."
    )
    agent: bool | None = Field(None, description="false: there is no agent; `snmp: none` says the same.")


Snmp = Annotated[
    SnmpShape,
    BeforeValidator(_no_agent, json_schema_input_type=SnmpShape | Literal["none"]),
]


class DeviceDefaults(Shape):
    """What a device may inherit."""

    port: Port | None = Field(None, description="UDP port of the SNMP agent; 161 unless said otherwise.")
    profile: Word | None = Field(None, description="A file of collector/profiles, or auto: found by asking.")
    snmp: Snmp | None = Field(None, description="Version and credentials; none: judged by ICMP alone.")
    icmp_interval: Duration | None = Field(None, description="Time between pings; 30s unless said otherwise.")
    snmp_interval: Duration | None = Field(None, description="Time between polls; 60s unless said otherwise.")
    status: Status | None = Field(None, description="Only what is in service raises incidents.")
    tags: Tags | None = None


class Defaults(DeviceDefaults):
    """The same, and once more for each kind of device; the kind's own word wins."""

    ups: DeviceDefaults | None = None
    switch: DeviceDefaults | None = None
    camera: DeviceDefaults | None = None
    router: DeviceDefaults | None = None
    sensor: DeviceDefaults | None = None


class CityDefaults(Defaults):
    contractor: Id | None = Field(None, description="Who looks after boxes that name nobody.")


class BoundsShape(Shape):
    """A coordinate outside these degrees is a mistake, here and from a GPS alike."""

    south: float = Field(ge=-90, le=90, allow_inf_nan=False)
    west: float = Field(ge=-180, le=180, allow_inf_nan=False)
    north: float = Field(ge=-90, le=90, allow_inf_nan=False)
    east: float = Field(ge=-180, le=180, allow_inf_nan=False)


class CityShape(Shape):
    name: Text
    bounds: BoundsShape
    timezone: Text = Field("Asia/Karachi", description="How times are shown to people (IANA name).")
    channels: list[Word] = Field(
        default_factory=list,
        description="Roads to contacts who name none of their own, in order of preference.",
    )


class TrapsShape(Shape):
    """Where traps and informs are heard. Without this section none are."""

    listen: list[Listener] = Field(["0.0.0.0"], min_length=1, description="Addresses of this machine.")  # noqa: S104
    port: Port = Field(1162, description="162 is the standard; ports below 1024 need a privilege.")
    community: Secret | None = Field(
        None, description="What v1 and v2c traps must carry; without it only their source is checked."
    )
    buffer_mib: int = Field(8, ge=1, le=256, description="Socket buffer, in MiB: holds a burst.")


class NamedShape(Shape):
    """A district, feeder or contractor."""

    name: Text


class ContactShape(Shape):
    name: Text
    role: Role = Field(description="Decides what is told: engineer, on_call, police or management.")
    number: Number = Field(description="Telephone number with country code.")
    districts: list[Id] = Field(default_factory=list, description="Told of these only; none named: of all.")
    contractors: list[Id] = Field(
        default_factory=list, description="Told of boxes of these contractors only; none named: of all."
    )
    channels: list[Word] = Field(default_factory=list, description="In order of preference.")


class BatteryShape(Shape):
    capacity_ah: float = Field(gt=0, le=10000, allow_inf_nan=False, description="Rated ampere-hours.")
    type: Literal["lead-acid", "lifepo4"] = "lead-acid"
    installed: Day | None = Field(None, description="Date of installation, if known.")


class FedByShape(Shape):
    """The switch port that powers a device."""

    switch: Id | None = Field(
        None, description="A switch of the same box; may be left out if there is one only."
    )
    port: Word = Field(description="The port as the switch's profile names it, mostly its number.")


class DeviceShape(DeviceDefaults):
    kind: Kind
    address: Host = Field(description="IPv4, IPv6 or host name.")
    name: Text | None = Field(None, description="What people call it; its id unless said otherwise.")
    trap_source: Host | None = Field(
        None, description="Where its traps come from, if not from its address (NAT)."
    )
    fed_by: FedByShape | None = None


class BoxShape(Shape):
    """A distribution box on a pole and the devices in it."""

    name: Text
    place: str = Field("", max_length=200, description="The words a driver needs to find it.")
    lat: float = Field(ge=-90, le=90, allow_inf_nan=False, description="Degrees north.")
    lon: float = Field(ge=-180, le=180, allow_inf_nan=False, description="Degrees east.")
    district: Id
    feeder: Id | None = Field(None, description="The power utility's feeder; its boxes lose mains together.")
    uplink: Id | None = Field(None, description="Device or parent box its data passes through.")
    contractor: Id | None = None
    battery: BatteryShape | None = None
    status: Status | None = Field(
        None, description="in service; its devices' too, unless they say otherwise."
    )
    tags: Tags = Field(default_factory=list)
    defaults: Defaults | None = Field(None, description="For the devices of this box.")
    devices: dict[Id, DeviceShape] = Field(default_factory=dict)


class InventoryShape(Shape):
    """The whole file."""

    city: CityShape
    defaults: CityDefaults = Field(
        default_factory=CityDefaults, description="Inherited by boxes, then devices."
    )
    traps: TrapsShape | None = None
    references: dict[Id, Host] = Field(
        default_factory=dict, description="Hosts whose silence means that the monitor itself is cut off."
    )
    districts: dict[Id, NamedShape] = Field(default_factory=dict)
    feeders: dict[Id, NamedShape] = Field(default_factory=dict)
    contractors: dict[Id, NamedShape] = Field(default_factory=dict)
    contacts: dict[Id, ContactShape] = Field(default_factory=dict)
    boxes: dict[Id, BoxShape] = Field(default_factory=dict)
