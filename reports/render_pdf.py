"""The report as PDF by typst, which is an extra: the page for the file, with the figures that are paid by."""

from __future__ import annotations

from typing import Any

from domain.errors import NigehbanError
from reports import words_of
from reports.buckets import BUCKETS
from reports.model import Report, Row, percent, share
from reports.tally import dark
from reports.texts import Texts

_COLOURS = {
    "up": "#3c9d6b", "degraded": "#d9b23c", "utility": "#e58a3c", "contractor": "#c7402f",
    "uplink": "#7565c4", "tamper": "#7a1f44", "planned": "#3f8fc4", "unknown": "#b3bcc5",
    "disputed": "#d873ae",
}  # fmt: skip


def render(report: Report, texts: Texts) -> bytes:
    """NigehbanError, saying what to install, where typst is not."""
    try:
        import typst  # type: ignore[import-not-found,unused-ignore]
    except ImportError:
        raise NigehbanError(
            "PDF needs the extra [pdf]: install it with `pip install nigehban[pdf]`, or print the HTML"
        ) from None
    made: Any = typst.compile(source(report, texts).encode(), format="pdf")
    return bytes(made)


def source(report: Report, texts: Texts) -> str:
    """The document in typst's own language."""
    period, tally = report.period, report.subject.tally
    total = sum(tally.seconds)
    parts = [
        "#set document(date: none)",
        '#set page(paper: "a4", margin: 16mm, numbering: "1 / 1")',
        '#set text(size: 9pt, font: ("Noto Sans", "DejaVu Sans", "Noto Nastaliq Urdu"), fallback: true)',
        "#set table(stroke: (x, y) => (bottom: 0.4pt + luma(210)), inset: 4pt)",
        f"#text(size: 17pt, weight: 600)[{_said(report.title)}]",
        f"\n{_said(texts('report'))}, {_said(period.label)}, "
        f"{_said(words_of.when(period.first, period))} to {_said(words_of.when(period.last, period))}\n",
        _bar(tally.seconds),
        _table(
            [texts("by_bucket"), "seconds", "hours", "%"],
            [
                [
                    texts(f"bucket_{b.value}"),
                    f"{v:,}",
                    words_of.hours(v),
                    percent(share(v, total - v)),
                ]
                for b, v in zip(BUCKETS, tally.seconds, strict=True)
            ],
        ),
        _table(
            [texts("summary"), ""],
            [
                [texts("availability"), f"{percent(report.subject.availability)} %"],
                [texts("lost_hours"), words_of.hours(dark(tally.cameras))],
                [texts("e_challan"), words_of.hours(report.e_challan_lost_s)],
                [texts("outages"), f"{tally.outages:,}"],
                [texts("mttr"), words_of.duration(report.subject.mttr)],
                [texts("mtbf"), words_of.duration(report.subject.mtbf)],
                [texts("detect"), words_of.duration(report.subject.detect_s)],
            ],
        ),
    ]
    if report.contracts:
        parts.append(f"== {_said(texts('contracts'))}")
        parts.append(
            _table(
                ["", "", texts("availability"), "%", ""],
                [
                    [c.id, c.party, f"{percent(c.availability)} %", str(c.target),
                     "" if c.deduction is None else f"{c.deduction:,} {c.currency}"]
                    for c in report.contracts
                ],
            )
        )  # fmt: skip
    for heading, rows in (
        ("districts", report.of_kind("district")),
        ("contractors", report.of_kind("contractor")),
        ("worst_boxes", report.worst("box")),
        ("worst_cameras", report.worst("camera")),
    ):
        if rows:
            parts += [f"== {_said(texts(heading))}", _rows(rows, texts)]
    if report.left_out:
        parts.append(f"== {_said(texts('left_out'))}")
        parts += [f"- {_said(words)}" for words in report.left_out]
    return "\n".join(parts) + "\n"


def _rows(rows: list[Row], texts: Texts) -> str:
    return _table(
        ["", texts("availability"), "dark", texts("outages"), texts("mttr")],
        [
            [row.name or row.id, f"{percent(row.availability)} %", words_of.duration(dark(row.tally.seconds)),
             f"{row.tally.outages:,}", words_of.duration(row.mttr)]
            for row in rows
        ],
    )  # fmt: skip


def _table(head: list[str], rows: list[list[str]]) -> str:
    columns = ", ".join(["1fr", *["auto"] * (len(head) - 1)])
    aligned = ", ".join(["left", *["right"] * (len(head) - 1)])
    cells = [f"[*{_said(word)}*]" if word else "[]" for word in head]
    cells += [f"[{_said(cell)}]" for row in rows for cell in row]
    return f"#table(columns: ({columns}), align: ({aligned}), {', '.join(cells)})"


def _bar(vector: list[int]) -> str:
    total = sum(vector)
    parts = [
        f'rect(width: {100 * value / total:.4f}%, height: 5mm, fill: rgb("{_COLOURS[bucket.value]}"))'
        for bucket, value in zip(BUCKETS, vector, strict=True)
        if total and value
    ]
    return f"#stack(dir: ltr, {', '.join(parts)})" if parts else ""


def _said(text: str) -> str:
    """Words as content: every sign of the language is escaped."""
    return "".join(f"\\{c}" if c in "\\#$*_`<>@=-+/[]~'\"" else c for c in text)
