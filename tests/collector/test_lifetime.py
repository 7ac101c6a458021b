"""When a plan has stood long enough: an old one, a restarted agent, a changed table."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from collector.device.lifetime import CHANGE_MS, DAY_MS, RESTART_MS, Lifetime
from collector.snmp.session import TIMETICKS, Varbind, oid
from domain.reading import Outcome, Probe, Reading

START = 1_800_000_000_000
CHANGED = oid("1.3.6.1.2.1.31.1.5.0")
MARKS = frozenset({CHANGED})
MINUTE = 60_000


def reading(uptime: float | None) -> Reading:
    values = {} if uptime is None else {("sys_uptime_seconds", ""): uptime}
    return Reading("d", Probe.SNMP, START, Outcome.OK, values)


def changed(at: int) -> list[Varbind]:
    return [(CHANGED, TIMETICKS, at.to_bytes(4, "big"))]


def over(life: Lifetime, minutes: float, uptime: float | None = None, mark: int | None = None) -> bool:
    varbinds = [] if mark is None else changed(mark)
    return life.over(MARKS, varbinds, reading(uptime), START + int(minutes * MINUTE))


@given(st.text(min_size=1))
def test_every_plan_is_over_within_a_day_and_none_in_its_first_eighteen_hours(device: str) -> None:
    life = Lifetime(device, START)
    assert not life.over(MARKS, [], reading(None), START + DAY_MS * 3 // 4)
    assert life.over(MARKS, [], reading(None), START + DAY_MS)


def test_a_city_discovered_at_once_is_not_discovered_again_at_once() -> None:
    lives = [Lifetime(f"SDR-{n}", START) for n in range(400)]
    hours = range(18 * 60, 24 * 60, 60)
    ended = [sum(over(life, minutes) for life in lives) for minutes in (*hours, 24 * 60)]
    each = [later - sooner for sooner, later in pairwise(ended)]
    assert ended[-1] == 400
    assert max(each) < 120


def test_an_agent_that_was_restarted_is_discovered_anew() -> None:
    life = Lifetime("d", START)
    assert not over(life, 10, uptime=600)
    assert not over(life, 11, uptime=660)
    assert over(life, 12, uptime=3)


def test_an_uptime_that_stands_still_or_trembles_is_no_restart() -> None:
    life = Lifetime("d", START)
    assert not any(over(life, minute, uptime=uptime) for minute, uptime in ((10, 5), (11, 5), (12, 4.5)))


def test_an_agent_that_restarts_for_ever_is_not_walked_for_ever() -> None:
    life = Lifetime("d", START)
    assert [over(life, minute, uptime=100 - minute * 10) for minute in range(6)] == [False] * 5 + [True]
    assert RESTART_MS == 5 * MINUTE


def test_a_changed_table_is_walked_anew_but_not_more_than_once_an_hour() -> None:
    life = Lifetime("d", START)
    assert not over(life, 10, mark=7)
    assert not over(life, 20, mark=7)
    assert not over(life, 30, mark=8)
    assert not over(life, 59)
    assert over(life, CHANGE_MS / MINUTE)
    late = Lifetime("d", START)
    assert not over(late, 10, mark=7)
    assert over(late, 90, mark=9)
