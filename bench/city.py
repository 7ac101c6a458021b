"""A city of UPSes for benchmarks, what they answer, and everything `watch` needs to judge it."""

from __future__ import annotations

import tempfile
from pathlib import Path

from alerting import load as telling
from app.accepted import Accepted
from collector.device import load as profile_load
from collector.snmp.session import (
    COUNTER32,
    GAUGE32,
    INTEGER,
    OBJECT_ID,
    OCTET_STRING,
    TIMETICKS,
    Credentials,
    oid,
)
from domain.place import Bounds, Box, City, Device, District, Feeder, Kind, SnmpAccess
from domain.record import Configuration
from rules import load as judging
from rules.rule import Rules

PROFILES = Path(__file__).with_name("profiles")
COMMUNITY = "public"
PORT = 16161
USER, PHRASE = "bench", "benchmark-phrase"
FIRST = 0x7F010000
"""127.1.0.0: the address of the first device; the others follow."""

ASKED = (
    ("1.3.6.1.2.1.1.3.0", TIMETICKS, "01020304"),
    ("1.3.6.1.2.1.33.1.2.2.0", INTEGER, "00"),
    ("1.3.6.1.2.1.33.1.2.3.0", INTEGER, "0078"),
    ("1.3.6.1.2.1.33.1.2.4.0", INTEGER, "60"),
    ("1.3.6.1.2.1.33.1.2.5.0", INTEGER, "0111"),
    ("1.3.6.1.2.1.33.1.2.7.0", INTEGER, "1f"),
    ("1.3.6.1.2.1.33.1.3.1.0", COUNTER32, "11"),
    ("1.3.6.1.2.1.33.1.3.3.1.3.1", INTEGER, "00e7"),
    ("1.3.6.1.2.1.33.1.4.1.0", INTEGER, "03"),
    ("1.3.6.1.2.1.33.1.4.4.1.5.1", GAUGE32, "2a"),
)
"""The ten OIDs that every poll asks, in MIB order: (OID, BER tag, content octets)."""

VARYING = {
    "1.3.6.1.2.1.33.1.2.4.0": 5,
    "1.3.6.1.2.1.33.1.2.7.0": 9,
    "1.3.6.1.2.1.33.1.3.3.1.3.1": 21,
    "1.3.6.1.2.1.33.1.4.4.1.5.1": 50,
}
"""Charge, degrees, volts and load are not the same everywhere and always: how many values there are, from
the one above on."""

RULES_A_DEVICE = 10
_LIMITS = (
    ("sys_uptime_seconds", "below", 0.5),
    ("time_on_battery_seconds", "above", 86_400),
    ("battery_runtime_seconds", "below", 60),
    ("battery_voltage_volts", "below", 20),
    ("battery_temperature_celsius", "above", 60),
    ("input_voltage_volts", "above", 270),
    ("output_load_percent", "above", 95),
)

_IDENTITY = (
    ("1.3.6.1.2.1.1.1.0", OCTET_STRING, b"benchmark UPS".hex()),
    ("1.3.6.1.2.1.1.2.0", OBJECT_ID, oid("1.3.6.1.2.1.33").hex()),
)
_SHIPPED_TOO = (
    ("1.3.6.1.2.1.33.1.1.1.0", OCTET_STRING, b"Maker".hex()),
    ("1.3.6.1.2.1.33.1.1.2.0", OCTET_STRING, b"Model".hex()),
    ("1.3.6.1.2.1.33.1.2.1.0", INTEGER, "02"),
    ("1.3.6.1.2.1.33.1.2.6.0", INTEGER, "05"),
    ("1.3.6.1.2.1.33.1.3.3.1.2.1", INTEGER, "01f4"),
    ("1.3.6.1.2.1.33.1.4.4.1.2.1", INTEGER, "00e6"),
    ("1.3.6.1.2.1.33.1.6.1.0", GAUGE32, "00"),
    ("1.3.6.1.2.1.33.1.7.3.0", INTEGER, "06"),
)
"""What the shipped profile of the UPS-MIB reads beyond the ten."""


