"""A city polled on a hand-moved clock, by real packets to agents that behave well and badly."""

from __future__ import annotations

import asyncio
import gc
import socket
from collections.abc import Iterable
from dataclasses import replace

import pytest

from collector.resolver import Resolver
from collector.round import Round
from collector.snmp import ber
from collector.snmp.session import Varbind, oid
from domain.place import Status
from domain.reading import Outcome, Probe, Reading, Trust
from tests.collector.agents import Mib, agent, mib, response
from tests.collector.hand_city import (
    COUNT,
    LOAD,
    ROWS,
    SLOW,
    START,
    TABLE,
    UPTIME,
    PlainPlan,
    city,
    device,
    numbers,
)
from tests.peers import free_port


async def test_a_device_is_discovered_once_and_read_once_in_each_interval() -> None:
    async with city() as town, agent(Mib(mib(*ROWS))) as address:
        town.poller.reload([device("ups-1", address)])
        for _ in range(3):
            readings = await town.interval()
            assert town.snmp(readings) == [("ups-1", Outcome.OK)]
            (reading,) = (one for one in readings if one.probe is Probe.SNMP)
            assert numbers(reading) == {oid(UPTIME).hex(): 1.0, oid(LOAD).hex(): 2.0, oid(COUNT).hex(): 3.0}
            assert reading.trust is Trust.PLAIN
            assert START < reading.at <= town.clock.at
        assert town.discovered == ["ups-1"]
        assert town.poller.counters.answers == 3


async def test_each_failure_keeps_its_name_and_the_healthy_are_not_touched() -> None:
    def unreadable(packet: bytes) -> list[bytes]:
        return [b"\x30\x82\xff"]

    async with (
        city() as town,
        agent(Mib(mib(*ROWS))) as healthy,
        agent(lambda packet: []) as silent,
        agent(unreadable) as garbled,
        agent(lambda packet: [response(ber.decode(packet), [], 16, 1)]) as locked,
    ):
        town.poller.reload(
            [
                device("healthy", healthy),
                device("silent", silent),
                device("garbled", garbled),
                device("locked", locked),
                device("closed", ("127.0.0.1", free_port(socket.SOCK_DGRAM))),
            ]
        )
        for _ in range(2):
            assert town.snmp(await town.interval()) == [
                ("closed", Outcome.REFUSED),
                ("garbled", Outcome.MALFORMED),
                ("healthy", Outcome.OK),
                ("locked", Outcome.AUTH),
                ("silent", Outcome.TIMEOUT),
            ]


async def test_a_known_device_that_falls_silent_keeps_its_plan() -> None:
    good = Mib(mib(*ROWS))
    mute: list[bool] = []
    async with city() as town, agent(lambda packet: [] if mute else good(packet)) as address:
        town.poller.reload([device("ups-1", address)])
        await town.interval()
        mute.append(True)
        assert town.snmp(await town.interval()) == [("ups-1", Outcome.TIMEOUT)]
        mute.clear()
        assert town.snmp(await town.interval()) == [("ups-1", Outcome.OK)]
        assert town.discovered == ["ups-1"]


async def test_what_was_answered_before_silence_is_kept() -> None:
    served = Mib(mib(*ROWS), mute=frozenset([oid(COUNT)]))
    async with city() as town, agent(served) as address:
        town.poller.reload([device("ups-1", address)])
        (reading,) = (one for one in await town.interval() if one.probe is Probe.SNMP)
        assert reading.outcome is Outcome.OK
        assert set(numbers(reading)) == {oid(UPTIME).hex(), oid(LOAD).hex()}


