"""Agents answer what RFC 1157 and 3416 say, and survive what nobody should send."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import ConfigError
from simulator import ber, message
from simulator.agents import Agent, Flavours, Tree, load_agent
from simulator.ber import parse_oid
from simulator.message import Pdu
from simulator.serve import Host
from simulator.world import World
from tests.simulator.town import COMMUNITY, START, secrets, town, v3

A, B, C = (parse_oid(f"1.3.6.1.2.1.99.1.{n}.0") for n in (1, 2, 3))
TREE = Tree({A: ber.integer(7), B: ber.integer(2**40, ber.COUNTER64), C: ber.octets(b"c")})
NOTHING = ber.tlv(ber.NULL, b"")


def asked(tag: int, *oids: ber.Oid, first: int = 0, second: int = 0) -> Pdu:
    return Pdu(tag, 42, first, second, tuple((oid, NOTHING) for oid in oids))


def replied(request: Pdu, version: int = message.V2C, tree: Tree = TREE) -> Pdu:
    reply = message.answer(request, tree, version)
    assert reply is not None
    assert (reply.tag, reply.request_id) == (ber.RESPONSE, 42)
    return reply


def test_v1_cannot_say_counter64_and_skips_it() -> None:
    assert replied(asked(ber.GET_NEXT, A), message.V1).varbinds == ((C, ber.octets(b"c")),)
    assert replied(asked(ber.GET, A, B), message.V1).first == 2
    assert replied(asked(ber.GET, A, B), message.V1).second == 2
    assert replied(asked(ber.GET_NEXT, A)).varbinds[0][0] == B


def test_v2c_says_what_is_missing_varbind_by_varbind() -> None:
    reply = replied(asked(ber.GET, A, (*A[:-1], 5), parse_oid("1.3.6.1.4.1.1")))
    tags = [value[0] for _, value in reply.varbinds]
    assert tags == [ber.INTEGER, ber.NO_SUCH_INSTANCE, ber.NO_SUCH_OBJECT]


def test_bulk_repeats_what_repeats_and_ends_at_the_end() -> None:
    reply = replied(asked(ber.GET_BULK, parse_oid("1.3"), A, first=1, second=10))
    assert [oid for oid, _ in reply.varbinds] == [A, B, C, C]
    assert reply.varbinds[-1][1][0] == ber.END_OF_MIB_VIEW


def test_bulk_gives_what_fits_and_get_says_too_big() -> None:
    large = Tree({(*A, n): ber.octets(b"x" * 100) for n in range(1, 100)})
    assert 8 <= len(replied(asked(ber.GET_BULK, A, second=99), tree=large).varbinds) <= 13
    assert replied(asked(ber.GET, *large.keys), tree=large).first == 1


def test_a_set_is_refused_and_a_response_is_not_answered() -> None:
    assert replied(asked(ber.SET, A)).first == 17
    assert replied(asked(ber.SET, A), message.V1).first == 4
    assert message.answer(asked(ber.RESPONSE, A), TREE, message.V2C) is None


def host(which: str, **given: object) -> Host:
    city = town(**given)  # type: ignore[arg-type]
    world = World(city, 1, START)
    device = city.devices[which]
    return Host(Agent(world, device, Flavours().plan(world, device)), 161, secrets)


def test_a_wrong_community_is_met_with_silence() -> None:
    good = message.community_message(message.V2C, COMMUNITY.encode(), asked(ber.GET, message.SYS_UPTIME))
    assert host("south-switch").answer(good, START) is not None
    assert host("south-switch").answer(good.replace(COMMUNITY.encode(), b"street-lamb"), START) is None


AGENTS = host("south-ups"), host("north-switch", access=v3())


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_no_packet_however_mangled_is_more_than_an_agent_can_bear(data: st.DataObject) -> None:
    good = message.community_message(
        message.V2C, COMMUNITY.encode(), asked(ber.GET_BULK, A, first=0, second=5)
    )
    seeds = [good, AGENTS[1].notification(1, A, [(A, ber.integer(1))], START), b""]
    raw = bytearray(data.draw(st.sampled_from(seeds)))
    for _ in range(data.draw(st.integers(0, 4))):
        if raw:
            raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(raw)))
    for agent in AGENTS:
        agent.answer(bytes(raw[:cut]), START)
        agent.answer(bytes(raw), START)


@given(st.lists(st.integers(0, 2**32 - 1), max_size=20))
def test_object_identifiers_survive_the_way_there_and_back(rest: list[int]) -> None:
    oid = (1, 3, *rest)
    assert ber.oid_of(ber.oid_content(oid)) == oid


@given(st.integers(-(2**31), 2**64 - 1))
def test_integers_survive_the_way_there_and_back(number: int) -> None:
    content, _ = ber.expect(ber.INTEGER, ber.integer(number))
    assert ber.number(content) == number


def test_every_shipped_agent_can_tell_of_every_device_of_its_kind() -> None:
    city = town()
    world = World(city, 1, START)
    flavours = Flavours()
    seen = set()
    for device in city.devices.values():
        plan = flavours.plan(world, device)
        seen.add(plan.name)
        tree = Agent(world, device, plan).tree(START)
        assert tree.keys[:6] == [parse_oid(f"1.3.6.1.2.1.1.{n}.0") for n in range(1, 7)]
        assert len(tree.keys) > 10
    assert seen == {
        "ups_rfc1628", "ups_apc", "switch_poe", "camera_axis", "camera_hikvision", "router_teltonika",
        "sensor_entity",
    }  # fmt: skip


def test_an_agent_file_with_mistakes_names_their_lines(tmp_path: Path) -> None:
    path = tmp_path / "agent.yaml"
    path.write_text(
        "system: {descr: x, object_id: 1.3.6.1.4.1.1}\n"
        "objects:\n"
        "  - {oid: 1.3.6.1.4.1.1.1.0, type: integer}\n"
        "  - {oid: 1.3.6.1.4.1.1.2.0, type: intger, value: 1}\n"
    )
    with pytest.raises(ConfigError) as caught:
        load_agent(path)
    assert [problem.line for problem in caught.value.problems] == [3, 4]
