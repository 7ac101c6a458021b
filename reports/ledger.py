"""The ledger: every second of every device in exactly one bucket, and whose second it was. PURE.

All arithmetic is in whole seconds. A device's seconds add up to the period; a group's (district,
feeder, contractor, city) to the seconds its devices were in service as its own.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

from domain.alarm import Cause, Condition, Transition
from reports.buckets import INDEX, Bucket, Table
from reports.facts import Facts, Place, Tenure, facts
from reports.findings import Findings
from reports.given import Given, Progress, silent
from reports.ground import MONITOR_REASONS, Ground, Grounds
from reports.hours import HourSet
from reports.outages import Outages
from reports.spans import Painted, Ruler, Span, paint, together, union
from reports.tally import Tally, nothing
from reports.timeline import UP, Revised, State, cover, fold
from reports.watch import unseen, watched

MONITOR = "monitor"
_UP = INDEX[Bucket.UP]


class Interval(NamedTuple):
    """A stretch of one device or box outside `up`; seconds since the epoch. `was` is the bucket of
    its own state where the ground lies over it; `reason` says what lies there."""

    target: str
    first: int
    last: int
    bucket: Bucket
    was: Bucket
    cause: Cause | None
    reason: str
    incident: str
    decided: int  # engine milliseconds; 0 where nothing was decided
    box: str
    why: str


@dataclass(slots=True)
class Entity:
    """A device or box of its own; `outside` are seconds of `unknown` that were outside service."""

    kind: str
    id: str
    tally: Tally
    box: str = ""
    outside: int = 0


@dataclass(slots=True)
class Ledger:
    """Everything counted. `places` holds the device-seconds of each place; groups are sums of these."""

    facts: Facts
    devices: list[Entity]
    boxes: list[Entity]
    places: dict[Place, Tally]
    hours: dict[tuple[Place, str], Tally]
    daily: list[list[int]]  # of the scope: a vector for each local day
    intervals: list[Interval]
    revised: list[Revised]
    off: list[Span]
    blind: list[Span]
    strangers: dict[str, int] = field(default_factory=dict)  # targets no configuration names, transitions


def compute(
    given: Given,
    table: Table,
    hours: Mapping[str, HourSet] | None = None,
    progress: Progress = silent,
    known: Facts | None = None,
) -> Ledger:
    """`hours`: service hours by name, for which sums are kept apart as well."""
    return _Counting(given, table, hours or {}, progress, known).run()


class _Counting:
    def __init__(
        self,
        given: Given,
        table: Table,
        hours: Mapping[str, HourSet],
        progress: Progress,
        known: Facts | None,
    ) -> None:
        self.given, self.table, self.progress = given, table, progress
        self.period = given.period
        self.facts = known if known is not None else facts(given.dated, given.period)
        self.standing = {it.target: it for it in given.standing}
        self.late = {t: list(its) for t, its in groupby(_by_target(given.late), attrgetter("target"))}
        accepted = sorted({*given.accepted} or {it.at for it in given.dated})
        self.watched = watched(given.coverage, sorted(given.starts), accepted, self.period)
        watch = [*self.late.get(MONITOR, ()), *given.monitor]
        self.off, self.blind = unseen(given.alive, self.standing.get(MONITOR), watch, self.period)
        self.grounds = Grounds(self.period, self.off, self.blind, given.windows, given.notes)
        self.findings = Findings(given.notes, table)
        self.days = self.period.days()
        self._lengths: dict[Span, list[int]] = {}
        self.hour_rulers = {name: (it, Ruler(it.spans(self.period))) for name, it in sorted(hours.items())}
        self.ledger = Ledger(
            self.facts, [], [], {}, {}, [nothing() for _ in self.days[1:]], [], [], self.off, self.blind
        )
        self.bad_of_box: dict[str, list[Span]] = {}
        self.box_states: dict[str, Sequence[State]] = {}

    def run(self) -> Ledger:
        done, seen = 0, set()
        total = len(self.facts.devices)
        for target, found in self._by_target():
            if target in self.facts.devices:
                seen.add(target)
                self._device(target, self.facts.devices[target], self._states(target, found))
                done += 1
                if done % 2_000 == 0:
                    self.progress(f"ledger: {done} of {total} devices")
            elif target in self.facts.boxes:
                self.box_states[target] = self._states(target, found)
            elif target != MONITOR:
                self.ledger.strangers[target] = len(found)
        for target in sorted(self.facts.devices.keys() - seen):
            self._device(target, self.facts.devices[target], [])
        self.ledger.devices.sort(key=lambda it: it.id)
        for id_ in sorted(self.facts.boxes):
            self._box(id_, self.facts.boxes[id_])
        self.ledger.intervals.sort(key=lambda it: (it.target, it.first))
        self.ledger.revised.sort(key=lambda it: (it.at, it.target, it.since))
        return self.ledger

    def _by_target(self) -> Iterator[tuple[str, list[Transition]]]:
        """Each target once, with what was found in order of decision; those that only stand, last."""
        left, seen = self.standing.keys() | self.late.keys(), set()
        for target, its in groupby(self.given.transitions, attrgetter("target")):
            if target in seen:
                raise ValueError(f"transitions of {target} stand in two places, hand them over by target")
            seen.add(target)
            left.discard(target)
            found = [*self.late.get(target, ()), *its]
            found.sort(key=attrgetter("at"))
            yield target, found
        for target in sorted(left):
            yield target, sorted(self.late.get(target, ()), key=attrgetter("at"))

    def _states(self, target: str, found: Sequence[Transition]) -> Sequence[State]:
        states = fold(self.standing.get(target), found, self.ledger.revised)
        return self.findings.applied(target, states, self.ledger.revised)

    def _bucket(self, state: State) -> Bucket:
        if state.condition is Condition.UP:
            return Bucket.UP
        if state.condition is Condition.DEGRADED:
            return Bucket.DEGRADED
        if state.condition is Condition.UNKNOWN:
            return Bucket.UNKNOWN
        return self.table.of(state.cause)

    # -- devices ----------------------------------------------------------------------------------

    def _device(self, id_: str, tenure: Tenure, states: Sequence[State]) -> None:
        pieces = cover(states, tenure.entered, self.period.first, self.period.last)
        ground = self.grounds.of(id_, tenure, self.watched.devices.get(id_, ()))
        camera, box = self.facts.is_camera(id_), getattr(tenure.latest, "box", "")
        entity = Entity("camera" if camera else "device", id_, Tally(), box)
        mine: dict[Place, list[int]] = {}
        outages = Outages(entity.tally, self.period.start, self._place)
        own = nothing()
        for first, last, state, over in together(pieces, ground):
            was = self._bucket(state)
            bucket = over.bucket or was
            n = INDEX[bucket]
            own[n] += last - first
            if over.place is None:
                entity.outside += last - first
                continue
            vector = mine.get(over.place)
            if vector is None:
                vector = mine[over.place] = nothing()
            vector[n] += last - first
            if self.hour_rulers or n != _UP:
                self._measure(first, last, n, over.place, camera, tenure.e_challan)
            if was is not Bucket.UP:
                outages.see(first, last, bucket, state, over.place)
                if state.condition in (Condition.DOWN, Condition.DEGRADED):
                    self.bad_of_box.setdefault(over.place.box, []).append((first, last))
            if n != _UP and over.reason not in MONITOR_REASONS:
                self._keep(id_, first, last, bucket, was, state, over)
        outages.end()
        entity.tally.count(own, camera, tenure.e_challan)
        for place, vector in mine.items():
            self._place(place).count(vector, camera, tenure.e_challan)
            self._in_service(place, tenure)
        self.ledger.devices.append(entity)

    def _place(self, place: Place) -> Tally:
        tally = self.ledger.places.get(place)
        if tally is None:
            tally = self.ledger.places[place] = Tally()
        return tally

    def in_scope(self, place: Place) -> bool:
        scope = self.given.scope
        return (scope.district is None or place.district == scope.district) and (
            scope.contractor is None or place.contractor == scope.contractor
        )

    def _measure(self, first: int, last: int, n: int, place: Place, camera: bool, e_challan: bool) -> None:
        """Sums by day and by service hours. Days take what is not up from up: see `_in_service`."""
        if n != _UP and self.in_scope(place):
            day, at = bisect_right(self.days, first) - 1, first
            while at < last:
                until = min(last, self.days[day + 1])
                vector = self.ledger.daily[day]
                vector[n] += until - at
                vector[_UP] -= until - at
                day, at = day + 1, until
        for name, (hours, ruler) in self.hour_rulers.items():
            if hours.wants(place):
                vector = nothing()
                vector[n] = ruler.measure(first, last)
                self._hours(place, name).count(vector, camera, e_challan)

    def _hours(self, place: Place, name: str) -> Tally:
        return self.ledger.hours.setdefault((place, name), Tally())

    def _in_service(self, place: Place, tenure: Tenure) -> None:
        """Every second in service is up until `_measure` says otherwise."""
        if not self.in_scope(place):
            return
        for first, last, held in tenure.counted:
            if held == place:
                for vector, length in zip(self.ledger.daily, self._by_day(first, last), strict=True):
                    vector[_UP] += length

    def _by_day(self, first: int, last: int) -> list[int]:
        lengths = self._lengths.get((first, last))
        if lengths is None:
            days = zip(self.days, self.days[1:], strict=False)
            lengths = [max(0, min(last, b) - max(first, a)) for a, b in days]
            self._lengths[(first, last)] = lengths
        return lengths

    def _keep(
        self, id_: str, first: int, last: int, bucket: Bucket, was: Bucket, state: State, over: Ground
    ) -> None:
        before = self.ledger.intervals[-1] if self.ledger.intervals else None
        box = over.place.box if over.place else ""
        cause = state.cause if was is not Bucket.UP else None
        if (
            before is not None
            and before.target == id_
            and before.last == first
            and before.box == box
            and before[3:8] == (bucket, was, cause, over.reason, state.incident)
        ):
            self.ledger.intervals[-1] = before._replace(last=last)
            return
        self.ledger.intervals.append(
            Interval(
                id_,
                first,
                last,
                bucket,
                was,
                cause,
                over.reason,
                state.incident,
                state.decided,
                box,
                state.why,
            )
        )

    # -- boxes ------------------------------------------------------------------------------------

    def _box(self, id_: str, tenure: Tenure) -> None:
        """A box is a thing of its own: dark when every device of it is, degraded while any is not up."""
        period = self.period
        bad = union(self.bad_of_box.get(id_, ()))
        impaired = State(Condition.DEGRADED)
        pieces: list[Painted[State]] = paint(
            [(period.first, period.last, UP)], [(a, b, impaired) for a, b in bad]
        )
        states = cover(self.box_states.get(id_, []), tenure.entered, period.first, period.last)
        pieces = paint(pieces, [piece for piece in states if piece[2].condition is Condition.DOWN])
        ground = self.grounds.of(id_, tenure, self.watched.boxes.get(id_, ()))
        entity = Entity("box", id_, Tally(), id_)
        outages = Outages(entity.tally, self.period.start, None)
        for first, last, state, over in together(pieces, ground):
            was = self._bucket(state)
            bucket = over.bucket or was
            entity.tally.seconds[INDEX[bucket]] += last - first
            if over.place is None:
                entity.outside += last - first
                continue
            if state.condition is Condition.DOWN:
                outages.see(first, last, bucket, state, over.place)
                self._keep(id_, first, last, bucket, was, state, over)
        outages.end()
        self.ledger.boxes.append(entity)


def _by_target(found: Iterable[Transition]) -> list[Transition]:
    return sorted(found, key=attrgetter("target"))
