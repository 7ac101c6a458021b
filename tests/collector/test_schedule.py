"""Who is due when: flat, fair, cheap, and with no clock but the one handed in."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.schedule import Schedule, phase
from domain.reading import Probe

SLOT = 100
START = 1_800_000_000_000


def turns(schedule: Schedule, start: int, end: int) -> list[tuple[int, str, Probe]]:
    """Looks at every slot from start to end, as the poller does."""
    seen = []
    for now in range(start, end, SLOT):
        seen += [(now, turn.device, turn.probe) for turn, _ in schedule.due(now)]
    return seen


@given(
    st.lists(st.tuples(st.integers(1, 90_000), st.sampled_from(list(Probe))), min_size=1, max_size=8),
    st.integers(0, 100_000),
)
@settings(max_examples=50, deadline=None)
def test_every_probe_has_one_turn_in_each_of_its_intervals(
    probes: list[tuple[int, Probe]], offset: int
) -> None:
    start = START + offset // SLOT * SLOT
    schedule = Schedule(SLOT)
    for number, (interval, probe) in enumerate(probes):
        schedule.add(f"d{number}", probe, max(interval, SLOT), start)
    seen = turns(schedule, start, start + 300_000)
    for number, (interval, probe) in enumerate(probes):
        moments = [at for at, device, p in seen if (device, p) == (f"d{number}", probe)]
        interval = max(interval, SLOT)
        assert abs(len(moments) - 300_000 / interval) <= max(2, 300_000 / interval * 0.02)
        assert all(abs(b - a - interval) <= SLOT for a, b in pairwise(moments))


def test_the_load_is_flat_over_the_interval() -> None:
    schedule = Schedule(SLOT)
    for number in range(20_000):
        schedule.add(f"cam-{number}", Probe.SNMP, 60_000, START)
    per_second = Counter((at - START) // 1000 for at, _, _ in turns(schedule, START, START + 60_000))
    assert sum(per_second.values()) == 20_000
    assert max(per_second.values()) < 333 * 1.3
    assert min(per_second.values()) > 333 * 0.7


def test_a_device_keeps_its_moment_over_a_restart() -> None:
    seen = []
    for start in (START, START + 7_654_321):
        schedule = Schedule(SLOT)
        schedule.add("ups-7", Probe.SNMP, 60_000, start)
        at, *_ = turns(schedule, start // SLOT * SLOT, start + 61_000)[0]
        seen.append(at // SLOT % 600)
    assert seen[0] == seen[1] == phase("ups-7", Probe.SNMP, 60_000) // SLOT


def test_what_was_missed_is_not_made_up_for() -> None:
    schedule = Schedule(SLOT)
    schedule.add("a", Probe.ICMP, 1000, START)
    assert len(list(schedule.due(START + 3_600_000))) == 1
    assert len(turns(schedule, START + 3_600_100, START + 3_610_100)) in (10, 11)


def test_silent_agents_are_asked_less_and_less_until_one_answer() -> None:
    schedule = Schedule(SLOT, patience=3, furthest=8)
    schedule.add("a", Probe.SNMP, 10_000, START)
    moments = []
    for now in range(START, START + 500_000, SLOT):
        for _ in schedule.due(now):
            moments.append(now)
            schedule.silent("a", Probe.SNMP)
    gaps = [round((b - a) / 10_000) for a, b in pairwise(moments)]
    assert gaps[:7] == [1, 1, 2, 4, 8, 8, 8]

    now = START + 500_000
    schedule.heard("a", Probe.SNMP, now)
    after = [at for at, *_ in turns(schedule, now, now + 100_000)]
    assert after[0] - now <= 10_000
    assert len(after) == 10


def test_icmp_is_never_backed_off() -> None:
    schedule = Schedule(SLOT)
    schedule.add("a", Probe.ICMP, 10_000, START)
    count = 0
    for now in range(START, START + 300_000, SLOT):
        for _ in schedule.due(now):
            count += 1
            schedule.silent("a", Probe.ICMP)
    assert count == 30


@pytest.mark.parametrize("silences", [1, 6])
def test_an_extra_turn_comes_at_once_and_the_regular_ones_stay(silences: int) -> None:
    schedule = Schedule(SLOT)
    schedule.add("a", Probe.SNMP, 60_000, START)
    now = START
    begun = []
    while len(begun) < silences:
        for found, _ in schedule.due(now):
            begun.append(found)
            schedule.silent("a", Probe.SNMP)
        now += SLOT
    turn = begun[-1]
    regular = turn.due
    schedule.hasten("a", Probe.SNMP, now)
    assert [at for at, *_ in turns(schedule, now, now + 1000)] == [now]
    assert (turn.due - regular) % 60_000 == 0
    assert turn.due > now


def test_hastening_never_delays() -> None:
    schedule = Schedule(SLOT)
    schedule.add("a", Probe.SNMP, 60_000, START)
    before = schedule.next_due()
    schedule.hasten("a", Probe.SNMP, START + 70_000)
    schedule.hasten("nobody", Probe.SNMP, START)
    assert schedule.next_due() == before


def test_removed_probes_have_no_turn_and_changed_ones_only_the_new() -> None:
    schedule = Schedule(SLOT)
    schedule.add("a", Probe.SNMP, 1000, START)
    schedule.add("b", Probe.SNMP, 1000, START)
    schedule.remove("a", Probe.SNMP)
    schedule.remove("a", Probe.SNMP)
    schedule.add("b", Probe.SNMP, 5000, START)
    seen = turns(schedule, START, START + 20_000)
    assert [device for _, device, _ in seen] == ["b"] * 4
    assert len(schedule) == 1
