"""Real time-series servers for tests, each on free ports with its own configuration."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx

from domain.ports import Point
from domain.reading import Key
from storage.influx_http import InfluxSettings
from storage.schema import NOWHERE, Places, label_name, tag_text
from tests.peers import absent, free_port, program, running, wait_until

_CONFIG = """
reporting-disabled = true
bind-address = "127.0.0.1:{rpc}"
[meta]
dir = "{data}/meta"
[data]
dir = "{data}/data"
wal-dir = "{data}/wal"
[http]
bind-address = "127.0.0.1:{port}"
log-enabled = false
auth-enabled = {auth}
max-body-size = {body}
[monitor]
store-enabled = false
"""


@dataclass
class Influxd:
    """An influxd that can be stopped, killed and started again on the same port and data."""

    binary: str
    folder: Path
    port: int
    auth: bool = False
    body: int = 25_000_000

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def settings(self) -> InfluxSettings:
        return InfluxSettings(self.url, "cctv", timeout_s=5)

    @contextlib.contextmanager
    def up(self) -> Iterator[int]:
        """Yields the process id."""
        self.folder.mkdir(exist_ok=True)
        config = self.folder / "influxdb.conf"
        config.write_text(
            _CONFIG.format(
                rpc=free_port(), data=self.folder, port=self.port, auth=str(self.auth).lower(), body=self.body
            )
        )
        with running([self.binary, "-config", str(config)], self.folder / "log") as child:
            wait_until(lambda: answers(f"{self.url}/ping"), 30, f"influxd in {self.folder}")
            yield child.pid

    def query(self, text: str, auth: tuple[str, str] | None = None, db: str = "cctv") -> list[list[object]]:
        params = {"q": text, "db": db, "epoch": "ms"}
        answer = httpx.post(f"{self.url}/query", params=params, auth=auth, timeout=120)
        answer.raise_for_status()
        return [
            row
            for result in answer.json()["results"]
            for series in result.get("series", ())
            for row in series.get("values", ())
        ]


def answers(url: str) -> bool:
    with contextlib.suppress(httpx.HTTPError):
        return httpx.get(url).is_success
    return False


def debian_influxd() -> str:
    return program("influxd", "influxdb")


def newer_influxd() -> str:
    """influxd 1.8, which has the v2 write API: in PATH as influxd-1.8 or in the cache where
    GOBIN=~/.cache/nigehban/bin go install github.com/influxdata/influxdb/cmd/influxd@v1.8.10
    puts it (55 s here), renamed."""
    found = _newer()
    if found is None:
        absent(
            "influxd-1.8", "GOFLAGS=-mod=mod go install github.com/influxdata/influxdb/cmd/influxd@v1.8.10"
        )
        raise AssertionError  # not reached
    return found


def newest_influxd() -> str:
    """The newest there is."""
    return _newer() or debian_influxd()


def _newer() -> str | None:
    cached = Path(os.environ.get("NIGEHBAN_INFLUXD_1_8", "~/.cache/nigehban/bin/influxd-1.8")).expanduser()
    return shutil.which("influxd-1.8") or (str(cached) if os.access(cached, os.X_OK) else None)


@contextlib.contextmanager
def victoria(folder: Path) -> Iterator[str]:
    """VictoriaMetrics; yields its URL."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [program("victoria-metrics"), "-storageDataPath", str(folder), "-retentionPeriod", "100y"]
    with running([*command, "-httpListenAddr", f"127.0.0.1:{port}"], folder.with_suffix(".log")):
        wait_until(lambda: answers(f"{url}/health"), 30, "victoria-metrics")
        yield url


class VictoriaHistory:
    """Reads back what VictoriaMetrics holds, through its export; only tests read it."""

    def __init__(self, url: str, places: Places) -> None:
        self._url, self._places = url, places

    def series(self, device: str, key: Key, start: int, end: int) -> Sequence[Point]:
        found = {p.at: p for p in self._all(device).get(key, ()) if start <= p.at < end}
        return [found[at] for at in sorted(found)]

    def latest(self, device: str) -> Mapping[Key, Point]:
        return {key: max(points, key=lambda p: p.at) for key, points in self._all(device).items()}

    def _all(self, device: str) -> dict[Key, list[Point]]:
        httpx.get(f"{self._url}/internal/force_flush").raise_for_status()
        params = {"match[]": f"{{device={json.dumps(tag_text(device), ensure_ascii=False)}}}"}
        text = httpx.get(f"{self._url}/api/v1/export", params=params).text
        kind = self._places.get(device, NOWHERE).kind
        found: dict[Key, list[Point]] = {}
        for line in text.splitlines():
            row = json.loads(line)
            metric = row["metric"]["__name__"].removeprefix(f"{kind}_")
            key = (metric, row["metric"].get(label_name(metric), ""))
            found.setdefault(key, []).extend(map(Point, row["timestamps"], row["values"]))
        return found
