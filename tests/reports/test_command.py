"""The commands over a real journal: report, ledger close, incident."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from app import people
from app import report as reporting
from app.clock import SystemClock
from app.report import report_app
from domain.errors import ConfigError
from domain.record import Configuration
from reports.assemble import build
from reports.tally import named
from storage.journal import open_journal
from tests.reports import journal_month
from tests.reports.golden import golden
from tests.reports.makers import KARACHI, at

NOVEMBER_5 = at(36)


class _November(SystemClock):
    """People speak on 5 November, one after another, whatever the machine's own clock says."""

    spoken = 0

    def now(self) -> int:
        _November.spoken += 1
        return NOVEMBER_5 + _November.spoken


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for module in (reporting, people):
        monkeypatch.setattr(module, "SystemClock", _November)
    journal_month.keep(tmp_path / "data")
    return tmp_path / "data"


def run(*arguments: str, code: int = 0) -> str:
    result = CliRunner().invoke(report_app, list(arguments), catch_exceptions=True)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == code, result.output
    return result.output


def report(data: Path, *more: str) -> Any:
    out = data.parent / "out"
    said = run(
        "report", "--period", "2026-10", "--format", "json", "--out", str(out), "--data", str(data), *more
    )
    return json.loads(Path(said.splitlines()[0]).read_text(encoding="utf-8"))


def entities(document: Any) -> dict[tuple[str, str], dict[str, int]]:
    return {(it["kind"], it["id"]): it["buckets"] for it in document["entities"]}


def test_the_report_from_the_journal_is_the_month_by_hand(data: Path) -> None:
    expected = {(row.kind, row.id): named(row.tally.seconds) for row in build(golden()).rows}
    document = report(data)
    assert entities(document) == expected
    assert [it["kind"] for it in document["notes"]] == ["attended", "confirm", "dispute"]


def test_one_contractor_one_district_and_words_for_neither(data: Path) -> None:
    indus = report(data, "--contractor", "indus")
    assert sum(entities(indus)["contractor", "indus"].values()) == 3_888_000
    assert ("district", "south") in entities(report(data, "--district", "south"))
    common = ["report", "--period", "2026-10", "--data", str(data)]
    assert "no contractor 'beta' in the inventory" in run(*common, "--contractor", "beta", code=2)
    assert "choose one of" in run(*common, "--contractor", "indus", "--district", "south", code=2)
    assert "is no period" in run("report", "--period", "October", "--data", str(data), code=2)
    assert "no format" in run(*common, "--format", "doc", code=2)


def test_a_directory_without_a_journal_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no journal here"):
        run("report", "--period", "2026-10", "--data", str(tmp_path / "nothing"))


