"""Silence of the watch process is noticed once, and so is its return."""

from __future__ import annotations

from alerting.deadman import started, verdict

INTERVAL = 10_000


def timeline(marks: list[int | None], first: int | None = None) -> list[str]:
    """Looks every interval; each entry is the mark then seen."""
    pulse, said = started(first, 0), []
    for i, mark in enumerate(marks, 1):
        pulse, v = verdict(pulse, mark, i * INTERVAL, INTERVAL)
        if v.turned:
            said.append(f"{i}:{'silent' if v.silent else 'alive'} since {v.since // INTERVAL}")
    return said


def test_two_missed_intervals_are_silence_and_it_is_said_once() -> None:
    assert timeline([1, 2, 2, 2, 2, 2, 2]) == ["5:silent since 2"]


def test_one_missed_interval_is_nothing() -> None:
    assert timeline([1, 1, 2, 2, 3, 3, 4]) == []


def test_the_return_is_said_once() -> None:
    assert timeline([1, 1, 1, 1, 9, 10, 11]) == ["4:silent since 1", "5:alive since 5"]


def test_a_watch_that_was_dead_before_we_looked_is_noticed_too() -> None:
    assert timeline([7, 7, 7, 7], first=7) == ["3:silent since 0"]
    assert timeline([None, None, None]) == ["3:silent since 0"]


def test_marks_from_another_clock_count_as_long_as_they_move() -> None:
    hour = 3_600_000
    assert timeline([-hour, -hour + 1, -hour + 2, -hour + 3]) == []
    assert timeline([hour, hour, hour, hour]) == ["4:silent since 1"]
