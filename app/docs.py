"""`python -m app.docs`: the pages of docs/ that are made of data, and whether they are current."""

from __future__ import annotations

import sys
from pathlib import Path

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


def main() -> None:
    """Writes the pages; with --check only says whether they are current (exit code 1 if not)."""
    if "--check" in sys.argv[1:]:
        raise SystemExit(0 if METRICS.read_text(encoding="utf-8") == metrics() else 1)
    METRICS.write_text(metrics(), encoding="utf-8")


if __name__ == "__main__":
    main()