def table() -> str:
    """What the responder answers, for its command line."""
    rows = sorted((*ASKED, *_IDENTITY, *_SHIPPED_TOO), key=lambda row: tuple(map(int, row[0].split("."))))
    return "".join(f"{name} {tag:x} {octets} {VARYING.get(name, 1)}\n" for name, tag, octets in rows)


def address(number: int) -> str:
    octets = (FIRST + number).to_bytes(4, "big")
    return ".".join(map(str, octets))


def credentials(device: Device) -> Credentials | None:
    return Credentials("2c", COMMUNITY) if device.snmp else None


def credentials_v3(_: Device) -> Credentials | None:
    return Credentials(
        "3", user=USER, auth_protocol="SHA-256", auth_key=PHRASE, priv_protocol="AES-128", priv_key=PHRASE
    )


def snmpd_conf(port: int) -> str:
    """net-snmp's agent on every address of 127/8, with the ten OIDs laid over its own."""
    words = {INTEGER: "integer", COUNTER32: "counter", GAUGE32: "gauge"}
    rows = [f"override {name} {words[tag]} {int(octets, 16)}" for name, tag, octets in ASKED if tag in words]
    return "\n".join(
        [
            f"agentaddress udp:0.0.0.0:{port}",
            f"createUser {USER} SHA-256 {PHRASE} AES {PHRASE}",
            f"rouser {USER} priv",
            f"rocommunity {COMMUNITY}",
            *rows,
            "",
        ]
    )


def city(
    devices: int,
    interval_s: float,
    *,
    port: int = PORT,
    profile: str = "bench-ups",
    icmp_interval_s: float = 3600.0,
    a_box: int = 10,
    version: str = "2c",
) -> City:
    """`a_box` devices a box, twenty boxes a feeder, all UPSes: the kind with the most rules."""
    boxes: dict[str, Box] = {}
    found: dict[str, Device] = {}
    access = SnmpAccess(version)
    for number in range(devices):
        at = number // a_box
        box = f"B{at:06d}"
        if box not in boxes:
            boxes[box] = Box(box, f"Corner {at}", 24.9, 67.0, "d0", f"f{at // 20}")
        name = f"{box}-{number % a_box}"
        found[name] = Device(
            name, box, Kind.UPS, address(number), port, profile=profile, snmp=access,
            icmp_interval_s=icmp_interval_s, snmp_interval_s=interval_s,
        )  # fmt: skip
    feeders = {f"f{n}": Feeder(f"f{n}", f"Feeder {n}") for n in range(len(boxes) // 20 + 1)}
    return City(
        "Benchmark",
        Bounds(24.0, 66.0, 26.0, 68.0),
        districts={"d0": District("d0", "District")},
        feeders=feeders,
        boxes=boxes,
        devices=found,
    )


def rules() -> Rules:
    """The shipped rules and as many limits more as make ten that look at each answer of a UPS: these,
    its battery's charge, whether its agent speaks and whether its mains are there."""
    more = "".join(
        f"  bench-{metric.replace('_', '-')}:\n"
        f"    {{concern: degraded, cause: slow, kinds: [ups], metric: {metric}, {way}: {limit}, polls: 2}}\n"
        for metric, way, limit in _LIMITS
    )
    text = judging.SHIPPED.read_text().replace("\nthresholds:\n", f"\nthresholds:\n{more}")
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        file.write(text)
        file.flush()
        return judging.load(Path(file.name))


def accepted(place: City, *, shipped: bool = False) -> Accepted:
    """Those rules and the shipped texts over this city; `shipped` profiles too, or the benchmark's alone."""
    folders = (profile_load.SHIPPED, PROFILES) if shipped else (PROFILES,)
    return Accepted(
        place,
        rules(),
        telling.load_texts(telling.TEXTS),
        telling.load_roster(telling.ROSTER),
        profile_load.load(*folders),
        Configuration("0" * 64, 0, {}),
    )
