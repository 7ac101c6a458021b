"""The process that decodes traps: `python -m collector.traps.child FD`, started by collector.traps.receiver.

It is given the bound UDP socket as descriptor FD, its configuration (which holds keys) on standard
input, and tells what it heard on standard output; both are framed JSON. One thread does everything:
it always empties the socket before it decodes a few, so that a burst waits in a counted queue here
and not in the kernel's buffer. It ends when its input ends.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import socket
import sys
import time
from collections import deque
from typing import Any

from collector.snmp.session import Credentials
from collector.traps.gate import Counters, Shares, Source, Strangers
from collector.traps.packet import Notification, acknowledgement, frame, plain, unframed, version_of
from collector.traps.usm import Unauthenticated, UsmEngine

_DATAGRAM = 65_535
_TAKEN_AT_ONCE = 512  # datagrams off the socket before decoding goes on
_DECODED_AT_ONCE = 16  # about 10 ms of v3 at worst
_UNTOLD = 4 << 20  # octets of output the parent has not taken: decoding waits


class Child:
    """`configuration`: see traps.TrapReceiver, which makes it."""

    def __init__(self, heard: socket.socket, configuration: dict[str, Any]) -> None:
        self._heard = heard
        self._counters = Counters()
        self._strangers = Strangers()
        self._queue: deque[tuple[bytes, Any, float]] = deque()
        self._traps: list[dict[str, Any]] = []
        self._room = int(configuration["queue"])
        self._shares = Shares(configuration["rate"], configuration["burst"])
        self._engine_id = bytes.fromhex(configuration["engine_id"])
        self._boots = int(configuration["boots"])
        self._usm: UsmEngine | None = None  # half a second and 30 MB that a city without v3 saves
        self.configure(configuration)

    def configure(self, configuration: dict[str, Any]) -> None:
        self._credentials = {
            number: Credentials(**fields) for number, fields in enumerate(configuration["credentials"])
        }
        self._sources = {
            address: Source(
                {self._credentials[n].community.encode(): n for n in known["communities"]},
                {self._credentials[n].user.encode(): n for n in known["users"]},
                known["open"],
            )
            for address, known in configuration["sources"].items()
        }
        self._shares.keep(self._sources)
        if self._usm is not None:
            self._usm.forget(self._credentials)
        elif any(source.users for source in self._sources.values()):
            self._usm = UsmEngine(self._engine_id, self._boots, self._send)
            self._usm.forget(self._credentials)

    @property
    def waiting(self) -> int:
        return len(self._queue)

    def take(self, now: float) -> None:
        """Empties the socket into the queue, turning away whom nobody knows."""
        for _ in range(_TAKEN_AT_ONCE):
            try:
                packet, address = self._heard.recvfrom(_DATAGRAM)
            except (BlockingIOError, InterruptedError):
                return
            except OSError:  # an ICMP error about an acknowledgement of ours
                continue
            self._counters.received += 1
            source = plain_address(address[0])
            if source not in self._sources:
                self._counters.unknown_source += 1
                self._strangers.came(source)
            elif not self._shares.allows(source, now):
                self._counters.rate_limited += 1
            elif len(self._queue) >= self._room:
                self._counters.queue_drops += 1
            else:
                self._queue.append((packet, address, now))

    def decode(self, now: float) -> None:
        """A few off the queue. Whatever a datagram does to the decoder, it is counted and dropped."""
        for _ in range(min(_DECODED_AT_ONCE, len(self._queue))):
            packet, address, came = self._queue.popleft()
            source = plain_address(address[0])
            try:
                heard = self._read(packet, address, self._sources.get(source, Source()))
            except Unauthenticated:
                self._counters.unauthenticated += 1
            except Exception:  # pysnmp raises TypeError, IndexError, KeyError... on what it cannot read
                self._counters.malformed += 1
            else:
                if heard is not None:
                    self._traps.append(as_json(*heard, source, now - came))

    def _read(
        self, packet: bytes, address: Any, source: Source
    ) -> tuple[Notification, int | None, bool] | None:
        if version_of(packet) == 3:
            if not source.users or self._usm is None:
                raise Unauthenticated
            return self._usm.read(packet, address, source.users)
        said = plain(packet)
        number = source.communities.get(said.community)
        if number is None and not source.open:
            raise Unauthenticated
        if said.confirmed:
            self._send(acknowledgement(packet), address)
        return said, number, False

    def _send(self, octets: bytes, address: Any) -> None:
        with contextlib.suppress(OSError):  # an acknowledgement that cannot go is asked for again
            self._heard.sendto(octets, address)

    def tell(self, now: float) -> bytes:
        """What there is to tell, framed; empty when there is nothing."""
        strangers = self._strangers.due(now)
        if not (self._traps or strangers or self._counters != Counters()):
            return b""
        counted = {name: getattr(self._counters, name) for name in Counters.__dataclass_fields__}
        told = {"traps": self._traps, "strangers": strangers, "counters": counted}
        self._traps, self._counters = [], Counters()
        return frame(json.dumps(told, separators=(",", ":")).encode())


def as_json(
    said: Notification, number: int | None, authentic: bool, source: str, age: float
) -> dict[str, Any]:
    return {
        "source": source,
        "credentials": number,
        "authentic": authentic,
        "trap": said.trap.hex(),
        "agent": said.agent,
        "age_ms": int(age * 1000),
        "varbinds": [(name.hex(), tag, value.hex()) for name, tag, value in said.varbinds],
    }


def plain_address(host: str) -> str:
    """An IPv4 address seen through an IPv6 socket, as the inventory writes it; scopes cut off."""
    return host.removeprefix("::ffff:").partition("%")[0]


def serve(descriptor: int) -> None:
    """Until standard input ends."""
    heard = socket.socket(fileno=descriptor)
    heard.setblocking(False)
    commands, out = sys.stdin.fileno(), sys.stdout.fileno()
    os.set_blocking(out, False)
    buffer, untold = bytearray(), bytearray()
    child: Child | None = None
    waiting = select.poll()  # not select(): the descriptor's number is the parent's, and may be large
    waiting.register(commands, select.POLLIN)
    while True:
        busy = child is not None and child.waiting and len(untold) < _UNTOLD
        if untold:
            waiting.register(out, select.POLLOUT)
        ready = {number for number, _ in waiting.poll(0 if busy else 1_000)}
        if untold:
            waiting.unregister(out)
        # deadlines and ages only; the parent turns ages into engine time
        now = time.monotonic_ns() / 1e9
        if commands in ready:
            try:
                octets = os.read(commands, 1 << 20)
            except ConnectionError:
                return
            if not octets:
                return
            buffer += octets
            for command in unframed(buffer):
                configuration = json.loads(command)
                if child is None:
                    child = Child(heard, configuration)
                    waiting.register(descriptor, select.POLLIN)
                else:
                    child.configure(configuration)
        if child is None:
            continue
        if descriptor in ready:
            child.take(now)
        if len(untold) < _UNTOLD:
            child.decode(now)
            untold += child.tell(now)
        if untold:
            try:
                del untold[: os.write(out, untold)]
            except BlockingIOError:
                pass
            except OSError:  # the parent is gone
                return


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        serve(int(sys.argv[1]))
