"""SNMPv3 against Net-SNMP: what can be told apart is, and what is dear is done once."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from collector.snmp.session import (
    INTEGER,
    IP_ADDRESS,
    NO_SUCH_INSTANCE,
    OBJECT_ID,
    OCTET_STRING,
    OPAQUE,
    Credentials,
    dotted,
    oid,
)
from collector.snmp.users import UserSession, UserSessions, _varbind
from domain.reading import Outcome
from tests.collector.agents import agent
from tests.collector.net_snmp import LEGACY, STRONG, UNSEALED, USUAL, snmpd
from tests.peers import free_port

SYSTEM = "1.3.6.1.2.1.1"
NAME, OBJECT, UPTIME, NOTHING = (oid(f"{SYSTEM}.{n}.0") for n in (5, 2, 3, 99))
ADDRESS = oid("1.3.6.1.2.1.4.20.1.1.127.0.0.1")

peer = pytest.mark.peer


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with snmpd(tmp_path_factory.mktemp("snmpd")) as served:
        yield served


def opened(port: int, credentials: Credentials, timeout_s: float = 2.0, kept: int = 10) -> UserSession:
    return UserSessions(timeout_s, 2, kept).session(("127.0.0.1", port), credentials)


@peer
@pytest.mark.parametrize("credentials", [STRONG, USUAL, LEGACY, UNSEALED], ids=lambda c: c.user)
async def test_an_agent_is_read_and_walked_at_every_strength(port: int, credentials: Credentials) -> None:
    session = opened(port, credentials)
    answer = await session.get([NAME, OBJECT, UPTIME, NOTHING, ADDRESS])
    assert answer.outcome is Outcome.OK
    assert [(name, tag) for name, tag, _ in answer.varbinds] == [
        (NAME, OCTET_STRING),
        (OBJECT, OBJECT_ID),
        (UPTIME, INTEGER),
        (NOTHING, NO_SUCH_INSTANCE),
        (ADDRESS, IP_ADDRESS),
    ]
    assert answer.varbinds[0][2] == b"pole-17"
    assert dotted(answer.varbinds[1][2]).startswith("1.3.6.1.4.1.8072.")
    assert answer.varbinds[4][2] == b"\x7f\x00\x00\x01"
    walked = await session.walk(oid(SYSTEM), limit=30)
    assert walked.outcome is Outcome.OK
    assert len(walked.varbinds) == 30
    assert all(dotted(name).startswith(SYSTEM + ".") for name, _, _ in walked.varbinds)
    session.close()


@peer
@pytest.mark.parametrize(
    ("wrong", "outcome"),
    [
        ({"auth_key": "another-phrase"}, Outcome.AUTH),
        ({"user": "stranger"}, Outcome.AUTH),
        ({"auth_protocol": "SHA-512"}, Outcome.AUTH),
        ({"priv_key": "another-phrase"}, Outcome.TIMEOUT),  # the agent cannot read it, and is silent
    ],
    ids=str,
)
async def test_wrong_credentials_end_as_what_the_agent_says(
    port: int, wrong: dict[str, str], outcome: Outcome
) -> None:
    session = opened(port, replace(USUAL, **wrong), timeout_s=0.3)
    assert (await session.get([NAME])).outcome is outcome
    assert (await session.walk(oid(SYSTEM))).outcome is outcome


async def test_a_refused_port_and_a_silent_agent_are_told_apart() -> None:
    refused = opened(free_port(socket.SOCK_DGRAM), USUAL, timeout_s=30)
    answer = await asyncio.wait_for(refused.get([NAME]), 10)
    assert answer.outcome is Outcome.REFUSED
    async with agent(lambda packet: []) as silent:
        assert (await opened(int(silent[1]), USUAL, timeout_s=0.1).get([NAME])).outcome is Outcome.TIMEOUT


async def test_garbage_does_not_break_the_loop() -> None:
    async with agent(lambda packet: [b"\x30\x82\xff"]) as garbling:
        session = opened(int(garbling[1]), USUAL, timeout_s=0.5)
        assert (await session.get([NAME])).outcome is Outcome.MALFORMED


async def test_an_agent_that_sends_without_end_is_left_at_the_deadline() -> None:
    """The driver's own time-out begins anew with each packet."""
    loop = asyncio.get_running_loop()
    packets: list[bytes] = []

    class Babbling(asyncio.DatagramProtocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            self.transport = transport

        def datagram_received(self, data: bytes, addr: object) -> None:
            packets.append(data)
            for n in range(200):
                loop.call_later(n * 0.02, self.transport.sendto, b"\x30\x00", addr)

    transport, _ = await loop.create_datagram_endpoint(Babbling, local_addr=("127.0.0.1", 0))
    session = opened(transport.get_extra_info("sockname")[1], USUAL, timeout_s=0.2)
    answer = await asyncio.wait_for(session.get([NAME]), 2)
    assert answer.outcome in (Outcome.TIMEOUT, Outcome.MALFORMED)
    transport.close()


@peer
async def test_an_agent_that_restarted_is_read_at_the_next_question(tmp_path: Path) -> None:
    sessions = UserSessions(1.0, 2)
    with snmpd(tmp_path) as port:
        session = sessions.session(("127.0.0.1", port), USUAL)
        assert (await session.get([NAME])).outcome is Outcome.OK
    with snmpd(tmp_path, port):  # its boots have grown: the remembered clock is outside the window
        assert (await session.get([NAME])).outcome is Outcome.OK


@peer
async def test_a_replaced_device_with_another_engine_is_read_again(tmp_path: Path) -> None:
    sessions = UserSessions(0.5, 2)
    for name in ("old", "new"):
        (tmp_path / name).mkdir()
    with snmpd(tmp_path / "old") as port:
        session = sessions.session(("127.0.0.1", port), USUAL)
        assert (await session.get([NAME])).outcome is Outcome.OK
        before = session.engine_id
    with snmpd(tmp_path / "new", port):
        assert (await session.get([NAME])).outcome is Outcome.OK
        assert session.engine_id != before


@peer
async def test_only_so_many_sessions_keep_a_descriptor(port: int) -> None:
    sessions = UserSessions(2.0, 2, kept=3)
    agents = [sessions.session(("127.0.0.1", port), USUAL) for _ in range(8)]
    for one in agents:
        assert (await one.get([NAME])).outcome is Outcome.OK
    assert len(sessions._kept) == 3
    assert all(one.engine_id for one in agents)
    assert (await agents[0].get([NAME])).outcome is Outcome.OK
    sessions.close()
    assert len(sessions._kept) == 0


@peer
async def test_one_agent_may_be_asked_by_many_at_once(port: int) -> None:
    session = opened(port, STRONG)
    answers = await asyncio.gather(*(session.get([NAME]) for _ in range(20)))
    assert {answer.outcome for answer in answers} == {Outcome.OK}


@pytest.mark.parametrize(
    "wrong",
    [{"auth_protocol": "ROT13"}, {"priv_protocol": "ROT13"}, {"auth_protocol": ""}],
    ids=str,
)
def test_credentials_that_cannot_be_meant_are_refused_without_telling_them(wrong: dict[str, str]) -> None:
    with pytest.raises(ValueError) as told:
        UserSessions().session(("127.0.0.1", 161), replace(USUAL, **wrong))
    assert "phrase" not in str(told.value)


def test_an_opaque_float_stays_opaque() -> None:
    raw = b"\x9f\x78\x04\x3e\x95\x00\x00"
    assert _varbind(NAME, raw) == (NAME, OPAQUE, raw)
    assert _varbind(NAME, b"\x9f\x78\x04") == (NAME, OCTET_STRING, b"\x9f\x78\x04")


def test_secrets_are_not_shown() -> None:
    session = UserSessions().session(("127.0.0.1", 161), USUAL)
    assert "phrase" not in repr(session) + repr(session.user) + repr(vars(session))
