"""Defaults flow city -> box -> device; the nearest word wins, key by key."""

from __future__ import annotations

import pytest

from domain.errors import ConfigError
from domain.place import City, SecretRef, SnmpAccess, SnmpV3, Status
from inventory.load import loads
from tests.inventory.base import changed

OWN = "{kind: camera, address: 10.0.1.11, fed_by: {port: 1}}"


def city(defaults: str = "", box: str = "", device: str = "") -> City:
    """GOOD with more said in the city's defaults, in those of box B1, and by its first camera."""
    return loads(
        changed(
            ("  contractor: alpha\n", f"  contractor: alpha\n{defaults}"),
            ("    uplink: B1-router\n", f"    uplink: B1-router\n{box}"),
            (OWN, f"{OWN[:-1]}{device}}}"),
        )
    ).city


def test_without_any_word_a_device_has_the_documented_defaults() -> None:
    camera = city().devices["B1-cam1"]
    assert (camera.port, camera.profile, camera.icmp_interval_s, camera.snmp_interval_s) == (
        161,
        "auto",
        30.0,
        60.0,
    )
    assert (camera.status, camera.tags, camera.name) == (Status.IN_SERVICE, frozenset(), "B1-cam1")
    assert camera.snmp == SnmpAccess("2c", community=SecretRef("env", "TEST_COMMUNITY"))
    assert camera.fed_by == ("B1-switch", "1")


@pytest.mark.parametrize(
    ("defaults", "box", "device", "port"),
    [
        ("  port: 1001\n", "", "", 1001),
        ("  port: 1001\n  camera: {port: 1002}\n", "", "", 1002),
        ("  port: 1001\n  ups: {port: 1002}\n", "", "", 1001),
        ("  camera: {port: 1002}\n", "    defaults: {port: 1003}\n", "", 1003),
        ("  camera: {port: 1002}\n", "    defaults: {port: 1003, camera: {port: 1004}}\n", "", 1004),
        ("  port: 1001\n", "    defaults: {camera: {port: 1004}}\n", ", port: 1005", 1005),
    ],
)
def test_the_nearest_word_wins(defaults: str, box: str, device: str, port: int) -> None:
    assert city(defaults, box, device).devices["B1-cam1"].port == port


def test_a_box_speaks_for_its_own_devices_only() -> None:
    made = city(box="    defaults: {icmp_interval: 5m, profile: axis, camera: {tags: [e-challan]}}\n")
    assert made.devices["B1-cam2"].icmp_interval_s == 300.0
    assert made.devices["B1-cam2"].profile == "axis"
    assert made.devices["B1-cam2"].tags == {"e-challan"}
    assert made.devices["B1-switch"].tags == frozenset()
    assert made.devices["B2-cam1"].icmp_interval_s == 30.0


def test_credentials_are_inherited_key_by_key() -> None:
    made = city(device=", snmp: {community: file:/etc/nigehban/cam}").devices["B1-cam1"]
    assert made.snmp == SnmpAccess("2c", community=SecretRef("file", "/etc/nigehban/cam"))
    v3 = "    defaults: {snmp: {version: 3, user: watcher, auth_key: env:A, priv_key: env:P}}\n"
    made = city(box=v3, device=", snmp: {auth: SHA-512, priv: AES-256}").devices["B1-cam1"]
    assert made.snmp == SnmpAccess(
        "3", v3=SnmpV3("watcher", "SHA-512", SecretRef("env", "A"), "AES-256", SecretRef("env", "P"))
    )
    assert city(box=v3).devices["B1-cam2"].snmp == SnmpAccess(
        "3", v3=SnmpV3("watcher", "SHA-256", SecretRef("env", "A"), "AES-128", SecretRef("env", "P"))
    )


def test_layers_of_version_three_can_be_left_off_in_so_many_words() -> None:
    device = ", snmp: {version: 3, user: u, auth: none}"
    assert city(device=device).devices["B1-cam1"].snmp == SnmpAccess("3", v3=SnmpV3("u", "", None, "", None))
    device = ", snmp: {version: 3, user: u, auth: MD5, auth_key: env:A, priv: none, legacy: true}"
    v3 = SnmpV3("u", "MD5", SecretRef("env", "A"), "", None)
    assert city(device=device).devices["B1-cam1"].snmp == SnmpAccess("3", v3=v3)


def test_snmp_none_takes_the_agent_away_and_nearer_credentials_bring_it_back() -> None:
    assert city(device=", snmp: none").devices["B1-cam1"].snmp is None
    made = city(box="    defaults: {snmp: none}\n", device=", snmp: {community: env:OWN}")
    assert made.devices["B1-cam2"].snmp is None
    assert made.devices["B1-cam1"].snmp == SnmpAccess("2c", community=SecretRef("env", "OWN"))


def test_status_flows_from_city_to_box_to_device() -> None:
    made = city(box="    status: planned\n", device=", status: in service")
    assert made.boxes["B1"].status is Status.PLANNED
    assert made.devices["B1-cam1"].status is Status.IN_SERVICE
    assert made.devices["B1-cam2"].status is Status.PLANNED
    made = city(defaults="  status: commissioning\n", box="    status: in service\n")
    assert made.boxes["B2"].status is made.devices["B2-cam1"].status is Status.COMMISSIONING
    assert made.boxes["B1"].status is made.devices["B1-cam1"].status is Status.IN_SERVICE


def test_boxes_inherit_the_contractor() -> None:
    text = changed(
        ("  alpha: {name: Alpha}", "  alpha: {name: Alpha}\n  beta: {name: Beta}"),
        ("    district: north\n", "    district: north\n    contractor: beta\n"),
    )
    boxes = loads(text).city.boxes
    assert (boxes["B1"].contractor, boxes["B2"].contractor) == ("alpha", "beta")


def test_a_retired_device_leaves_its_address_to_its_successor() -> None:
    both = ("10.0.2.11,", "10.0.1.11,")
    assert loads(changed((OWN, f"{OWN[:-1]}, status: retired}}"), both)).city.devices["B2-cam1"]
    with pytest.raises(ConfigError, match="already that of B1-cam1"):
        loads(changed(both))


def test_one_address_with_two_ports_is_two_agents() -> None:
    made = loads(changed(("10.0.2.11,", "10.0.1.11, port: 1161,"))).city
    assert made.devices["B1-cam1"].address == made.devices["B2-cam1"].address


def test_equal_accesses_and_addresses_are_told_apart_by_meaning_not_by_spelling() -> None:
    spelled = "{kind: camera, address: '2001:DB8::0:1'}"
    twin = "      B2-cam1:", "      B2-v6: {kind: camera, address: '2001:db8::1'}\n      B2-cam1:"
    with pytest.raises(ConfigError, match="2001:db8::1 port 161 is already that of B1-cam1"):
        loads(changed((OWN, spelled), twin))
