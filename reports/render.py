"""Writes a report in the forms asked for. The same report gives the same bytes."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from reports import render_csv, render_html, render_json, render_pdf, render_xlsx
from reports.given import Progress, silent
from reports.model import Report
from reports.texts import Language, Texts
from reports.texts import load as load_texts

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
    written = []
    for name, forms in FORMATS.items():
        if name not in formats:
            continue
        progress(f"writing {name}")
        for ending, make in forms:
            written.append(_write(out_dir / (stem(report) + ending), make(report, texts, progress)))
    return written


def _write(path: Path, body: bytes) -> Path:
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        partial.write_bytes(body)
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)
    return path
