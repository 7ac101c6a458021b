"""The part of ASN.1 BER an SNMP agent needs (X.690, RFC 3417 section 8). PURE.

Object identifiers are tuples of numbers. Written apart from the collector's codec, so that each
is checked against something that does not share its mistakes.
"""

from __future__ import annotations

from collections.abc import Iterator

Oid = tuple[int, ...]

INTEGER, OCTETS, NULL, OID, SEQUENCE = 0x02, 0x04, 0x05, 0x06, 0x30
IP_ADDRESS, COUNTER32, GAUGE32, TIMETICKS, COUNTER64 = 0x40, 0x41, 0x42, 0x43, 0x46
NO_SUCH_OBJECT, NO_SUCH_INSTANCE, END_OF_MIB_VIEW = 0x80, 0x81, 0x82
GET, GET_NEXT, RESPONSE, SET, TRAP_V1, GET_BULK, INFORM, TRAP_V2, REPORT = range(0xA0, 0xA9)


class Malformed(ValueError):
    """These octets are not the BER that was expected."""


def parse_oid(dotted: str) -> Oid:
    return tuple(int(part) for part in dotted.strip(".").split("."))


def tlv(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(length))) + length + content


def sequence(*parts: bytes, tag: int = SEQUENCE) -> bytes:
    return tlv(tag, b"".join(parts))


def integer(number: int, tag: int = INTEGER) -> bytes:
    """Any whole number. Unsigned types get a leading zero octet where they need one, as X.690 asks."""
    return tlv(tag, number.to_bytes(number.bit_length() // 8 + 1, "big", signed=True))


def octets(data: bytes) -> bytes:
    return tlv(OCTETS, data)


def oid_content(oid: Oid) -> bytes:
    out = bytearray()
    for number in (oid[0] * 40 + oid[1], *oid[2:]):
        groups = [number & 0x7F]
        while number := number >> 7:
            groups.append(0x80 | (number & 0x7F))
        out.extend(reversed(groups))
    return bytes(out)


def oid(value: Oid) -> bytes:
    return tlv(OID, oid_content(value))


def take(data: bytes, at: int = 0) -> tuple[int, bytes, int]:
    """(tag, content, position after it) of the element at `at`. Malformed when it is cut short."""
    try:
        tag, size = data[at], data[at + 1]
        at += 2
        if size & 0x80:
            count = size & 0x7F
            if not 1 <= count <= 4:
                raise Malformed("length form")
            size = int.from_bytes(data[at : at + count], "big")
            at += count
    except IndexError:
        raise Malformed("cut short") from None
    if at + size > len(data):
        raise Malformed("cut short")
    return tag, data[at : at + size], at + size


def expect(tag: int, data: bytes, at: int = 0) -> tuple[bytes, int]:
    found, content, after = take(data, at)
    if found != tag:
        raise Malformed(f"tag {found:#x} where {tag:#x} belongs")
    return content, after


def elements(content: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at < len(content):
        tag, inner, at = take(content, at)
        yield tag, inner


def number(content: bytes) -> int:
    if not content:
        raise Malformed("empty integer")
    return int.from_bytes(content, "big", signed=True)


def oid_of(content: bytes) -> Oid:
    numbers: list[int] = []
    value = 0
    for octet in content:
        value = value << 7 | (octet & 0x7F)
        if not octet & 0x80:
            numbers.append(value)
            value = 0
    if not numbers or content[-1] & 0x80:
        raise Malformed("object identifier")
    first = min(numbers[0] // 40, 2)
    return (first, numbers[0] - first * 40, *numbers[1:])
