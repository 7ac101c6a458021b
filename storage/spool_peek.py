"""How far behind a spool is, read beside the process that owns it and without its lock."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from storage.spool_record import Batch, read


def oldest_waiting(directory: Path) -> int | None:
    """Engine time of the oldest batch not yet acknowledged; None where nothing waits or nothing is.

    What is acknowledged in these very milliseconds may still count as waiting; what waits is never
    passed over, for the cursor is read first and a segment is only removed once it is acknowledged."""
    acknowledged = 0
    with suppress(FileNotFoundError, ValueError, KeyError, TypeError):
        acknowledged = int(json.loads((directory / "cursor").read_text())["acknowledged"])
    for path in sorted(directory.glob("*.seg")):
        with suppress(FileNotFoundError):
            for batch in _batches(path):
                if batch.sequence > acknowledged:
                    return batch.at
    return None


def _batches(path: Path) -> Iterator[Batch]:
    """Up to the end, or to a batch that is being written or was torn."""
    file = os.open(path, os.O_RDONLY)
    try:
        offset, end = 0, os.fstat(file).st_size
        while found := read(file, offset, end):
            batch, offset = found
            yield batch
    finally:
        os.close(file)
