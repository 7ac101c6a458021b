"""All recordings once more over real UDP: served by snmpsim, asked by our own codec."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from collector.device.load import load
from collector.probe import ProbeResult, probe
from collector.snmp.agent import AgentSession
from collector.snmp.exchange import Exchange
from collector.snmp.session import Credentials
from tests.collector.recorded import Recorded
from tests.peers import free_port, program, running, shared_devices, wait_until

pytestmark = [pytest.mark.peer, pytest.mark.slow]

PROFILES = load()
KINDS = ["camera", "router", "sensor", "switch", "ups"]
VARIED = {"geist_watchdog15"}  # holds snmpsim rows whose values drift while it runs


def _bound(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        try:
            other.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    folder = tmp_path_factory.mktemp("snmpsim")
    port = free_port(socket.SOCK_DGRAM)
    command = [program("snmpsim-command-responder", "snmpsim"), f"--data-dir={shared_devices()}"]
    command += [f"--agent-udpv4-endpoint=127.0.0.1:{port}", f"--cache-dir={folder / 'cache'}"]
    if os.geteuid() == 0:
        command += ["--process-user=root", "--process-group=root"]
    with running(command, folder / "log", {"TMPDIR": str(folder)}):
        wait_until(lambda: _bound(port), 120, "snmpsim")
        yield port


async def over_udp(port: int, community: str) -> ProbeResult:
    asker = Exchange(timeout_s=20, attempts=2)
    try:
        session = AgentSession(asker, ("127.0.0.1", port), Credentials("2c", community))
        return await asyncio.wait_for(probe(session, community, PROFILES), 300)
    finally:
        asker.close()


@pytest.mark.parametrize("kind", KINDS)
def test_a_recording_reads_the_same_over_udp_as_from_memory(simulator: int, kind: str) -> None:
    different: list[str] = []
    for path in sorted((shared_devices() / kind).glob("*.snmp*")):
        if path.stem in VARIED:
            continue
        result = asyncio.run(over_udp(simulator, f"{kind}/{path.stem}"))
        expected = asyncio.run(probe(Recorded.of(Path(path)), path.stem, PROFILES))
        if (result.outcome, result.profile, result.values) != (
            expected.outcome,
            expected.profile,
            expected.values,
        ):
            odd = {
                key: (result.values.get(key), expected.values.get(key))
                for key in {*result.values, *expected.values}
                if result.values.get(key) != expected.values.get(key)
            }
            different.append(f"{path.stem}: {result.outcome} {result.profile} {odd}")
    assert not different, "\n".join(different)
