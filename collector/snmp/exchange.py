"""Asks many SNMP agents at once over one unconnected UDP socket for each IP version.

No task and no descriptor for an agent: an `Inquiry` waits in a dictionary under its agent's
address, and one agent is asked one thing at a time, which spares weak agents and lets even an
unreadable answer or an ICMP error be laid at the right door. Requests leave in bursts, between
which the sockets are emptied, and no faster than the receive buffer can hold their answers.

A v3 agent may have a lesson to give before it answers: who it is, or what time it has. The inquiry
is then asked anew within the same attempt. One that does not answer, or refuses, is doubted: the
next question to it begins with who it is.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
from collections import deque
from collections.abc import Callable, Sequence

from collector.snmp import ber
from collector.snmp.counters import Counters
from collector.snmp.inquiry import Inquiry
from collector.snmp.numbers import Numbers
from collector.snmp.session import Varbind
from collector.snmp.template import Templates
from collector.snmp.udp import Address, failure, kernel_drops, open_socket, socket_errors
from collector.snmp.v3 import Engine, Reported, Unasked, Unauthentic
from collector.snmp.window import Window
from domain.reading import Outcome

_DATAGRAM = 65_535
_READS = 1024  # packets taken from one socket before others have their turn
_COALESCE_S = 0.02  # deadlines this near are settled in one go
_NO_ROOM_S = 0.005  # until the next look whether answers have made room
_ANSWER_SIZE = 2048  # octets of receive buffer the kernel charges for a usual answer
_LESSONS = 3  # one more than a v3 agent has to give


class Exchange:
    """Sends inquiries and tells of each, once, how it ended. Lives on the running event loop.

    `timeout_s` is the wait for one attempt, `attempts` how many are made in all; `buffer` is the
    wished size of a socket's receive buffer in octets. `settle` gives for a deadline, in the loop's
    seconds, when to look who has passed it.
    """

    def __init__(
        self,
        timeout_s: float = 2.0,
        attempts: int = 2,
        burst: int = 256,
        buffer: int = 8 << 20,
        settle: Callable[[float], float] = lambda deadline: deadline + _COALESCE_S,
    ) -> None:
        self.counters = Counters()
        self._timeout = timeout_s
        self._attempts = attempts
        self._settle = settle
        self._loop = asyncio.get_running_loop()
        self._numbers = Numbers()
        self._templates = Templates()
        self._flying: dict[Address, Inquiry] = {}
        self._behind: dict[Address, deque[Inquiry]] = {}
        self._unsent: deque[Inquiry] = deque()
        self._deadlines: deque[tuple[float, Inquiry, int]] = deque()
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
        if not inquiry.queued:
            inquiry.queued = True
            self._unsent.append(inquiry)
        if not self._pumping:
            self._pumping = True
            self._loop.call_soon(self._pump)

    def _pump(self) -> None:
        """Sends one burst. While more is waiting it comes back after the sockets had their turn."""
        unsent = self._unsent
        now = self._loop.time()
        room = self._window.room(now)
        if room <= 0 and unsent:
            self._loop.call_later(_NO_ROOM_S, self._pump)
            return
        full: socket.socket | None = None
        try:
            full = self._send(min(self._burst, room), now)
        finally:  # whatever went wrong with one agent, the others are asked
            self._pumping = bool(unsent)
            self._set_timer()
            if full is not None:
                self._await_room(full.fileno())
            elif unsent:
                self._loop.call_soon(self._pump)

    def _send(self, most: int, now: float) -> socket.socket | None:
        """Asks at most so many; returns a socket that would take no more."""
        unsent, flying, deadlines = self._unsent, self._flying, self._deadlines
        draw = self._numbers.draw
        deadline = now + self._timeout
        for _ in range(min(most, len(unsent))):
            inquiry = unsent.popleft()
            inquiry.queued = False
            address = inquiry.address
            if flying.get(address) is not inquiry:
                continue
            if not inquiry.id:
                inquiry.id = draw()
            inquiry.turn += 1
            inquiry.attempts += 1
            deadlines.append((deadline, inquiry, inquiry.turn))
            request = inquiry.request
            packet = request.head + inquiry.id + request.tail
            if inquiry.engine is not None:
                packet = inquiry.engine.wrap(packet, draw(), now)
            try:
                self._sockets[len(address)].sendto(packet, address)
            except BlockingIOError:
                return self._put_back(inquiry)
            except (OSError, KeyError) as error:
                try:
                    if not self._sent_again(packet, inquiry, error):
                        continue
                except BlockingIOError:
                    return self._put_back(inquiry)
            inquiry.mark = self._window.sent()
            self.counters.sent += 1
        return None

    def _put_back(self, inquiry: Inquiry) -> socket.socket:
        """The send buffer is full."""
        inquiry.turn += 1  # it was not sent: nothing is due
        inquiry.attempts -= 1
        inquiry.queued = True
        self._unsent.appendleft(inquiry)
        return self._sockets[len(inquiry.address)]

    def _sent_again(self, packet: bytes, inquiry: Inquiry, error: Exception) -> bool:
        """An error of `sendto` may be another agent's ICMP error: hear those out, then insist once.
        BlockingIOError when the send buffer is full now."""
        sock = self._sockets.get(len(inquiry.address))
        number = getattr(error, "errno", None) or errno.EAFNOSUPPORT
        if sock is not None:
            self._hear_errors(sock)
            if self._flying.get(inquiry.address) is not inquiry:
                return False  # it was about this one
            try:
                sock.sendto(packet, inquiry.address)
                return True
            except BlockingIOError:
                raise
            except OSError as again:
                number = again.errno or number
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
        """Empties the socket before anything is read: system calls among themselves, and Python."""
        taken: deque[tuple[bytes, Address]] = deque()
        errors = False
        for _ in range(_READS):
            try:
                taken.append(sock.recvfrom(_DATAGRAM))
            except BlockingIOError:
                errors = errors or not taken  # woken for the error queue alone
                break
            except OSError:
                errors = True
        self._read(taken)
        if errors:  # after the answers, which came before
            self._hear_errors(sock)

    def _read(self, taken: deque[tuple[bytes, Address]]) -> None:
        try:
            while taken:
                self._answer(*taken.popleft())
        finally:  # whoever is told may fail; the others are heard all the same
            if taken:
                self._loop.call_soon(self._read, taken)

    def _answer(self, packet: bytes, source: Address) -> None:
        counters = self.counters
        inquiry = self._flying.get(source)
        if inquiry is None:
            counters.unasked += 1
            return
        if inquiry.engine is not None:
            unwrapped = self._unwrapped(inquiry, inquiry.engine, packet)
            if unwrapped is None:
                return
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
        counters = self.counters
        try:
            return engine.unwrap(packet, self._loop.time())
        except ber.Malformed:
            counters.garbled += 1
            inquiry.complaint = Outcome.MALFORMED
        except Unasked:
            counters.wrong_id += 1
        except Unauthentic:
            counters.unauthentic += 1
            inquiry.complaint = Outcome.AUTH
        except Reported as report:
            if report.outcome is None and inquiry.lessons < _LESSONS:
                self._ask_anew(inquiry)
            else:
                engine.doubt()
                self._end(inquiry, report.outcome or Outcome.MALFORMED, (), 0, 0)
        return None

    def _ask_anew(self, inquiry: Inquiry) -> None:
        """The agent had a lesson to give. What was sent is settled, and does not count as an attempt."""
        inquiry.lessons += 1
        inquiry.turn += 1
        self._window.ended(inquiry.mark)
        inquiry.mark = -1
        if not inquiry.queued:  # or else its next attempt is at hand
            inquiry.attempts -= 1
        self._queue(inquiry)

    def _hear_errors(self, sock: socket.socket) -> None:
        for address, number, sent in socket_errors(sock):
            self.counters.icmp_errors += 1
            inquiry = self._flying.get(address)
            if inquiry is None or not inquiry.id:
                continue
            if inquiry.engine is None and not inquiry.request.packet(inquiry.id).startswith(sent):
                continue  # about an earlier one
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
        try:
            while deadlines:
                deadline, inquiry, turn = deadlines[0]
                if inquiry.turn == turn and deadline > now:
                    return
                deadlines.popleft()
                if inquiry.turn == turn:  # else it ended, or was asked anew, meanwhile
                    self._overdue(inquiry)
        finally:  # whoever is told may fail; the others wait all the same
            self._timer = None
            self._set_timer()

    def _set_timer(self) -> None:
        if self._timer is None and self._deadlines:
            self._timer = self._loop.call_at(self._settle(self._deadlines[0][0]), self._expire)

    def _overdue(self, inquiry: Inquiry) -> None:
        if inquiry.engine is not None:
            inquiry.engine.doubt()
        if inquiry.attempts < self._attempts:
            self.counters.retried += 1
            inquiry.lessons = 0
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
        inquiry.id = b""
        inquiry.turn += 1
        address = inquiry.address
        del self._flying[address]
        if self._behind and address in self._behind:
            behind = self._behind[address]
            following = behind.popleft()
            if not behind:
                del self._behind[address]
            self.ask(following)
