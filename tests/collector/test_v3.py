"""What is believed of a v3 message, and what is not: each law against an agent of another hand."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.snmp import ber
from collector.snmp.agent import AgentSession
from collector.snmp.ber import Malformed
from collector.snmp.envelope import AUTH, PRIV, Envelope, envelope
from collector.snmp.exchange import Exchange
from collector.snmp.keys import User, localized, master, user_of
from collector.snmp.privacy import Aes, Des
from collector.snmp.session import OCTET_STRING, Credentials, oid
from collector.snmp.v3 import Engine, Reported, Unasked, Unauthentic
from collector.snmp.window import Window
from domain.reading import Outcome
from simulator.v3 import _decode
from tests.collector.agents import agent
from tests.collector.net_snmp import PLAIN, STRONG, UNSEALED, USUAL
from tests.collector.v3_agent import NAME, TREE, V3Agent, usm

LONG = replace(USUAL, user="long", auth_protocol="SHA-384", priv_protocol="AES-192")
STRENGTHS = [STRONG, LONG, USUAL, UNSEALED, PLAIN]
NUMBER = b"\x21\x22\x23\x24"
QUESTION = ber.request(ber.V2C, b"", ber.GET, [oid(NAME)]).packet(NUMBER)
NOW = 1000.0


def introduced(credentials: Credentials) -> tuple[Engine, V3Agent]:
    """An engine that has learned who the agent is."""
    engine, peer = Engine(User(credentials)), V3Agent(usm(credentials))
    (report,) = peer(engine.wrap(QUESTION, NUMBER, NOW))
    with pytest.raises(Reported) as told:
        engine.unwrap(report, NOW)
    assert told.value.outcome is None
    return engine, peer


def answered(credentials: Credentials) -> tuple[Engine, V3Agent, bytes]:
    engine, peer = introduced(credentials)
    (answer,) = peer(engine.wrap(QUESTION, NUMBER, NOW))
    return engine, peer, answer


@asynccontextmanager
async def asking(
    peer: V3Agent, credentials: Credentials = USUAL, attempts: int = 1
) -> AsyncIterator[tuple[AgentSession, Exchange]]:
    exchange = Exchange(0.2, attempts)
    async with agent(peer) as address:
        yield AgentSession(exchange, address, credentials), exchange
    exchange.close()


async def outcome(session: AgentSession) -> Outcome:
    answer = await session.get([oid(NAME)])
    assert answer.outcome is not Outcome.OK or list(answer.varbinds) == [
        (oid(NAME), OCTET_STRING, b"pole-17")
    ]
    return answer.outcome


def test_keys_are_those_of_rfc_3414() -> None:
    """A.3: the pass phrase "maplesyrup" at the engineID 00 00 00 00 00 00 00 00 00 00 00 02."""
    engine = bytes(11) + b"\x02"
    assert master("md5", b"maplesyrup").hex() == "9faf3283884e92834ebc9847d8edd963"
    assert master("sha1", b"maplesyrup").hex() == "9fb5cc0381497b3793528939ff788d5d79145211"
    assert localized("md5", master("md5", b"maplesyrup"), engine).hex() == "526f5eed9fcce26f8964c2930787d82b"
    assert (
        localized("sha1", master("sha1", b"maplesyrup"), engine).hex()
        == "6695febc9288e36282235fc7151f128497b38f3f"
    )


@pytest.mark.parametrize("credentials", STRENGTHS, ids=lambda c: c.user)
def test_question_and_answer_come_through_as_they_were(credentials: Credentials) -> None:
    engine, _, answer = answered(credentials)
    message = ber.decode(engine.unwrap(answer, NOW))
    assert (message.version, message.community, message.pdu) == (ber.V2C, b"", ber.RESPONSE)
    assert message.request_id == int.from_bytes(NUMBER, "big")
    assert message.varbinds == [(oid(NAME), OCTET_STRING, b"pole-17")]


@pytest.mark.parametrize("credentials", [STRONG, USUAL], ids=lambda c: c.user)
def test_the_same_question_never_looks_the_same_and_shows_nothing(credentials: Credentials) -> None:
    engine, _ = introduced(credentials)
    packets = {engine.wrap(QUESTION, NUMBER, NOW) for _ in range(200)}
    assert len({envelope(packet).salt for packet in packets}) == 200
    assert not any(oid(NAME) in packet for packet in packets)


@pytest.mark.parametrize("credentials", [STRONG, USUAL, UNSEALED], ids=lambda c: c.user)
def test_no_octet_of_an_authentic_answer_can_be_changed(credentials: Credentials) -> None:
    engine, _, answer = answered(credentials)
    for at in range(len(answer)):
        for bit in (1, 2, 0x80):
            changed = answer[:at] + bytes((answer[at] ^ bit,)) + answer[at + 1 :]
            with pytest.raises((Malformed, Unauthentic, Unasked)):
                engine.unwrap(changed, NOW)


@given(st.data())
def test_noise_is_malformed_or_unauthentic_and_nothing_else(data: st.DataObject) -> None:
    engine, _, answer = answered(data.draw(st.sampled_from([USUAL, UNSEALED, PLAIN])))
    at = data.draw(st.integers(0, len(answer)))
    noise = data.draw(st.binary(max_size=40))
    packet = answer[:at] + noise + answer[at + data.draw(st.integers(0, 40)) :]
    if packet != answer:
        try:
            ber.decode(engine.unwrap(packet, NOW))
        except (Malformed, Unauthentic, Unasked, Reported):
            pass
        else:
            assert not engine._flags & AUTH  # who does not authenticate believes what can be read


@pytest.mark.parametrize(
    ("asked", "spoken"),
    [(USUAL, UNSEALED), (USUAL, PLAIN), (UNSEALED, PLAIN), (PLAIN, replace(PLAIN, user="other"))],
    ids=lambda c: c.user,
)
def test_an_answer_less_protected_than_its_question_is_refused(
    asked: Credentials, spoken: Credentials
) -> None:
    """The agent's own keys, but a weaker level: what a man in the middle would strip."""
    engine, _, _ = answered(asked)
    weaker, peer = introduced(replace(spoken, user=spoken.user if asked is PLAIN else asked.user))
    (answer,) = peer(weaker.wrap(QUESTION, NUMBER, NOW))
    assert envelope(answer).flags & (AUTH | PRIV) < 3
    with pytest.raises(Unauthentic):
        engine.unwrap(answer, NOW)


