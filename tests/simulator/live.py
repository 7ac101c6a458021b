"""A simulator running beside a test, and Net-SNMP asking it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

from app.clock import SystemClock
from domain.place import City
from simulator.run import Road, Simulator
from simulator.scenario import NOTHING_HAPPENS, Scenario
from tests.peers import program
from tests.simulator.town import secrets


@contextlib.asynccontextmanager
async def played(
    city: City,
    scenario: Scenario = NOTHING_HAPPENS,
    *,
    trap_target: tuple[str, int] | None = None,
    control: Path | None = None,
    road: Road = "sockets",
) -> AsyncIterator[Simulator]:
    clock = SystemClock()
    simulator = Simulator(city, secrets, scenario, trap_target=trap_target, control=control, road=road)
    await simulator.open(clock)
    running = asyncio.create_task(simulator.run(clock))
    try:
        yield simulator
    finally:
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running
        simulator.close()  # run() does, but not if it was cancelled before its first step


async def said(name: str, *arguments: str) -> str:
    """What a Net-SNMP program prints, errors included.

    It gets a folder of its own for what it keeps: in the shared one (snmpapp.conf) it remembers
    users between runs, and two at once garble each other's.
    """
    with tempfile.TemporaryDirectory(prefix="net-snmp-") as folder:
        child = await asyncio.create_subprocess_exec(
            program(name, "snmp"),
            *arguments,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env={**os.environ, "SNMP_PERSISTENT_DIR": folder, "SNMPCONFPATH": folder, "MIBS": ""},
        )
        out, _ = await child.communicate()
    return out.decode()


async def rows(name: str, *arguments: str) -> dict[str, str]:
    """OID -> value, as `-On -OQ -Ot` print them."""
    text = await said(name, "-On", "-OQ", "-Ot", "-t2", "-r1", *arguments)
    lines = (line for line in text.splitlines() if "No more variables" not in line)  # endOfMibView
    pairs = (line.partition(" = ") for line in lines if " = " in line)
    return {oid.lstrip("."): value.strip('"') for oid, _, value in pairs}
