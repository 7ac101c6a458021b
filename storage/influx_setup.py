"""`nigehban influx setup`: what the server must have before series come, made where it is missing.

Doing it again does nothing, and every step says what it did. Retention is only ever lengthened
unasked: shortening it would delete.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from domain.errors import Permanent
from domain.place import Kind
from storage.influx_http import InfluxSettings, client, find_out, request
from storage.influx_query import ask, identifier
from storage.refusals import Refused

if TYPE_CHECKING:
    import httpx

_UNITS = {"w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1}
ROLLUPS = "years"
"""The retention policy of 1.x that holds hourly means, minima and maxima."""


def setup(settings: InfluxSettings, *, raw_days: int = 90, rollup_days: int = 1825) -> list[str]:
    """Makes database or bucket, retention and (1.x) hourly rollups. Returns what was done, in words.

    0 days keep for ever. Needs the rights of an administrator; domain.errors otherwise."""
    with client(settings) as http:
        server = find_out(http, settings)
        did = [f"found {server} at {settings.url}"]
        if server.major >= 3:
            did += _three(http, settings, raw_days)
        elif server.major == 2:
            did += _two(http, settings, raw_days)
        else:
            did += _one(http, settings, raw_days, rollup_days)
        return did


def _one(http: httpx.Client, settings: InfluxSettings, raw_days: int, rollup_days: int) -> Iterator[str]:
    database = identifier(settings.database)
    have = [row[0] for row in _values(ask(http, settings, "SHOW DATABASES"))]
    if settings.database in have:
        yield f"database {settings.database} was there"
    else:
        ask(http, settings, f"CREATE DATABASE {database} WITH DURATION {_days(raw_days)}", "POST")
        if [settings.database] not in _values(ask(http, settings, "SHOW DATABASES")):
            yield "this server has no databases to make (VictoriaMetrics needs none, nor retention by us)"
            return
        yield f"made database {settings.database}, kept {_words(raw_days)}"
    policies = {row[0]: row for row in _values(ask(http, settings, f"SHOW RETENTION POLICIES ON {database}"))}
    raw = next((name for name, row in policies.items() if row[-1] is True), "autogen")
    yield from _retain(http, settings, raw, str(policies.get(raw, ["", "0s"])[1]), raw_days)
    if ROLLUPS in policies:
        yield from _retain(http, settings, ROLLUPS, str(policies[ROLLUPS][1]), rollup_days)
    else:
        policy = (
            f"CREATE RETENTION POLICY {ROLLUPS} ON {database} DURATION {_days(rollup_days)} REPLICATION 1"
        )
        ask(http, settings, policy, "POST")
        yield f"made retention policy {ROLLUPS} for hourly rollups, kept {_words(rollup_days)}"
    kinds = "|".join(kind.value for kind in Kind)
    body = (
        "RESAMPLE EVERY 1h FOR 6h BEGIN SELECT mean(*), min(*), max(*) "  # noqa: S608 - quoted
        f"INTO {database}.{ROLLUPS}.:MEASUREMENT "
        f"FROM {database}.{identifier(raw)}./^({kinds})$/ GROUP BY time(1h), * END"
    )
    queries = _series(ask(http, settings, "SHOW CONTINUOUS QUERIES"), settings.database)
    if any(row[0] == "hourly" for row in queries):
        yield "continuous query hourly was there"
    else:
        ask(http, settings, f"CREATE CONTINUOUS QUERY hourly ON {database} {body}", "POST")
        yield "made continuous query hourly: mean, min and max of every metric"


def _retain(http: httpx.Client, settings: InfluxSettings, policy: str, have: str, days: int) -> Iterator[str]:
    seconds = sum(int(number) * _UNITS[unit] for number, unit in re.findall(r"(\d+)([wdhms])", have))
    wanted = days * 86_400
    if seconds == wanted:
        return
    if seconds and (not wanted or wanted > seconds):
        name = f"{identifier(policy)} ON {identifier(settings.database)}"
        ask(http, settings, f"ALTER RETENTION POLICY {name} DURATION {_days(days)}", "POST")
        yield f"lengthened retention policy {policy} from {have} to {_words(days)}"
    else:
        yield f"left retention policy {policy} at {_words(seconds // 86_400)}: shortening it would delete"


def _two(http: httpx.Client, settings: InfluxSettings, raw_days: int) -> Iterator[str]:
    query = {"name": settings.database, "org": settings.org}
    try:
        found = request(http, settings, "GET", "/api/v2/buckets", params=query).json()["buckets"]
    except Refused as error:
        if "HTTP 404" not in str(error):
            raise
        found = []
    rules: list[dict[str, Any]] = [{"type": "expire", "everySeconds": raw_days * 86_400}] if raw_days else []
    if not found:
        orgs = request(http, settings, "GET", "/api/v2/orgs", params={"org": settings.org}).json()["orgs"]
        if not orgs:
            raise Permanent(f"there is no organisation {settings.org!r} in this InfluxDB")
        bucket = {"orgID": orgs[0]["id"], "name": settings.database, "retentionRules": rules}
        request(http, settings, "POST", "/api/v2/buckets", json=bucket)
        yield f"made bucket {settings.database}, kept {_words(raw_days)}"
        return
    yield f"bucket {settings.database} was there"
    kept = sum(int(rule.get("everySeconds", 0)) for rule in found[0].get("retentionRules", ()))
    if kept and (not raw_days or raw_days * 86_400 > kept):
        path = f"/api/v2/buckets/{found[0]['id']}"
        request(http, settings, "PATCH", path, json={"retentionRules": rules})
        yield f"lengthened its retention to {_words(raw_days)}"
    elif kept != raw_days * 86_400:
        yield f"left its retention at {_words(kept // 86_400)}: shortening it would delete"


def _three(http: httpx.Client, settings: InfluxSettings, raw_days: int) -> Iterator[str]:
    body: dict[str, Any] = {"db": settings.database}
    if raw_days:
        body["retention_period"] = f"{raw_days}d"
    try:
        request(http, settings, "POST", "/api/v3/configure/database", json=body)
    except Refused as error:
        if "HTTP 409" not in str(error):
            raise
        yield f"database {settings.database} was there"
    else:
        yield f"made database {settings.database}, kept {_words(raw_days)}"


def _values(results: list[dict[str, Any]]) -> list[list[Any]]:
    return [
        row for result in results for series in result.get("series", ()) for row in series.get("values", ())
    ]


def _series(results: list[dict[str, Any]], name: str) -> list[list[Any]]:
    return [
        row
        for result in results
        for series in result.get("series", ())
        if series.get("name") == name
        for row in series.get("values", ())
    ]


def _days(days: int) -> str:
    return f"{days}d" if days else "INF"


def _words(days: int) -> str:
    return f"{days} days" if days else "for ever"
