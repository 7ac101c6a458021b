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
import time
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
KILLS = int(os.environ.get("NIGEHBAN_KILLS", "20"))
"""Half of them of us and half of the server, where there is one. 200 take five minutes a server."""

pytestmark = [pytest.mark.slow]


class Writer:
    """A writer in a process of its own, heard by a thread: `accepted` is the last number it said."""

    def __init__(self, *arguments: str) -> None:
        command = [sys.executable, "-m", "tests.storage.series_writer", *arguments]
        self._child = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT)
        assert self._child.stdout is not None
        first = self._child.stdout.readline()
        assert first, "the writer died by itself"
        self.accepted = int(first)
        self._ear = threading.Thread(target=self._listen)
        self._ear.start()

    def _listen(self) -> None:
        assert self._child.stdout is not None
        for line in self._child.stdout:
            if line.endswith(b"\n"):  # else it died while it spoke
                self.accepted = int(line)

    def killed(self) -> int:
        """kill -9; the last number it accepted."""
        self._child.kill()
        assert self._child.wait() == -signal.SIGKILL
        self._ear.join()
        assert self._child.stdout is not None
        self._child.stdout.close()
        return self.accepted


@pytest.mark.peer
@pytest.mark.parametrize("binary", [debian_influxd, newer_influxd], ids=["1.6", "1.8"])
def test_every_point_accepted_before_any_kill_is_in_influxdb_once(
    binary: Callable[[], str], tmp_path: Path
) -> None:
    server = Influxd(binary(), tmp_path / "influxd", free_port())
    moments = random.Random(7)
    victims = ["us", "server"] * (KILLS // 2)
    moments.shuffle(victims)
    with contextlib.ExitStack() as alive:
        pid = alive.enter_context(server.up())
        setup(server.settings, raw_days=0)
        spool = str(tmp_path / "spool")
        writer = Writer("influx", spool, server.url, "0")
        for victim in victims:
            time.sleep(moments.uniform(0.0, 0.4))
            if victim == "us":
                writer = Writer("influx", spool, server.url, str(writer.killed() + 1))
            else:
                os.kill(pid, signal.SIGKILL)
                time.sleep(moments.uniform(0.0, 0.4))  # we go on without it
                alive.close()
                pid = alive.enter_context(server.up())
        accepted = writer.killed()
        sink = InfluxSink(server.settings, PLACES, tmp_path / "spool", backoff=QUICK)
        assert sink.flush(60), sink.health()
        tally = sink.health().tally
        sink.close()
        rows = server.query("SELECT battery_charge_percent FROM ups")
    stored = {int(str(row[0])) - START for row in rows}
    print(
        f"{victims.count('us')} kills of us, {victims.count('server')} of the server, {accepted + 1} points"
    )
    assert tally.dropped_lines == tally.parked_lines == 0
    assert len(rows) == len(stored)
    assert stored == set(range(len(stored)))
    assert accepted + 1 <= len(stored) <= accepted + 1 + 20  # one batch may have been taken and not said
    assert all(row[1] == int(str(row[0])) - START for row in rows)


def test_every_point_committed_before_any_kill_is_in_the_embedded_store(tmp_path: Path) -> None:
    moments = random.Random(8)
    accepted = -1
    for _ in range(KILLS):
        writer = Writer("embedded", str(tmp_path), "", str(accepted + 1))
        time.sleep(moments.uniform(0.0, 0.2))
        accepted = writer.killed()
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
