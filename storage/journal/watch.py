"""The journal as `watch` sees it: everything goes through one ordered writer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Table, insert, select

from domain.alarm import Incident
from domain.errors import Permanent, Retryable
from domain.record import Acknowledgement, Change, Configuration, Coverage, Request
from storage.journal import keep, rows
from storage.journal import tables as t
from storage.journal.store import Store
from storage.journal.upsert import add, put
from storage.journal.writer import Health, Writer

_PROCESS = "watch"
_APPENDED: tuple[Table, ...] = (
    t.transitions,
    t.incident_changes,
    t.decisions,
    t.acknowledgements,
)


@dataclass(frozen=True, slots=True)
class Write:
    """One call of the journal, made ready by the caller's thread: a value that cannot be kept is
    refused there, where its origin can be seen. Steps run in order, before all rows of a group."""

    what: str
    rows: tuple[tuple[Table, rows.Row], ...] = ()
    state: tuple[tuple[str, str | None], ...] = ()
    step: Callable[[Connection], None] | None = None


class Journal:
    """Implements domain.ports.WatchJournal. A write returns when queued; `flush` when durable."""

    def __init__(
        self, store: Store, alive_interval_ms: int = keep.ALIVE_INTERVAL_MS, limit: int = 50_000
    ) -> None:
        self._store = store
        self._interval_ms = alive_interval_ms
        self._answered: set[int] = set()
        self._writer: Writer[Write] = Writer(
            self._apply, self._park, lambda error: isinstance(error, (Retryable, Permanent)), limit
        )

    def health(self) -> Health:
        return self._writer.health()

    def started(self, at: int, wall: int, configuration: Configuration) -> None:
        def step(connection: Connection) -> None:
            keep.accept(connection, configuration)
            keep.begin_run(connection, _PROCESS, at, wall, configuration.hash)

        self._writer.put(Write("started", step=step))

    def stopped(self, at: int) -> None:
        self._step("stopped", lambda c: keep.end_run(c, _PROCESS, at, self._interval_ms))

    def alive(self, process: str, at: int) -> None:
        self._step("alive", lambda c: keep.mark_alive(c, process, at, self._interval_ms))

    def clock_step(self, at: int, step_ms: int) -> None:
        self._step("clock step", lambda c: keep.clock_step(c, at, step_ms))

    def accept(self, configuration: Configuration) -> None:
        self._step("configuration", lambda c: keep.accept(c, configuration))

    def cover(self, coverage: Sequence[Coverage]) -> None:
        """Stretches or begins coverage; `last_at` of the same (device, first_at) only grows."""
        self._writer.put(Write("coverage", tuple((t.coverage, rows.coverage_row(it)) for it in coverage)))

    def commit(self, change: Change) -> None:
        made: list[tuple[Table, rows.Row]] = [
            (t.transitions, rows.transition_row(it)) for it in change.transitions
        ]
        for incident in change.incidents:
            row = rows.incident_row(incident)
            made.append((t.incidents, row))
            body = rows.pack(row)
            made.append((t.incident_changes, {"at": change.at, "incident": incident.id, "body": body}))
        for owed in change.owed:
            made.append((t.owed, rows.owed_row(owed)))
            made.extend((t.owed_incidents, {"incident": it, "owed": owed.id}) for it in owed.incidents)
        made.extend((t.decisions, rows.decision_row(it)) for it in change.decisions)
        state = tuple(
            (key, None if value is None else rows.pack(value)) for key, value in change.state.items()
        )
        self._writer.put(Write("change", tuple(made), state))

    def acknowledged(self, acknowledgement: Acknowledgement) -> None:
        row = rows.acknowledgement_row(acknowledgement)
        self._writer.put(Write("acknowledgement", ((t.acknowledgements, row),)))

    def answer(self, request: int, ok: bool, answer: str) -> None:
        self._answered.add(request)
        self._step("answer", lambda c: keep.answer(c, request, ok, answer))

    def flush(self, timeout_s: float = 30.0) -> None:
        """Retryable when the disk did not take everything within `timeout_s`; nothing is lost."""
        self._writer.flush(timeout_s)

    def close(self, timeout_s: float = 30.0) -> None:
        """Writes what is queued and closes; Retryable when something could not be written."""
        try:
            self._writer.close(timeout_s)
        finally:
            self._store.close()

    def state(self) -> Mapping[str, Mapping[str, Any]]:
        self.flush()
        with self._store.read() as connection:
            found = connection.execute(select(t.engine_state.c.key, t.engine_state.c.value))
            return {key: rows.unpack(value) for key, value in found}

    def open_incidents(self) -> Sequence[Incident]:
        self.flush()
        query = (
            select(t.incidents)
            .where(t.incidents.c.closed_at.is_(None))
            .order_by(t.incidents.c.opened_at, t.incidents.c.id)
        )
        with self._store.read() as connection:
            return [rows.incident(row) for row in connection.execute(query).mappings()]

    def requests(self) -> Sequence[Request]:
        """Answers still queued count as given: no request is handed out twice."""
        query = select(t.requests).where(t.requests.c.answer.is_(None)).order_by(t.requests.c.id)
        with self._store.read() as connection:
            found = [rows.request(row) for row in connection.execute(query)]
        self._answered.intersection_update(request.id for request in found)
        return [request for request in found if request.id not in self._answered]

    def _step(self, what: str, step: Callable[[Connection], None]) -> None:
        self._writer.put(Write(what, step=step))

    def _apply(self, group: Sequence[Write]) -> None:
        self._store.write(lambda connection: _apply(connection, group))

    def _park(self, write: Write, error: Exception) -> None:
        body = rows.pack({"rows": [[table.name, row] for table, row in write.rows], "state": write.state})
        self._store.write(
            lambda connection: connection.execute(
                insert(t.parked).values(what=write.what, body=body, error=str(error))
            )
        )


def _apply(connection: Connection, group: Sequence[Write]) -> None:
    by_table: dict[Table, list[rows.Row]] = {}
    state: dict[str, str | None] = {}
    for write in group:
        if write.step is not None:
            write.step(connection)
        for table, row in write.rows:
            by_table.setdefault(table, []).append(row)
        state.update(write.state)
    present = [{"key": key, "value": value} for key, value in state.items() if value is not None]
    gone = [{"gone": key} for key, value in state.items() if value is None]
    put(connection, t.engine_state, present)
    if gone:
        connection.execute(keep.FORGET_STATE, gone)
    newest = {row["id"]: row for row in by_table.get(t.incidents, ())}  # only the last of a group counts
    put(connection, t.incidents, list(newest.values()))
    for table in _APPENDED:
        if appended := by_table.get(table):
            connection.execute(insert(table), appended)
    add(connection, t.owed, by_table.get(t.owed, ()))
    add(connection, t.owed_incidents, by_table.get(t.owed_incidents, ()))
    put(connection, t.coverage, by_table.get(t.coverage, ()), latest="last_at")
