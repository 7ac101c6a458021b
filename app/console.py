"""Commands that meet `watch` in the journal: ask it something, or read how things stand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from app.accepted import city_of
from app.clock import SystemClock
from storage.journal import Reader, open_outbox, open_reader

PATIENCE_MS = 15_000
PAUSE_MS = 100
SILENT_MS = 30_000
"""A watcher without an alive mark for so long is taken for dead."""

SPOOL_S = 60
"""Lines that wait for InfluxDB no longer than this are merely on their way."""


def ask(data: Path, verb: str, arguments: Mapping[str, Any]) -> tuple[bool, str]:
    """(whether it was done, the watcher's words). It answers within its loop; nobody else decides."""
    clock = SystemClock()
    reader = open_reader(data)
    try:
        request = reader.ask(verb, arguments, clock.now())
        until = clock.now() + PATIENCE_MS
        while clock.now() < until:
            answered = reader.answer_of(request)
            if answered is not None:
                return bool(answered.ok), answered.answer or ""
            clock.pause(PAUSE_MS)
    finally:
        reader.close()
    return False, "watch has not answered: is `nigehban run` running with this --data? The request stays."


def status(data: Path) -> dict[str, Any]:
    """How things stand, JSON-able."""
    now = SystemClock().now()
    reader = open_reader(data)
    journal = open_outbox(data)
    try:
        alive = {name: journal.last_alive(name) for name in ("watch", "tell")}
        undecided, unsent, parked = reader.backlog()
        return {
            "now": now,
            "timezone": _timezone(reader),
            "alive_seconds_ago": {n: None if at is None else (now - at) // 1000 for n, at in alive.items()},
            "watched": dict(reader.engine_state("status/watch") or {}),
            "incidents": [asdict(incident) for incident in reader.open_incidents()],
            "owed_undecided": undecided,
            "deliveries_unsent": unsent,
            "changes_parked": parked,
        }
    finally:
        reader.close()
        journal.close()


def _timezone(reader: Reader) -> str:
    configuration = reader.configuration()
    return city_of(configuration.files).timezone if configuration else "Asia/Karachi"


def status_words(found: Mapping[str, Any]) -> str:
    zone = ZoneInfo(found["timezone"])

    def local(at: int) -> str:
        return datetime.fromtimestamp(at / 1000, zone).strftime("%d %b %H:%M")

    lines = []
    for name, ago in found["alive_seconds_ago"].items():
        if ago is None:
            lines.append(f"{name}: has never run with this data directory")
        elif ago * 1000 > SILENT_MS:
            lines.append(f"{name}: NOT RUNNING, last sign of life {ago} s ago")
        else:
            lines.append(f"{name}: running")
    watched = found["watched"]
    if watched:
        lines.append(
            f"{watched['devices']} devices: {watched['heard'] - watched['down']} up, {watched['down']} down, "
            f"{watched['degraded']} degraded; {watched['dark_boxes']} boxes dark"
        )
        if watched["blind"]:
            lines.append("THE MONITOR ITSELF IS CUT OFF: its reference hosts are silent")
    lines.append(
        f"{found['owed_undecided']} events not yet decided, {found['deliveries_unsent']} messages unsent"
    )
    lines += _series_words(watched)
    if found["changes_parked"]:
        lines.append(f"{found['changes_parked']} changes were refused by the journal and are parked in it")
    for incident in found["incidents"]:
        by = f", acknowledged by {incident['acknowledged_by']}" if incident["acknowledged_by"] else ""
        lines.append(
            f"{incident['code']}  {incident['target']}  {incident['concern']}: "
            f"{str(incident['cause']).replace('_', ' ')}, since {local(incident['since'])}{by}"
        )
    if not found["incidents"]:
        lines.append("no open incidents")
    return "\n".join(lines)


def _series_words(watched: Mapping[str, Any]) -> list[str]:
    """What waits for InfluxDB, and what it never got; nothing while all is well."""
    waiting, dropped = int(watched.get("spool_lines", 0)), int(watched.get("spool_dropped_total", 0))
    parked, age = int(watched.get("parked_total", 0)), watched.get("spool_age_seconds", 0)
    words = []
    if waiting and age > SPOOL_S:
        words.append(f"series: {waiting} lines wait for InfluxDB, the oldest for {age / 60:.0f} min")
    if dropped:
        words.append(f"series: {dropped} LINES LOST to the caps of the spool or a full disk")
    if parked:
        words.append(f"series: {parked} lines were refused by InfluxDB, see series/spool/parked.lp")
    return words
