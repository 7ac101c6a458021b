"""The law of the window: the young are counted, the late are not."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from collector.snmp.window import Window


@given(st.lists(st.tuples(st.integers(0, 400), st.booleans()), max_size=200), st.integers(1, 20))
@settings(max_examples=200, deadline=None)
def test_no_more_are_young_and_unanswered_than_fit(steps: list[tuple[int, bool]], size: int) -> None:
    window = Window(size)
    now = 1000.0
    under_way: list[tuple[float, int]] = []
    for milliseconds, answer in steps:
        now += milliseconds / 1000
        if answer and under_way:
            window.ended(under_way.pop(0)[1])
        elif window.room(now) > 0:
            under_way.append((now, window.sent()))
        young = sum(now - sent < 0.1 for sent, _ in under_way)
        waiting = sum(now - sent <= 0.2 for sent, _ in under_way)
        assert young <= size
        assert size - waiting <= window.room(now) <= size - young


def test_silent_agents_give_their_room_back_without_a_word() -> None:
    window = Window(5)
    assert window.room(10.0) == 5
    marks = [window.sent() for _ in range(5)]
    assert window.room(10.05) == 0
    assert window.room(10.25) == 5
    for mark in marks:
        window.ended(mark)
    assert window.room(10.25) == 5
