"""Small pieces of InfluxQL, the one language of InfluxDB 1.x, 2.x and 3. PURE.

Fields are looked up in the catalogue (domain.metric, domain.series), so that a query cannot name
what is never written.
"""

# ruff: noqa: S608 - queries are made of the catalogue's own names, for Grafana to send

from __future__ import annotations

from collections.abc import Sequence

from domain.metric import CATALOGUE, Metric
from domain.series import DEVICE_FIELDS, DEVICE_KINDS, MEASUREMENTS, ROLLUPS

ANY_DEVICE = f"/^({'|'.join(DEVICE_KINDS)})$/"
"""Every measurement of devices."""


def metric(measurement: str, name: str) -> Metric:
    """The metric behind a field; KeyError when that measurement has no such number."""
    if measurement in MEASUREMENTS:
        return MEASUREMENTS[measurement].fields[name]
    return DEVICE_FIELDS.get(name) or CATALOGUE[name]


def rolled(measurement: str, which: str, name: str) -> str:
    """A field of the hourly rollups, quoted; KeyError when that measurement has no such number."""
    if which not in ROLLUPS:
        raise KeyError(which)
    return f'"{which}_{metric(measurement, name).name}"'


def source(measurement: str) -> str:
    return measurement if measurement.startswith("/") else f'"{measurement}"'


def chosen(tag: str, variable: str | None = None) -> str:
    """A condition on a tag by a template variable, whether one, several or all are chosen."""
    return f'"{tag}" =~ /^${{{variable or tag}:regex}}$/'


def where(*conditions: str) -> str:
    return " AND ".join(("$timeFilter", *conditions))


def by(*tags: str) -> str:
    return ", ".join(f'"{tag}"' for tag in tags)


def over_time(
    measurement: str,
    column: str,
    conditions: Sequence[str],
    tags: Sequence[str] = (),
    fill: str = "none",
) -> str:
    """`column` (such as mean("x")) for each interval of the graph, split by tags."""
    groups = ", ".join(("time($__interval)", *([by(*tags)] if tags else [])))
    start = f"SELECT {column} FROM {source(measurement)} WHERE {where(*conditions)}"
    return f"{start} GROUP BY {groups} fill({fill})"


def each(
    measurement: str, columns: Sequence[str], conditions: Sequence[str], tags: Sequence[str] = ()
) -> str:
    """One row for each combination of tags, of the whole range."""
    grouped = f" GROUP BY {by(*tags)}" if tags else ""
    return f"SELECT {', '.join(columns)} FROM {source(measurement)} WHERE {where(*conditions)}{grouped}"


def total_of_last(measurement: str, field: str, conditions: Sequence[str], tag: str) -> str:
    """The sum over all values of a tag of the newest value: how many boxes are down now."""
    metric(measurement, field)
    inner = each(measurement, [f'last("{field}") AS "{field}"'], conditions, [tag])
    return f'SELECT sum("{field}") FROM ({inner})'


def total_over_time(measurement: str, field: str, conditions: Sequence[str], tag: str) -> str:
    """The same over time: within an interval, each value of the tag counts with its mean."""
    metric(measurement, field)
    inner = over_time(measurement, f'mean("{field}") AS "{field}"', conditions, [tag])
    return f'SELECT sum("{field}") FROM ({inner}) WHERE $timeFilter GROUP BY time($__interval) fill(none)'
