"""What a dashboard may not hold: above all, what one of the three InfluxDB generations lacks. PURE.

InfluxQL is one language with three dialects. InfluxDB 3 has no SLIMIT and SOFFSET, no SAMPLE() and
INTEGRAL(), no technical analysis, no INTO, DELETE or DROP, takes one statement a request, and its
databases have no retention policies to name in FROM; so the list of functions is one of what is
allowed, not of what is forbidden (InfluxDB documentation, "InfluxQL feature support").
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from dashboards.panels import DATASOURCE, YEARS, Json
from dashboards.units import RATES, UNITS
from domain.errors import Problem
from domain.metric import CATALOGUE
from domain.series import (
    BOX,
    DEVICE_FIELDS,
    DEVICE_KINDS,
    DEVICE_TAGS,
    MEASUREMENTS,
    ROLLUPS,
    TIME_DOWN,
)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


FUNCTIONS = _words(
    "count distinct mean median mode spread stddev sum bottom first last max min percentile top "
    "abs acos asin atan atan2 ceil cos cumulative_sum derivative difference elapsed exp floor ln log log2 "
    "log10 moving_average non_negative_derivative non_negative_difference pow round sin sqrt tan "
    "now time tz fill"
)
"""What InfluxQL of 1.x, 2.x and 3 Core have in common."""

_LACKING = {
    "slimit": "leave it out: InfluxDB 3 has no SLIMIT",
    "soffset": "leave it out: InfluxDB 3 has no SOFFSET",
    "into": "leave it out: a dashboard writes nothing",
    "delete": "leave it out: a dashboard deletes nothing",
    "drop": "leave it out: a dashboard deletes nothing",
    "create": "leave it out: a dashboard makes nothing",
    "alter": "leave it out: a dashboard changes nothing",
    "grant": "leave it out: a dashboard grants nothing",
    "revoke": "leave it out: a dashboard revokes nothing",
    "kill": "leave it out: a dashboard stops nothing",
    "cardinality": "leave it out: InfluxDB 3 counts no cardinality",
    "explain": "leave it out: InfluxDB 3 explains otherwise",
}
_SHOWN = ("show tag values", "show tag keys", "show field keys", "show measurements")
_WORDS = _words("select and or in not by as from where key with")

_LITERAL = re.compile(r"'(?:[^'\\]|\\.)*'")
_REGEX = re.compile(r"(=~|!~|\bfrom|\bFROM)\s*/(?:[^/\\]|\\.)+/")
_NAME = re.compile(r'"((?:[^"\\]|\\.)*)"')
_CALL = re.compile(r"\b([A-Za-z_][A-Za-z0-9_]*)\s*\(")
_ALIAS = re.compile(r'\bas\s+"((?:[^"\\]|\\.)*)"', re.IGNORECASE)
_FROM = re.compile(r"\bfrom\s+([^()\s,]+)", re.IGNORECASE)

_KNOWN_NAMES = (
    frozenset(MEASUREMENTS)
    | frozenset(DEVICE_KINDS)
    | frozenset(DEVICE_TAGS)
    | frozenset(CATALOGUE)
    | frozenset(DEVICE_FIELDS)
    | frozenset(metric.label for metric in CATALOGUE.values() if metric.label)
    | frozenset(name for m in MEASUREMENTS.values() for name in (*m.tags, *m.fields, *m.texts))
)
_ROLLED_NAMES = (
    frozenset(DEVICE_KINDS)
    | frozenset(DEVICE_TAGS)
    | frozenset(metric.label for metric in CATALOGUE.values() if metric.label)
    | frozenset((BOX.name, *BOX.tags, TIME_DOWN))
    | frozenset(f"{how}_{name}" for how in ROLLUPS for name in (*CATALOGUE, *DEVICE_FIELDS, *BOX.fields))
)
"""What the hourly rollups hold."""
_KNOWN_UNITS = frozenset(UNITS.values()) | frozenset(RATES.values())
_MORE_UNITS = frozenset({"dtdurations", "dateTimeFromNow", "none"})


@dataclass(frozen=True, slots=True)
class Fault:
    what: str
    remedy: str
    near: str  # a piece of the file's text by which its line is found


def lint(dashboard: Json, file: str, text: str) -> list[Problem]:
    """Everything wrong with one dashboard, by line of its file."""
    return [Problem(file, _line(text, f.near), f.what, f.remedy) for f in _faults(dashboard, text)]


def _line(text: str, near: str) -> int:
    found = text.find(json.dumps(near, ensure_ascii=False)[1:-1]) if near else -1
    return text.count("\n", 0, found) + 1 if found >= 0 else 1


def _faults(dashboard: Json, text: str) -> Iterator[Fault]:
    yield from _addresses(text)
    ids: dict[int, str] = {}
    variables = {one["name"] for one in dashboard["templating"]["list"] if one["type"] == "datasource"}
    sources = [source for source in (DATASOURCE, YEARS) if source["uid"][2:-1] in variables]
    for panel in panels(dashboard):
        title = str(panel.get("title", ""))
        if panel["id"] in ids:
            yield Fault(f"panel {title!r} has the id of {ids[panel['id']]!r}", "give it another title", title)
        ids[panel["id"]] = title
        if panel["type"] != "row":
            yield from _panel(panel, title, sources)
    yield from _overlaps(dashboard)
    for query, near, source in queries(dashboard):
        for what, remedy in query_faults(query, _ROLLED_NAMES if source == YEARS else _KNOWN_NAMES):
            yield Fault(f"{near}: {what}", remedy, query)


def panels(dashboard: Json) -> Iterator[Json]:
    """Every panel, those of folded rows too."""
    for panel in dashboard["panels"]:
        yield panel
        yield from panel.get("panels", ())


def queries(dashboard: Json) -> Iterator[tuple[str, str, Json]]:
    """Every query a dashboard sends, where it stands, and the data source it asks."""
    for panel in panels(dashboard):
        for target in panel.get("targets", ()):
            yield target["query"], f"panel {panel['title']!r}", target["datasource"]
    for variable in dashboard["templating"]["list"]:
        if variable["type"] == "query":
            yield variable["query"], f"variable {variable['name']!r}", variable["datasource"]
    for annotation in dashboard["annotations"]["list"]:
        yield annotation["target"]["query"], f"annotation {annotation['name']!r}", annotation["datasource"]


def _addresses(text: str) -> Iterator[Fault]:
    for found in re.finditer(r"https?://[^\"\s]+", text):
        yield Fault(
            f"{found[0]} is on a network this city may not have", "leave it out, or serve it here", found[0]
        )


def _panel(panel: Json, title: str, sources: Sequence[Json]) -> Iterator[Fault]:
    if not panel.get("description"):
        yield Fault(f"panel {title!r} has no description", "say how to read it", title)
    for place in (panel, *panel.get("targets", ())):
        if place.get("datasource") not in sources:
            remedy = f"use the variable {' or '.join(str(source['uid']) for source in sources)}"
            yield Fault(f"panel {title!r} names a data source", remedy, title)
    if panel["type"] == "geomap" and panel["options"]["basemap"]["type"] in ("", "default"):
        yield Fault(f"map {title!r} fetches its base layer from the internet", "use maps.BASE_LAYER", title)
    for unit in _units(panel):
        if unit not in _KNOWN_UNITS | _MORE_UNITS:
            yield Fault(f"panel {title!r} has the unit {unit!r}", "take it from dashboards.units", title)


def _units(panel: Json) -> Iterator[str]:
    config = panel["fieldConfig"]
    yield config["defaults"]["unit"]
    for override in config["overrides"]:
        yield from (p["value"] for p in override["properties"] if p["id"] == "unit")


def _overlaps(dashboard: Json) -> Iterator[Fault]:
    for group in (dashboard["panels"], *(p["panels"] for p in dashboard["panels"] if p.get("panels"))):
        taken: dict[tuple[int, int], str] = {}
        for panel in group:
            grid, title = panel["gridPos"], str(panel["title"])
            if grid["x"] + grid["w"] > 24:
                yield Fault(f"panel {title!r} is wider than the page", "make it narrower", title)
            cells = [
                (x, y)
                for x in range(grid["x"], grid["x"] + grid["w"])
                for y in range(grid["y"], grid["y"] + grid["h"])
            ]
            covered = next((taken[cell] for cell in cells if cell in taken), None)
            if covered is not None:
                yield Fault(f"panel {title!r} lies over {covered!r}", "move one of them", title)
            taken.update(dict.fromkeys(cells, title))


def query_faults(query: str, known: frozenset[str] = _KNOWN_NAMES) -> Iterator[tuple[str, str]]:
    """What is wrong with one query, and what to write instead."""
    bare = _LITERAL.sub("''", query)
    aliases = set(_ALIAS.findall(bare))
    without_regex = _REGEX.sub(r"\1 _", bare)
    for name in _NAME.findall(bare):
        if name not in known and name not in aliases:
            yield f"{name!r} is never written", "take the name from domain.metric or domain.series"
    plain = _NAME.sub("_", without_regex)
    words = re.findall(r"[a-z_]+", plain.lower())
    yield from ((f"{word.upper()} is not everywhere", _LACKING[word]) for word in words if word in _LACKING)
    for called in _CALL.findall(plain):
        if called.lower() not in FUNCTIONS and called.lower() not in _WORDS:
            yield f"{called}() is not in every InfluxQL", f"use one of {', '.join(sorted(FUNCTIONS))}"
    if ";" in plain:
        yield "more than one statement", "write one query a target: InfluxDB 3 takes one a request"
    for found in _FROM.findall(without_regex):
        if re.search(r'"\s*\.|\.\.|\.\s*"', found) or re.fullmatch(r"\w+\.\w+.*", found):
            yield "a retention policy in FROM", "name the measurement alone: InfluxDB 3 has no policies"
    start = plain.strip().lower()
    if start.startswith("show"):
        if not start.startswith(_SHOWN):
            yield "this SHOW is not everywhere", f"use one of {', '.join(_SHOWN)}"
    elif not start.startswith("select"):
        yield "neither SELECT nor SHOW", "write a SELECT"
    elif "$timefilter" not in start:
        yield "no $timeFilter: it would read the whole store", "add WHERE $timeFilter"


def joined(problems: Iterable[Problem]) -> str:
    return "\n".join(map(str, problems))
