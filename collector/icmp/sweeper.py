"""The ICMP sweep: one socket per address family for the whole city.

Matching: an answer counts only when its nonce belongs to a sweep under way, its identifier,
sequence and target index were sent in it, and it comes from that target's own address.
Round trip: the kernel's receive timestamp minus the time of sending, so that a busy event loop
makes no host look slow.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass

from collector.icmp import packet
from collector.icmp.answers import SCM_TIMESTAMPNS, Together
from collector.icmp.flight import Flight
from collector.icmp.mmsg import ReceiveBatch, SendBatch
from collector.icmp.pace import Pace
from collector.icmp.sockets import MODES, EchoSocket, open_sockets, resolved
from domain.ports import Echoes
from domain.reading import Outcome

_CHUNK = 32  # datagrams per system call: their send times are spread over it, see Flight
_STEP_NS = 1_000_000  # realtime and monotonic clock parted by more than this: the wall was stepped
_MAKE_UPS = 3  # times a sweep asks again for what this machine itself dropped
_TURNS = 16  # batches of answers per turn of the event loop, so that a flood stalls nobody else


@dataclass(slots=True)
class SweepCounters:
    """Totals since start."""

    stray: int = 0  # answers nobody asked for: other programs' pings, copies, forgeries, leftovers
    late: int = 0  # answers after their own timeout
    drops: int = 0  # answers lost in this machine's receive buffer
    refusals: int = 0  # echoes this machine's kernel did not let out


class Sweeper:
    """Implements domain.ports.Prober; many sweeps may be under way at once.

    `rate` bounds echoes a second over all of them (0: as fast as they go), `gap_s` is the least
    time between two echoes to one host, so that one full queue does not eat them all.
    Raises NotPermitted when this user may open neither kind of socket.
    """

    def __init__(
        self,
        rate: float = 50_000.0,
        gap_s: float = 0.02,
        receive_buffer: int = 16 << 20,
        kinds: tuple[int, ...] = MODES,
    ) -> None:
        self.counters = SweepCounters()
        self._sockets = {s.family: s for s in open_sockets(receive_buffer, kinds)}
        self._pace = Pace(rate)
        self._gap_s = gap_s
        self._answers = ReceiveBatch()
        self._flights: dict[bytes, tuple[Flight, asyncio.Event]] = {}
        self._drops = {family: s.drops() for family, s in self._sockets.items()}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._offset = _offset()

    def describe(self) -> str:
        """The one line said at start."""
        first = self._sockets[socket.AF_INET]
        raw = first.kind == socket.SOCK_RAW
        how = "raw sockets (CAP_NET_RAW)" if raw else "unprivileged sockets (net.ipv4.ping_group_range)"
        families = "IPv4 and IPv6" if socket.AF_INET6 in self._sockets else "IPv4 only"
        return f"ICMP by {how}, {families}, receive buffer {first.receive_buffer() >> 10} KiB"

    async def sweep(self, addresses: Sequence[str], echoes: int, timeout_s: float) -> Sequence[Echoes]:
        """`echoes` to each address, in rounds; returns when all are answered or the last has timed
        out, in the order asked. Addresses are literals; what is none cannot be asked: FORBIDDEN."""
        self._listen(asyncio.get_running_loop())
        located = _located(addresses)
        flights = []
        for family, own in self._sockets.items():
            positions = [n for n, where in enumerate(located) if where[0] == family]
            if positions:
                names = [located[n][2] for n in positions]
                packed = [located[n][1] for n in positions]
                flights.append((own, Flight(packed, echoes, int(timeout_s * 1e9)), names, positions))
        await asyncio.gather(*(self._fly(own, flight, names) for own, flight, names, _ in flights))
        found: dict[int, Echoes] = {}
        for _, flight, _, positions in flights:
            self.counters.late += flight.late
            asked = [addresses[n] for n in positions]
            if len(asked) == len(addresses):
                return [*flight.results(asked)]
            found.update(zip(positions, flight.results(asked), strict=True))
        nowhere = (Echoes(address, Outcome.FORBIDDEN, 0) for address in addresses)
        return [found.get(n, unasked) for n, unasked in enumerate(nowhere)]

    def close(self) -> None:
        if self._loop is not None and not self._loop.is_closed():
            for own in self._sockets.values():
                self._loop.remove_reader(own.socket)
        self._loop = None
        for own in self._sockets.values():
            own.close()

    def _listen(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._loop is not loop:
            self._loop = loop
            for own in self._sockets.values():
                loop.add_reader(own.socket, self._drain, own)

    async def _fly(self, own: EchoSocket, flight: Flight, names: Sequence[bytes]) -> None:
        nonce = os.urandom(packet.NONCE_SIZE)
        landed = asyncio.Event()
        self._flights[nonce] = flight, landed
        drops = self._drops_of(own)
        loop = asyncio.get_running_loop()
        try:
            everyone = range(len(names))
            batch = SendBatch(names, packet.marks(everyone), packet.HEADER_SIZE)
            for left in reversed(range(flight.echoes)):
                next_at = loop.time() + self._gap_s
                await self._round(own, flight, batch, everyone, nonce)
                if left and next_at > loop.time():
                    await asyncio.sleep(next_at - loop.time())
            await self._settle(own, flight, landed)
            for _ in range(_MAKE_UPS):
                lost, drops = self._drops_of(own) != drops, self._drops_of(own)
                if not lost:
                    break
                await self._make_up(own, flight, names, nonce)
                await self._settle(own, flight, landed)
        finally:
            del self._flights[nonce]

    async def _make_up(self, own: EchoSocket, flight: Flight, names: Sequence[bytes], nonce: bytes) -> None:
        """Answers were lost in our own buffer, nobody knows whose: ask again what is unanswered."""
        missing = flight.lacking()
        for extra in range(flight.echoes):
            again = [index for index, count in missing if count > extra]
            if not again:
                return
            batch = SendBatch([names[i] for i in again], packet.marks(again), packet.HEADER_SIZE)
            await self._round(own, flight, batch, again, nonce)

    async def _round(
        self,
        own: EchoSocket,
        flight: Flight,
        batch: SendBatch,
        indices: Sequence[int],
        nonce: bytes,
    ) -> None:
        """One echo to each of `indices`, in paced bursts; the rest of the program runs in between."""
        sequence = flight.begin_round()
        batch.begin_with(packet.header(own.request, own.identifier, sequence, nonce))
        loop = asyncio.get_running_loop()
        descriptor = own.socket.fileno()
        at, end = 0, len(indices)
        tries = 0
        while at < end:
            self._offset = _offset()
            goal = min(at + self._pace.burst, end)
            first, full = at, False
            while at < goal:
                start = time.monotonic_ns()
                try:
                    count = batch.send(descriptor, at, min(_CHUNK, goal - at))
                except OSError as error:
                    tries += 1
                    if error.errno in (errno.EAGAIN, errno.ENOBUFS, errno.EINTR) and tries < 1_000:
                        full = True  # the device's own queue: let it empty
                        break
                    # an error the socket held was about an earlier echo: then this one may go
                    if (self._take_errors(own) and tries < 1_000) or tries < 2:
                        continue
                    flight.refused(indices[at], error.errno or 0)
                    self.counters.refusals += 1
                    at, tries = at + 1, 0
                    continue
                flight.sent(sequence, indices[at : at + count], start, time.monotonic_ns())
                at, tries = at + count, 0
            self._drain(own)
            before = self._drops[own.family]
            lost_here = self._drops_of(own) != before
            wait = self._pace.sent(at - first, lost_here, loop.time())
            await asyncio.sleep(max(wait, 0.001) if full else wait)

    async def _settle(self, own: EchoSocket, flight: Flight, landed: asyncio.Event) -> None:
        """Until everything is answered, or the last echo has had its time."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(flight.timeout_ns / 1e9):
                while flight.waiting:
                    landed.clear()
                    await landed.wait()
        self._drain(own)  # had the loop been late, what came in time is still in the buffer

    def _drops_of(self, own: EchoSocket) -> int:
        drops = own.drops()
        self.counters.drops += (drops - self._drops[own.family]) & 0xFFFFFFFF
        self._drops[own.family] = drops
        return drops

    def _drain(self, own: EchoSocket) -> None:
        """Takes in what waits. Stamps are realtime, sending times monotonic: the present difference of
        the two clocks translates, unless the wall clock was stepped since it was last looked at;
        then the (later) moment of reading is used, which is always true as an upper bound."""
        descriptor = own.socket.fileno()
        for _ in range(_TURNS):
            try:
                waiting = self._answers.receive(descriptor)
            except OSError:  # the queue read below says what about
                continue
            if not waiting:
                break
            now, offset = time.monotonic_ns(), _offset()
            stepped = abs(offset - self._offset) > _STEP_NS
            self._offset = offset
            self._land(own, waiting, now, offset, stepped)
        # always: sendmmsg may have swallowed the pending error that announces the queue, and a queue
        # left full keeps the descriptor readable for ever
        self._take_errors(own)

    def _land(self, own: EchoSocket, waiting: memoryview, now: int, offset: int, stepped: bool) -> None:
        flights, reply, identifier = self._flights, own.reply, socket.htons(own.identifier)
        together = None if stepped else own.layout.together(waiting, reply, identifier)
        if together is not None and self._landed_together(together, now, offset):
            return
        for kind, ident, sequence, nonce, index, source, _, _, stamp, s, ns in own.layout.one_by_one(waiting):
            known = flights.get(nonce)
            if known is None or kind != reply or ident != identifier:
                self.counters.stray += 1
                continue
            flight, landed = known
            at = now
            if stamp == SCM_TIMESTAMPNS and not stepped:
                at = min(s * 1_000_000_000 + ns - offset, now)
            if not flight.answered(int.from_bytes(sequence, "big"), index, source, at):
                self.counters.stray += 1
            elif not flight.waiting:
                landed.set()

    def _landed_together(self, all_: Together, now: int, offset: int) -> bool:
        known = self._flights.get(all_.nonce)
        base = all_.base - offset
        if known is None or base + max(all_.nanoseconds) > now:
            return False
        flight, landed = known
        sequence = int.from_bytes(all_.sequence, "big")
        noted = flight.answered_together(sequence, all_.indices, all_.sources, base, all_.nanoseconds)
        if noted and not flight.waiting:
            landed.set()
        return noted

    def _take_errors(self, own: EchoSocket) -> bool:
        """ICMP errors about our echoes; whether there were any."""
        errors = own.errors()
        for address, quoted in errors:
            about = packet.quote(quoted)
            if about is None or about.identifier != own.identifier:
                continue
            if about.index >= 0:
                known = self._flights.get(about.nonce)
                hits = [known] if known else []
            else:
                hits = list(self._flights.values())
            for flight, landed in hits:
                if flight.unreachable(about.sequence, about.index, address) and not flight.waiting:
                    landed.set()
        return bool(errors)


def _located(addresses: Sequence[str]) -> list[tuple[int, bytes, bytes]]:
    """As `resolved`; of no family what is no address."""
    try:
        return [*map(resolved, addresses)]
    except ValueError:
        if len(addresses) == 1:
            return [(socket.AF_UNSPEC, b"", b"")]
        return [where for address in addresses for where in _located([address])]


def _offset() -> int:
    """Wall minus monotonic clock in nanoseconds. A timestamp, never a decision: the kernel stamps
    packets with the wall clock, and this turns its stamps into monotonic time."""
    return time.clock_gettime_ns(time.CLOCK_REALTIME) - time.monotonic_ns()
