"""The writer thread: order, groups, failing disks, refused items."""

from __future__ import annotations

import contextlib
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from domain.errors import Retryable
from storage.journal import open_journal
from storage.journal.writer import Writer
from tests.peers import program, wait_until
from tests.storage.journal_facts import CONFIGURATION, change


class Disk:
    """Keeps groups; refuses odd items; stands still or fails as told."""

    def __init__(self) -> None:
        self.groups: list[list[int]] = []
        self.parked: list[int] = []
        self.open = threading.Event()
        self.open.set()
        self.full = False

    def apply(self, group: Sequence[int]) -> None:
        self.open.wait(10)
        if self.full:
            raise Retryable("no space is left")
        if any(item < 0 for item in group):
            raise ValueError("negative")
        self.groups.append(list(group))

    def park(self, item: int, error: Exception) -> None:
        self.parked.append(item)

    @property
    def kept(self) -> list[int]:
        return [item for group in self.groups for item in group]


@pytest.fixture
def disk() -> Disk:
    return Disk()


def _writer(disk: Disk, limit: int = 1_000) -> Writer[int]:
    return Writer(disk.apply, disk.park, lambda error: isinstance(error, Retryable), limit)


def test_what_waits_while_the_disk_works_goes_in_one_group(disk: Disk) -> None:
    disk.open.clear()
    writer = _writer(disk)
    writer.put(0)
    wait_until(lambda: writer.health().queued == 1)
    for item in range(1, 100):
        writer.put(item)
    disk.open.set()
    writer.flush()
    assert disk.kept == list(range(100))
    assert len(disk.groups) <= 3
    writer.close()


def test_a_full_disk_is_told_and_loses_nothing(disk: Disk) -> None:
    disk.full = True
    writer = _writer(disk)
    for item in range(10):
        writer.put(item)
    with pytest.raises(Retryable, match="10 changes are not on disk yet: no space is left"):
        writer.flush(0.3)
    assert not writer.health().healthy
    disk.full = False
    writer.flush()
    assert disk.kept == list(range(10))
    assert writer.health().healthy
    assert writer.health().error == ""
    writer.close()


def test_closing_with_a_full_disk_says_what_was_not_written(disk: Disk) -> None:
    disk.full = True
    writer = _writer(disk)
    writer.put(1)
    with pytest.raises(Retryable, match="1 changes were not written: no space"):
        writer.close(5)
    with pytest.raises(Retryable, match="closed"):
        writer.put(2)


def test_one_refused_item_is_parked_alone_and_order_is_kept(disk: Disk) -> None:
    disk.open.clear()
    writer = _writer(disk)
    for item in (1, 2, -3, 4, -5, 6):
        writer.put(item)
    disk.open.set()
    writer.flush()
    assert disk.kept == [1, 2, 4, 6]
    assert disk.parked == [-3, -5]
    assert writer.health().parked == 2
    writer.close()


def test_a_full_queue_holds_the_producer_back_and_drops_nothing(disk: Disk) -> None:
    disk.open.clear()
    writer = _writer(disk, limit=5)
    producer = threading.Thread(target=lambda: [writer.put(item) for item in range(20)])
    producer.start()
    wait_until(lambda: writer.health().queued == 5)
    producer.join(0.2)
    assert producer.is_alive()
    assert writer.health().queued == 5
    disk.open.set()
    producer.join(10)
    writer.flush()
    assert disk.kept == list(range(20))
    writer.close()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    mount = tmp_path / "small"
    mount.mkdir()
    done = subprocess.run(
        [program("mount"), "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(mount)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        pytest.skip(f"a small disk may not be mounted here: {done.stderr.strip()}")
    try:
        yield mount
    finally:
        subprocess.run([program("umount"), "-l", str(mount)], check=True)


@pytest.mark.peer
def test_a_journal_on_a_full_disk_goes_on_when_there_is_space_again(small_disk: Path) -> None:
    with closing(open_journal(small_disk)) as journal:
        journal.started(1, 1, CONFIGURATION)
        journal.commit(change(0))
        journal.flush()
        ballast = small_disk / "ballast"
        with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
            while True:  # until there is no space left
                file.write(b"x" * 4096)
        for n in range(1, 2_001):
            journal.commit(change(n))
        wait_until(lambda: not journal.health().healthy)
        assert "no space is left where the journal is kept" in journal.health().error
        with pytest.raises(Retryable, match="no space is left"):
            journal.flush(0.1)
        subprocess.run([program("mount"), "-o", "remount,size=64m", str(small_disk)], check=True)
        journal.flush()
        assert journal.health().healthy
        assert len(journal.open_incidents()) == len(journal.state()) == 2_001
