"""A town small enough to know by heart: two boxes, two feeders, one of every agent."""

from __future__ import annotations

import socket

from domain.place import (
    Battery,
    Bounds,
    Box,
    City,
    Device,
    District,
    Feeder,
    Kind,
    Reference,
    SecretRef,
    SnmpAccess,
    SnmpV3,
)
from tests.peers import free_port

COMMUNITY, AUTH_KEY, PRIV_KEY = "street-lamp", "sleepless-night", "watchful-morning"
START = 1_800_000_000_000
NET = "127.78"  # not the shipped city's, so that a running one is no hindrance

PLAIN = SnmpAccess("2c", community=SecretRef("env", "COMMUNITY"))


def secrets(reference: SecretRef) -> str:
    return {"COMMUNITY": COMMUNITY, "AUTH": AUTH_KEY, "PRIV": PRIV_KEY}[reference.name]


def v3(auth: str = "SHA-256", priv: str = "AES-128") -> SnmpAccess:
    keys = SecretRef("env", "AUTH"), SecretRef("env", "PRIV")
    return SnmpAccess("3", v3=SnmpV3("watch", auth, keys[0], priv, keys[1]))


def udp_port() -> int:
    return free_port(socket.SOCK_DGRAM)


def town(port: int = 16100, *, access: SnmpAccess = PLAIN) -> City:
    """North has a router; south hangs on it. `access` is that of north's switch."""

    def device(name: str, kind: Kind, host: str, **more: object) -> Device:
        given: dict[str, object] = {"snmp": PLAIN, **more}
        box = name.split("-")[0]
        return Device(name, box, kind, f"{NET}.{host}", port, **given)  # type: ignore[arg-type]

    devices = (
        device("north-ups", Kind.UPS, "1.1", profile="rfc1628"),
        device("north-switch", Kind.SWITCH, "1.2", snmp=access),
        device("north-router", Kind.ROUTER, "1.3"),
        device("north-door", Kind.SENSOR, "1.4"),
        device("north-cam1", Kind.CAMERA, "1.11", fed_by=("north-switch", "1"), profile="axis"),
        device("north-cam2", Kind.CAMERA, "1.12", fed_by=("north-switch", "2"), profile="hikvision"),
        device("south-ups", Kind.UPS, "2.1", profile="apc"),
        device("south-switch", Kind.SWITCH, "2.2"),
        device("south-cam1", Kind.CAMERA, "2.11", fed_by=("south-switch", "1"), profile="axis"),
        device("south-cam2", Kind.CAMERA, "2.12", fed_by=("south-switch", "2"), snmp=None),
    )
    boxes = (
        Box("north", "North", 24.86, 67.03, "d", "f1", "north-router", battery=Battery(100), place="a pole"),
        Box("south", "South", 24.85, 67.02, "d", "f2", "north", battery=Battery(65)),
    )
    return City(
        "Town",
        Bounds(24.0, 66.0, 26.0, 68.0),
        districts={"d": District("d", "D")},
        feeders={"f1": Feeder("f1", "One"), "f2": Feeder("f2", "Two")},
        boxes={box.id: box for box in boxes},
        devices={d.id: d for d in devices},
        references={"gateway": Reference("gateway", f"{NET}.0.1")},
    )
