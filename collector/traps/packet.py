"""Notifications in BER: SNMP v1 traps, v2c traps and informs. PURE.

A v1 trap gets the name RFC 3584 (3.1) gives it, so that all versions look alike afterwards.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from collector.snmp import ber
from collector.snmp.ber import Malformed, element
from collector.snmp.session import INTEGER, IP_ADDRESS, OBJECT_ID, OCTET_STRING, TIMETICKS, Varbind, oid

TRAP_V1: Final = 0xA4
INFORM: Final = 0xA6
TRAP_V2: Final = 0xA7

_SEQUENCE: Final = 0x30
_TRAP_OID: Final = oid("1.3.6.1.6.3.1.1.4.1.0")  # SNMPv2-MIB snmpTrapOID.0
_TRAP_ADDRESS: Final = oid("1.3.6.1.6.3.18.1.3.0")  # SNMP-COMMUNITY-MIB snmpTrapAddress.0
_GENERIC: Final = oid("1.3.6.1.6.3.1.1.5")  # SNMPv2-MIB snmpTraps: coldStart.1 to egpNeighborLoss.6
_ENTERPRISE_SPECIFIC: Final = 6


class Notification(NamedTuple):
    """`trap` is the content octets of its OID, `agent` the address it gives itself, or ""."""

    version: int  # as on the wire: 0, 1 or 3
    community: bytes
    trap: bytes
    agent: str
    varbinds: list[Varbind]
    confirmed: bool


def version_of(packet: bytes) -> int:
    """0 for v1, 1 for v2c, 3 for v3; Malformed when it cannot be an SNMP message."""
    start, stop = element(packet, 0, len(packet), _SEQUENCE)
    if stop != len(packet):
        raise Malformed("the outer length is not the packet's")
    at, end = element(packet, start, stop, INTEGER)
    return ber.integer(packet[at:end])


def plain(packet: bytes) -> Notification:
    """A v1 or v2c notification; Malformed, and nothing else, when it is none."""
    if version_of(packet) == ber.V1:
        return _v1(packet)
    message = ber.decode(packet)
    if message.pdu not in (TRAP_V2, INFORM):
        raise Malformed("no notification")
    return named(message.version, message.community, message.pdu == INFORM, message.varbinds)


def named(version: int, community: bytes, confirmed: bool, varbinds: list[Varbind]) -> Notification:
    """Finds the trap's name among the varbinds, where RFC 3416 (4.2.6) puts it second."""
    agent = ""
    trap = b""
    for name, tag, value in varbinds:
        if name == _TRAP_OID and tag == OBJECT_ID:
            trap = trap or value
        elif name == _TRAP_ADDRESS and tag == IP_ADDRESS:
            agent = _address(value)
    if not trap or trap[-1] & 0x80:
        raise Malformed("a notification without a name")
    return Notification(version, community, trap, agent, varbinds, confirmed)


def _v1(packet: bytes) -> Notification:
    start, stop = element(packet, 0, len(packet), _SEQUENCE)
    _, at = element(packet, start, stop, INTEGER)
    community, at = _taken(packet, at, stop, OCTET_STRING)
    at, end = element(packet, at, stop, TRAP_V1)
    if end != stop:
        raise Malformed("octets after the PDU")
    enterprise, at = _taken(packet, at, stop, OBJECT_ID)
    agent, at = _taken(packet, at, stop, IP_ADDRESS)
    generic, at = _taken(packet, at, stop, INTEGER)
    specific, at = _taken(packet, at, stop, INTEGER)
    _, at = _taken(packet, at, stop, TIMETICKS)
    kind = ber.integer(generic)
    if kind == _ENTERPRISE_SPECIFIC:
        number = ber.integer(specific)
        if not enterprise or enterprise[-1] & 0x80 or number < 0:
            raise Malformed("no trap has such a name")
        trap = enterprise + b"\0" + _sub_identifier(number)
    elif 0 <= kind < _ENTERPRISE_SPECIFIC:
        trap = _GENERIC + bytes((kind + 1,))
    else:
        raise Malformed("a generic trap that does not exist")
    # the list of varbinds is the same in all versions: let the one decoder read it
    body = tlv_integers(0, 0, 0) + packet[at:stop]
    message = ber.decode(ber.tlv(_SEQUENCE, tlv_integers(ber.V2C) + b"\x04\0" + ber.tlv(TRAP_V2, body)))
    return Notification(ber.V1, community, trap, _address(agent), message.varbinds, False)


def acknowledgement(packet: bytes) -> bytes:
    """The response to a v2c inform: the same message, its PDU called a response (RFC 3416, 4.2.7).
    `packet` has been decoded before, so that its form is known to be good."""
    start, stop = element(packet, 0, len(packet), _SEQUENCE)
    _, at = element(packet, start, stop, INTEGER)
    _, at = element(packet, at, stop, OCTET_STRING)
    return packet[:at] + bytes((ber.RESPONSE,)) + packet[at + 1 :]


def varbinds_of(pdu: bytes) -> list[Varbind]:
    """The varbinds of one encoded v2 PDU."""
    return ber.decode(ber.tlv(_SEQUENCE, tlv_integers(ber.V2C) + b"\x04\0" + pdu)).varbinds


def tlv_integers(*numbers: int) -> bytes:
    return b"".join(ber.tlv(INTEGER, ber.signed(number)) for number in numbers)


def _taken(packet: bytes, at: int, limit: int, tag: int) -> tuple[bytes, int]:
    start, stop = element(packet, at, limit, tag)
    return packet[start:stop], stop


def _address(octets: bytes) -> str:
    return ".".join(map(str, octets)) if len(octets) == 4 and any(octets) else ""


def _sub_identifier(number: int) -> bytes:
    octets = [number & 0x7F]
    while number := number >> 7:
        octets.append(0x80 | (number & 0x7F))
    return bytes(reversed(octets))


def frame(octets: bytes) -> bytes:
    """One message on the pipe between the receiver and its child: its size in four octets first."""
    return len(octets).to_bytes(4, "big") + octets


def unframed(buffer: bytearray) -> Sequence[bytes]:
    """Takes the whole messages off the front of `buffer`."""
    found = []
    at = 0
    while len(buffer) - at >= 4:
        stop = at + 4 + int.from_bytes(buffer[at : at + 4], "big")
        if stop > len(buffer):
            break
        found.append(bytes(buffer[at + 4 : stop]))
        at = stop
    del buffer[:at]
    return found
