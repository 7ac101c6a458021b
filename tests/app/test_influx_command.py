"""`nigehban influx` and the hourly `maintain`, against a real InfluxDB."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx
import pytest

from app.clock import SystemClock
from storage.journal import open_store
from storage.years import HOUR, horizon
from tests.app.asking import Ask
from tests.app.lived import lived_in
from tests.peers import free_port
from tests.storage.series_peers import Influxd, debian_influxd

ENDING_S = 30  # until one more hour is finished: too few for a test that counts them


def test_cardinality_lists_series_years_and_values_of_tags(ask: Ask) -> None:
    found = ask("influx", "cardinality")
    assert found.code == 0
    for words in ("series:", "series of the database of years:", "values of a tag:", "open_incident"):
        assert words in found.out
    assert found.err == ""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Influxd]:
    influxd = Influxd(debian_influxd(), tmp_path / "influxd", free_port())
    (tmp_path / "settings.yaml").write_text(f"store: {{kind: influx, url: {influxd.url}}}\n")
    with influxd.up():
        yield influxd


@pytest.fixture
def last() -> int:
    """The last hour that is finished, in engine milliseconds; no other is before the test is."""
    left_s = (HOUR - horizon(SystemClock().now(), None) % HOUR) / 1000
    if left_s < ENDING_S:
        time.sleep(left_s + 0.1)
    return (horizon(SystemClock().now(), None) // HOUR - 1) * HOUR


def an_hour(server: Influxd, hour: int) -> None:
    lines = "".join(
        f"ups,box=b,device=u,district=d,kind=ups icmp_outcome=0i,on_mains={n % 2}i {hour + n * 60_000}\n"
        for n in range(60)
    )
    params = {"db": "cctv", "precision": "ms"}
    httpx.post(f"{server.url}/write", params=params, content=lines).raise_for_status()


@pytest.mark.peer
@pytest.mark.slow
def test_setup_then_rollup_by_hand_and_what_is_done_is_not_done_again(
    ask: Ask, server: Influxd, last: int, tmp_path: Path
) -> None:
    where = ("--settings", str(tmp_path / "settings.yaml"))
    assert "made database cctv_years, kept 1825 days" in ask("influx", "setup", *where).out
    an_hour(server, last)
    rollup = ("influx", "rollup", *where, "--data", str(tmp_path / "data"))
    assert ask(*rollup).out.endswith("1 hours rolled up into cctv_years\n")
    assert ask(*rollup).out == "0 hours rolled up into cctv_years\n"
    assert server.query("SELECT mean_on_mains FROM ups", db="cctv_years") == [[last, 0.5]]
    refused = ask(*rollup, "--to", "2026-10-01")
    assert (refused.code, "--from" in refused.err) == (2, True)


@pytest.mark.peer
@pytest.mark.slow
def test_a_span_by_hand_is_local_and_needs_no_mark(ask: Ask, server: Influxd, tmp_path: Path) -> None:
    data = tmp_path / "data"
    now = SystemClock().now()
    lived_in(data, now)
    where = ("--settings", str(tmp_path / "settings.yaml"))
    ask("influx", "setup", *where)
    day = datetime.fromtimestamp(now / 1000, ZoneInfo("Asia/Karachi")).date() - timedelta(days=2)
    begins = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo("Asia/Karachi"))
    an_hour(server, int(begins.timestamp()) * 1000)
    rollup = ("influx", "rollup", *where, "--data", str(data))
    found = ask(*rollup, "--from", f"{day}", "--to", f"{day} 02:00")
    before = day - timedelta(days=1)
    assert found.out.splitlines() == [
        f"{before}T19:00Z 1 lines",
        f"{before}T20:00Z 0 lines",
        "2 hours rolled up into cctv_years",
    ]
    assert not (data / "series" / "years.json").exists()
    assert ask(*rollup, "--from", "yesterday").code == 2


@pytest.mark.peer
@pytest.mark.slow
def test_maintain_rolls_up_and_a_dead_server_fails_no_job(
    ask: Ask, server: Influxd, last: int, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    open_store(data).close()
    where = ("--settings", str(tmp_path / "settings.yaml"))
    ask("influx", "setup", *where)
    an_hour(server, last)
    maintain = ("maintain", *where, "--data", str(data))
    assert "years: 1 hours rolled up" in ask(*maintain).out
    (tmp_path / "settings.yaml").write_text(
        f"store: {{kind: influx, url: 'http://127.0.0.1:{free_port()}'}}\n"
    )
    for _ in range(2):
        assert ask(*maintain).code == 0
    assert caplog.text.count("rollups are not made") == 1
