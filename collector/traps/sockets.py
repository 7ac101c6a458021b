"""What the trap receiver needs of the system: its socket, its decoder's process, a name for its engine."""

from __future__ import annotations

import hashlib
import os
import socket
import struct
import subprocess
import sys
from pathlib import Path

from domain.errors import NotPermitted

_SO_RCVBUFFORCE, _SO_MEMINFO, _MEMINFO_DROPS = 33, 55, 8
_ROOT = str(Path(__file__).resolve().parents[2])  # the child imports the same rooms as we do
_CHILD = "collector.traps.child"


def start_child(heard: socket.socket) -> tuple[subprocess.Popen[bytes], socket.socket]:
    """The decoder of what `heard` receives, and our end of the pipe to it."""
    ours, theirs = socket.socketpair()
    with theirs:
        child = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            [sys.executable, "-m", _CHILD, str(heard.fileno())],
            stdin=theirs.fileno(),
            stdout=theirs.fileno(),
            pass_fds=(heard.fileno(),),
            env={**os.environ, "PYTHONPATH": os.pathsep.join((_ROOT, os.environ.get("PYTHONPATH", "")))},
        )
    return child, ours


def default_engine_id(seed: str) -> bytes:
    """An engineID in the form of RFC 3411 (SnmpEngineID, format 5: octets of our own choice), under
    net-snmp's enterprise number in want of one of our own."""
    return bytes.fromhex("80001f8805") + hashlib.sha256(seed.encode()).digest()[:12]


def bound(host: str, port: int, receive_buffer: int) -> socket.socket:
    """The socket traps come to. NotPermitted where the port may not be bound, OSError where taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    own = socket.socket(family, socket.SOCK_DGRAM)
    try:
        if family == socket.AF_INET6:
            own.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        try:
            own.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, receive_buffer)
        except PermissionError:  # without CAP_NET_ADMIN net.core.rmem_max is the limit
            own.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        own.setblocking(False)
        own.bind((host, port))
    except PermissionError as error:
        own.close()
        raise NotPermitted(
            f"this user may not listen for traps on port {port}: choose one above 1023 and redirect "
            "162 to it, or grant CAP_NET_BIND_SERVICE"
        ) from error
    except OSError:
        own.close()
        raise
    return own


def drops_of(own: socket.socket) -> int:
    """Datagrams thrown away because the receive buffer was full (a 32-bit total)."""
    info = own.getsockopt(socket.SOL_SOCKET, _SO_MEMINFO, 4 * (_MEMINFO_DROPS + 1))
    return int(struct.unpack_from("=I", info, 4 * _MEMINFO_DROPS)[0])
