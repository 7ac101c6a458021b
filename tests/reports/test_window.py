"""Planned windows: which moments they hold, through every change of clock."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.window import Hours, Window, moment, silenced
from tests.reports.makers import KARACHI, box

LONDON = ZoneInfo("Europe/London")
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")  # changes by half an hour


def utc(*of: int) -> int:
    return int(datetime(*of, tzinfo=UTC).timestamp() * 1000)  # type: ignore[arg-type]


def year(zone: ZoneInfo = KARACHI) -> tuple[int, int]:
    return utc(2026, 1, 1), utc(2027, 1, 1)


def window(hours: Hours, zone: ZoneInfo = KARACHI) -> Window:
    return Window("w", "", zone, frozenset({"B1"}), hours=hours)


def test_a_one_off_window_holds_from_its_first_moment_to_before_its_last() -> None:
    it = Window("w", "", KARACHI, frozenset({"B1"}), once=(1_000, 2_000))
    assert [it.holds(at) for at in (999, 1_000, 1_999, 2_000)] == [False, True, True, False]
    assert list(it.spans(1_500, 9_000)) == [(1_500, 2_000)]


def test_a_window_names_boxes_districts_or_feeders() -> None:
    its = box("B1", district="south", feeder="F1")
    for places in ({"boxes": {"B1"}}, {"districts": {"south"}}, {"feeders": {"F1"}}):
        it = Window("w", "", KARACHI, once=(0, 10), **{k: frozenset(v) for k, v in places.items()})  # type: ignore[arg-type]
        assert silenced([it], its, 5) is it
        assert silenced([it], its, 10) is None
        assert silenced([it], box("B9", district="north", feeder=None), 5) is None


def test_weekly_hours_in_karachi() -> None:
    it = window(Hours(time(1), time(5), weekdays=frozenset({6})))
    spans = list(it.spans(utc(2026, 10, 1), utc(2026, 10, 31)))
    assert [(b - a) // 3_600_000 for a, b in spans] == [4, 4, 4, 4]
    assert spans[0] == (utc(2026, 10, 3, 20), utc(2026, 10, 4))  # Sunday the 4th, 01:00 to 05:00 local


def test_hours_past_midnight_belong_to_the_day_they_begin_on() -> None:
    it = window(Hours(time(22), time(6), weekdays=frozenset({4})))  # Friday night
    (span,) = it.spans(utc(2026, 10, 1), utc(2026, 10, 5))
    assert span == (utc(2026, 10, 2, 17), utc(2026, 10, 3, 1))


def test_days_of_the_month_are_skipped_where_a_month_has_none() -> None:
    it = window(Hours(time(2), lasts_s=3_600, days=frozenset({31})))
    assert len(list(it.spans(*year()))) == 7


def test_first_and_last_day_bound_a_recurring_window() -> None:
    it = window(Hours(time(2), lasts_s=3_600, first=date(2026, 10, 5), last=date(2026, 10, 7)))
    assert len(list(it.spans(*year()))) == 3


@pytest.mark.parametrize(
    ("day", "hours"),
    [
        (29, 7),  # the last Sunday of March: the night is an hour short
        (30, 8),
    ],
)
def test_wall_clock_hours_over_the_night_clocks_go_forward(day: int, hours: int) -> None:
    it = window(Hours(time(22), time(6)), LONDON)
    start = utc(2026, 3, day - 1, 12)
    (span,) = it.spans(start, start + 86_400_000)
    assert (span[1] - span[0]) // 3_600_000 == hours


def test_elapsed_hours_stay_as_long_whatever_the_clock_does() -> None:
    it = window(Hours(time(22), lasts_s=8 * 3_600), LONDON)
    assert {b - a for a, b in it.spans(utc(2026, 3, 20, 12), utc(2026, 4, 5, 12))} == {8 * 3_600_000}


def test_an_hour_that_does_not_exist_begins_when_the_clock_has_jumped() -> None:
    assert moment(date(2026, 3, 29), time(1, 30), LONDON) == utc(2026, 3, 29, 1)
    assert moment(date(2026, 10, 4), time(2, 15), LORD_HOWE) == utc(2026, 10, 3, 15, 30)
    it = window(Hours(time(1, 30), time(2, 30)), LONDON)
    (span,) = it.spans(utc(2026, 3, 29), utc(2026, 3, 29, 12))
    assert span == (utc(2026, 3, 29, 1), utc(2026, 3, 29, 1, 30))


def test_an_hour_that_comes_twice_is_covered_both_times() -> None:
    it = window(Hours(time(1, 15), time(1, 45)), LONDON)
    (span,) = it.spans(utc(2026, 10, 25), utc(2026, 10, 25, 12))
    assert span == (utc(2026, 10, 25, 0, 15), utc(2026, 10, 25, 1, 45))


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2028, 12, 31)),
    st.times(),
    st.sampled_from([KARACHI, LONDON, LORD_HOWE, ZoneInfo("America/New_York")]),
)
def test_a_window_holds_every_moment_whose_wall_clock_is_within_its_hours(
    at: datetime, ends: time, zone: ZoneInfo
) -> None:
    now = int(at.replace(tzinfo=UTC).timestamp() * 1000)
    local = datetime.fromtimestamp(now / 1000, UTC).astimezone(zone)
    ends = ends.replace(second=0, microsecond=0)
    it = window(Hours(time(0), ends), zone)
    if ends == time(0) or local.time().replace(tzinfo=None) < ends:
        assert it.holds(now)
    assert bool(list(it.spans(now, now + 1))) == it.holds(now)
