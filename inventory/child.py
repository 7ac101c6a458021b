"""Loads an inventory in a child process, so that the memory of parsing dies with the child.

100,000 devices cost the child half a gigabyte, the parent only the frozen City. Run as
`python -m inventory.child PATH SHOWN_AS`; the answer is a pickle on standard output.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from pathlib import Path

from config.located import Located
from domain.errors import ConfigError, NigehbanError, Problem
from domain.place import City
from inventory.load import Loaded, load

Answer = tuple[City | None, str, tuple[Problem, ...]]


def load_in_child(path: Path, shown_as: str | None = None) -> Loaded:
    """As `load`, with a `document` that holds the text but no value; same ConfigError.
    NigehbanError if the child died."""
    file = shown_as or str(path)
    root = str(Path(__file__).resolve().parents[1])
    search = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))
    child = subprocess.run(  # noqa: S603 - our own interpreter and module
        [sys.executable, "-m", "inventory.child", str(path), file],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": search},
        check=False,
    )
    if child.returncode != 0:
        raise NigehbanError(f"the process that reads {file} ended with code {child.returncode}")
    answer: Answer = pickle.loads(child.stdout)  # noqa: S301
    city, text, problems = answer
    if city is None:
        raise ConfigError(problems)
    return Loaded(city, Located(file, text, None), problems)


def main(path: str, shown_as: str) -> None:
    answer: Answer
    try:
        loaded = load(Path(path), shown_as)
        answer = loaded.city, loaded.document.text, loaded.warnings
    except ConfigError as error:
        answer = None, "", error.problems
    pickle.dump(answer, sys.stdout.buffer, protocol=5)
    sys.stdout.buffer.flush()
    os._exit(0)  # taking half a gigabyte of objects down one by one would cost a second


if __name__ == "__main__":
    main(*sys.argv[1:])
