"""An agent asked the same thing again answers in the same octets but for the values.

A `Template` is what one answer leaves behind: the octets that stay, and where the request-id and
the values lie between them. Reading the next answer by it costs one unpacking and one comparison
instead of a walk through every length (about 1.5 us instead of 8 us for ten varbinds). PURE.

Law: what a template reads, `ber.decode` reads the same; what it does not recognise, it leaves
to `ber.decode`.
"""

from __future__ import annotations

from struct import Struct

from collector.snmp import ber
from collector.snmp.session import Varbind


class Template:
    """The lasting octets of a response without error."""

    __slots__ = ("_lasting", "_names", "_size", "_tags", "_unpack")

    def __init__(self, lasting: tuple[bytes, ...], lengths: list[int], rows: list[Varbind]) -> None:
        between = [f"{length}s" for length in lengths] + [""]
        layout = Struct("".join(f"{len(piece)}s{gap}" for piece, gap in zip(lasting, between, strict=True)))
        self._lasting = lasting
        self._size = layout.size
        self._unpack = layout.unpack
        self._names = tuple(name for name, _, _ in rows)
        self._tags = tuple(tag for _, tag, _ in rows)

    def read(self, packet: bytes) -> tuple[bytes, list[Varbind]] | None:
        """The octets of the request-id and the varbinds; None: not alike, decode it."""
        if len(packet) != self._size:
            return None
        pieces = self._unpack(packet)
        if pieces[::2] != self._lasting:
            return None
        return pieces[1], list(zip(self._names, self._tags, pieces[3::2], strict=True))


class Templates:
    """Templates shared by all agents that answer alike: a city has few kinds of answers."""

    def __init__(self, limit: int = 4096) -> None:
        self._limit = limit
        self._kept: dict[tuple[bytes, ...], Template] = {}

    def learn(self, packet: bytes) -> tuple[ber.Message, Template | None]:
        """The message, and a template where the message is a response without error.

        Raises ber.Malformed."""
        spans: list[tuple[int, int]] = []
        message = ber.decode(packet, spans)
        if message.pdu != ber.RESPONSE or message.error_status or message.error_index:
            return message, None
        pieces = []
        lengths = []
        at = 0
        for start, stop in spans:
            pieces.append(packet[at:start])
            lengths.append(stop - start)
            at = stop
        lasting = (*pieces, packet[at:])
        template = self._kept.get(lasting)
        if template is None:
            if len(self._kept) >= self._limit:  # someone answers in ever new ways: begin anew
                self._kept.clear()
            template = self._kept[lasting] = Template(lasting, lengths, message.varbinds)
        return message, template
