"""SNMPv3 agents. One snmpd answers on every address of 127/8: many agents by address, one engine."""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path

from bench import city, peers
from bench.measure import MIB, Figures, median_of, windows
from bench.table import figure

A_SECOND = 167  # 10,000 a minute


def v3(full: bool) -> Figures:
    path = peers.program("snmpd")
    port = peers.free_port()
    count, runs = (10_000, 4) if full else (1_000, 3)
    interval = count / A_SECOND
    with tempfile.TemporaryDirectory() as folder:
        conf = Path(folder) / "snmpd.conf"
        conf.write_text(city.snmpd_conf(port))
        os.environ["SNMP_PERSISTENT_DIR"] = folder
        with peers.running([path, "-f", "-C", "-c", str(conf), "-Lf", "/dev/null"], pinned=True):
            time.sleep(1)
            found = windows(
                devices=count, interval_s=interval, seconds=interval, port=port, version="3", runs=runs,
                patience_s=300,
            )  # fmt: skip
    cost = median_of(found, "us_a_device")
    name = f"SNMPv3 SHA-256/AES-128, {count:,} agents at {A_SECOND}/s"
    yield figure(f"{name}: CPU a device", "us", cost, None, 250)
    grown = (found[-1]["rss"] - found[0]["rss"]) / MIB
    yield figure(f"{name}: memory grown from the first to sweep {runs}", "MiB", grown, None, 10)
    yield figure(f"{name}: descriptors", "", found[-1]["descriptors"], None, 100)
