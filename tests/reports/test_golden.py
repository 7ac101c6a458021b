"""The golden month: what docs/ledger.md works out by hand is what the ledger says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from domain.alarm import Cause
from reports.assemble import build
from reports.buckets import Bucket
from reports.model import Report, percent
from reports.tally import dark, good
from tests.reports.golden import golden
from tests.reports.makers import at

DOCS = Path(__file__).resolve().parents[2] / "docs" / "ledger.md"


@pytest.fixture(scope="module")
def report() -> Report:
    return build(golden())


def _by_hand() -> dict[tuple[str, str], dict[str, int]]:
    """The table of the page: entity, then its nine buckets."""
    found = {}
    heads: list[str] = []
    for line in DOCS.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if cells[0] == "entity":
            heads = cells[1:]
        elif heads and re.fullmatch(r"(camera|device|box|district|feeder|contractor|city) \S+", cells[0]):
            kind, _, id_ = cells[0].partition(" ")
            numbers = [int(cell.replace(",", "") or 0) for cell in cells[1:]]
            found[kind, id_] = dict(zip(heads, numbers, strict=True))
    return found


def test_the_table_in_the_documentation_is_what_the_ledger_says(report: Report) -> None:
    by_hand = _by_hand()
    assert len(by_hand) == 13
    computed = {
        (row.kind, row.id): {**row.tally.buckets(), "sum": sum(row.tally.seconds)} for row in report.rows
    }
    assert computed == by_hand


def test_each_row_worked_out_by_hand_adds_up() -> None:
    for entity, row in _by_hand().items():
        assert sum(value for bucket, value in row.items() if bucket != "sum") == row["sum"], entity


def test_figures_of_the_city(report: Report) -> None:
    tally = report.subject.tally
    assert tally.outages == 12
    assert dark(tally.seconds) == 329_400
    assert good(tally.seconds) == 13_984_800
    assert report.subject.mttr == 27_450
    assert report.subject.mtbf == 1_165_400
    assert tally.longest == 86_400
    assert report.subject.detect_s == 62.0
    assert percent(report.subject.availability) == "97.698"  # 13,984,800 of 14,314,200
    assert report.e_challan_lost_s == 16_200


def test_the_contract_of_alpha(report: Report) -> None:
    (row,) = report.contracts
    assert (row.good_s, row.against_s) == (6_507_000, 14_400)
    assert percent(row.availability) == "99.779"
    assert row.met is False
    assert (str(row.deduct_percent), str(row.deduction)) == ("1", "10000.00")


def test_the_theft_its_revision_and_who_came(report: Report) -> None:
    (row,) = report.tampers
    assert (row.code, row.verdict, row.by) == ("K7Q2", "confirm", "Asif")
    assert row.police_at == at(25, 1.75)
    assert row.response_ms == 44 * 60_000 - 2_000  # 45 minutes after the fall, told 62 s after it
    assert report.answered.mean_ms == 300_000
    revised = [it for it in report.revised if it.target == "B2-cam1"]
    assert [(it.before, it.after, it.at, it.by) for it in revised] == [
        (Cause.BOX_SILENT, Cause.SUSPECTED_THEFT, at(26, 9), "monitor")
    ]


def test_the_battery_of_b1_lasted_two_hours_and_is_overdue(report: Report) -> None:
    (row,) = report.batteries
    assert (row.box, row.lasted_min, row.held_min) == ("B1", 120, None)
    assert (row.replace_by, row.overdue) == ("2026-09-01", True)


def test_disputed_and_planned_seconds_still_say_what_the_record_held(report: Report) -> None:
    over = [it for it in report.intervals if it.target == "B1-cam1" and it.bucket is Bucket.DISPUTED]
    assert [(it.last - it.first, it.was, it.reason) for it in over] == [
        (3_600, Bucket.CONTRACTOR, "disputed by Bina")
    ]
    planned = [it for it in report.intervals if it.target == "B1-cam2" and it.bucket is Bucket.PLANNED]
    assert [(it.last - it.first, it.was) for it in planned] == [
        (5_400, Bucket.UP),
        (1_800, Bucket.CONTRACTOR),
    ]


def test_the_report_says_what_it_left_out(report: Report) -> None:
    words = "\n".join(report.left_out)
    assert "the monitor was off for 0 h 10 min in 1 stretch:" in words
    assert "outside service for part of the period: 1 device;" in words
    assert report.devices == 6
