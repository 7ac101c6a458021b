"""Where we write: files and folders the user named, refused in words when they cannot be had."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from domain.errors import ConfigError, Problem


@contextmanager
def written(
    path: Path, remedy: str = "name one in a folder that exists and may be written"
) -> Iterator[None]:
    """ConfigError in place of an OSError about `path`."""
    try:
        yield
    except OSError as error:
        raise ConfigError([Problem(str(path), 1, f"cannot be written: {error.strerror}", remedy)]) from None


def data_folder(path: Path) -> None:
    """Makes the data directory, for its owner alone, where there is none."""
    with written(path, "name a folder with --data that this user may write"):
        path.mkdir(mode=0o700, parents=True, exist_ok=True)


def beside(path: Path) -> None:
    """ConfigError unless files may be made in the folder of `path`."""
    if not os.access(path.resolve().parent, os.W_OK):
        remedy = "name one in a folder that exists and may be written"
        raise ConfigError([Problem(str(path), 1, "cannot be written", remedy)])
