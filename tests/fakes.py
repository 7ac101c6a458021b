"""A fake for each port, for acceptance tests on a hand-moved clock. Real peers have their own tests."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field, replace
from typing import Any

from domain.alarm import Decision, Delivery, DeliveryStatus, Incident, OwedEvent, Transition
from domain.ports import Receipt
from domain.reading import Reading
from domain.record import Acknowledgement, Change, Configuration, Coverage, Request


@dataclass
class FakeClock:
    """Engine time that moves only when told to."""

    at: int = 1_800_000_000_000

    def now(self) -> int:
        return self.at

    def forward(self, seconds: float) -> int:
        self.at += int(seconds * 1000)
        return self.at

    async def sleep(self, milliseconds: int) -> None:
        self.at += milliseconds

    def pause(self, milliseconds: int) -> None:
        self.at += milliseconds


class InlineExecutor(Executor):
    """Runs at once, in the caller's thread."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except BaseException as error:
            future.set_exception(error)
        return future


class HeldExecutor(Executor):
    """Keeps what it is given until `release`: a channel that hangs."""

    def __init__(self) -> None:
        self.held: list[tuple[Future[Any], Callable[..., Any], tuple[Any, ...]]] = []

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        self.held.append((future, fn, args))
        return future

    def release(self) -> None:
        held, self.held = self.held, []
        for future, fn, args in held:
            try:
                future.set_result(fn(*args))
            except Exception as error:
                future.set_exception(error)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        if cancel_futures:
            for future, _, _ in self.held:
                future.cancel()


@dataclass
class FakeTellJournal:
    """Keeps what `tell` keeps, in memory. `writes` counts the durable ones, `die_at` cuts one short."""

    owed: dict[str, OwedEvent] = field(default_factory=dict)
    deliveries: dict[str, Delivery] = field(default_factory=dict)
    decisions: list[Decision] = field(default_factory=list)
    alive_marks: dict[str, int] = field(default_factory=dict)
    history: list[tuple[str, DeliveryStatus]] = field(default_factory=list)
    writes: int = 0
    die_at: int | None = None
    _decided: set[str] = field(default_factory=set)

    def owe(self, *events: OwedEvent) -> None:
        self.owed.update({event.id: event for event in events})

    def _write(self) -> None:
        self.writes += 1
        if self.die_at is not None and self.writes >= self.die_at:
            raise Killed

    def undecided(self, limit: int = 100) -> Sequence[OwedEvent]:
        waiting = (event for event in self.owed.values() if event.id not in self._decided)
        return sorted(waiting, key=lambda event: (event.at, event.id))[:limit]

    def decided(self, owed: OwedEvent, deliveries: Sequence[Delivery], why: Sequence[Decision]) -> None:
        self._write()
        self._decided.add(owed.id)
        self.decisions.extend(why)
        for delivery in deliveries:
            assert delivery.id not in self.deliveries, f"{delivery.id} was decided before"
            self._keep(delivery)

    def due(self, now: int, limit: int = 100) -> Sequence[Delivery]:
        open_ = (DeliveryStatus.PENDING, DeliveryStatus.SENDING)
        waiting = [d for d in self.deliveries.values() if d.status in open_ and d.next_attempt_at <= now]
        return sorted(waiting, key=lambda d: (d.next_attempt_at, d.at, d.id))[:limit]

    def update(self, delivery: Delivery, at: int | None = None) -> None:
        """As the real one: an unknown delivery and a move back change nothing, but what was put
        back to an earlier status takes its count, error and next attempt."""
        self._write()
        held = self.deliveries.get(delivery.id)
        if held is None or _RANK[held.status] == _END:
            return
        if _RANK[delivery.status] < _RANK[held.status]:
            delivery = replace(delivery, status=held.status)
        self._keep(delivery)

    def _keep(self, delivery: Delivery) -> None:
        self.deliveries[delivery.id] = delivery
        self.history.append((delivery.id, delivery.status))

    def last_alive(self, process: str) -> int | None:
        return self.alive_marks.get(process)

    def alive(self, process: str, at: int) -> None:
        self.alive_marks[process] = at


