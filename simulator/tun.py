"""A TUN device that owns the addresses of the simulated city, so that the dead can be silent.

The kernel itself answers pings to all of 127/8. A route of 32 bits in table `local` is more
specific than that table's 127.0.0.0/8 and sends what is for a simulated device to this process.
All of it hangs on a device that is not persistent: when the process ends, in whatever way, the
kernel removes the device, and with it its routes and settings. No rule, no other route and no
other setting of the machine is touched, so there is nothing to restore.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import errno
import fcntl
import os
import socket
import struct
from collections.abc import Callable, Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

from domain.errors import NotPermitted, Permanent

_LOOPBACK = IPv4Network("127.0.0.0/8")
_RESERVED = IPv4Network("127.0.0.0/16")  # 127.0.0.1, 127.0.0.53 and their like belong to the machine

# linux/if_tun.h, linux/sockios.h, linux/if.h
_TUNSETIFF, _IFF_TUN, _IFF_NO_PI = 0x400454CA, 0x0001, 0x1000
_SIOCGIFFLAGS, _SIOCSIFFLAGS, _SIOCSIFMTU, _SIOCGIFINDEX, _IFF_UP = 0x8913, 0x8914, 0x8922, 0x8933, 1
_QUEUE = 20_000  # packets; a sweep of 2,000 devices by 5 echoes is one burst
_LARGEST = 65535
# linux/rtnetlink.h
_RTM_NEWLINK, _RTM_NEWROUTE, _IFLA_TXQLEN = 16, 24, 13
_REQUEST, _ACK, _EXCL, _CREATE = 0x1, 0x4, 0x200, 0x400
_TABLE_LOCAL, _PROTO_STATIC, _SCOPE_LINK, _UNICAST = 255, 4, 253, 1
_RTA_DST, _RTA_OIF, _RTA_PREFSRC = 1, 4, 7
_NLMSG_ERROR = 2
_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000


def foreign(addresses: Iterable[str]) -> list[str]:
    """Those addresses a simulated city may not have: all but 127.1.0.0 to 127.255.255.255."""
    return [a for a in addresses if (ip := IPv4Address(a)) not in _LOOPBACK or ip in _RESERVED]


class Tun:
    """Opens the device and routes `addresses` (dotted, of 127/8) to it.

    NotPermitted when this user may not; Permanent when another process already has one of the
    addresses, for then neither this road nor plain sockets can reach them.
    """

    def __init__(self, addresses: Sequence[str]) -> None:
        if wrong := foreign(addresses):
            raise Permanent(f"{wrong[0]} is not a loopback address a simulated device may have")
        self._fd = -1
        self._sink: Callable[[bytes], None] | None = None
        try:
            self._fd = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
            request = struct.pack("16sH22x", b"nigehban%d", _IFF_TUN | _IFF_NO_PI)
            answer = fcntl.ioctl(self._fd, _TUNSETIFF, request)
            self.name = answer[:16].rstrip(b"\0").decode()
            settings = Path("/proc/sys/net/ipv4/conf") / self.name
            (settings / "route_localnet").write_text("1")
            ipv6 = Path("/proc/sys/net/ipv6/conf") / self.name / "disable_ipv6"
            if ipv6.exists():
                ipv6.write_text("1")
            _up(self.name)
            _route(self.name, addresses)
        except OSError as error:
            self.close()
            if error.errno == errno.EEXIST:
                raise Permanent("another simulated city has these addresses: stop it first") from None
            raise NotPermitted(f"no TUN device: {error.strerror}; it needs CAP_NET_ADMIN") from None

    def listen(self, sink: Callable[[bytes], None]) -> None:
        """Hands every packet for the city to `sink`, in the running event loop."""
        self._sink = sink
        asyncio.get_running_loop().add_reader(self._fd, self._readable)

    def _readable(self) -> None:
        assert self._sink is not None
        for _ in range(256):  # then let others run
            try:
                raw = os.read(self._fd, _LARGEST)
            except BlockingIOError:
                return
            self._sink(raw)

    def write(self, raw: bytes) -> None:
        """Injects a packet. A full queue drops it, as a network would."""
        with contextlib.suppress(OSError):
            os.write(self._fd, raw)

    def close(self) -> None:
        if self._fd >= 0:
            if self._sink is not None:
                asyncio.get_running_loop().remove_reader(self._fd)
            os.close(self._fd)
            self._fd = -1


def _interface(name: str, request: int, fields: bytes = b"") -> bytes:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        packed = name.encode().ljust(16, b"\0") + fields.ljust(24, b"\0")
        return fcntl.ioctl(control, request, packed)


def _up(name: str, mtu: int = _LARGEST) -> None:
    _interface(name, _SIOCSIFMTU, struct.pack("i", mtu))
    (flags,) = struct.unpack_from("H", _interface(name, _SIOCGIFFLAGS), 16)
    _interface(name, _SIOCSIFFLAGS, struct.pack("H", flags | _IFF_UP))


def _attribute(kind: int, value: bytes) -> bytes:
    return struct.pack("HH", 4 + len(value), kind) + value.ljust((len(value) + 3) & ~3, b"\0")


def _index(name: str) -> int:
    (index,) = struct.unpack_from("i", _interface(name, _SIOCGIFINDEX), 16)
    return int(index)


def _told(netlink: socket.socket, kind: int, flags: int, body: bytes) -> None:
    """One request to the kernel and its acknowledgement. OSError as the kernel gives it."""
    netlink.send(struct.pack("IHHII", 16 + len(body), kind, _REQUEST | _ACK | flags, 1, 0) + body)
    answer = netlink.recv(4096)
    if struct.unpack_from("H", answer, 4)[0] == _NLMSG_ERROR:
        (code,) = struct.unpack_from("i", answer, 16)
        if code:
            raise OSError(-code, os.strerror(-code))


def _route(name: str, addresses: Sequence[str]) -> None:
    """`ip link set NAME txqueuelen ...`, then for each address
    `ip route add ADDRESS/32 dev NAME src 127.0.0.1 table local`. OSError as given."""
    index = _index(name)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as netlink:
        netlink.bind((0, 0))
        link = struct.pack("BxHiII", socket.AF_UNSPEC, 0, index, 0, 0)
        _told(netlink, _RTM_NEWLINK, 0, link + _attribute(_IFLA_TXQLEN, struct.pack("I", _QUEUE)))
        for address in dict.fromkeys(addresses):
            head = (socket.AF_INET, 32, 0, 0, _TABLE_LOCAL, _PROTO_STATIC, _SCOPE_LINK, _UNICAST, 0)
            body = struct.pack("8BI", *head)
            body += _attribute(_RTA_DST, socket.inet_aton(address))
            body += _attribute(_RTA_OIF, struct.pack("i", index))
            body += _attribute(_RTA_PREFSRC, socket.inet_aton("127.0.0.1"))
            _told(netlink, _RTM_NEWROUTE, _CREATE | _EXCL, body)


def own_network() -> None:
    """Moves this process into a user and network namespace of its own, with loopback up.

    There a user without privileges may create a TUN device, and nothing of the machine's network
    can be seen or changed; neither can its other services be reached. To be called before any
    thread or socket is made; children inherit it. NotPermitted where the kernel refuses.
    """
    uid, gid = os.geteuid(), os.getegid()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET) != 0:
        why = os.strerror(ctypes.get_errno())
        raise NotPermitted(f"no network namespace of our own: {why}; it needs user namespaces")
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{uid} {uid} 1")
    Path("/proc/self/gid_map").write_text(f"{gid} {gid} 1")
    _up("lo")
    # After an exec the capabilities of the namespace are gone, unprivileged ICMP sockets are not.
    Path("/proc/sys/net/ipv4/ping_group_range").write_text(f"{gid} {gid}")
