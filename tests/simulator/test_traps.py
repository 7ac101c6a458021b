"""Agents send traps where the real devices would, and Net-SNMP's receiver understands them."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from simulator.acts import Act
from simulator.scenario import Scenario
from simulator.state import Pace
from simulator.v3 import engine_id
from tests.peers import program, running
from tests.simulator.live import played
from tests.simulator.town import AUTH_KEY, COMMUNITY, NET, PRIV_KEY, town, udp_port, v3

pytestmark = pytest.mark.peer


@contextlib.asynccontextmanager
async def receiver(folder: Path) -> AsyncIterator[tuple[int, Path]]:
    """A running snmptrapd: (port, the file it writes a line per trap to)."""
    port, log = udp_port(), folder / "traps"
    configuration = folder / "snmptrapd.conf"
    engine = engine_id("north-switch").hex()
    configuration.write_text(
        f"authCommunity log {COMMUNITY}\n"
        "authUser log watch priv\n"
        f"createUser -e 0x{engine} watch SHA-256 {AUTH_KEY} AES {PRIV_KEY}\n"
        "format2 %b %v\\n\n"
    )
    command = (program("snmptrapd"), "-f", "-n", "-On", "-C", "-c", str(configuration), "-m", "")
    where = ("-Lf", str(log), f"udp:127.0.0.1:{port}")
    env = {"SNMP_PERSISTENT_DIR": str(folder), "HOME": str(folder), "MIBS": ""}
    with running((*command, *where), folder / "log", env={**os.environ, **env}):
        for _ in range(100):
            if "NET-SNMP" in text_of(log):
                break
            await asyncio.sleep(0.05)
        yield port, log


def text_of(log: Path) -> str:
    return log.read_text() if log.exists() else ""


async def heard(log: Path, *wanted: str) -> str:
    text = ""
    for _ in range(200):
        text = text_of(log)
        if all(word in text for word in wanted):
            return text
        await asyncio.sleep(0.05)
    raise AssertionError(f"waited in vain for {wanted} in:\n{text}")


ON_BATTERY, ENTRY_REMOVED = "1.3.6.1.2.1.33.2.1", "1.3.6.1.2.1.33.2.4"
APC_ON_BATTERY, APC_RESTORED = "1.3.6.1.4.1.318.0.5", "1.3.6.1.4.1.318.0.9"
LINK_DOWN, COLD_START, DOOR = "1.3.6.1.6.3.1.1.5.3", "1.3.6.1.6.3.1.1.5.1", "1.3.6.1.4.1.48690.4.2.1"


async def test_traps_arrive_with_their_objects_from_their_own_addresses(tmp_path: Path) -> None:
    acts = (
        Act(250, "mains_lost", "f1"),
        Act(250, "mains_lost", "f2"),
        Act(500, "door_opened", "north"),
        Act(750, "cable_cut", "south-cam1"),
        Act(1000, "mains_restored", "f1"),
        Act(1000, "mains_restored", "f2"),
        Act(1250, "device_restarted", "north-cam2"),
    )
    async with receiver(tmp_path) as (port, log):
        play = Scenario("x", 0, acts, Pace(boot_s={"camera": 0.5}))
        async with played(town(udp_port()), play, trap_target=("127.0.0.1", port)):
            text = await heard(log, ON_BATTERY, ENTRY_REMOVED, APC_RESTORED, LINK_DOWN, COLD_START, DOOR)
    lines = text.splitlines()

    def line(host: str, trap: str) -> str:
        (found,) = (x for x in lines if f"[{NET}.{host}]" in x and f"OID: .{trap}" in x)
        return found

    assert ".1.3.6.1.2.1.33.1.2.2.0" in line("1.1", ON_BATTERY)
    assert ".1.3.6.1.2.1.33.1.6.3.2" in line("1.1", ENTRY_REMOVED)
    assert "battery" in line("2.1", APC_ON_BATTERY)
    assert ".1.3.6.1.2.1.2.2.1.8.1 = INTEGER: 2" in line("2.2", LINK_DOWN)
    assert "High level" in line("1.3", DOOR)
    assert line("1.12", COLD_START)


async def test_a_v3_device_signs_and_hides_its_traps(tmp_path: Path) -> None:
    async with receiver(tmp_path) as (port, log):
        play = Scenario("x", 0, (Act(250, "cable_cut", "north-cam1"),), Pace())
        city = town(udp_port(), access=v3())
        async with played(city, play, trap_target=("127.0.0.1", port)):
            text = await heard(log, LINK_DOWN)
    assert f"[{NET}.1.2]" in text


async def test_what_is_cut_off_sends_nothing(tmp_path: Path) -> None:
    acts = (Act(0, "link_lost", "south"), Act(250, "mains_lost", "f2"), Act(500, "mains_lost", "f1"))
    async with receiver(tmp_path) as (port, log):
        play = Scenario("x", 0, acts, Pace())
        async with played(town(udp_port()), play, trap_target=("127.0.0.1", port)):
            text = await heard(log, ON_BATTERY)
    assert f"[{NET}.2.1]" not in text
