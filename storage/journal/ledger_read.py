"""What the uptime ledger is computed from: transitions, coverage, and when the monitor was alive."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Select, func, select, text

from domain.alarm import Cause, Condition, Transition
from domain.record import Coverage
from storage.journal import rows
from storage.journal import tables as t
from storage.journal.periods import Span, alive_periods, gaps
from storage.journal.records import ClockStep, Run
from storage.journal.store import Store

_STREAM = 5_000

# A seek per target instead of a scan of all transitions ever made.
_STANDING = text("""
    WITH RECURSIVE known(target) AS (
        SELECT min(target) FROM transitions
        UNION ALL
        SELECT (SELECT min(target) FROM transitions WHERE target > known.target)
        FROM known WHERE known.target IS NOT NULL
    )
    SELECT held.* FROM known JOIN transitions AS held ON held.id = (
        SELECT id FROM transitions
        WHERE target = known.target AND since < :at AND at <= :known_at
        ORDER BY since DESC, id DESC LIMIT 1
    )
    ORDER BY held.target
""")

_EVER = 2**62

_COLUMNS = tuple(
    t.transitions.c[name] for name in ("at", "target", "condition", "cause", "since", "incident", "why")
)
_CONDITIONS = {it.value: it for it in Condition}
_CAUSES: dict[str | None, Cause | None] = {None: None, **{it.value: it for it in Cause}}


class LedgerReader:
    """Streams what a period needs. `known_at` reads as of that moment: later findings are left
    out, so that a month that was paid can be computed again as it was then."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def close(self) -> None:
        self._store.close()

    def transitions(
        self, start: int, end: int, *, target: str | None = None, known_at: int | None = None
    ) -> Iterator[Transition]:
        """Those that truly began in [start, end), by target and beginning; of several with the
        same target and beginning the last yielded is the latest finding."""
        query = (
            select(*_COLUMNS)
            .where(t.transitions.c.since >= start, t.transitions.c.since < end)
            .order_by(t.transitions.c.target, t.transitions.c.since, t.transitions.c.id)
        )
        if target is not None:
            query = query.where(t.transitions.c.target == target)
        if known_at is not None:
            query = query.where(t.transitions.c.at <= known_at)
        with self._store.read() as connection:
            # a city's month is hundreds of thousands: plain tuples, and enums by look-up
            result = connection.execution_options(yield_per=_STREAM).execute(query)
            for some in result.partitions():
                for at, its, condition, cause, since, incident, why in some:
                    yield Transition(at, its, _CONDITIONS[condition], _CAUSES[cause], since, incident, why)

    def standing(self, at: int, *, known_at: int | None = None) -> list[Transition]:
        """For every target the transition that held just before `at`, by target."""
        moment = {"at": at, "known_at": _EVER if known_at is None else known_at}
        with self._store.read() as connection:
            return [rows.transition(row) for row in connection.execute(_STANDING, moment)]

    def revisions(self, decided_from: int, decided_to: int, since_before: int) -> list[Transition]:
        """Findings decided in [decided_from, decided_to) about what began before `since_before`,
        in the order they were made: what changed a period after it was closed."""
        query = (
            select(t.transitions)
            .where(
                t.transitions.c.since < since_before,
                t.transitions.c.at >= decided_from,
                t.transitions.c.at < decided_to,
            )
            .order_by(t.transitions.c.id)
        )
        with self._store.read() as connection:
            return [rows.transition(row) for row in connection.execute(query)]

    def coverage(self, start: int, end: int) -> list[Coverage]:
        """Who was watched at any moment of [start, end), by device and beginning."""
        query = (
            select(t.coverage)
            .where(t.coverage.c.first_at < end, t.coverage.c.last_at >= start)
            .order_by(t.coverage.c.device, t.coverage.c.first_at, t.coverage.c.last_at)
        )
        with self._store.read() as connection:
            return [rows.coverage(row) for row in connection.execute(query)]

    def alive(self, start: int, end: int, process: str = "watch") -> list[Span]:
        """Periods of [start, end) in which `process` was alive, exact to one interval of marks."""
        query = select(t.alive.c.first_at, t.alive.c.last_at).where(
            t.alive.c.process == process, t.alive.c.first_at < end, t.alive.c.last_at >= start
        )
        with self._store.read() as connection:
            spans = [(row.first_at, row.last_at) for row in connection.execute(query)]
        return alive_periods(spans, start, end)

    def dead(self, start: int, end: int, process: str = "watch") -> list[Span]:
        """What `alive` leaves of [start, end)."""
        return gaps(self.alive(start, end, process), start, end)

    def runs(self, start: int, end: int, process: str = "watch") -> list[Run]:
        """Runs begun in [start, end), oldest first."""
        query = select(t.runs).where(
            t.runs.c.process == process, t.runs.c.started_at >= start, t.runs.c.started_at < end
        )
        return self._runs(query.order_by(t.runs.c.id))

    def last_run(self, process: str = "watch") -> Run | None:
        found = self._runs(
            select(t.runs).where(t.runs.c.process == process).order_by(t.runs.c.id.desc()).limit(1)
        )
        return found[0] if found else None

    def clock_steps(self, start: int, end: int) -> list[ClockStep]:
        query = select(t.clock_steps).where(t.clock_steps.c.at >= start, t.clock_steps.c.at < end)
        with self._store.read() as connection:
            return [
                ClockStep(row.at, row.step_ms)
                for row in connection.execute(query.order_by(t.clock_steps.c.id))
            ]

    def latest(self) -> int | None:
        """The latest engine time on record: a start before it means the wall clock went back."""
        query = select(func.max(t.alive.c.last_at))
        with self._store.read() as connection:
            return connection.execute(query).scalar()

    def _runs(self, query: Select[tuple[object, ...]]) -> list[Run]:
        with self._store.read() as connection:
            return [
                Run(row.process, row.started_at, row.wall, row.configuration, row.stopped_at)
                for row in connection.execute(query)
            ]
