"""ICMP echoes as octets (RFC 792, RFC 4443). PURE.

An echo is a header shared by one round of a sweep, `type code checksum identifier sequence` and
an 8-octet nonce of the sweep, then 8 octets of its own: the target's index and that index
inverted. Each 16-bit word beside its inverse adds nothing to a one's complement sum, so that one
checksum serves all targets of the round.
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Sequence
from dataclasses import dataclass

ECHO_REQUEST, ECHO_REPLY = 8, 0
ECHO_REQUEST_6, ECHO_REPLY_6 = 128, 129
NONCE_SIZE = 8
HEADER_SIZE = 8 + NONCE_SIZE
MARK_SIZE = 8

_HEADER = struct.Struct("!BBHHH")
_MARK = struct.Struct("=II")  # opaque to everyone else, so in this machine's own order
_INVERTED = 0xFFFFFFFF


def checksum(octets: bytes) -> int:
    """The Internet checksum (RFC 1071) of an even number of octets."""
    total: int = sum(struct.unpack(f"!{len(octets) // 2}H", octets))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def header(request: int, identifier: int, sequence: int, nonce: bytes) -> bytes:
    """What all echoes of one round begin with. The kernel fills in ICMPv6's checksum, which covers
    addresses only it knows, and that of unprivileged sockets."""
    bare = _HEADER.pack(request, 0, 0, identifier, sequence) + nonce
    return _HEADER.pack(request, 0, checksum(bare), identifier, sequence) + nonce


def marks(indices: Sequence[int]) -> bytes:
    """The octets that belong to each target, one after another."""
    made = array("I", bytes(MARK_SIZE * len(indices)))
    made[::2] = array("I", indices)
    made[1::2] = array("I", [index ^ _INVERTED for index in indices])
    return made.tobytes()


@dataclass(frozen=True, slots=True)
class Quote:
    """What an ICMP error says of the echo it is about; routers may quote no more than 8 octets of it,
    and then there is no nonce and no index."""

    identifier: int
    sequence: int
    nonce: bytes = b""
    index: int = -1


def quote(octets: bytes) -> Quote | None:
    """Reads our echo back out of an ICMP error; None when it is not an echo."""
    if len(octets) < _HEADER.size:
        return None
    request, code, _, identifier, sequence = _HEADER.unpack_from(octets)
    if request not in (ECHO_REQUEST, ECHO_REQUEST_6) or code:
        return None
    if len(octets) < HEADER_SIZE + MARK_SIZE:
        return Quote(identifier, sequence)
    index, inverted = _MARK.unpack_from(octets, HEADER_SIZE)
    if index ^ inverted != _INVERTED:
        return Quote(identifier, sequence)
    return Quote(identifier, sequence, octets[8:HEADER_SIZE], index)
