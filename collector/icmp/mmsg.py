"""sendmmsg(2) and recvmmsg(2): many datagrams in one system call, which the socket module lacks.

Price: structs by hand. Gain: an echo and its answer cost 3 us of CPU instead of 5 with sendto and
recvmsg, most of it the kernel's.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
from array import array
from collections.abc import Sequence

NAME_SIZE = 32  # room for sockaddr_in and sockaddr_in6
DATA_AT, NAME_AT, CONTROL_AT, RECORD_SIZE = 0, 96, 96 + NAME_SIZE, 96 + NAME_SIZE + 64
"""A received record: the datagram (cut to 96 octets), its sender, its control messages."""

# struct iovec, and struct mmsghdr in which "0P" pads as the compiler does on 32 and 64 bits
_IOVEC = struct.Struct("@PN")
_MMSGHDR = struct.Struct("@PIPNPNi0PI0P")
_MSG_DONTWAIT = 0x40

_libc = ctypes.CDLL(None, use_errno=True)
_libc.sendmmsg.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_uint, ctypes.c_int]
_libc.recvmmsg.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_uint, ctypes.c_int, ctypes.c_void_p]


def _buffer(octets: bytes) -> ctypes.Array[ctypes.c_char]:
    return ctypes.create_string_buffer(octets, max(len(octets), 1))


def _structs(pattern: bytes, count: int, **columns: range) -> ctypes.Array[ctypes.c_char]:
    """`pattern` over and over, but for the words named `w0`, `w1`, ... of each, which hold addresses.

    Filled column by column in C: packing each struct would cost a host 1.5 us."""
    words = array("L", pattern * count)  # unsigned long is as wide as a pointer on every Linux
    wide = len(pattern) // words.itemsize
    for name, addresses in columns.items():
        words[int(name[1:]) :: wide] = array("L", addresses)
    return _buffer(words.tobytes())


def _steps(start: int, size: int, count: int) -> range:
    return range(start, start + size * count, size) if count else range(0)


class SendBatch:
    """Datagrams that begin alike: message i is the shared head, then the i-th part of `tails`, to
    `names[i]`. Names are all of one length, and so are tails."""

    def __init__(self, names: Sequence[bytes], tails: bytes, head_size: int) -> None:
        count = len(names)
        tail_size = len(tails) // count
        self._head = _buffer(bytes(head_size))
        self._names = _buffer(b"".join(names))
        self._tails = _buffer(tails)
        self._vectors = _structs(
            _IOVEC.pack(ctypes.addressof(self._head), head_size) + _IOVEC.pack(0, tail_size),
            count,
            w2=_steps(ctypes.addressof(self._tails), tail_size, count),
        )
        name_size = len(names[0])
        self._messages = _structs(
            _MMSGHDR.pack(0, name_size, 0, 2, 0, 0, 0, 0),
            count,
            w0=_steps(ctypes.addressof(self._names), name_size, count),
            w2=_steps(ctypes.addressof(self._vectors), 2 * _IOVEC.size, count),
        )
        self._at = ctypes.addressof(self._messages)

    def begin_with(self, head: bytes) -> None:
        ctypes.memmove(self._head, head, len(head))

    def send(self, descriptor: int, start: int, count: int) -> int:
        """Sends messages from `start` on; how many were taken. OSError when the first was refused."""
        sent: int = _libc.sendmmsg(descriptor, self._at + _MMSGHDR.size * start, count, _MSG_DONTWAIT)
        if sent < 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))
        return sent


class ReceiveBatch:
    """Room for `size` datagrams; filled again by each `receive`."""

    def __init__(self, size: int = 256) -> None:
        self._size = size
        self._records = _buffer(bytes(RECORD_SIZE * size))
        self._view = memoryview(self._records).cast("B")
        self._at = at = ctypes.addressof(self._records)
        self._vectors = _structs(_IOVEC.pack(0, NAME_AT), size, w0=_steps(at + DATA_AT, RECORD_SIZE, size))
        self._messages = _structs(
            _MMSGHDR.pack(0, NAME_SIZE, 0, 1, 0, RECORD_SIZE - CONTROL_AT, 0, 0),
            size,
            w0=_steps(at + NAME_AT, RECORD_SIZE, size),
            w2=_steps(ctypes.addressof(self._vectors), _IOVEC.size, size),
            w4=_steps(at + CONTROL_AT, RECORD_SIZE, size),
        )
        self._fresh = self._messages.raw
        self._used = 0  # records filled by the last call

    def receive(self, descriptor: int) -> memoryview:
        """What is waiting, as records; empty when nothing is. OSError with an error the socket holds.

        The view is good until the next call. What was filled before is wiped first, so that a short
        datagram cannot be completed by what an earlier one left behind."""
        ctypes.memmove(self._messages, self._fresh, _MMSGHDR.size * self._used)
        ctypes.memset(self._at, 0, RECORD_SIZE * self._used)
        self._used = 0
        count: int = _libc.recvmmsg(descriptor, self._messages, self._size, _MSG_DONTWAIT, None)
        if count < 0:
            number = ctypes.get_errno()
            if number in (errno.EAGAIN, errno.EINTR):
                count = 0
            else:
                self._used = self._size  # how far it came is not known
                raise OSError(number, os.strerror(number))
        self._used = count
        return self._view[: RECORD_SIZE * count]
