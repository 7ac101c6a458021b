"""A plan reads an answer by its template, and by what it remembers, exactly as it reads it in full."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from collector.device import columns, verdicts
from collector.device.discover import discover
from collector.device.load import load
from collector.device.plan import Plan
from collector.snmp.session import Varbind
from collector.snmp.template import Alike, Templates
from domain.place import Device, Kind
from tests.collector.recorded import Recorded
from tests.collector.test_ber_template import answer
from tests.collector.test_own_recordings import RECORDINGS as OWN
from tests.peers import SHARED_DEVICES

REAL = [path for suffix in ("snmprec", "snmpwalk") for path in SHARED_DEVICES.glob(f"*/*.{suffix}")]
RECORDINGS = sorted([*OWN, *REAL])
PROFILES = load()


def asked(path: Path) -> tuple[Plan, list[Varbind]]:
    """The plan of a recorded device, and its answer to all that is asked by GET."""

    async def both() -> tuple[Plan, list[Varbind]]:
        session = Recorded.of(path)
        plan = await discover(session, Device("d", "b", Kind.UPS, "127.0.0.1"), PROFILES)
        names = [name for get in (*plan.gets, *plan.slow_gets) for name in get]
        return plan, [*(await session.get(names)).varbinds]

    return asyncio.run(both())


def alike(rows: Sequence[Varbind]) -> Alike:
    packet = answer([*rows])
    _, template = Templates().learn(packet)
    assert template is not None
    read = template.read(packet)
    assert read is not None
    return read[1]


@pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_by_template_or_in_full_new_or_seen_before_an_answer_reads_the_same(path: Path) -> None:
    plan, rows = asked(path)
    first = alike(rows)
    dice = random.Random(path.stem)
    for step in range(12):
        if step:  # other values of the same lengths, most of them seen before
            rows = [(n, t, dice.randbytes(len(o)) if dice.random() < 0.2 else o) for n, t, o in rows]
        given = Alike(first.template, tuple(octets for _, _, octets in rows))
        assert [*given] == rows
        for slow in (True, False):
            whole = replace(plan).decode(rows, "d", step, slow)  # remembers nothing
            assert plan.decode(given, "d", step, slow) == whole
            assert [*plan.decode(given, "d", step, slow).values] == [*whole.values]


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(columns, "_MEMO", 16)
    monkeypatch.setattr(verdicts, "_KEPT", 16)
    (path,) = (path for path in OWN if path.stem == "simulated-rfc1628")
    plan, rows = asked(path)
    first = alike(rows)
    for number in range(300):
        octets = tuple(bytes([number & 127]) if len(o) == 1 else o for o in first.octets)
        given = Alike(first.template, octets)
        assert plan.decode(given, "d", 0, False) == replace(plan).decode([*given], "d", 0, False)
    kept = [memo for column in plan._columns.values() for memo in column._memos]
    assert kept
    assert max(map(len, kept)) <= 16
    assert all(len(decision._kept or ()) <= 16 for decision in plan._verdicts._decisions)


def test_a_decision_that_looks_at_what_is_ever_new_stops_remembering() -> None:
    never = verdicts.Remembered(verdicts.Decision("x", ((None, 1.0, ""),), 0, 9, frozenset({"amperes"})))
    often = verdicts.Remembered(verdicts.Decision("x", ((None, 1.0, ""),), 0, 9, frozenset({"state"})))
    for number in range(1_000):
        facts = {"amperes": (float(number),), "state": (float(number % 5),)}
        assert never.decide(facts) == often.decide(facts) == (1.0, "")
    assert never._kept is None
    assert often._kept is not None
    assert len(often._kept) == 5
