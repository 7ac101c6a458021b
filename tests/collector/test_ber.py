"""SNMP messages, against another implementation and against garbage."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyasn1.codec.ber import decoder, encoder
from pysnmp.proto.api import v1, v2c

from collector.snmp import ber, session
from collector.snmp.numbers import LOWEST
from collector.snmp.session import dotted, oid

_ids = st.integers(LOWEST, 2**31 - 1)
_communities = st.binary(max_size=200)
_oids = st.builds(
    lambda first, rest: ".".join(map(str, (first // 40, first % 40, *rest))),
    st.integers(0, 79),
    st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=20),
)
_values = st.one_of(
    st.builds(v2c.Integer, st.integers(-(2**31), 2**31 - 1)),
    st.builds(v2c.OctetString, st.binary(max_size=400)),
    st.builds(v2c.ObjectIdentifier, _oids),
    st.builds(v2c.Counter32, st.integers(0, 2**32 - 1)),
    st.builds(v2c.Gauge32, st.integers(0, 2**32 - 1)),
    st.builds(v2c.TimeTicks, st.integers(0, 2**32 - 1)),
    st.builds(v2c.Counter64, st.integers(0, 2**64 - 1)),
    st.builds(v2c.IpAddress, st.tuples(*[st.integers(0, 255)] * 4).map(lambda q: ".".join(map(str, q)))),
    st.sampled_from([v2c.null]),
)


def response(
    request_id: int, community: bytes, rows: list[tuple[str, object]], status: int = 0, index: int = 0
) -> bytes:
    """A v2c response as pysnmp writes it."""
    pdu = v2c.ResponsePDU()
    v2c.apiPDU.set_defaults(pdu)
    v2c.apiPDU.set_request_id(pdu, request_id)
    v2c.apiPDU.set_error_status(pdu, status)
    v2c.apiPDU.set_error_index(pdu, index)
    v2c.apiPDU.set_varbinds(pdu, rows)
    message = v2c.Message()
    v2c.apiMessage.set_defaults(message)
    v2c.apiMessage.set_community(message, community)
    v2c.apiMessage.set_pdu(message, pdu)
    return bytes(encoder.encode(message))


@given(_ids, _communities, st.lists(_oids, max_size=30), st.sampled_from([ber.V1, ber.V2C]))
@settings(max_examples=100, deadline=None)
def test_another_implementation_reads_our_requests(
    number: int, community: bytes, names: list[str], version: int
) -> None:
    packet = ber.request(version, community, ber.GET, [oid(n) for n in names]).packet(
        number.to_bytes(4, "big")
    )
    module = v1 if version == ber.V1 else v2c
    message, rest = decoder.decode(packet, asn1Spec=module.Message())
    assert not rest
    assert module.apiMessage.get_community(message).asOctets() == community
    pdu = module.apiMessage.get_pdu(message)
    assert pdu.isSameTypeWith(module.GetRequestPDU())
    assert int(module.apiPDU.get_request_id(pdu)) == number
    assert [str(name) for name, _ in module.apiPDU.get_varbinds(pdu)] == names


@given(_ids, st.integers(0, 5), st.integers(0, 1000), st.lists(_oids, min_size=1, max_size=4))
@settings(max_examples=50, deadline=None)
def test_another_implementation_reads_our_bulk_requests(
    number: int, repeaters: int, repetitions: int, names: list[str]
) -> None:
    made = ber.request(ber.V2C, b"public", ber.GET_BULK, [oid(n) for n in names], repeaters, repetitions)
    message, rest = decoder.decode(made.packet(number.to_bytes(4, "big")), asn1Spec=v2c.Message())
    pdu = v2c.apiMessage.get_pdu(message)
    assert not rest
    assert pdu.isSameTypeWith(v2c.GetBulkRequestPDU())
    assert int(v2c.apiBulkPDU.get_non_repeaters(pdu)) == repeaters
    assert int(v2c.apiBulkPDU.get_max_repetitions(pdu)) == repetitions


@given(_ids, _communities, st.lists(st.tuples(_oids, _values), max_size=12), st.integers(0, 18))
@settings(max_examples=200, deadline=None)
def test_we_read_what_another_implementation_writes(
    number: int, community: bytes, rows: list[tuple[str, object]], status: int
) -> None:
    message = ber.decode(response(number, community, rows, status, len(rows)))
    assert message[:6] == (ber.V2C, community, ber.RESPONSE, number, status, len(rows))
    assert [dotted(name) for name, _, _ in message.varbinds] == [name for name, _ in rows]
    for (_, tag, content), (_, value) in zip(message.varbinds, rows, strict=True):
        theirs = bytes(encoder.encode(value))
        assert ber.tlv(tag, content) == theirs
        if isinstance(value, v2c.Counter32 | v2c.Gauge32 | v2c.TimeTicks | v2c.Counter64):
            assert ber.unsigned(content) == int(value)
        elif isinstance(value, v2c.Integer):
            assert ber.integer(content) == int(value)
            # ours is the shortest (X.690, 8.3.2); pyasn1 spends a second octet on -128
            assert ber.integer(ber.signed(int(value))) == int(value)
            assert len(ber.signed(int(value))) <= len(content)


def _seeds() -> list[bytes]:
    rows: list[tuple[str, object]] = [
        ("1.3.6.1.2.1.1.3.0", v2c.TimeTicks(123456)),
        ("1.3.6.1.2.1.1.1.0", v2c.OctetString(b"x" * 150)),
        ("1.3.6.1.2.1.1.2.0", v2c.ObjectIdentifier("1.3.6.1.4.1.8072.3.2.10")),
        ("1.3.6.1.2.1.31.1.1.1.6.1", v2c.Counter64(2**63)),
    ]
    return [
        response(LOWEST, b"public", rows),
        response(2**31 - 1, b"", rows[:1], 2, 1),
        ber.request(ber.V1, b"private", ber.GET, [oid("1.3.6.1.2.1.1.1.0")]).packet(b"\x01\x02\x03\x04"),
    ]


def mutated(seed: bytes, dice: random.Random) -> bytes:
    octets = bytearray(seed)
    for _ in range(dice.randint(1, 4)):
        at = dice.randrange(len(octets)) if octets else 0
        match dice.randrange(5):
            case 0 if octets:
                octets[at] = dice.randrange(256)
            case 1:
                del octets[at:]
            case 2:
                del octets[at : at + dice.randint(1, 8)]
            case 3:
                octets[at:at] = dice.randbytes(dice.randint(1, 8))
            case _ if octets:
                octets[at] = dice.choice((0x00, 0x30, 0x7F, 0x80, 0x81, 0x82, 0x84, 0xFF))
    return bytes(octets)


def test_garbage_raises_one_error_and_never_another() -> None:
    dice = random.Random(20)
    refused = 0
    for _ in range(50_000):
        try:
            ber.decode(mutated(dice.choice(_seeds_once), dice))
        except ber.Malformed:
            refused += 1
    assert 25_000 < refused < 50_000


_seeds_once = _seeds()


@pytest.mark.parametrize("seed", _seeds_once)
def test_every_shortened_or_lengthened_packet_is_refused(seed: bytes) -> None:
    for end in range(len(seed)):
        with pytest.raises(ber.Malformed):
            ber.decode(seed[:end])
    with pytest.raises(ber.Malformed):
        ber.decode(seed + b"\x00")


def test_padded_lengths_of_real_agents_are_read() -> None:
    seed = _seeds_once[2]
    padded = b"\x30\x82" + (len(seed) - 2).to_bytes(2, "big") + seed[2:]
    assert ber.decode(padded) == ber.decode(seed)


def test_a_version_3_message_is_not_ours() -> None:
    packet = bytearray(_seeds_once[0])
    assert packet[2:6] != b"\x02\x01\x03"
    at = packet.index(b"\x02\x01\x01")
    packet[at + 2] = 3
    with pytest.raises(ber.Malformed):
        ber.decode(bytes(packet))


def test_nothing_that_writes_can_be_asked() -> None:
    with pytest.raises(ValueError):
        ber.request(ber.V2C, b"private", 0xA3, [oid("1.3.6.1.2.1.1.5.0")])
    with pytest.raises(ValueError):
        ber.request(ber.V1, b"public", ber.GET_BULK, [oid("1.3.6.1")], 0, 10)


def test_the_community_is_not_shown() -> None:
    shown = repr(ber.request(ber.V2C, b"canary-7", ber.GET, [oid("1.3.6.1.2.1.1.1.0")]))
    assert "canary" not in shown


@given(st.integers(-(2**63), 2**63 - 1))
def test_integers_come_back(number: int) -> None:
    assert ber.integer(ber.signed(number)) == number
    assert len(ber.signed(number)) == 1 or ber.signed(number)[:2] not in (b"\x00\x00", b"\xff\xff")


def test_numbers_above_half_their_range_need_no_leading_zero() -> None:
    assert ber.unsigned(b"\xff\xff\xff\xff") == ber.unsigned(b"\x00\xff\xff\xff\xff") == 2**32 - 1


def test_the_tags_are_those_of_the_standard() -> None:
    assert (session.INTEGER, session.COUNTER64, session.END_OF_MIB_VIEW) == (0x02, 0x46, 0x82)
