"""The shipper against real influxds: outages, bad lines, sizes, credentials. Nothing lost, nothing
doubled, nobody kept waiting."""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from domain.alarm import Cause, Concern, Condition, Confidence, Incident, Transition
from domain.errors import Permanent
from domain.reading import Outcome, Probe, Reading
from storage.influx import Backoff, InfluxSink
from storage.influx_http import InfluxSettings
from storage.influx_query import InfluxHistory
from storage.influx_setup import setup
from storage.refusals import Refused
from storage.schema import Place
from tests.peers import free_port, wait_until
from tests.storage.series_peers import Influxd, debian_influxd, newer_influxd, victoria

pytestmark = [pytest.mark.peer, pytest.mark.slow]

PLACES = {"ups-1": Place("ups", "saddar", "box-1")}
START = 1_750_000_000_000
CHARGE = ("battery_charge_percent", "")
QUICK = Backoff(first_s=0.02, most_s=0.1, refused_s=0.1)


@pytest.fixture(params=[debian_influxd, newer_influxd], ids=["1.6", "1.8"])
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Influxd:
    return Influxd(request.param(), tmp_path / "influxd", free_port())


@pytest.fixture
def sinks(tmp_path: Path) -> Iterator[Callable[[InfluxSettings], InfluxSink]]:
    made: list[InfluxSink] = []

    def make(settings: InfluxSettings) -> InfluxSink:
        made.append(InfluxSink(settings, PLACES, tmp_path / "spool", backoff=QUICK))
        return made[-1]

    yield make
    for sink in made:
        sink.close()


def polls(first: int, last: int) -> list[Reading]:
    return [
        Reading("ups-1", Probe.SNMP, START + n, Outcome.OK, {CHARGE: float(n)}) for n in range(first, last)
    ]


def stored(server: Influxd) -> list[list[object]]:
    return server.query("SELECT battery_charge_percent FROM ups")


def expected(last: int) -> list[list[object]]:
    return [[START + n, n] for n in range(last)]


def test_an_outage_loses_nothing_doubles_nothing_and_holds_nobody_up(
    server: Influxd, sinks: Callable[[InfluxSettings], InfluxSink]
) -> None:
    with server.up():
        setup(server.settings, raw_days=0)
        sink = sinks(server.settings)
        sink.write(polls(0, 100))
        assert sink.flush()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", server.port), timeout=1)
    for start in range(100, 3_000, 100):
        sink.write(polls(start, start + 100))
    wait_until(lambda: sink.health().error != "", what="the outage to be noticed")
    assert sink.health().waiting_lines == 2_900
    assert sink.health().oldest_at == START + 199

    elsewhere = Influxd(server.binary, server.folder, free_port())
    with elsewhere.up():  # the same data, where the shipper does not look: nothing came meanwhile
        assert stored(elsewhere) == expected(100)
    assert sink.health().waiting_lines == 2_900

    with server.up():
        sink.write(polls(3_000, 3_100))
        assert sink.flush(), sink.health()
        assert stored(server) == expected(3_100)
    assert sink.health().tally.acknowledged_lines == 3_100
    assert sink.health().tally.dropped_lines == 0


def test_what_waits_when_we_stop_is_sent_when_we_start_again(
    server: Influxd, sinks: Callable[[InfluxSettings], InfluxSink]
) -> None:
    sink = sinks(server.settings)
    sink.write(polls(0, 500))
    sink.close()
    with server.up():
        setup(server.settings, raw_days=0)
        assert stored(server) == []
        assert sinks(server.settings).flush()
        assert stored(server) == expected(500)


