"""Laws of the ledger on random months: sums exact to the second, and every second where a plain
reading of the rules, second by second, would put it."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import time
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given as over
from hypothesis import settings
from hypothesis import strategies as st

from domain.alarm import Cause, Condition, Transition
from domain.human import Note, NoteKind
from domain.place import Box, City, Device, Kind, Status
from domain.record import Coverage
from domain.window import Hours, Window
from reports import buckets
from reports.assemble import build
from reports.buckets import BUCKETS, INDEX, Bucket
from reports.facts import Dated, facts
from reports.given import Given, Planned
from reports.ledger import Ledger, compute
from reports.period import Period, parse
from reports.render_json import render
from tests.reports.makers import KARACHI, box, city, in_order

TABLE = buckets.load()
DAY = 86_400_000
MONTHS = [
    parse(label, ZoneInfo(zone))
    for label in ("2026-02", "2026-03", "2026-10", "2028-02", "2026-12")
    for zone in ("Asia/Karachi", "Europe/London", "America/New_York", "Australia/Lord_Howe")
]
CAUSES = [*Cause, None]


def random_city(rng: random.Random) -> City:
    """Up to four boxes, each anywhere, anybody's and at any stage of its life."""
    boxes = []
    for n in range(4):
        if rng.random() < 0.8:
            status = rng.choice(
                [Status.IN_SERVICE] * 5 + [Status.COMMISSIONING, Status.RETIRED, Status.PLANNED]
            )
            boxes.append(_box(f"B{n}", rng, status))
    more = []
    if boxes and rng.random() < 0.5:  # a camera that moves from box to box
        more.append(Device("roaming", rng.choice(boxes).id, Kind.CAMERA, "127.0.0.1"))
    return city(boxes, cameras=1, more=more)


def _box(id_: str, rng: random.Random, status: Status) -> Box:
    district, feeder = rng.choice(["south", "north"]), rng.choice(["F1", "F2", None])
    made = box(id_, district, feeder, rng.choice(["alpha", "indus", None]), status=status)
    return replace(made, name=rng.choice(["Gate", "Bridge"]))


def random_month(rng: random.Random, period: Period) -> Given:
    first, last = period.start - 3 * DAY, period.end + DAY

    def moment() -> int:
        return rng.randrange(first, last)

    dated = [Dated(rng.choice([first, moment()]), random_city(rng))]
    dated += [Dated(moment(), random_city(rng)) for _ in range(rng.randrange(3))]
    dated.sort(key=lambda it: it.at)
    targets = sorted({id_ for it in dated for id_ in (*it.city.devices, *it.city.boxes)} | {"stranger"})
    made: list[Transition] = []
    for target in targets:
        since = first
        for _ in range(rng.randrange(8)):
            since += rng.randrange(120_000, 6 * DAY)  # decided in their order, as the engine does
            condition = rng.choice(list(Condition))
            cause = rng.choice(CAUSES) if condition is Condition.DOWN else None
            found = Transition(since + rng.randrange(120_000), target, condition, cause, since, "", "")
            made.append(found)
            if condition is Condition.DOWN and rng.random() < 0.5:  # revised, sometimes long after
                late = found.at + rng.choice([1_000, 3 * DAY])
                made.append(replace(found, at=late, cause=rng.choice(CAUSES)))
    monitor = []
    at = first
    for _ in range(rng.randrange(4)):
        at += rng.randrange(DAY, 9 * DAY)
        monitor.append(Transition(at, "monitor", rng.choice([Condition.DOWN, Condition.UP]), None, at))
    alive, at = [], first
    while at < last:
        until = at + rng.randrange(DAY, 20 * DAY)
        alive.append((at, until))
        at = until + rng.choice([-3_600_000, 1, 500, 90_000, DAY])  # overlaps where the clock went back
    rows = []
    for n, it in enumerate(dated):
        until = dated[n + 1].at if n + 1 < len(dated) else last
        for device in it.city.devices.values():
            if rng.random() < 0.9:
                begins = it.at if rng.random() < 0.7 else rng.randrange(it.at, it.at + 10 * DAY)
                rows.append(
                    Coverage(device.id, device.box, begins, max(begins, until - rng.randrange(DAY)), f"c{n}")
                )
    work = [
        Window("once", "", period.zone, frozenset({"B0"}), once=tuple(sorted((moment(), moment() + 1)))),  # type: ignore[arg-type]
        Window("weekly", "", period.zone, districts=frozenset({"south"}), hours=_hours(rng)),
        Window("feeder", "", period.zone, feeders=frozenset({"F2"}), hours=_hours(rng)),
    ]
    planned = [Planned(first, tuple(work[: rng.randrange(4)])), Planned(moment(), tuple(rng.sample(work, 2)))]
    planned.sort(key=lambda it: it.at)
    notes = []
    for _ in range(rng.randrange(3)):
        a = moment()
        b = a + rng.randrange(DAY)
        note = Note(last, NoteKind.DISPUTE, rng.choice(targets), "B0", "Bina", last, begins_at=a, ends_at=b)
        notes.append(note)
    inside = [t for t in in_order(made) if period.start <= t.since < period.end]
    before: dict[str, Transition] = {}
    for t in sorted(made, key=lambda t: (t.since, t.at)):
        if t.since < period.start:
            before[t.target] = t
    return Given(
        period=period,
        dated=dated,
        transitions=inside,
        standing=list(before.values()),
        monitor=monitor,
        coverage=rows,
        alive=alive,
        starts=sorted(a for a, _ in alive),
        windows=planned,
        notes=notes,
    )


