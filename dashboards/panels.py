"""Builders of panels: each returns one panel of Grafana's dashboard JSON. PURE.

A panel says what it shows (title), how to read it (description, never empty), and where it goes on
from there (links). Unit, legend and colours come from the catalogue through dashboards.units.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dashboards import units
from domain.metric import Metric

Json = dict[str, Any]

DATASOURCE: Json = {"type": "influxdb", "uid": "${datasource}"}
YEARS: Json = {"type": "influxdb", "uid": "${years}"}
"""The hourly rollups: what the page Year asks, and no other."""

_TOOLTIP: Json = {"mode": "multi", "sort": "desc"}
_LEGEND: Json = {"showLegend": True, "displayMode": "list", "placement": "bottom", "calcs": []}


@dataclass(frozen=True, slots=True)
class Panel:
    """A panel and the room it takes, in columns of 24 and rows of 30 pixels."""

    body: Json
    width: int = 12
    height: int = 8


@dataclass(frozen=True, slots=True)
class Look:
    """How values are shown; `of` gives unit and legend from a metric."""

    unit: str = "none"
    mappings: Sequence[Json] = ()
    thresholds: Json = field(default_factory=lambda: units.steps("text"))
    low: float | None = None
    high: float | None = None
    decimals: int | None = None
    empty: str | None = None
    by_thresholds: bool = False

    @staticmethod
    def of(metric: Metric, **more: Any) -> Look:
        given: Json = {"unit": units.unit(metric), "mappings": units.mappings(metric), **more}
        return Look(**given)

    def field(self, custom: Json | None = None, links: Sequence[Json] = ()) -> Json:
        mode = "thresholds" if self.by_thresholds or self.mappings else "palette-classic"
        found: Json = {
            "unit": self.unit,
            "color": {"mode": mode},
            "mappings": list(self.mappings),
            "thresholds": self.thresholds,
        }
        named = (("min", self.low), ("max", self.high), ("decimals", self.decimals), ("noValue", self.empty))
        found |= {key: value for key, value in named if value is not None}
        if custom:
            found["custom"] = custom
        if links:
            found["links"] = list(links)
        return found


def target(query: str, alias: str = "", table: bool = False) -> Json:
    found: Json = {
        "datasource": DATASOURCE,
        "query": query,
        "rawQuery": True,
        "resultFormat": "table" if table else "time_series",
    }
    if alias:
        found["alias"] = alias
    return found


def override(name: str, look: Look | None = None, **properties: Any) -> Json:
    """Another look for one column or series; a keyword such as custom__width is custom.width."""
    given: Json = {}
    if look is not None:
        given = {key: value for key, value in look.field().items() if key != "color" or look.mappings}
    given |= {key.replace("__", "."): value for key, value in properties.items()}
    return {
        "matcher": {"id": "byName", "options": name},
        "properties": [{"id": key, "value": value} for key, value in given.items()],
    }


def link(title: str, uid: str, query: str) -> Json:
    """A link to another page that keeps its time range and data source."""
    return {
        "type": "link",
        "title": title,
        "url": f"/d/{uid}?{query}&${{datasource:queryparam}}&${{__url_time_range}}",
        "targetBlank": False,
        "icon": "",
        "tooltip": "",
        "tags": [],
        "asDropdown": False,
        "includeVars": False,
        "keepTime": False,
    }


def panel(
    kind: str,
    title: str,
    description: str,
    targets: Sequence[Json],
    options: Json,
    defaults: Json,
    overrides: Sequence[Json] = (),
    **more: Any,
) -> Json:
    lettered = [{"refId": chr(ord("A") + number), **one} for number, one in enumerate(targets)]
    found: Json = {
        "type": kind,
        "title": title,
        "description": description,
        "datasource": DATASOURCE,
        "targets": lettered,
        "options": options,
        "fieldConfig": {"defaults": defaults, "overrides": list(overrides)},
    }
    return found | {key: value for key, value in more.items() if value}


def now(panel: Panel, last: str = "10m") -> Panel:
    """The same panel, of the last minutes whatever range the page shows."""
    return Panel({**panel.body, "timeFrom": last, "hideTimeOverride": True}, panel.width, panel.height)


def at_least(panel: Panel, interval: str) -> Panel:
    """The same panel, never finer than the interval: for series written that seldom."""
    return Panel({**panel.body, "interval": interval}, panel.width, panel.height)


def of_years(panel: Panel) -> Panel:
    """The same panel, asked of the hourly rollups."""
    targets = [{**one, "datasource": YEARS} for one in panel.body["targets"]]
    return Panel({**panel.body, "datasource": YEARS, "targets": targets}, panel.width, panel.height)


def leads(panel: Panel, *links: Json) -> Panel:
    """The same panel, with links in its heading."""
    return Panel({**panel.body, "links": list(links)}, panel.width, panel.height)


def stat(
    title: str,
    description: str,
    query: str,
    look: Look,
    *,
    width: int = 4,
    height: int = 4,
    calc: str = "lastNotNull",
    links: Sequence[Json] = (),
    graph: bool = False,
    text_field: str = "",
) -> Panel:
    """One number, coloured by its thresholds or its legend."""
    options: Json = {
        "reduceOptions": {"values": False, "calcs": [calc], "fields": text_field},
        "graphMode": "area" if graph else "none",
        "colorMode": "value",
        "justifyMode": "auto",
        "textMode": "auto",
        "wideLayout": True,
        "showPercentChange": False,
        "percentChangeColorMode": "standard",
        "orientation": "auto",
    }
    defaults = {**look.field(links=links), "color": {"mode": "thresholds"}}
    return Panel(panel("stat", title, description, [target(query)], options, defaults), width, height)


def timeseries(
    title: str,
    description: str,
    targets: Sequence[Json],
    look: Look,
    *,
    width: int = 12,
    height: int = 8,
    overrides: Sequence[Json] = (),
    bars: bool = False,
    stacked: bool = False,
    calcs: Sequence[str] = (),
    links: Sequence[Json] = (),
) -> Panel:
    custom: Json = {
        "drawStyle": "bars" if bars else "line",
        "lineWidth": 1,
        "fillOpacity": 60 if bars else 25 if stacked else 8,
        "showPoints": "never" if bars else "auto",
        "spanNulls": False,
        "axisSoftMin": 0,
    }
    if look.unit in ("volt", "celsius", "degree", "dBm", "hertz"):
        del custom["axisSoftMin"]  # zero says nothing there, and flattens what does
    if stacked:
        custom["stacking"] = {"mode": "normal", "group": "A"}
    legend = {**_LEGEND, "calcs": list(calcs)}
    if calcs:
        legend |= {"displayMode": "table", "placement": "right"}
    options: Json = {"legend": legend, "tooltip": _TOOLTIP}
    body = panel("timeseries", title, description, targets, options, look.field(custom, links), overrides)
    return Panel(body, width, height)


def state_timeline(
    title: str,
    description: str,
    targets: Sequence[Json],
    look: Look,
    *,
    width: int = 24,
    height: int = 8,
    links: Sequence[Json] = (),
    overrides: Sequence[Json] = (),
) -> Panel:
    """One band a series; equal neighbours are merged, gaps stay gaps."""
    options: Json = {
        "mergeValues": True,
        "showValue": "never",
        "alignValue": "left",
        "rowHeight": 0.85,
        "perPage": 40,
        "legend": {**_LEGEND, "showLegend": True},
        "tooltip": {"mode": "single", "sort": "none"},
    }
    custom: Json = {"lineWidth": 0, "fillOpacity": 80}
    defaults = {**look.field(custom, links), "color": {"mode": "thresholds"}}
    body = panel("state-timeline", title, description, targets, options, defaults, overrides)
    return Panel(body, width, height)


def table(
    title: str,
    description: str,
    targets: Sequence[Json],
    columns: Mapping[str, Json | None],
    *,
    width: int = 24,
    height: int = 9,
    sort: str = "",
    descending: bool = True,
    empty: str = "nothing to show",
    time: str = "",
) -> Panel:
    """A table whose columns, in their order, are the keys of `columns`; each may have an override.

    The column of time is dropped unless `time` names it: what InfluxQL puts there beside
    aggregates is the start of the range."""
    names: Json = {"Time": time} if time else {}
    order = {name: number for number, name in enumerate(["Time", *columns] if time else columns)}
    transformations: list[Json] = []
    if len(targets) > 1:
        transformations.append({"id": "merge", "options": {}})
    arranged: Json = {
        "excludeByName": {} if time else {"Time": True},
        "indexByName": order,
        "renameByName": names,
    }
    transformations.append({"id": "organize", "options": arranged})
    options: Json = {
        "frameIndex": 0,
        "showHeader": True,
        "cellHeight": "sm",
    }
    if sort:
        options["sortBy"] = [{"displayName": sort, "desc": descending}]
    custom: Json = {"align": "auto", "cellOptions": {"type": "auto"}, "inspect": False, "filterable": True}
    defaults = Look(empty=empty).field(custom)
    body = panel(
        "table",
        title,
        description,
        targets,
        options,
        {**defaults, "color": {"mode": "thresholds"}},
        [one for one in columns.values() if one],
        transformations=transformations,
    )
    return Panel(body, width, height)


def column(name: str, look: Look, *, links: Sequence[Json] = (), coloured: bool = False) -> Json:
    """The override of one column of a table."""
    more: Json = {"links": list(links)} if links else {}
    if coloured or look.mappings:
        more["custom.cellOptions"] = {"type": "color-text"}
    return override(name, look, **more)


def linked(name: str, *links: Json) -> Json:
    """A column of names that lead to their own pages."""
    return override(name, links=list(links))


def bars(
    title: str, description: str, targets: Sequence[Json], look: Look, *, width: int = 12, height: int = 8
) -> Panel:
    """One bar a row of the answer, longest first where the query sorts so."""
    options: Json = {
        "displayMode": "basic",
        "valueMode": "color",
        "namePlacement": "left",
        "showUnfilled": True,
        "sizing": "auto",
        "minVizWidth": 8,
        "minVizHeight": 16,
        "maxVizHeight": 40,
        "legend": {**_LEGEND, "showLegend": False},
        "reduceOptions": {"values": False, "calcs": ["lastNotNull"], "fields": ""},
        "orientation": "horizontal",
    }
    return Panel(panel("bargauge", title, description, targets, options, look.field()), width, height)
