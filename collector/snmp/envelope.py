"""What an SNMPv3 message shows before anything of it is believed (RFC 3412, 6; RFC 3414, 2.4). PURE."""

from __future__ import annotations

from typing import Final, NamedTuple

from collector.snmp.ber import Malformed, element, integer
from collector.snmp.session import INTEGER, OCTET_STRING

AUTH: Final = 1  # msgFlags
PRIV: Final = 2
REPORTABLE: Final = 4

_SEQUENCE: Final = 0x30
_V3: Final = 3
_USER_BASED: Final = 3  # msgSecurityModel
_MOST: Final = 2**31 - 1


class Envelope(NamedTuple):
    """`digest_at` and `body_at` are places in the packet: where the digest begins, and where the scoped
    PDU does, or its cipher text."""

    number: int  # msgID
    flags: int
    engine_id: bytes
    boots: int
    time: int
    user: bytes
    digest: bytes
    digest_at: int
    salt: bytes
    body_at: int


def envelope(packet: bytes) -> Envelope:
    """The outer fields of a v3 message under USM; Malformed when they are not there."""
    at, end = element(packet, 0, len(packet), _SEQUENCE)
    if end != len(packet):
        raise Malformed("the outer length is not the packet's")
    start, at = element(packet, at, end, INTEGER)
    if integer(packet[start:at]) != _V3:
        raise Malformed("not version 3")
    head, after = element(packet, at, end, _SEQUENCE)
    start, stop = element(packet, head, after, INTEGER)
    number = integer(packet[start:stop])
    _, head = element(packet, stop, after, INTEGER)
    start, stop = element(packet, head, after, OCTET_STRING)
    flags = packet[start:stop]
    start, stop = element(packet, stop, after, INTEGER)
    if len(flags) != 1 or integer(packet[start:stop]) != _USER_BASED:
        raise Malformed("not the user-based security model")
    at, body = element(packet, after, end, OCTET_STRING)
    at, stop = element(packet, at, body, _SEQUENCE)
    start, at = element(packet, at, stop, OCTET_STRING)
    engine_id = packet[start:at]
    start, at = element(packet, at, stop, INTEGER)
    boots = integer(packet[start:at])
    start, at = element(packet, at, stop, INTEGER)
    time = integer(packet[start:at])
    if not (0 <= boots <= _MOST and 0 <= time <= _MOST):
        raise Malformed("no clock of an engine")
    start, at = element(packet, at, stop, OCTET_STRING)
    user = packet[start:at]
    digest_at, at = element(packet, at, stop, OCTET_STRING)
    digest = packet[digest_at:at]
    start, at = element(packet, at, stop, OCTET_STRING)
    return Envelope(number, flags[0], engine_id, boots, time, user, digest, digest_at, packet[start:at], body)
