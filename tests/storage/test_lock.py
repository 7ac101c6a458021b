"""Locks of a data directory."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from domain.errors import ConfigError, NotPermitted
from storage.lock import Lock, lock_watch

ROOT = Path(__file__).resolve().parents[2]


def test_one_watcher_a_directory_and_the_second_learns_who_is_first(tmp_path: Path) -> None:
    first = lock_watch(tmp_path)
    with pytest.raises(ConfigError, match=f"process {os.getpid()} is watching .* --data"):
        lock_watch(tmp_path)
    first.release()
    lock_watch(tmp_path).release()


def test_a_lock_is_shared_by_readers_and_given_to_one_writer(tmp_path: Path) -> None:
    one, two = Lock(tmp_path / "l"), Lock(tmp_path / "l")
    assert one.take(shared=True)
    assert two.take(shared=True)
    assert not two.take()
    one.release()
    assert two.take()
    two.release()


_HOLD = """
import sys, time
from pathlib import Path
from storage.lock import lock_watch
lock = lock_watch(Path(sys.argv[1]))
print("held", flush=True)
time.sleep(60)
"""


def test_a_watcher_killed_leaves_no_lock_behind(tmp_path: Path) -> None:
    command = [sys.executable, "-c", _HOLD, str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as watcher:
        try:
            assert watcher.stdout is not None
            assert watcher.stdout.readline() == "held\n"
            with pytest.raises(ConfigError, match=f"process {watcher.pid} is watching"):
                lock_watch(tmp_path)
        finally:
            watcher.send_signal(signal.SIGKILL)
            watcher.wait()
    lock_watch(tmp_path).release()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_directory_of_another_user_is_told_apart_from_a_taken_one(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(NotPermitted, match="run as the user who owns"):
        Lock(tmp_path / "watch.lock")
    tmp_path.chmod(0o700)
