"""SNMPv3 against Net-SNMP: what can be told apart is, and what is dear is done once."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from collector.snmp.agent import AgentSession
from collector.snmp.exchange import Exchange
from collector.snmp.session import (
    IP_ADDRESS,
    NO_SUCH_OBJECT,
    OBJECT_ID,
    OCTET_STRING,
    TIMETICKS,
    Credentials,
    dotted,
    oid,
)
from domain.reading import Outcome
from tests.collector.agents import agent
from tests.collector.net_snmp import LEGACY, LONGER, PLAIN, STRONG, UNSEALED, USUAL, snmpd
from tests.peers import free_port

SYSTEM = "1.3.6.1.2.1.1"
NAME, OBJECT, UPTIME, NOTHING = (oid(f"{SYSTEM}.{n}.0") for n in (5, 2, 3, 99))
ADDRESS = oid("1.3.6.1.2.1.4.20.1.1.127.0.0.1")

STRENGTHS = [STRONG, LONGER, USUAL, LEGACY, UNSEALED, PLAIN]

peer = pytest.mark.peer


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with snmpd(tmp_path_factory.mktemp("snmpd")) as served:
        yield served


@contextmanager
def opened(port: int, credentials: Credentials, timeout_s: float = 2.0) -> Iterator[AgentSession]:
    exchange = Exchange(timeout_s, 2)
    try:
        yield AgentSession(exchange, ("127.0.0.1", port), credentials)
    finally:
        exchange.close()


@peer
@pytest.mark.parametrize("credentials", STRENGTHS, ids=lambda c: c.user)
async def test_an_agent_is_read_and_walked_at_every_strength(port: int, credentials: Credentials) -> None:
    with opened(port, credentials) as session:
        answer = await session.get([NAME, OBJECT, UPTIME, NOTHING, ADDRESS])
        assert answer.outcome is Outcome.OK
        assert [(name, tag) for name, tag, _ in answer.varbinds] == [
            (NAME, OCTET_STRING),
            (OBJECT, OBJECT_ID),
            (UPTIME, TIMETICKS),
            (NOTHING, NO_SUCH_OBJECT),
            (ADDRESS, IP_ADDRESS),
        ]
        assert answer.varbinds[0][2] == b"pole-17"
        assert dotted(answer.varbinds[1][2]).startswith("1.3.6.1.4.1.8072.")
        assert answer.varbinds[4][2] == b"\x7f\x00\x00\x01"
        walked = await session.walk(oid(SYSTEM), limit=30)
        assert walked.outcome is Outcome.OK
        assert len(walked.varbinds) == 30
        assert all(dotted(name).startswith(SYSTEM + ".") for name, _, _ in walked.varbinds)


@peer
@pytest.mark.parametrize(
    ("wrong", "outcome"),
    [
        ({"auth_key": "another-phrase"}, Outcome.AUTH),
        ({"user": "stranger"}, Outcome.AUTH),
        ({"auth_protocol": "SHA-512"}, Outcome.AUTH),
        ({"priv_protocol": "", "priv_key": ""}, Outcome.AUTH),  # less protected than the agent allows
        ({"priv_key": "another-phrase"}, Outcome.TIMEOUT),  # the agent cannot read it, and is silent
    ],
    ids=str,
)
async def test_wrong_credentials_end_as_what_the_agent_says(
    port: int, wrong: dict[str, str], outcome: Outcome
) -> None:
    with opened(port, replace(USUAL, **wrong), timeout_s=0.3) as session:
        assert (await session.get([NAME])).outcome is outcome
        assert (await session.walk(oid(SYSTEM))).outcome is outcome


async def test_a_refused_port_and_a_silent_agent_are_told_apart() -> None:
    with opened(free_port(socket.SOCK_DGRAM), USUAL, timeout_s=30) as refused:
        answer = await asyncio.wait_for(refused.get([NAME]), 10)
        assert answer.outcome is Outcome.REFUSED
    async with agent(lambda packet: []) as silent:
        with opened(int(silent[1]), USUAL, timeout_s=0.1) as session:
            assert (await session.get([NAME])).outcome is Outcome.TIMEOUT


async def test_garbage_is_told_as_such() -> None:
    async with agent(lambda packet: [b"\x30\x82\xff"]) as garbling:
        with opened(int(garbling[1]), USUAL, timeout_s=0.2) as session:
            assert (await session.get([NAME])).outcome is Outcome.MALFORMED


@peer
async def test_the_engine_is_asked_for_once_and_not_with_each_question(port: int) -> None:
    exchange = Exchange(2.0, 2)
    session = AgentSession(exchange, ("127.0.0.1", port), USUAL)
    for _ in range(5):
        assert (await session.get([NAME])).outcome is Outcome.OK
    exchange.close()
    assert exchange.counters.sent == 6


@peer
async def test_an_agent_that_restarted_is_read_at_the_next_question(tmp_path: Path) -> None:
    port = free_port(socket.SOCK_DGRAM)
    exchange = Exchange(1.0, 1)  # one attempt: its clock is learned within it
    session = AgentSession(exchange, ("127.0.0.1", port), USUAL)
    for _ in range(2):  # its boots grow: the remembered clock is outside the window
        with snmpd(tmp_path, port):
            assert (await session.get([NAME])).outcome is Outcome.OK
    exchange.close()


@peer
async def test_a_replaced_device_with_another_engine_is_read_again(tmp_path: Path) -> None:
    port = free_port(socket.SOCK_DGRAM)
    found = []
    with opened(port, USUAL, 0.5) as session:
        for name in ("old", "new"):
            (tmp_path / name).mkdir()
            with snmpd(tmp_path / name, port):
                assert (await session.get([NAME])).outcome is Outcome.OK
            found.append(session.engine.id if session.engine else b"")
    assert found[0] != found[1]


@peer
async def test_one_agent_may_be_asked_by_many_at_once(port: int) -> None:
    with opened(port, STRONG) as session:
        answers = await asyncio.gather(*(session.get([NAME]) for _ in range(20)))
    assert {answer.outcome for answer in answers} == {Outcome.OK}


@pytest.mark.parametrize(
    "wrong",
    [{"auth_protocol": "ROT13"}, {"priv_protocol": "ROT13"}, {"auth_protocol": ""}, {"priv_key": ""}],
    ids=str,
)
async def test_credentials_that_cannot_be_meant_are_refused_without_telling_them(
    wrong: dict[str, str],
) -> None:
    with pytest.raises(ValueError) as told, opened(161, replace(USUAL, **wrong)):
        pass
    assert "phrase-" not in str(told.value)


async def test_secrets_are_not_shown() -> None:
    with opened(161, USUAL) as session:
        assert session.engine is not None
        assert "phrase" not in repr(session) + repr(session.engine) + repr(session.engine._user)
