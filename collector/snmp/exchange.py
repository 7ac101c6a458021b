"""Asks many SNMP agents at once over one unconnected UDP socket for each IP version.

No task and no descriptor for an agent: an `Inquiry` waits in a dictionary under its agent's
address, and one agent is asked one thing at a time, which spares weak agents and lets even an
unreadable answer or an ICMP error be laid at the right door. Requests leave in bursts, between
which the sockets are emptied, and no faster than the receive buffer can hold their answers.
What v3 wraps around a question is `collector.snmp.v3`; it changes nothing else here.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from collector.snmp import ber
from collector.snmp.envelope import envelope
from collector.snmp.inquiry import Inquiry
from collector.snmp.session import Varbind
from collector.snmp.template import Templates
from collector.snmp.udp import Address, failure, kernel_drops, open_socket, socket_errors
from collector.snmp.v3 import Engine, Reported, Unauthentic
from collector.snmp.window import Window
from domain.reading import Outcome

_DATAGRAM = 65_535
_READS = 1024  # packets taken from one socket before others have their turn
_COALESCE_S = 0.02  # deadlines this near are settled in one go, out of the way of the schedule's slots
_NO_ROOM_S = 0.005  # until the next look whether answers have made room
_ANSWER_SIZE = 2048  # octets of receive buffer the kernel charges for a usual answer
_LESSONS = 3  # a v3 agent has two to give: who it is, and what time it has


@dataclass(slots=True)
class Counters:
    """What went out and came in since the start, for watching the watcher."""

    sent: int = 0
    retried: int = 0
    answered: int = 0
    unasked: int = 0  # from where nothing is awaited: late, repeated, or a stranger's
    wrong_id: int = 0  # a late answer to an earlier request, or a guess
    wrong_community: int = 0
    unauthentic: int = 0  # v3 answers that do not prove whose they are
    garbled: int = 0
    icmp_errors: int = 0


class Exchange:
    """Sends inquiries and tells of each, once, how it ended. Lives on the running event loop.

    `timeout_s` is the wait for one attempt, `attempts` how many are made in all; `buffer` is the
    wished size of a socket's receive buffer in octets.
    """

    def __init__(
        self, timeout_s: float = 2.0, attempts: int = 2, burst: int = 256, buffer: int = 8 << 20
    ) -> None:
        self.counters = Counters()
        self._timeout = timeout_s
        self._attempts = attempts
        self._loop = asyncio.get_running_loop()
        self._ids = Random()
        self._templates = Templates()
        self._flying: dict[Address, Inquiry] = {}
        self._behind: dict[Address, deque[Inquiry]] = {}
        self._unsent: deque[Inquiry] = deque()
        self._deadlines: deque[tuple[float, Inquiry, bytes]] = deque()
        self._pumping = False
        self._timer: asyncio.TimerHandle | None = None
        self._sockets: dict[int, socket.socket] = {}
        for family, length in ((socket.AF_INET, 2), (socket.AF_INET6, 4)):
            with contextlib.suppress(OSError):  # a host may lack IPv6: asking then fails, not starting
                sock = self._sockets[length] = open_socket(family, buffer)
                self._loop.add_reader(sock.fileno(), self._readable, sock)
        room = min(
            (s.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) for s in self._sockets.values()), default=0
        )
        self._burst = burst
        self._window = Window(max(16, room // _ANSWER_SIZE))

    def ask(self, inquiry: Inquiry) -> None:
        """Queues it; its `told` is called later, never from within this call."""
        address = inquiry.address
        if address in self._flying:
            self._behind.setdefault(address, deque()).append(inquiry)
            return
        self._flying[address] = inquiry
        inquiry.attempts = inquiry.lessons = 0
        inquiry.complaint = None
        self._queue(inquiry)

    def forget(self, inquiry: Inquiry) -> None:
        """Whoever asked does not want to know any more."""
        if self._flying.get(inquiry.address) is inquiry:
            self._release(inquiry)
        elif (behind := self._behind.get(inquiry.address)) and inquiry in behind:
            behind.remove(inquiry)
            if not behind:
                del self._behind[inquiry.address]

    def waiting(self) -> int:
        """Inquiries asked and not yet ended."""
        return len(self._flying) + sum(map(len, self._behind.values()))

    def dropped(self) -> int:
        """Answers the kernel threw away for want of room since the start."""
        return sum(map(kernel_drops, self._sockets.values()))

    def close(self) -> None:
        """Ends at once; nobody is told."""
        for sock in self._sockets.values():
            self._loop.remove_reader(sock.fileno())
            self._loop.remove_writer(sock.fileno())
            sock.close()
        self._sockets.clear()
        if self._timer is not None:
            self._timer.cancel()
        self._flying.clear()
        self._behind.clear()
        self._unsent.clear()
        self._deadlines.clear()

    # -- sending

    def _queue(self, inquiry: Inquiry) -> None:
        self._unsent.append(inquiry)
        if not self._pumping:
            self._pumping = True
            self._loop.call_soon(self._pump)

    def _pump(self) -> None:
        """Sends one burst. While more is waiting it comes back after the sockets had their turn."""
        unsent, flying, deadlines = self._unsent, self._flying, self._deadlines
        now = self._loop.time()
        deadline = now + self._timeout
        room = self._window.room(now)
        if room <= 0 and unsent:
            self._loop.call_later(_NO_ROOM_S, self._pump)
            return
        getrandbits = self._ids.getrandbits
        sent = 0
        full: socket.socket | None = None
        for _ in range(min(self._burst, room, len(unsent))):
            inquiry = unsent.popleft()
            address = inquiry.address
            if flying.get(address) is not inquiry:
                continue
            if not inquiry.id:
                inquiry.id = (ber.LOWEST_ID + getrandbits(30)).to_bytes(4, "big")
            request = inquiry.request
            packet = request.head + inquiry.id + request.tail
            if inquiry.engine is not None:
                packet = inquiry.engine.wrap(packet, inquiry.id, now)
            inquiry.packet = packet
            try:
                self._sockets[len(address)].sendto(packet, address)
            except BlockingIOError:
                unsent.appendleft(inquiry)
                full = self._sockets[len(address)]
                break
            except (OSError, KeyError) as error:
                if not self._sent_again(inquiry, error):
                    continue
            inquiry.attempts += 1
            inquiry.mark = self._window.sent()
            deadlines.append((deadline, inquiry, inquiry.id))
            sent += 1
        self.counters.sent += sent
        self._pumping = bool(unsent)
        if self._timer is None and deadlines:
            self._timer = self._loop.call_at(deadlines[0][0] + _COALESCE_S, self._expire)
        if full is not None:
            self._await_room(full.fileno())
        elif unsent:
            self._loop.call_soon(self._pump)

    def _sent_again(self, inquiry: Inquiry, error: Exception) -> bool:
        """An error of `sendto` may be another agent's ICMP error: hear those out, then insist once."""
        sock = self._sockets.get(len(inquiry.address))
        number = getattr(error, "errno", None) or errno.EAFNOSUPPORT
        if sock is not None:
            self._hear_errors(sock)
            try:
                sock.sendto(inquiry.packet, inquiry.address)
                return True
            except OSError as again:
                number = again.errno or number
        if self._flying.get(inquiry.address) is inquiry:
            self._end(inquiry, failure(number), (), 0, 0)
        return False

    def _await_room(self, descriptor: int) -> None:
        """The send buffer is full: go on when the kernel says so."""

        def resume() -> None:
            self._loop.remove_writer(descriptor)
            self._pump()

        self._loop.add_writer(descriptor, resume)

    # -- receiving

    def _readable(self, sock: socket.socket) -> None:
        recvfrom, flying, counters = sock.recvfrom, self._flying, self.counters
        for count in range(_READS):
            try:
                packet, source = recvfrom(_DATAGRAM)
            except BlockingIOError:
                if not count:  # woken for the error queue alone
                    self._hear_errors(sock)
                return
            except OSError:
                self._hear_errors(sock)
                continue
            inquiry = flying.get(source)
            if inquiry is None:
                counters.unasked += 1
                continue
            if inquiry.engine is not None:
                unwrapped = self._unwrapped(inquiry, inquiry.engine, packet)
                if unwrapped is None:
                    continue
                packet = unwrapped
            template = inquiry.template
            likeness = template.read(packet) if template is not None else None
            if likeness is None:
                self._study(inquiry, packet)
            elif likeness[0] != inquiry.id:
                counters.wrong_id += 1
            else:
                counters.answered += 1
                self._end(inquiry, Outcome.OK, likeness[1], 0, 0)

    def _study(self, inquiry: Inquiry, packet: bytes) -> None:
        """An answer not seen in this shape before, or no answer at all."""
        request = inquiry.request
        try:
            message, template = self._templates.learn(packet)
            if message.pdu != ber.RESPONSE:
                raise ber.Malformed("no response")
        except ber.Malformed:
            self.counters.garbled += 1
            inquiry.complaint = Outcome.MALFORMED
            return
        if not inquiry.id or message.request_id != int.from_bytes(inquiry.id, "big"):
            self.counters.wrong_id += 1
        elif message.version != request.version or message.community != request.community:
            self.counters.wrong_community += 1
        else:
            self.counters.answered += 1
            if template is not None:
                inquiry.template = template
            self._end(inquiry, Outcome.OK, message.varbinds, message.error_status, message.error_index)

    def _unwrapped(self, inquiry: Inquiry, engine: Engine, packet: bytes) -> bytes | None:
        """What a v3 agent answered; None: no answer, and all that is to be done about it is done."""
        try:
            outer = envelope(packet)
            if inquiry.id and outer.number == int.from_bytes(inquiry.id, "big"):
                return engine.unwrap(packet, outer, self._loop.time())
            self.counters.wrong_id += 1
        except ber.Malformed:
            self.counters.garbled += 1
            inquiry.complaint = Outcome.MALFORMED
        except Unauthentic:
            self.counters.unauthentic += 1
        except Reported as report:
            if report.outcome is not None or inquiry.lessons == _LESSONS:
                self._end(inquiry, report.outcome or Outcome.MALFORMED, (), 0, 0)
            else:
                inquiry.lessons += 1
                self._window.ended(inquiry.mark)
                inquiry.mark = -1
                inquiry.id = b""
                inquiry.attempts -= 1
                self._queue(inquiry)
        return None

    def _hear_errors(self, sock: socket.socket) -> None:
        for address, number, sent in socket_errors(sock):
            self.counters.icmp_errors += 1
            inquiry = self._flying.get(address)
            if inquiry is None or not inquiry.id or not inquiry.packet.startswith(sent):
                continue
            outcome = failure(number)
            if outcome is Outcome.REFUSED:
                self._end(inquiry, outcome, (), 0, 0)
            else:  # routes flap: the next attempt may find its way
                inquiry.complaint = outcome

    # -- ending

    def _expire(self) -> None:
        """Settles what is overdue. The deadlines stand in order, for all wait equally long."""
        deadlines = self._deadlines
        now = self._loop.time()
        self._timer = None
        while deadlines:
            deadline, inquiry, identity = deadlines[0]
            if inquiry.id is identity and deadline > now:
                self._timer = self._loop.call_at(deadline + _COALESCE_S, self._expire)
                return
            deadlines.popleft()
            if inquiry.id is not identity:
                continue  # ended meanwhile
            if inquiry.attempts < self._attempts:
                self.counters.retried += 1
                if inquiry.engine is not None:
                    inquiry.engine.doubt()
                self._queue(inquiry)
            else:
                self._end(inquiry, inquiry.complaint or Outcome.TIMEOUT, (), 0, 0)

    def _end(
        self, inquiry: Inquiry, outcome: Outcome, varbinds: Sequence[Varbind], status: int, index: int
    ) -> None:
        self._release(inquiry)
        inquiry.told(inquiry, outcome, varbinds, status, index)

    def _release(self, inquiry: Inquiry) -> None:
        self._window.ended(inquiry.mark)
        inquiry.mark = -1
        inquiry.id = inquiry.packet = b""
        address = inquiry.address
        del self._flying[address]
        if self._behind and address in self._behind:
            behind = self._behind[address]
            following = behind.popleft()
            if not behind:
                del self._behind[address]
            self.ask(following)
