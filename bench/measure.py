"""Measurements, each in a fresh process, and the medians of several."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from bench.table import Figure, middle

ROOT = Path(__file__).resolve().parents[1]
MIB = 1 << 20
Figures = Iterator[Figure]


def measure(module: str, **given: Any) -> dict[str, Any]:
    """One measurement in a fresh process. RuntimeError with its last words when it fails."""
    command = [sys.executable, "-m", f"bench.{module}", json.dumps(given)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"bench.{module}: {done.stderr.strip().splitlines()[-1:]}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def windows(**given: Any) -> list[dict[str, Any]]:
    """Windows of one process of the whole path, `runs` of them."""
    found: list[dict[str, Any]] = measure("whole", **given)["windows"]
    return found


def median_of(runs: Sequence[dict[str, Any]], key: str) -> float:
    return middle(run[key] for run in runs)
