"""A year of a city of 15,000 devices in a journal, and how long a month's report of it takes.

    python -m bench.big_ledger DIR [--months 12] [--formats html,xlsx,csv,json]

Every feeder sheds load twice a day for an hour or two; weak batteries give out before it is over;
cameras hang, uplinks drop, boxes are stolen, the monitor restarts and is blind now and then.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from domain.record import Configuration
from reports.period import following, parse
from storage.journal import FILE, open_journal

ZONE = ZoneInfo("Asia/Karachi")
BOXES, PER_BOX, FEEDERS, DISTRICTS, CONTRACTORS = 1_875, 8, 150, 6, 4
KINDS = ("ups", "switch", "camera", "camera", "camera", "camera", "camera", "camera")
HOUR, DAY = 3_600_000, 86_400_000
Row = tuple[int, str, str, str | None, int, str, str]


def inventory() -> str:
    lines = ["city:", "  name: Karachi", "  bounds: {south: 24.0, west: 66.0, north: 26.0, east: 68.0}"]
    lines += ["defaults:", "  snmp: {version: 2c, community: env:X}"]
    lines += ["districts:", *(f"  d{n}: {{name: District {n}}}" for n in range(DISTRICTS))]
    lines += ["feeders:", *(f"  f{n:03}: {{name: Feeder {n}}}" for n in range(FEEDERS))]
    lines += ["contractors:", *(f"  c{n}: {{name: Contractor {n}}}" for n in range(CONTRACTORS))]
    lines.append("boxes:")
    for n in range(BOXES):
        lines += [f"  B{n:04}:", f"    name: Box {n}", "    lat: 24.9", "    lon: 67.0"]
        lines += [f"    district: d{n % DISTRICTS}", f"    feeder: f{n % FEEDERS:03}"]
        lines += [
            f"    contractor: c{n % CONTRACTORS}",
            "    battery: {capacity_ah: 100, installed: 2024-03-10}",
        ]
        lines.append("    devices:")
        for k, kind in enumerate(KINDS):
            a = n * PER_BOX + k
            tag = ", tags: [e-challan]" if k == 2 else ""
            host = f"10.{a >> 16}.{a >> 8 & 255}.{a & 255}"
            lines.append(f"      B{n:04}-{kind}{k}: {{kind: {kind}, address: {host}{tag}}}")
    return "\n".join(lines) + "\n"


def box_down(box: int, cause: str, first: int, last: int, rng: random.Random) -> Iterator[Row]:
    """Every device within its sweep's phase, first without a reason, then with; and the box itself."""
    incident = f"B{box:04}/outage/{first}"
    for k, kind in enumerate(KINDS):
        since, back = first + rng.randrange(30_000), last + rng.randrange(30_000)
        target = f"B{box:04}-{kind}{k}"
        yield since + 62_000, target, "down", "device_silent", since, incident, "it does not answer"
        yield since + 95_000, target, "down", cause, since, incident, "all 8 devices fell silent"
        yield back + 31_000, target, "up", None, back, "", "it answers again"
    yield first + 95_000, f"B{box:04}", "down", cause, first + 30_000, incident, "all 8 devices fell silent"
    yield last + 31_000, f"B{box:04}", "up", None, last, "", ""


def month(start: int, end: int, weak: set[int], rng: random.Random) -> Iterator[Row]:
    for day in range(start, end, DAY):
        for feeder in range(FEEDERS):
            for shed in (rng.randrange(7, 12), rng.randrange(15, 21)):
                first = day + shed * HOUR + rng.randrange(HOUR)
                last = first + rng.randrange(HOUR, 2 * HOUR)
                for box in range(feeder, BOXES, FEEDERS):
                    if box in weak and last - first > 75 * 60_000:
                        yield from box_down(box, "battery_exhausted", first + 75 * 60_000, last, rng)
        for _ in range(BOXES // 20):
            device, first = rng.randrange(BOXES * PER_BOX), day + rng.randrange(20 * HOUR)
            target = f"B{device // PER_BOX:04}-{KINDS[device % PER_BOX]}{device % PER_BOX}"
            back = first + rng.randrange(120_000, 4 * HOUR)
            yield first + 62_000, target, "down", "camera_hung", first, f"{target}/{first}", "its port is up"
            yield back + 31_000, target, "up", None, back, "", "it answers again"
        for box in rng.sample(range(BOXES), 12):
            cause = rng.choice(["uplink_down", "uplink_down", "box_silent", "suspected_theft"])
            first = day + rng.randrange(20 * HOUR)
            yield from box_down(box, cause, first, first + rng.randrange(HOUR // 2, 3 * HOUR), rng)


def fill(folder: Path, months: int) -> str:
    """A journal of so many months up to October 2026; the label of the last."""
    rng = random.Random(2026)
    label = f"{2026 - (months > 10)}-{(10 - months) % 12 + 1:02}"
    begin = parse(label, ZONE).start - DAY
    text = inventory()
    with closing(open_journal(folder)) as journal:
        journal.started(begin, begin, Configuration("big", begin, {"inventory.yaml": text}))
    weak = set(rng.sample(range(BOXES), BOXES // 8))
    with closing(sqlite3.connect(folder / FILE)) as base:
        base.execute("PRAGMA synchronous = OFF")
        columns = "at, target, condition, cause, since, incident, why"
        put = f"INSERT INTO transitions ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?)"
        for _ in range(months):
            period = parse(label, ZONE)
            base.executemany(put, sorted(month(period.start, period.end, weak, rng)))
            last, label = label, following(label, ZONE).label
        rows = [
            (
                f"B{n // PER_BOX:04}-{KINDS[n % PER_BOX]}{n % PER_BOX}",
                begin,
                "big",
                f"B{n // PER_BOX:04}",
                period.end,
            )
            for n in range(BOXES * PER_BOX)
        ]
        base.executemany(
            "INSERT INTO coverage (device, first_at, configuration, box, last_at) VALUES (?,?,?,?,?)", rows
        )
        base.execute("DELETE FROM alive")
        at = begin
        while at < period.end:
            until = min(at + rng.randrange(2, 9) * DAY, period.end + HOUR)
            base.execute("INSERT INTO alive (process, first_at, last_at) VALUES ('watch', ?, ?)", (at, until))
            at = until + rng.randrange(60_000, 600_000)
        base.commit()
        base.execute("ANALYZE")
        count = base.execute("SELECT count(*) FROM transitions").fetchone()[0]
    print(f"{count:,} transitions in {months} months, {(folder / FILE).stat().st_size / 1e6:,.0f} MB")
    return last


def main() -> None:
    given = argparse.ArgumentParser()
    given.add_argument("folder", type=Path)
    given.add_argument("--months", type=int, default=12)
    given.add_argument("--formats", default="html,xlsx,csv,json")
    asked = given.parse_args()
    data, label = asked.folder / "data", "2026-10"
    if not (data / FILE).exists():
        label = fill(data, asked.months)
    for formats in ("json", asked.formats):
        run = [sys.executable, "-c", "from app.report import report_app; report_app()", "report"]
        run += [
            "--period",
            label,
            "--data",
            str(data),
            "--out",
            str(asked.folder / "out"),
            "--format",
            formats,
        ]
        began, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(run, check=True)
        took, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        print(f"{formats}: {took:.1f} s ({cpu:.1f} s of processor), {after.ru_maxrss / 1024:.0f} MB")
    found = json.loads((asked.folder / "out" / f"nigehban-{label}.json").read_text())
    print(datetime.now(UTC).isoformat(timespec="seconds"), found["entities"][0]["buckets"])


if __name__ == "__main__":
    main()