def test_a_bad_contract_file_is_named_with_its_line(data: Path, tmp_path: Path) -> None:
    terms = tmp_path / "contract.yaml"
    terms.write_text("contracts:\n  a:\n    against: [contractor]\n    target: 99\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"contract.yaml:2: contracts.a: names nothing"):
        report(data, "--contract-file", str(terms))


def test_a_month_is_closed_and_later_findings_are_adjustments_of_the_next(data: Path, tmp_path: Path) -> None:
    terms = tmp_path / "contract.yaml"
    terms.write_text(journal_month.CONTRACT, encoding="utf-8")
    common = ["--by", "Director", "--data", str(data)]
    path = run("ledger", "close", "2026-10", "--contract-file", str(terms), *common)
    closed = json.loads(Path(path.strip()).read_text(encoding="utf-8"))
    assert closed["contracts"][0]["deduction"] == "10000.00"
    run(
        "ledger", "dispute", "B2-ups", "--from", "2026-10-14 22:00", "--to", "2026-10-15 00:00",
        "--text", "ours was up", *common,
    )  # fmt: skip
    again = report(data)  # as it was paid
    assert entities(again) == {(e["kind"], e["id"]): e["buckets"] for e in closed["entities"]}
    out = tmp_path / "november"
    said = run("report", "-p", "2026-11", "-f", "json", "--out", str(out), "--data", str(data))
    november = json.loads(Path(said.splitlines()[0]).read_text(encoding="utf-8"))
    moved = {(it["kind"], it["id"]): (it["moved"], it["reasons"]) for it in november["adjustments"]}
    assert moved["device", "B2-ups"] == (
        {"uplink": -7_200, "disputed": 7_200},
        ["dispute by Director: ours was up"],
    )
    assert any("the journal ends at 2026-11-02" in words for words in november["left_out"])
    with pytest.raises(ConfigError, match="2026-10 is closed already"):
        run("ledger", "close", "2026-10", *common)


def test_a_month_that_is_not_over_or_no_month_cannot_be_closed(data: Path) -> None:
    with pytest.raises(ConfigError, match="2026-11 is not over, close it after 2026-12-01T00:00:00"):
        run("ledger", "close", "2026-11", "--by", "Director", "--data", str(data))
    with pytest.raises(ConfigError, match="close whole months"):
        run("ledger", "close", "2026-10-01..2026-10-02", "--by", "D", "--data", str(data))


def test_a_settled_dispute_gives_its_seconds_back(data: Path) -> None:
    before = entities(report(data))["camera", "B1-cam1"]
    assert before["disputed"] == 3_600
    told = ["B1-cam1", "--by", "Asif", "--from", "2026-10-28 10:00", "--data", str(data)]
    assert "no dispute of that" in run("ledger", "settle", *told, "--to", "2026-10-28 10:30", code=2)
    run("ledger", "settle", *told, "--to", "2026-10-28 11:00")
    after = entities(report(data))["camera", "B1-cam1"]
    assert (after["disputed"], after["contractor"]) == (0, before["contractor"] + 3_600)


def test_a_false_alarm_of_theft_moves_its_seconds_and_both_versions_stay(data: Path) -> None:
    run("incident", "false-alarm", "K7Q2", "--by", "Inspector Khan", "--text", "breaker", "--data", str(data))
    document = report(data)
    assert entities(document)["camera", "B2-cam1"]["tamper"] == 0
    assert entities(document)["camera", "B2-cam1"]["contractor"] == 86_400
    said = [it for it in document["revisions"] if it["target"] == "B2-cam1"]
    assert [(it["before"], it["after"], it["by"]) for it in said] == [
        ("box_silent", "suspected_theft", "monitor"),
        ("suspected_theft", "box_silent", "Inspector Khan"),
    ]
    assert document["tampers"][0]["verdict"] == "false-alarm"


def test_what_people_say_is_kept_with_time_and_author(data: Path) -> None:
    common = ["--data", str(data), "--by", "Asif"]
    run("incident", "note", "k7q2", "lock was cut", *common)
    run("incident", "attended", "B1", "--who", "contractor", "--at", "2026-10-20 09:30", *common)
    document = report(data)
    assert {(it["box"], it["visits"]) for it in document["visits"]} == {("B1", 1), ("B2", 1)}
    assert document["visits"][0]["by"] == "Asif"
    assert "that is in the future" in run(
        "incident", "note", "B1", "x", "--at", "2026-12-01 00:00", *common, code=2
    )
    assert "no cause 'rain'" in run("incident", "confirm", "K7Q2", "--cause", "rain", *common, code=2)
    with pytest.raises(Exception, match="no incident has the code ZZZZ"):
        run("incident", "confirm", "ZZZZ", *common)
    with pytest.raises(Exception, match="'ZZZZ' is no incident, box or device here"):
        run("incident", "note", "ZZZZ", "x", *common)


def test_as_it_was_known_before_the_theft_was_found(data: Path) -> None:
    then = report(data, "--known-at", "2026-10-26 08:00")
    assert entities(then)["camera", "B2-cam1"]["tamper"] == 0
    assert then["known_at"] == "2026-10-26T08:00:00+05:00"


def test_the_report_due_is_made_once_and_kept(data: Path) -> None:
    settings = data / "settings.yaml"
    settings.write_text("reports: {formats: [csv]}")
    said = run("report-due", "--settings", str(settings), "--data", str(data))
    assert len(said.splitlines()) >= 3
    assert (data / "reports" / "nigehban-2026-10.json").exists()
    assert run("report-due", "--settings", str(settings), "--data", str(data)) == ""


def test_no_report_is_made_of_a_month_in_which_nobody_watched(tmp_path: Path) -> None:
    with closing(open_journal(tmp_path)) as journal:
        journal.accept(Configuration("new", at(60), {"inventory.yaml": journal_month.INVENTORY}))
    assert run("report-due", "--data", str(tmp_path)) == ""


def test_the_last_month_is_the_one_before_now() -> None:
    assert reporting.last_month(at(1), KARACHI) == "2026-09"
    assert reporting.last_month(at(1) - 1, KARACHI) == "2026-08"
    assert reporting.last_month(at(93), KARACHI) == "2026-12"


def test_an_inventory_this_version_cannot_read_is_left_out_and_said(data: Path) -> None:
    with closing(open_journal(data)) as journal:
        journal.accept(Configuration("0ld", at(20), {"inventory.yaml": "cities: []\n"}))
    # accepted last, though for the 20th: the one before it is the newest that can be read
    document = report(data)
    assert any("cannot be read by this version" in words for words in document["left_out"])
    assert sum(entities(document)["city", "Karachi"].values()) == 14_342_400
