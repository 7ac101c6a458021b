"""Agents that behave as real ones do at their worst: a small MIB served over UDP, with faults."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from collector.snmp import ber
from collector.snmp.session import (
    END_OF_MIB_VIEW,
    INTEGER,
    NO_SUCH_INSTANCE,
    NULL,
    OCTET_STRING,
    Varbind,
    oid,
)
from collector.snmp.session import sub_identifiers as numbers

TOO_BIG, NO_SUCH_NAME, GEN_ERR = 1, 2, 5


def response(
    request: ber.Message,
    varbinds: Sequence[Varbind],
    status: int = 0,
    index: int = 0,
    number: int | None = None,
    community: bytes | None = None,
) -> bytes:
    rows = b"".join(ber.tlv(0x30, ber.tlv(6, name) + ber.tlv(tag, value)) for name, tag, value in varbinds)
    head = b"".join(
        ber.tlv(INTEGER, ber.signed(n))
        for n in (request.request_id if number is None else number, status, index)
    )
    opening = ber.tlv(INTEGER, ber.signed(request.version)) + ber.tlv(
        OCTET_STRING, request.community if community is None else community
    )
    return ber.tlv(0x30, opening + ber.tlv(ber.RESPONSE, head + ber.tlv(0x30, rows)))


@dataclass
class Mib:
    """Answers like an agent; `faults` says how it chokes."""

    rows: Mapping[str, Varbind]
    most: int = 1000  # varbinds in a GET, beyond which `choke` happens
    choke: str = "silent"  # or "toobig", "generr", "garbled"
    mute: frozenset[bytes] = frozenset()  # OIDs that make it fall silent
    bulk: bool = True
    asked: list[ber.Message] = field(default_factory=list)

    def __call__(self, packet: bytes) -> list[bytes]:
        request = ber.decode(packet)
        self.asked.append(request)
        names = [name for name, _, _ in request.varbinds]
        if self.mute.intersection(names) or (request.pdu == ber.GET_BULK and not self.bulk):
            return []
        if len(names) > self.most:
            match self.choke:
                case "toobig":
                    return [response(request, [], TOO_BIG)]
                case "generr":
                    return [response(request, [], GEN_ERR, 1)]
                case "garbled":
                    return [response(request, request.varbinds)[:-7]]
            return []
        if request.pdu == ber.GET:
            return [self._get(request, names)]
        count = request.error_index if request.pdu == ber.GET_BULK else 1
        return [self._next(request, names[0], count)]

    def _get(self, request: ber.Message, names: list[bytes]) -> bytes:
        held = {row[0]: row for row in self.rows.values()}
        if request.version == ber.V1:
            for at, name in enumerate(names):
                if name not in held:
                    return response(request, request.varbinds, NO_SUCH_NAME, at + 1)
        return response(request, [held.get(name, (name, NO_SUCH_INSTANCE, b"")) for name in names])

    def _next(self, request: ber.Message, name: bytes, count: int) -> bytes:
        ordered = sorted(self.rows.values(), key=lambda row: numbers(row[0]))
        following = [row for row in ordered if numbers(row[0]) > numbers(name)][:count]
        if not following and request.version == ber.V1:
            return response(request, [(name, NULL, b"")], NO_SUCH_NAME, 1)
        if len(following) < count and request.version != ber.V1:
            following.append((following[-1][0] if following else name, END_OF_MIB_VIEW, b""))
        return response(request, following)


def mib(*texts: str) -> dict[str, Varbind]:
    return {text: (oid(text), INTEGER, ber.signed(at)) for at, text in enumerate(texts, 1)}


Behaviour = Callable[[bytes], Sequence[bytes]]


class _Server(asyncio.DatagramProtocol):
    def __init__(self, behaviour: Behaviour) -> None:
        self._behaviour = behaviour
        self._transport: Any = None  # asyncio's own class is no DatagramTransport in Python 3.11

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        for packet in self._behaviour(data):
            self._transport.sendto(packet, addr)


@asynccontextmanager
async def agent(behaviour: Behaviour, host: str = "127.0.0.1") -> AsyncIterator[tuple[str | int, ...]]:
    """Serves until the end of the block; yields its address as `recvfrom` spells it."""
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: _Server(behaviour), local_addr=(host, 0))
    try:
        yield transport.get_extra_info("sockname")
    finally:
        transport.close()


def has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True
