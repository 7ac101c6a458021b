from __future__ import annotations

from rules.work import Wakes
from tests.rules.town import Play, box, town


def test_a_later_wake_is_not_lost_when_a_sooner_one_is_wanted_too() -> None:
    wakes = Wakes()
    for when in (30, 10, 20, 10):
        wakes.at(when, "A")
    wakes.at(20, "B")
    given = [(now, wakes.due(now)) for now in range(0, 40, 5)]
    assert [(now, targets) for now, targets in given if targets] == [
        (10, ["A"]),
        (20, ["A", "B"]),
        (30, ["A"]),
    ]
    assert wakes.next() is None


def test_a_notice_settles_in_its_own_time_though_the_box_is_woken_for_something_else_before() -> None:
    """A camera fires at 50 s and is told at 55 s; at 50.5 s its box turns dark."""
    play = Play(town([box("A"), box("B")]))
    play.rounds(0, 30)
    play.rounds(30, 40, dead=["A-cam1"])
    play.rounds(40.5, 50, dead=["A"])
    play.wait(100)
    assert play.told() == [(55.0, "A", "opened", "suspected_theft")]
