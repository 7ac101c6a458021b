"""Figures of a run: medians, the printed table, and bench/results/latest.json."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from math import log
from pathlib import Path
from statistics import median

LATEST = Path(__file__).with_name("results") / "latest.json"
SOME = LATEST.with_name("some.json")
"""Of a run of some groups only, so that the last whole run stays whole."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One line. `ratio` says how many times better than the peer we are, whichever way is better.

    `bound` is what a C loop with sendmmsg reaches where there is one, else the limit to keep."""

    name: str
    ours: float
    peer: float | None
    bound: float | None
    ratio: float | None
    unit: str


def figure(
    name: str,
    unit: str,
    ours: float,
    peer: float | None = None,
    bound: float | None = None,
    *,
    more_is_better: bool = False,
) -> Figure:
    ratio = None
    if peer and ours:
        ratio = ours / peer if more_is_better else peer / ours
    return Figure(name, _short(ours), _short(peer), _short(bound), _short(ratio), unit)  # type: ignore[arg-type]


def times(name: str, ours: float, peer: float, wanted: float) -> Figure:
    """How many times cheaper than the peer, beside how many times it is to be."""
    return figure(name, "times", peer / ours, None, wanted)


def _short(number: float | None) -> float | None:
    """Four significant digits: more is noise."""
    return None if number is None else float(f"{number:.4g}")


def middle(values: Iterable[float]) -> float:
    """The median."""
    return float(median(list(values)))


def quantile(values: Sequence[float], share: float) -> float:
    """The value below which `share` of them lie (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)]


def exponent(sizes: Sequence[float], costs: Sequence[float]) -> float:
    """The slope of log cost over log size by least squares: 1 is linear."""
    xs, ys = [log(size) for size in sizes], [log(cost) for cost in costs]
    x_mean, y_mean = sum(xs) / len(xs), sum(ys) / len(ys)
    above = sum((x - x_mean) * (y - y_mean) for x, y in zip(xs, ys, strict=True))
    return above / sum((x - x_mean) ** 2 for x in xs)


def rendered(figures: Sequence[Figure]) -> str:
    """The table as people read it."""
    head = ("", "ours", "peer", "ratio", "bound", "unit")
    rows = [head, *((f.name, *map(_cell, (f.ours, f.peer, f.ratio, f.bound)), f.unit) for f in figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    lines = []
    for row in rows:
        cells = [row[0].ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(row[1:5], widths[1:5], strict=True)]
        lines.append("  ".join([*cells, row[5]]).rstrip())
    return "\n".join(lines)


def _cell(number: float | None) -> str:
    if number is None:
        return "-"
    return f"{number:,.0f}" if abs(number) >= 1000 else f"{number:.4g}"


def write(figures: Sequence[Figure], path: Path = LATEST) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([asdict(f) for f in figures], indent=1, ensure_ascii=False) + "\n")
