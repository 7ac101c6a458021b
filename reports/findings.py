"""What people found out of an incident, and what it makes of the recorded cause. PURE."""

from __future__ import annotations

from collections.abc import Sequence

from domain.alarm import Cause, Condition
from domain.human import Note, NoteKind
from reports.buckets import Bucket, Table
from reports.timeline import Revised, State


class Findings:
    """The last confirmation or false alarm of each incident, by its id."""

    def __init__(self, notes: Sequence[Note], table: Table) -> None:
        self._last = {n.target: n for n in notes if n.kind in (NoteKind.CONFIRM, NoteKind.FALSE_ALARM)}
        self._table = table

    def applied(self, target: str, states: Sequence[State], revised: list[Revised]) -> Sequence[State]:
        """The states as people found them; both versions stay in `revised`."""
        if not self._last:
            return states
        return [self._found(target, state, revised) for state in states]

    def _found(self, target: str, state: State, revised: list[Revised]) -> State:
        note = self._last.get(state.incident)
        if note is None or state.condition is not Condition.DOWN:
            return state
        cause = note.cause or self._instead(note, state)
        if cause is None or cause is state.cause:
            return state
        words = note.text or note.kind.value
        revised.append(Revised(target, state.since, state.cause, cause, note.at, note.by, words))
        return state._replace(cause=cause)

    def _instead(self, note: Note, state: State) -> Cause | None:
        """What a theft that was none is held to be, where nobody says."""
        none = note.kind is NoteKind.FALSE_ALARM and self._table.of(state.cause) is Bucket.TAMPER
        return self._table.false_alarm if none else None
