"""The spool keeps what it took, in order, whatever happens to the process, the disk or the server."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import Permanent
from storage.parked import Parking
from storage.spool import Spool
from storage.spool_record import Batch

ROOT = Path(__file__).resolve().parents[2]


def plain(batch: Batch) -> bytes:
    return zlib.decompress(batch.payload, 31)


def drain(spool: Spool) -> list[bytes]:
    found: list[bytes] = []
    while batches := spool.take(1000):
        found += [plain(batch) for batch in batches]
        spool.ack(batches[-1].sequence)
    return found


def segments(directory: Path) -> list[Path]:
    return sorted(directory.glob("*.seg"))


def test_batches_come_back_whole_and_oldest_first(tmp_path: Path) -> None:
    spool = Spool(tmp_path, segment_bytes=400)
    sent = [f"line {n}\n".encode() * (n + 1) for n in range(50)]
    for n, text in enumerate(sent):
        spool.put(text, n + 1, at=n)
    assert spool.waiting_lines == sum(range(1, 51))
    assert len(segments(tmp_path)) > 3
    assert drain(spool) == sent
    assert spool.waiting_lines == 0
    assert spool.tally.acknowledged_lines == spool.tally.taken_lines == sum(range(1, 51))
    spool.close()


def test_taking_without_acknowledging_gives_the_same_again(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool.put(b"a\n", 1, 0)
    spool.put(b"b\n", 1, 0)
    assert [plain(b) for b in spool.take()] == [plain(b) for b in spool.take()] == [b"a\n", b"b\n"]
    spool.close()


def test_a_stream_of_payloads_is_one_gzip_stream(tmp_path: Path) -> None:
    import gzip

    spool = Spool(tmp_path)
    for text in (b"a\n", b"b\n", b"c\n"):
        spool.put(text, 1, 0)
    assert gzip.decompress(b"".join(batch.payload for batch in spool.take())) == b"a\nb\nc\n"
    spool.close()


def test_what_waits_is_there_at_the_next_start_and_what_was_acknowledged_is_not(tmp_path: Path) -> None:
    spool = Spool(tmp_path, segment_bytes=300)
    for n in range(20):
        spool.put(f"{n}\n".encode() * 20, 20, n)
    first = spool.take(100)
    spool.ack(first[-1].sequence)
    rest = 20 - len(first)
    spool.close()

    again = Spool(tmp_path, segment_bytes=300)
    assert again.waiting_lines == rest * 20
    number = again.put(b"new\n", 1, 99)
    assert number == 21
    assert [text.split(b"\n")[0] for text in drain(again)] == [
        *(str(n).encode() for n in range(len(first), 20)),
        b"new",
    ]
    again.close()


def test_sequence_numbers_go_on_after_everything_was_delivered(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool.put(b"a\n", 1, 0)
    drain(spool)
    spool.close()
    again = Spool(tmp_path)
    assert again.put(b"b\n", 1, 0) == 2
    assert drain(again) == [b"b\n"]
    again.close()


@pytest.mark.parametrize("keep", [1, 10, 39, 45, -1])
def test_a_torn_tail_is_cut_off_and_counted_and_the_rest_survives(tmp_path: Path, keep: int) -> None:
    spool = Spool(tmp_path)
    spool.put(b"whole\n", 1, 0)
    spool.close()
    whole = segments(tmp_path)[0].stat().st_size
    spool = Spool(tmp_path)
    spool.put(b"torn\n", 1, 0)
    spool.close()
    last = segments(tmp_path)[-1]
    torn = last.read_bytes()[:keep]
    segments(tmp_path)[0].write_bytes(segments(tmp_path)[0].read_bytes() + torn)
    last.unlink()

    again = Spool(tmp_path)
    assert again.tally.torn_batches == 1
    assert segments(tmp_path)[0].stat().st_size == whole
    again.put(b"after\n", 1, 0)
    assert drain(again) == [b"whole\n", b"after\n"]
    again.close()


def test_damage_in_the_middle_costs_the_rest_of_its_segment_and_is_counted(tmp_path: Path) -> None:
    spool = Spool(tmp_path, segment_bytes=200)
    for n in range(12):
        spool.put(f"{n}\n".encode(), 1, n)
    spool.close()
    damaged = segments(tmp_path)[1]
    octets = bytearray(damaged.read_bytes())
    octets[len(octets) // 2] ^= 0xFF
    damaged.write_bytes(octets)

    again = Spool(tmp_path, segment_bytes=200)
    left = [int(text) for text in drain(again)]
    assert left == sorted(left)
    assert {0, 11} <= set(left)
    assert len(left) < 12
    assert again.tally.corrupt_batches == 1
    assert again.waiting_lines == 0
    again.close()


def test_damage_while_running_does_not_stop_what_follows(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    for n in range(3):
        spool.put(f"{n}\n".encode(), 1, n)
    with segments(tmp_path)[0].open("r+b") as file:
        file.seek(60)
        file.write(b"\0\0\0\0")
    while batches := spool.take():
        spool.ack(batches[-1].sequence)
    spool.put(b"after\n", 1, 4)
    assert drain(spool) == [b"after\n"]
    assert spool.tally.dropped_lines + spool.tally.acknowledged_lines == 4
    spool.close()


def test_beyond_its_size_the_oldest_goes_and_is_counted(tmp_path: Path) -> None:
    spool = Spool(tmp_path, max_bytes=20_000)
    noise = [os.urandom(900) for _ in range(60)]
    for n, text in enumerate(noise):
        spool.put(text, 7, n)
    assert spool.waiting_bytes <= 20_000
    left = drain(spool)
    assert left == noise[-len(left) :]
    assert spool.tally.dropped_lines == 7 * (60 - len(left)) > 0
    spool.close()


def test_beyond_its_age_the_oldest_goes_and_is_counted_across_restarts(tmp_path: Path) -> None:
    spool = Spool(tmp_path, segment_bytes=1, max_age_ms=1000)
    for at in (0, 500, 1400, 1600):
        spool.put(str(at).encode(), 1, at)
    spool.close()
    again = Spool(tmp_path)
    assert drain(again) == [b"1400", b"1600"]
    assert again.tally.dropped_lines == 2
    again.close()


def test_a_batch_dropped_while_it_was_being_sent_disturbs_nothing(tmp_path: Path) -> None:
    spool = Spool(tmp_path, max_bytes=4_000)
    spool.put(os.urandom(900), 1, 0)
    sent = spool.take()
    for n in range(10):
        spool.put(os.urandom(900), 1, n)
    spool.ack(sent[-1].sequence)
    assert len(drain(spool)) <= 4
    assert spool.waiting_lines == 0
    spool.close()


def test_a_full_disk_refuses_and_counts_and_the_spool_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool = Spool(tmp_path)
    spool.put(b"before\n", 1, 0)
    real = os.pwrite
    half = iter([True, False])

    def full(file: int, octets: bytes, offset: int) -> int:
        if next(half):
            return real(file, octets[: len(octets) // 2], offset)
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "pwrite", full)
        with pytest.raises(OSError):
            spool.put(b"refused\n", 1, 1)
    spool.put(b"after\n", 1, 2)
    assert drain(spool) == [b"before\n", b"after\n"]
    assert spool.tally.dropped_lines == 1
    spool.close()


def test_two_processes_cannot_share_a_spool(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    with pytest.raises(Permanent, match="in use"):
        Spool(tmp_path)
    spool.close()
    Spool(tmp_path).close()


def test_sync_returns_once_everything_taken_is_on_the_disk(tmp_path: Path) -> None:
    spool = Spool(tmp_path, sync_s=0.01, segment_bytes=100)
    for n in range(5):
        spool.put(b"x" * 90, 1, n)
    assert spool.sync(10)
    spool.close()


def test_one_writes_while_another_reads_and_nothing_is_lost_or_doubled(tmp_path: Path) -> None:
    spool = Spool(tmp_path, segment_bytes=2_000, sync_s=0.01)
    found: list[bytes] = []

    def read() -> None:
        while len(found) < 2_000:
            batches = spool.take(500, timeout_s=5)
            found.extend(plain(batch) for batch in batches)
            if batches:
                spool.ack(batches[-1].sequence)

    reader = threading.Thread(target=read)
    reader.start()
    for n in range(2_000):
        spool.put(str(n).encode(), 1, n)
    reader.join(30)
    assert found == [str(n).encode() for n in range(2_000)]
    spool.close()


@settings(max_examples=40, deadline=None)
@given(st.lists(st.one_of(st.binary(min_size=1, max_size=300), st.sampled_from(["ack", "reopen", "tear"]))))
def test_any_order_of_putting_taking_restarting_and_tearing_keeps_the_queue(
    tmp_path_factory: pytest.TempPathFactory, steps: list[bytes | str]
) -> None:
    directory = tmp_path_factory.mktemp("spool")
    spool = Spool(directory, segment_bytes=500, sync_s=5)
    model: list[bytes] = []
    for step in steps:
        if isinstance(step, bytes):
            spool.put(step, 1, 0)
            model.append(step)
        elif step == "ack":
            batches = spool.take(400)
            assert [plain(b) for b in batches] == model[: len(batches)]
            assert bool(batches) == bool(model)
            if batches:
                spool.ack(batches[-1].sequence)
                del model[: len(batches)]
        else:
            spool.close()
            if step == "tear" and segments(directory):
                with segments(directory)[-1].open("ab") as file:
                    file.write(b"NgS1\x10")
            spool = Spool(directory, segment_bytes=500, sync_s=5)
        assert spool.waiting_lines == len(model)
    assert drain(spool) == model
    spool.close()


_WRITER = """
import sys, pathlib
from storage.spool import Spool
spool = Spool(pathlib.Path(sys.argv[1]), segment_bytes=20_000, sync_s=0.01)
number = int(sys.argv[2])
while True:
    spool.put(b"%d\\n" % number, 1, number)
    print(number, flush=True)  # only what `put` returned for counts as taken
    number += 1
