"""v1 and v2c against agents of others: Net-SNMP, and recordings served by snmpsim."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from collector.snmp.agent import AgentSession
from collector.snmp.exchange import Exchange
from collector.snmp.session import OBJECT_ID, OCTET_STRING, TIMETICKS, Credentials, Session, dotted, oid
from domain.reading import Outcome
from tests.collector.net_snmp import snmpd
from tests.peers import free_port, program, running, shared_devices, wait_until

pytestmark = [pytest.mark.peer, pytest.mark.slow]

SYSTEM = "1.3.6.1.2.1.1"
RECORDING = "tripplite_smart1500rmxl2ua-2alarms"


@pytest.fixture
async def asker() -> AsyncIterator[Exchange]:
    opened = Exchange(timeout_s=2, attempts=2)
    yield opened
    opened.close()


@pytest.mark.parametrize("version", ["1", "2c"])
async def test_net_snmp_is_read_and_walked(asker: Exchange, tmp_path: Path, version: str) -> None:
    with snmpd(tmp_path) as port:
        session: Session = AgentSession(asker, ("127.0.0.1", port), Credentials(version, "public"))
        wanted = [f"{SYSTEM}.{n}.0" for n in (2, 3, 5)]
        answer = await session.get([oid(text) for text in wanted])
        assert answer.outcome is Outcome.OK
        assert [tag for _, tag, _ in answer.varbinds] == [OBJECT_ID, TIMETICKS, OCTET_STRING]
        assert answer.varbinds[2][2] == b"pole-17"
        walked = await session.walk(oid(SYSTEM))
        assert walked.outcome is Outcome.OK
        assert len(walked.varbinds) > 20
        assert all(dotted(name).startswith(SYSTEM + ".") for name, _, _ in walked.varbinds)


async def test_a_wrong_community_is_silence(tmp_path: Path) -> None:
    asker = Exchange(timeout_s=0.3, attempts=1)
    with snmpd(tmp_path) as port:
        session = AgentSession(asker, ("127.0.0.1", port), Credentials("2c", "wrong"))
        assert (await session.get([oid(SYSTEM + ".3.0")])).outcome is Outcome.TIMEOUT
    asker.close()


def taken(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    devices = shared_devices()
    folder = tmp_path_factory.mktemp("snmpsim")
    port = free_port(socket.SOCK_DGRAM)
    log = folder / "log"
    command = [program("snmpsim-command-responder", "snmpsim"), f"--data-dir={devices / 'ups'}"]
    command += [f"--agent-udpv4-endpoint=127.0.0.1:{port}", f"--cache-dir={folder / 'cache'}"]
    if os.geteuid() == 0:
        # it asks to be told; another user could not read an interpreter below /root
        command += ["--process-user=root", "--process-group=root"]
    with running(command, log, {"TMPDIR": str(folder)}):
        wait_until(lambda: taken(port), 60, "snmpsim")  # it says "Listening" before it does
        yield port


def recorded(devices: Path, under: str) -> dict[str, bytes]:
    rows = {}
    for line in (devices / "ups" / f"{RECORDING}.snmprec").read_text("latin-1").splitlines():
        name, tag, value = line.split("|", 2)
        if name.startswith(under + "."):
            rows[name] = tag.encode() + b"|" + value.encode("latin-1")
    return rows


async def test_a_recorded_ups_is_walked_whole(simulator: int) -> None:
    asker = Exchange(timeout_s=10, attempts=2)
    session = AgentSession(asker, ("127.0.0.1", simulator), Credentials("2c", RECORDING))
    root = "1.3.6.1.2.1.33"
    answer = await asyncio.wait_for(session.walk(oid(root)), 120)
    rows = recorded(shared_devices(), root)
    assert answer.outcome is Outcome.OK
    assert rows
    assert [dotted(name) for name, _, _ in answer.varbinds] == sorted(
        rows, key=lambda text: tuple(map(int, text.split(".")))
    )
    got = await session.get([name for name, _, _ in answer.varbinds])
    assert sorted(got.varbinds) == sorted(answer.varbinds)
    for name, tag, value in answer.varbinds:
        kind, _, text = rows[dotted(name)].partition(b"|")
        assert tag == int(kind.rstrip(b"xe")) or kind in (b"64", b"65", b"66", b"67", b"70")
        if kind == b"2":
            assert int.from_bytes(value, "big", signed=True) == int(text)
    asker.close()
