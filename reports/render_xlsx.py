"""The report as a workbook for managers: frozen headings, colours by value, raw intervals.

Seconds are whole numbers, so that a sum in the workbook is the sum of the ledger.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from reports import words_of
from reports.adjustment import Adjustment
from reports.buckets import BUCKETS
from reports.given import Progress, silent
from reports.model import Report, Row, percent
from reports.period import Period
from reports.tally import dark
from reports.texts import Texts

ROWS = 10_000
"""Intervals kept in the workbook, the longest; the file of intervals holds all of them."""

_CREATED = datetime(2026, 1, 1)
_BUCKETS = [bucket.value for bucket in BUCKETS]
_ENTITY = ["id", "name", "box", *_BUCKETS, "seconds", "outside service", "availability %", "dark", "outages",
           "longest s", "MTTR s", "MTBF s", "detect s"]  # fmt: skip
_WIDTHS = {"id": 18, "name": 26, "box": 14, "target": 18, "from": 20, "to": 20, "why": 60, "reasons": 60,
           "text": 60, "change": 50, "words": 90, "cause": 20, "incident": 30, "over": 30}  # fmt: skip


def render(report: Report, texts: Texts, progress: Progress = silent) -> bytes:
    import xlsxwriter  # a quarter of a second that only this form needs

    target = io.BytesIO()
    book = xlsxwriter.Workbook(
        target, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )
    book.set_properties({"title": f"{report.title}, {report.period.label}", "created": _CREATED})
    _Book(book, report, texts, progress).write()
    book.close()
    return target.getvalue()


class _Book:
    def __init__(self, book: Any, report: Report, texts: Texts, progress: Progress) -> None:
        self.book, self.report, self.texts, self.progress = book, report, texts, progress
        self.left_out: list[str] = []
        self.head = book.add_format(
            {
                "bold": True,
                "bg_color": "#0F3D5C",
                "font_color": "white",
                "text_wrap": True,
                "valign": "vcenter",
            }
        )
        self.bold = book.add_format({"bold": True})
        self.title = book.add_format({"bold": True, "font_size": 16, "font_color": "#0F3D5C"})
        self.number = book.add_format({"num_format": "#,##0"})
        self.share = book.add_format({"num_format": "0.000"})
        self.red = book.add_format({"bg_color": "#F6CFCB", "font_color": "#8A1C12"})
        self.amber = book.add_format({"bg_color": "#FBE9C0"})
        self.green = book.add_format({"bg_color": "#D3EFDF"})

    def write(self) -> None:
        report = self.report
        self._summary()
        self._contracts()
        groups = report.of_kind("city", "district", "feeder", "contractor")
        self._entities("Groups", groups, kind=True)
        self._entities("Boxes", report.of_kind("box"))
        self._entities("Devices", report.of_kind("camera", "device"), kind=True)
        self._entities("Worst boxes", report.worst("box"))
        self._entities("Worst cameras", report.worst("camera"))
        self._people()
        self._intervals()
        self._sheet("Left out", ["words"], [[words] for words in [*report.left_out, *self.left_out]])

    # -- sheets -----------------------------------------------------------------------------------

    def _summary(self) -> None:
        report, period = self.report, self.report.period
        sheet = self.book.add_worksheet("Summary")
        if self.texts.language == "ur":
            sheet.right_to_left()
        sheet.set_column(0, 0, 38)
        sheet.set_column(1, 3, 20)
        sheet.write_string(0, 0, report.title, self.title)
        sheet.write_string(1, 0, f"{self.texts('report')}, {period.label}: {_span(period)}")
        if report.known_at is not None:
            sheet.write_string(2, 0, f"as known at {words_of.moment(report.known_at, period)}")
        tally, line = report.subject.tally, 4
        total = sum(tally.seconds)
        for n, head in enumerate((self.texts("by_bucket"), "seconds", "hours", "%")):
            sheet.write_string(line, n, head, self.head)
        for bucket, value in zip(BUCKETS, tally.seconds, strict=True):
            line += 1
            sheet.write_string(line, 0, self.texts(f"bucket_{bucket.value}"))
            sheet.write_number(line, 1, value, self.number)
            sheet.write_number(line, 2, value / 3600, self.number)
            sheet.write_number(line, 3, 100 * value / total if total else 0, self.share)
        sheet.write_string(line + 1, 0, "all", self.bold)
        sheet.write_number(line + 1, 1, total, self.number)
        sheet.conditional_format(
            5, 3, line, 3, {"type": "data_bar", "bar_color": "#7FB3D5", "bar_solid": True}
        )
        answered, line = report.answered, line + 3
        figures: list[tuple[str, Any]] = [
            (self.texts("availability") + " %", _float(percent(report.subject.availability))),
            (self.texts("lost_hours"), dark(tally.cameras) / 3600),
            (self.texts("e_challan"), report.e_challan_lost_s / 3600),
            (self.texts("outages"), tally.outages),
            (self.texts("longest"), words_of.duration(tally.longest) if tally.outages else ""),
            (self.texts("mttr"), words_of.duration(report.subject.mttr)),
            (self.texts("mtbf"), words_of.duration(report.subject.mtbf)),
            (self.texts("detect"), words_of.duration(report.subject.detect_s)),
            (
                self.texts("acknowledge"),
                words_of.duration(answered.mean_ms / 1000 if answered.mean_ms else None),
            ),
            (self.texts("incidents"), answered.incidents),
        ]
        for n, (name, value) in enumerate(figures):
            sheet.write_string(line + n, 0, name)
            self._cell(sheet, line + n, 1, value, self.share if isinstance(value, float) else self.number)

    def _contracts(self) -> None:
        head = ["id", "party", "counts", "against", "good s", "against s", "excused s", "availability %",
                "without excuses %", "target %", "met", "fee", "deduct %", "deduction",
                "currency"]  # fmt: skip
        rows = [
            [
                it.id, it.party, it.counts, ", ".join(it.against), it.good_s, it.against_s, it.excused_s,
                _float(percent(it.availability)), _float(percent(it.availability_all)), float(it.target),
                "" if it.met is None else ("yes" if it.met else "no"), _money(it.fee),
                float(it.deduct_percent), _money(it.deduction), it.currency,
            ]
            for it in self.report.contracts
        ]  # fmt: skip
        sheet = self._sheet("Contracts", head, rows)
        if rows:
            for word, shade in (("no", self.red), ("yes", self.green)):
                rule = {"type": "cell", "criteria": "==", "value": f'"{word}"', "format": shade}
                sheet.conditional_format(1, head.index("met"), len(rows), head.index("met"), rule)

    def _entities(self, name: str, entities: Sequence[Row], kind: bool = False) -> None:
        head = ["kind", *_ENTITY] if kind else _ENTITY
        rows = ([row.kind, *_entity(row)] if kind else _entity(row) for row in entities)
        sheet = self._sheet(name, head, rows, freeze=head.index("name") + 1)
        if entities:
            self._colour(sheet, head, len(entities))

    def _colour(self, sheet: Any, head: Sequence[str], count: int) -> None:
        column = head.index("availability %")
        for limit, shade, how in ((95, self.red, "<"), (99, self.amber, "<"), (99.9, self.green, ">=")):
            rule = {"type": "cell", "criteria": how, "value": limit, "format": shade, "stop_if_true": True}
            blank = {"type": "blanks", "stop_if_true": True}
            sheet.conditional_format(1, column, count, column, blank)
            sheet.conditional_format(1, column, count, column, rule)
        for bucket in ("utility", "contractor", "uplink", "tamper"):
            n = head.index(bucket)
            scale = {"type": "2_color_scale", "min_color": "#FFFFFF", "max_color": "#F0A59C"}
            sheet.conditional_format(1, n, count, n, scale)

    def _people(self) -> None:
        report, period = self.report, self.report.period

        def moment(at: int | None) -> str:
            return words_of.moment(at, period)

        self._sheet(
            "Incidents",
            ["code", "box", "cause", "opened", "acknowledged", "police came", "contractor came", "response s",
             "closed", "found", "by"],
            (
                [x.code, x.box, x.cause, moment(x.opened_at), moment(x.acknowledged_at), moment(x.police_at),
                 moment(x.contractor_at), None if x.response_ms is None else x.response_ms // 1000,
                 moment(x.closed_at), x.verdict, x.by]
                for x in report.tampers
            ),
        )  # fmt: skip
        batteries = [
            [x.box, x.chemistry, x.capacity_ah, x.installed, x.lasted_min, x.held_min, x.predicted_min,
             x.trend_min, x.replace_by, "yes" if x.overdue else ""]
            for x in report.batteries
        ]  # fmt: skip
        head = ["box", "kind", "installed Ah", "since", "went dark after min", "held for min",
                "predicted min", "trend min", "replace by", "overdue"]  # fmt: skip
        sheet = self._sheet("Batteries", head, batteries)
        if batteries:
            rule = {"type": "cell", "criteria": "==", "value": '"yes"', "format": self.red}
            sheet.conditional_format(1, 9, len(batteries), 9, rule)
        self._sheet(
            "Visits",
            ["box", "visits", "contractor", "police", "last", "by"],
            ([x.box, x.visits, x.contractor, x.police, moment(x.last_at), x.by] for x in report.visits),
        )
        self._sheet(
            "Notes",
            ["happened", "entered", "kind", "target", "box", "by", "text"],
            (
                [moment(x.happened_at), moment(x.at), x.kind, x.target, x.box, x.by, x.text]
                for x in report.remarks
            ),
        )
        self._sheet(
            "Revisions",
            ["target", "began", "was", "is", "found", "by", "why"],
            (
                [x.target, moment(x.since), x.before or "", x.after or "", moment(x.at), x.by, x.why]
                for x in report.revised[-ROWS:]
            ),
        )
        self._sheet(
            "Adjustments",
            ["month", "of", "change", "reasons"],
            (
                [x.month, f"{x.kind} {x.id}", words_of.moved(x.moved), "; ".join(x.reasons)]
                if isinstance(x, Adjustment)
                else [
                    x.month,
                    f"contract {x.contract}",
                    f"deduction {x.amount:+} {x.currency}",
                    "; ".join(x.reasons),
                ]
                for x in report.adjustments
            ),
        )

    def _intervals(self) -> None:
        report, period = self.report, self.report.period
        its = report.intervals
        if len(its) > ROWS:
            longest = sorted(its, key=lambda it: (it.first - it.last, it.target, it.first))[:ROWS]
            its = sorted(longest, key=lambda it: (it.target, it.first))
            said = f"the sheet Intervals holds the {ROWS:,} longest of {len(report.intervals):,} intervals"
            self.left_out.append(f"{said}; the file of intervals (CSV) holds all")
        self.progress(f"workbook: {len(its)} intervals")
        rows: list[list[Any]] = [
            [
                "monitor",
                "",
                words_of.when(a, period),
                words_of.when(b, period),
                b - a,
                "unknown",
                "",
                "",
                why,
                "",
            ]
            for spans, why in ((report.off, "monitor off"), (report.blind, "monitor blind"))
            for a, b in spans
        ]
        rows += [
            [it.target, it.box, words_of.when(it.first, period), words_of.when(it.last, period),
             it.last - it.first, it.bucket.value, it.was.value, it.cause.value if it.cause else "", it.reason,
             it.incident]
            for it in its
        ]  # fmt: skip
        head = ["target", "box", "from", "to", "seconds", "bucket", "own bucket", "cause", "over", "incident"]
        self._sheet("Intervals", head, rows, freeze=1)

    # -- cells ------------------------------------------------------------------------------------

    def _sheet(self, name: str, head: Sequence[str], rows: Iterable[Sequence[Any]], freeze: int = 0) -> Any:
        sheet = self.book.add_worksheet(name)
        if self.texts.language == "ur":
            sheet.right_to_left()
        for n, word in enumerate(head):
            sheet.write_string(0, n, word, self.head)
            sheet.set_column(n, n, _WIDTHS.get(word, 13), self.number)
        sheet.freeze_panes(1, freeze)
        line = 0
        for line, row in enumerate(rows, 1):
            for n, value in enumerate(row):
                self._cell(sheet, line, n, value, None if not isinstance(value, float) else self.share)
        sheet.autofilter(0, 0, max(line, 1), len(head) - 1)
        return sheet

    @staticmethod
    def _cell(sheet: Any, line: int, column: int, value: Any, form: Any) -> None:
        if value is None or value == "":
            return
        if isinstance(value, (int, float)):
            sheet.write_number(line, column, value, form)
        else:
            sheet.write_string(line, column, value)


def _entity(row: Row) -> list[Any]:
    tally = row.tally
    return [
        row.id, row.name, row.box, *tally.seconds, sum(tally.seconds), row.outside,
        _float(percent(row.availability)), dark(tally.seconds), tally.outages, tally.longest, row.mttr,
        row.mtbf, row.detect_s,
    ]  # fmt: skip


def _float(text: str) -> float | None:
    return float(text) if text else None


def _money(value: Any) -> float | None:
    return None if value is None else float(value)


def _span(period: Period) -> str:
    return f"{words_of.when(period.first, period)} to {words_of.when(period.last, period)} {period.zone}"
