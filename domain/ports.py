"""Every door of the house on one page. Adapters live in rooms; only app/ joins the two."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from domain.alarm import Decision, Delivery, DeliveryStatus, Incident, OwedEvent
from domain.reading import Key, Outcome, Reading
from domain.record import Acknowledgement, Change, Configuration, Coverage, Request


class Clock(Protocol):
    """Engine time: integer milliseconds, wall time at start plus monotonic elapsed."""

    def now(self) -> int: ...
    async def sleep(self, milliseconds: int) -> None: ...


class Echoes(NamedTuple):  # a tuple is made in a quarter of a dataclass's time, a city's at once
    """What one ICMP sweep learned of one address; RTTs in seconds, of the answered echoes."""

    address: str
    outcome: Outcome
    sent: int
    rtts: tuple[float, ...] = ()


class Prober(Protocol):
    """Sends echoes to many addresses at once and reports each when it is known."""

    async def sweep(self, addresses: Sequence[str], echoes: int, timeout_s: float) -> Sequence[Echoes]: ...
    def close(self) -> None: ...


class TrapSource(Protocol):
    """Yields readings made of traps and informs; unknown senders never get this far."""

    def readings(self) -> AsyncIterator[Reading]: ...
    def close(self) -> None: ...


class ReadingSink(Protocol):
    """Takes readings for keeping. `write` returns once they are safe (spooled or stored)."""

    def write(self, readings: Sequence[Reading]) -> None: ...
    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Point:
    at: int  # engine milliseconds
    value: float


class History(Protocol):
    """Reads kept series back."""

    def series(self, device: str, key: Key, start: int, end: int) -> Sequence[Point]: ...
    def latest(self, device: str) -> Mapping[Key, Point]: ...


@dataclass(frozen=True, slots=True)
class Receipt:
    """The provider took it: its own id, and how far it says the message has come."""

    provider_id: str
    status: DeliveryStatus


class WatchJournal(Protocol):
    """The journal as `watch` sees it. Writes are queued in order and made durable together;
    `flush` returns when all before it are on disk."""

    def started(self, at: int, wall: int, configuration: Configuration) -> None: ...
    def stopped(self, at: int) -> None: ...
    def alive(self, process: str, at: int) -> None: ...
    def clock_step(self, at: int, step_ms: int) -> None: ...
    def accept(self, configuration: Configuration) -> None: ...
    def cover(self, coverage: Sequence[Coverage]) -> None: ...
    def commit(self, change: Change) -> None: ...
    def acknowledged(self, acknowledgement: Acknowledgement) -> None: ...
    def answer(self, request: int, ok: bool, answer: str) -> None: ...
    def flush(self) -> None: ...
    def state(self) -> Mapping[str, Mapping[str, Any]]: ...
    def open_incidents(self) -> Sequence[Incident]: ...
    def requests(self) -> Sequence[Request]:
        """Requests not yet answered, oldest first."""
        ...


class TellJournal(Protocol):
    """The journal as `tell` sees it. Every write is durable when it returns."""

    def undecided(self, limit: int = 100) -> Sequence[OwedEvent]:
        """Owed events no delivery has been decided for, oldest first."""
        ...

    def decided(self, owed: OwedEvent, deliveries: Sequence[Delivery], why: Sequence[Decision]) -> None:
        """Keeps deliveries and decisions and marks the owed event decided, in one transaction."""
        ...

    def due(self, now: int, limit: int = 100) -> Sequence[Delivery]:
        """Deliveries pending, or left in `sending` by a crash, whose next attempt is due."""
        ...

    def update(self, delivery: Delivery, at: int | None = None) -> None:
        """Moves a delivery forward, never back; the step is kept in its history, stamped `at`."""
        ...

    def last_alive(self, process: str) -> int | None: ...
    def alive(self, process: str, at: int) -> None: ...


class Channel(Protocol):
    """One road to a person. Blocking: `tell` runs each channel in a thread of its own.

    `send` raises Retryable, OutcomeUnknown or Permanent (domain.errors). `find` looks for a
    delivery that may already have left (after OutcomeUnknown or a crash); None: it did not.
    """

    name: str

    def send(self, delivery: Delivery) -> Receipt: ...
    def find(self, delivery: Delivery) -> Receipt | None: ...


class Signer(Protocol):
    """Makes and checks the short signatures of acknowledgement links."""

    def sign(self, text: str) -> str: ...
    def valid(self, text: str, signature: str) -> bool: ...


Wake = Callable[[], None]
"""Tells a sleeping loop that there may be something to do."""
