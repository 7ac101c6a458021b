"""Figures beside the sums: outages, contracts by the hour, batteries, and input that is incomplete."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, time
from decimal import Decimal
from pathlib import Path

import pytest

from domain.alarm import Cause, Concern, Confidence, Incident
from domain.place import Battery
from domain.window import Hours
from reports.assemble import build
from reports.buckets import INDEX, Bucket
from reports.contract import Contract
from reports.facts import Dated
from reports.forms import render
from reports.given import BatteryReading
from reports.model import Report, percent
from tests.reports.makers import KARACHI, OCTOBER, at, box, city, down, given, up

CITY = city([box("B1")], cameras=1)
CONTRACT = Contract(
    "c", "Alpha", frozenset({Bucket.CONTRACTOR}), Decimal(99), contractor="alpha", zone=KARACHI
)


def row(report: Report, id_: str = "B1-cam1") -> list[int]:
    return next(it.tally.seconds for it in report.rows if it.id == id_)


def test_service_hours_count_only_what_lies_in_them() -> None:
    night = [down("B1-cam1", at(5, 3)), up("B1-cam1", at(5, 9))]
    hours = Hours(time(6), time(0))
    report = build(given(CITY, night, contracts=[CONTRACT, replace(CONTRACT, id="day", hours=hours)]))
    whole, day = report.contracts
    assert (whole.against_s, day.against_s) == (6 * 3_600, 3 * 3_600)
    assert day.good_s == 31 * 18 * 3_600 - 3 * 3_600
    assert day.hours
    assert not whole.hours


def test_a_contract_that_begins_in_the_month_counts_from_its_first_day() -> None:
    its = [down("B1-cam1", at(5)), up("B1-cam1", at(6)), down("B1-cam1", at(20)), up("B1-cam1", at(21))]
    late = replace(CONTRACT, first_day=date(2026, 10, 16))
    (found,) = build(given(CITY, its, contracts=[late])).contracts
    assert (found.against_s, found.good_s) == (86_400, 15 * 86_400)


def test_what_counts_against_one_party_is_excused_for_another() -> None:
    its = [down("B1-cam1", at(5), Cause.UPLINK_DOWN), up("B1-cam1", at(6))]
    line = Contract("l", "Line", frozenset({Bucket.UPLINK}), Decimal("99.9"), cameras=False)
    alpha, uplink = build(given(CITY, its, contracts=[CONTRACT, line])).contracts
    assert (alpha.against_s, alpha.excused_s, alpha.met) == (0, 86_400, True)
    assert (uplink.against_s, uplink.met) == (86_400, False)
    assert percent(uplink.availability) == "98.387"  # 61 of 62 device-days


def test_a_target_that_is_just_missed_is_missed() -> None:
    half = [down("B1-cam1", at(1)), up("B1-cam1", at(1) + 26_785_000)]  # 1 % of the month is 26,784 s
    (found,) = build(given(CITY, half, contracts=[CONTRACT])).contracts
    assert percent(found.availability) == "98.999"
    assert found.met is False


def test_a_new_cause_or_a_restart_in_the_middle_makes_no_second_outage() -> None:
    its = [down("B1-cam1", at(5)), down("B1-cam1", at(5, 2), Cause.PORT_DOWN), up("B1-cam1", at(5, 6))]
    alive = [(OCTOBER.start, at(5, 3)), (at(5, 4), OCTOBER.end)]
    report = build(given(CITY, its, alive=alive))
    camera = next(it for it in report.rows if it.id == "B1-cam1")
    assert (camera.tally.outages, camera.tally.longest, camera.mttr) == (1, 5 * 3_600, 5 * 3_600)
    assert row(report)[INDEX[Bucket.UNKNOWN]] == 3_600


def test_an_outage_nobody_saw_is_none_and_one_from_before_has_no_detection() -> None:
    unseen = [down("B1-cam1", at(5, 3)), up("B1-cam1", at(5, 4))]
    alive = [(OCTOBER.start, at(5, 3)), (at(5, 4), OCTOBER.end)]
    assert build(given(CITY, unseen, alive=alive)).subject.tally.outages == 0
    old = down("B1-cam1", at(-3))
    report = build(given(CITY, [up("B1-cam1", at(2))], standing=[old]))
    assert report.subject.tally.outages == 1
    assert report.subject.detect_s is None
    assert row(report)[INDEX[Bucket.CONTRACTOR]] == 86_400


def test_a_device_that_was_retired_dark_and_came_back_begins_anew() -> None:
    gone = city([box("B2")], cameras=1)
    both = city([box("B1"), box("B2")], cameras=1)
    dated = [Dated(at(-60), both), Dated(at(-40), gone), Dated(at(-20), both)]
    fell = down("B1-cam1", at(-50))
    report = build(given(dated, [], standing=[fell]))
    assert row(report)[INDEX[Bucket.UP]] == OCTOBER.seconds


def test_a_battery_is_judged_by_what_it_did_and_how_it_did_before() -> None:
    place = city([box("B1", battery=Battery(100, installed="2024-02-29"))], cameras=1)
    mains = Incident(
        "p",
        "P",
        "B1",
        Concern.POWER,
        Cause.FEEDER_OUTAGE,
        Confidence.CONFIRMED,
        at(3),
        at(3),
        closed_at=at(3, 2),
    )
    (found,) = build(
        given(
            place,
            incidents=[mains],
            batteries=[BatteryReading("B1", 25.0)],
            before={"batteries": [{"box": "B1", "predicted_min": 300, "lasted_min": None}]},
        )
    ).batteries
    assert (found.lasted_min, found.held_min, found.predicted_min, found.trend_min) == (None, 120, 240, -60)
    assert (found.replace_by, found.overdue) == ("2027-03-01", False)


def test_what_no_inventory_names_is_left_out_and_said() -> None:
    report = build(given(CITY, [down("ghost", at(5)), up("ghost", at(6))]))
    assert "2 transitions of 1 target that no inventory of the period names: ghost" in report.left_out
    assert report.subject.tally.outages == 0


def test_a_period_before_any_configuration_is_an_empty_report_that_says_so(tmp_path: Path) -> None:
    report = build(given([Dated(OCTOBER.end + 1, CITY)]))
    assert any("no configuration of this period" in words for words in report.left_out)
    assert len(render(report, ["html", "xlsx", "csv", "json"], tmp_path)) == 5


def test_a_journal_without_coverage_or_marks_leaves_every_second_unknown() -> None:
    for missing in ({"coverage": ()}, {"alive": ()}):
        report = build(replace(given(CITY, [down("B1-cam1", at(5))]), **missing))  # type: ignore[arg-type]
        assert row(report)[INDEX[Bucket.UNKNOWN]] == OCTOBER.seconds


def test_transitions_must_come_by_target() -> None:
    month = replace(
        given(CITY), transitions=[down("B1-cam1", at(2)), down("B1-ups", at(2)), up("B1-cam1", at(3))]
    )
    with pytest.raises(ValueError, match="transitions of B1-cam1 stand in two places"):
        build(month)
