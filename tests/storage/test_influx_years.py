"""Hours of a real InfluxDB rolled up into its years: right, whole, in order, and again after whatever
stood in the way."""

from __future__ import annotations

import logging
from pathlib import Path

import httpx
import pytest

from domain.errors import Permanent, Retryable
from domain.reading import Key, Outcome, Probe, Reading
from storage import years_mark
from storage.influx import Backoff, InfluxSink
from storage.influx_http import InfluxSettings
from storage.influx_setup import setup
from storage.line_protocol import LineEncoder
from storage.refusals import Refused
from storage.schema import Place
from storage.spool import Spool
from storage.years import HOUR, LATE
from storage.years_due import catch_up, roll_again, roll_due
from tests.peers import free_port
from tests.storage.series_peers import Influxd, debian_influxd, newer_influxd, victoria

pytestmark = [pytest.mark.peer, pytest.mark.slow]

PLACES = {
    "ups-1": Place("ups", "saddar", "box, 1"),
    "sw 2": Place("switch", "صدر", "box'2"),
    "gate": Place("reference", "", ""),
}
CHARGE: Key = ("battery_charge_percent", "")
MAINS: Key = ("on_mains", "")
NOON = 1_750_000_000_000 // HOUR * HOUR
MINUTE = 60_000
QUICK = Backoff(first_s=0.02, most_s=0.1, refused_s=0.1)


@pytest.fixture(params=[debian_influxd, newer_influxd], ids=["1.6", "1.8"])
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Influxd:
    return Influxd(request.param(), tmp_path / "influxd", free_port())


def minutes(hour: int, first: int = 0, last: int = 60) -> list[Reading]:
    """A UPS whose charge is the number of the minute and that lost mains for the last quarter."""
    return [
        Reading(
            "ups-1",
            Probe.SNMP,
            hour + n * MINUTE,
            Outcome.OK,
            {CHARGE: float(n), MAINS: float(n < 45), ("input_voltage_volts", "1"): 230.0},
        )
        for n in range(first, last)
    ]


def echoes(device: str, hour: int) -> list[Reading]:
    return [
        Reading(
            device, Probe.ICMP, hour + n * MINUTE, Outcome.OK, {("icmp_rtt_seconds", ""): 0.01 * (1 + n % 2)}
        )
        for n in range(60)
    ]


def write(server: Influxd, readings: list[Reading]) -> None:
    write_lines(server, LineEncoder(PLACES).encode(readings)[0])


def write_lines(server: Influxd, lines: bytes) -> None:
    params = {"db": "cctv", "precision": "ms"}
    httpx.post(f"{server.url}/write", params=params, content=lines).raise_for_status()


def years(server: Influxd, question: str) -> list[list[object]]:
    return server.query(question, db="cctv_years")


def charges(server: Influxd) -> list[list[object]]:
    prefixes = ("mean", "min", "max")
    columns = ", ".join(f"{prefix}_battery_charge_percent" for prefix in prefixes)
    return years(server, f"SELECT {columns} FROM ups WHERE device = 'ups-1'")


def test_an_hour_of_devices_becomes_a_mean_a_low_and_a_high_of_every_series(
    server: Influxd, tmp_path: Path
) -> None:
    with server.up():
        setup(server.settings, raw_days=0, rollup_days=0)
        ports = [
            Reading("sw 2", Probe.SNMP, NOON + n, Outcome.OK, {("port_up", p): float(p == "1") for p in "12"})
            for n in range(60)
        ]
        write(server, [*minutes(NOON), *ports, *echoes("gate", NOON), *minutes(NOON + HOUR)])
        (rolled,) = roll_again(server.settings, tmp_path, NOON + HOUR + LATE, NOON, None)
        assert (rolled.hour, rolled.lines, len(rolled.refused)) == (NOON, 2 + 3 + 1, 0)
        assert charges(server) == [[NOON, 29.5, 0, 59]]
        assert years(server, "SELECT mean_on_mains, min_on_mains FROM ups WHERE box = 'box, 1'") == [
            [NOON, 0.75, 0]
        ]
        assert years(server, "SELECT mean_input_voltage_volts, line FROM ups") == [[NOON, 230, "1"]]
        assert years(server, "SELECT max_port_up, port, district, device FROM switch") == [
            [NOON, 1, "1", "صدر", "sw 2"],
            [NOON, 0, "2", "صدر", "sw 2"],
        ]
        ((_, mean),) = years(server, "SELECT mean_icmp_rtt_seconds FROM reference WHERE device = 'gate'")
        assert mean == pytest.approx(0.015)
        assert {row[1] for row in years(server, "SHOW FIELD KEYS")} == {"float"}