async def test_slow_tables_are_read_at_first_and_then_now_and_then() -> None:
    plan = PlainPlan(slow_gets=((oid(SLOW),),), slow_every=3)
    async with city(plan=plan) as town, agent(Mib(mib(*ROWS))) as address:
        town.poller.reload([device("ups-1", address)])
        readings = await town.interval(60)
        slow = [one.texts["slow"] for one in readings if one.probe is Probe.SNMP]
        held = [oid(SLOW).hex() in numbers(one) for one in readings if one.probe is Probe.SNMP]
        assert slow == [str(each) for each in held]
        # the clock outran the packets: what counts is the order of the polls that were made
        for _ in range(5):
            (reading,) = (one for one in await town.interval() if one.probe is Probe.SNMP)
            held.append(oid(SLOW).hex() in numbers(reading))
        assert held == [at % 3 == 0 for at in range(len(held))]


async def test_due_subtrees_are_walked_after_the_gets() -> None:
    plan = PlainPlan(walks=(oid(TABLE),))
    async with city(plan=plan) as town, agent(Mib(mib(*ROWS))) as address:
        town.poller.reload([device("ups-1", address)])
        for _ in range(2):
            (reading,) = (one for one in await town.interval() if one.probe is Probe.SNMP)
            assert {oid(f"{TABLE}.1").hex(), oid(LOAD).hex()} <= set(numbers(reading))


async def test_an_agent_that_comes_to_choke_is_asked_less_at_once_from_then_on() -> None:
    served = Mib(mib(*ROWS), choke="toobig")
    async with city() as town, agent(served) as address:
        town.poller.reload([device("ups-1", address)])
        await town.interval()
        served.most = 1
        for _ in range(2):
            served.asked.clear()
            (reading,) = (one for one in await town.interval() if one.probe is Probe.SNMP)
            assert len(numbers(reading)) == 3
        assert [len(message.varbinds) for message in served.asked] == [1, 1, 1]


async def test_a_changed_device_is_discovered_anew() -> None:
    plan = PlainPlan()
    async with city(plan=plan) as town, agent(Mib(mib(*ROWS))) as address:
        town.poller.reload([device("ups-1", address)])
        await town.interval()
        plan.outdated = True
        assert town.snmp(await town.interval()) == [("ups-1", Outcome.OK)]
        plan.outdated = False
        await town.interval()
        assert town.discovered == ["ups-1"] * 2


async def test_a_device_whose_tables_changed_is_discovered_anew_and_so_is_every_device_in_a_day() -> None:
    plan = PlainPlan(marks=frozenset({oid(COUNT)}))
    served = Mib(mib(*ROWS))
    async with city(plan=plan) as town, agent(served) as address:
        town.poller.reload([device("ups-1", address)])
        await town.interval()
        town.clock.at += 90 * 60_000
        await town.interval()
        assert town.discovered == ["ups-1"]
        name, tag, value = served.rows[COUNT]
        served.rows = {**served.rows, COUNT: (name, tag, value + b"\x01")}
        for _ in range(3):
            await town.interval()
        assert town.discovered == ["ups-1"] * 2
        town.clock.at += 24 * 60 * 60_000
        for _ in range(3):
            await town.interval()
        assert town.discovered == ["ups-1"] * 3


async def test_a_plan_without_questions_still_asks_for_a_sign_of_life() -> None:
    async with city(plan=PlainPlan(gets=())) as town, agent(Mib(mib(*ROWS))) as address:
        town.poller.reload([device("cam-1", address)])
        assert town.snmp(await town.interval()) == [("cam-1", Outcome.OK)]


