"""A page: rows of panels, variables and annotations, laid out and made into Grafana's JSON. PURE."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from zlib import crc32

from dashboards.influxql import ANY_DEVICE, chosen
from dashboards.panels import DATASOURCE, YEARS, Json, Panel
from domain.series import BOX, INCIDENT

TIMEZONE = "Asia/Karachi"
SCHEMA_VERSION = 39  # Grafana 10.4 and later read it; newer ones migrate it by themselves
TAG = "nigehban"
FOLDER = {"uid": "nigehban", "title": "Nigehban"}
DATASOURCE_NAME, DATASOURCE_UID = "Nigehban", "nigehban-influx"
YEARS_NAME, YEARS_UID = "Nigehban years", "nigehban-years"

YEAR = "nigehban-year"

PAGES = {
    "nigehban-city": "City",
    "nigehban-district": "District",
    "nigehban-box": "Box",
    "nigehban-device": "Device",
    "nigehban-batteries": "Batteries",
    "nigehban-feeders": "Feeders",
    "nigehban-alerting": "Alerting",
    "nigehban-health": "Monitor health",
    "nigehban-uptime": "Uptime",
    YEAR: "Year",
}
"""uid -> title, in the order of the menu on every page. A uid is for ever: links hang on it."""


@dataclass(frozen=True, slots=True)
class Row:
    """Panels under one heading; a folded row is not queried until it is opened."""

    title: str
    panels: tuple[Panel, ...]
    folded: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    uid: str
    description: str
    rows: tuple[Row, ...]
    variables: tuple[Json, ...] = ()
    annotations: tuple[Json, ...] = ()
    start: str = "now-6h"
    refresh: str = "1m"
    years: bool = False  # it asks the hourly rollups

    @property
    def title(self) -> str:
        return PAGES[self.uid]

    def json(self) -> Json:
        return {
            "uid": self.uid,
            "title": self.title,
            "description": self.description,
            "tags": [TAG],
            "timezone": TIMEZONE,
            "editable": True,
            "graphTooltip": 1,
            "schemaVersion": SCHEMA_VERSION,
            "refresh": self.refresh,
            "time": {"from": self.start, "to": "now"},
            "timepicker": {"refresh_intervals": ["30s", "1m", "5m", "15m", "1h"]},
            "links": _menu(self.uid),
            "annotations": {"list": list(self.annotations)},
            "templating": {"list": [*_sources(self.years), *self.variables]},
            "panels": list(_laid_out(self.rows)),
        }


def _laid_out(rows: Sequence[Row]) -> list[Json]:
    """Panels flow from left to right; a new line begins where the 24 columns are full."""
    found: list[Json] = []
    y = 0
    for row in rows:
        heading: Json = {
            "id": _id("row", row.title),
            "type": "row",
            "title": row.title,
            "collapsed": row.folded,
            "gridPos": {"h": 1, "w": 24, "x": 0, "y": y},
            "panels": [],
        }
        y += 1
        placed, below = _placed(row.panels, y)
        found.append(heading)
        if row.folded:
            heading["panels"] = placed
        else:
            found += placed
            y = below
    return found


def _placed(panels: Sequence[Panel], top: int) -> tuple[list[Json], int]:
    x, y, tallest = 0, top, 0
    placed = []
    for panel in panels:
        if x + panel.width > 24:
            x, y, tallest = 0, y + tallest, 0
        grid = {"h": panel.height, "w": panel.width, "x": x, "y": y}
        placed.append({"id": _id("panel", str(panel.body["title"])), **panel.body, "gridPos": grid})
        x, tallest = x + panel.width, max(tallest, panel.height)
    return placed, y + tallest


def _id(*what: str) -> int:
    """A number that stays the same when panels are added around it: links to panels hang on it."""
    return crc32("/".join(what).encode()) % 1_000_000 + 1


def _menu(here: str) -> list[Json]:
    return [
        {
            "type": "link",
            "title": title,
            "url": f"/d/{uid}",
            "icon": "dashboard",
            "tooltip": f"The page {title}",
            "tags": [],
            "asDropdown": False,
            "targetBlank": False,
            "includeVars": True,
            "keepTime": YEAR
            not in (here, uid),  # a year of minutes asks much, six hours of hours say nothing
        }
        for uid, title in PAGES.items()
        if uid != here
    ]


_NOTHING_YET: Json = {"text": "", "value": ""}  # Grafana then chooses the first there is


def _sources(years: bool) -> list[Json]:
    found = [_source("datasource", "InfluxDB", "Where the series are", DATASOURCE_NAME, DATASOURCE_UID)]
    if years:
        found.append(_source("years", "Years", "Where the hourly rollups are", YEARS_NAME, YEARS_UID))
    return found


def _source(name: str, label: str, description: str, title: str, uid: str) -> Json:
    return {
        "type": "datasource",
        "name": name,
        "label": label,
        "description": description,
        "query": "influxdb",
        "regex": "",
        "hide": 0,
        "refresh": 1,
        "multi": False,
        "includeAll": False,
        "options": [],
        "current": {"text": title, "value": uid},  # else the first there is
    }


def _variable(name: str, label: str, description: str, query: str, several: bool) -> Json:
    found: Json = {
        "type": "query",
        "name": name,
        "label": label,
        "description": description,
        "datasource": DATASOURCE,
        "query": query,
        "definition": query,
        "refresh": 2,
        "sort": 7,
        "regex": "",
        "hide": 0,
        "multi": several,
        "includeAll": several,
        "options": [],
        "current": {"text": ["All"], "value": ["$__all"]} if several else _NOTHING_YET,
    }
    if several:
        found["allValue"] = ".*"
    return found


def _values(tag: str, measurement: str, *conditions: str) -> str:
    narrowed = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    return f'SHOW TAG VALUES FROM {measurement} WITH KEY = "{tag}"{narrowed}'


def districts(several: bool = True) -> Json:
    query = _values("district", f'"{BOX.name}"')
    return _variable("district", "District", "Districts of the inventory", query, several)


def feeders() -> Json:
    query = _values("feeder", f'"{BOX.name}"', chosen("district"))
    return _variable("feeder", "Feeder", "Power feeders of the chosen districts", query, True)


def boxes(several: bool = True, within: str = "district") -> Json:
    query = _values("box", f'"{BOX.name}"', chosen(within)) if within else _values("box", f'"{BOX.name}"')
    return _variable("box", "Box", "Distribution boxes", query, several)


def devices(several: bool = False) -> Json:
    query = _values("device", ANY_DEVICE, chosen("box"))
    words = "Devices of the chosen boxes" if several else "Devices of the chosen box"
    return _variable("device", "Device", words, query, several)


def filled_from_years(variable: Json) -> Json:
    """The same variable, filled from the hourly rollups: what is gone by now is there as well."""
    return {**variable, "datasource": YEARS}


def incidents(*conditions: str) -> Json:
    """Openings, changes and closings of incidents, drawn into every graph of the page."""
    narrowed = " AND ".join(("$timeFilter", *conditions))
    query = f'SELECT "title", "box", "concern" FROM "{INCIDENT.name}" WHERE {narrowed}'  # noqa: S608 - constants
    made: dict[str, Any] = {
        "name": "Incidents",
        "datasource": DATASOURCE,
        "enable": True,
        "hide": False,
        "iconColor": "red",
        "target": {
            "refId": "Anno",
            "query": query,
            "rawQuery": True,
            "fromAnnotations": True,
            "textEditor": True,
            "queryType": "tags",
            "name": "Incidents",
            "titleColumn": "",
            "textColumn": "title",
            "tagsColumn": "box,concern",
            "timeEndColumn": "",
            "limit": 1000,
            "matchAny": False,
            "tags": [],
            "type": "dashboard",
        },
    }
    return made
