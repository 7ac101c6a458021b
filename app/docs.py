"""`python -m app.docs`: the pages of docs/ that are made of data, and whether they are current."""

from __future__ import annotations

import sys
from pathlib import Path

from app.device_docs import DEVICES, devices
from domain.metric import CATALOGUE, Metric

METRICS = Path(__file__).parents[1] / "docs" / "metrics.md"

_HEAD = """# Metrics

Every name rules, profiles, stores and dashboards may use, made from `domain/metric.py` by
`python -m app.docs`. A metric with a label is written `name{label}`, such as `port_up{3}`.
A value outside the range is reported absent, never stored.

| metric | label | unit | shape | range | meaning |
|---|---|---|---|---|---|
"""


def metrics() -> str:
    return _HEAD + "".join(map(_row, CATALOGUE.values()))


def _row(metric: Metric) -> str:
    legend = ", ".join(f"{number} = {word}" for number, word in (metric.legend or {}).items())
    meaning = f"{metric.meaning} ({legend})" if legend else metric.meaning
    span = "" if legend or metric.shape == "counter" else f"{metric.low:g} to {metric.high:g}"
    label = f"`{metric.label}`" if metric.label else ""
    return f"| `{metric.name}` | {label} | {metric.unit} | {metric.shape} | {span} | {meaning} |\n"


PAGES = {METRICS: metrics, DEVICES: devices}
"""Each page made of data, and what makes it."""


def main() -> None:
    """Writes the pages; with --check only says which are not current (exit code 1 then)."""
    old = [page for page, made in PAGES.items() if not _current(page, made())]
    if "--check" in sys.argv[1:]:
        for page in old:
            print(f"docs/{page.name}: not current, run: make docs", file=sys.stderr)
        raise SystemExit(1 if old else 0)
    for page in old:
        page.write_text(PAGES[page](), encoding="utf-8")


def _current(page: Path, text: str) -> bool:
    return page.is_file() and page.read_text(encoding="utf-8") == text


if __name__ == "__main__":
    main()
