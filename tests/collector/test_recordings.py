"""Every real recording beside the project: recognised, read without a crash, and read right."""

from __future__ import annotations

import asyncio
import math
import random
from functools import cache
from pathlib import Path

import pytest

from collector.device.discover import discover
from collector.device.load import load
from collector.probe import ProbeResult, probe, rendered
from collector.snmp.session import COUNTER64, INTEGER, NULL, OBJECT_ID, OCTET_STRING, OPAQUE, TIMETICKS
from domain.metric import CATALOGUE, Shape
from domain.place import Device, Kind
from domain.reading import Outcome, parsed
from tests.collector.recompute import candidates, values
from tests.collector.recorded import Recorded, number, rows_of
from tests.peers import SHARED_DEVICES, shared_devices

PROFILES = load()
RECORDINGS = sorted(
    path for pattern in ("*/*.snmprec", "*/*.snmpwalk") for path in SHARED_DEVICES.glob(pattern)
)
IDS = [f"{path.parent.name}/{path.stem}" for path in RECORDINGS]
every_recording = pytest.mark.parametrize("path", RECORDINGS or [Path("absent")], ids=IDS or ["absent"])


@pytest.fixture(autouse=True)
def recordings() -> None:
    shared_devices()


@cache
def probed(path: Path) -> ProbeResult:
    return asyncio.run(probe(Recorded.of(path), path.stem, PROFILES))


@every_recording
def test_a_recording_is_read_without_a_crash_and_stays_in_range(path: Path) -> None:
    result = probed(path)
    assert result.outcome is Outcome.OK
    assert rendered(result, explain=True)
    check_ranges(result)


@every_recording
def test_each_printed_value_is_what_the_raw_rows_say(path: Path) -> None:
    """Recomputed by tests/collector/recompute.py; a value it knows nothing of fails, and so does a text."""
    raw = values(rows_of(path))
    octets = {each for _tag, each in rows_of(path).values()}
    texts = TextRows(raw)
    for key, value in probed(path).values.items():
        metric, label = parsed(key)
        if metric == "mac":
            assert bytes.fromhex(str(value).replace(":", "")) in octets or texts.has(str(value)), key
        elif isinstance(value, str):
            assert texts.allow(metric, label, value), f"{key} = {value!r} stands in no row"
        else:
            allowed = list(candidates(metric, label, raw))
            assert any(math.isclose(value, each, rel_tol=1e-6, abs_tol=1e-6) for each in allowed), (
                f"{key} = {value}, but the raw rows allow only {allowed}"
            )


class TextRows:
    """The texts of a recording, their blanks folded as those of a printed text."""

    def __init__(self, rows: dict[str, int | str]) -> None:
        self._rows = {name: plain(raw) for name, raw in rows.items() if isinstance(raw, str)}

    def has(self, text: str) -> bool:
        return any(text.casefold() in row.casefold() for row in self._rows.values())

    def allow(self, metric: str, label: str, text: str) -> bool:
        """sysDescr by its row, the name of a port or slot by its index; other texts by any row."""
        if metric == "description":
            return text in self._rows.get("1.3.6.1.2.1.1.1.0", "")
        if label:
            return any(text in row for name, row in self._rows.items() if label in name.split(".")[-3:])
        return self.has(text)


def plain(text: str) -> str:
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())


@every_recording
def test_nothing_is_both_a_value_and_absent(path: Path) -> None:
    result = probed(path)
    assert not set(result.values) & set(result.absent)
    assert all(result.absent.values())


def check_ranges(result: ProbeResult) -> None:
    for key, value in result.values.items():
        metric, label = parsed(key)
        if isinstance(value, str):
            assert metric not in CATALOGUE
            continue
        known = CATALOGUE[metric]
        assert known.low <= value <= known.high
        assert bool(known.label) == bool(label)
        assert math.isfinite(value)
        if known.shape is Shape.STATE:
            assert value in (known.legend or {})


_GARBAGE = [
    (NULL, b""),
    (OCTET_STRING, b""),
    (OCTET_STRING, b"n/a"),
    (OCTET_STRING, b"\xff\xfe\x00\x80"),
    (OCTET_STRING, b"NaN"),
    (OCTET_STRING, b"1e309"),
    (OCTET_STRING, b"{}" * 300),
    (INTEGER, number(-1)),
    (INTEGER, number(2**31 - 1)),
    (INTEGER, number(-(2**63))),
    (INTEGER, b""),
    (INTEGER, b"\xff" * 40),
    (COUNTER64, b"\xff" * 8),
    (TIMETICKS, b"\xff" * 4),
    (OBJECT_ID, b"\x80"),
    (OBJECT_ID, b""),
    (OPAQUE, b"\x9f\x78\x04\x7f\x80\x00\x00"),
    (OPAQUE, b"\x9f\x78\x04\x7f\xc0\x00\x00"),
    (0x40, b"\x7f\x00\x00\x01"),
    (0x80, b""),
    (0xFF, b"\x00"),
]


@every_recording
def test_rows_replaced_by_garbage_give_no_crash_and_no_number_out_of_range(path: Path) -> None:
    chance = random.Random(path.stem)
    rows = rows_of(path)
    for share in (0.05, 0.5, 1.0):
        mutated = {
            name: chance.choice(_GARBAGE) if chance.random() < share else raw for name, raw in rows.items()
        }
        result = asyncio.run(probe(Recorded(mutated), path.stem, PROFILES))
        assert result.outcome is Outcome.OK
        rendered(result, explain=True)
        check_ranges(result)


@every_recording
def test_a_device_that_changes_after_discovery_is_decoded_without_a_crash(path: Path) -> None:
    """The plan stands; its varbinds become garbage, go missing, or come twice."""
    session = Recorded.of(path)
    device = Device("d", "b", Kind.SENSOR, "127.0.0.1")
    plan = asyncio.run(discover(session, device, PROFILES))
    chance = random.Random(path.stem)
    asked = [each for pdu in (*plan.gets, *plan.slow_gets) for each in pdu]
    for _ in range(5):
        varbinds = [(each, *chance.choice(_GARBAGE)) for each in asked if chance.random() < 0.8]
        reading = plan.decode(varbinds + varbinds[:3], "d", 1, slow=True)
        for (metric, _label), value in reading.values.items():
            assert CATALOGUE[metric].low <= value <= CATALOGUE[metric].high
        plan.stale(reading)
    measures = [one for one in plan.asked if one.kind == "metric"]
    assert plan.stale(plan.decode([], "d", 1, slow=True)) or len(measures) < 2