def test_an_answer_of_another_engine_is_refused() -> None:
    engine, _, _ = answered(USUAL)
    other = Engine(User(USUAL))
    peer = V3Agent(usm(USUAL, "B2-ups"))
    (report,) = peer(other.wrap(QUESTION, NUMBER, NOW))
    with pytest.raises(Reported):
        other.unwrap(report, NOW)
    (answer,) = peer(other.wrap(QUESTION, NUMBER, NOW))
    with pytest.raises(Unauthentic):
        engine.unwrap(answer, NOW)


@pytest.mark.parametrize(("boots", "lead"), [(4, 0.0), (4, -9000.0), (3, 151.0)], ids=str)
def test_an_answer_by_a_clock_behind_the_one_it_was_asked_by_is_refused(boots: int, lead: float) -> None:
    engine, _, answer = answered(USUAL)
    engine._boots, engine._lead = boots, engine._lead + lead
    with pytest.raises(Unauthentic):
        engine.unwrap(answer, NOW)


@pytest.mark.parametrize(("boots", "lead"), [(2, 0.0), (2, 9000.0), (3, 149.0), (3, -9000.0)], ids=str)
def test_an_agent_that_minds_no_clock_and_is_ahead_is_believed(boots: int, lead: float) -> None:
    engine, _, answer = answered(USUAL)
    engine._boots, engine._lead = boots, engine._lead + lead
    assert engine.unwrap(answer, NOW)
    assert (engine._boots, engine._lead) == (3, 4000.0)


def test_two_introductions_under_way_do_not_contradict_each_other() -> None:
    """The first was late and asked for again; then both come together."""
    engine, peer = Engine(User(USUAL)), V3Agent(usm(USUAL))
    first, second = (peer(engine.wrap(QUESTION, number, NOW))[0] for number in (NUMBER, b"\x31\x32\x33\x34"))
    with pytest.raises(Reported):
        engine.unwrap(first, NOW)
    (answer,) = peer(engine.wrap(QUESTION, b"\x41\x42\x43\x44", NOW))
    with pytest.raises(Unasked):
        engine.unwrap(second, NOW)
    assert engine.unwrap(answer, NOW)


def test_a_question_thrown_back_is_no_answer_and_spoils_none() -> None:
    engine, peer = introduced(USUAL)
    question = engine.wrap(QUESTION, NUMBER, NOW)
    with pytest.raises(Malformed):
        engine.unwrap(question, NOW)
    (answer,) = peer(question)
    assert engine.unwrap(answer, NOW)


