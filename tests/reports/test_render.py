"""What is written: the same numbers in every form, the same bytes for the same month, nothing fetched."""

from __future__ import annotations

import csv
import io
import json
import re
import sys
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from domain.errors import NigehbanError
from reports import render_html, render_pdf, render_xlsx, texts
from reports.assemble import build
from reports.buckets import BUCKETS
from reports.forms import chosen, render
from reports.given import Scope
from reports.model import Report, share
from reports.model import percent as shown
from reports.render_csv import _safe
from tests.reports.golden import golden

NAMES = [bucket.value for bucket in BUCKETS]
EN = texts.load("en")


@pytest.fixture(scope="module")
def report() -> Report:
    return build(golden())


@pytest.fixture(scope="module")
def written(report: Report, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    paths = render(report, ["html", "xlsx", "csv", "json"], tmp_path_factory.mktemp("out"))
    return {path.name.removeprefix("nigehban-2026-10"): path for path in paths}


@pytest.fixture(scope="module")
def document(written: Mapping[str, Path]) -> Any:
    return json.loads(written[".json"].read_text(encoding="utf-8"))


def test_the_json_names_its_period_and_every_entity_once(document: Any) -> None:
    assert document["period"]["from"] == "2026-10-01T00:00:00+05:00"
    assert document["period"]["to"] == "2026-11-01T00:00:00+05:00"
    keys = [(entity["kind"], entity["id"]) for entity in document["entities"]]
    assert len(keys) == len(set(keys)) == 13
    assert all(list(entity["buckets"]) == NAMES for entity in document["entities"])


def _sheet(book: Any, name: str) -> list[dict[str, Any]]:
    head, *rows = book[name].iter_rows(values_only=True)
    return [dict(zip(head, row, strict=True)) for row in rows]


def test_the_workbook_opened_again_holds_the_seconds_of_the_json(
    written: Mapping[str, Path], document: Any
) -> None:
    book = openpyxl.load_workbook(written[".xlsx"])
    rows = {
        (row.get("kind", "box"), row["id"]): [row[name] for name in NAMES]
        for sheet in ("Groups", "Boxes", "Devices")
        for row in _sheet(book, sheet)
    }
    assert rows == {(e["kind"], e["id"]): list(e["buckets"].values()) for e in document["entities"]}
    summary = {row[0]: row[1] for row in book["Summary"].iter_rows(values_only=True) if row[1] is not None}
    assert summary["all"] == 14_342_400
    assert [summary[EN(f"bucket_{name}")] for name in NAMES] == list(
        document["entities"][0]["buckets"].values()
    )


def test_the_sheet_of_intervals_adds_up_to_the_devices(written: Mapping[str, Path], document: Any) -> None:
    book = openpyxl.load_workbook(written[".xlsx"])
    sums: dict[tuple[str, str], int] = {}
    for row in _sheet(book, "Intervals"):
        key = (row["target"], row["bucket"])
        sums[key] = sums.get(key, 0) + row["seconds"]
    unseen = sums["monitor", "unknown"]
    assert unseen == 600
    for entity in document["entities"]:
        if entity["kind"] in ("camera", "device"):
            for name in NAMES[1:]:
                own = entity["buckets"][name]
                if name == "unknown":
                    own -= entity["outside_service_seconds"]
                    own -= unseen if own else 0  # B2-cam2 was not there yet
                assert sums.get((entity["id"], name), 0) == own, (entity["id"], name)


def test_headings_are_frozen_and_values_coloured(written: Mapping[str, Path]) -> None:
    book = openpyxl.load_workbook(written[".xlsx"])
    for name in book.sheetnames[1:]:
        assert str(book[name].freeze_panes).endswith("2"), name
    assert list(book["Devices"].conditional_formatting)


def test_the_tables_in_csv_add_up_and_cannot_be_formulas(written: Mapping[str, Path], report: Report) -> None:
    with written[".csv"].open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["id"]: int(row["seconds"]) for row in rows if row["kind"] == "city"} == {
        "Karachi": 14_342_400
    }
    assert all(sum(int(row[name]) for name in NAMES) == int(row["seconds"]) for row in rows)
    with written["-intervals.csv"].open(encoding="utf-8", newline="") as file:
        assert len(list(csv.DictReader(file))) == len(report.intervals) + 1
    assert _safe("=cmd()") == "'=cmd()"