def test_bad_lines_are_parked_with_their_reason_and_the_good_ones_stored(
    server: Influxd, sinks: Callable[[InfluxSettings], InfluxSink], tmp_path: Path
) -> None:
    with server.up():
        setup(server.settings, raw_days=0)
        text = f"ups,device=other snmp_outcome=0.5 {START}"  # makes the state a float for good
        params = {"db": "cctv", "precision": "ms"}
        httpx.post(f"{server.url}/write", params=params, content=text).raise_for_status()
        sink = sinks(server.settings)
        sink._put(b"".join(b"good v=%d %d\n" % (n, START + n) for n in range(3_000)), 3_000, START)
        sink._put(f"bad line here\ngood v=1 {START + 9_000}\nworse v= {START}\n".encode(), 3, START)
        sink.write(polls(0, 40))  # states as integers: a type conflict in each
        sink._put(f"good v=2 {START + 9_001}\n".encode(), 1, START)
        assert sink.flush(), sink.health()
        assert server.query("SELECT count(v) FROM good")[0][1] == 3_002
        tally = sink.health().tally
        assert (tally.parked_lines, tally.acknowledged_lines) == (42, 3_002)
        parked = (tmp_path / "spool" / "parked.lp").read_text().splitlines()
        assert "bad line here" in parked
        assert sum(line.startswith("ups,") for line in parked) == 40
        assert sum("type conflict" in line for line in parked) == 40
        assert all(line.startswith("#") for line in parked[::2])
        sink.write([Reading("cam", Probe.ICMP, START, Outcome.TIMEOUT)])
        assert sink.flush()


def test_points_older_than_the_retention_are_parked_and_the_rest_goes_on(
    server: Influxd, sinks: Callable[[InfluxSettings], InfluxSink]
) -> None:
    with server.up():
        setup(server.settings, raw_days=0)
        server.query("ALTER RETENTION POLICY autogen ON cctv DURATION 2d SHARD DURATION 1d")
        recent = [Reading("ups-1", Probe.SNMP, now(server) + n, Outcome.OK, {CHARGE: 1.0}) for n in range(50)]
        sink = sinks(server.settings)
        sink.write([*polls(0, 700), *recent])
        assert sink.flush(), sink.health()
        assert len(stored(server)) == 50
        assert sink.health().tally.parked_lines == 700


def now(server: Influxd) -> int:
    """The server's own clock, in milliseconds, less a minute."""
    from email.utils import parsedate_to_datetime

    date = parsedate_to_datetime(httpx.get(f"{server.url}/ping").headers["date"])
    return int(date.timestamp() - 60) * 1000


def test_a_batch_too_large_for_the_server_is_split_until_it_fits(
    server: Influxd, sinks: Callable[[InfluxSettings], InfluxSink]
) -> None:
    server.body = 600
    with server.up():
        setup(server.settings, raw_days=0)
        sink = sinks(server.settings)
        sink.write(polls(0, 400))
        assert sink.flush(), sink.health()
        assert stored(server) == expected(400)
        assert sink.health().tally.parked_lines == 0


def test_a_database_that_is_not_there_is_said_and_waited_for(
    server: Influxd, sinks: Callable[[InfluxSettings], InfluxSink], caplog: pytest.LogCaptureFixture
) -> None:
    with server.up(), caplog.at_level(logging.INFO):
        sink = sinks(server.settings)
        sink.write(polls(0, 10))
        wait_until(lambda: "404" in sink.health().error, what="the refusal")
        wait_until(lambda: sink._failures >= 3, what="some tries")
        loud = [r for r in caplog.records if r.levelno == logging.ERROR and "404" in r.message]
        assert len(loud) == 1  # once, not at each try
        setup(server.settings, raw_days=0)
        assert sink.flush()
        assert stored(server) == expected(10)
        assert any("takes them again" in r.message for r in caplog.records)


SECRET = "s3cret-pass word&=%"


def test_credentials_are_used_and_never_shown(
    server: Influxd, sinks: Callable[[InfluxSettings], InfluxSink], caplog: pytest.LogCaptureFixture
) -> None:
    server.auth = True
    with server.up(), caplog.at_level(logging.DEBUG):
        quoted = SECRET.replace("'", "\\'")
        server.query(f"CREATE USER admin WITH PASSWORD '{quoted}' WITH ALL PRIVILEGES")
        caplog.clear()  # the test's own request showed it
        right = InfluxSettings(server.url, username="admin", password=SECRET, timeout_s=5)
        wrong = InfluxSettings(server.url, username="admin", password=SECRET + "x", timeout_s=5)
        with pytest.raises(Refused, match="401"):
            setup(wrong)
        setup(right, raw_days=0)
        sink = sinks(wrong)
        sink.write(polls(0, 10))
        wait_until(lambda: "401" in sink.health().error, what="the refusal")
        shown = repr(wrong) + repr(sink.health()) + str(vars(sink))
        sink.close()
        assert server.query("SELECT * FROM ups", auth=("admin", SECRET)) == []
        sink = sinks(right)
        assert sink.flush()
        assert len(server.query("SELECT * FROM ups", auth=("admin", SECRET))) == 10
        history = InfluxHistory(right, PLACES)
        assert history.latest("ups-1")[CHARGE].value == 9.0
        history.close()
    assert SECRET not in shown + caplog.text
    assert "s3cret" not in caplog.text


