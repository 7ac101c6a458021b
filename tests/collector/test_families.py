"""Laws of all device families, over every recording: kinds, labels, sentinels, cost."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from collector.device.discover import discover
from collector.device.plan import Plan
from collector.device.recognise import FALLBACK
from domain.metric import CATALOGUE, Shape
from domain.place import Device, Kind
from domain.reading import parsed
from tests.collector.families import profiles, recording
from tests.collector.recorded import Recorded, rows_of
from tests.peers import SHARED_DEVICES, shared_devices

FAMILIES = ("switch", "camera", "router", "sensor")
RECORDINGS = sorted(p for kind in FAMILIES for p in (SHARED_DEVICES / kind).glob("*.snmp*"))
every_recording = pytest.mark.parametrize(
    "path",
    RECORDINGS or [Path("absent")],
    ids=[f"{p.parent.name}/{p.stem}" for p in RECORDINGS] or ["absent"],
)
WITHOUT_IDENTITY = {"westermo_sensors"}  # a fragment: only its entity sensors were kept


@pytest.fixture(autouse=True)
def recordings() -> None:
    shared_devices()


def planned(path: Path, rows: dict[str, tuple[int, bytes]] | None = None) -> Plan:
    session = Recorded(rows_of(path) if rows is None else rows)
    return asyncio.run(discover(session, Device("d", "b", Kind.SENSOR, "127.0.0.1"), profiles()))


@every_recording
def test_a_device_is_of_the_kind_it_is_sold_as_and_never_unknown(path: Path) -> None:
    plan = planned(path)
    assert plan.profile != FALLBACK
    if path.stem not in WITHOUT_IDENTITY:
        assert plan.kind == path.parent.name


@every_recording
def test_labels_fit_a_store_and_stay_the_same_from_one_discovery_to_the_next(path: Path) -> None:
    rows = rows_of(path)
    backwards = dict(reversed(rows.items()))
    first = [one.shown for one in planned(path, rows).asked]
    assert sorted(first) == sorted(one.shown for one in planned(path, backwards).asked)
    for name in first:
        _, label = parsed(name)
        assert label == label.strip()
        assert len(label) <= 70
        assert not set("{}\n\t") & set(label)


SENTINELS = {-1.0, -9999.0, -273.0, 32767.0, 65535.0, 2147483647.0, 4294967295.0, 999.9, 6553.5, 9999.0}


@every_recording
def test_no_sentinel_comes_out_as_a_gauge(path: Path) -> None:
    result = recording(f"{path.parent.name}/{path.name}")
    for key, value in result.values.items():
        metric = CATALOGUE.get(parsed(key)[0])
        if metric is not None and metric.shape is Shape.GAUGE and not isinstance(value, str):
            assert value not in SENTINELS, key


@every_recording
def test_a_poll_is_a_few_questions(path: Path) -> None:
    """At most 24 OIDs to a PDU; 28 ports are four PDUs, all else one or two."""
    plan = planned(path)
    assert all(len(pdu) <= 24 for pdu in (*plan.gets, *plan.slow_gets))
    assert len(plan.gets) <= 4
    assert len(plan.gets) + len(plan.slow_gets) / plan.slow_every <= 5
