"""Dashboards as files: dist/*.json is what the pages say, and stays so.

The files are committed, for those who provision Grafana from files and run no Python there.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from dashboards import alerting, batteries, box, city, device, district, feeders, health, uptime, year
from dashboards.lint import lint
from dashboards.page import Page
from dashboards.panels import Json
from domain.errors import Problem

DIST = Path(__file__).with_name("dist")
REBUILD = "run `nigehban dashboards build`"


def pages() -> tuple[Page, ...]:
    return tuple(
        module.page()
        for module in (city, district, box, device, batteries, feeders, alerting, health, uptime, year)
    )


def built() -> dict[str, Json]:
    """File name -> dashboard, in the order of the menu."""
    return {f"{page.uid}.json": page.json() for page in pages()}


def text(dashboard: Json) -> str:
    return json.dumps(dashboard, indent=2, ensure_ascii=False) + "\n"


def write(directory: Path = DIST) -> list[str]:
    """Writes what differs and removes what no page makes any more. The names of changed files."""
    directory.mkdir(exist_ok=True)
    made = {name: text(dashboard) for name, dashboard in built().items()}
    changed = []
    for path in sorted(directory.glob("*.json")):
        if path.name not in made:
            path.unlink()
            changed.append(path.name)
    for name, wanted in made.items():
        path = directory / name
        if not path.is_file() or path.read_text(encoding="utf-8") != wanted:
            path.write_text(wanted, encoding="utf-8")
            changed.append(name)
    return changed


def stale(directory: Path = DIST) -> list[Problem]:
    """Where the files are not what the pages say; empty when they are current."""
    made = {name: text(dashboard) for name, dashboard in built().items()}
    found = []
    for name, wanted in made.items():
        path = directory / name
        if not path.is_file():
            found.append(Problem(str(path), 1, "this dashboard is missing", REBUILD))
            continue
        line = _differs(path.read_text(encoding="utf-8"), wanted)
        if line:
            found.append(Problem(str(path), line, "this file is not what its page says", REBUILD))
    kept = {path.name for path in directory.glob("*.json")}
    found += [
        Problem(str(directory / n), 1, "no page makes this file", REBUILD) for n in sorted(kept - set(made))
    ]
    return found


def _differs(have: str, wanted: str) -> int:
    """The first line that differs, 0 where none does."""
    if have == wanted:
        return 0
    pairs = zip(have.splitlines(), wanted.splitlines(), strict=False)
    return next((number for number, (a, b) in enumerate(pairs, 1) if a != b), 1)


def check(directory: Path = DIST) -> list[Problem]:
    """Everything that is wrong: what the lint finds, and files that are not current."""
    found = stale(directory)
    for name, dashboard in built().items():
        found += lint(dashboard, str(directory / name), text(dashboard))
    return found


def load(directory: Path = DIST) -> Mapping[str, Json]:
    """The dashboards as they are on disk, by file name."""
    return {
        path.name: json.loads(path.read_text(encoding="utf-8")) for path in sorted(directory.glob("*.json"))
    }
