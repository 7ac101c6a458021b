"""`nigehban run --simulate` as a person would run it, in a network of its own, and what became of it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from alerting.load import ROSTER, TEXTS
from domain.alarm import Incident, OwedEvent
from rules.load import SHIPPED as RULES
from storage.journal import Reader, open_reader
from tests.peers import absent, program, wait_until

ROOT = Path(__file__).resolve().parents[2]
CITY = ROOT / "inventory.yaml"
PATIENCE_S = 90.0


@cache
def own_network(tun: bool = True) -> tuple[str, ...]:
    """A command before a command: it runs in a network namespace where nothing else runs. Without
    `tun` it may make no TUN device there. Skips where the kernel does not allow namespaces."""
    inside = ("unshare", "--map-root-user", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh")
    found = (program("unshare", "util-linux"), *inside[1:])
    program("ip", "iproute2")
    probe = subprocess.run([*found, "true"], capture_output=True, text=True, check=False)
    if probe.returncode != 0:
        absent("a network namespace of our own", probe.stderr.strip() or "allow user namespaces")
    if tun:
        return found
    drop = (program("setpriv", "util-linux"), "--bounding-set=-net_admin", "--inh-caps=-net_admin")
    return (*found, *drop)


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "app.cli", *arguments]


def say(*arguments: str, timeout: float = 60) -> subprocess.CompletedProcess[str]:
    """A `nigehban` command, run to its end."""
    return subprocess.run(
        command(*arguments), cwd=ROOT, capture_output=True, text=True, timeout=timeout, check=False
    )


Told = tuple[str, str, str, str]
"""(contact, box, opened | worse | closed, cause)"""


@dataclass(frozen=True)
class Sms:
    """`tells` has an entry for each incident the message is about: whether two that end within the
    same poll share a message is a matter of milliseconds."""

    contact: str
    box: str
    notice: str
    tells: tuple[Told, ...]
    text: str
    id: str


class LiveCity:
    """One data directory; runs come and go in it. The files it is configured by are its own copies,
    so that the working tree may change while it runs."""

    def __init__(self, folder: Path, tun: bool = True) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.tun = tun
        self.files = {}
        for name, file in (("inventory", CITY), ("rules", RULES), ("texts", TEXTS), ("roster", ROSTER)):
            self.files[name] = folder / f"{name}.yaml"
            self.files[name].write_bytes(file.read_bytes())

    @property
    def sources(self) -> list[str]:
        return [part for name, file in self.files.items() for part in (f"--{name}", str(file))]

    @contextlib.contextmanager
    def running(self, *arguments: str, scenario: Path | None = None) -> Iterator[subprocess.Popen[bytes]]:
        """`run` with these arguments; stopped by Ctrl-C at the end, if it has not stopped itself."""
        play = ["--scenario", str(scenario)] if scenario else []
        line = [*own_network(self.tun)]
        line += command("run", "--simulate", "--data", str(self.data), *self.sources, *play, *arguments)
        with (self.folder / "run.out").open("ab") as out:
            run = subprocess.Popen(line, stdout=out, stderr=out, cwd=ROOT, start_new_session=True)
            try:
                yield run
                if run.poll() is None:
                    run.send_signal(signal.SIGINT)
                run.wait(30)
            finally:
                if run.poll() is None:
                    os.killpg(run.pid, signal.SIGKILL)
                    run.wait()
                for name in ("watch", "tell", "deadman", "simulate"):
                    for pid in self.pids(name):
                        with contextlib.suppress(ProcessLookupError):
                            os.kill(pid, signal.SIGKILL)

    def said(self) -> str:
        return (self.folder / "run.out").read_text(errors="replace")

    def logs(self) -> str:
        return "".join(
            f"== {file.name}\n{file.read_text(errors='replace')}" for file in self.data.glob("*.log")
        )

    def pids(self, name: str) -> list[int]:
        """Of this run's processes of that name."""
        found = []
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            with contextlib.suppress(OSError):
                words = (entry / "cmdline").read_bytes().decode(errors="replace").split("\0")
                if words[1:4] == ["-m", "app.cli", name] and any(str(self.data) in word for word in words):
                    found.append(int(entry.name))
        return found

    def signal(self, name: str, number: int) -> int:
        """How many processes of that name were sent it."""
        pids = self.pids(name)
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
        return len(pids)

    def wait_for(self, true: Callable[[], bool], what: str, seconds: float = PATIENCE_S) -> None:
        try:
            wait_until(true, seconds, what)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.said()}\n{self.logs()}") from None

    # -- what became of it -------------------------------------------------------------------------

    @contextlib.contextmanager
    def reader(self) -> Iterator[Reader]:
        reader = open_reader(self.data)
        try:
            yield reader
        finally:
            reader.close()

    def ledger(self) -> list[dict[str, Any]]:
        """What the terminal channel has shown, in order."""
        file = self.data / "sms.log"
        text = file.read_text(encoding="utf-8") if file.exists() else ""
        return [json.loads(line) for line in text.splitlines() if line.strip()]

    def sms(self) -> list[Sms]:
        """Of the boxes: messages about Nigehban itself have no owed event."""
        with self.reader() as reader:
            owed = {event.id: event for event in reader.events(limit=10_000)}
        found = []
        for entry in self.ledger():
            event = owed.get(entry["id"].rsplit("/", 2)[0])
            if event is not None:
                found.append(_sms(entry, event))
        return found

    def incidents(self) -> list[Incident]:
        with self.reader() as reader:
            return reader.incidents(0, 1 << 60)

    def causes(self) -> dict[tuple[str, str], list[list[str]]]:
        """(box, concern): of each of its incidents, the causes it went through."""
        found: dict[tuple[str, str], list[list[str]]] = {}
        with self.reader() as reader:
            for incident in reader.incidents(0, 1 << 60):
                causes: list[str] = []
                for _, then in reader.incident_history(incident.id):
                    if not causes or causes[-1] != then.cause:
                        causes.append(str(then.cause))
                found.setdefault((incident.target, str(incident.concern)), []).append(causes)
        return found


def _sms(entry: dict[str, Any], event: OwedEvent) -> Sms:
    contact, notice = entry["contact"], str(event.notice)
    tells = tuple((contact, event.box, notice, about["cause"]) for about in event.facts["incidents"])
    return Sms(contact, event.box, notice, tells, entry["text"], entry["id"])


def play(folder: Path, name: str, acts: Sequence[tuple[str, str, str]]) -> Path:
    """A play of these acts (at, what, who) as a file."""
    rows = [{"at": at, "what": what, "who": who} for at, what, who in acts]
    file = folder / f"{name}.yaml"
    file.write_text(json.dumps({"name": name, "lasts": "1:00", "acts": rows}), encoding="utf-8")
    return file


def pause(seconds: float) -> None:
    time.sleep(seconds)
