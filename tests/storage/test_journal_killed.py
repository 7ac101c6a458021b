"""kill -9 at random moments: what flush() said is on disk is there, and nothing is half there."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from storage.journal import FILE, open_journal, open_outbox
from tests.storage.journal_facts import CONFIGURATION, change, delivery, owed

ROOT = Path(__file__).resolve().parents[2]
KILLS = int(os.environ.get("NIGEHBAN_JOURNAL_KILLS", "20"))
ONE_OF_EACH = ("transitions", "incidents", "incident_changes", "owed", "owed_incidents", "decisions")


def _kill_a_writer(data_dir: Path, first: int, moment_s: float) -> int:
    """The last change acknowledged before the kill."""
    writer = subprocess.Popen(
        [sys.executable, "-m", "tests.storage.journal_writer", str(data_dir), str(first)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert writer.stdout is not None
    try:
        lines = [writer.stdout.readline()]  # it writes
        writer.wait(moment_s)
    except subprocess.TimeoutExpired:
        writer.send_signal(signal.SIGKILL)
    finally:
        writer.kill()
        lines += writer.stdout.readlines()
        writer.wait()
        writer.stdout.close()
    whole = [line for line in lines if line.endswith("\n")]
    return int(whole[-1])


@pytest.mark.slow
def test_what_was_flushed_survives_kill_9_and_no_change_is_half_there(tmp_path: Path) -> None:
    moments = random.Random(7)
    first = 0
    for _ in range(KILLS):
        acknowledged = _kill_a_writer(tmp_path, first, moments.uniform(0.0, 0.15))
        with closing(sqlite3.connect(tmp_path / FILE)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
            numbers = {
                table: connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
                for table in (*ONE_OF_EACH, "engine_state")
            }
            newest = connection.execute("SELECT max(at) FROM transitions").fetchone()[0]
        assert newest >= acknowledged
        assert set(numbers.values()) == {newest + 1}  # 0, 1, 2 ... newest, each whole, none twice
        first = newest + 1


_TELL = """
import os, signal, sys
from pathlib import Path
from storage.journal import open_outbox
from tests.storage.journal_facts import delivery, owed
outbox = open_outbox(Path(sys.argv[1]))
for event in outbox.undecided():
    outbox.decided(event, [delivery(1)], [])
    os.kill(os.getpid(), signal.SIGKILL)  # before it could do anything more
"""


def test_a_teller_killed_after_deciding_does_not_decide_again(tmp_path: Path) -> None:
    with closing(open_journal(tmp_path)) as journal:
        journal.started(1, 1, CONFIGURATION)
        journal.commit(change(1))
    command = [sys.executable, "-c", _TELL, str(tmp_path)]
    assert subprocess.run(command, cwd=ROOT, check=False).returncode == -signal.SIGKILL
    assert subprocess.run(command, cwd=ROOT, check=False).returncode == 0  # found nothing to decide
    with closing(open_outbox(tmp_path)) as outbox:
        assert outbox.undecided() == []
        assert outbox.due(9_000_000) == [delivery(1)]
        outbox.decided(owed(1), [delivery(2, owed_id="o1")], [])
        assert outbox.due(9_000_000) == [delivery(1)]


_PAIR = """
import sys
from pathlib import Path
from storage.journal import open_journal, open_reader
from tests.storage.journal_facts import CONFIGURATION, change
first = int(sys.argv[2])
journal = open_journal(Path(sys.argv[1]))
journal.accept(CONFIGURATION)
for n in range(first, first + 300):
    journal.commit(change(n))
    journal.alive("tell", n)
    if n % 10 == 0:
        journal.flush()
journal.close()
"""


@pytest.mark.slow
def test_processes_that_open_and_write_the_same_file_at_once_lose_nothing(tmp_path: Path) -> None:
    writers = [
        subprocess.Popen([sys.executable, "-c", _PAIR, str(tmp_path), str(first)], cwd=ROOT)
        for first in (0, 300, 600)
    ]
    assert [writer.wait(60) for writer in writers] == [0, 0, 0]
    with closing(open_outbox(tmp_path)) as outbox:
        assert sorted(int(it.id[1:]) for it in outbox.undecided(2_000)) == list(range(900))
