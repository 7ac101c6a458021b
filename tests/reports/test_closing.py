"""A paid month is frozen; what is found later is an adjustment of the next, once, with its reason."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from domain.alarm import Cause
from domain.errors import ConfigError
from domain.human import Note, NoteKind
from reports import closing
from reports.adjustment import Adjustment, MoneyAdjustment
from reports.assemble import build
from reports.given import Given
from reports.tally import named
from tests.reports.golden import golden
from tests.reports.makers import at, down, in_order

CLOSED_AT = at(33)


def late(given: Given) -> Given:
    """In November it is found that the fall of B1-cam1 on the 5th was the utility's."""
    found = down("B1-cam1", at(5, 9), Cause.FEEDER_OUTAGE, at(35))
    found = replace(found, why="the utility said so")
    return replace(given, transitions=in_order([*given.transitions, found]))


def test_a_closed_month_is_what_the_report_says_and_knows_when_it_was_touched(tmp_path: Path) -> None:
    report = build(golden())
    document = closing.freeze(report, CLOSED_AT, "Director", "contracts: ...")
    path = closing.write(tmp_path / "ledger", document)
    assert path.name == "2026-10.json"
    assert closing.load(tmp_path / "ledger") == [json.loads(path.read_text(encoding="utf-8"))]
    held = closing.settled(document, [])
    assert held == {(row.kind, row.id): named(row.tally.seconds) for row in report.rows}
    path.write_text(
        path.read_text(encoding="utf-8").replace('"up": 13977600', '"up": 13977601'), encoding="utf-8"
    )
    with pytest.raises(ConfigError, match="not as it was written, restore it from a backup"):
        closing.load(tmp_path / "ledger")


def test_a_month_is_closed_once(tmp_path: Path) -> None:
    document = closing.freeze(build(golden()), CLOSED_AT, "Director")
    path = closing.write(tmp_path, document)
    before = path.read_bytes()
    with pytest.raises(ConfigError, match="2026-10 is closed already, later findings become adjustments"):
        closing.write(tmp_path, closing.freeze(build(late(golden())), CLOSED_AT + 1, "Director"))
    assert path.read_bytes() == before
    assert [it.name for it in tmp_path.iterdir()] == ["2026-10.json"]


def test_nothing_found_later_is_no_adjustment() -> None:
    report = build(golden())
    assert closing.adjust(closing.freeze(report, CLOSED_AT, "D"), [], report, golden().notes) == []


def test_a_later_finding_moves_seconds_and_money_and_says_why() -> None:
    month = closing.freeze(build(golden()), CLOSED_AT, "Director")
    found = closing.adjust(month, [], build(late(golden())), golden().notes)
    camera = next(it for it in found if isinstance(it, Adjustment) and it.id == "B1-cam1")
    assert camera.moved == {"utility": 3_600, "contractor": -3_600}
    assert camera.reasons == ("camera_hung became feeder_outage by monitor: the utility said so",)
    city = next(it for it in found if isinstance(it, Adjustment) and it.kind == "city")
    assert city.moved == {"utility": 3_600, "contractor": -3_600}
    assert city.reasons == camera.reasons
    assert not any(isinstance(it, MoneyAdjustment) for it in found)  # 99.834 % still costs 1 %


def test_a_deduction_that_is_no_longer_owed_comes_back_as_money() -> None:
    given = golden()
    faults = (Cause.CAMERA_HUNG, Cause.PORT_DOWN, Cause.DEVICE_SILENT)
    gone = [t for t in given.transitions if t.cause not in faults]
    month = closing.freeze(build(given), CLOSED_AT, "Director")
    found = closing.adjust(month, [], build(replace(given, transitions=gone)), given.notes)
    (money,) = [it for it in found if isinstance(it, MoneyAdjustment)]
    assert (money.contract, str(money.amount)) == ("alpha-2026", "-10000.00")


def test_an_adjustment_is_made_once() -> None:
    given = golden()
    month = closing.freeze(build(given), CLOSED_AT, "Director")
    first = closing.adjust(month, [], build(late(given)), given.notes)
    november = replace(build(given), adjustments=first)
    later = closing.freeze(november, at(65), "Director")
    assert closing.adjustments_of(later) == first
    assert closing.adjust(month, [later], build(late(given)), given.notes) == []


def test_a_dispute_entered_after_closing_is_a_reason() -> None:
    given = golden()
    month = closing.freeze(build(given), CLOSED_AT, "Director")
    dispute = Note(
        at(34),
        NoteKind.DISPUTE,
        "B2-ups",
        "B2",
        "Bina",
        at(34),
        "ours was up",
        begins_at=at(14, 22),
        ends_at=at(15),
    )
    notes = [*given.notes, dispute]
    found = closing.adjust(month, [], build(replace(given, notes=notes)), notes)
    ups = next(it for it in found if isinstance(it, Adjustment) and it.id == "B2-ups")
    assert ups.moved == {"uplink": -7_200, "disputed": 7_200}
    assert ups.reasons == ("dispute by Bina: ours was up",)