@pytest.mark.parametrize("quiet", [False, True], ids=["the golden month", "a month without trouble"])
def test_the_page_fetches_nothing_and_every_link_leads_somewhere(quiet: bool) -> None:
    month = golden()
    if quiet:
        month = replace(month, transitions=[], notes=[], incidents=[], windows=[])
    page = render_html.render(build(month), EN).decode()
    assert not re.search(r"(?:src|href)=\"(?!#)", page)
    assert "url(" not in page
    assert "<script" not in page
    targets = set(re.findall(r'id="([^"]+)"', page))
    links = set(re.findall(r'href="#([^"]+)"', page))
    assert links <= targets, links - targets
    assert quiet or {"b-tamper", "t-B1", "t-B2"} <= links


def test_words_of_people_are_words_on_the_page() -> None:
    month = golden()
    nasty = [*month.notes]
    nasty[1] = replace(nasty[1], text="<script>alert(1)</script>")
    page = render_html.render(build(replace(month, notes=nasty)), EN).decode()
    assert "<script" not in page
    assert "&lt;script&gt;" in page


def test_the_same_month_gives_the_same_bytes(report: Report, tmp_path: Path) -> None:
    formats = ["html", "xlsx", "csv", "json"]
    one = render(report, formats, tmp_path / "one")
    other = render(build(golden()), formats, tmp_path / "other")
    for a, b in zip(one, other, strict=True):
        assert a.read_bytes() == b.read_bytes(), a.name
    with zipfile.ZipFile(one[0]) as archive:
        assert "2026-01-01T00:00:00Z" in archive.read("docProps/core.xml").decode()


def test_a_large_report_is_written_by_two_processes_to_the_same_bytes(
    report: Report, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    formats = ["xlsx", "json", "csv"]
    alone = render(report, formats, tmp_path / "alone")
    monkeypatch.setattr("reports.forms.LARGE", 1)
    beside = render(report, formats, tmp_path / "beside")
    assert [path.name for path in alone] == [path.name for path in beside]
    assert [path.read_bytes() for path in alone] == [path.read_bytes() for path in beside]


def test_headings_in_urdu_and_in_both(report: Report) -> None:
    urdu = render_html.render(report, texts.load("ur")).decode()
    assert 'dir="rtl"' in urdu
    assert "اپ ٹائم کھاتہ" in urdu
    both = render_html.render(report, texts.load("both")).decode()
    assert "Uptime ledger · اپ ٹائم کھاتہ" in both
    book = openpyxl.load_workbook(io.BytesIO(render_xlsx.render(report, texts.load("ur"))))
    assert book["Summary"].sheet_view.rightToLeft


def test_a_districts_report_is_its_own(tmp_path: Path) -> None:
    made = build(replace(golden(), scope=Scope(contractor="indus")))
    assert (made.subject.kind, sum(made.subject.tally.seconds), made.devices) == ("contractor", 3_888_000, 3)
    assert {row.id for row in made.rows} == {"indus", "B2", "B2-ups", "B2-cam1", "B2-cam2"}
    assert made.contracts == []
    (path,) = render(made, ["json"], tmp_path)
    assert path.name == "nigehban-2026-10-contractor-indus.json"
    with pytest.raises(ValueError, match="no district 'west' in the inventory, write one of south"):
        build(replace(golden(), scope=Scope(district="west")))


def test_pdf_without_typst_says_what_to_install(report: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "typst", None)
    with pytest.raises(NigehbanError, match=r"needs the extra \[pdf\]"):
        render_pdf.render(report, EN)


def test_pdf_by_typst(report: Report) -> None:
    pytest.importorskip("typst", reason="the extra [pdf] is not installed")
    made = render_pdf.render(report, EN)
    assert made.startswith(b"%PDF")
    assert made == render_pdf.render(report, EN)


def test_the_typst_source_escapes_peoples_words(report: Report) -> None:
    source = render_pdf.source(report, EN)
    assert "3,882.6" in source
    assert render_pdf._said("#eval[*x*]") == "\\#eval\\[\\*x\\*\\]"


def test_formats_are_chosen_by_name() -> None:
    assert chosen("html, xlsx,html") == ["html", "xlsx"]
    with pytest.raises(ValueError, match="no format 'doc', write one or more of csv, html, json, pdf, xlsx"):
        chosen("doc")


def test_a_share_is_cut_and_never_rounded_up() -> None:
    assert shown(share(999_999, 1)) == "99.999"
    assert shown(share(9_999_999, 1)) == "99.999"
    assert shown(share(1, 0)) == "100.000"
    assert shown(share(0, 0)) == ""
