"""`nigehban influx setup`: what the server must have before series come, made where it is missing.

Two databases or buckets: one for what is measured, one beside it for its hourly rollups
(storage.years). Doing it again does nothing, and every step says what it did. Retention is only
ever lengthened unasked: shortening it would delete.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from domain.errors import Permanent
from storage.influx_http import InfluxSettings, client, find_out, request
from storage.influx_query import ask, speaks_influxql
from storage.influxql import identifier
from storage.refusals import Refused

if TYPE_CHECKING:
    import httpx

_UNITS = {"w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1}
_SHARD_DAYS = 91
"""Of rollups, which come one an hour: in the week InfluxDB would choose, a year is 52 shards to open
for 168 points each."""
_OLD_QUERY, _OLD_POLICY = "hourly", "years"
"""What an older setup made on 1.x, for rollups by the server itself."""


def setup(settings: InfluxSettings, *, raw_days: int = 90, rollup_days: int = 1825) -> list[str]:
    """Makes databases or buckets, retention and (2.x) what InfluxQL needs. Returns what was done, in
    words.

    0 days keep for ever. Needs the rights of an administrator; domain.errors otherwise."""
    with client(settings) as http:
        server = find_out(http, settings)
        did = [f"found {server} at {settings.url}"]
        if server.major < 2 and not speaks_influxql(http, settings):
            no = "this server has no databases to make (VictoriaMetrics needs none, nor retention by us)"
            return [*did, no]
        make = _three if server.major >= 3 else _two if server.major == 2 else _one
        did += make(http, settings, raw_days, 0)
        did += make(http, settings.years, rollup_days, _SHARD_DAYS)
        if server.major < 2:
            did += _forget_older(http, settings)
        return did


def _one(http: httpx.Client, settings: InfluxSettings, days: int, shard_days: int) -> Iterator[str]:
    name, database = settings.database, identifier(settings.database)
    if [name] in _values(ask(http, settings, "SHOW DATABASES")):
        yield f"database {name} was there"
    else:
        shard = f" SHARD DURATION {shard_days}d" if shard_days and not 0 < days < 2 * shard_days else ""
        ask(http, settings, f"CREATE DATABASE {database} WITH DURATION {_days(days)}{shard}", "POST")
        yield f"made database {name}, kept {_words(days)}"
    for policy, have, *_, default in _values(ask(http, settings, f"SHOW RETENTION POLICIES ON {database}")):
        if default is True:
            yield from _retain(http, settings, str(policy), str(have), days)


def _retain(http: httpx.Client, settings: InfluxSettings, policy: str, have: str, days: int) -> Iterator[str]:
    seconds = sum(int(number) * _UNITS[unit] for number, unit in re.findall(r"(\d+)([wdhms])", have))
    wanted = days * 86_400
    what = f"retention policy {policy} of {settings.database}"
    if seconds == wanted:
        return
    if seconds and (not wanted or wanted > seconds):
        name = f"{identifier(policy)} ON {identifier(settings.database)}"
        ask(http, settings, f"ALTER RETENTION POLICY {name} DURATION {_days(days)}", "POST")
        yield f"lengthened {what} from {have} to {_words(days)}"
    else:
        yield f"left {what} at {_words(seconds // 86_400)}: shortening it would delete"


def _forget_older(http: httpx.Client, settings: InfluxSettings) -> Iterator[str]:
    """An older setup had the server roll up by itself, into a policy no page could read."""
    database = identifier(settings.database)
    queries = _series(ask(http, settings, "SHOW CONTINUOUS QUERIES"), settings.database)
    if any(row[0] == _OLD_QUERY for row in queries):
        ask(http, settings, f"DROP CONTINUOUS QUERY {_OLD_QUERY} ON {database}", "POST")
        yield f"dropped continuous query {_OLD_QUERY}: rollups are made by us, in {settings.years.database}"
    policies = _values(ask(http, settings, f"SHOW RETENTION POLICIES ON {database}"))
    if any(row[0] == _OLD_POLICY and row[-1] is not True for row in policies):
        yield (
            f"retention policy {_OLD_POLICY} of an older setup keeps what it holds, though nothing reads it: "
            f"DROP RETENTION POLICY {_OLD_POLICY} ON {database} deletes it"
        )


def _two(http: httpx.Client, settings: InfluxSettings, days: int, shard_days: int) -> Iterator[str]:
    name = settings.database
    rule: dict[str, Any] = {"type": "expire", "everySeconds": days * 86_400}
    if shard_days and not 0 < days < 2 * shard_days:
        rule["shardGroupDurationSeconds"] = shard_days * 86_400
    rules = [rule] if days or "shardGroupDurationSeconds" in rule else []
    bucket = _bucket(http, settings)
    if bucket is None:
        orgs = request(http, settings, "GET", "/api/v2/orgs", params={"org": settings.org}).json()["orgs"]
        if not orgs:
            raise Permanent(f"there is no organisation {settings.org!r} in this InfluxDB")
        wanted = {"orgID": orgs[0]["id"], "name": name, "retentionRules": rules}
        bucket = request(http, settings, "POST", "/api/v2/buckets", json=wanted).json()
        yield f"made bucket {name}, kept {_words(days)}"
    else:
        yield f"bucket {name} was there"
        yield from _retain_bucket(http, settings, bucket, days)
    yield from _map(http, settings, bucket)


def _bucket(http: httpx.Client, settings: InfluxSettings) -> dict[str, Any] | None:
    query = {"name": settings.database, "org": settings.org}
    try:
        found: list[dict[str, Any]] = request(http, settings, "GET", "/api/v2/buckets", params=query).json()[
            "buckets"
        ]
    except Refused as error:
        if "HTTP 404" not in str(error):
            raise
        return None
    return found[0] if found else None


def _retain_bucket(
    http: httpx.Client, settings: InfluxSettings, bucket: dict[str, Any], days: int
) -> Iterator[str]:
    kept = sum(int(rule.get("everySeconds", 0)) for rule in bucket.get("retentionRules", ()))
    if kept and (not days or days * 86_400 > kept):
        rules = [{"type": "expire", "everySeconds": days * 86_400}] if days else []
        request(http, settings, "PATCH", f"/api/v2/buckets/{bucket['id']}", json={"retentionRules": rules})
        yield f"lengthened retention of {settings.database} to {_words(days)}"
    elif kept != days * 86_400:
        yield f"left retention of {settings.database} at {_words(kept // 86_400)}: shortening it would delete"


def _map(http: httpx.Client, settings: InfluxSettings, bucket: dict[str, Any]) -> Iterator[str]:
    """InfluxQL asks a database, which must be mapped to the bucket. Versions from 2.1 on answer with
    a virtual mapping for a bucket that has none; that does as well."""
    name, org = settings.database, bucket["orgID"]
    query = {"orgID": org, "db": name}
    found = request(http, settings, "GET", "/api/v2/dbrps", params=query).json().get("content") or []
    mine = [one for one in found if one.get("database") == name]
    if any(one.get("bucketID") == bucket["id"] for one in mine):
        yield f"database {name} was mapped to it"
    elif mine:
        yield f"left database {name} mapped to another bucket: InfluxQL does not read bucket {name}"
    else:
        mapping = {
            "orgID": org,
            "bucketID": bucket["id"],
            "database": name,
            "retention_policy": "autogen",
            "default": True,
        }
        request(http, settings, "POST", "/api/v2/dbrps", json=mapping)
        yield f"mapped database {name} to it, for InfluxQL"


def _three(http: httpx.Client, settings: InfluxSettings, days: int, _shard_days: int) -> Iterator[str]:
    body: dict[str, Any] = {"db": settings.database}
    if days:
        body["retention_period"] = f"{days}d"
    try:
        request(http, settings, "POST", "/api/v3/configure/database", json=body)
    except Refused as error:
        if "HTTP 409" not in str(error):
            raise
        yield f"database {settings.database} was there, kept as it was made: version 3 changes no retention"
    else:
        yield f"made database {settings.database}, kept {_words(days)}"


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