"""


def test_kill_9_loses_nothing_that_counted_as_taken(tmp_path: Path) -> None:
    taken = -1
    for _ in range(8):
        child = subprocess.Popen(
            [sys.executable, "-c", _WRITER, str(tmp_path), str(taken + 1)], stdout=subprocess.PIPE, cwd=ROOT
        )
        assert child.stdout is not None
        for _ in range(200):
            taken = int(child.stdout.readline())
        child.kill()
        for line in child.stdout.read().splitlines():  # said before it died
            taken = int(line)
        child.wait()
        child.stdout.close()
        spool = Spool(tmp_path)
        on_disk = [int(text) for text in drain_peek(spool)]
        spool.close()
        assert on_disk[: taken + 1] == list(range(taken + 1))
        assert len(on_disk) <= taken + 2  # one may have been taken and not yet said
        taken = on_disk[-1]


def drain_peek(spool: Spool) -> list[bytes]:
    return [plain(batch) for batch in spool.take(1 << 30)]


def test_parked_lines_can_be_read_and_sent_again_by_hand(tmp_path: Path) -> None:
    parking = Parking(tmp_path, max_bytes=200)
    parking.park([(b"bad line\n", "unable to\nparse")], 5)
    assert parking.path.read_text() == "# 5 unable to parse\nbad line\n"
    parking.park([(b"x" * 190, "long")], 6)
    assert parking.path.read_text().startswith("# 6 long\n")
    assert (tmp_path / "parked.lp.1").read_text().endswith("bad line\n")
