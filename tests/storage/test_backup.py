"""Backup while writing, restore without sending old news again."""

from __future__ import annotations

import dataclasses
import io
import json
import sqlite3
import tarfile
import threading
from contextlib import closing
from pathlib import Path

import pytest

from domain.alarm import DeliveryStatus, Reason
from domain.errors import ConfigError, Permanent
from storage.backup import Manifest, _pack, _sha256, backup, restore, verify
from storage.journal import FILE, open_journal, open_outbox, open_reader
from storage.journal.migrate import HEAD
from storage.lock import lock_watch
from tests.storage.journal_facts import CONFIGURATION, change, delivery, mode, owed
from tests.storage.test_migrations import _old_journal

TAKEN, RESTORED = 50_000, 90_000


def _city(data_dir: Path) -> None:
    """o1: two deliveries sent, one pending, one left in sending; o2: not decided yet; one request."""
    with closing(open_journal(data_dir)) as journal:
        journal.started(1_000, 1_000, CONFIGURATION)
        journal.commit(change(1))
        journal.commit(change(2))
    with closing(open_outbox(data_dir)) as outbox:
        several = [delivery(n, owed_id="o1") for n in (1, 2, 3, 4)]
        outbox.decided(owed(1), several, [])
        outbox.update(dataclasses.replace(several[0], status=DeliveryStatus.SENT, receipt="SM1"), 2_100)
        outbox.update(dataclasses.replace(several[1], status=DeliveryStatus.DELIVERED), 2_100)
        outbox.update(dataclasses.replace(several[2], status=DeliveryStatus.SENDING, attempts=1), 2_100)
    with closing(open_reader(data_dir)) as reader:
        reader.ask("acknowledge", {"code": "K0001"}, 3_000)


@pytest.fixture
def city(tmp_path: Path) -> Path:
    data_dir = tmp_path / "data"
    _city(data_dir)
    return data_dir


def test_after_a_restore_nothing_old_is_sent_and_each_silence_has_its_reason(
    city: Path, tmp_path: Path
) -> None:
    backup(city, tmp_path / "b.tar", TAKEN, "0.1.0")
    other = tmp_path / "other"
    done = restore(tmp_path / "b.tar", other, RESTORED)
    assert (done.owed, done.deliveries, done.replaced) == (1, 2, None)
    with closing(open_outbox(other)) as outbox:
        assert outbox.undecided() == []
        assert outbox.due(10**12) == []
    with closing(open_reader(other)) as reader:
        assert {it.id: it.status for it in reader.deliveries()} == {
            "d1": DeliveryStatus.SENT,
            "d2": DeliveryStatus.DELIVERED,
            "d3": DeliveryStatus.SUPPRESSED,
            "d4": DeliveryStatus.SUPPRESSED,
        }
        for subject, box in (("o2", "box-2"), ("d3", "box-1"), ("d4", "box-1")):
            last = reader.decisions(subject)[-1]
            assert (last.reason, last.told, last.at, last.target) == (Reason.RESTORED, False, RESTORED, box)
        assert reader.attempts("d3")[-1].status is DeliveryStatus.SUPPRESSED
        (kept,) = reader.restorations()
        assert (kept.at, kept.taken_at, kept.source) == (RESTORED, TAKEN, "b.tar")
        answer = reader.answer_of(1)
        assert answer is not None
        assert answer.ok is False
    with closing(open_journal(other)) as journal:
        assert journal.requests() == []  # an old acknowledgement is not carried out again
        assert [it.id for it in journal.open_incidents()] == ["i1", "i2"]
        journal.commit(change(3, RESTORED + 1))
    with closing(open_outbox(other)) as outbox:
        assert [it.id for it in outbox.undecided()] == ["o3"]  # what is owed from now on is told


def test_the_backup_is_one_file_for_its_owner_with_a_true_manifest(city: Path, tmp_path: Path) -> None:
    manifest = backup(city, tmp_path / "b.tar", TAKEN, "0.1.0")
    assert verify(tmp_path / "b.tar") == manifest
    assert (manifest.version, manifest.at, manifest.schema) == ("0.1.0", TAKEN, HEAD)
    assert mode(tmp_path / "b.tar") == 0o600
    assert sorted(it.name for it in tmp_path.iterdir()) == ["b.tar", "data"]  # nothing is left beside it


@pytest.mark.slow
def test_a_backup_taken_while_watch_writes_is_of_one_moment(city: Path, tmp_path: Path) -> None:
    stop = threading.Event()
    with closing(open_journal(city)) as journal:

        def write() -> None:
            n = 10
            while not stop.is_set():
                journal.commit(change(n))
                journal.flush()
                n += 1

        writer = threading.Thread(target=write)
        writer.start()
        try:
            for k in range(5):
                backup(city, tmp_path / f"{k}.tar", TAKEN, "0.1.0")
        finally:
            stop.set()
            writer.join()
    sizes = []
    for k in range(5):
        restore(tmp_path / f"{k}.tar", tmp_path / f"r{k}", RESTORED)
        with closing(sqlite3.connect(tmp_path / f"r{k}" / FILE)) as connection:
            counts = {
                connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
                for table in ("transitions", "incidents", "owed", "engine_state")
            }
        assert len(counts) == 1
        sizes += counts
    assert sizes == sorted(sizes)


