"""The one ICMP socket of an address family: what this kernel lets us have, and what it lost."""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import struct
import sys
from functools import lru_cache

from collector.icmp import packet
from collector.icmp.answers import SCM_TIMESTAMPNS, Layout
from domain.errors import NotPermitted

# Linux constants the socket module does not name (asm-generic/socket.h, linux/in.h, icmp.h, icmpv6.h)
_SO_RCVBUFFORCE, _SO_MEMINFO = 33, 55
_MEMINFO_DROPS = 8
_IP_RECVERR, _IPV6_RECVERR = 11, 25
_IP_MTU_DISCOVER, _PMTUDISC_DO = 10, 2
_SOL_RAW, _ICMP_FILTER = 255, 1
_ICMP6_FILTER = 1
_MSG_ERRQUEUE = 0x2000
_SO_EE_ORIGIN_ICMP, _SO_EE_ORIGIN_ICMP6 = 2, 3

MODES = (socket.SOCK_RAW, socket.SOCK_DGRAM)


class EchoSocket:
    """A raw socket (CAP_NET_RAW) or a datagram one (net.ipv4.ping_group_range) for echoes;
    `layout` reads what mmsg.ReceiveBatch took from it."""

    def __init__(self, family: int, kind: int, receive_buffer: int) -> None:
        six = family == socket.AF_INET6
        protocol = socket.IPPROTO_ICMPV6 if six else socket.IPPROTO_ICMP
        self.socket = socket.socket(family, kind, protocol)
        self.family, self.kind = family, kind
        self.request = packet.ECHO_REQUEST_6 if six else packet.ECHO_REQUEST
        self.reply = packet.ECHO_REPLY_6 if six else packet.ECHO_REPLY
        try:
            self._configure(six, receive_buffer)
        except OSError:
            self.socket.close()
            raise
        skip = 20 if kind == socket.SOCK_RAW and not six else 0  # raw IPv4 hands over the IP header
        self.layout = Layout(skip, six)

    def _configure(self, six: bool, receive_buffer: int) -> None:
        own = self.socket
        own.setblocking(False)
        try:
            own.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, receive_buffer)
        except PermissionError:  # without CAP_NET_ADMIN net.core.rmem_max is the limit
            own.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        own.setsockopt(socket.SOL_SOCKET, SCM_TIMESTAMPNS, 1)
        # ICMP errors about our echoes come by the error queue, quoted, the same way for all kinds
        if six:
            own.setsockopt(socket.IPPROTO_IPV6, _IPV6_RECVERR, 1)
        else:
            own.setsockopt(socket.IPPROTO_IP, _IP_RECVERR, 1)
            # not to be cut up, as 44 octets never need: then the kernel draws no identification for each
            with contextlib.suppress(OSError):
                own.setsockopt(socket.IPPROTO_IP, _IP_MTU_DISCOVER, _PMTUDISC_DO)
        if self.kind == socket.SOCK_RAW:
            # a raw socket hears all ICMP of the machine: let the kernel drop all but replies
            self.identifier = int.from_bytes(os.urandom(2), sys.byteorder)
            if six:
                words = [0xFFFFFFFF] * 8
                words[self.reply >> 5] ^= 1 << (self.reply & 31)
                own.setsockopt(socket.IPPROTO_ICMPV6, _ICMP6_FILTER, struct.pack("=8I", *words))
            else:
                own.setsockopt(_SOL_RAW, _ICMP_FILTER, struct.pack("=I", 0xFFFFFFFF ^ 1 << self.reply))
        else:
            own.bind(("::" if six else "0.0.0.0", 0))  # noqa: S104 - chooses the identifier only
            self.identifier = int(own.getsockname()[1])

    def receive_buffer(self) -> int:
        """Octets the kernel truly gave (it counts its own bookkeeping in them)."""
        return self.socket.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)

    def drops(self) -> int:
        """Datagrams the kernel threw away because the receive buffer was full (a 32-bit total).

        SO_RXQ_OVFL would tell too, but never arrives on datagram ICMP sockets."""
        info = self.socket.getsockopt(socket.SOL_SOCKET, _SO_MEMINFO, 4 * (_MEMINFO_DROPS + 1))
        return int(struct.unpack_from("=I", info, 4 * _MEMINFO_DROPS)[0])

    def errors(self) -> list[tuple[bytes, bytes]]:
        """ICMP errors that wait: (destination's packed address, quoted ICMP octets)."""
        found: list[tuple[bytes, bytes]] = []
        while True:
            try:
                quoted, ancillary, _, name = self.socket.recvmsg(128, 512, _MSG_ERRQUEUE)
            except OSError as error:
                if error.errno in (errno.EAGAIN, errno.EINTR):
                    return found
                continue  # the pending error itself; reading it clears it
            for _, _, data in ancillary:
                origin = data[4] if len(data) >= 16 else 0  # struct sock_extended_err
                if origin in (_SO_EE_ORIGIN_ICMP, _SO_EE_ORIGIN_ICMP6) and name:
                    found.append((socket.inet_pton(self.family, name[0].partition("%")[0]), quoted))

    def close(self) -> None:
        self.socket.close()


def open_sockets(receive_buffer: int, kinds: tuple[int, ...] = MODES) -> list[EchoSocket]:
    """An IPv4 socket, and an IPv6 one where the kernel has IPv6; NotPermitted when it refuses both
    kinds, with what to grant."""
    for kind in kinds:
        try:
            opened = [EchoSocket(socket.AF_INET, kind, receive_buffer)]
        except PermissionError:
            continue
        with contextlib.suppress(OSError):
            opened.append(EchoSocket(socket.AF_INET6, kind, receive_buffer))
        return opened
    raise NotPermitted(
        f"this kernel does not let user {os.geteuid()} send ICMP echoes: allow its group by "
        f'`sysctl -w net.ipv4.ping_group_range="{os.getegid()} {os.getegid()}"` '
        "(deploy/sysctl/90-nigehban.conf allows all), or grant CAP_NET_RAW "
        "(AmbientCapabilities=CAP_NET_RAW in the unit, or setcap cap_net_raw+ep on the interpreter)"
    )


@lru_cache(maxsize=1 << 18)
def resolved(address: str) -> tuple[int, bytes, bytes]:
    """(family, packed address, struct sockaddr) of a literal address; ValueError when it is a name:
    names are resolved aside, never here."""
    literal, _, scope = address.partition("%")
    try:
        if ":" not in literal:
            packed = socket.inet_pton(socket.AF_INET, literal)
            return socket.AF_INET, packed, struct.pack("=HH4s8x", socket.AF_INET, 0, packed)
        packed = socket.inet_pton(socket.AF_INET6, literal)
        index = 0 if not scope else int(scope) if scope.isdigit() else socket.if_nametoindex(scope)
    except OSError as error:
        raise ValueError(f"{address!r} is not an IP address of this machine's reach") from error
    return socket.AF_INET6, packed, struct.pack("=HHI16sI", socket.AF_INET6, 0, 0, packed, index)
