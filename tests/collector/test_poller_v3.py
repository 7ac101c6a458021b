"""Agents by user are polled like all others: no task, no descriptor, and a trust of their own."""

from __future__ import annotations

import asyncio
import os
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from collector.poller import PollSettings
from collector.snmp.session import oid
from domain.reading import Outcome, Probe, Trust
from tests.collector.agents import agent
from tests.collector.hand_city import UPTIME, PlainPlan, city, device, numbers
from tests.collector.net_snmp import USUAL, snmpd
from tests.collector.v3_agent import V3Agent, usm


@pytest.mark.peer
@pytest.mark.peer
async def test_version_3_is_polled_and_trusted(tmp_path: Path) -> None:
    with snmpd(tmp_path) as port:
        plan = PlainPlan(gets=((oid(UPTIME),),))
        settings = PollSettings(snmp_timeout_s=1)
        async with city(plan=plan, settings=settings) as town:
            town.credentials["ups-1"] = USUAL
            town.credentials["ups-2"] = replace(USUAL, auth_key="another-phrase")
            town.credentials["ups-3"] = replace(USUAL, auth_protocol="ROT13")
            town.poller.reload([device(f"ups-{n}", ("127.0.0.1", port)) for n in (1, 2, 3)])
            for _ in range(2):
                readings = await town.interval()
                assert town.snmp(readings) == [
                    ("ups-1", Outcome.OK), ("ups-2", Outcome.AUTH), ("ups-3", Outcome.FORBIDDEN)
                ]  # fmt: skip
                (good,) = (one for one in readings if one.probe is Probe.SNMP and one.outcome is Outcome.OK)
                assert good.trust is Trust.V3
                assert set(numbers(good)) == {oid(UPTIME).hex()}


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


async def test_many_agents_by_user_cost_no_descriptor_and_no_task_each() -> None:
    async with AsyncExitStack() as street, city(plan=PlainPlan(gets=((oid(UPTIME),),))) as town:
        places = {}
        for number in range(60):
            peer = V3Agent(usm(USUAL, f"ups-{number}"))
            places[f"ups-{number}"] = await street.enter_async_context(agent(peer))
            town.credentials[f"ups-{number}"] = USUAL
        before, tasks = descriptors(), len(asyncio.all_tasks())
        town.poller.reload([device(key, address) for key, address in places.items()])
        for _ in range(3):
            readings = await town.interval()
            assert {outcome for _, outcome in town.snmp(readings)} == {Outcome.OK}
            assert len(town.snmp(readings)) == 60
            assert {one.trust for one in readings if one.probe is Probe.SNMP} == {Trust.V3}
        assert (descriptors(), len(asyncio.all_tasks())) == (before, tasks)
        assert town.poller.exchange.counters.unasked == 0