def test_transitions_and_incidents_can_annotate(
    server: Influxd, sinks: Callable[[InfluxSettings], InfluxSink]
) -> None:
    with server.up():
        setup(server.settings, raw_days=0)
        sink = sinks(server.settings)
        sink.write_transitions([Transition(START, "ups-1", Condition.DOWN, Cause.DEVICE_SILENT, START - 9)])
        incident = Incident(
            "i-1", "K7", "box-1", Concern.OUTAGE, Cause.BOX_SILENT, Confidence.LIKELY, START, START
        )
        sink.write_incidents([incident], START)
        assert sink.flush()
        assert server.query("SELECT condition, cause, box FROM transition") == [
            [START, 3, "device_silent", "box-1"]
        ]
        assert server.query("SELECT title, district FROM incident WHERE state > 0") == [
            [START, "box_silent open (K7)", "saddar"]
        ]


def test_setup_says_what_it_did_and_the_second_time_does_nothing(server: Influxd) -> None:
    with server.up():
        first = setup(server.settings, raw_days=90, rollup_days=700)
        assert first[1:] == ["made database cctv, kept 90 days", "made database cctv_years, kept 700 days"]
        again = setup(server.settings, raw_days=90, rollup_days=700)
        assert again[1:] == ["database cctv was there", "database cctv_years was there"]
        longer = setup(server.settings, raw_days=365)
        assert any("lengthened retention policy autogen of cctv from" in line for line in longer)
        assert any("lengthened retention policy autogen of cctv_years from" in line for line in longer)
        shorter = setup(server.settings, raw_days=30)
        assert any("left retention policy autogen of cctv at 365 days" in line for line in shorter)
        (raw,) = server.query("SHOW RETENTION POLICIES ON cctv")
        (years,) = server.query("SHOW RETENTION POLICIES ON cctv_years")
        assert raw[1] == "8760h0m0s"
        assert (years[1], years[2]) == ("43800h0m0s", "2184h0m0s")  # a year in four shards, not in 52


def test_setup_ends_the_rollups_of_an_older_one_and_leaves_their_data(server: Influxd) -> None:
    with server.up():
        setup(server.settings, raw_days=0)
        server.query("CREATE RETENTION POLICY years ON cctv DURATION INF REPLICATION 1")
        server.query(
            "CREATE CONTINUOUS QUERY hourly ON cctv BEGIN "
            "SELECT mean(*) INTO cctv.years.:MEASUREMENT FROM cctv.autogen./ups/ GROUP BY time(1h), * END"
        )
        said = setup(server.settings, raw_days=0)
        assert "dropped continuous query hourly: rollups are made by us, in cctv_years" in said
        assert 'DROP RETENTION POLICY years ON "cctv" deletes it' in said[-1]
        assert [row for row in server.query("SHOW CONTINUOUS QUERIES") if row[0] == "hourly"] == []
        assert "years" in [row[0] for row in server.query("SHOW RETENTION POLICIES ON cctv")]
        assert not any(line.startswith("dropped") for line in setup(server.settings, raw_days=0))


def test_a_server_without_databases_is_told_as_such(tmp_path: Path) -> None:
    with victoria(tmp_path / "vm") as url:
        did = setup(InfluxSettings(url))
        assert len(did) == 2
        assert "no databases to make" in did[1]


def test_a_query_the_server_refuses_is_an_error_with_its_words(server: Influxd) -> None:
    with server.up():
        history = InfluxHistory(server.settings, PLACES)
        with pytest.raises(Permanent, match="database not found"):
            history.series("ups-1", CHARGE, 0, 1)
        history.close()