def test_a_salt_of_the_wrong_length_is_malformed() -> None:
    for kind in (Aes, Des):
        sealed = kind(bytes(range(16)))
        for salt in (b"", b"seven..", b"nine....."):
            with pytest.raises(ValueError, match="eight octets"):
                sealed.decrypt(bytes(16), 1, 1, salt)


def test_users_are_shared_and_gone_with_the_last_agent() -> None:
    user = user_of(USUAL)
    assert user_of(replace(USUAL)) is user
    assert user_of(STRONG) is not user
    gone = weakref.ref(user)
    del user
    gc.collect()
    assert gone() is None


@pytest.mark.parametrize("engine_id", [b"", b"four", bytes(33)], ids=len)
def test_an_engine_id_of_no_lawful_length_is_not_learned(engine_id: bytes) -> None:
    with pytest.raises(Malformed):
        Engine(User(USUAL))._learn(engine_id)


async def test_an_agent_is_introduced_once_and_asked_within_the_same_attempt() -> None:
    peer = V3Agent(usm(USUAL))
    async with asking(peer) as (session, exchange):
        for _ in range(3):
            assert await outcome(session) is Outcome.OK
        assert (exchange.counters.sent, exchange.counters.retried) == (4, 0)
        assert exchange.waiting() == 0
    assert [envelope(packet).user for packet in peer.asked] == [b"", b"usual", b"usual", b"usual"]


@pytest.mark.parametrize(("boots", "seconds"), [(4, 0), (1, 7), (3, 5000 + 3600)], ids=str)
async def test_an_agent_whose_clock_went_elsewhere_is_read_at_once(boots: int, seconds: int) -> None:
    """Restarted, restarted with its boots forgotten, or with a clock that jumped."""
    peer = V3Agent(usm(USUAL))
    async with asking(peer) as (session, exchange):
        assert await outcome(session) is Outcome.OK
        peer.boots, peer.seconds = boots, seconds
        assert await outcome(session) is Outcome.OK
        assert await outcome(session) is Outcome.OK
        assert exchange.counters.sent == 5  # introduced, asked; told the time, asked again; asked
        assert exchange.counters.retried == 0


async def test_an_agent_that_always_finds_something_in_the_way_is_left_alone() -> None:
    peer = V3Agent(usm(USUAL))

    def late(reply: bytes) -> Sequence[bytes]:
        peer.seconds += 10_000  # whatever it is told, its clock is elsewhere again
        return [reply]

    peer.spoiled = late
    async with asking(peer) as (session, _):
        assert await outcome(session) is Outcome.MALFORMED
    assert len(peer.asked) == 4


async def test_a_device_replaced_under_the_same_address_is_read_at_once() -> None:
    peer = V3Agent(usm(USUAL))
    async with asking(peer) as (session, _):
        assert await outcome(session) is Outcome.OK
        peer.usm = usm(USUAL, "its-successor")
        assert await outcome(session) is Outcome.OK
        assert session.engine is not None
        assert session.engine.id == peer.usm.engine


async def test_a_successor_that_is_silent_to_its_predecessors_name_is_found_by_the_second_attempt() -> None:
    peer = V3Agent(usm(USUAL))
    async with asking(peer, attempts=2) as (session, exchange):
        assert await outcome(session) is Outcome.OK
        successor = usm(USUAL, "its-successor")
        answer = successor.answer
        peer.usm = successor

        def deaf(raw: bytes, *rest: object) -> bytes | None:
            known = envelope(raw).engine_id in (b"", successor.engine)
            return answer(raw, TREE, peer.boots, peer.seconds) if known else None

        successor.answer = deaf  # type: ignore[assignment,method-assign]
        assert await outcome(session) is Outcome.OK
        assert exchange.counters.retried == 1


async def test_a_successor_that_refuses_before_it_looks_whom_was_asked_is_read_at_once() -> None:
    """Some firmware checks digests before engineIDs: what it says is about its predecessor's keys."""
    peer = V3Agent(usm(USUAL))
    async with asking(peer) as (session, _):
        assert await outcome(session) is Outcome.OK
        successor = usm(USUAL, "its-successor")
        answer = successor.answer

        def hasty(raw: bytes, *rest: object) -> bytes | None:
            asked = _decode(raw)
            if asked and asked.engine not in (b"", successor.engine):
                return successor._report(asked, 5, 0, peer.boots, peer.seconds)  # wrong digest
            return answer(raw, TREE, peer.boots, peer.seconds)

        successor.answer = hasty  # type: ignore[assignment,method-assign]
        peer.usm = successor
        assert await outcome(session) is Outcome.OK