async def test_icmp_is_read_apart_from_snmp() -> None:
    async with city() as town, agent(lambda packet: []) as silent:
        town.credentials["cam-1"] = None
        devices = [
            device("cam-1", ("127.3.0.1", 161)),
            device("ups-1", silent),
            device("cam-2", ("127.3.0.2", 161)),
        ]
        town.credentials["cam-2"] = None
        town.kernel.dark.add("127.3.0.2")
        town.poller.reload(devices)
        readings = {(one.device, one.probe): one for one in await town.interval()}
    assert set(readings) == {
        ("cam-1", Probe.ICMP), ("cam-2", Probe.ICMP), ("ups-1", Probe.ICMP), ("ups-1", Probe.SNMP)
    }  # fmt: skip
    assert {name: round(value, 6) for (name, _), value in readings["cam-1", Probe.ICMP].values.items()} == {
        "icmp_loss_ratio": 0.0,
        "icmp_rtt_seconds": 0.002,
        "icmp_rtt_min_seconds": 0.001,
        "icmp_rtt_max_seconds": 0.003,
        "icmp_jitter_seconds": 0.0015,
    }
    assert readings["cam-2", Probe.ICMP].values == {("icmp_loss_ratio", ""): 1.0}
    assert readings["cam-2", Probe.ICMP].outcome is Outcome.TIMEOUT
    assert readings["ups-1", Probe.SNMP].outcome is Outcome.TIMEOUT


@pytest.mark.slow
async def test_silent_agents_back_off_and_are_asked_again_once_icmp_is_back() -> None:
    good = Mib(mib(*ROWS))
    dead: list[bool] = [True]
    async with city() as town, agent(lambda packet: [] if dead else good(packet)) as address:
        town.kernel.dark.add("127.0.0.1")
        town.poller.reload([device("ups-1", address)])
        asked = 0
        for _ in range(12):
            asked += len(town.snmp(await town.interval()))
        assert 4 <= asked <= 6  # of 12 turns
        dead.clear()
        town.kernel.dark.clear()
        await town.interval()  # ICMP comes back at some moment of it
        await town.interval(0.2)
        assert ("ups-1", Outcome.OK) in town.snmp(town.readings)


async def test_a_trap_polls_at_once_but_a_flood_of_them_does_not() -> None:
    served = Mib(mib(*ROWS))
    async with city() as town, agent(served) as address:
        town.poller.reload([device("ups-1", address, snmp_interval_s=600, icmp_interval_s=600)])
        town.poller.poll_now("ups-1")
        town.poller.poll_now("nobody")
        readings = await town.interval(0.2)
        assert {one.probe for one in readings} == {Probe.ICMP, Probe.SNMP}
        polls = 0
        for _ in range(50):
            town.poller.poll_now("ups-1")
            polls += len(town.snmp(await town.interval(0.1)))
        assert 4 <= polls <= 6  # in five seconds


async def test_a_reload_keeps_what_is_unchanged_and_drops_what_is_gone() -> None:
    async with city() as town, agent(Mib(mib(*ROWS))) as one, agent(Mib(mib(*ROWS))) as two:
        first, second, third = (device(key, one if key != "b" else two) for key in "abc")
        town.poller.reload([first, second, replace(third, port=9, status=Status.RETIRED)])
        assert town.snmp(await town.interval()) == [("a", Outcome.OK), ("b", Outcome.OK)]
        town.poller.reload([first, replace(second, port=free_port(socket.SOCK_DGRAM))])
        assert town.snmp(await town.interval()) == [("a", Outcome.OK), ("b", Outcome.REFUSED)]
        town.poller.reload([first])
        assert town.snmp(await town.interval()) == [("a", Outcome.OK)]
        assert town.discovered == ["a", "b", "b"]
        town.credentials["a"] = None
        town.poller.reload([first])
        assert town.snmp(await town.interval()) == []
        town.poller.reload([])
        assert await town.interval() == []


async def test_a_device_removed_while_it_is_asked_tells_nothing() -> None:
    async with city() as town, agent(lambda packet: []) as silent:
        town.poller.reload([device("ups-1", silent)])
        town.poller.poll_now("ups-1")
        town.clock.at += 100
        town.poller.tick(town.clock.at)
        town.poller.reload([])
        await town.settle()
        assert town.snmp(town.readings) == []


async def test_a_slow_device_is_not_asked_twice_at_once() -> None:
    packets: list[bytes] = []
    async with city() as town, agent(lambda packet: packets.append(packet) or ()) as silent:
        town.poller.reload([device("ups-1", silent, snmp_interval_s=1)])
        await town.interval(10)  # ten turns, faster than a time-out
        assert town.poller.counters.overruns >= 8
        assert len(packets) == 2


