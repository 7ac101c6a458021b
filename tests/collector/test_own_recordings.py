"""A device added by data: a recording and its expectation beside it, found by name, read exactly so."""

from __future__ import annotations

import asyncio
import json
import os
import socket
from pathlib import Path
from typing import Any

import pytest

from collector.device.load import load
from collector.probe import ProbeResult, probe
from collector.snmp.agent import AgentSession
from collector.snmp.exchange import Exchange
from collector.snmp.session import Credentials
from tests.collector.recorded import Recorded
from tests.peers import free_port, program, running, wait_until

FOLDER = Path(__file__).parents[1] / "recordings"
RECORDINGS = sorted(FOLDER.glob("*/*.snmprec"))
PROFILES = load()
KINDS = {"ups", "switch", "camera", "router", "sensor"}
every_recording = pytest.mark.parametrize(
    "path", RECORDINGS, ids=lambda path: f"{path.parent.name}/{path.stem}"
)


def read_of(result: ProbeResult) -> dict[str, Any]:
    read = result.as_json()
    return {key: read[key] for key in read if key not in ("address", "elapsed_ms")}


def expectation(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.with_suffix(".expected.json").read_text(encoding="utf-8"))
    return found


@every_recording
def test_a_recording_is_read_exactly_as_expected(path: Path) -> None:
    result = asyncio.run(probe(Recorded.of(path), path.stem, PROFILES))
    assert read_of(result) == expectation(path)


@every_recording
def test_a_recording_stands_in_the_folder_of_its_kind(path: Path) -> None:
    assert expectation(path)["kind"] == path.parent.name


def test_every_kind_has_a_recording_and_every_expectation_its_own() -> None:
    assert {path.parent.name for path in RECORDINGS} >= KINDS
    beside = {path.with_name(f"{path.stem}.expected.json") for path in RECORDINGS}
    assert set(FOLDER.glob("*/*.json")) == beside


def _bound(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        try:
            other.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


@pytest.mark.peer
@pytest.mark.slow
def test_snmpsim_serves_recordings_that_are_read_exactly_as_expected(tmp_path: Path) -> None:
    port = free_port(socket.SOCK_DGRAM)
    command = [program("snmpsim-command-responder", "snmpsim"), f"--data-dir={FOLDER}"]
    command += [f"--agent-udpv4-endpoint=127.0.0.1:{port}", f"--cache-dir={tmp_path / 'cache'}"]
    if os.geteuid() == 0:
        command += ["--process-user=root", "--process-group=root"]

    async def ask(community: str) -> ProbeResult:
        asker = Exchange(timeout_s=20, attempts=2)
        try:
            session = AgentSession(asker, ("127.0.0.1", port), Credentials("2c", community))
            return await probe(session, "", PROFILES)
        finally:
            asker.close()

    with running(command, tmp_path / "log", {"TMPDIR": str(tmp_path)}):
        wait_until(lambda: _bound(port), 60, "snmpsim")
        for kind in sorted(KINDS):
            path = next(path for path in RECORDINGS if path.parent.name == kind)
            assert read_of(asyncio.run(ask(f"{kind}/{path.stem}"))) == expectation(path)
