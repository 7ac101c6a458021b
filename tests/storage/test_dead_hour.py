"""An hour of a dead InfluxDB at 10,000 devices a minute, and its return while live data goes on."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.reading import Key, Outcome, Probe, Reading
from storage.influx import Backoff, InfluxSink
from storage.influx_setup import setup
from storage.schema import Place
from tests.peers import free_port
from tests.storage.series_peers import Influxd, newest_influxd

pytestmark = [pytest.mark.peer, pytest.mark.slow]

DEVICES, MINUTES = 10_000, 60
HOUR = DEVICES * MINUTES
START = 1_750_000_000_000
RETURN = START + MINUTES * 60_000
LIVE = 100  # readings, twenty times a second: twelve times the load of these devices
PLACES = {f"cam-{n}": Place("camera", f"d{n % 7}", f"box-{n // 6}") for n in range(DEVICES)}
RTT: Key = ("icmp_rtt_seconds", "")


def minute(number: int) -> list[Reading]:
    """Each device at a millisecond of its own, the minute as its value."""
    at = START + number * 60_000
    return [
        Reading(f"cam-{n}", Probe.ICMP, at + n % 60_000, Outcome.OK, {RTT: float(number)})
        for n in range(DEVICES)
    ]


def live() -> Iterator[list[Reading]]:
    number = 0
    while True:
        yield [
            Reading(f"cam-{(number + n) % DEVICES}", Probe.ICMP, RETURN + number + n, Outcome.OK, {RTT: -1.0})
            for n in range(LIVE)
        ]
        number += LIVE


def test_an_hour_without_a_server_is_all_there_once_and_live_data_went_on_meanwhile(tmp_path: Path) -> None:
    server = Influxd(newest_influxd(), tmp_path / "influxd", free_port())
    with server.up():
        setup(server.settings, raw_days=0)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", server.port), timeout=1)
    sink = InfluxSink(server.settings, PLACES, tmp_path / "spool", backoff=Backoff(first_s=0.05, most_s=0.2))
    for number in range(MINUTES):
        sink.write(minute(number))
    assert sink.health().error != ""
    assert sink.health().waiting_lines == HOUR

    elsewhere = Influxd(server.binary, server.folder, free_port())
    with elsewhere.up():  # the same data, where the sink does not look: nothing came meanwhile
        assert elsewhere.query("SELECT count(icmp_rtt_seconds) FROM camera") == []

    arrived = 0
    with server.up():
        for readings in live():
            sink.write(readings)
            arrived += len(readings)
            oldest = sink.health().oldest_at
            if oldest is None or oldest >= RETURN:
                break  # all of the hour is delivered, and what waits is of now
            time.sleep(LIVE / 2_000)
        assert arrived < HOUR  # the backfill outran what arrived
        assert sink.flush(30), sink.health()
        tally = sink.health().tally
        sink.close()
        assert tally.acknowledged_lines == tally.taken_lines == HOUR + arrived
        assert (tally.dropped_lines, tally.parked_lines) == (0, 0)
        past, now = f"time < {RETURN}ms", f"time >= {RETURN}ms"
        ((_, count, total),) = server.query(
            f"SELECT count(icmp_rtt_seconds), sum(icmp_rtt_seconds) FROM camera WHERE {past}"
        )
        assert (count, total) == (HOUR, DEVICES * sum(range(MINUTES)))
        each = f"SELECT count(icmp_rtt_seconds) AS c FROM camera WHERE {past} GROUP BY device"
        ((_, fewest, most, devices),) = server.query(f"SELECT min(c), max(c), count(c) FROM ({each})")
        assert (fewest, most, devices) == (MINUTES, MINUTES, DEVICES)
        ((_, count),) = server.query(f"SELECT count(icmp_rtt_seconds) FROM camera WHERE {now}")
        assert count == arrived
    print(f"{HOUR} spooled readings and {arrived} live ones")
