"""The whole way of a poll, with nothing stood in: a recorded UPS, its profile, its plan, its readings."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path

import pytest

import collector
from collector.device.discover import discover
from collector.device.load import load
from collector.poller import PollSettings
from collector.snmp.session import Credentials
from domain.place import Kind
from domain.reading import Outcome, Probe
from tests.collector.hand_city import City, device
from tests.collector.test_snmp_real import RECORDING, simulator

__all__ = ["simulator"]

pytestmark = [pytest.mark.peer, pytest.mark.slow]


async def test_a_recorded_ups_is_recognised_and_polled(simulator: int) -> None:
    profiles = load(Path(collector.__file__).parent / "profiles")
    town = City(settings=PollSettings(snmp_timeout_s=5))
    town.poller._discover = partial(discover, profiles=profiles)
    town.credentials["ups-1"] = Credentials("2c", community=RECORDING)
    town.poller.reload([device("ups-1", ("127.0.0.1", simulator), kind=Kind.UPS)])
    seen = []
    for _ in range(3):
        town.clock.at += 10_000
        town.poller.tick(town.clock.at)
        before = len(town.readings)
        for _ in range(3000):
            await asyncio.sleep(0.01)
            if not town.poller.under_way() and any(one.probe is Probe.SNMP for one in town.readings[before:]):
                break
        seen += [one for one in town.readings[before:] if one.probe is Probe.SNMP]
    await town.poller.close()
    assert [one.outcome for one in seen] == [Outcome.OK] * 3
    assert town.poller.counters.discoveries == 1
    assert (
        seen[0].values["battery_charge_percent", ""] == seen[2].values["battery_charge_percent", ""] == 100.0
    )
    assert seen[0].values["alarms_present", ""] == 2.0
    assert set(seen[2].values) <= set(seen[0].values)  # slow tables are read at first
