"""Unconnected UDP sockets that hear ICMP errors, and what the kernel's errors say of an agent.

Source: udp(7), ip(7) IP_RECVERR, ipv6(7); struct sock_extended_err of linux/errqueue.h.
"""

from __future__ import annotations

import errno
import socket
import struct
from collections.abc import Iterator
from typing import Any, Final

from domain.reading import Outcome

Address = tuple[Any, ...]
"""A socket address as `recvfrom` gives it: (host, port), with flow and scope for IPv6."""

_IP_MTU_DISCOVER, _IPV6_MTU_DISCOVER, _PMTUDISC_DONT = 10, 23, 0
_IP_RECVERR, _IPV6_RECVERR = 11, 25
_SO_RCVBUFFORCE, _SO_MEMINFO = 33, 55
_EXTENDED_ERROR: Final = struct.Struct("=IBBBBII")  # errno, origin, type, code, pad, info, data
_FROM_ICMP = (2, 3)  # SO_EE_ORIGIN_ICMP, SO_EE_ORIGIN_ICMP6
_QUOTED = 2048  # octets: more of our own packet than is ever compared

_OUTCOMES: Final = {
    errno.ECONNREFUSED: Outcome.REFUSED,
    errno.EPERM: Outcome.FORBIDDEN,  # a local packet filter
    errno.EACCES: Outcome.FORBIDDEN,  # a broadcast address, a security module
    errno.EAFNOSUPPORT: Outcome.FORBIDDEN,
    errno.EADDRNOTAVAIL: Outcome.FORBIDDEN,
}


def failure(number: int) -> Outcome:
    """What an errno of sending, or of an ICMP error, says. Unlisted ones are all kinds of no way there."""
    return _OUTCOMES.get(number, Outcome.UNREACHABLE)


def open_socket(family: socket.AddressFamily, buffer: int) -> socket.socket:
    """Non-blocking, with a receive buffer of `buffer` octets where the kernel allows it, and with
    the error queue on. OSError where this host lacks the family."""
    sock = socket.socket(family, socket.SOCK_DGRAM)
    try:
        sock.setblocking(False)
        try:
            sock.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, buffer)
        except PermissionError:  # needs CAP_NET_ADMIN; without it net.core.rmem_max is the bound
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            sock.setsockopt(socket.IPPROTO_IPV6, _IPV6_RECVERR, 1)
            sock.setsockopt(socket.IPPROTO_IPV6, _IPV6_MTU_DISCOVER, _PMTUDISC_DONT)
            sock.bind(("::", 0))
        else:
            sock.setsockopt(socket.IPPROTO_IP, _IP_RECVERR, 1)
            sock.setsockopt(socket.IPPROTO_IP, _IP_MTU_DISCOVER, _PMTUDISC_DONT)
            sock.bind(("0.0.0.0", 0))  # noqa: S104 answers come from everywhere
    except OSError:
        sock.close()
        raise
    return sock


def socket_errors(sock: socket.socket) -> Iterator[tuple[Address, int, bytes]]:
    """Empties the error queue: the address that was asked, the errno, and what was sent to it."""
    while True:
        try:
            sent, ancillary, _, address = sock.recvmsg(_QUOTED, 512, socket.MSG_ERRQUEUE)
        except OSError:
            return
        for level, kind, content in ancillary:
            if (level, kind) in ((socket.IPPROTO_IP, _IP_RECVERR), (socket.IPPROTO_IPV6, _IPV6_RECVERR)):
                number, origin, *_ = _EXTENDED_ERROR.unpack_from(content)
                if origin in _FROM_ICMP:
                    yield address, number, sent


def kernel_drops(sock: socket.socket) -> int:
    """Packets the kernel threw away because the receive buffer was full, since the socket's start."""
    return int(struct.unpack_from("=9I", sock.getsockopt(socket.SOL_SOCKET, _SO_MEMINFO, 36))[8])
