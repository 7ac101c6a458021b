"""kill -9, of us and of the server, at random moments: every accepted point is in the store once."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from storage.embedded import EmbeddedStore
from storage.influx import InfluxSink
from storage.influx_http import InfluxSettings
from storage.influx_setup import setup
from storage.spool import Spool
from tests.peers import free_port
from tests.storage.series_peers import Influxd, debian_influxd, newer_influxd
from tests.storage.series_writer import KEY, PLACES, QUICK, START, reading

ROOT = Path(__file__).resolve().parents[2]
KILLS = int(os.environ.get("NIGEHBAN_KILLS", "15"))

pytestmark = [pytest.mark.slow]


def killed_writer(arguments: list[str], moment: float) -> int:
    """Runs the writer until `moment` seconds after its first accepted batch; the last it accepted."""
    command = [sys.executable, "-m", "tests.storage.series_writer", *arguments]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT)
    assert child.stdout is not None
    first = child.stdout.readline()
    assert first, "the writer died by itself"
    killer = threading.Timer(moment, child.kill)
    killer.start()
    said = [int(first), *map(int, child.stdout.read().split())]
    child.wait()
    child.stdout.close()
    killer.join()
    assert child.returncode == -signal.SIGKILL
    return said[-1]


@pytest.mark.peer
@pytest.mark.parametrize("binary", [debian_influxd, newer_influxd], ids=["1.6", "1.8"])
def test_every_point_accepted_before_any_kill_is_in_influxdb_once(
    binary: Callable[[], str], tmp_path: Path
) -> None:
    server = Influxd(binary(), tmp_path / "influxd", free_port())
    moments = random.Random(7)
    server_dies = set(range(1, KILLS, 3))
    accepted = -1
    with contextlib.ExitStack() as stack:
        pid = stack.enter_context(server.up())
        setup(server.settings, raw_days=0)
        for kill in range(KILLS):
            if kill in server_dies:
                after = threading.Timer(moments.uniform(0.2, 0.6), os.kill, (pid, signal.SIGKILL))
                after.start()
            arguments = ["influx", str(tmp_path / "spool"), server.url, str(accepted + 1)]
            accepted = killed_writer(arguments, moments.uniform(0.0, 0.4))
            if kill in server_dies:
                after.join()
                stack.close()
                pid = stack.enter_context(server.up())
        sink = InfluxSink(server.settings, PLACES, tmp_path / "spool", backoff=QUICK)
        assert sink.flush(60), sink.health()
        tally = sink.health().tally
        sink.close()
        rows = server.query("SELECT battery_charge_percent FROM ups")
    stored = {int(str(row[0])) - START for row in rows}
    assert tally.dropped_lines == tally.parked_lines == 0
    assert len(rows) == len(stored)
    assert stored == set(range(len(stored)))
    assert accepted + 1 <= len(stored) <= accepted + 1 + 20  # one batch may have been taken and not said
    assert all(row[1] == int(str(row[0])) - START for row in rows)


def test_every_point_committed_before_any_kill_is_in_the_embedded_store(tmp_path: Path) -> None:
    moments = random.Random(8)
    accepted = -1
    for _ in range(KILLS):
        arguments = ["embedded", str(tmp_path), "", str(accepted + 1)]
        accepted = killed_writer(arguments, moments.uniform(0.0, 0.2))
        store = EmbeddedStore(tmp_path)
        found = [
            (point.at - START, point.value) for point in store.series("ups-1", KEY, START, START + 10**9)
        ]
        store.close()
        assert found[: accepted + 1] == [(n, float(n)) for n in range(accepted + 1)]
        accepted = found[-1][0]


def test_nobody_waits_for_a_server_that_takes_connections_and_says_nothing(tmp_path: Path) -> None:
    with socket.socket() as hole:
        hole.bind(("127.0.0.1", 0))
        hole.listen(50)
        settings = InfluxSettings(f"http://127.0.0.1:{hole.getsockname()[1]}", timeout_s=60)
        sink = InfluxSink(settings, PLACES, tmp_path, backoff=QUICK)
        sink.write([reading(0)])
        asked, _ = hole.accept()
        for number in range(1, 200):
            sink.write([reading(number)])
        assert asked.recv(4) == b"GET "
        assert (sink.health().waiting_lines, sink.health().error) == (200, "")
        sink.close()
        asked.close()
    again = Spool(tmp_path)
    assert again.waiting_lines == 200
    again.close()