async def test_names_are_resolved_aside_and_a_dead_resolver_delays_nobody() -> None:
    answers = asyncio.Event()
    asked: list[str] = []

    def lookup(name: str) -> str:
        asked.append(name)
        if not answers.is_set():
            raise OSError("no name server")
        return "127.0.0.1"

    loop = asyncio.get_running_loop()
    async with city(resolver=Resolver(loop, lookup)) as town, agent(Mib(mib(*ROWS))) as address:
        named = device("named", ("pole-17.example", address[1]))
        town.poller.reload([named, device("plain", address)])
        assert town.snmp(await town.interval()) == [("named", Outcome.FORBIDDEN), ("plain", Outcome.OK)]
        assert set(asked) == {"pole-17.example"}
        answers.set()
        town.poller._resolver._names["pole-17.example"].again = 0.0  # half a minute later
        await town.interval()
        assert town.snmp(await town.interval()) == [("named", Outcome.OK), ("plain", Outcome.OK)]


async def test_running_ticks_by_the_clock_until_closed() -> None:
    async with city() as town, agent(Mib(mib(*ROWS))) as address:
        town.poller.reload([device("ups-1", address)])
        running = asyncio.create_task(town.poller.run())
        await asyncio.wait_for(_until(lambda: bool(town.snmp(town.readings))), 10)
        await town.poller.close()
        await asyncio.wait_for(running, 5)
        assert len(asyncio.all_tasks()) == 1


async def _until(true) -> None:
    while not true():  # noqa: ASYNC110
        await asyncio.sleep(0.01)  # the readings come by a callback, not by an event


async def test_what_concerns_the_silent_is_done_half_way_between_two_slots() -> None:
    async with city() as town:
        loop = asyncio.get_running_loop()
        for late_ms in (0, 30, 99):  # behind its slot, the loop was busy
            town.poller.tick(START + 1000 + late_ms)
            slot = loop.time() - late_ms / 1000
            for at in range(0, 5000, 7):
                when = town.poller._between_slots(slot + at / 1000)
                assert 0 <= when - slot - at / 1000 <= 0.1
                assert (when - slot) % 0.1 == pytest.approx(0.05, abs=0.005)


class PlanThatFails(PlainPlan):
    """Of the device `bad`."""

    def decode(self, varbinds: Iterable[Varbind], device: str, at: int, slow: bool, trust: Trust) -> Reading:
        if device == "bad":
            raise ValueError("a decoder that is wrong")
        return super().decode(varbinds, device, at, slow, trust)


async def test_an_answer_that_cannot_be_read_costs_nobody_else_a_reading() -> None:
    async with (
        city(plan=PlanThatFails()) as town,
        agent(Mib(mib(*ROWS))) as first,
        agent(Mib(mib(*ROWS))) as second,
        agent(Mib(mib(*ROWS))) as third,
    ):
        town.poller.reload([device("a", first), device("bad", second), device("c", third)])
        for _ in range(3):  # and it is asked again, as all are
            assert town.snmp(await town.interval()) == [
                ("a", Outcome.OK),
                ("bad", Outcome.MALFORMED),
                ("c", Outcome.OK),
            ]


async def test_a_device_that_is_discovered_anew_leaves_nothing_for_the_collector() -> None:
    plan = PlainPlan(outdated=True)
    async with city(plan=plan) as town, agent(Mib(mib(*ROWS))) as address:
        town.poller.reload([device("ups-1", address)])
        await town.interval()
        gc.collect()
        before = sum(isinstance(each, Round) for each in gc.get_objects())
        gc.disable()
        try:
            for _ in range(20):
                await town.interval()
            assert len(town.discovered) > 5
            town.poller.exchange._deadlines.clear()  # these still know the latest, until they are past
            assert sum(isinstance(each, Round) for each in gc.get_objects()) <= before + 1
        finally:
            gc.enable()