def _hours(rng: random.Random) -> Hours:
    begins, ends = time(rng.randrange(24), rng.choice([0, 30])), time(rng.randrange(24), rng.choice([0, 30]))
    days = frozenset(rng.sample(range(7), rng.randrange(1, 8)))
    if rng.random() < 0.5:
        return Hours(begins, lasts_s=rng.randrange(60, 30 * 3_600), weekdays=days)
    return Hours(begins, ends, weekdays=days)


months = st.builds(
    lambda seed, n: random_month(random.Random(seed), MONTHS[n]),
    st.integers(0, 2**32),
    st.integers(0, len(MONTHS) - 1),
)


@settings(max_examples=60, deadline=None)
@over(months)
def test_every_entity_adds_up_to_the_second(month: Given) -> None:
    report = build(month)
    seconds = month.period.seconds
    for row in report.of_kind("camera", "device", "box"):
        assert sum(row.tally.seconds) == seconds, row.id
        assert all(value >= 0 for value in row.tally.seconds)
        assert row.outside <= row.tally.seconds[INDEX[Bucket.UNKNOWN]]
    own = [row for row in report.rows if row.kind in ("camera", "device")]
    whole = [sum(row.tally.seconds[n] for row in own) for n in range(len(BUCKETS))]
    outside = sum(row.outside for row in own)
    whole[INDEX[Bucket.UNKNOWN]] -= outside
    assert report.subject.tally.seconds == whole
    for kind in ("district",):
        rows = report.of_kind(kind)
        assert [sum(r.tally.seconds[n] for r in rows) for n in range(len(BUCKETS))] == whole
        assert sum(r.tally.outages for r in rows) == report.subject.tally.outages
    assert [sum(day[n] for day in report.daily) for n in range(len(BUCKETS))] == whole
    held = facts(month.dated, month.period)
    for kind in ("contractor", "feeder"):
        owned = {row.id: sum(row.tally.seconds) for row in report.of_kind(kind)}
        expected = dict.fromkeys(owned, 0)
        for tenure in held.devices.values():
            for a, b, place in tenure.counted:
                if getattr(place, kind) is not None:
                    expected[getattr(place, kind)] += b - a
        assert owned == expected


@settings(max_examples=40, deadline=None)
@over(months)
def test_intervals_and_the_monitors_absence_make_up_everything_outside_up(month: Given) -> None:
    ledger = compute(month, TABLE)
    for entity in ledger.devices:
        mine = [it for it in ledger.intervals if it.target == entity.id]
        assert all(a.last <= b.first for a, b in pairwise(mine))
        for bucket in BUCKETS[1:]:
            listed = sum(it.last - it.first for it in mine if it.bucket is bucket)
            if bucket is Bucket.UNKNOWN:
                assert listed + entity.outside <= entity.tally.seconds[INDEX[bucket]]
            else:
                assert listed == entity.tally.seconds[INDEX[bucket]]


