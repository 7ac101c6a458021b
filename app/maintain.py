"""`nigehban maintain`: roll finished hours up, forget what is older than is kept."""

from __future__ import annotations

from pathlib import Path

from app.clock import SystemClock
from app.settings import EmbeddedShape, InfluxShape, load
from app.stores import rollup_settings
from storage.journal import open_store, prune
from storage.rollup import maintain

DECISIONS_DAYS = 400
"""Decisions and the steps of deliveries are kept a year and a month; what the ledger needs, for ever."""
TURN_MS = 45 * 60_000
"""A long backlog of hours is rolled up in turns, so that what else is due each hour is not kept waiting."""


def main(data: Path, settings_file: Path | None) -> str:
    settings = load(settings_file)
    clock = SystemClock()
    now = clock.now()
    said = []
    series = data / "series"
    if isinstance(settings.store, EmbeddedShape) and series.is_dir():
        done = maintain(series, now, raw_days=settings.store.raw_days, rollup_days=settings.store.rollup_days)
        said.append(
            f"series: {done.hours} hours rolled up, {done.days_removed} days and {done.rollups_removed} old "
            "rollups forgotten"
        )
    store = open_store(data, create=False)
    try:
        said.append(
            f"journal: {prune(store, now, DECISIONS_DAYS)} rows older than {DECISIONS_DAYS} days forgotten"
        )
    finally:
        store.close()
    if isinstance(settings.store, InfluxShape):
        from storage.years_due import catch_up

        hours = catch_up(rollup_settings(settings.store), series, now, lambda: clock.now() < now + TURN_MS)
        said.append(f"years: {hours} hours rolled up")
    return "\n".join(said)
