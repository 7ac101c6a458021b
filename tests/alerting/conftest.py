"""Peers of this room: the Twilio stand-in, and Prism with Twilio's own OpenAPI."""

from __future__ import annotations

import json
import os
import shutil
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from alerting.channels.twilio import Credentials, TwilioChannel
from tests.peers import SHARED_DEVICES, absent, free_port, running, tcp_open, wait_until

ACCOUNT = "AC" + "0123456789abcdef" * 2
CANARY = "canary-f00d-secret"
CREDENTIALS = Credentials(ACCOUNT, "SK" + "0123456789abcdef" * 2, CANARY)
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine's HTTP proxy has no business between a test and its loopback peer."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@dataclass
class StandIn:
    url: str
    file: Path

    def faults(self, **faults: Any) -> None:
        request = urllib.request.Request(f"{self.url}/control", json.dumps(faults).encode(), method="POST")
        urllib.request.urlopen(request, timeout=5).close()

    @property
    def counts(self) -> dict[str, int]:
        with urllib.request.urlopen(f"{self.url}/control", timeout=5) as answer:
            return json.load(answer)

    @property
    def taken(self) -> list[dict[str, Any]]:
        """What the ledger on disk says people received."""
        return [json.loads(line) for line in self.file.read_text(encoding="utf-8").splitlines()]

    def channel(self, sender: str = "NIGEHBAN", timeout_s: float = 5.0, **settings: Any) -> TwilioChannel:
        return TwilioChannel(CREDENTIALS, sender, timeout_s=timeout_s, base_url=self.url, **settings)


@pytest.fixture
def stand_in(tmp_path: Path) -> Iterator[StandIn]:
    port, file = free_port(), tmp_path / "ledger.jsonl"
    command = [sys.executable, "-m", "tests.alerting.twilio_stand_in", str(port), str(file)]
    with running(command, tmp_path / "stand-in.log", cwd=ROOT):
        wait_until(lambda: tcp_open(port), what="the Twilio stand-in")
        yield StandIn(f"http://127.0.0.1:{port}", file)


@pytest.fixture(scope="session")
def prism(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of Prism, checking every request against Twilio's specification."""
    specification = SHARED_DEVICES.parent / "twilio" / "twilio_api_v2010.json"
    if not specification.is_file():
        pytest.skip("../shared/twilio is not beside this clone")
    here = ROOT / "tests" / "npm" / "node_modules" / ".bin"
    if not (path := shutil.which("prism", path=os.pathsep.join([str(here), os.environ.get("PATH", "")]))):
        absent("prism", "npm ci --prefix tests/npm")
    port = free_port()
    command = [str(path), "mock",
               "--host", "127.0.0.1", "--port", str(port), str(specification)]  # fmt: skip
    folder = tmp_path_factory.mktemp("prism")
    with running(command, folder / "prism.log"):
        wait_until(lambda: tcp_open(port), seconds=90, what="Prism")
        yield f"http://127.0.0.1:{port}"
