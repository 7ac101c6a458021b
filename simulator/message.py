"""SNMP requests and what an agent answers (RFC 1157, 1905/3416). PURE.

Read-only: a SET is refused as a careful agent refuses it.
"""

from __future__ import annotations

from dataclasses import dataclass

from simulator import ber
from simulator.agents import Tree
from simulator.ber import Oid

V1, V2C = 0, 1
_TOO_BIG, _NO_SUCH_NAME, _READ_ONLY, _NOT_WRITABLE, _NO_ACCESS = 1, 2, 4, 17, 16
LARGEST = 1472  # octets of a UDP datagram in one Ethernet frame; what small agents will send
SYS_UPTIME = ber.parse_oid("1.3.6.1.2.1.1.3.0")
SNMP_TRAP_OID = ber.parse_oid("1.3.6.1.6.3.1.1.4.1.0")

Varbind = tuple[Oid, bytes]
"""(name, encoded value)"""


@dataclass(frozen=True, slots=True)
class Pdu:
    """`first` and `second` are error status and index, or non-repeaters and max-repetitions."""

    tag: int
    request_id: int
    first: int
    second: int
    varbinds: tuple[Varbind, ...]


def decode_pdu(tag: int, content: bytes) -> Pdu:
    request_id, at = ber.expect(ber.INTEGER, content)
    first, at = ber.expect(ber.INTEGER, content, at)
    second, at = ber.expect(ber.INTEGER, content, at)
    rows, _ = ber.expect(ber.SEQUENCE, content, at)
    varbinds = []
    for kind, row in ber.elements(rows):
        if kind != ber.SEQUENCE:
            raise ber.Malformed("varbind")
        name, after = ber.expect(ber.OID, row)
        varbinds.append((ber.oid_of(name), row[after:]))
    return Pdu(tag, ber.number(request_id), ber.number(first), ber.number(second), tuple(varbinds))


def encode_pdu(pdu: Pdu) -> bytes:
    rows = [ber.sequence(ber.oid(name), value) for name, value in pdu.varbinds]
    return ber.sequence(
        ber.integer(pdu.request_id),
        ber.integer(pdu.first),
        ber.integer(pdu.second),
        ber.sequence(*rows),
        tag=pdu.tag,
    )


def answer(request: Pdu, tree: Tree, version: int, largest: int = LARGEST) -> Pdu | None:
    """The response of the agent; None for what no agent answers (responses, traps, nonsense)."""
    room = largest - 60  # for the message around it
    if request.tag == ber.GET:
        found = [(oid, tree.get(oid)) for oid, _ in request.varbinds]
    elif request.tag == ber.GET_NEXT:
        found = [_next(oid, tree, version) for oid, _ in request.varbinds]
    elif request.tag == ber.GET_BULK and version != V1:
        return Pdu(ber.RESPONSE, request.request_id, 0, 0, tuple(_bulk(request, tree, room)))
    elif request.tag == ber.SET:
        return _error(request, _READ_ONLY if version == V1 else _NOT_WRITABLE, 1)
    else:
        return None
    if version == V1:
        for place, (_, value) in enumerate(found, 1):
            if value[0] in (ber.NO_SUCH_OBJECT, ber.NO_SUCH_INSTANCE, ber.END_OF_MIB_VIEW, ber.COUNTER64):
                return _error(request, _NO_SUCH_NAME, place)
    if sum(map(_size, found)) > room:
        return Pdu(ber.RESPONSE, request.request_id, _TOO_BIG, 0, ())
    return Pdu(ber.RESPONSE, request.request_id, 0, 0, tuple(found))


def not_authorised(request: Pdu) -> Pdu:
    return _error(request, _NO_ACCESS, 0)


def _error(request: Pdu, status: int, place: int) -> Pdu:
    return Pdu(ber.RESPONSE, request.request_id, status, place, request.varbinds)


def _size(varbind: Varbind) -> int:
    return len(ber.oid_content(varbind[0])) + len(varbind[1]) + 8


def _next(oid: Oid, tree: Tree, version: int) -> Varbind:
    found = tree.after(oid)
    while found is not None and version == V1 and found[1][0] == ber.COUNTER64:
        found = tree.after(found[0])  # RFC 3584, 4.2.2.1: v1 cannot say Counter64
    return found if found is not None else (oid, ber.tlv(ber.END_OF_MIB_VIEW, b""))


def _bulk(request: Pdu, tree: Tree, room: int) -> list[Varbind]:
    """As many rows as fit; the manager asks on from the last."""
    alone = min(max(request.first, 0), len(request.varbinds))
    found = [_next(oid, tree, V2C) for oid, _ in request.varbinds[:alone]]
    left = room - sum(map(_size, found))
    at = [oid for oid, _ in request.varbinds[alone:]]
    for _ in range(max(request.second, 0) if at else 0):
        row = [_next(oid, tree, V2C) for oid in at]
        for varbind in row:
            left -= _size(varbind)
            if left < 0:
                return found
            found.append(varbind)
        if all(value[0] == ber.END_OF_MIB_VIEW for _, value in row):
            break
        at = [oid for oid, _ in row]
    return found


def community_request(raw: bytes) -> tuple[int, bytes, Pdu] | None:
    """(version, community, PDU) of a v1 or v2c message; None for another version. Malformed."""
    content, _ = ber.expect(ber.SEQUENCE, raw)
    version, at = ber.expect(ber.INTEGER, content)
    if ber.number(version) not in (V1, V2C):
        return None
    community, at = ber.expect(ber.OCTETS, content, at)
    tag, body, _ = ber.take(content, at)
    if not ber.GET <= tag <= ber.REPORT or tag == ber.TRAP_V1:
        raise ber.Malformed("PDU")
    return ber.number(version), community, decode_pdu(tag, body)


def community_message(version: int, community: bytes, pdu: Pdu) -> bytes:
    return ber.sequence(ber.integer(version), ber.octets(community), encode_pdu(pdu))


def notification(request_id: int, uptime_s: float, trap: Oid, varbinds: list[Varbind]) -> Pdu:
    """An SNMPv2-Trap-PDU: sysUpTime and snmpTrapOID before all else (RFC 3416, 4.2.6)."""
    ticks = ber.integer(int(uptime_s * 100) % 2**32, ber.TIMETICKS)
    head = ((SYS_UPTIME, ticks), (SNMP_TRAP_OID, ber.oid(trap)))
    return Pdu(ber.TRAP_V2, request_id, 0, 0, (*head, *varbinds))
