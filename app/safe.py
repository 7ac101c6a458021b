"""`nigehban backup` and `restore`: the journal as one verified file, and back."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from app.clock import SystemClock
from app.folder import written
from storage import backup as journal


def backup(data: Path, target: Path) -> str:
    with written(target):
        manifest = journal.backup(data, target, SystemClock().now(), version("nigehban"))
    return f"{target}: verified; the journal inside is {manifest.size} bytes, sha256 {manifest.sha256}"


def restore(source: Path, data: Path, overwrite: bool) -> str:
    found = journal.restore(source, data, SystemClock().now(), overwrite=overwrite)
    taken = datetime.fromtimestamp(found.manifest.at / 1000, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
    words = [
        f"{data}: the journal as it was on {taken}",
        f"{found.owed} events and {found.deliveries} messages from before will not be sent",
    ]
    if found.replaced is not None:
        words.append(f"the journal that was there is now {found.replaced}")
    return "\n".join(words)
