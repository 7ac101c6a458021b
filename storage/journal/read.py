"""The reading side for people: command line, console, reports."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Select, func, insert, or_, select

from domain.alarm import Decision, Delivery, DeliveryStatus, Incident, OwedEvent
from domain.human import Note
from domain.record import Acknowledgement, Configuration, Request
from storage.journal import rows
from storage.journal import tables as t
from storage.journal.records import Acceptance, Attempt, Restoration, Step
from storage.journal.store import Store


class Reader:
    """Every method is one read transaction; `ask` and `keep_note` are those that write."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def close(self) -> None:
        self._store.close()

    # incidents

    def open_incidents(self) -> list[Incident]:
        """Oldest first."""
        return self._incidents(
            select(t.incidents)
            .where(t.incidents.c.closed_at.is_(None))
            .order_by(t.incidents.c.opened_at, t.incidents.c.id)
        )

    def incident(self, code_or_id: str) -> Incident | None:
        """By id, or by the code people quote (letter case is theirs); the newest of equal codes."""
        found = self._incidents(
            select(t.incidents)
            .where(
                or_(
                    t.incidents.c.id == code_or_id,
                    t.incidents.c.code.in_({code_or_id, code_or_id.upper(), code_or_id.lower()}),
                )
            )
            .order_by(t.incidents.c.opened_at.desc())
            .limit(1)
        )
        return found[0] if found else None

    def incidents(self, start: int, end: int, target: str | None = None) -> list[Incident]:
        """Those that were open at any moment of [start, end), by opening."""
        query = (
            select(t.incidents)
            .where(
                t.incidents.c.opened_at < end,
                or_(t.incidents.c.closed_at.is_(None), t.incidents.c.closed_at >= start),
            )
            .order_by(t.incidents.c.opened_at, t.incidents.c.id)
        )
        return self._incidents(query if target is None else query.where(t.incidents.c.target == target))

    def incident_history(self, incident: str) -> list[tuple[int, Incident]]:
        """(when it was committed, the incident as it then was), oldest first."""
        query = (
            select(t.incident_changes.c.at, t.incident_changes.c.body)
            .where(t.incident_changes.c.incident == incident)
            .order_by(t.incident_changes.c.id)
        )
        return [(row.at, rows.incident(rows.unpack(row.body))) for row in self._all(query)]

    def acknowledgements(self, incident: str) -> list[Acknowledgement]:
        query = select(t.acknowledgements).where(t.acknowledgements.c.incident == incident)
        return [rows.acknowledgement(row) for row in self._all(query.order_by(t.acknowledgements.c.id))]

    # what people said

    def keep_note(self, note: Note) -> Note:
        """Keeps it, durable on return; the same note with the id it was given."""
        statement = insert(t.notes).values(rows.note_row(note)).returning(t.notes.c.id)
        given = self._store.write(lambda connection: int(connection.execute(statement).scalar_one()))
        return replace(note, id=given)

    def notes(self, target: str | None = None, *, known_at: int | None = None) -> list[Note]:
        """Oldest first; those of one incident, box or device if given, and as of a moment if given."""
        query = select(t.notes).order_by(t.notes.c.id)
        if target is not None:
            query = query.where(t.notes.c.target == target)
        if known_at is not None:
            query = query.where(t.notes.c.at <= known_at)
        return [rows.note(row) for row in self._all(query)]

    # messages

    def events(self, limit: int = 50, box: str | None = None) -> list[OwedEvent]:
        """The most recent owed events, newest first."""
        query = select(t.owed).order_by(t.owed.c.seq.desc()).limit(limit)
        if box is not None:
            query = query.where(t.owed.c.box == box)
        return [rows.owed_event(row) for row in self._all(query)]

    def deliveries(
        self, *, owed: str | None = None, incident: str | None = None, limit: int = 50
    ) -> list[Delivery]:
        """The most recent deliveries, newest first; of one owed event or one incident if given."""
        query = select(t.deliveries).order_by(t.deliveries.c.at.desc(), t.deliveries.c.id).limit(limit)
        if owed is not None:
            query = query.where(t.deliveries.c.owed == owed)
        if incident is not None:
            of = select(t.owed_incidents.c.owed).where(t.owed_incidents.c.incident == incident)
            query = query.where(t.deliveries.c.owed.in_(of))
        return [rows.delivery(row) for row in self._all(query)]

    def delivery(self, id_or_receipt: str) -> Delivery | None:
        """By its own id, or by the provider's."""
        query = select(t.deliveries).where(
            or_(t.deliveries.c.id == id_or_receipt, t.deliveries.c.receipt == id_or_receipt)
        )
        found = self._all(query.limit(1))
        return rows.delivery(found[0]) if id_or_receipt and found else None

    def attempts(self, delivery: str) -> list[Attempt]:
        """Every step a delivery made, oldest first."""
        query = select(t.attempts).where(t.attempts.c.delivery == delivery).order_by(t.attempts.c.id)
        return [
            Attempt(row.at, DeliveryStatus(row.status), row.attempts, row.receipt, row.error)
            for row in self._all(query)
        ]

    def steps(self, after: int, limit: int = 1000) -> list[Step]:
        """Steps of all deliveries since the one numbered `after`, oldest first."""
        query = (
            select(
                t.deliveries,
                t.attempts.c.id.label("seq"),
                t.attempts.c.at.label("step_at"),
                t.attempts.c.status.label("step_status"),
                t.attempts.c.attempts.label("step_attempts"),
                t.attempts.c.error.label("step_error"),
                t.owed.c.at.label("owed_at"),
                t.owed.c.box,
            )
            .select_from(t.attempts)
            .join(t.deliveries, t.deliveries.c.id == t.attempts.c.delivery)
            .join(t.owed, t.owed.c.id == t.deliveries.c.owed)
            .where(t.attempts.c.id > after)
            .order_by(t.attempts.c.id)
            .limit(limit)
        )
        return [
            Step(
                row.seq,
                row.step_at,
                replace(
                    rows.delivery(row),
                    status=DeliveryStatus(row.step_status),
                    attempts=row.step_attempts,
                    error=row.step_error,
                ),
                row.owed_at,
                row.box,
            )
            for row in self._all(query)
        ]

    def decided_since(self, after: int, limit: int = 1000) -> list[tuple[int, Decision]]:
        """(number, decision) of those made since the one numbered `after`, oldest first."""
        query = select(t.decisions).where(t.decisions.c.id > after).order_by(t.decisions.c.id).limit(limit)
        return [(row.id, rows.decision(row)) for row in self._all(query)]

    def acknowledged_since(self, after: int) -> list[tuple[int, Acknowledgement, Incident]]:
        """(number, acknowledgement, its incident as it is now), oldest first."""
        query = select(t.acknowledgements).where(t.acknowledgements.c.id > after)
        found = []
        for row in self._all(query.order_by(t.acknowledgements.c.id)):
            incident = self.incident(row.incident)
            if incident is not None:
                found.append((row.id, rows.acknowledgement(row), incident))
        return found

    def last_numbers(self) -> tuple[int, int]:
        """The numbers of the newest decision and acknowledgement; 0 before the first."""
        newest = (
            select(func.coalesce(func.max(table.c.id), 0)) for table in (t.decisions, t.acknowledgements)
        )
        decision, acknowledgement = (int(self._all(query)[0][0]) for query in newest)
        return decision, acknowledgement

    def last_step(self) -> int:
        """The number of the newest step; 0 before the first."""
        return int(self._all(select(func.coalesce(func.max(t.attempts.c.id), 0)))[0][0])

    def decisions(self, about: str, limit: int = 100) -> list[Decision]:
        """Why something was told or kept silent: decisions whose target or subject is `about`
        (a box, a device, an incident, an owed event), the latest `limit`, oldest first."""
        query = (
            select(t.decisions)
            .where(or_(t.decisions.c.target == about, t.decisions.c.subject == about))
            .order_by(t.decisions.c.id.desc())
            .limit(limit)
        )
        return [rows.decision(row) for row in reversed(self._all(query))]

    # configurations

    def acceptances(self, limit: int = 100) -> list[Acceptance]:
        """Which configuration came to hold when, with its diff; newest first."""
        query = select(t.acceptances).order_by(t.acceptances.c.id.desc()).limit(limit)
        return [Acceptance(row.at, row.configuration, row.diff) for row in self._all(query)]

    def configuration(self, hash_: str | None = None) -> Configuration | None:
        """With its files: the one that came to hold last, or the last acceptance of `hash_`."""
        query = select(t.acceptances).order_by(t.acceptances.c.id.desc()).limit(1)
        if hash_ is not None:
            query = query.where(t.acceptances.c.configuration == hash_)
        found = self._all(query)
        if not found:
            return None
        kept = found[0]
        parts = (
            select(t.configuration_files.c.name, t.files.c.body)
            .join(t.files, t.files.c.sha256 == t.configuration_files.c.sha256)
            .where(t.configuration_files.c.configuration == kept.configuration)
            .order_by(t.configuration_files.c.name)
        )
        texts = {
            row.name: zlib.decompress(row.body).decode("utf-8", "surrogatepass") for row in self._all(parts)
        }
        return Configuration(kept.configuration, kept.at, texts, kept.diff)

    # the journal and the engine themselves

    def state_counts(self) -> Mapping[str, int]:
        """How many keys of engine state there are, by what stands before their first "/"."""
        counts: dict[str, int] = {}
        for (key,) in self._all(select(t.engine_state.c.key)):
            kind = key.partition("/")[0]
            counts[kind] = counts.get(kind, 0) + 1
        return counts

    def engine_state(self, key: str) -> Mapping[str, Any] | None:
        found = self._all(select(t.engine_state.c.value).where(t.engine_state.c.key == key))
        state: Mapping[str, Any] | None = rows.unpack(found[0].value) if found else None
        return state

    def restorations(self) -> list[Restoration]:
        query = select(t.restorations).order_by(t.restorations.c.id)
        return [
            Restoration(row.at, row.taken_at, row.source, row.owed, row.deliveries)
            for row in self._all(query)
        ]

    def backlog(self) -> tuple[int, int, int]:
        """(owed events undecided, deliveries unsent, changes parked), for status and metrics."""
        queries = (
            select(func.count()).select_from(t.owed).where(t.UNDECIDED),
            select(func.count()).select_from(t.deliveries).where(t.UNSENT),
            select(func.count()).select_from(t.parked),
        )
        with self._store.read() as connection:
            undecided, unsent, parked = (int(connection.execute(query).scalar_one()) for query in queries)
        return undecided, unsent, parked

    # requests

    def ask(self, verb: str, arguments: Mapping[str, Any], at: int) -> int:
        """Leaves a request for `watch`, durable on return; its id is for `answer_of`."""
        statement = insert(t.requests).values(at=at, verb=verb, arguments=rows.pack(arguments))
        return self._store.write(
            lambda connection: int(connection.execute(statement.returning(t.requests.c.id)).scalar_one())
        )

    def answer_of(self, request: int) -> Request | None:
        """The request with its answer, or None while it has none (or is unknown)."""
        query = select(t.requests).where(t.requests.c.id == request, t.requests.c.answer.is_not(None))
        found = self._all(query)
        return rows.request(found[0]) if found else None

    def _all(self, query: Select[Any]) -> Sequence[Any]:
        with self._store.read() as connection:
            return connection.execute(query).all()

    def _incidents(self, query: Select[Any]) -> list[Incident]:
        with self._store.read() as connection:
            return [rows.incident(row) for row in connection.execute(query).mappings()]