async def test_who_was_refused_asks_anew_who_the_agent_is() -> None:
    peer = V3Agent(usm(replace(USUAL, user="other")))
    async with asking(peer) as (session, _):
        assert await outcome(session) is Outcome.AUTH
        peer.usm = usm(USUAL)
        assert await outcome(session) is Outcome.OK
    assert [envelope(packet).user for packet in peer.asked] == [b"", b"usual"] * 2


async def test_a_late_report_while_the_second_attempt_waits_for_room_asks_once() -> None:
    peer = V3Agent(usm(USUAL))
    held: list[bytes] = []
    peer.spoiled = lambda reply: held.append(reply) or []  # type: ignore[func-returns-value]
    async with asking(peer, attempts=2) as (session, exchange):
        asked = asyncio.create_task(outcome(session))
        await asyncio.sleep(0.1)
        room, exchange._window = exchange._window, Window(0)
        await asyncio.sleep(0.2)  # the first attempt has had its time; the second finds no room
        assert (exchange.counters.retried, len(exchange._unsent)) == (1, 1)
        (report,) = held
        assert exchange._unwrapped(inquiry := exchange._unsent[0], session.engine, report) is None
        assert (list(exchange._unsent), inquiry.lessons) == ([inquiry], 1)
        peer.spoiled = lambda reply: [reply]
        exchange._window = room
        assert await asked is Outcome.OK
        assert exchange.counters.sent == 2


async def test_an_agent_that_cannot_be_asked_does_not_stop_the_others() -> None:
    peer = V3Agent(usm(USUAL))
    async with asking(peer, attempts=2) as (session, exchange):
        broken = AgentSession(exchange, ("127.0.0.2", 161), USUAL)
        assert broken.engine is not None
        broken.engine._numbers = None  # type: ignore[assignment]
        results = await asyncio.gather(*(outcome(one) for one in (broken, session, broken, session)))
        assert results == [Outcome.TIMEOUT, Outcome.OK, Outcome.TIMEOUT, Outcome.OK]
        assert exchange.waiting() == 0


async def test_an_answer_that_comes_late_still_counts_though_the_agent_is_doubted() -> None:
    peer = V3Agent(usm(USUAL))
    held: list[bytes] = []

    def slow(reply: bytes) -> Sequence[bytes]:
        held.append(reply)
        return [held[-2], reply] if len(held) == 4 else [] if len(held) == 3 else [reply]

    peer.spoiled = slow
    async with asking(peer, attempts=2) as (session, _):
        assert await outcome(session) is Outcome.OK
        assert await outcome(session) is Outcome.OK  # by the answer to its first attempt
    numbers = [envelope(packet).number for packet in peer.asked]
    assert len(set(numbers)) == len(numbers)


async def test_replies_to_other_questions_and_forgeries_are_dropped_and_counted() -> None:
    peer = V3Agent(usm(USUAL))
    seen: list[bytes] = []

    def hostile(reply: bytes) -> Sequence[bytes]:
        seen.append(reply)
        return (
            [seen[1], reply[:-1] + bytes((reply[-1] ^ 1,)), b"\x30\x00", reply] if len(seen) > 2 else [reply]
        )

    peer.spoiled = hostile
    async with asking(peer) as (session, exchange):
        assert await outcome(session) is Outcome.OK
        assert await outcome(session) is Outcome.OK  # the true one came last
        counters = exchange.counters
        assert (counters.wrong_id, counters.unauthentic, counters.garbled) == (1, 1, 1)


async def test_a_flood_of_reports_is_no_reason_to_ask_without_end() -> None:
    peer = V3Agent(usm(USUAL))
    peer.spoiled = lambda reply: [reply] * 50
    async with asking(peer) as (session, exchange):
        assert await outcome(session) is Outcome.OK
        assert exchange.counters.sent == 2


def test_an_envelope_shows_what_it_holds() -> None:
    _, peer, answer = answered(USUAL)
    shown = envelope(answer)
    assert isinstance(shown, Envelope)
    assert (shown.engine_id, shown.boots, shown.time) == (peer.usm.engine, 3, 5000)
    assert (shown.user, shown.flags) == (b"usual", AUTH | PRIV)
    assert answer[shown.digest_at :].startswith(shown.digest)
