"""The joins between the processes, where a crash or a restart once cost something."""

from __future__ import annotations

import json
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from app.record import Header, Recorder, keep_earlier
from app.screen import Messages, Screen
from domain.input import Stop
from storage.journal import open_reader, open_store


def test_a_watcher_started_again_keeps_the_recording_of_the_run_that_crashed(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    for nth in range(3):
        keep_earlier(path)
        recorder = Recorder(path, Header(f"configuration {nth}", nth))
        recorder.write(Stop(nth))
        recorder.close()
        path.with_name("run.jsonl.events").write_text(f"events {nth}")

    def configuration(name: str) -> str:
        return str(json.loads((tmp_path / name).read_text().splitlines()[0])["configuration"])

    kept = {"run.jsonl.1": 0, "run.jsonl.2": 1, "run.jsonl": 2}
    for name, nth in kept.items():
        assert configuration(name) == f"configuration {nth}"
        assert (tmp_path / f"{name}.events").read_text() == f"events {nth}"


def test_a_message_torn_by_a_crash_does_not_end_the_live_terminal(tmp_path: Path) -> None:
    file = tmp_path / "sms.log"
    file.write_text('{"text": "whole"}\n{"text": "tor\n\n{"text": "after"}\n')
    assert [row["text"] for row in Messages(file, from_start=True).new()] == ["whole", "after"]


def test_a_terminal_that_can_draw_nothing_is_given_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.setenv("FORCE_COLOR", "1")
    open_store(tmp_path).close()
    file = tmp_path / "sms.log"
    reader = open_reader(tmp_path)
    with Screen(reader, Messages(file), ZoneInfo("UTC"), "Town", []) as screen:
        row = {
            "text": "A is dark",
            "to": "+923001234567",
            "at": "2026-11-22T10:00:00Z",
            "contact": "asma",
            "segments": 1,
            "encoding": "GSM-7",
            "units": 9,
        }
        file.write_text(json.dumps(row) + "\n")
        screen.refresh()
        seen = capsys.readouterr().out
    reader.close()
    assert "A is dark" in seen
