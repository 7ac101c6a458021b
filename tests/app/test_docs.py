"""The pages of docs/ made of data are those of today, and `--check` says so."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from app import docs
from app.device_docs import DEVICES
from app.docs import PAGES
from collector.device.load import load


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_is_made_from_the_data_of_today(page: Path) -> None:
    assert page.read_text(encoding="utf-8") == PAGES[page](), "run: make docs"


def test_a_check_of_pages_not_current_names_them_and_ends_with_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "metrics.md"
    monkeypatch.setattr(docs, "PAGES", {page: docs.metrics})
    monkeypatch.setattr(sys, "argv", ["docs", "--check"])
    with pytest.raises(SystemExit) as stale:
        docs.main()
    assert stale.value.code == 1
    assert "docs/metrics.md: not current" in capsys.readouterr().err
    page.write_text(docs.metrics(), encoding="utf-8")
    with pytest.raises(SystemExit) as current:
        docs.main()
    assert current.value.code == 0


def test_each_profile_for_devices_stands_on_the_page_of_devices_once() -> None:
    rows = PAGES[DEVICES]().splitlines()
    for name in load().profiles:
        assert sum(f" | `{name}` | " in row for row in rows) == 1, name
