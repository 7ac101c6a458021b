"""The command line within the test's own process: `nigehban ...` and its answer."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.app.live import CITY


@dataclass(frozen=True)
class Answer:
    code: int
    out: str
    err: str


Ask = Callable[..., Answer]


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Ask:
    """`nigehban ...` within this process, standing in a folder of its own with a good inventory.yaml."""
    from app import cli

    monkeypatch.chdir(tmp_path)
    shutil.copy(CITY, tmp_path / "inventory.yaml")
    for name in ("COMMUNITY", "AUTH_KEY", "PRIV_KEY"):
        monkeypatch.setenv(f"NIGEHBAN_SIM_{name}", "")  # so that what a run sets is taken back too
        monkeypatch.delenv(f"NIGEHBAN_SIM_{name}")

    def run(*arguments: str) -> Answer:
        monkeypatch.setattr(sys, "argv", ["nigehban", *arguments])
        code = 0
        try:
            cli.main()
        except SystemExit as ended:
            code = int(ended.code or 0)
        out, err = capsys.readouterr()
        return Answer(code, out, err)

    return run