def test_a_directory_with_a_journal_is_refused_unless_told_and_then_moved_aside(
    city: Path, tmp_path: Path
) -> None:
    backup(city, tmp_path / "b.tar", TAKEN, "0.1.0")
    with closing(open_journal(city)) as journal:
        journal.commit(change(9))
    with pytest.raises(ConfigError, match="there is a journal here already, say --overwrite"):
        restore(tmp_path / "b.tar", city, RESTORED)
    done = restore(tmp_path / "b.tar", city, RESTORED, overwrite=True)
    assert done.replaced is not None
    with closing(sqlite3.connect(done.replaced)) as connection:
        assert connection.execute("SELECT count(*) FROM owed").fetchone() == (3,)
    with closing(open_reader(city)) as reader:
        assert {it.id for it in reader.events()} == {"o1", "o2"}


def test_a_damaged_journal_can_be_replaced(city: Path, tmp_path: Path) -> None:
    backup(city, tmp_path / "b.tar", TAKEN, "0.1.0")
    (city / FILE).write_bytes(b"rubbish " * 4096)
    (city / f"{FILE}-wal").write_bytes(b"more rubbish")
    restore(tmp_path / "b.tar", city, RESTORED, overwrite=True)
    assert (city / f"{FILE}.replaced-{RESTORED}").read_bytes().startswith(b"rubbish")
    with closing(open_reader(city)) as reader:
        assert len(reader.events()) == 2


def test_a_journal_in_use_is_not_replaced(city: Path, tmp_path: Path) -> None:
    backup(city, tmp_path / "b.tar", TAKEN, "0.1.0")
    with (
        closing(open_outbox(city)),
        pytest.raises(ConfigError, match="processes have this journal open, stop them first"),
    ):
        restore(tmp_path / "b.tar", city, RESTORED, overwrite=True)
    watch = lock_watch(city)
    try:
        with pytest.raises(ConfigError, match="is watching with this data directory already"):
            restore(tmp_path / "b.tar", city, RESTORED, overwrite=True)
    finally:
        watch.release()
    restore(tmp_path / "b.tar", city, RESTORED, overwrite=True)


def _tar(path: Path, members: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w") as tar:
        for name, body in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(body)
            tar.addfile(member, io.BytesIO(body))
    return path


def test_whatever_is_no_whole_backup_is_refused_and_nothing_is_written(city: Path, tmp_path: Path) -> None:
    good = tmp_path / "good.tar"
    backup(city, good, TAKEN, "0.1.0")
    whole = bytearray(good.read_bytes())
    whole[len(whole) // 2] ^= 1
    cases = {
        "flipped": bytes(whole),
        "cut": bytes(whole[: len(whole) // 2]),
        "empty": b"",
        "text": b"hello\n" * 500,
    }
    sources = []
    for name, body in cases.items():
        (tmp_path / name).write_bytes(body)
        sources.append(tmp_path / name)
    sources.append(_tar(tmp_path / "foreign", {"etc/passwd": b"x"}))
    sources.append(
        _tar(tmp_path / "future", {"manifest.json": json.dumps({"format": 99}).encode(), FILE: b""})
    )
    sources.append(_tar(tmp_path / "odd", {"manifest.json": b"[1]", FILE: b""}))
    sources.append(tmp_path / "absent")
    for source in sources:
        with pytest.raises(ConfigError, match=source.name):
            restore(source, tmp_path / "target", RESTORED)
    assert not (tmp_path / "target").exists()


def test_a_backup_of_an_older_version_is_migrated_when_restored(tmp_path: Path) -> None:
    old = tmp_path / "old"
    old.mkdir()
    path = _old_journal(old, "0001")
    manifest = Manifest(1, "0.0.9", TAKEN, "0001", path.stat().st_size, _sha256(path))
    _pack(tmp_path / "old.tar", path, manifest)
    restore(tmp_path / "old.tar", tmp_path / "new", RESTORED)
    with closing(open_reader(tmp_path / "new")) as reader:
        assert [it.reason for it in reader.decisions("o1")] == [Reason.RESTORED]


def test_a_damaged_journal_is_not_backed_up_over_a_good_backup(city: Path, tmp_path: Path) -> None:
    backup(city, tmp_path / "b.tar", TAKEN, "0.1.0")
    before = (tmp_path / "b.tar").read_bytes()
    body = bytearray((city / FILE).read_bytes())
    body[20 * 4096 : 30 * 4096] = b"\xff" * 10 * 4096
    (city / FILE).write_bytes(body)
    with pytest.raises(Permanent, match="damaged"):
        backup(city, tmp_path / "b.tar", TAKEN, "0.1.0")
    assert (tmp_path / "b.tar").read_bytes() == before
    assert sorted(it.name for it in tmp_path.iterdir()) == ["b.tar", "data"]
