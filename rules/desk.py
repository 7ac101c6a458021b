"""The incident desk: keeps each box's incidents in step with its verdicts, and decides what is owed.

An incident opens with its verdict, changes with it and closes when the verdict is gone. Telling
waits a settling time, and a little longer for a witness that has not been heard; what came and
went within it is never told. Every silence has its reason.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from domain.alarm import (
    Cause,
    Concern,
    Condition,
    Decision,
    Incident,
    Notice,
    Phase,
    Reason,
    Transition,
)
from domain.place import City, Status
from domain.window import Window, silenced
from rules import notice
from rules.alarmed import alarmed, mains
from rules.dark import dark_evidence, uplink_dark, uplink_grace
from rules.machine import ripe_at, step
from rules.memory import BoxMemory, DeviceMemory, Pending, World
from rules.outage import device_cause, outage
from rules.verdict import RANK, Verdict, members
from rules.work import Wakes, Work, next_beat

LOOK_AHEAD = 32 * 86_400_000
"""So far the end of a window is looked for, in milliseconds; a longer one is looked at again then."""

WITNESS_CHECK = 1000
"""How often a provisional verdict is looked at again at most, in milliseconds."""

_JUDGED: tuple[tuple[Concern, Callable[[World, BoxMemory, int], Verdict | None]], ...] = (
    (Concern.TAMPER, lambda world, box, now: alarmed(world, box, Concern.TAMPER, now)),
    (Concern.POWER, lambda world, box, _: mains(world, box)),
    (Concern.OUTAGE, outage),
    (Concern.BATTERY, lambda world, box, now: alarmed(world, box, Concern.BATTERY, now)),
    (Concern.DEGRADED, lambda world, box, now: alarmed(world, box, Concern.DEGRADED, now)),
    (Concern.AGENT, lambda world, box, now: alarmed(world, box, Concern.AGENT, now)),
)


def wake_name(box: str) -> str:
    return f"box/{box}"


class Desk:
    def __init__(
        self,
        world: World,
        city: City,
        windows: tuple[Window, ...],
        wakes: Wakes,
        codes: dict[str, tuple[str, Concern]],
    ) -> None:
        self._world = world
        self._windows = windows
        self._city = city
        self._wakes = wakes
        self._codes = codes  # code -> (box, concern) of open incidents

    # -- judging ----------------------------------------------------------------------------------

    def review(self, work: Work, box: BoxMemory) -> None:
        """Judges one box anew on every concern."""
        self._darken(work, box)
        self._watch_uplink(work, box)
        closed: list[Incident] = []
        provisional = set()
        for concern, judge in _JUDGED:
            found = judge(self._world, box, work.now)
            if found is not None and found.provisional:
                provisional.add(concern)
            self._fold(work, box, concern, found, closed)
        box.provisional = frozenset(provisional)
        if provisional:
            self._wake(box, next_beat(work.now, max(WITNESS_CHECK, box.place.interval // 10)))
        self._conditions(work, box)
        started = box.lit_at + box.rules.boot
        if Concern.OUTAGE in box.incidents and started > work.now:
            self._wake(box, started)
        if closed:
            self._tell_closed(work, box, closed)
        self._await_news(work, box)

    def _darken(self, work: Work, box: BoxMemory) -> None:
        evidence, fell = dark_evidence(self._world, box)
        rule = box.rules.dark
        box.dark, settled = step(rule, box.dark, evidence, work.now, fell or None)
        self._wake(box, ripe_at(rule, box.dark))
        if settled is None:
            return
        box_id = box.place.box.id
        work.boxes.add(box_id)
        work.devices.update(device.id for device in box.place.devices)
        for child in box.place.children:
            work.review[child] = None
        box.condition = Condition.DOWN if settled is Phase.FIRING else Condition.UP
        if settled is Phase.CLEAR:
            box.lit_at = work.now
            work.transitions.append(Transition(work.now, box_id, Condition.UP, None, box.dark.first))

    def _watch_uplink(self, work: Work, box: BoxMemory) -> None:
        """Keeps when a shadow's uplink came back, for the shadow may take a moment longer."""
        for child in box.place.children:
            if Concern.OUTAGE in self._world.boxes[child].incidents:
                work.review[child] = None
        stands = box.incidents.get(Concern.OUTAGE)
        if stands is None or stands.cause is not Cause.UPLINK_DOWN:
            return
        if uplink_dark(self._world, box):
            box.parent_back_at = 0
        elif box.parent_back_at < stands.opened_at:
            box.parent_back_at = work.now
            work.boxes.add(box.place.box.id)
        if box.parent_back_at:
            grace_ends = box.parent_back_at + uplink_grace(box)
            self._wake(box, grace_ends if grace_ends > work.now else None)

    def _fold(
        self, work: Work, box: BoxMemory, concern: Concern, found: Verdict | None, closed: list[Incident]
    ) -> None:
        stands = box.incidents.get(concern)
        if found is None:
            if stands is not None:
                here = {device.id for device in box.place.devices}
                gone = bool(stands.devices) and here.isdisjoint(stands.devices)  # by a reload
                closed.append(self.close(work, box, stands, "removed" if gone else "recovered"))
            return
        if found.cause is Cause.SUSPECTED_THEFT and not found.police:
            held = found.since + box.rules.theft.police_hold
            self._wake(box, held if held > work.now else None)
        if stands is None:
            incident = self._open(work, box, concern, found)
        else:
            incident = replace(
                stands,
                cause=found.cause,
                confidence=found.confidence,
                devices=found.devices,
                cameras_dark=found.cameras,
                police=stands.police or found.police,
            )
            if incident == stands:
                return
            incident = replace(incident, evidence=found.evidence)
        box.incidents[concern] = incident
        work.incidents[incident.id] = incident
        if concern is Concern.OUTAGE and box.is_dark:
            self._revise_box(work, box, incident, stands)

    def _open(self, work: Work, box: BoxMemory, concern: Concern, found: Verdict) -> Incident:
        id_ = f"{box.place.box.id}/{concern}/{work.now}"
        code = notice.code_of(id_, self._codes)
        self._codes[code] = (box.place.box.id, concern)
        return Incident(
            id=id_,
            code=code,
            target=box.place.box.id,
            concern=concern,
            cause=found.cause,
            confidence=found.confidence,
            opened_at=work.now,
            since=found.since,
            devices=found.devices,
            cameras_dark=found.cameras,
            police=found.police,
            evidence=found.evidence,
        )

    def close(self, work: Work, box: BoxMemory, incident: Incident, reason: str) -> Incident:
        closed = replace(incident, closed_at=work.now, close_reason=reason)
        del box.incidents[incident.concern]
        self._codes.pop(incident.code, None)
        work.incidents[incident.id] = closed
        work.boxes.add(box.place.box.id)
        return closed

    # -- conditions: what the uptime ledger is made of --------------------------------------------

    def _revise_box(self, work: Work, box: BoxMemory, incident: Incident, before: Incident | None) -> None:
        if before is None or before.cause is not incident.cause or work.now == box.dark.since:
            since = box.dark.first or incident.since
            words = "; ".join(incident.evidence)
            work.transitions.append(
                Transition(
                    work.now, box.place.box.id, Condition.DOWN, incident.cause, since, incident.id, words
                )
            )

    def _conditions(self, work: Work, box: BoxMemory) -> None:
        for memory in members(self._world, box):
            condition, cause, since, words = self._condition(box, memory, work.now)
            if condition is memory.condition and cause is memory.cause:
                continue
            memory.condition, memory.cause = condition, cause
            work.devices.add(memory.device.id)
            outage = box.incidents.get(Concern.OUTAGE)
            incident = outage.id if outage and condition is Condition.DOWN else ""
            work.transitions.append(
                Transition(work.now, memory.device.id, condition, cause, since, incident, words)
            )

    def _condition(
        self, box: BoxMemory, memory: DeviceMemory, now: int
    ) -> tuple[Condition, Cause | None, int, str]:
        silent = memory.alarm("silent")
        outage = box.incidents.get(Concern.OUTAGE)
        if box.is_dark and memory.suspect and outage:
            return Condition.DOWN, outage.cause, silent.first, "; ".join(outage.evidence)
        if memory.on("silent"):
            cause, words = device_cause(self._world, memory)
            if silent.first >= box.lit_at:
                return Condition.DOWN, cause, silent.first, words
            # it fell with its box: that cause keeps its seconds, whatever is found of the device later
            if memory.cause is not None and now - box.lit_at < box.rules.boot:
                return Condition.DOWN, memory.cause, silent.first, "its box is back, it may be starting"
            return Condition.DOWN, cause, box.lit_at, words
        meaning = box.rules.meaning
        bad = [
            rule
            for rule in memory.alarms
            if memory.on(rule) and meaning.get(rule, (None,))[0] is Concern.DEGRADED
        ]
        if bad:
            cause = max((meaning[rule][1] for rule in bad), key=RANK.__getitem__)
            since = min(memory.alarms[rule].first for rule in bad)
            if memory.condition is Condition.DOWN:  # until then it was down, whatever had begun before
                since = max(since, memory.recovered_at)
            return Condition.DEGRADED, cause, since, ", ".join(sorted(bad))
        since = memory.recovered_at if memory.condition is Condition.DOWN and memory.recovered_at else now
        return Condition.UP, None, since, "it answers again"

    # -- telling ----------------------------------------------------------------------------------

    def _await_news(self, work: Work, box: BoxMemory) -> None:
        """Schedules what there is to tell; nothing is told before its settling time is over."""
        for concern, incident in box.incidents.items():
            hushed = box.hushed.get(concern)
            if hushed:
                if hushed[0] is incident.cause and self._hush(work, box, incident) is hushed[1]:
                    continue
                del box.hushed[concern]
            found = notice.news(incident, box.told.get(concern))
            pending = box.pending.get(concern)
            if found is None:
                if pending is not None:  # what was worse came and went within its settling time
                    del box.pending[concern]
                    work.boxes.add(box.place.box.id)
                continue
            if pending is None:
                settle = 0 if concern is Concern.TAMPER else box.rules.settle
                pending = box.pending[concern] = Pending(*found, work.now, work.now + settle)
                work.boxes.add(box.place.box.id)
            elif (pending.notice, pending.reason) != found:
                box.pending[concern] = Pending(*found, pending.asked, pending.due)
                work.boxes.add(box.place.box.id)
            self._wake(box, pending.due if pending.due > work.now else None)

    def tell_due(self, work: Work, box: BoxMemory) -> None:
        """Makes the owed event of a box, if one of its notices has settled; the others go with it."""
        if not any(p.due <= work.now and c not in box.provisional for c, p in box.pending.items()):
            return
        about: list[tuple[Incident, Pending]] = []
        for concern, pending in list(box.pending.items()):
            if concern in box.provisional:
                continue
            del box.pending[concern]
            work.boxes.add(box.place.box.id)
            incident = box.incidents.get(concern)
            if incident is None:
                continue
            reason = self._hush(work, box, incident)
            if reason is not None:
                box.hushed[concern] = (incident.cause, reason)
                self._silent(work, incident, reason)
                continue
            box.told[concern] = notice.as_told(incident)
            about.append((incident, pending))
        if not about:
            return
        facts = notice.box_facts(self._world, self._city, box, [incident for incident, _ in about])
        lead = next(pending for incident, pending in about if incident.id == facts.incidents[0].id)
        kind = Notice.OPENED if all(p.notice is Notice.OPENED for _, p in about) else Notice.WORSE
        work.owed.append(notice.owed(work.now, box.place.box.id, kind, lead.reason, facts))

    def _hush(self, work: Work, box: BoxMemory, incident: Incident) -> Reason | None:
        """Why nothing is said of this incident, if so: alerting is silenced, never watching."""
        if box.place.box.status is Status.COMMISSIONING:
            return Reason.COMMISSIONING
        window = silenced(self._windows, box.place.box, work.now)
        if window is not None:  # what still stands at its end is told then
            self._wake(box, min(end for _, end in window.spans(work.now, work.now + LOOK_AHEAD)))
            return Reason.MAINTENANCE
        if incident.concern is Concern.OUTAGE:
            if incident.cause is Cause.UPLINK_DOWN:
                return Reason.SHADOW
            if all(self._world.devices[device].on("flapping") for device in incident.devices):
                return Reason.FLAPPING
        return None

    def _tell_closed(self, work: Work, box: BoxMemory, closed: list[Incident]) -> None:
        told = []
        for incident in closed:
            if box.pending.pop(incident.concern, None) is not None and incident.concern not in box.told:
                self._silent(work, incident, Reason.NOT_YET_TOLD)
            box.hushed.pop(incident.concern, None)
            known = box.told.pop(incident.concern, None)
            if known is not None:
                told.append(notice.as_it_was_told(incident, known))
        if told:
            facts = notice.box_facts(self._world, self._city, box, told)
            work.owed.append(notice.owed(work.now, box.place.box.id, Notice.CLOSED, Reason.CLOSED, facts))

    def _silent(self, work: Work, incident: Incident, reason: Reason) -> None:
        work.decisions.append(
            Decision(work.now, incident.id, incident.target, reason, False, incident.cause.value)
        )

    def remove(self, work: Work, box: BoxMemory) -> None:
        """The configuration no longer holds this box: its incidents end with that reason, untold."""
        for incident in list(box.incidents.values()):
            self._silent(work, self.close(work, box, incident, "removed"), Reason.REMOVED)
        known = members(self._world, box)
        stood = [memory.device.id for memory in known if memory.condition is not Condition.UP]
        if box.condition is not Condition.UP:
            stood.append(box.place.box.id)
        words = "no longer in the configuration"
        work.transitions += [  # nobody watches it any more: how it stood is not how it stands
            Transition(work.now, target, Condition.UNKNOWN, None, work.now, why=words) for target in stood
        ]

    def _wake(self, box: BoxMemory, when: int | None) -> None:
        self._wakes.at(when, wake_name(box.place.box.id))
