from __future__ import annotations

import json

import pytest

from domain.input import Start
from rules.engine import Engine
from rules.load import load
from tests.rules.town import ON_BATTERY, START, Play, box, town

CITY = town([box("A"), box("B"), box("C", feeder="F2", uplink="B"), box("D", feeder="F2")])


def second(at: int) -> tuple[list[str], dict[str, dict[str, float]]]:
    """What is dead, and what UPS say, in one eventful quarter of an hour."""
    dead, values = [], {}
    if 60 <= at < 200:
        values = {"A-ups": ON_BATTERY, "B-ups": ON_BATTERY}
    if 100 <= at < 260:
        dead.append("D-cam1")
    if at >= 300:
        dead.append("D")
    if 400 <= at < 500:
        dead += ["B", "C"]
    return dead, values


def run(cut: int | None) -> list[tuple[str, str, str]]:
    play = Play(CITY)
    for at in range(0, 700, 5):
        if cut is not None and at >= cut:
            cut = None
            kept = json.loads(json.dumps(play.state))
            incidents = [i for i in play.incidents.values() if i.closed_at is None]
            engine = Engine(CITY, load(), kept, incidents)
            again = Play(CITY, engine=engine)
            again.changes, again.state = play.changes, play.state
            play = again
            play.feed(Start(START + at * 1000))
        dead, values = second(at)
        play.sweep(at, dead, values)
    return sorted((b, notice, cause) for _, b, notice, cause in play.told())


WHOLE = run(None)


@pytest.mark.parametrize("cut", range(5, 700, 15))
def test_a_restart_at_any_moment_tells_nothing_twice_and_forgets_nothing(cut: int) -> None:
    assert run(cut) == WHOLE


def test_the_undisturbed_run_tells_what_happened() -> None:
    assert ("D", "opened", "suspected_theft") in WHOLE
    assert ("A", "opened", "feeder_outage") in WHOLE
    assert ("B", "closed", "feeder_outage") in WHOLE
    assert not any(b == "C" for b, _, _ in WHOLE)
