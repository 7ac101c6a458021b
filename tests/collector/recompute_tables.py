"""The tables of tests/collector/expected: what one raw row says, and whose label it carries."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import yaml

Rows = dict[str, int | str]
Meaning = float | str | dict[int | str, int]

_SUFFIX = re.compile(r" #([\d.]+)$")


@cache
def tables() -> dict[str, list[tuple[str, str, Meaning]]]:
    """metric -> (OID or column, label where it is a word of the profile, meaning)."""
    out: dict[str, list[tuple[str, str, Meaning]]] = {}
    for path in sorted((Path(__file__).parent / "expected").glob("*.yaml")):
        for metric, rows in yaml.safe_load(path.read_text(encoding="utf-8")).items():
            for key, meaning in rows.items():
                where, _, label = key.partition(" = ")
                out.setdefault(metric, []).append((where, label, meaning))
    return out


def tabled(metric: str, label: str, rows: Rows) -> Iterator[float]:
    """Every number the tables allow for this metric and label."""
    for where, word, meaning in tables().get(metric, ()):
        if word:
            names = [where] if word == label else []
        elif not label:
            names = [where]
        else:
            names = [
                name for name in rows if name.startswith(f"{where}.") and _labels(name, where, label, rows)
            ]
        for name in names:
            if (raw := rows.get(name)) is not None and (value := _means(raw, meaning)) is not None:
                yield value


def _labels(name: str, column: str, label: str, rows: Rows) -> bool:
    """Whether the row of this column may carry the label: its index, a part of it, or its name elsewhere."""
    index = name[len(column) + 1 :]
    if label == index or label in index.split("."):
        return True
    suffix = _SUFFIX.search(label)
    if suffix and suffix.group(1) != index:
        return False
    return any(_same(text, _SUFFIX.sub("", label)) for text in _texts(rows).get(index.rpartition(".")[2], ()))


def _same(text: str, label: str) -> bool:
    """A label is the name it was made from, at times less a state or cut at its end."""
    plain = " ".join(text.split()).casefold()
    return bool(label) and plain.startswith(label.casefold())


def _texts(rows: Rows) -> dict[str, list[str]]:
    """Texts by the last part of their index; kept for the recording last asked about."""
    if not (_last and _last[0][0] is rows):
        by_index: dict[str, list[str]] = {}
        for name, raw in rows.items():
            if isinstance(raw, str):
                by_index.setdefault(name.rpartition(".")[2], []).append(raw)
        _last[:] = [(rows, by_index)]
    return _last[0][1]


_last: list[tuple[Rows, dict[str, list[str]]]] = []


def _means(raw: int | str, meaning: Meaning) -> float | None:
    if isinstance(meaning, dict):
        if isinstance(raw, str) and raw.isdigit():
            raw = int(raw)
        return meaning.get(raw)
    text = str(raw)
    if meaning == "degrees with a letter for the scale":
        found = re.match(r"(-?[\d.]+) ?([CF])", text)
        if not found:
            return None
        degrees = float(found.group(1))
        return degrees if found.group(2) == "C" else (degrees - 32) / 1.8
    if meaning == "share within 60 Secs":
        found = re.search(r"60 Secs \( *([\d.]+)%", text)
        return float(found.group(1)) if found else None
    number = _number(text)
    if number is None:
        return None
    if meaning == "hundredths of a degree Fahrenheit":
        return (number / 100 - 32) / 1.8
    if meaning == "more than nothing":
        return float(number > 0)
    return number * float(meaning)


def _number(text: str) -> float | None:
    found = re.match(r"([+-]?\d+(\.\d+)?) ?[A-Za-z%]*$", text)
    return float(found.group(1)) if found else None
