"""A supervised process: started, started again when it dies, stopped."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

log = logging.getLogger("nigehban.run")

STOP_S = 10.0
SLOWEST_S = 30.0


@dataclass(slots=True)
class Child:
    """One supervised process. `arguments` are those of the `nigehban` command."""

    name: str
    arguments: Sequence[str]
    env: Mapping[str, str]
    log: Path
    process: subprocess.Popen[bytes] | None = None
    deaths: int = 0
    again_at: int = 0
    started_at: int = 0

    def start(self, now: int) -> None:
        with self.log.open("ab") as out:
            self.process = subprocess.Popen(  # noqa: S603 - our own command
                [sys.executable, "-m", "app.cli", *self.arguments],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                env={**os.environ, **self.env},
                start_new_session=True,  # Ctrl-C comes to the supervisor, which stops them in order
            )
        self.started_at = now

    def tend(self, now: int) -> str:
        """Starts it again if it has died, not too often. Returns what there is to say, or ""."""
        said = ""
        if self.process is not None and self.process.poll() is not None:
            code, self.process = self.process.returncode, None
            if now - self.started_at > SLOWEST_S * 1000:
                self.deaths = 0
            wait = min(0.5 * 2**self.deaths, SLOWEST_S) if self.deaths else 0.0
            self.deaths += 1
            self.again_at = now + int(wait * 1000)
            said = f"{self.name} ended with code {code} (see {self.log}); starting it again in {wait:g} s"
            log.warning("%s", said)
        if self.process is None and now >= self.again_at:
            self.start(now)
        return said

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()

    def wait(self) -> None:
        if self.process is None:
            return
        try:
            self.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            log.warning("%s does not stop, killing it", self.name)
            self.process.kill()
            self.process.wait()
