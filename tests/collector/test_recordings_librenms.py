"""A second opinion: LibreNMS's sensors beside the recordings, compared where they mean our metrics.

A LibreNMS sensor names the OID it was read from; where our plan reads that OID for a metric, the
two numbers must agree, or stand in disagreements.yaml with the reason.
"""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from collector.device.discover import discover
from collector.device.load import load
from collector.device.plan import Plan
from collector.snmp.session import Varbind, dotted
from domain.metric import CATALOGUE
from domain.place import Device, Kind
from domain.reading import Reading
from tests.collector.recorded import Recorded
from tests.peers import SHARED_DEVICES, shared_devices

PROFILES = load()
OPINIONS = sorted(SHARED_DEVICES.glob("*/*.expected.json"))
IDS = [f"{path.parent.name}/{path.name.removesuffix('.expected.json')}" for path in OPINIONS]

UNITS = {
    "charge": "%",
    "current": "A",
    "dbm": "dBm",
    "frequency": "Hz",
    "humidity": "%",
    "load": "%",
    "power": "W",
    "runtime": "s",
    "signal": "dBm",
    "temperature": "degC",
    "voltage": "V",
}
"""The unit of a metric that a LibreNMS sensor class can mean; one OID may serve a state of ours besides."""
MINUTES = {"battery_runtime_seconds", "time_on_battery_seconds"}

DISAGREEMENTS: dict[tuple[str, str], str] = {
    (recording, metric): why
    for recording, metrics in yaml.safe_load(
        (Path(__file__).parent / "disagreements.yaml").read_text(encoding="utf-8")
    ).items()
    for metric, why in metrics.items()
}
"""(recording, metric): why LibreNMS is wrong there, or what it means otherwise; docs/devices.md tells."""


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
    varbinds: list[Varbind] = []
    for pdu in (*plan.gets, *plan.slow_gets):
        varbinds += asyncio.run(session.get(pdu)).varbinds
    for root in plan.walks:
        varbinds += asyncio.run(session.walk(root)).varbinds
    return plan, plan.decode(varbinds, "d", 1, slow=True)


def opinions(path: Path) -> Iterator[tuple[str, float | None, float]]:
    """(our key, our value, LibreNMS's value in our unit) for each sensor that means a metric of ours."""
    recording = path.with_name(path.name.removesuffix(".expected.json") + ".snmprec")
    plan, reading = read(recording)
    measures = (one for one in plan.asked if one.kind == "metric")
    by_oid = {(dotted(one.oid), CATALOGUE[one.name].unit): one for one in measures}
    found = json.loads(path.read_text())["sensors"]["discovery"]
    for sensor in sensors(found):
        unit = UNITS.get(sensor["sensor_class"], "not compared")
        one = by_oid.get((sensor["sensor_oid"].lstrip("."), unit))
        if one is None or sensor["sensor_current"] is None:
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