def test_an_hour_of_a_box_is_one_whole_and_its_time_down_is_told_by_cause(
    server: Influxd, tmp_path: Path
) -> None:
    with server.up():
        setup(server.settings, raw_days=0, rollup_days=0)
        points = []
        for n in range(60):
            cause = "" if n < 30 else ",cause=box_silent" if n < 45 else ",cause=suspected_theft"
            down = int(n >= 30)
            points.append(
                f"box,box=b1{cause},district=d,feeder=f up={1 - down}i,degraded=0i,down={down}i,"
                f"down_seconds={60.0 * down} {NOON + n * MINUTE}"
            )
        write_lines(server, "\n".join(points).encode())
        for _ in range(2):
            list(roll_again(server.settings, tmp_path, NOON + 2 * HOUR, NOON, None))
        assert years(server, "SELECT mean_up, mean_down, feeder, district FROM box WHERE cause = ''") == [
            [NOON, 0.5, 0.5, "f", "d"]
        ]
        assert years(server, "SELECT sum_down_seconds, cause FROM box") == [
            [NOON, 900, "box_silent"],
            [NOON, 900, "suspected_theft"],
        ]


def test_hours_are_caught_up_oldest_first_from_where_the_raw_series_begin_and_twice_changes_nothing(
    server: Influxd, tmp_path: Path
) -> None:
    with server.up():
        setup(server.settings, raw_days=0, rollup_days=0)
        for hour in (0, 1, 4):
            write(server, [*minutes(NOON + hour * HOUR), *echoes("ups-1", NOON + hour * HOUR)])
        now = NOON + 5 * HOUR + LATE
        assert [rolled.hour for rolled in roll_due(server.settings, tmp_path, now)] == [
            NOON + n * HOUR for n in range(5)
        ]
        found = [[NOON + n * HOUR, 29.5, 0, 59] for n in (0, 1, 4)]
        assert charges(server) == found
        assert catch_up(server.settings, tmp_path, now) == 0
        (tmp_path / years_mark.NAME).unlink()
        again = [rolled.hour for rolled in roll_due(server.settings, tmp_path, now)]
        assert again == [NOON + 4 * HOUR]  # the newest the years hold, for it might be half done
        assert charges(server) == found


def test_a_turn_that_is_ended_goes_on_the_next_time(server: Influxd, tmp_path: Path) -> None:
    with server.up():
        setup(server.settings, raw_days=0, rollup_days=0)
        for hour in range(3):
            write(server, echoes("ups-1", NOON + hour * HOUR))
        now = NOON + 3 * HOUR + LATE
        assert catch_up(server.settings, tmp_path, now, lambda: False) == 1
        assert years_mark.read(tmp_path, server.settings).until == NOON + HOUR
        assert catch_up(server.settings, tmp_path, now) == 2
        rows = years(server, "SELECT mean_icmp_rtt_seconds FROM ups")
        assert [row[0] for row in rows] == [NOON, NOON + HOUR, NOON + 2 * HOUR]


def test_what_is_older_than_the_look_back_is_left_alone(server: Influxd, tmp_path: Path) -> None:
    with server.up():
        setup(server.settings, raw_days=0, rollup_days=0)
        write(server, [*echoes("ups-1", NOON - 40 * 24 * HOUR), *echoes("ups-1", NOON)])
        assert catch_up(server.settings, tmp_path, NOON + HOUR + LATE) == 1


