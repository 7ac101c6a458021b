"""kill -9 of the watcher, of the teller and of both: nothing is lost, nothing is said twice."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from domain.alarm import DeliveryStatus, Notice
from storage.journal import FILE, open_reader
from tests.app.killing import EXPECTED

ROOT = Path(__file__).resolve().parents[2]
KILLS = int(os.environ.get("NIGEHBAN_KILLS", "12"))


@pytest.mark.slow
@pytest.mark.parametrize("victim", ["watch", "tell", "both"])
def test_no_incident_and_no_message_is_lost_or_sent_twice(victim: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.app.killing", str(tmp_path), victim, str(KILLS), "7"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"kills": KILLS, "codes": [0, 0]}, done.stderr

    with closing(sqlite3.connect(tmp_path / FILE)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    reader = open_reader(tmp_path)
    incidents = reader.incidents(0, 1 << 60)
    owed = reader.events(limit=10_000)
    deliveries = reader.deliveries(limit=10_000)
    backlog = reader.backlog()
    reader.close()

    # no incident lost, none invented, none that ended too early
    assert Counter((i.target, str(i.concern)) for i in incidents) == Counter(EXPECTED.keys())
    assert {(i.target, str(i.concern)): i.closed_at is not None for i in incidents} == EXPECTED

    # each promised once when it began and once when it ended, but for the shadow, and kept
    told = {i.id for i in incidents if i.target != "GLS-04"}
    began = Counter(id_ for event in owed if event.notice is Notice.OPENED for id_ in event.incidents)
    ended = Counter(id_ for event in owed if event.notice is Notice.CLOSED for id_ in event.incidents)
    healed = {i.id for i in incidents if i.closed_at is not None}
    assert began.keys() | {id_ for e in owed if e.notice is Notice.WORSE for id_ in e.incidents} == told
    assert max(began.values()) == 1
    assert ended == Counter(told & healed)
    assert backlog == (0, 0, 0)

    # every message has left, exactly once: the one in flight is looked for before it is sent again
    assert {delivery.status for delivery in deliveries} == {DeliveryStatus.DELIVERED}
    lines = (tmp_path / "sms.log").read_bytes().splitlines()
    sent = Counter(json.loads(line)["id"] for line in lines if line.strip())
    assert sent == Counter(delivery.id for delivery in deliveries)
    police = [d for d in deliveries if d.contact == "police-clifton"]
    assert len(police) == 1, "the stolen box's police, after the hold that ran on through the kills"
