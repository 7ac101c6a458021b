"""Commands over a journal with a past: status, why, backup, restore, sms-test."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from app.clock import SystemClock
from app.console import status_words
from storage.journal import open_reader
from tests.app.asking import Ask
from tests.app.live import say
from tests.app.lived import lived_in, sent, told


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("past") / "data"
    lived_in(data, SystemClock().now())
    return data


def test_status_says_what_is_open_and_that_nobody_watches(ask: Ask, past: Path) -> None:
    words = ask("status", "-d", str(past))
    assert words.code == 0
    assert "watch: NOT RUNNING" in words.out
    assert "GLS-01  outage: camera hung" in words.out
    assert "CLF-02  outage: suspected theft" in words.out
    assert "CLF-01" not in words.out
    found = json.loads(ask("status", "-d", str(past), "--json").out)
    assert {(i["target"], i["concern"]) for i in found["incidents"]} == {
        ("GLS-01", "outage"),
        ("CLF-02", "outage"),
    }
    assert (found["owed_undecided"], found["deliveries_unsent"]) == (0, 0)


def test_why_prints_the_chain_of_a_box_a_device_and_a_code(ask: Ask, past: Path) -> None:
    box = ask("why", "GLS-01", "-d", str(past)).out
    for words in (
        "NIPA Chowrangi",
        "camera hung",
        "port 2 of GLS-01-switch is up and powered",
        "told bina",
        "not told: not_theirs",
    ):
        assert words in box
    device = ask("why", "GLS-01-cam2", "-d", str(past)).out
    assert "decided" in device
    assert "down (camera_hung)" in device
    with_reader = open_reader(past)
    code = next(i.code for i in with_reader.open_incidents() if i.target == "GLS-01")
    with_reader.close()
    assert "opened: camera hung" in ask("why", code.lower(), "-d", str(past)).out
    unknown = ask("why", "XXX-99", "-d", str(past))
    assert unknown.code == 2
    assert "nothing is known by the name 'XXX-99'" in unknown.err


def test_a_backup_comes_back_and_nothing_of_before_is_sent_again(
    ask: Ask, past: Path, tmp_path: Path
) -> None:
    now = SystemClock().now()
    owing = tmp_path / "owing"
    lived_in(owing, now, tell=False)
    saved = ask("backup", "b.nigehban", "-d", str(owing))
    assert (saved.code, "verified" in saved.out) == (0, True)
    again = tmp_path / "again"
    back = ask("restore", "b.nigehban", "-d", str(again))
    assert back.code == 0, back
    assert "will not be sent" in back.out
    told(again, now)
    assert sent(again) == []
    status = json.loads(ask("status", "-d", str(again), "--json").out)
    assert status["owed_undecided"] == 0
    assert len(status["incidents"]) == 2
    assert "restored" in ask("why", "GLS-01", "-d", str(again)).out
    told(owing, now)
    assert len(sent(owing)) >= 6  # the journal that was not restored still tells

    refused = ask("restore", "b.nigehban", "-d", str(again))
    assert refused.code == 2
    assert "--overwrite" in refused.err
    assert ask("restore", "b.nigehban", "-d", str(again), "--overwrite").code == 0


def test_a_backup_that_was_damaged_is_not_restored(ask: Ask, past: Path, tmp_path: Path) -> None:
    assert ask("backup", "b", "-d", str(past)).code == 0
    whole = Path("b").read_bytes()
    for damaged in (whole[: len(whole) // 2], whole[:-20_000], b"", whole[:2000] + b"x" + whole[2001:]):
        Path("b").write_bytes(damaged)
        answer = ask("restore", "b", "-d", str(tmp_path / "new"))
        assert answer.code == 2, answer
        assert "b:1: " in answer.err
        assert not (tmp_path / "new" / "journal.sqlite").exists()


def test_a_backup_that_cannot_be_written_is_refused_in_words(ask: Ask, past: Path) -> None:
    for target in ("no/such/folder/b", "."):
        answer = ask("backup", target, "-d", str(past))
        assert answer.code == 2, answer
        assert "cannot be written" in answer.err


def test_a_damaged_journal_is_called_so(ask: Ask) -> None:
    Path("d").mkdir()
    Path("d/journal.sqlite").write_bytes(os.urandom(5000))
    answer = ask("status", "-d", "d")
    assert answer.code == 1
    assert "the journal is damaged" in answer.err
    assert "restore a backup" in answer.err


def test_a_test_message_arrives_and_says_how_far_it_came(ask: Ask) -> None:
    answer = ask("sms-test", "+923001234567", "-d", "d")
    assert answer.code == 0, answer
    assert "delivered" in answer.out
    (line,) = sent(Path("d"))
    assert json.loads(line)["to"] == "+923001234567"


@pytest.mark.slow
def test_a_request_nobody_answers_is_said_to_be_waiting(past: Path) -> None:
    done = say("acknowledge", "ABCDEF", "--by", "asif", "--data", str(past))
    assert done.returncode == 2
    assert "is `nigehban run` running" in done.stderr


def test_status_says_what_waits_for_influxdb_and_what_it_never_got() -> None:
    found = {
        "timezone": "Asia/Karachi",
        "alive_seconds_ago": {},
        "owed_undecided": 0,
        "deliveries_unsent": 0,
        "changes_parked": 0,
        "incidents": [],
        "watched": {
            "devices": 1, "heard": 1, "down": 0, "degraded": 0, "dark_boxes": 0, "blind": 0,
            "spool_lines": 1200, "spool_age_seconds": 600.0, "spool_dropped_total": 7, "parked_total": 3,
        },
    }  # fmt: skip
    words = status_words(found)
    assert "series: 1200 lines wait for InfluxDB, the oldest for 10 min" in words
    assert "series: 7 LINES LOST" in words
    assert "series: 3 lines were refused by InfluxDB" in words
    found["watched"] |= {"spool_age_seconds": 2.0, "spool_dropped_total": 0, "parked_total": 0}  # type: ignore[operator]
    assert "series" not in status_words(found)
