"""The journal as `tell` sees it: few writes, each on disk when the call returns."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, insert, select, update

from domain.alarm import Decision, Delivery, DeliveryStatus, OwedEvent
from storage.journal import keep, rows
from storage.journal import tables as t
from storage.journal.store import Store
from storage.journal.upsert import add

_STEP = {DeliveryStatus.PENDING: 0, DeliveryStatus.SENDING: 1, DeliveryStatus.SENT: 2}
_END = 3  # delivered, undelivered, failed, expired, suppressed: nothing comes after these


def forward(held: DeliveryStatus, wanted: DeliveryStatus) -> bool:
    """Whether a delivery may go from `held` to `wanted`, itself included for what is not an end."""
    return _STEP.get(held, _END) < _END and _STEP.get(wanted, _END) >= _STEP[held]


def moved(held: Delivery, wanted: Delivery) -> Delivery | None:
    """What an update makes of a delivery; None when it changes nothing.

    A status never goes back. An unsent message put back to pending stays `sending` (whoever sends
    it next asks first whether it left), but its count, error and next attempt are taken, else it
    would be tried again without pause. Who, what and why of a delivery never change."""
    status = wanted.status
    if not forward(held.status, wanted.status):
        if held.status is not DeliveryStatus.SENDING or wanted.attempts < held.attempts:
            return None
        status = held.status
    result = Delivery(
        id=held.id,
        owed=held.owed,
        at=held.at,
        contact=held.contact,
        number=held.number,
        channel=held.channel,
        text=held.text,
        reason=held.reason,
        status=status,
        attempts=max(held.attempts, wanted.attempts),
        next_attempt_at=wanted.next_attempt_at,
        expires_at=wanted.expires_at,
        receipt=wanted.receipt or held.receipt,
        error=wanted.error,
    )
    return None if result == held else result


class Outbox:
    """Implements domain.ports.TellJournal."""

    def __init__(self, store: Store, alive_interval_ms: int = keep.ALIVE_INTERVAL_MS) -> None:
        self._store = store
        self._interval_ms = alive_interval_ms

    def close(self) -> None:
        self._store.close()

    def undecided(self, limit: int = 100) -> Sequence[OwedEvent]:
        query = select(t.owed).where(t.UNDECIDED).order_by(t.owed.c.seq).limit(limit)
        with self._store.read() as connection:
            return [rows.owed_event(row) for row in connection.execute(query)]

    def decided(self, owed: OwedEvent, deliveries: Sequence[Delivery], why: Sequence[Decision]) -> None:
        """The first decision about an owed event holds; a repeated one changes nothing."""

        def work(connection: Connection) -> None:
            mark = update(t.owed).where(t.owed.c.id == owed.id, t.owed.c.decided == 0).values(decided=1)
            if connection.execute(mark).rowcount:
                _keep(connection, deliveries, why)

        self._store.write(work)

    def due(self, now: int, limit: int = 100) -> Sequence[Delivery]:
        query = (
            select(t.deliveries)
            .where(t.UNSENT, t.deliveries.c.next_attempt_at <= now)
            .order_by(t.deliveries.c.next_attempt_at, t.deliveries.c.at, t.deliveries.c.id)
            .limit(limit)
        )
        with self._store.read() as connection:
            return [rows.delivery(row) for row in connection.execute(query)]

    def update(self, delivery: Delivery, at: int | None = None) -> None:
        """Moves a delivery forward and keeps the step in its history, stamped `at` (the delivery's
        own next attempt when not told). An unknown delivery and a move back change nothing."""

        def work(connection: Connection) -> None:
            held = select(t.deliveries).where(t.deliveries.c.id == delivery.id).with_for_update()
            row = connection.execute(held).first()
            made = moved(rows.delivery(row), delivery) if row is not None else None
            if made is None:
                return
            connection.execute(
                update(t.deliveries).where(t.deliveries.c.id == made.id).values(rows.delivery_row(made))
            )
            connection.execute(insert(t.attempts).values(_attempt(made, at)))

        self._store.write(work)

    def last_alive(self, process: str) -> int | None:
        query = (
            select(t.alive.c.last_at)
            .where(t.alive.c.process == process)
            .order_by(t.alive.c.id.desc())
            .limit(1)
        )
        with self._store.read() as connection:
            return connection.execute(query).scalar()

    def alive(self, process: str, at: int) -> None:
        self._store.write(lambda connection: keep.mark_alive(connection, process, at, self._interval_ms))


def _attempt(it: Delivery, at: int | None) -> rows.Row:
    return {
        "delivery": it.id,
        "at": at if at is not None else max(it.at, it.next_attempt_at),
        "status": it.status.value,
        "attempts": it.attempts,
        "receipt": it.receipt,
        "error": it.error,
    }


def _keep(connection: Connection, deliveries: Sequence[Delivery], why: Sequence[Decision]) -> None:
    add(connection, t.deliveries, [rows.delivery_row(it) for it in deliveries])
    if why:
        connection.execute(insert(t.decisions), [rows.decision_row(it) for it in why])