def test_an_hour_that_still_waits_in_the_spool_is_rolled_up_once_it_is_whole(
    server: Influxd, tmp_path: Path
) -> None:
    with server.up():
        setup(server.settings, raw_days=0, rollup_days=0)
        encoder = LineEncoder(PLACES)
        spool = Spool(tmp_path / "spool")
        write(server, [*minutes(NOON, 0, 10), *echoes("ups-1", NOON)])
        for n in range(10, 60):
            spool.put(*encoder.encode(minutes(NOON, n, n + 1)), NOON + n * MINUTE)
        spool.put(*encoder.encode(minutes(NOON + HOUR, 0, 1)), NOON + HOUR)
        spool.close()
        now = NOON + 2 * HOUR + LATE
        assert catch_up(server.settings, tmp_path, now) == 0
        assert charges(server) == []
        sink = InfluxSink(server.settings, PLACES, tmp_path / "spool", backoff=QUICK)
        assert sink.flush(), sink.health()
        assert catch_up(server.settings, tmp_path, now) == 2  # beside the sink that owns the spool
        sink.close()
        assert charges(server) == [[NOON, 29.5, 0, 59], [NOON + HOUR, 0, 0, 0]]


def test_a_dead_server_is_said_once_tried_again_and_its_return_is_said(
    server: Influxd, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    now = NOON + HOUR + LATE
    with server.up():
        setup(server.settings, raw_days=0, rollup_days=0)
        write(server, [*minutes(NOON), *echoes("ups-1", NOON)])
    with caplog.at_level(logging.INFO):
        for _ in range(3):
            assert catch_up(server.settings, tmp_path, now) == 0
        with server.up():
            for _ in range(3):
                catch_up(server.settings, tmp_path, now)
            assert charges(server) == [[NOON, 29.5, 0, 59]]
        said = [(r.levelname, r.message) for r in caplog.records if r.name == "storage.years_due"]
    assert [level for level, _ in said] == ["ERROR", "WARNING"]
    assert "Connect" in said[0][1]
    with pytest.raises(Retryable):
        next(roll_due(server.settings, tmp_path, now))


def test_missing_years_are_named_with_their_remedy(server: Influxd, tmp_path: Path) -> None:
    with server.up():
        server.query("CREATE DATABASE cctv")
        write(server, echoes("ups-1", NOON))
        now = NOON + HOUR + LATE
        with pytest.raises(Refused, match="run `nigehban influx setup`"):
            next(roll_due(server.settings, tmp_path, now))
        with pytest.raises(Refused, match="run `nigehban influx setup`"):
            next(roll_again(server.settings, tmp_path, now, NOON, None))
        setup(server.settings, raw_days=0, rollup_days=0)
        assert catch_up(server.settings, tmp_path, now) == 1


def test_hours_beyond_the_retention_are_passed_over_and_said(
    server: Influxd, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with server.up():
        setup(server.settings, raw_days=0, rollup_days=30)
        write(server, [*echoes("ups-1", NOON), *echoes("ups-1", NOON + HOUR)])
        with caplog.at_level(logging.ERROR):
            assert catch_up(server.settings, tmp_path, NOON + 2 * HOUR + LATE) == 2
        assert "beyond retention" in caplog.text
        assert years_mark.read(tmp_path, server.settings).until == NOON + 2 * HOUR


def test_victoriametrics_is_said_to_have_no_rollups_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with victoria(tmp_path / "vm") as url, caplog.at_level(logging.INFO):
        settings = InfluxSettings(url)
        for _ in range(3):
            assert catch_up(settings, tmp_path, NOON) == 0
        assert caplog.text.count("no InfluxQL") == 1
        with pytest.raises(Permanent, match="no InfluxQL"):
            next(roll_due(settings, tmp_path, NOON))
