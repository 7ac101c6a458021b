"""The monitor doubts itself: when all its reference hosts are silent, it is blind and says just that.

While it doubts, no silence is believed (rules.witness); what it says of itself is an incident of
its own, told at once.
"""

from __future__ import annotations

from dataclasses import replace

from domain.alarm import (
    Cause,
    Concern,
    Condition,
    Confidence,
    Evidence,
    Incident,
    Notice,
    Phase,
    Reason,
    Transition,
)
from domain.place import City
from domain.reading import Outcome, Reading
from rules import notice
from rules.machine import CLEAR, step
from rules.memory import Watchman
from rules.rule import Hold
from rules.witness import asked_at
from rules.work import Work

MONITOR = "monitor"


class Lookout:
    """`incident` is the open one about the monitor itself, if any."""

    def __init__(self, watchman: Watchman, codes: dict[str, tuple[str, Concern]]) -> None:
        self.incident: Incident | None = None
        self._watchman = watchman
        self._codes = codes

    def configure(self, city: City, rule: Hold) -> None:
        """References that are gone are forgotten."""
        self._city = city
        self._rule = rule
        watchman = self._watchman
        watchman.fails = {id_: fails for id_, fails in watchman.fails.items() if id_ in city.references}

    def hear(self, work: Work, reading: Reading) -> None:
        """One sweep of one reference. Blind is when each of them has failed so many sweeps in a row."""
        if reading.outcome is Outcome.FORBIDDEN:
            return
        watchman, rule = self._watchman, self._rule
        doubted = watchman.doubts
        watchman.last_at = work.now
        asked = asked_at(reading, work.now)
        if reading.outcome is Outcome.OK:
            watchman.fails[reading.device] = 0
            watchman.last_ok_at = max(watchman.last_ok_at, asked)
            if doubted:
                watchman.seeing_since = asked
            evidence = Evidence.GOOD
        else:
            watchman.fails[reading.device] = watchman.fails.get(reading.device, 0) + 1
            if not doubted and watchman.doubts:
                watchman.doubt_at = asked
            mute = min(watchman.fails.values()) >= rule.polls
            evidence = Evidence.BAD if mute else Evidence.UNKNOWN
        once = replace(rule, polls=1)  # the sweeps are counted here, reference by reference
        watchman.state, settled = step(once, watchman.state, evidence, work.now, watchman.doubt_at)
        if settled is Phase.FIRING:
            self._open(work)
        elif settled is Phase.CLEAR and self.incident:
            self._close(work, self.incident, "recovered")

    def end_if_alone(self, work: Work) -> None:
        """Without any reference nobody is left who could end it."""
        if self.incident and not self._city.references:
            self._watchman.state = CLEAR
            self._close(work, self.incident, "removed")

    def _open(self, work: Work) -> None:
        silent = ", ".join(sorted(self._watchman.fails))
        id_ = f"{MONITOR}/{Concern.MONITOR}/{work.now}"
        code = notice.code_of(id_, self._codes)
        self._codes[code] = (MONITOR, Concern.MONITOR)
        self.incident = Incident(
            id=id_,
            code=code,
            target=MONITOR,
            concern=Concern.MONITOR,
            cause=Cause.MONITOR_BLIND,
            confidence=Confidence.CONFIRMED,
            opened_at=work.now,
            since=self._watchman.state.first,
            evidence=(f"every reference is silent: {silent}",),
        )
        self._tell(work, self.incident, Notice.OPENED, Reason.OPENED, Condition.DOWN)

    def _close(self, work: Work, stands: Incident, reason: str) -> None:
        self._codes.pop(stands.code, None)
        self.incident = None
        closed = replace(stands, closed_at=work.now, close_reason=reason)
        self._tell(work, closed, Notice.CLOSED, Reason.CLOSED, Condition.UP)

    def _tell(
        self, work: Work, incident: Incident, kind: Notice, reason: Reason, condition: Condition
    ) -> None:
        work.incidents[incident.id] = incident
        work.boxes.add(MONITOR)
        facts = notice.monitor_facts(self._city, incident)
        work.owed.append(notice.owed(work.now, MONITOR, kind, reason, facts))
        since = self._watchman.state.first
        cause = incident.cause if condition is Condition.DOWN else None
        work.transitions.append(Transition(work.now, MONITOR, condition, cause, since, incident.id))
