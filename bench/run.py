"""All figures in one run, reduced or full; `make bench`, `make bench FULL=1`.

    python -m bench.run [--full] [--only icmp,snmp,...]

Prints one table and writes bench/results/latest.json.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from bench import city, peers, rivals, zabbix
from bench.table import Figure, exponent, figure, middle, rendered, write

ROOT = Path(__file__).resolve().parents[1]
MIB = 1 << 20
Figures = Iterator[Figure]


def measure(module: str, **given: Any) -> dict[str, Any]:
    """One measurement in a fresh process. RuntimeError with its last words when it fails."""
    command = [sys.executable, "-m", f"bench.{module}", json.dumps(given)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"bench.{module}: {done.stderr.strip().splitlines()[-1:]}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def icmp(full: bool) -> Figures:
    for hosts in (10_000, 50_000):
        found = measure("icmp", hosts=hosts, runs=5 if full else 3, paced=full or hosts < 20_000)
        size, c = f"ICMP {hosts:,} x 3", found["bound"]
        for ours, theirs, said in (
            ("raw paced", "fping paced", "raw, 50,000/s asked for"),
            ("datagram paced", "fping paced", "unprivileged, 50,000/s asked for"),
            ("raw unpaced", "fping unpaced", "raw, unpaced"),
        ):
            if ours not in found:
                continue
            us, them = found[ours], found.get(theirs, {})
            yield figure(f"{size}, {said}: wall", "s", us["wall_s"], them.get("wall_s"), c["wall_s"])
            cost, theirs_cost = us["cpu_us_an_echo"], them.get("cpu_us_an_echo")
            yield figure(f"{size}, {said}: CPU an echo", "us", cost, theirs_cost, c["cpu_us_an_echo"])
            yield figure(f"{size}, {said}: live hosts called lossy", "hosts", us["most_lossy"], None, 0)
        if "tenth dead" in found:
            us = found["tenth dead"]
            limit = found["raw paced"]["wall_s"] + 1.0  # the timeout
            yield figure(f"{size}, a tenth dead: wall", "s", us["wall_s"], None, limit)
            yield figure(f"{size}, a tenth dead: live hosts called lossy", "hosts", us["most_lossy"], None, 0)


def snmp(full: bool) -> Figures:
    """The whole path and the exporter take turns over one responder."""
    runs, seconds, count = (5, 6.0, 20_000) if full else (3, 2.0, 4_000)
    costs: dict[str, list[tuple[float, float]]] = {}
    with peers.responder() as (port, _):
        rates = {sink: _capacity(count, port, sink) for sink in ("influx", "embedded")}
        for _ in range(runs):
            for sink, rate in rates.items():
                window = measure("whole", devices=count, interval_s=count / rate, seconds=seconds, port=port,
                                 sink=sink)["windows"][0]  # fmt: skip
                costs.setdefault(sink, []).append((window["us_a_device"], window["devices_a_second"]))
            costs.setdefault("bound", []).append(rivals.bound(port, 20_000, 5))
            try:
                costs.setdefault("exporter", []).append(rivals.exporter(port, 4_000))
            except peers.Absent as absent:
                print(absent, file=sys.stderr)
        steady = {"devices": count, "interval_s": count / 2000, "seconds": count / 2000, "port": port}
        calm = measure("whole", **steady)["windows"][0]
        shipped = measure("whole", **steady, profile="rfc1628")["windows"][0]
    theirs = rivals.medians(costs["exporter"]) if costs.get("exporter") else (None, None)
    c_cost, c_rate = rivals.medians(costs["bound"])
    for sink, said in (("influx", "to the spool"), ("embedded", "to the embedded store")):
        cost, rate = rivals.medians(costs[sink])
        name = f"SNMP whole path {said}"
        yield figure(f"{name}: CPU a device", "us", cost, theirs[0], c_cost)
        yield figure(
            f"{name}: devices on one core", "devices/s", rate, theirs[1], c_rate, more_is_better=True
        )
    yield figure(
        "SNMP whole path at 2,000 devices/s: CPU a device", "us", calm["us_a_device"], theirs[0], c_cost
    )
    yield figure("SNMP whole path, shipped UPS profile, 2,000/s: CPU", "us", shipped["us_a_device"])
    try:
        yield from _with_influx(count, 0.6 * rates["influx"], full)
    except peers.Absent as absent:
        print(absent, file=sys.stderr)


def _capacity(count: int, port: int, sink: str) -> float:
    """Devices a second that may be asked of this machine: a sweep of all at once, a little less. Asked for
    more, it would spend its time on turns that come before the last one is over."""
    sweeps = measure("sweeps", devices=count, sweeps=3, port=port, sink=sink)["sweeps"]
    return 0.95 * count / middle(sweep["wall_s"] for sweep in sweeps)


def _with_influx(count: int, rate: float, full: bool) -> Figures:
    """A real InfluxDB 1.x takes the points; its CPU counts too, as PostgreSQL's does in Zabbix's figure.
    Both are weighed in step: series made and caches filled, at a `rate` of devices a second that leaves
    the server its core."""
    costs, server = [], []
    for _ in range(3 if full else 1):
        with peers.responder() as (port, _), peers.influxd() as (url, pid):
            given = {"devices": count, "interval_s": count / rate, "port": port, "sink": "influx"}
            window = measure(
                "whole",
                **given,
                seconds=12 if full else 8,
                warm_s=3 * count / rate,
                influx=url,
                influx_pid=pid,
            )["windows"][0]
        server.append(window["server_us_a_line"])
        costs.append(window["us_a_device"] + window["server_us_a_line"] * window["lines_a_device"])
    values = len(city.ASKED) + 1
    yield figure("InfluxDB 1.6.7: CPU a line", "us", middle(server))
    theirs = None
    try:
        windows = zabbix.measured(seconds=30 if full else 10)
        theirs = middle(w["us_a_value"] for w in windows)
        stored = middle(w["values_a_second"] for w in windows)
        yield figure("Zabbix 6.0 with PostgreSQL: values stored while measured", "a second", stored)
    except (peers.Absent, RuntimeError, OSError) as error:
        print(error, file=sys.stderr)
    bound = theirs / 4 if theirs else None
    name = f"a value, InfluxDB's CPU counted in ({values} a device)"
    yield figure(name, "us", middle(costs) / values, theirs, bound)


def v3(full: bool) -> Figures:
    """One snmpd answers on every address of 127/8: 10,000 agents by address, one engine."""
    path = peers.program("snmpd")
    port = peers.free_port()
    count, runs = (10_000, 4) if full else (1_000, 2)
    with tempfile.TemporaryDirectory() as folder:
        conf = Path(folder) / "snmpd.conf"
        conf.write_text(city.snmpd_conf(port))
        os.environ["SNMP_PERSISTENT_DIR"] = folder
        with peers.running([path, "-f", "-C", "-c", str(conf), "-Lf", "/dev/null"], pinned=True):
            time.sleep(1)
            interval = count / 167  # 10,000 a minute
            found = measure(
                "whole", devices=count, interval_s=interval, seconds=interval, port=port, version="3",
                runs=runs, patience_s=300,
            )["windows"]  # fmt: skip
    yield figure(
        f"SNMPv3 SHA-256/AES-128, {count:,} agents at 167/s: CPU a device", "us",
        middle(w["us_a_device"] for w in found), None, 250,
    )  # fmt: skip
    grown = (found[-1]["rss"] - found[0]["rss"]) / MIB
    yield figure(f"SNMPv3: memory grown over {runs} sweeps", "MiB", grown, None, 10)
    yield figure("SNMPv3: descriptors", "", found[-1]["descriptors"], None, 20_000)


def scale(full: bool) -> Figures:
    sizes = (1_000, 10_000, 100_000) if full else (1_000, 3_000, 9_000)
    with peers.responder() as (port, _):
        largest = sizes[-1]
        for sink, said in (("influx", "the spool"), ("embedded", "the embedded store")):
            cpu_s, sweeps = [], []
            for size in sizes:
                # the last city of all is watched for longer: whether it grows
                last = (sink, size) == ("embedded", largest)
                count = 30 if last else 9 if full and size < largest else 5
                sweeps = measure("sweeps", devices=size, sweeps=count, port=port, sink=sink)["sweeps"]
                cpu_s.append(middle(s["cpu_s"] for s in sweeps))
            name = f"cost from {sizes[0]:,} to {largest:,} devices, with {said}: exponent"
            yield figure(name, "", exponent(sizes, cpu_s), None, 1.05)
        wall_s = middle(s["wall_s"] for s in sweeps)
        yield figure(f"a sweep of {largest:,} devices at once: wall", "s", wall_s, None, 60.0)
        yield figure(f"a sweep of {largest:,} devices at once: CPU", "s", cpu_s[-1])
        rss = sweeps[-1]["rss"] / MIB
        yield figure(f"{largest:,} devices: resident memory", "MiB", rss, None, 1.5e9 / MIB)
        early, late = middle(s["rss"] for s in sweeps[5:10]), middle(s["rss"] for s in sweeps[25:])
        grown = (late - early) / MIB
        yield figure(f"{largest:,} devices: memory grown over 30 sweeps", "MiB", grown, None, 20)
        yield figure(f"{largest:,} devices: descriptors", "", sweeps[-1]["descriptors"], None, 100)
        yield figure(f"{largest:,} devices: tasks", "", sweeps[-1]["tasks"], None, 10)
        if full:
            given = {
                "devices": largest,
                "interval_s": 60,
                "seconds": 60,
                "runs": 2,
                "port": port,
                "warm_s": 60,
            }
            window = measure("whole", **given)["windows"][-1]
            yield figure(
                f"{largest:,} devices every 60 s: CPU of one core", "%", window["cpu_s"] / 0.6, None, 100
            )


def worlds(full: bool) -> Figures:
    """The well-behaved, with and without misbehaving neighbours: worlds take turns, each in a fresh process,
    for what is compared are milliseconds. Of every hundred devices the last 75 behave in all of them."""
    count, rounds = (10_000, 3) if full else (4_000, 2)
    given = {"devices": count, "interval_s": 4, "seconds": 12 if full else 8, "lateness": 1,
             "warm_s": 8 if full else 4, "bad_percent": 25, "healthy": count * 75 // 100}  # fmt: skip
    kinds: dict[str, tuple[str, ...]] = {
        "": (),
        "20 % silent, 5 % late or garbled": ("silent=20", "late=3", "garbled=2"),
        "5 % flood, lie, cut off, impersonate": (
            "flood=1", "wrongid=1", "elsewhere=1", "truncated=1", "oversized=1",
        ),
    }  # fmt: skip
    runs: dict[str, list[dict[str, Any]]] = {said: [] for said in kinds}
    for _ in range(rounds):
        for said, misbehaving in kinds.items():
            with peers.responder(*misbehaving) as (port, _):
                runs[said] += measure("whole", **given, port=port)["windows"]
    calm = runs.pop("")
    for said, windows in runs.items():
        for key, words in (("late_median_s", "median"), ("late_p99_s", "p99")):
            bound = middle(window[key] for window in calm) * 1.1
            found = middle(window[key] for window in windows)
            yield figure(f"{said}: {words} after its slot", "s", found, None, bound)
        heard = middle(window["heard"] for window in windows)
        expected = middle(window["heard"] for window in calm)
        yield figure(f"{said}: answers of healthy devices", "", heard, None, expected)


def latency(full: bool) -> Figures:
    runs = [
        measure("told", what="traps", boxes=200 if full else 60, a_second=200)
        for _ in range(3 if full else 1)
    ]
    yield figure(
        "trap to SMS at 200 traps/s, 20 of them doors: median", "s", middle(r["median_s"] for r in runs)
    )
    yield figure(
        "trap to SMS at 200 traps/s, 20 of them doors: p99", "s", middle(r["p99_s"] for r in runs), None, 1.0
    )
    lost = [r["doors"] - r["told"] for r in runs]
    yield figure("trap to SMS at 200 traps/s: doors not told", "", max(lost), None, 0)
    found = measure("told", what="burst", boxes=100, traps=5000)
    yield figure("a burst of 5,000 traps: lost", "traps", found["sent"] - found["heard"], None, 0)
    yield figure(
        "a burst of 5,000 traps, 100 doors in it: not told", "", found["doors"] - found["told"], None, 0
    )
    yield figure("a burst of 5,000 traps, 100 doors in it: last SMS", "s", found["last_s"])
    dark = measure("told", what="silence", boxes=20, interval_s=5)
    yield figure(
        "box silent to SMS (interval 5, hold 10, settling 5): p99",
        "s",
        dark["p99_s"],
        None,
        dark["allowed_s"],
    )


def engine(full: bool) -> Figures:
    found = measure("engine", devices=100_000 if full else 20_000, sweeps=3)
    rules = found["rules_a_device"]
    rate = found["readings_a_second"]
    yield figure(f"rules alone, {rules} rules a device: readings", "a second", rate)
    yield figure(f"rules alone, {rules} rules a device: evaluations", "a second", rate * rules)
    yield figure("rules alone: an SNMP reading", "us", found["snmp_us"])
    yield figure("rules alone: an ICMP reading", "us", found["icmp_us"])
    yield figure("rules alone: memory a device", "octets", found["octets_a_device"])


def start(full: bool) -> Figures:
    count = 100_000 if full else 20_000
    found = measure("startup", devices=count)
    yield figure(f"{count:,} devices: from the command to the first echo", "s", found["seconds"], None, 20.0)
    yield figure(f"{count:,} devices: memory at the first echo", "MiB", found["rss"] / MIB)


def budget(full: bool) -> Figures:
    with peers.responder() as (port, _):
        found = measure("budget", devices=10_000, runs=7 if full else 5, port=port)
    for stage, cost in found.items():
        yield figure(f"budget, {stage}", "us/device", cost)


GROUPS: dict[str, Callable[[bool], Figures]] = {
    "icmp": icmp, "snmp": snmp, "v3": v3, "scale": scale, "worlds": worlds,
    "latency": latency, "engine": engine, "start": start, "budget": budget,
}  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench.run")
    parser.add_argument("--full", action="store_true", help="the sizes of the requirements; takes long")
    parser.add_argument("--only", default=",".join(GROUPS), help="groups, joined by commas")
    given = parser.parse_args()
    peers.compiled()
    figures: list[Figure] = []
    failed = False
    for name in given.only.split(","):
        begun = time.monotonic()
        try:
            figures += GROUPS[name](given.full)
        except (RuntimeError, peers.Absent, OSError) as error:
            failed = True
            print(f"{name}: {error}", file=sys.stderr)
        load = os.getloadavg()[0]
        print(f"{name}: {time.monotonic() - begun:.0f} s, load {load:.1f}", file=sys.stderr)
    print(rendered(figures))
    write(figures)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
