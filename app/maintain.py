"""`nigehban maintain`: roll finished hours up, forget what is older than is kept."""

from __future__ import annotations

from pathlib import Path

from app.clock import SystemClock
from app.settings import EmbeddedShape, load
from storage.journal import open_store, prune
from storage.rollup import maintain

DECISIONS_DAYS = 400
"""Decisions and the steps of deliveries are kept a year and a month; what the ledger needs, for ever."""


def main(data: Path, settings_file: Path | None) -> str:
    settings = load(settings_file)
    now = SystemClock().now()
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
    return "\n".join(said)