class Reading:
    """The rules, read for one second at a time, without any of the ledger's arithmetic."""

    def __init__(self, month: Given) -> None:
        self.month = month
        self.its: dict[str, list[Transition]] = {}
        for t in (*month.standing, *month.transitions, *month.monitor):
            self.its.setdefault(t.target, []).append(t)

    def of(self, device: str, second: int) -> Bucket:
        month = self.month
        held = [it for it in month.dated if it.at // 1000 <= second]
        at = held[-1].city if held else None
        if at is None or device not in at.devices:
            return Bucket.UNKNOWN
        its_box = at.boxes[at.devices[device].box]
        if its_box.status is not Status.IN_SERVICE:
            return Bucket.UNKNOWN
        for note in month.notes:
            a, b = note.interval or (0, 0)
            if note.target in {device, its_box.id} and a // 1000 <= second < b // 1000:
                return Bucket.DISPUTED
        if self._planned(its_box, second):
            return Bucket.PLANNED
        if not any(a // 1000 <= second < b // 1000 for a, b in month.alive):
            return Bucket.UNKNOWN
        if self._state("monitor", second).condition is Condition.DOWN or not self._watched(device, second):
            return Bucket.UNKNOWN
        state = self._state(device, second, self._entered(device, second))
        return {
            Condition.UP: Bucket.UP,
            Condition.DEGRADED: Bucket.DEGRADED,
            Condition.UNKNOWN: Bucket.UNKNOWN,
            Condition.DOWN: TABLE.of(state.cause),
        }[state.condition]

    def _planned(self, its: Box, second: int) -> bool:
        month = self.month
        for n, entry in enumerate(month.windows):
            start = entry.at
            end = month.windows[n + 1].at if n + 1 < len(month.windows) else month.period.end
            for window in entry.windows:
                if window.names(its) and any(
                    a // 1000 <= second < b // 1000 for a, b in window.spans(start, end)
                ):
                    return True
        return False

    def _watched(self, device: str, second: int) -> bool:
        """Coverage goes on until the next run, or the next configuration after what was written."""
        borders = sorted(it.at for it in self.month.dated)
        for row in self.month.coverage:
            if row.device != device or row.first_at // 1000 > second:
                continue
            until = [s for s in self.month.starts if s > row.first_at]
            until += [a for a in borders if a > row.first_at and a >= row.last_at]
            if not until or second < min(until) // 1000:
                return True
        return False

    def _entered(self, device: str, second: int) -> int:
        """When its present time under watch began; what was before it says nothing of it."""
        began, watching = 0, False
        for n, it in enumerate(self.month.dated):
            if it.at // 1000 > second:
                break
            following = self.month.dated[n + 1].at if n + 1 < len(self.month.dated) else 2**62
            if following // 1000 == it.at // 1000:
                continue
            here = device in it.city.devices and it.city.boxes[it.city.devices[device].box].status in (
                Status.IN_SERVICE,
                Status.COMMISSIONING,
            )
            if here and not watching and n:
                began = it.at // 1000
            watching = here
        return began

    def _state(self, target: str, second: int, entered: int = 0) -> Transition:
        """The last beginning not after this second; of equal beginnings the last decision."""
        known = [t for t in self.its.get(target, ()) if entered <= t.since // 1000 <= second]
        if not known:
            return Transition(0, target, Condition.UP, None, 0)
        return max(known, key=lambda t: (t.since, t.at))


@settings(max_examples=60, deadline=None)
@over(months, st.integers(0, 2**32))
def test_each_second_is_where_a_plain_reading_of_the_rules_puts_it(month: Given, seed: int) -> None:
    ledger = compute(month, TABLE)
    reading, rng = Reading(month), random.Random(seed)
    period = month.period
    borders = [it.first for it in ledger.intervals] + [it.last for it in ledger.intervals]
    seconds = [rng.randrange(period.first, period.last) for _ in range(20)]
    seconds += [min(max(b + rng.choice([-1, 0]), period.first), period.last - 1) for b in borders[:40]]
    for entity in ledger.devices:
        for second in seconds:
            assert _said(ledger, entity.id, second) is reading.of(entity.id, second), (entity.id, second)


def _said(ledger: Ledger, device: str, second: int) -> Bucket:
    tenure = ledger.facts.devices[device]
    if not any(a <= second < b for a, b, _ in tenure.counted):
        return Bucket.UNKNOWN
    for it in ledger.intervals:
        if it.target == device and it.first <= second < it.last:
            return it.bucket
    unseen = any(a <= second < b for a, b in (*ledger.off, *ledger.blind))
    return Bucket.UNKNOWN if unseen else Bucket.UP


@settings(max_examples=15, deadline=None)
@over(st.integers(0, 2**32))
def test_two_halves_of_a_month_make_the_month(seed: int) -> None:
    whole = parse("2026-10", KARACHI)
    month = random_month(random.Random(seed), whole)
    every = sorted([*month.standing, *month.transitions], key=lambda t: (t.target, t.at))
    sums: dict[str, list[int]] = {}
    for label in ("2026-10-01..2026-10-13", "2026-10-14..2026-10-31"):
        part = parse(label, KARACHI)
        before: dict[str, Transition] = {}
        for t in sorted(every, key=lambda t: (t.since, t.at)):
            if t.since < part.start:
                before[t.target] = t
        inside = [t for t in every if part.start <= t.since < part.end]
        cut: dict[str, Any] = {"period": part, "transitions": inside, "standing": list(before.values())}
        for entity in compute(replace(month, **cut), TABLE).devices:
            mine = sums.setdefault(entity.id, [0] * len(BUCKETS))
            for n, value in enumerate(entity.tally.seconds):
                mine[n] += value
    devices = {it.id: it.tally.seconds for it in compute(month, TABLE).devices}
    for id_, seconds in devices.items():
        if sum(sums.get(id_, [0])) == whole.seconds:  # else it was in one half only
            assert sums[id_] == seconds


def test_the_same_month_gives_the_same_bytes() -> None:
    period = MONTHS[0]
    made = [render(build(random_month(random.Random(7), period))) for _ in range(2)]
    assert made[0] == made[1]


@pytest.mark.parametrize(
    ("label", "zone", "hours"),
    [("2026-03", "Europe/London", 743), ("2026-10", "Europe/London", 745), ("2028-02", "Asia/Karachi", 696)],
)
def test_months_are_as_long_as_their_clocks_make_them(label: str, zone: str, hours: int) -> None:
    assert parse(label, ZoneInfo(zone)).seconds == hours * 3_600
