"""Real peer programs for tests: found, started on free loopback ports, stopped.

A peer that is absent skips the test with its reason, unless NIGEHBAN_REQUIRE_PEERS=1 (CI), where
its absence is a failure.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

SHARED_DEVICES = Path(__file__).resolve().parents[2] / "shared" / "devices"


def absent(what: str, remedy: str) -> None:
    """Skips, or fails where peers are required."""
    reason = f"{what} is not here: {remedy}"
    if os.environ.get("NIGEHBAN_REQUIRE_PEERS") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


def program(name: str, package: str | None = None) -> str:
    """The path of an installed program: PATH, sbin, this virtual environment, node_modules."""
    bins = [str(Path(sys.executable).parent), "/usr/sbin", "/usr/local/sbin"]
    root = Path(__file__).resolve().parents[1]
    bins.append(str(root / "tests" / "npm" / "node_modules" / ".bin"))
    path = shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", ""), *bins]))
    if path is None:
        absent(name, f"apt-get install {package or name}")
        raise AssertionError  # not reached
    return path


def shared_devices() -> Path:
    """The folder of recordings beside the project; a clone without it skips (never fails)."""
    if not SHARED_DEVICES.is_dir():
        pytest.skip("../shared/devices is not beside this clone")
    return SHARED_DEVICES


def free_port(kind: int = socket.SOCK_STREAM, host: str = "127.0.0.1") -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def wait_until(true: Callable[[], bool], seconds: float = 20.0, what: str = "it") -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with contextlib.suppress(OSError):
            if true():
                return
        time.sleep(0.05)
    raise AssertionError(f"waited {seconds} s in vain for {what}")


def tcp_open(port: int, host: str = "127.0.0.1") -> bool:
    with socket.create_connection((host, port), timeout=0.5):
        return True


@contextlib.contextmanager
def running(
    command: Sequence[str], log: Path, env: dict[str, str] | None = None, cwd: Path | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """A child in its own process group, killed as a group at the end; output goes to `log`."""
    with log.open("ab") as out:
        child = subprocess.Popen(
            list(command),
            stdout=out,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(env or {})},
            cwd=cwd,
            start_new_session=True,
        )
        try:
            yield child
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGTERM)
            try:
                child.wait(timeout=5)
            except subprocess.TimeoutExpired:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(child.pid, signal.SIGKILL)
                child.wait()
