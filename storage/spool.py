"""A queue of batches on disk: what it has taken survives kill -9 and a reboot.

A directory of append-only segments. `put` returns when the batch is in the kernel's hands (kill -9
of this process loses nothing); one fdatasync for all that came meanwhile follows within `sync_s`,
so that a power cut loses at most that much, and `sync` waits for it. A torn tail is found by its
checksum, cut off and counted. Payloads are gzip members, which can be sent as they are, one after
another, where the server reads all members of a body.

`put` may be called from any thread; `take` and `ack` from one other. In memory stand only one
entry a segment and what was last taken.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from domain.errors import Permanent
from storage.spool_record import Batch, Segment, Tally, read, record, scan

_log = logging.getLogger(__name__)


class Spool:
    """See the module. `max_bytes` and `max_age_ms` bound what waits: beyond them the oldest
    segments are dropped, counted and said aloud. One process at a time: Permanent otherwise."""

    def __init__(
        self,
        directory: Path,
        *,
        max_bytes: int = 4 << 30,
        max_age_ms: int = 14 * 86_400_000,
        segment_bytes: int = 8 << 20,
        sync_s: float = 0.5,
    ) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._directory = directory
        self._max_bytes, self._max_age = max_bytes, max_age_ms
        self._segment_bytes = min(segment_bytes, max_bytes // 4)  # a drop costs at most a quarter
        self._sync_s = sync_s
        self._guard = os.open(directory / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._guard, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._guard)
            raise Permanent(f"{directory} is in use by another process") from None
        self.tally = Tally()
        self._lock = threading.Lock()
        self._arrived = threading.Condition(self._lock)
        self._synced = threading.Condition(self._lock)
        self._stop = threading.Event()
        self._woken = False
        self._acked = 0
        self._segments: list[Segment] = []
        self._writing: int | None = None
        self._unsynced: list[int] = []  # descriptors of finished segments
        self._reading: tuple[Segment, int] | None = None  # where the oldest waiting batch begins
        self._taken: list[tuple[Batch, int, Segment]] = []
        self._load_cursor()
        self._recover()
        newest = self._segments[-1].last if self._segments else 0
        self._next = max(newest, self._acked) + 1
        self._durable = self._next - 1
        self._syncer = threading.Thread(target=self._sync_loop, name="spool-sync", daemon=True)
        self._syncer.start()

    # -- the writer's side

    def put(self, plain: bytes, lines: int, at: int) -> int:
        """Takes a batch; its sequence number. OSError when the disk takes no more: the batch is
        then counted as dropped and the spool is as it was."""
        with self._lock:
            sequence = self._next
            octets = record(sequence, at, lines, plain)
            try:
                file = self._open_for(len(octets))
                self._append(file, octets)
            except OSError:
                self.tally.dropped_lines += lines
                raise
            self._next += 1
            here = self._segments[-1]
            here.size += len(octets)
            here.last, here.newest_at = sequence, max(here.newest_at, at)
            here.waiting += lines
            self.tally.taken_lines += lines
            self._enforce(at)
            self._arrived.notify()
            return sequence

    def sync(self, timeout_s: float = 30.0) -> bool:
        """Waits until everything taken so far would survive a power cut; False if it did not come
        to that in time."""
        with self._lock:
            until = self._next - 1
            return self._synced.wait_for(lambda: self._durable >= until, timeout_s)

    # -- the reader's side

    def take(self, max_plain_bytes: int = 2 << 20, timeout_s: float = 0.0) -> list[Batch]:
        """The oldest batches not yet acknowledged, together at most `max_plain_bytes` unpacked but
        at least one; waits for one to come. Taking again without `ack` gives the same ones."""
        with self._lock:
            if timeout_s:
                self._arrived.wait_for(lambda: self.waiting_lines > 0 or self._woken, timeout_s)
                self._woken = False
        self._taken = []
        size = 0
        for found in self._walk():
            size += found[0].plain_bytes
            if self._taken and size > max_plain_bytes:
                break
            self._taken.append(found)
        return [batch for batch, _, _ in self._taken]

    def ack(self, sequence: int, parked_lines: int = 0) -> None:
        """Everything taken up to `sequence` is in the server (`parked_lines` of it: in the parking
        file) and may be forgotten."""
        with self._lock:
            if self._stop.is_set():  # too late to be noted: it is sent again at the next start
                return
            delivered = -parked_lines
            for batch, after, segment in self._taken:
                if self._acked < batch.sequence <= sequence:  # else dropped meanwhile by a cap
                    self._acked = batch.sequence
                    self._reading = (segment, after)
                    segment.waiting -= batch.lines
                    delivered += batch.lines
            self.tally.acknowledged_lines += max(delivered, 0)
            self.tally.parked_lines += parked_lines
            self._forget_finished()
            self._save_cursor()
        self._taken = []

    def wake(self) -> None:
        """Lets a waiting `take`, or the next one, return at once."""
        with self._lock:
            self._woken = True
            self._arrived.notify_all()

    @property
    def waiting_lines(self) -> int:
        return sum(segment.waiting for segment in self._segments)

    @property
    def waiting_bytes(self) -> int:
        return sum(segment.size for segment in self._segments)

    def oldest_at(self) -> int | None:
        """Engine time of the oldest batch that waits; None when all is delivered."""
        return next((batch.at for batch, _, _ in self._walk()), None)

    def close(self) -> None:
        """Syncs and lets go of the directory. What waits is there at the next start."""
        if self._stop.is_set():
            return
        self._stop.set()
        self.wake()
        self._syncer.join()
        with self._lock:
            self._finish_segment()
            self._save_cursor()
        self._sync_once()
        os.close(self._guard)

    # -- segments

    def _recover(self) -> None:
        """Finds what is on disk. Only the last segment can be torn: what stands before it was
        finished, and damage there is damage."""
        paths = sorted(self._directory.glob("*.seg"))
        for path in paths:
            segment, torn = scan(path, self._acked, cut=path == paths[-1])
            if torn and path == paths[-1]:
                self.tally.torn_batches += 1
                _log.warning("spool: cut a torn batch of %d bytes off", torn)
            elif torn:
                self._damaged(segment, 0)
            if segment.waiting:
                self._segments.append(segment)
            else:
                path.unlink()

    def _open_for(self, size: int) -> int:
        if self._writing is None or self._segments[-1].size + size > self._segment_bytes:
            self._finish_segment()
            path = self._directory / f"{self._next:020d}.seg"
            self._writing = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            self._segments.append(Segment(path))
        return self._writing

    def _append(self, file: int, octets: bytes) -> None:
        """All of it or nothing: half a batch would hide all that follows it."""
        start = self._segments[-1].size
        done = 0
        try:
            while done < len(octets):
                done += os.pwrite(file, octets[done:] if done else octets, start + done)
        except OSError:
            with suppress(OSError):
                os.ftruncate(file, start)
            raise

    def _finish_segment(self) -> None:
        if self._writing is not None:
            self._unsynced.append(self._writing)
            self._writing = None

    def _forget_finished(self) -> None:
        """Removes segments from the front in which nothing waits; the one being written stays
        until it is full, unless it is all that is left."""
        while self._segments and not self._segments[0].waiting:
            if len(self._segments) == 1:
                if self._writing is not None and self._segments[0].size < self._segment_bytes // 2:
                    return
                self._finish_segment()
            self._remove_oldest()

    def _remove_oldest(self) -> None:
        segment = self._segments.pop(0)
        if self._reading is not None and self._reading[0] is segment:
            self._reading = None
        with suppress(FileNotFoundError):
            segment.path.unlink()

    def _enforce(self, now: int) -> None:
        """Drops whole segments, oldest first, while there is too much or what is too old."""
        while len(self._segments) > 1:
            oldest = self._segments[0]
            full = self.waiting_bytes > self._max_bytes
            if not full and now - oldest.newest_at <= self._max_age:
                return
            self._remove_oldest()
            self._acked = max(self._acked, oldest.last)
            self.tally.dropped_lines += oldest.waiting
            self._save_cursor()
            _log.error("spool: dropped %d lines: %s", oldest.waiting, "it is full" if full else "too old")

    # -- reading

    def _walk(self) -> Iterator[tuple[Batch, int, Segment]]:
        """Batches after the cursor, oldest first, each with where the next one begins. Reads the
        disk without the lock, so that a slow one does not hold up who puts."""
        with self._lock:
            segments = [(segment, segment.size) for segment in self._segments]
            reading = self._reading
        for segment, size in segments:
            offset = reading[1] if reading and reading[0] is segment else 0
            readable = 0
            try:
                file = os.open(segment.path, os.O_RDONLY)
            except FileNotFoundError:  # dropped by a cap meanwhile
                continue
            try:
                while offset < size:
                    found = read(file, offset, size)
                    if found is None:
                        self._cut_damage(segment, offset, readable)
                        break
                    batch, offset = found
                    if batch.sequence > self._acked:
                        readable += batch.lines
                        yield batch, offset, segment
            finally:
                os.close(file)

    def _cut_damage(self, segment: Segment, offset: int, readable: int) -> None:
        with self._lock:
            self._damaged(segment, segment.waiting - readable)
            segment.size, segment.waiting = offset, readable
            if segment is self._segments[-1]:
                self._finish_segment()  # nothing may be written after the damage

    def _damaged(self, segment: Segment, lines: int) -> None:
        """The rest of a damaged segment cannot be trusted: not a length, not a boundary."""
        self.tally.corrupt_batches += 1
        self.tally.dropped_lines += lines
        _log.error("spool: %s is damaged on disk; what follows is lost", segment.path.name)

    # -- durability

    def _load_cursor(self) -> None:
        with suppress(FileNotFoundError, ValueError, KeyError, TypeError):
            kept = json.loads((self._directory / "cursor").read_text())
            self._acked = int(kept["acknowledged"])
            self.tally = Tally(**kept["tally"])

    def _save_cursor(self) -> None:
        """Not synced: an old cursor after a power cut sends again what the server overwrites."""
        beside = self._directory / "cursor.new"
        with suppress(OSError):  # a full disk: the old cursor stands, and is only older
            beside.write_text(json.dumps({"acknowledged": self._acked, "tally": asdict(self.tally)}))
            beside.rename(self._directory / "cursor")

    def _sync_loop(self) -> None:
        while not self._stop.wait(self._sync_s):
            self._sync_once()

    def _sync_once(self) -> None:
        """One sync for all that came since the last, outside the lock: a slow disk must not hold
        up who puts. The directory too, for a new segment is a new name in it."""
        with self._lock:
            until = self._next - 1
            if self._durable >= until and not self._unsynced:
                return
            finished, self._unsynced = self._unsynced, []
            files = [*finished] if self._writing is None else [*finished, os.dup(self._writing)]
        try:
            directory = os.open(self._directory, os.O_RDONLY)
            files.append(directory)
            for file in files:
                os.fsync(file)
        except OSError as error:
            _log.error("spool: the disk did not sync: %s", error.strerror)
        else:
            with self._lock:
                self._durable = max(self._durable, until)
                self._synced.notify_all()
        finally:
            for file in files:
                os.close(file)
