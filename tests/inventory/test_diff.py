"""What changed between two cities, as an operator reads it."""

from __future__ import annotations

import pytest

from inventory.diff import diff
from inventory.load import loads
from tests.inventory.base import GOOD, changed

CAM1 = "{kind: camera, address: 10.0.1.11, fed_by: {port: 1}}"
CASES = [
    (("name: Testville", "name: Oldtown"), "city: name Testville -> Oldtown"),
    (("east: 68.0", "east: 69.5"), "city: bounds 24..26 N 66..68 E -> 24..26 N 66..69.5 E"),
    (
        ("references:", "traps: {}\nreferences:"),
        "city: traps none -> 0.0.0.0 port 1162, buffer 8 MiB",
    ),
    (("  south: {name: South}", "  south: {name: Saddar}"), "district south: name South -> Saddar"),
    (("{gateway: 127.0.0.1}", "{gateway: 127.0.0.9}"), "reference gateway: address 127.0.0.1 -> 127.0.0.9"),
    (("+92 300 0000003", "+92 300 0000004"), "contact desk: number +923000000003 -> +923000000004"),
    (("    feeder: f1\n", ""), "box B1: feeder f1 -> none"),
    (("  f1: {", "  f2: {name: Feeder 2}\n  f1: {"), "feeder f2 added: Feeder 2"),
    (
        ("battery: {capacity_ah: 100,", "battery: {capacity_ah: 65, type: lifepo4,"),
        "box B1: battery 100 Ah lead-acid of 2024-03-10 -> 65 Ah lifepo4 of 2024-03-10",
    ),
    (("name: First", "name: First\n    tags: [b, a]"), "box B1: tags none -> a, b"),
    (
        (CAM1, CAM1.replace("port: 1", "port: 4")),
        "device B1-cam1: fed by B1-switch port 1 -> B1-switch port 4",
    ),
    ((CAM1, CAM1[:-1] + ", icmp_interval: 5s}"), "device B1-cam1: icmp interval 30s -> 5s"),
    ((CAM1, CAM1[:-1] + ", snmp: none}"), "device B1-cam1: snmp 2c env:TEST_COMMUNITY -> none"),
    (
        (CAM1, CAM1[:-1] + ", snmp: {version: 3, user: u, auth_key: env:A, priv_key: env:P}}"),
        "device B1-cam1: snmp 2c env:TEST_COMMUNITY -> 3 user u SHA-256 env:A AES-128 env:P",
    ),
    (
        ("      B2-cam1:", "      B2-cam2: {kind: camera, address: 10.0.2.12}\n      B2-cam1:"),
        "device B2-cam2 added: camera in box B2 at 10.0.2.12 port 161",
    ),
    ((f"      B1-cam1: {CAM1}\n", ""), "device B1-cam1 removed: camera in box B1 at 10.0.1.11 port 161"),
    ((GOOD[GOOD.index("  B2:") :], ""), "box B2 removed: Second, district north, 2 devices"),
    (
        ("  contractor: alpha\n", "  contractor: alpha\n  snmp_interval: 10s\n"),
        "6 devices: snmp interval 60s -> 10s (B1-switch, B1-router, B1-cam1 and 3 more)",
    ),
]


@pytest.mark.parametrize(("change", "line"), CASES, ids=[line for _, line in CASES])
def test_one_change_is_one_line(change: tuple[str, str], line: str) -> None:
    assert diff(loads(GOOD).city, loads(changed(change)).city) == (line,)


def test_the_same_city_differs_in_nothing_however_it_is_written() -> None:
    commented = "# a comment\n" + changed(("+92 300 0000003", '"+92-300-000-0003"'))
    assert diff(loads(GOOD).city, loads(commented).city) == ()


def test_the_first_configuration_is_a_count() -> None:
    assert diff(None, loads(GOOD).city) == ("first configuration: 2 boxes, 6 devices",)


def test_a_box_that_comes_with_its_devices_is_one_line() -> None:
    without = loads(GOOD.replace(GOOD[GOOD.index("  B2:") :], "")).city
    assert diff(without, loads(GOOD).city) == ("box B2 added: Second, district north, 2 devices",)
