"""Writes a report in the forms asked for. The same report gives the same bytes."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from reports import render_csv, render_html, render_json, render_pdf, render_xlsx
from reports.given import Progress, silent
from reports.model import Report
from reports.texts import Language, Texts
from reports.texts import load as load_texts

LARGE = 2_000
"""Entities from which the workbook, as dear as all other forms together, is written by a second process."""

Make = Callable[[Report, Texts, Progress], bytes]

FORMATS: dict[str, tuple[tuple[str, Make], ...]] = {
    "xlsx": ((".xlsx", render_xlsx.render),),
    "html": ((".html", lambda report, texts, _: render_html.render(report, texts)),),
    "csv": (
        (".csv", lambda report, _, __: render_csv.render(report)),
        ("-intervals.csv", lambda report, _, __: render_csv.render_intervals(report)),
    ),
    "json": ((".json", lambda report, _, __: render_json.render(report)),),
    "pdf": ((".pdf", lambda report, texts, _: render_pdf.render(report, texts)),),
}
"""A new form is one file and one line here."""


def chosen(text: str) -> list[str]:
    """`html,xlsx` as a list; ValueError with what to write instead."""
    names = [name.strip().lower() for name in text.split(",") if name.strip()]
    wrong = [name for name in names if name not in FORMATS]
    if wrong or not names:
        what = f"no format {wrong[0]!r}" if wrong else "no format"
        raise ValueError(f"{what}, write one or more of {', '.join(sorted(FORMATS))} with commas between")
    return list(dict.fromkeys(names))


def stem(report: Report) -> str:
    parts = ["nigehban", report.period.label.replace("..", "_")]
    if report.subject.kind != "city":
        parts += [report.subject.kind, report.subject.id]
    return "-".join(parts)


def render(
    report: Report,
    formats: Sequence[str],
    out_dir: Path,
    language: Language = "en",
    progress: Progress = silent,
) -> list[Path]:
    """The files written, each whole or not at all."""
    texts = load_texts(language)
    out_dir.mkdir(parents=True, exist_ok=True)
    wanted = [name for name in FORMATS if name in formats]
    base = out_dir / stem(report)
    if "xlsx" not in wanted or len(wanted) == 1 or len(report.rows) < LARGE:
        return [path for name in wanted for path in _form(name, base, report, texts, progress)]
    rest = [name for name in wanted if name != "xlsx"]
    with ProcessPoolExecutor(1, get_context("fork"), _inherit, (base, report, texts)) as beside:
        progress("writing xlsx beside the rest")
        workbook = beside.submit(_inherited, "xlsx")
        written = {name: _form(name, base, report, texts, progress) for name in rest}
        written["xlsx"] = workbook.result()
    return [path for name in wanted for path in written[name]]


def _form(name: str, base: Path, report: Report, texts: Texts, progress: Progress) -> list[Path]:
    progress(f"writing {name}")
    return [
        _write(base.with_name(base.name + ending), make(report, texts, progress))
        for ending, make in FORMATS[name]
    ]


_held: list[tuple[Path, Report, Texts]] = []


def _inherit(base: Path, report: Report, texts: Texts) -> None:
    """In the forked child: keeps what it inherited, which is never pickled."""
    _held[:] = [(base, report, texts)]


def _inherited(name: str) -> list[Path]:
    return _form(name, *_held[0], silent)


def _write(path: Path, body: bytes) -> Path:
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        partial.write_bytes(body)
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)
    return path
