"""IPv4, UDP and ICMP as bytes, as far as a city behind a TUN device needs them. PURE.

RFC 791, 768, 792, 1071. Addresses are dotted text outside and four octets inside.
"""

from __future__ import annotations

import socket
import struct
from dataclasses import dataclass

ICMP, UDP = 1, 17
_ECHO_REQUEST, _ECHO_REPLY, _UNREACHABLE, _PORT_UNREACHABLE = 8, 0, 3, 3
_HEADER = struct.Struct("!BBHHHBBH4s4s")


@dataclass(frozen=True, slots=True)
class Packet:
    """One IPv4 packet without fragments. `raw` is the whole of it, for quoting in an error."""

    protocol: int
    source: str
    destination: str
    payload: bytes
    raw: bytes


@dataclass(frozen=True, slots=True)
class Datagram:
    source_port: int
    destination_port: int
    payload: bytes


def checksum(data: bytes) -> int:
    """The Internet checksum (RFC 1071)."""
    if len(data) % 2:
        data += b"\0"
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def packet(raw: bytes) -> Packet | None:
    """The packet in `raw`; None when it is not whole, unfragmented IPv4."""
    if len(raw) < 20 or raw[0] >> 4 != 4:
        return None
    length, offset = (raw[0] & 0x0F) * 4, struct.unpack_from("!H", raw, 6)[0]
    if length < 20 or len(raw) < length or offset & 0x3FFF:  # more fragments, or not the first
        return None
    source, destination = socket.inet_ntoa(raw[12:16]), socket.inet_ntoa(raw[16:20])
    return Packet(raw[9], source, destination, raw[length:], raw)


def ipv4(protocol: int, source: str, destination: str, payload: bytes) -> bytes:
    fields = (0x45, 0, 20 + len(payload), 0, 0x4000, 64, protocol)
    ends = (socket.inet_aton(source), socket.inet_aton(destination))
    bare = _HEADER.pack(*fields, 0, *ends)
    return _HEADER.pack(*fields, checksum(bare), *ends) + payload


def datagram(payload: bytes) -> Datagram | None:
    if len(payload) < 8:
        return None
    source, destination, length, _ = struct.unpack_from("!4H", payload)
    if not 8 <= length <= len(payload):
        return None
    return Datagram(source, destination, payload[8:length])


def udp(source: str, source_port: int, destination: str, destination_port: int, payload: bytes) -> bytes:
    """A UDP packet. Its checksum is 0, that is, not made: it never leaves this machine."""
    head = struct.pack("!4H", source_port, destination_port, 8 + len(payload), 0)
    return ipv4(UDP, source, destination, head + payload)


def is_echo_request(packet: Packet) -> bool:
    return packet.protocol == ICMP and len(packet.payload) >= 8 and packet.payload[0] == _ECHO_REQUEST


def echo_reply(request: Packet) -> bytes:
    rest = request.payload[4:]
    bare = struct.pack("!BBH", _ECHO_REPLY, 0, 0) + rest
    reply = struct.pack("!BBH", _ECHO_REPLY, 0, checksum(bare)) + rest
    return ipv4(ICMP, request.destination, request.source, reply)


def port_unreachable(refused: Packet) -> bytes:
    """What a living host without an agent says: it quotes the header and eight octets (RFC 792)."""
    quoted = b"\0\0\0\0" + refused.raw[: len(refused.raw) - len(refused.payload) + 8]
    head = struct.pack("!BBH", _UNREACHABLE, _PORT_UNREACHABLE, 0)
    head = struct.pack("!BBH", _UNREACHABLE, _PORT_UNREACHABLE, checksum(head + quoted))
    return ipv4(ICMP, refused.destination, refused.source, head + quoted)
