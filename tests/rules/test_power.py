from __future__ import annotations

import pytest

from domain.alarm import Evidence
from domain.reading import parsed
from rules import power
from tests.rules.town import HEALTHY, ON_BATTERY, Play, box, town


@pytest.mark.parametrize(
    ("values", "evidence"),
    [
        ({"on_battery": 1}, Evidence.BAD),
        ({"on_battery": 0}, Evidence.GOOD),
        ({"on_mains": 0}, Evidence.BAD),
        ({}, Evidence.UNKNOWN),
        # a DC-fed inverter says battery for ever, with 0 s on battery and mains at its input
        ({"on_battery": 1, "time_on_battery_seconds": 0, "input_voltage_volts{1}": 230}, Evidence.GOOD),
        # the very first second: the source has changed, the counter has not
        ({"on_battery": 1, "time_on_battery_seconds": 0}, Evidence.UNKNOWN),
        ({"on_battery": 1, "time_on_battery_seconds": 0, "input_voltage_volts{1}": 3}, Evidence.BAD),
        ({"on_battery": 1, "time_on_battery_seconds": 9, "self_test_running": 1}, Evidence.UNKNOWN),
        # one dead phase of three is not a lost mains
        (
            {"on_battery": 0, "input_voltage_volts{1}": 0, "input_voltage_volts{2}": 230},
            Evidence.GOOD,
        ),
    ],
)
def test_on_battery_needs_the_witnesses_to_agree(values: dict[str, float], evidence: Evidence) -> None:
    assert power.on_battery({parsed(k): v for k, v in values.items()}, 100) is evidence


def test_a_box_alone_without_mains_is_mains_lost_and_restored() -> None:
    play = Play(town([box("A"), box("B"), box("C")]))
    play.rounds(0, 30)
    play.rounds(30, 60, values={"A-ups": ON_BATTERY})
    play.rounds(60, 120)
    assert [t[1:] for t in play.told()] == [("A", "opened", "mains_lost"), ("A", "closed", "mains_lost")]


def test_boxes_that_lose_mains_together_name_their_feeder() -> None:
    play = Play(town([box("A"), box("B"), box("C", feeder="F2")]))
    play.rounds(0, 30)
    play.rounds(30, 60, values={"A-ups": ON_BATTERY, "B-ups": ON_BATTERY})
    assert {(b, cause) for _, b, _, cause in play.told()} == {("A", "feeder_outage"), ("B", "feeder_outage")}


def test_a_self_test_is_no_outage() -> None:
    play = Play(town([box("A")]))
    play.rounds(0, 120, values={"A-ups": ON_BATTERY | {"self_test_running": 1.0}})
    assert play.told() == []


def draining(at: float, per_second: float, start: float = 100.0) -> dict[str, float]:
    charge = max(start - at * per_second, 0)
    return ON_BATTERY | {
        "time_on_battery_seconds": at + 1,
        "battery_charge_percent": round(charge),
        "battery_runtime_seconds": 3600.0,
    }


def test_a_battery_that_will_not_last_is_told_with_a_forecast_beside_the_ups_own_number() -> None:
    play = Play(town([box("A"), box("B")]))
    play.rounds(0, 30)
    for at in range(0, 120, 5):
        play.sweep(30 + at, values={"A-ups": draining(at, 0.2)})
    told = [t for t in play.told() if t[3] == "battery_running_out"]
    assert len(told) == 1
    facts = next(e.facts for e in play.owed if e.facts["incidents"][0]["cause"] == "battery_running_out")
    assert facts["forecast"]["low_s"] <= facts["forecast"]["likely_s"] <= facts["forecast"]["high_s"]
    assert 300 < facts["forecast"]["likely_s"] < 600
    assert facts["forecast"]["ups_says_s"] == 3600


def test_a_box_that_goes_dark_on_a_spent_battery_is_not_suspected_stolen() -> None:
    play = Play(town([box("A"), box("B"), box("C", feeder="F2")]))
    play.rounds(0, 30)
    for at in range(0, 100, 5):
        play.sweep(30 + at, values={"A-ups": draining(at, 1.0)})
    play.rounds(130, 180, dead=["A"])
    assert play.open()[("A", "outage")] == "battery_exhausted"
    assert all(cause != "suspected_theft" for _, _, _, cause in play.told())


def test_a_battery_that_falls_faster_than_its_own_habit_is_told() -> None:
    play = Play(town([box("A")]))
    play.rounds(0, 10)
    for at in range(0, 1000, 10):  # a slow discharge teaches the habit: 36 %/h
        play.sweep(10 + at, values={"A-ups": draining(at, 0.01)})
    play.rounds(1010, 1100)
    for at in range(0, 600, 10):  # and a quick one breaks it: 108 %/h
        play.sweep(1100 + at, values={"A-ups": draining(at, 0.03)})
    assert "battery_fast_drain" in {cause for _, _, _, cause in play.told()} | set(play.open().values())


def test_a_battery_to_replace_hides_no_outage() -> None:
    play = Play(town([box("A")]))
    bad = HEALTHY | {"battery_replace": 1.0}
    play.rounds(0, 120, values={"A-ups": bad})
    play.rounds(120, 180, dead=["A-cam1"], values={"A-ups": bad})
    assert [t[1:] for t in play.told()] == [
        ("A", "opened", "battery_replace"),
        ("A", "opened", "device_silent"),
    ]


def test_a_ups_that_contradicts_itself_moves_no_machine() -> None:
    play = Play(town([box("A")]))
    play.rounds(0, 120, values={"A-ups": {"on_battery": 1.0, "time_on_battery_seconds": 0.0}})
    assert play.told() == []
