"""What an SNMP agent is asked with and answers by, whatever the protocol version underneath."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from domain.reading import Outcome

Varbind = tuple[bytes, int, bytes]
"""(OID content octets, BER tag, value content octets), undecoded: BER encodes each sub-identifier
by itself, so a column is a prefix and a steady plan looks rows up by their octets."""

INTEGER, OCTET_STRING, NULL, OBJECT_ID = 0x02, 0x04, 0x05, 0x06
IP_ADDRESS, COUNTER32, GAUGE32, TIMETICKS, OPAQUE, COUNTER64 = 0x40, 0x41, 0x42, 0x43, 0x44, 0x46
NO_SUCH_OBJECT, NO_SUCH_INSTANCE, END_OF_MIB_VIEW = 0x80, 0x81, 0x82


@dataclass(frozen=True, slots=True)
class Credentials:
    """Resolved secrets of one agent; never shown by repr, str or a traceback's locals summary."""

    version: str  # "1", "2c" or "3"
    community: str = field(default="", repr=False)
    user: str = ""
    auth_protocol: str = ""  # "", MD5, SHA-1, SHA-224, SHA-256, SHA-384, SHA-512
    auth_key: str = field(default="", repr=False)
    priv_protocol: str = ""  # "", DES, AES-128, AES-192, AES-256
    priv_key: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back of one question. `error_status` is the PDU's own (RFC 3416, 3)."""

    outcome: Outcome
    varbinds: Sequence[Varbind] = ()
    error_status: int = 0
    error_index: int = 0
    detail: str = ""


class Session(Protocol):
    """One agent, asked for what a poll or a discovery needs. Deadlines and one retry are inside.

    `get` splits long lists, halves them down where the agent chokes (tooBig, genErr, silence)
    and remembers the size it can take. `walk` reads below `root` by GETBULK (GETNEXT for v1),
    stops at its end, at `limit` rows, or when the agent goes backwards.
    """

    async def get(self, oids: Sequence[bytes]) -> Answer: ...
    async def walk(self, root: bytes, limit: int = 4096) -> Answer: ...


def oid(text: str) -> bytes:
    """Content octets of a dotted OID; a leading dot is allowed. ValueError when it is not one."""
    parts = [int(part) for part in text.lstrip(".").split(".")]
    if len(parts) == 1:
        parts.append(0)
    first, second, *rest = parts
    if first > 2 or (first < 2 and second > 39) or min(parts) < 0:
        raise ValueError(f"{text!r} is not an object identifier")
    return b"".join(map(_sub_identifier, (first * 40 + second, *rest)))


def _sub_identifier(number: int) -> bytes:
    octets = bytearray([number & 0x7F])
    while number := number >> 7:
        octets.append(0x80 | (number & 0x7F))
    return bytes(reversed(octets))


def sub_identifiers(octets: bytes) -> tuple[int, ...]:
    """The numbers in OID content octets taken from anywhere but the start (an index, say).

    ValueError when the last sub-identifier is cut off."""
    numbers: list[int] = []
    number = 0
    for octet in octets:
        number = number << 7 | (octet & 0x7F)
        if not octet & 0x80:
            numbers.append(number)
            number = 0
    if octets and octets[-1] & 0x80:
        raise ValueError("truncated object identifier")
    return tuple(numbers)


def dotted(octets: bytes) -> str:
    """The dotted text of whole OID content octets."""
    numbers = sub_identifiers(octets)
    if not numbers:
        return ""
    first = min(numbers[0] // 40, 2)
    return ".".join(map(str, (first, numbers[0] - first * 40, *numbers[1:])))
