"""Lines the server will never take, in a file a person can read, mend and send by hand."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from pathlib import Path

from storage.refusals import Bad


class Parking:
    """`parked.lp` in line protocol: each refused line under a comment with the server's reason.

    Kept to `max_bytes` twice over: a full file becomes `parked.lp.1`, replacing the one before.
    """

    def __init__(self, directory: Path, max_bytes: int = 32 << 20) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.path = directory / "parked.lp"
        self._max_bytes = max_bytes
        self._lock = threading.Lock()

    def park(self, bad: Sequence[Bad], at: int) -> None:
        """On disk when it returns. `at` is engine time in milliseconds; OSError when it cannot."""
        if not bad:
            return
        text = b"".join(_entry(line, reason, at) for line, reason in bad)
        with self._lock:
            if self.path.exists() and self.path.stat().st_size + len(text) > self._max_bytes:
                self.path.replace(self.path.with_suffix(".lp.1"))
            with self.path.open("ab") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())


def _entry(line: bytes, reason: str, at: int) -> bytes:
    worded = " ".join(reason.split())[:500]
    return f"# {at} {worded}\n".encode() + line.rstrip(b"\n") + b"\n"
