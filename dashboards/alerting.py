"""Alerting: what was sent, what arrived, who answered, and what was kept silent and why. PURE."""

from __future__ import annotations

from dashboards import units
from dashboards.common import HANDED_OVER, to_box
from dashboards.influxql import chosen, each, over_time
from dashboards.page import Page, Row, districts, incidents
from dashboards.panels import (
    Json,
    Look,
    Panel,
    at_least,
    bars,
    column,
    override,
    stat,
    table,
    target,
    timeseries,
)
from dashboards.units import GREEN, ORANGE, RED

HERE = (chosen("district"),)
_WAIT = Look(unit="s", thresholds=units.steps(GREEN, (30, ORANGE), (120, RED)), decimals=1)
_ANSWER = Look(unit="dtdurations", thresholds=units.steps(GREEN, (600, ORANGE), (1800, RED)), decimals=0)


_FAILED = '"status" =~ /^(failed|undelivered|expired)$/'
_SILENT = "\"told\" = 'no'"
_OVER_BUDGET = "\"reason\" = 'over_budget'"


def _status(name: str) -> str:
    return f"\"status\" = '{name}'"


def page() -> Page:
    return Page(
        "nigehban-alerting",
        "Messages: sent, delivered, acknowledged, how quickly, what was suppressed, and what it costs.",
        (
            Row("Over the range", _numbers()),
            Row("Messages", (_steps(), _speed(), _by_channel(), _silent(), _cost(), _troubles())),
            Row("Acknowledgements", (_answers(), _answer_times(), _acknowledgements())),
        ),
        (districts(),),
        (incidents(*HERE),),
        start="now-24h",
    )


def _count(title: str, description: str, *where: str, look: Look | None = None) -> Panel:
    query = each("delivery", ['count("seconds")'], [*HERE, *where])
    return stat(title, description, query, look or Look(decimals=0, empty="0"), width=3, calc="sum")


def _decided(title: str, description: str, *where: str, look: Look | None = None) -> Panel:
    query = each("decision", ['sum("count")'], [*HERE, *where])
    return stat(title, description, query, look or Look(decimals=0, empty="0"), width=3, calc="sum")


def _numbers() -> tuple[Panel, ...]:
    bad = Look(thresholds=units.steps(GREEN, (1, RED)), decimals=0, empty="0")
    return (
        _count("Sent", "Messages handed to a channel, once each however often tried.", *HANDED_OVER),
        _count("Delivered", "Messages whose arrival was confirmed.", _status("delivered")),
        _count("Failed", "Messages that will never arrive: failed, undelivered, expired.", _FAILED, look=bad),
        _decided("Kept silent", "Decisions not to tell; their reasons are below.", _SILENT),
        _decided("Over budget", "Held back because somebody's hour was full.", _OVER_BUDGET, look=bad),
        stat(
            "Time to sent",
            "Ninety of a hundred messages were handed over within this time of being owed.",
            each("delivery", ['percentile("seconds", 90)'], [*HERE, *HANDED_OVER]),
            _WAIT,
            width=3,
        ),
        stat(
            "Time to delivered",
            "Ninety of a hundred messages were confirmed within this time of being owed.",
            each("delivery", ['percentile("seconds", 90)'], [*HERE, _status("delivered")]),
            _WAIT,
            width=3,
        ),
        stat(
            "Time to answer",
            "Half of the acknowledged incidents were acknowledged within this time.",
            each("acknowledgement", ['percentile("seconds", 50)'], HERE),
            _ANSWER,
            width=3,
        ),
    )


def _steps() -> Panel:
    query = over_time("delivery", 'count("seconds")', HERE, ("status",), "0")
    panel = timeseries(
        "Steps",
        "Steps of messages within each interval, by status.",
        [target(query, "$tag_status")],
        Look(decimals=0),
        bars=True,
        stacked=True,
    )
    return at_least(panel, "5m")


def _speed() -> Panel:
    def slowest(*where: str) -> str:
        return over_time("delivery", 'max("seconds")', [*HERE, *where])

    panel = timeseries(
        "How long it took",
        "The slowest message of each interval, from being owed to being handed over and to being delivered.",
        [target(slowest(*HANDED_OVER), "sent"), target(slowest(_status("delivered")), "delivered")],
        Look(unit="s", low=0),
    )
    return at_least(panel, "5m")


def _by_channel() -> Panel:
    query = each("delivery", ['count("seconds")'], [*HERE, *HANDED_OVER], ("channel",))
    return bars(
        "Sent, by channel",
        "Messages handed to each road within the range.",
        [target(query, "$tag_channel")],
        Look(decimals=0, low=0),
        width=8,
    )


def _silent() -> Panel:
    query = each("decision", ['sum("count")'], [*HERE, _SILENT], ("reason",))
    return bars(
        "Kept silent, by reason",
        "Every decision not to tell has a named reason; `nigehban why` prints the whole chain.",
        [target(query, "$tag_reason")],
        Look(decimals=0, low=0),
        width=8,
    )


def _cost() -> Panel:
    query = over_time("delivery", 'sum("segments")', [*HERE, *HANDED_OVER], ("channel",), "0")
    panel = timeseries(
        "SMS segments",
        "Segments handed over within each interval: what a provider bills.",
        [target(query, "$tag_channel")],
        Look(decimals=0, low=0),
        width=8,
        bars=True,
        stacked=True,
    )
    return at_least(panel, "1h")


def _troubles() -> Panel:
    query = (
        'SELECT "box", "contact", "channel", "status", "attempts", "seconds", "error" '  # noqa: S608 - constants
        f'FROM "delivery" WHERE $timeFilter AND {HERE[0]} AND {_FAILED} ORDER BY time DESC LIMIT 100'
    )
    columns: dict[str, Json | None] = {
        "box": to_box(),
        "contact": None,
        "channel": None,
        "status": None,
        "attempts": column("attempts", Look(decimals=0)),
        "seconds": column("seconds", _WAIT),
        "error": override("error", custom__width=500),
    }
    return table(
        "What did not arrive",
        "The latest hundred messages that failed, with the provider's own word.",
        [target(query, table=True)],
        columns,
        time="at",
        sort="at",
        empty="everything arrived",
    )


def _answers() -> Panel:
    query = over_time("acknowledgement", 'count("seconds")', HERE, ("road",), "0")
    panel = timeseries(
        "Acknowledgements",
        "Acknowledgements within each interval, by the road they came.",
        [target(query, "$tag_road")],
        Look(decimals=0, low=0),
        bars=True,
        stacked=True,
    )
    return at_least(panel, "5m")


def _answer_times() -> Panel:
    query = each("acknowledgement", ['percentile("seconds", 50)'], HERE, ("concern",))
    return bars(
        "Time to answer, by concern",
        "The median time from the opening of an incident to its acknowledgement.",
        [target(query, "$tag_concern")],
        Look(unit="dtdurations", low=0, thresholds=_ANSWER.thresholds, by_thresholds=True),
    )


def _acknowledgements() -> Panel:
    query = (
        'SELECT "box", "concern", "by", "road", "code", "seconds" '  # noqa: S608 - constants
        f'FROM "acknowledgement" WHERE $timeFilter AND {HERE[0]} ORDER BY time DESC LIMIT 200'
    )
    columns: dict[str, Json | None] = {
        "box": to_box(),
        "concern": None,
        "by": None,
        "road": None,
        "code": None,
        "seconds": column("seconds", _ANSWER, coloured=True),
    }
    return table(
        "Who acknowledged",
        "The latest two hundred acknowledgements.",
        [target(query, table=True)],
        columns,
        time="at",
        sort="at",
    )
