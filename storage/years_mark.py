"""How far the rollups are, in a small file beside the spool: replaced whole, and on disk when it is."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from storage.influx_http import InfluxSettings

NAME = "years.json"


@dataclass(frozen=True, slots=True)
class Mark:
    """Every hour that ended by `until` (engine milliseconds) is rolled up; None: not known. `trouble`
    is what was last said to be wrong, "" while all is well."""

    url: str
    database: str
    until: int | None = None
    trouble: str = ""


def read(directory: Path, settings: InfluxSettings) -> Mark:
    """A mark about another server or database tells nothing of this one, nor does a damaged file."""
    mine = Mark(settings.url, settings.database)
    with suppress(FileNotFoundError, ValueError, TypeError):
        kept = Mark(**json.loads((directory / NAME).read_text()))
        if replace(kept, until=None, trouble="") == mine and isinstance(kept.until, int | None):
            return kept
    return mine


def keep(directory: Path, mark: Mark) -> None:
    """OSError when the disk takes it not; the old mark then stands."""
    directory.mkdir(parents=True, exist_ok=True)
    beside = directory / f"{NAME}.new"
    with beside.open("w") as file:
        file.write(json.dumps(asdict(mark)))
        file.flush()
        os.fsync(file.fileno())
    beside.replace(directory / NAME)
