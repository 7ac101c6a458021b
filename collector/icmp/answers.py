"""Received echoes as columns: one field of a whole batch at a time, by strided views. PURE.

Answers of one round come in by the hundred and differ only in target and time. Unpacking each
costs 1.6 us in all; taken together they are compared, timed and noted by a few calls that loop
in C, at a fifth of that. What is not alike is left to the records, one by one.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from collector.icmp import packet
from collector.icmp.mmsg import CONTROL_AT, NAME_AT, RECORD_SIZE

SCM_TIMESTAMPNS = 35  # asm-generic/socket.h; as a socket option and as a control message
_FEW = 8  # answers below which the columns cost more than they save

_CMSG = struct.Struct("@Nii")  # struct cmsghdr: length, level, type
_TYPE_AT = CONTROL_AT + struct.calcsize("@Ni")
_SECONDS_AT = CONTROL_AT + _CMSG.size  # struct timespec follows
_LONG = struct.calcsize("@l")


@dataclass(frozen=True, slots=True)
class Together:
    """Answers to one round of one flight. Each came `base + nanoseconds` after 1970."""

    nonce: bytes
    sequence: bytes  # in network order
    indices: list[int]
    sources: bytes  # packed addresses, one after another
    base: int
    nanoseconds: list[int]


class Layout:
    """Where in a record of mmsg.ReceiveBatch the parts of an answer lie.

    `skip` octets stand before the ICMP header (a raw IPv4 socket hands over the IP header)."""

    def __init__(self, skip: int, six: bool) -> None:
        used = skip + packet.HEADER_SIZE + 4
        sender = "8x16s" if six else "4x4s"
        control = f"{CONTROL_AT - NAME_AT - (24 if six else 8)}xNiill"
        layout = f"@{skip}xB3xH2s{packet.NONCE_SIZE}sI{NAME_AT - used}x{sender}{control}"
        self._record = struct.Struct(f"{layout}{RECORD_SIZE - struct.calcsize(layout)}x")
        self._skip = skip
        self._six = six

    def one_by_one(self, waiting: memoryview) -> Iterator[tuple[Any, ...]]:
        """(type, identifier, sequence in network order, nonce, index, sender's address, cmsg length,
        level, type, seconds, nanoseconds) of each record."""
        return self._record.iter_unpack(waiting)

    def together(self, waiting: memoryview, reply: int, identifier: int) -> Together | None:
        """All records as answers to one round, stamped by the kernel within one second; None where
        they are not, or are few. `identifier` as it stands in the packet, read in this machine's
        order. IPv4 only: an address is then one word."""
        count = len(waiting) // RECORD_SIZE
        if count < _FEW or self._six:
            return None
        skip = self._skip
        halves, words, longs = waiting.cast("H"), waiting.cast("I"), waiting.cast("l")

        def of_words(at: int) -> memoryview:
            return words[at // 4 :: RECORD_SIZE // 4]

        def of_halves(at: int) -> bytes:
            return halves[at // 2 :: RECORD_SIZE // 2].tobytes()

        sequence = of_halves(skip + 6)
        nonce, rest = of_words(skip + 8).tobytes(), of_words(skip + 12).tobytes()
        seconds = longs[_SECONDS_AT // _LONG :: RECORD_SIZE // _LONG].tobytes()
        alike = (
            waiting[skip::RECORD_SIZE].tobytes() == bytes((reply,)) * count
            and of_halves(skip + 4) == struct.pack("@H", identifier) * count
            and sequence == sequence[:2] * count
            and nonce == nonce[:4] * count
            and rest == rest[:4] * count
            and of_words(_TYPE_AT).tobytes() == struct.pack("@i", SCM_TIMESTAMPNS) * count
            and seconds == seconds[:_LONG] * count
        )
        if not alike:
            return None
        return Together(
            nonce[:4] + rest[:4],
            sequence[:2],
            of_words(skip + packet.HEADER_SIZE).tolist(),
            of_words(NAME_AT + 4).tobytes(),
            struct.unpack_from("@l", seconds)[0] * 1_000_000_000,
            longs[_SECONDS_AT // _LONG + 1 :: RECORD_SIZE // _LONG].tolist(),
        )
