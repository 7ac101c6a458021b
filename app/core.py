"""The middle of `watch`: readings in, changes out to the journal, series out to the store.

It owns no socket and no clock, so that the acceptance tests drive it with ports of their own.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Protocol, runtime_checkable

from app.accepted import Accepted
from app.events import Event, Events
from app.record import Recorder
from app.sequencer import Sequencer
from domain.alarm import Incident, Transition
from domain.input import Acknowledge, Input, Reload, Start, Stop
from domain.ports import ReadingSink, WatchJournal
from domain.reading import Reading
from domain.record import Acknowledgement, Change, Coverage, Request
from rules.engine import Engine

log = logging.getLogger("nigehban.watch")


@runtime_checkable
class KeepsNotes(Protocol):
    """A sink that also keeps incidents and transitions, for annotations in Grafana."""

    def write_transitions(self, transitions: Sequence[Transition]) -> None: ...
    def write_incidents(self, incidents: Sequence[Incident], at: int) -> None: ...


class Core:
    """One engine over one journal. `events`, if any, sees what `replay` would print of this run."""

    def __init__(
        self,
        accepted: Accepted,
        journal: WatchJournal,
        sink: ReadingSink,
        recorder: Recorder | None = None,
        events: Callable[[Event], None] | None = None,
    ) -> None:
        self.accepted = accepted
        self._journal = journal
        self._sink = sink
        self._notes = sink if isinstance(sink, KeepsNotes) else None
        self._sink_ill = False
        self._recorder = recorder
        self._heard = events
        incidents = tuple(journal.open_incidents())
        self._told = Events(accepted.plan(("terminal",)), incidents)
        engine = Engine(accepted.city, accepted.rules, journal.state(), incidents)
        self._sequencer = Sequencer(engine, self._changed, recorder.write if recorder else None)
        self._covered_from: dict[str, int] = {}

    @property
    def engine(self) -> Engine:
        return self._sequencer.engine

    def start(self, now: int, wall: int) -> None:
        self._journal.started(now, wall, self.accepted.configuration)
        self._covered_from = {device.id: now for device in self.accepted.city.devices.values()}
        self.cover(now)
        self._feed(Start(now))

    def take(self, readings: Sequence[Reading]) -> None:
        """Judges and keeps a batch; the store's trouble never stops the judging."""
        feed = self._sequencer.feed
        for reading in readings:
            feed(reading)
        try:
            self._sink.write(readings)
        except Exception as error:  # whatever it is: series are lost, the city is still watched
            if not self._sink_ill:
                log.error("series are not being kept: %s: %s", type(error).__name__, error)
            self._sink_ill = True
        else:
            self._sink_ill = False

    def wake(self, now: int) -> None:
        self._sequencer.wake_until(now)

    def stop(self, now: int) -> None:
        self._feed(Stop(now))
        self.cover(now)
        self._journal.stopped(now)
        self._journal.flush()

    def cover(self, now: int) -> None:
        """Keeps who was watched, since when and under which configuration."""
        city, configuration = self.accepted.city, self.accepted.configuration.hash
        self._journal.cover(
            [
                Coverage(id_, city.devices[id_].box, since, now, configuration)
                for id_, since in self._covered_from.items()
                if id_ in city.devices
            ]
        )

    def acknowledge(self, now: int, code: str, by: str) -> str:
        """The words for whoever asked; ValueError when there is nothing open by that code."""
        change = self._feed(Acknowledge(now, code, by))
        for incident in change.incidents:
            self._journal.acknowledged(Acknowledgement(now, incident.id, incident.code, by))
            return f"{incident.code} ({incident.target}, {incident.concern}) acknowledged by {by}"
        for incident in self.engine.open_incidents():
            if incident.code == code.upper():
                return f"{incident.code} was already acknowledged by {incident.acknowledged_by}"
        raise ValueError(f"no open incident has the code {code}: `nigehban status` lists them")

    def reload(self, now: int, accepted: Accepted) -> str:
        self.cover(now)
        same = accepted.configuration.hash == self.accepted.configuration.hash
        kept = self._covered_from
        self.accepted = accepted
        self._covered_from = {id_: now if not same else kept.get(id_, now) for id_ in accepted.city.devices}
        self._journal.accept(replace(accepted.configuration, at=now))
        self._told.plan = accepted.plan(("terminal",))
        self._feed(Reload(now, accepted.city, accepted.rules))
        self.cover(now)
        return accepted.configuration.diff or "nothing has changed"

    def answer(self, request: Request, ok: bool, words: str) -> None:
        self._journal.answer(request.id, ok, words)

    def _feed(self, given: Input) -> Change:
        if isinstance(given, Reload) and self._recorder:
            # the recorder needs the files, which an input does not carry
            self._recorder.write(given, self.accepted.configuration.files)
            recorder, self._sequencer.record = self._sequencer.record, None
            try:
                return self._sequencer.feed(given)
            finally:
                self._sequencer.record = recorder
        return self._sequencer.feed(given)

    def _changed(self, change: Change) -> None:
        self._journal.commit(change)
        if self._notes is not None and (change.transitions or change.incidents):
            self._notes.write_transitions(change.transitions)
            self._notes.write_incidents(change.incidents, change.at)
        if self._heard is not None:
            for event in self._told.of(change):
                self._heard(event)
        for incident in change.incidents:
            if incident.opened_at == change.at:
                log.info("opened %s %s: %s", incident.code, incident.target, incident.cause)
            elif incident.closed_at == change.at:
                log.info("closed %s %s: %s", incident.code, incident.target, incident.cause)
