"""The city on the network: which agent hears a datagram, and the two roads by which it comes.

`TunStreet` owns the addresses through a TUN device, pings included. `SocketStreet` serves UDP on
ordinary sockets, one for each port; the kernel then answers the pings, the dead's too, and ICMP
has to be asked of simulator.control instead.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
import struct
from collections.abc import Callable, Iterable
from typing import Protocol

from domain.errors import Permanent
from domain.place import City, Device, SecretRef
from simulator import ber, message, packets
from simulator.agents import Agent, Flavours
from simulator.tun import Tun, foreign
from simulator.v3 import Usm
from simulator.world import World

_IP_PKTINFO = 8  # linux/in.h; the address a datagram was sent to, and is answered from
_LOOPBACK_DEVICE = b"lo"
_DISCARD = 9  # a UDP port no simulated agent has


class Host:
    """One device as the network sees it."""

    def __init__(self, agent: Agent, port: int, secrets: Callable[[SecretRef], str]) -> None:
        self.agent, self.port = agent, port
        self.device: Device = agent.device
        access = self.device.snmp
        self._community: bytes | None = None
        self._usm: Usm | None = None
        if access is not None and access.v3 is not None:
            self._usm = Usm(self.device.id, access.v3, secrets)
        elif access is not None and access.community is not None:
            self._community = secrets(access.community).encode()

    @property
    def has_agent(self) -> bool:
        return self._usm is not None or self._community is not None

    def answer(self, raw: bytes, now: int) -> bytes | None:
        """What the agent says to a datagram; None for a wrong community or what cannot be read."""
        try:
            if self._usm is not None:
                boots, seconds = self._engine(now)
                return self._usm.answer(raw, self.agent.tree(now), boots, seconds)
            asked = message.community_request(raw)
            if asked is None or asked[1] != self._community:
                return None
            version, community, request = asked
            reply = message.answer(request, self.agent.tree(now), version)
            return None if reply is None else message.community_message(version, community, reply)
        except ber.Malformed:
            return None

    def notification(self, number: int, trap: ber.Oid, varbinds: list[message.Varbind], now: int) -> bytes:
        """A v3 trap where the device has a user, a v2c trap otherwise."""
        boots, seconds = self._engine(now)
        pdu = message.notification(number, seconds, trap, varbinds)
        if self._usm is not None:
            return self._usm.notify(number, pdu, boots, seconds)
        return message.community_message(message.V2C, self._community or b"", pdu)

    def _engine(self, now: int) -> tuple[int, int]:
        state = self.agent.world.devices[self.device.id]
        return state.boots, (now - state.booted_at) // 1000


def hosts(world: World, city: City, secrets: Callable[[SecretRef], str], port: int | None) -> dict[str, Host]:
    """Every device of the city by its address. Permanent for an address outside loopback."""
    flavours = Flavours()
    if wrong := foreign((*(d.address for d in city.devices.values()), *world.references)):
        raise Permanent(f"{wrong[0]} cannot be simulated: only 127.1.0.0 to 127.255.255.255 can")
    return {
        device.address: Host(Agent(world, device, flavours.plan(world, device)), port or device.port, secrets)
        for device in city.devices.values()
    }


class Street(Protocol):
    """A road between the agents and the network."""

    road: str  # "tun" or "sockets"

    def describe(self) -> str: ...
    def send(self, source: str, target: tuple[str, int], payload: bytes) -> None: ...
    def close(self) -> None: ...


class TunStreet:
    """Pings and SNMP through a TUN device; the dead are silent, a host without agent refuses."""

    road = "tun"

    def __init__(self, world: World, hosts: dict[str, Host], now: Callable[[], int]) -> None:
        self._world, self._hosts, self._now = world, hosts, now
        self._tun = Tun([*hosts, *world.references])
        self._tun.listen(self._packet)

    def describe(self) -> str:
        return f"ICMP and SNMP answered through TUN device {self._tun.name}; the dead are silent"

    async def proven(self, patience_s: float = 1.0) -> bool:
        """Whether packets come and go: many a packet filter drops loopback addresses from any
        device but `lo`. A port where nobody listens must refuse."""
        loop, address = asyncio.get_running_loop(), next(iter((*self._world.references, *self._hosts)), "")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
            asker.setblocking(False)
            asker.connect((address, _DISCARD))
            try:
                async with asyncio.timeout(patience_s):
                    await loop.sock_sendall(asker, b"")
                    await loop.sock_recv(asker, 1)
            except ConnectionRefusedError:
                return True
            except (TimeoutError, OSError):
                return False
        return False

    def _packet(self, raw: bytes) -> None:
        packet = packets.packet(raw)
        if packet is None:
            return
        address = packet.destination
        if not self._world.pings(address) or self._world.drops(address):
            return
        reply: bytes | None = None
        if packets.is_echo_request(packet):
            reply = packets.echo_reply(packet)
        elif packet.protocol == packets.UDP:
            reply = self._datagram(packet)
        if reply is not None:
            delay = self._world.round_trip_s(address)
            asyncio.get_running_loop().call_later(delay, self._tun.write, reply)

    def _datagram(self, packet: packets.Packet) -> bytes | None:
        datagram, host = packets.datagram(packet.payload), self._hosts.get(packet.destination)
        if datagram is None:
            return None
        if (
            host is None
            or not host.has_agent
            or datagram.destination_port != host.port
            or not self._world.agent_answers(host.device.id)
        ):
            return packets.port_unreachable(packet)
        said = host.answer(datagram.payload, self._now())
        if said is None:
            return None
        return packets.udp(packet.destination, host.port, packet.source, datagram.source_port, said)

    def send(self, source: str, target: tuple[str, int], payload: bytes) -> None:
        self._tun.write(packets.udp(source, 49152, *target, payload))

    def close(self) -> None:
        self._tun.close()


class SocketStreet:
    """SNMP on ordinary UDP sockets, bound to the loopback device and to every address."""

    road = "sockets"

    def __init__(self, world: World, hosts: dict[str, Host], now: Callable[[], int]) -> None:
        self._world, self._hosts, self._now = world, hosts, now
        self._sockets: dict[int, socket.socket] = {}
        try:
            _reachable(hosts)
            for port in sorted({host.port for host in hosts.values()}):
                self._sockets[port] = self._open(port)
        except OSError as error:
            self.close()
            if error.errno == errno.EADDRINUSE:
                raise Permanent("another program has the simulator's port: stop it first") from None
            if error.errno == errno.EADDRNOTAVAIL:
                raise Permanent("another simulated city has these addresses: stop it first") from None
            raise

    def describe(self) -> str:
        return "SNMP answered on UDP sockets; ICMP by the simulator's own prober (no TUN device here)"

    def _open(self, port: int) -> socket.socket:
        server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            server.setblocking(False)
            server.setsockopt(socket.IPPROTO_IP, _IP_PKTINFO, 1)
            server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
            with contextlib.suppress(PermissionError):  # old kernels; _readable checks addresses anyway
                server.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, _LOOPBACK_DEVICE)
            server.bind(("", port))
            asyncio.get_running_loop().add_reader(server, self._readable, server, port)
        except OSError:
            server.close()
            raise
        return server

    def _readable(self, server: socket.socket, port: int) -> None:
        for _ in range(256):  # then let others run
            try:
                raw, ancillary, _, sender = server.recvmsg(65535, 64)
            except (BlockingIOError, ConnectionError):
                return
            if not ancillary:
                continue
            address = socket.inet_ntoa(ancillary[0][2][8:12])  # struct in_pktinfo: ipi_addr
            host = self._hosts.get(address)
            if host is None or host.port != port or not host.has_agent:
                continue
            if not self._world.agent_answers(host.device.id) or self._world.drops(address):
                continue
            said = host.answer(raw, self._now())
            if said is not None:
                delay = self._world.round_trip_s(address)
                loop = asyncio.get_running_loop()
                loop.call_later(delay, self._from, server, address, sender, said)

    def _from(self, server: socket.socket, source: str, target: tuple[str, int], payload: bytes) -> None:
        info = struct.pack("i4s4x", 0, socket.inet_aton(source))  # struct in_pktinfo: ipi_spec_dst
        with contextlib.suppress(OSError):  # a full queue drops, as a network would; so does a closed socket
            server.sendmsg([payload], [(socket.IPPROTO_IP, _IP_PKTINFO, info)], 0, target)

    def send(self, source: str, target: tuple[str, int], payload: bytes) -> None:
        for server in self._sockets.values():
            self._from(server, source, target, payload)
            return

    def close(self) -> None:
        for server in self._sockets.values():
            asyncio.get_running_loop().remove_reader(server)
            server.close()
        self._sockets.clear()


def _reachable(addresses: Iterable[str]) -> None:
    """OSError (EADDRNOTAVAIL) when an address is routed to somebody's TUN device."""
    for address in addresses:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind((address, 0))
