"""Addresses of devices that the inventory gives by name, looked up aside.

A name is resolved in threads of its own and remembered; asking for it never waits. A dead name
server leaves the last known address in use, and delays neither a poll nor the end of the process.
"""

from __future__ import annotations

import contextlib
import queue
import socket
import threading
from asyncio import AbstractEventLoop
from collections.abc import Callable
from dataclasses import dataclass
from math import inf

from collector.snmp.udp import Address

_KEPT_S = 300.0  # an answer is believed this long; then it is asked for anew, and used meanwhile
_RETRY_S = 30.0
_THREADS = 4

Lookup = Callable[[str], str]
"""A name's address, blocking; OSError when there is none."""


@dataclass(slots=True)
class _Name:
    address: str | None = None
    again: float = -inf  # loop time
    asked: bool = False


def by_system(name: str) -> str:
    """The first address the system's resolver gives, in its order of preference."""
    return str(socket.getaddrinfo(name, None, type=socket.SOCK_DGRAM)[0][4][0])


def literal(text: str, port: int = 0) -> Address | None:
    """The socket address of a numeric IPv4 or IPv6 address, as `recvfrom` will spell it; None: a name."""
    with contextlib.suppress(OSError, ValueError):
        socket.inet_pton(socket.AF_INET, text)
        return text, port
    with contextlib.suppress(OSError, ValueError):
        numeric = socket.AI_NUMERICHOST
        return socket.getaddrinfo(text, port, socket.AF_INET6, socket.SOCK_DGRAM, 0, numeric)[0][4]
    return None


class Resolver:
    """Lives on an event loop; `lookup` is what its threads call."""

    def __init__(self, loop: AbstractEventLoop, lookup: Lookup = by_system) -> None:
        self._loop = loop
        self._lookup = lookup
        self._names: dict[str, _Name] = {}
        self._asked: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._threads = 0

    def address(self, name: str, port: int = 0) -> Address | None:
        """A literal address at once; a name's last known one, or None as long as there is none."""
        plain = literal(name, port)
        if plain is not None:
            return plain
        known = self._names.setdefault(name, _Name())
        if not known.asked and self._loop.time() >= known.again:
            known.asked = True
            self._ask(name)
        return literal(known.address, port) if known.address else None

    def close(self) -> None:
        """Does not wait for look-ups under way; their threads end with the process at the latest."""
        for _ in range(self._threads):
            self._asked.put(None)
        self._threads = 0

    def _ask(self, name: str) -> None:
        if self._threads < _THREADS:
            self._threads += 1
            threading.Thread(target=self._work, name="resolver", daemon=True).start()
        self._asked.put(name)

    def _work(self) -> None:
        while (name := self._asked.get()) is not None:
            address = None
            with contextlib.suppress(OSError, UnicodeError):
                address = self._lookup(name)
            with contextlib.suppress(RuntimeError):  # the loop has closed meanwhile
                self._loop.call_soon_threadsafe(self._found, name, address)

    def _found(self, name: str, address: str | None) -> None:
        known = self._names[name]
        known.asked = False
        known.address = address or known.address
        known.again = self._loop.time() + (_KEPT_S if address else _RETRY_S)
