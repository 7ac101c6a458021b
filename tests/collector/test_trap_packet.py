"""Notifications as octets, told against pysnmp; who may be heard."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyasn1.codec.ber import encoder
from pysnmp.proto import rfc1157, rfc1902, rfc1905
from pysnmp.proto.api import v1, v2c
from pysnmp.proto.proxy import rfc2576

from collector.snmp.ber import Malformed
from collector.snmp.envelope import envelope
from collector.snmp.session import dotted
from collector.traps.gate import Shares, Strangers
from collector.traps.packet import acknowledgement, frame, plain, unframed, version_of

OIDS = st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=6).map(lambda tail: (1, 3, 6, 1, 4, 1, *tail))
VALUES = st.one_of(
    st.integers(-(2**31), 2**31 - 1).map(rfc1902.Integer32),
    st.binary(max_size=300).map(rfc1902.OctetString),
    st.integers(0, 2**32 - 1).map(rfc1902.Gauge32),
    st.integers(0, 2**32 - 1).map(rfc1902.TimeTicks),
    OIDS.map(rfc1902.ObjectIdentifier),
)
ROWS = st.lists(st.tuples(OIDS, VALUES), max_size=5)


def octets_of(value: object) -> tuple[int, bytes]:
    whole = encoder.encode(value)
    size = 2 if whole[1] < 0x80 else 2 + (whole[1] & 0x7F)
    return whole[0], whole[size:]


@given(ROWS, OIDS, st.binary(min_size=1, max_size=20), st.booleans())
def test_v2c_notifications_read_as_pysnmp_wrote_them(
    rows: list[tuple[tuple[int, ...], object]], trap: tuple[int, ...], community: bytes, confirmed: bool
) -> None:
    pdu = (v2c.InformRequestPDU if confirmed else v2c.SNMPv2TrapPDU)()
    v2c.apiPDU.set_defaults(pdu)
    named = [((1, 3, 6, 1, 6, 3, 1, 1, 4, 1, 0), rfc1902.ObjectIdentifier(trap)), *rows]
    v2c.apiPDU.set_varbinds(pdu, named)
    message = v2c.Message()
    v2c.apiMessage.set_defaults(message)
    v2c.apiMessage.set_community(message, community)
    v2c.apiMessage.set_pdu(message, pdu)
    packet = encoder.encode(message)
    said = plain(packet)
    assert (said.version, said.community, said.confirmed) == (1, community, confirmed)
    assert dotted(said.trap) == ".".join(map(str, trap))
    assert [(dotted(name), tag, value) for name, tag, value in said.varbinds] == [
        (".".join(map(str, name)), *octets_of(value)) for name, value in named
    ]
    if confirmed:
        answer, rest = _decoded(acknowledgement(packet))
        assert rest == b""
        response = v2c.apiMessage.get_pdu(answer)
        assert response.tagSet == rfc1905.ResponsePDU.tagSet
        assert v2c.apiPDU.get_request_id(response) == v2c.apiPDU.get_request_id(pdu)
        assert v2c.apiPDU.get_error_status(response) == 0


def _decoded(octets: bytes) -> tuple[object, bytes]:
    from pyasn1.codec.ber import decoder

    answer, rest = decoder.decode(octets, asn1Spec=v2c.Message())
    return answer, bytes(rest)


@given(ROWS, OIDS, st.integers(0, 6), st.integers(0, 2**31 - 1))
def test_v1_traps_get_the_name_pysnmp_gives_them(
    rows: list[tuple[tuple[int, ...], object]], enterprise: tuple[int, ...], generic: int, specific: int
) -> None:
    pdu = v1.TrapPDU()
    v1.apiTrapPDU.set_defaults(pdu)
    v1.apiTrapPDU.set_enterprise(pdu, enterprise)
    v1.apiTrapPDU.set_generic_trap(pdu, generic)
    v1.apiTrapPDU.set_specific_trap(pdu, specific)
    v1.apiTrapPDU.set_agent_address(pdu, "10.1.2.3")
    v1.apiTrapPDU.set_varbinds(
        pdu,
        [
            (name, rfc1157.univ.OctetString(bytes(value)))
            for name, value in rows
            if isinstance(value, rfc1902.OctetString)
        ],
    )
    message = v1.Message()
    v1.apiMessage.set_defaults(message)
    v1.apiMessage.set_community(message, b"public")
    v1.apiMessage.set_pdu(message, pdu)
    said = plain(encoder.encode(message))
    proxied = dict(v2c.apiPDU.get_varbinds(rfc2576.v1_to_v2(pdu, snmpTrapCommunity=b"public")))
    wanted = proxied[rfc1902.ObjectIdentifier((1, 3, 6, 1, 6, 3, 1, 1, 4, 1, 0))]
    assert dotted(said.trap) == ".".join(map(str, wanted))
    assert (said.version, said.agent, said.confirmed) == (0, "10.1.2.3", False)
    assert len(said.varbinds) == len(v1.apiTrapPDU.get_varbinds(pdu))


@given(st.binary(max_size=120))
def test_rubbish_is_malformed_and_nothing_worse(octets: bytes) -> None:
    for read in (version_of, plain, envelope):
        try:
            read(octets)
        except Malformed:
            continue


@given(st.lists(st.binary(max_size=50)), st.integers(1, 7))
def test_frames_come_whole_however_the_pipe_cuts_them(messages: list[bytes], size: int) -> None:
    stream = b"".join(map(frame, messages))
    buffer, found = bytearray(), []
    for at in range(0, len(stream), size):
        buffer += stream[at : at + size]
        found += unframed(buffer)
    assert found == messages
    assert not buffer


def test_a_share_fills_up_again_with_time() -> None:
    shares = Shares(rate=2.0, burst=3.0)
    assert [shares.allows("a", 0.0) for _ in range(5)] == [True, True, True, False, False]
    assert shares.allows("b", 0.0)
    assert [shares.allows("a", 1.0) for _ in range(3)] == [True, True, False]
    shares.keep({"b": None})
    assert [shares.allows("a", 1.0) for _ in range(4)] == [True, True, True, False]


def test_a_stranger_is_named_once_a_minute_with_its_count() -> None:
    strangers = Strangers(every=60.0)
    strangers.came("x")
    assert strangers.due(0.0) == [("x", 1)]
    for _ in range(7):
        strangers.came("x")
    assert strangers.due(59.0) == []
    assert strangers.due(60.0) == [("x", 7)]


def test_many_strangers_take_no_more_room_than_a_thousand() -> None:
    strangers = Strangers()
    for number in range(5_000):
        strangers.came(f"10.0.{number // 250}.{number % 250}")
    assert len(strangers.due(0.0)) == 1_000


@pytest.mark.parametrize("text", ["30", "3003020101", "30060201010401" + "61", "308002010100"])
def test_cut_messages_are_malformed(text: str) -> None:
    with pytest.raises(Malformed):
        plain(bytes.fromhex(text))
