from __future__ import annotations

from dataclasses import replace
from datetime import UTC

from domain.window import Window
from rules.load import load
from tests.rules.town import START, Play, box, town


def planned(start: float, end: float) -> Play:
    window = Window(
        "w1",
        "new cabling",
        UTC,
        boxes=frozenset({"A"}),
        once=(START + int(start * 1000), START + int(end * 1000)),
    )
    return Play(town([box("A"), box("B")]), replace(load(), windows=(window,)))


def test_planned_work_silences_telling_and_never_watching() -> None:
    play = planned(20, 300)
    play.rounds(0, 30)
    play.rounds(30, 200, dead=["A-cam1"])
    play.rounds(200, 400)
    assert play.told() == []
    assert play.silences() == [("A", "maintenance")]
    (incident,) = play.incidents.values()
    assert incident.closed_at is not None


def test_what_still_stands_at_the_end_of_a_window_is_told_then() -> None:
    play = planned(20, 120)
    play.rounds(0, 30)
    play.rounds(30, 200, dead=["A-cam1"])
    assert [(at, notice) for at, _, notice, _ in play.told()] == [(125.0, "opened")]


def test_a_window_silences_its_own_boxes_only() -> None:
    play = planned(20, 300)
    play.rounds(0, 30)
    play.rounds(30, 100, dead=["A-cam1", "B-cam1"])
    assert {b for _, b, _, _ in play.told()} == {"B"}


def test_what_began_before_a_window_is_told_to_be_over_within_it() -> None:
    play = planned(100, 300)
    play.rounds(0, 80, dead=["A-cam1"])
    play.rounds(80, 200)
    assert [notice for _, _, notice, _ in play.told()] == ["opened", "closed"]