@dataclass
class FakeWatchJournal:
    """Keeps what `watch` keeps, in memory; what it owes is at once in the hands of `tell`."""

    tell: FakeTellJournal = field(default_factory=FakeTellJournal)
    rows: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    incidents: dict[str, Incident] = field(default_factory=dict)  # the last word on each
    transitions: list[Transition] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    configurations: list[Configuration] = field(default_factory=list)
    runs: list[list[int]] = field(default_factory=list)  # [started] or [started, stopped]
    coverage: dict[tuple[str, int], Coverage] = field(default_factory=dict)
    acknowledgements: list[Acknowledgement] = field(default_factory=list)
    steps: list[tuple[int, int]] = field(default_factory=list)
    asked: dict[int, Request] = field(default_factory=dict)
    flushed: int = 0

    def started(self, at: int, wall: int, configuration: Configuration) -> None:
        self.accept(configuration)
        self.runs.append([at])

    def stopped(self, at: int) -> None:
        self.runs[-1].append(at)

    def alive(self, process: str, at: int) -> None:
        self.tell.alive(process, at)

    def clock_step(self, at: int, step_ms: int) -> None:
        self.steps.append((at, step_ms))

    def accept(self, configuration: Configuration) -> None:
        if not self.configurations or self.configurations[-1].hash != configuration.hash:
            self.configurations.append(configuration)

    def cover(self, coverage: Sequence[Coverage]) -> None:
        self.coverage.update({(it.device, it.first_at): it for it in coverage})

    def commit(self, change: Change) -> None:
        self.changes.append(change)
        for key, row in change.state.items():
            if row is None:
                self.rows.pop(key, None)
            else:
                self.rows[key] = row
        self.transitions += change.transitions
        self.incidents.update({incident.id: incident for incident in change.incidents})
        self.decisions += change.decisions
        self.tell.owe(*change.owed)

    def acknowledged(self, acknowledgement: Acknowledgement) -> None:
        self.acknowledgements.append(acknowledgement)

    def answer(self, request: int, ok: bool, answer: str) -> None:
        self.asked[request] = replace(self.asked[request], ok=ok, answer=answer)

    def flush(self) -> None:
        self.flushed += 1

    def state(self) -> Mapping[str, Mapping[str, Any]]:
        return dict(self.rows)

    def open_incidents(self) -> Sequence[Incident]:
        return [incident for incident in self.incidents.values() if incident.closed_at is None]

    def requests(self) -> Sequence[Request]:
        return [request for request in self.asked.values() if request.ok is None]


@dataclass
class FakeSink:
    """Keeps readings; raises what `faults` holds instead, as a store that is gone would."""

    kept: list[Reading] = field(default_factory=list)
    faults: list[Exception] = field(default_factory=list)
    closed: bool = False

    def write(self, readings: Sequence[Reading]) -> None:
        if self.faults:
            raise self.faults.pop(0)
        self.kept.extend(readings)

    def close(self) -> None:
        self.closed = True


_END = 3
_RANK = {
    **dict.fromkeys(DeliveryStatus, _END),
    DeliveryStatus.PENDING: 0,
    DeliveryStatus.SENDING: 1,
    DeliveryStatus.SENT: 2,
}


class Killed(BaseException):
    """The process ends here, as by kill -9: nothing in it may catch this."""


@dataclass
class FakeChannel:
    """Takes what it is given unless `faults` says otherwise.

    A fault is called with the delivery before it is taken; it may raise. `late` faults are raised
    after the message was taken: the answer is lost, the message is not.
    """

    name: str = "terminal"
    faults: list[Exception] = field(default_factory=list)
    late: list[Exception] = field(default_factory=list)
    blind: list[Exception] = field(default_factory=list)  # raised by find
    taken: list[Delivery] = field(default_factory=list)
    found: int = 0
    fate: DeliveryStatus = DeliveryStatus.SENT  # what receipts say became of it

    def send(self, delivery: Delivery) -> Receipt:
        if self.faults:
            raise self.faults.pop(0)
        self.taken.append(delivery)
        if self.late:
            raise self.late.pop(0)
        return self._receipt(delivery)

    def find(self, delivery: Delivery) -> Receipt | None:
        self.found += 1
        if self.blind:
            raise self.blind.pop(0)
        return self._receipt(delivery) if any(d.id == delivery.id for d in self.taken) else None

    def _receipt(self, delivery: Delivery) -> Receipt:
        return Receipt(f"fake-{delivery.id}", self.fate)

    @property
    def texts(self) -> list[tuple[str, str]]:
        """(contact, text) of what was taken, in order."""
        return [(d.contact, d.text) for d in self.taken]
