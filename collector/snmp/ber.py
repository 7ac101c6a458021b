"""SNMP v1 and v2c messages in BER: requests out, responses in (RFC 1157, 3416; X.690).

Requests that only read: there is no way to ask for a SET here. PURE.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from collector.snmp.session import INTEGER, OBJECT_ID, OCTET_STRING, Varbind

GET: Final = 0xA0
GET_NEXT: Final = 0xA1
RESPONSE: Final = 0xA2
GET_BULK: Final = 0xA5

V1: Final = 0
V2C: Final = 1

_SEQUENCE: Final = 0x30
_TRAP_V1: Final = 0xA4  # its body is unlike every other PDU's
_REPORT: Final = 0xA8


class Malformed(ValueError):
    """Octets that are not one whole SNMP v1 or v2c message."""


class Message(NamedTuple):
    """One decoded message. For a GETBULK the error fields hold non-repeaters and max-repetitions."""

    version: int
    community: bytes
    pdu: int
    request_id: int
    error_status: int
    error_index: int
    varbinds: list[Varbind]


@dataclass(frozen=True, slots=True)
class Request:
    """A message encoded once for all: only the four octets of the request-id change."""

    head: bytes = field(repr=False)
    tail: bytes
    oids: tuple[bytes, ...]
    version: int
    community: bytes = field(repr=False)

    def packet(self, request_id: bytes) -> bytes:
        """`request_id`: four octets, a number of `collector.snmp.numbers`."""
        return self.head + request_id + self.tail


def request(
    version: int, community: bytes, pdu: int, oids: Sequence[bytes], first: int = 0, second: int = 0
) -> Request:
    """A GET, GETNEXT or GETBULK of `oids` (content octets). GETBULK: `first` is non-repeaters,
    `second` max-repetitions; zero for the others."""
    if pdu not in (GET, GET_NEXT, GET_BULK):
        raise ValueError("only requests that read can be made")
    if pdu == GET_BULK and version == V1:
        raise ValueError("GETBULK came with version 2c")
    rows = b"".join(tlv(_SEQUENCE, tlv(OBJECT_ID, name) + b"\x05\x00") for name in oids)
    tail = tlv(INTEGER, signed(first)) + tlv(INTEGER, signed(second)) + tlv(_SEQUENCE, rows)
    opening = tlv(INTEGER, signed(version)) + tlv(OCTET_STRING, community)
    body = bytes((INTEGER, 4, 0, 0, 0, 0)) + tail
    message = tlv(_SEQUENCE, opening + tlv(pdu, body))
    at = len(message) - len(tail) - 4
    return Request(message[:at], message[at + 4 :], tuple(oids), version, community)


def decode(packet: bytes, spans: list[tuple[int, int]] | None = None) -> Message:
    """The message that fills `packet` exactly; Malformed, and nothing else, when it does not.

    Lengths are definite and must nest without gap or overlap; padded long forms, which real
    agents send, are accepted. Values stay octets and are not looked into. `spans` receives where
    the request-id and then each value lie, from start to end.
    """
    try:
        return _decode(packet, spans)
    except IndexError:
        raise Malformed("cut short") from None


def _decode(packet: bytes, spans: list[tuple[int, int]] | None) -> Message:
    at, size = element(packet, 0, len(packet), _SEQUENCE)
    if size != len(packet):
        raise Malformed("the outer length is not the packet's")
    version, at = _small(packet, at, size)
    if version not in (V1, V2C):
        raise Malformed("neither version 1 nor 2c")
    at, stop = element(packet, at, size, OCTET_STRING)
    community = packet[at:stop]
    pdu = packet[stop]
    if not GET <= pdu <= _REPORT or pdu == _TRAP_V1:
        raise Malformed("no PDU of a known type")
    at, stop = element(packet, stop, size, pdu)
    if stop != size:
        raise Malformed("octets after the PDU")
    request_id, after = _small(packet, at, size)
    if spans is not None:
        spans.append((at + 2, after))
    error_status, at = _small(packet, after, size)
    error_index, at = _small(packet, at, size)
    at, stop = element(packet, at, size, _SEQUENCE)
    if stop != size:
        raise Malformed("octets after the varbinds")

    # Unrolled on purpose: calls here would double the price of a packet.
    varbinds: list[Varbind] = []
    while at < size:
        if packet[at] != _SEQUENCE:
            raise Malformed("a varbind is no SEQUENCE")
        length = packet[at + 1]
        at += 2
        if length > 0x7F:
            length, at = _long(packet, length, at)
        stop = at + length
        if packet[at] != OBJECT_ID:
            raise Malformed("a varbind has no name")
        length = packet[at + 1]
        at += 2
        if length > 0x7F:
            length, at = _long(packet, length, at)
        if not length:
            raise Malformed("an empty name")
        end = at + length
        tag = packet[end]
        if tag & 0x1F == 0x1F:
            raise Malformed("no SNMP tag is this long")
        length = packet[end + 1]
        start = end + 2
        if length > 0x7F:
            length, start = _long(packet, length, start)
        if start + length != stop:
            raise Malformed("a value does not end with its varbind")
        varbinds.append((packet[at:end], tag, packet[start:stop]))
        if spans is not None:
            spans.append((start, stop))
        at = stop
    if at != size:
        raise Malformed("the last varbind reaches beyond the packet")
    return Message(version, community, pdu, request_id, error_status, error_index, varbinds)


def element(packet: bytes, at: int, limit: int, tag: int) -> tuple[int, int]:
    """Where the contents of the element at `at` start and stop, checked to end within `limit`.

    Raises Malformed."""
    if at + 2 > limit or packet[at] != tag:
        raise Malformed(f"no element {tag:#x}")
    length = packet[at + 1]
    at += 2
    if length > 0x7F:
        length, at = _long(packet, length, at)
    if at + length > limit:
        raise Malformed("an element reaches beyond what holds it")
    return at, at + length


def _small(packet: bytes, at: int, limit: int) -> tuple[int, int]:
    """An Integer32 and where it ends. Its length has one octet, as `spans` counts on."""
    if packet[at] != INTEGER:
        raise Malformed(f"{packet[at]:#x} where an INTEGER belongs")
    start = at + 2
    stop = start + packet[at + 1]
    if not start < stop <= min(start + 4, limit):
        raise Malformed("no Integer32")
    return int.from_bytes(packet[start:stop], "big", signed=True), stop


def _long(packet: bytes, first: int, at: int) -> tuple[int, int]:
    """A length in its long form, of at most four octets, and where it ends."""
    count = first & 0x7F
    if not 0 < count <= 4:
        raise Malformed("an indefinite or absurd length")
    octets = packet[at : at + count]
    if len(octets) < count:
        raise Malformed("cut short")
    return int.from_bytes(octets, "big"), at + count


def tlv(tag: int, content: bytes) -> bytes:
    """One element with its shortest definite length."""
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(octets))) + octets + content


def signed(number: int) -> bytes:
    """Content octets of an INTEGER, the fewest that hold it in two's complement."""
    magnitude = number if number >= 0 else ~number
    return number.to_bytes(magnitude.bit_length() // 8 + 1, "big", signed=True)


def integer(content: bytes) -> int:
    """The number in an INTEGER's content octets; an empty one, which some agents send, is 0."""
    return int.from_bytes(content, "big", signed=True)


def unsigned(content: bytes) -> int:
    """The number in Counter32, Gauge32, TimeTicks or Counter64 content octets.

    Read without a sign: agents that leave out the leading zero octet of a number above half its
    range mean that number."""
    return int.from_bytes(content, "big")
