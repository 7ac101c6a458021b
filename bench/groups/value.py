"""What a value costs until it is stored, the server's CPU counted in, beside Zabbix with PostgreSQL."""

from __future__ import annotations

import sys
from typing import Any

from bench import city, peers, zabbix
from bench.groups.snmp import flat_out
from bench.measure import Figures, median_of, windows
from bench.table import figure, middle, times

VALUES = len(city.ASKED)
"""What is asked of a device, by both; that it answered at all is one more that only we keep."""


def value(full: bool) -> Figures:
    """Ours, then Zabbix, then ours again: the machine may have changed its speed meanwhile."""
    count = 20_000 if full else 4_000
    rate = 0.6 * flat_out(count, "influx")  # leaves the server its core
    found = _ours(count, rate, full)
    theirs, stored = None, None
    try:
        rival = zabbix.measured(seconds=30 if full else 4)
        theirs, stored = median_of(rival, "us_a_value"), median_of(rival, "values_a_second")
    except (peers.Absent, RuntimeError, OSError) as error:
        print(error, file=sys.stderr)
    found += _ours(count, rate, full)
    cost = middle(w["us_a_device"] + w["server_us_a_line"] * w["lines_a_device"] for w in found) / VALUES
    yield figure("InfluxDB 1.6: CPU a line", "us", median_of(found, "server_us_a_line"))
    yield figure("InfluxDB 1.6: lines a device", "lines", median_of(found, "lines_a_device"))
    yield figure(f"a value of {VALUES} a device, the server's CPU counted in", "us", cost, theirs)
    if theirs and stored:
        yield times("a value, the server's CPU counted in: times less than Zabbix", cost, theirs, 4)
        yield figure("Zabbix 6.0 with PostgreSQL: values stored while measured", "a second", stored)


def _ours(count: int, rate: float, full: bool) -> list[dict[str, Any]]:
    """Windows in step: series made and caches filled."""
    interval = count / rate
    with peers.responder() as (port, _), peers.influxd() as (url, pid):
        return windows(
            devices=count, interval_s=interval, port=port, sink="influx", influx=url, influx_pid=pid,
            warm_s=3 * interval, runs=3, seconds=12 if full else 3,
        )  # fmt: skip
