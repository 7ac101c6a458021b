"""Lists and subtrees from agents that choke, lie, loop and die midway."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from collector.snmp import ber
from collector.snmp.agent import AgentSession, Manners
from collector.snmp.exchange import Exchange
from collector.snmp.session import INTEGER, NO_SUCH_INSTANCE, Credentials, Varbind, dotted, oid
from collector.snmp.udp import Address
from domain.reading import Outcome
from tests.collector.agents import Mib, agent, mib, response

COLUMN = "1.3.6.1.2.1.2.2.1.10"
CELLS = [f"{COLUMN}.{n}" for n in (*range(1, 40), 127, 128, 16383, 16384, 70000)]
OTHERS = ["1.3.6.1.2.1.1.3.0", "1.3.6.1.2.1.2.2.1.11.1", "1.3.6.1.4.1.9.1"]


@pytest.fixture
async def asker() -> Iterator[Exchange]:
    opened = Exchange(timeout_s=0.2, attempts=2)
    yield opened
    opened.close()


def session(
    asker: Exchange, address: Address, version: str = "2c", manners: Manners | None = None
) -> AgentSession:
    return AgentSession(asker, address, Credentials(version, "public"), manners)


def texts(varbinds: list[Varbind]) -> list[str]:
    return [dotted(name) for name, _, _ in varbinds]


async def test_long_lists_are_asked_in_parts(asker: Exchange) -> None:
    served = Mib(mib(*CELLS))
    async with agent(served) as address:
        answer = await session(asker, address).get([oid(text) for text in CELLS])
    assert answer.outcome is Outcome.OK
    assert list(answer.varbinds) == list(mib(*CELLS).values())
    assert [len(message.varbinds) for message in served.asked] == [24, 20]


async def test_what_the_agent_lacks_comes_back_as_lacking(asker: Exchange) -> None:
    async with agent(Mib(mib(*OTHERS))) as address:
        answer = await session(asker, address).get([oid(OTHERS[0]), oid("1.3.6.1.9")])
    assert [tag for _, tag, _ in answer.varbinds] == [INTEGER, NO_SUCH_INSTANCE]


@pytest.mark.slow
@pytest.mark.parametrize("choke", ["silent", "toobig", "generr", "garbled"])
async def test_an_agent_that_chokes_is_halved_down_and_remembered(asker: Exchange, choke: str) -> None:
    served = Mib(mib(*CELLS), most=5, choke=choke)
    manners = Manners()
    async with agent(served) as address:
        answer = await session(asker, address, manners=manners).get([oid(text) for text in CELLS])
        assert answer.outcome is Outcome.OK
        assert sorted(texts(list(answer.varbinds))) == sorted(CELLS)
        assert 1 < manners.varbinds <= 5
        served.asked.clear()
        again = await session(asker, address, manners=manners).get([oid(text) for text in CELLS])
        assert len(again.varbinds) == len(CELLS)
        assert max(len(message.varbinds) for message in served.asked) <= 5
        assert len(served.asked) <= len(CELLS) // 2


@pytest.mark.slow
async def test_one_bad_oid_costs_only_itself_and_blames_nobody(asker: Exchange) -> None:
    bad = oid(CELLS[7])
    served = Mib(mib(*CELLS), mute=frozenset([bad]))
    manners = Manners()
    async with agent(served) as address:
        answer = await session(asker, address, manners=manners).get([oid(text) for text in CELLS[:24]])
    assert answer.outcome is Outcome.OK
    assert sorted(texts(list(answer.varbinds))) == sorted(set(CELLS[:24]) - {CELLS[7]})
    assert manners.varbinds == 24


async def test_version_1_drops_the_named_oid_and_asks_the_rest(asker: Exchange) -> None:
    served = Mib(mib(*OTHERS))
    wanted = [OTHERS[0], "1.3.6.1.9.1", OTHERS[1], "1.3.6.1.9.2"]
    async with agent(served) as address:
        answer = await session(asker, address, "1").get([oid(text) for text in wanted])
    assert answer.outcome is Outcome.OK
    assert texts(list(answer.varbinds)) == OTHERS[:2]
    assert len(served.asked) == 3
    assert {message.version for message in served.asked} == {ber.V1}


async def test_a_dead_agent_is_given_two_chances_and_no_more(asker: Exchange) -> None:
    packets: list[bytes] = []
    async with agent(lambda packet: packets.append(packet) or ()) as address:
        answer = await session(asker, address).get([oid(text) for text in CELLS])
    assert answer.outcome is Outcome.TIMEOUT
    assert len(packets) == 4  # all at once, then a single one, twice each


@pytest.mark.slow
async def test_an_agent_that_dies_midway_leaves_what_it_said(asker: Exchange) -> None:
    served = Mib(mib(*CELLS))
    async with agent(lambda packet: served(packet) if len(served.asked) < 1 else []) as address:
        answer = await session(asker, address).get([oid(text) for text in CELLS])
    assert answer.outcome is Outcome.TIMEOUT
    assert texts(list(answer.varbinds)) == CELLS[:24]


async def test_no_authorization_is_told_as_such(asker: Exchange) -> None:
    async with agent(lambda packet: [response(ber.decode(packet), [], 16, 1)]) as address:
        assert (await session(asker, address).get([oid(OTHERS[0])])).outcome is Outcome.AUTH
        assert (await session(asker, address).walk(oid(COLUMN))).outcome is Outcome.AUTH


@pytest.mark.parametrize("version", ["1", "2c"])
async def test_a_walk_stops_where_its_root_ends(asker: Exchange, version: str) -> None:
    served = Mib(mib(*CELLS, *OTHERS))
    async with agent(served) as address:
        answer = await session(asker, address, version).walk(oid(COLUMN))
    assert answer.outcome is Outcome.OK
    assert texts(list(answer.varbinds)) == CELLS
    assert {message.pdu for message in served.asked} == {ber.GET_NEXT if version == "1" else ber.GET_BULK}


@pytest.mark.parametrize("version", ["1", "2c"])
async def test_a_walk_stops_at_the_end_of_the_mib(asker: Exchange, version: str) -> None:
    async with agent(Mib(mib(*CELLS))) as address:
        answer = await session(asker, address, version).walk(oid(COLUMN))
        nothing = await session(asker, address, version).walk(oid("1.3.6.1.7"))
    assert texts(list(answer.varbinds)) == CELLS
    assert (nothing.outcome, list(nothing.varbinds)) == (Outcome.OK, [])


async def test_a_walk_stops_at_its_limit(asker: Exchange) -> None:
    served = Mib(mib(*CELLS))
    async with agent(served) as address:
        answer = await session(asker, address).walk(oid(COLUMN), limit=25)
    assert texts(list(answer.varbinds)) == CELLS[:25]
    assert len(served.asked) == 2


async def test_agents_deaf_to_bulk_are_walked_row_by_row_and_remembered(asker: Exchange) -> None:
    served = Mib(mib(*CELLS), bulk=False)
    manners = Manners()
    async with agent(served) as address:
        answer = await session(asker, address, manners=manners).walk(oid(COLUMN))
        assert texts(list(answer.varbinds)) == CELLS
        served.asked.clear()
        await session(asker, address, manners=manners).walk(oid(COLUMN), limit=2)
    assert [message.pdu for message in served.asked] == [ber.GET_NEXT] * 2


@pytest.mark.parametrize("version", ["1", "2c"])
async def test_an_agent_that_goes_in_circles_does_not_hold_us(asker: Exchange, version: str) -> None:
    rows = list(mib(*CELLS[:3]).values())

    def circling(packet: bytes) -> list[bytes]:
        request = ber.decode(packet)
        at = next((n + 1 for n, row in enumerate(rows) if row[0] == request.varbinds[0][0]), 0)
        return [response(request, [rows[at % 3]])]

    async with agent(circling) as address:
        answer = await asyncio.wait_for(session(asker, address, version).walk(oid(COLUMN)), 10)
    assert texts(list(answer.varbinds)) == CELLS[:3]
    assert "backwards" in answer.detail


async def test_a_dead_agent_cannot_be_walked(asker: Exchange) -> None:
    async with agent(lambda packet: ()) as address:
        assert (await session(asker, address).walk(oid(COLUMN))).outcome is Outcome.TIMEOUT


async def test_a_cancelled_question_leaves_nothing_waiting(asker: Exchange) -> None:
    async with agent(lambda packet: ()) as address:
        task = asyncio.create_task(session(asker, address).get([oid(OTHERS[0])]))
        await asyncio.sleep(0.02)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert asker.waiting() == 0
