"""Round trips, loss, PoE, traffic and heat over a year: panels of the page Year. PURE."""

from __future__ import annotations

from collections.abc import Sequence

from dashboards.common import to_box, to_device
from dashboards.influxql import ANY_DEVICE, chosen, each, metric, over_time, rolled
from dashboards.panels import Json, Look, Panel, at_least, column, table, target, timeseries
from dashboards.units import RATES
from domain.metric import CATALOGUE

Where = Sequence[str]

_LOSS, _TRIP = CATALOGUE["icmp_loss_ratio"], CATALOGUE["icmp_rtt_seconds"]
_DEVICE = chosen("device")


def reach(where: Where) -> tuple[Panel, ...]:
    here = (*where, _DEVICE)
    return _round_trips(here), _loss(here)


def one_by_one(where: Where) -> tuple[Panel, ...]:
    here = (*where, _DEVICE)
    return _devices(here), _poe(here), _traffic(here), _heat(here)


def _of_any(which: str, field: str) -> str:
    return f"{which}({rolled('ups', which, field)})"  # echoes are the same of every kind


def _round_trips(where: Where) -> Panel:
    panel = timeseries(
        "Round trips",
        "Mean of answered echoes within the day, by kind of device. Choose a device to see its own.",
        [target(over_time(ANY_DEVICE, _of_any("mean", "icmp_rtt_seconds"), where, ("kind",)), "$tag_kind")],
        Look.of(_TRIP, low=0),
    )
    return at_least(panel, "1d")


def _loss(where: Where) -> Panel:
    panel = timeseries(
        "Echo loss",
        "Share of echoes without an answer within the day, by kind of device; a dead device loses all.",
        [target(over_time(ANY_DEVICE, _of_any("mean", "icmp_loss_ratio"), where, ("kind",)), "$tag_kind")],
        Look.of(_LOSS, low=0),
    )
    return at_least(panel, "1d")


def _devices(where: Where) -> Panel:
    query = each(
        ANY_DEVICE,
        [
            f'{_of_any("mean", "icmp_loss_ratio")} AS "loss"',
            f'{_of_any("mean", "icmp_rtt_seconds")} AS "round_trip"',
            f'{_of_any("max", "icmp_rtt_max_seconds")} AS "longest"',
        ],
        where,
        ("box", "device", "kind"),
    )
    columns: dict[str, Json | None] = {
        "box": to_box(),
        "device": to_device("${__data.fields.box}"),
        "kind": None,
        "loss": column("loss", Look.of(_LOSS, decimals=2)),
        "round_trip": column("round_trip", Look.of(_TRIP)),
        "longest": column("longest", Look.of(_TRIP)),
    }
    return table(
        "Devices, the worst first",
        "Share of echoes lost over the range, mean and longest round trip of each device.",
        [target(query, table=True)],
        columns,
        height=11,
        sort="loss",
    )


def _poe(where: Where) -> Panel:
    drawn = f"max({rolled('switch', 'max', 'poe_power_watts')})"
    budget = f"min({rolled('switch', 'min', 'poe_budget_watts')})"
    panel = timeseries(
        "PoE power",
        "The most each switch gave within the day, and the least its budget was.",
        [
            target(over_time("switch", drawn, where, ("device",)), "$tag_device"),
            target(over_time("switch", budget, where, ("device",)), "$tag_device budget"),
        ],
        Look.of(metric("switch", "poe_power_watts"), low=0),
        width=8,
    )
    return at_least(panel, "1d")


def _traffic(where: Where) -> Panel:
    """From the growth of the totals between days: a switch that restarts costs one day's point."""

    def rate(field: str) -> str:
        column = f"non_negative_derivative(max({rolled('switch', 'max', field)}), 1s)"
        return over_time("switch", column, where, ("device", "port"))

    panel = timeseries(
        "Port traffic",
        "Octets a second, received and sent, averaged from day to day. Choose a box first.",
        [
            target(rate("port_in_octets_total"), "$tag_device $tag_port in"),
            target(rate("port_out_octets_total"), "$tag_device $tag_port out"),
        ],
        Look(unit=RATES[metric("switch", "port_in_octets_total").unit], low=0),
        width=8,
    )
    return at_least(panel, "1d")


def _heat(where: Where) -> Panel:
    hottest = f"max({rolled('sensor', 'max', 'temperature_celsius')})"
    panel = timeseries(
        "Hottest cabinet",
        "The highest temperature the sensors of each box measured within the day.",
        [target(over_time("sensor", hottest, where, ("box",)), "$tag_box")],
        Look.of(metric("sensor", "temperature_celsius")),
        width=8,
    )
    return at_least(panel, "1d")
