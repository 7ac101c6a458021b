"""Locks of a data directory, held by the kernel: a killed holder leaves none behind.

`flock(2)` on files of their own, for closing any descriptor of the database file itself would
drop SQLite's own locks.
"""

from __future__ import annotations

import fcntl
import os
import threading
from pathlib import Path

from domain.errors import ConfigError, NotPermitted, Problem

_POLL_S = 0.05


class Lock:
    """A lock on `path`, exclusive or shared, until `release` or the end of the process.

    NotPermitted when this user may not write there."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except PermissionError as error:
            raise NotPermitted(
                f"{path} may not be written: run as the user who owns {path.parent}"
            ) from error

    def take(self, *, shared: bool = False, wait_s: float = 0.0) -> bool:
        """True once held; False when another holder stayed for `wait_s` seconds.

        A held lock is changed from shared to exclusive and back; the change is not atomic."""
        kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
        pause = threading.Event()
        for _ in range(int(wait_s / _POLL_S) + 1):
            try:
                fcntl.flock(self._fd, kind | fcntl.LOCK_NB)
                return True
            except BlockingIOError:
                pause.wait(_POLL_S)
        return False

    def write_holder(self) -> None:
        """Leaves this process's id in the file, for whoever is refused to name."""
        os.ftruncate(self._fd, 0)
        os.pwrite(self._fd, f"{os.getpid()}\n".encode(), 0)

    def holder(self) -> str:
        return os.pread(self._fd, 32, 0).decode(errors="replace").strip()

    def release(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


def lock_watch(data_dir: Path) -> Lock:
    """The lock that makes this process the one watcher of `data_dir` (made if absent).

    ConfigError when another process watches it already."""
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = Lock(data_dir / "watch.lock")
    if not lock.take():
        holder = lock.holder()
        lock.release()
        raise ConfigError(
            [
                Problem(
                    str(lock.path),
                    1,
                    f"process {holder or 'unknown'} is watching with this data directory already",
                    "stop it first or give another directory with --data",
                )
            ]
        )
    lock.write_holder()
    return lock
