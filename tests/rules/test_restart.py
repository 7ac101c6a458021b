from __future__ import annotations

import json
from dataclasses import replace

import pytest

from domain.input import Reload, Start
from domain.reading import Probe
from rules.engine import Engine
from rules.load import load
from tests.rules.town import HEALTHY, ON_BATTERY, START, Play, box, town

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


def restarted(play: Play, at: float) -> Play:
    """A new engine that knows what the journal kept, and is given nothing but the time."""
    incidents = [i for i in play.incidents.values() if i.closed_at is None]
    again = Play(play.city, engine=Engine(play.city, load(), json.loads(json.dumps(play.state)), incidents))
    again.feed(Start(START + int(at * 1000)))
    return again


def test_what_was_settling_when_the_watcher_died_is_told_at_its_time_though_nothing_is_read() -> None:
    play = Play(town([box("A"), box("B")]))
    play.rounds(0, 30)
    play.rounds(30, 51, dead=["A-cam1"])  # it fires at 50 s
    assert play.told() == []
    again = restarted(play, 52)
    again.wait(100)
    assert again.told() == [(55.0, "A", "opened", "device_silent")]


def test_the_hold_after_which_the_police_are_told_runs_on_through_a_restart() -> None:
    play = Play(town([box("A"), box("B")]))
    play.rounds(0, 30)
    play.rounds(30, 90, dead=["A"])
    again = restarted(play, 200)
    again.wait(1000)
    assert [
        (at, notice, str(e.reason)) for (at, _, notice, _), e in zip(again.told(), again.owed, strict=True)
    ] == [(635.0, "worse", "hold_elapsed")]


@pytest.mark.parametrize("spent", [True, False])
def test_the_cause_of_a_dark_box_is_not_forgotten_by_a_watcher_that_begins_anew(spent: bool) -> None:
    play = Play(town([box("A"), box("B"), box("C", feeder="F2")]))
    play.rounds(0, 30)
    empty = {"A-ups": ON_BATTERY | {"battery_charge_percent": 4.0}}
    play.rounds(30, 60, values=empty if spent else {})
    play.rounds(60, 120, dead=["A"], values={})
    cause = play.open()[("A", "outage")]
    assert cause == ("battery_exhausted" if spent else "suspected_theft")
    again = restarted(play, 200)
    again.rounds(200, 1000, dead=["A"])
    assert {str(i.cause) for c in again.changes for i in c.incidents if i.concern == "outage"} <= {cause}
    assert [(b, notice) for _, b, notice, lead in again.told() if lead == cause] == (
        [] if spent else [("A", "worse")]
    )


def test_a_ups_that_changed_its_feeder_is_remembered_after_a_crash() -> None:
    play = Play(CITY)
    for at in range(0, 100, 5):
        play.sweep(at)
    moved = replace(CITY, boxes=CITY.boxes | {"A": box("A", feeder="F2")})
    play.feed(Reload(START + 100_000, moved, load()))
    play.sweep(170, dead=["A"])  # the others are heard, and saved, once more
    kept = json.loads(json.dumps(play.state))
    engine = Engine(moved, load(), kept)
    assert engine._world.devices["A-ups"].power_ok_at >= START + 90_000


def test_power_once_remembered_device_by_device_is_still_read() -> None:
    engine = Engine(
        CITY, load(), {"device/A-ups": {"power_ok_at": 7}, "shelf/x": {"power_ok_at": {"B-ups": 8}}}
    )
    assert [engine._world.devices[ups].power_ok_at for ups in ("A-ups", "B-ups")] == [7, 8]


def test_whoever_is_heard_first_makes_its_own_row_and_the_shelf_is_made_once_a_minute() -> None:
    play = Play(CITY)
    play.feed(Start(START))
    play.rounds(0, 50)
    rows = [key for change in play.changes for key in change.state]
    assert sum(key.startswith("shelf/") for key in rows) == 1
    assert {play.state[f"device/{name}-ups"]["power_ok_at"] for name in "BCD"} == {START}
    engine = Engine(CITY, load(), json.loads(json.dumps(play.state)))
    assert [engine._world.devices[f"{name}-ups"].power_saved for name in "ABCD"] == [START] * 4


def test_a_ups_that_is_asked_seldom_is_kept_by_its_shelf_and_not_at_every_poll() -> None:
    seldom = {id_: replace(each, snmp_interval_s=300.0) for id_, each in CITY.devices.items()}
    play = Play(replace(CITY, devices=seldom))
    play.feed(Start(START))
    for at in range(0, 6000, 75):
        play.read(at, f"{'ABCD'[at // 75 % 4]}-ups", Probe.SNMP, values=HEALTHY)
    rows = [key for change in play.changes for key in change.state]
    assert sum(key.startswith("device/") for key in rows) <= 4  # as each was heard for the first time
    engine = Engine(CITY, load(), json.loads(json.dumps(play.state)))
    assert min(engine._world.devices[f"{name}-ups"].power_ok_at for name in "ABCD") >= START + 5_600_000


def test_a_watcher_that_is_killed_again_and_again_remembers_the_power_of_every_ups() -> None:
    kept: dict[str, dict[str, object]] = {}
    for life in range(0, 200, 10):  # ten seconds each: long before a shelf's minute is over
        play = Play(CITY, engine=Engine(CITY, load(), kept))
        play.state = dict(kept)
        play.feed(Start(START + life * 1000))
        play.rounds(life, life + 10)
        kept = json.loads(json.dumps(play.state))
    engine = Engine(CITY, load(), kept)
    stale = [START + 200_000 - engine._world.devices[f"{name}-ups"].power_ok_at for name in "ABCD"]
    assert max(stale) <= 190_000
