"""A second opinion: LibreNMS's sensors beside the recordings, compared where they mean our metrics.

A LibreNMS sensor names the OID it was read from; where our plan reads that OID for a metric, the
two numbers must agree, or stand in DISAGREEMENTS with the reason.
"""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from collector.discover import discover
from collector.plan import Asked, Plan
from collector.profile import Source
from collector.profile_load import load
from collector.session import dotted
from domain.place import Device, Kind
from domain.reading import Reading
from tests.collector.recorded import Recorded
from tests.peers import SHARED_DEVICES, shared_devices

PROFILES = load()
OPINIONS = sorted(SHARED_DEVICES.glob("*/*.expected.json"))
IDS = [f"{path.parent.name}/{path.name.removesuffix('.expected.json')}" for path in OPINIONS]

NUMERIC = {
    "charge",
    "current",
    "dbm",
    "frequency",
    "humidity",
    "load",
    "power",
    "runtime",
    "signal",
    "temperature",
    "voltage",
}
MINUTES = {"battery_runtime_seconds", "time_on_battery_seconds"}

NOT_FITTED = "0 is what this UPS says where no battery sensor is fitted; we say absent"
NOT_PRESENT = "999.9 is this cabinet's word for a phase that is not there"
DISAGREEMENTS: dict[tuple[str, str], str] = {
    ("switch/moxa_iks-6728a-8poe", "poe_port_power_watts"): "-1 W is a port without a powered device",
    ("switch/nexans_gigaswitch", "supply_voltage_volts"): "0 V at the PoE input is no supply connected",
    ("ups/abb_upsnet-acd364", "battery_temperature_celsius"): NOT_FITTED,
    ("ups/eaton_5px-3000", "battery_temperature_celsius"): NOT_FITTED,
    ("ups/apc_powerchute-smart-ups-1000", "output_load_percent"): "the raw row says 31 %, LibreNMS kept 0",
    ("ups/invt_netagent2", "battery_runtime_seconds"): "9999 is the sentinel of the card, no 167 minutes",
    ("ups/socomec_netvision8", "battery_runtime_seconds"): "65535 is the sentinel of the card",
    (
        "ups/sinetica_upscontroller",
        "battery_runtime_seconds",
    ): "0 minutes beside a charge of 100 %: no estimate",
    ("ups/sinetica_upscontroller", "input_voltage_volts"): "206 V, not 20.6: LibreNMS divides volts by ten",
    ("ups/sinetica_upscontroller", "output_voltage_volts"): "208 V, not 20.8: LibreNMS divides volts by ten",
    ("ups/vertiv_smartcabinet-dcs", "input_voltage_volts"): NOT_PRESENT,
    ("ups/vertiv_smartcabinet-dcs", "output_voltage_volts"): NOT_PRESENT,
    ("ups/vertiv_smartcabinet-dcs", "output_load_percent"): NOT_PRESENT,
    ("ups/eaton_5px-3000", "temperature_celsius"): "the ambient 0 is no probe; the remote one says 33",
}
"""(recording, metric): why LibreNMS is wrong there, or what it means otherwise."""


def sensors(node: Any) -> Iterator[dict[str, Any]]:
    """Every sensor of a LibreNMS test file, wherever it stands."""
    if isinstance(node, dict):
        if "sensor_oid" in node and "sensor_current" in node:
            yield node
        else:
            for child in node.values():
                yield from sensors(child)
    elif isinstance(node, list):
        for child in node:
            yield from sensors(child)


def read(path: Path) -> tuple[Plan, Reading]:
    session = Recorded.of(path)
    plan = asyncio.run(discover(session, Device("d", "b", Kind.SENSOR, "127.0.0.1"), PROFILES))
    varbinds = []
    for pdu in (*plan.gets, *plan.slow_gets):
        varbinds += asyncio.run(session.get(pdu)).varbinds
    for root in plan.walks:
        varbinds += asyncio.run(session.walk(root)).varbinds
    return plan, plan.decode(varbinds, "d", 1, slow=True)


def is_state(one: Asked) -> bool:
    """A state that a threshold makes of a number: LibreNMS compares the number."""
    return isinstance(one.source, Source) and one.source.above is not None


def opinions(path: Path) -> Iterator[tuple[str, float | None, float]]:
    """(our key, our value, LibreNMS's value in our unit) for each sensor that means a metric of ours."""
    recording = path.with_name(path.name.removesuffix(".expected.json") + ".snmprec")
    plan, reading = read(recording)
    by_oid = {dotted(one.oid): one for one in plan.asked if one.kind == "metric" and not is_state(one)}
    found = json.loads(path.read_text())["sensors"]["discovery"]
    for sensor in sensors(found):
        one = by_oid.get(sensor["sensor_oid"].lstrip("."))
        if one is None or sensor["sensor_class"] not in NUMERIC or sensor["sensor_current"] is None:
            continue
        theirs = float(sensor["sensor_current"]) * (60 if one.name in MINUTES else 1)
        yield one.shown, reading.values.get((one.name, one.label)), theirs


@pytest.mark.parametrize("path", OPINIONS or [Path("absent")], ids=IDS or ["absent"])
def test_we_agree_with_librenms_or_know_why_not(path: Path) -> None:
    shared_devices()
    name = f"{path.parent.name}/{path.name.removesuffix('.expected.json')}"
    document = json.loads(path.read_text())
    if "discovery" not in document.get("sensors", {}):
        pytest.skip("LibreNMS has no sensors for it")
    for key, ours, theirs in opinions(path):
        agree = ours is not None and math.isclose(ours, theirs, rel_tol=0.001, abs_tol=0.051)
        listed = DISAGREEMENTS.get((name, key.partition("{")[0]))
        assert agree or listed, f"{key}: we read {ours}, LibreNMS {theirs}"


def test_every_listed_disagreement_is_still_one() -> None:
    shared_devices()
    for (name, metric), why in DISAGREEMENTS.items():
        path = SHARED_DEVICES / f"{name}.expected.json"
        differing = [
            key
            for key, ours, theirs in opinions(path)
            if key.partition("{")[0] == metric
            and (ours is None or not math.isclose(ours, theirs, rel_tol=0.001, abs_tol=0.051))
        ]
        assert differing, f"{name} {metric} agrees by now; {why}"


def test_the_opinions_that_can_be_compared_are_many() -> None:
    shared_devices()
    compared = sum(
        1 for path in OPINIONS if "sensors" in json.loads(path.read_text()) for _ in opinions(path)
    )
    assert compared > 300, "the comparison lost its ground"
