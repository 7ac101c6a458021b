"""Run by test_tun.py in a process of its own: moves into its own network namespace, tries the TUN
road there, and prints what it saw as one line of JSON. Exit code 77: not possible here."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import struct
import sys
import time
from pathlib import Path

from domain.errors import NotPermitted, Permanent
from simulator.acts import Act
from simulator.scenario import Scenario
from simulator.state import Pace
from simulator.tun import Tun, own_network
from tests.simulator.live import played, rows, said
from tests.simulator.town import COMMUNITY, NET, town

PORT = 16100


def echo(number: int) -> bytes:
    head = struct.pack("!BBHHH", 8, 0, 0, os.getpid() & 0xFFFF, number)
    total = sum(struct.unpack("!4H", head))
    total = (total & 0xFFFF) + (total >> 16)
    return head[:2] + struct.pack("!H", ~total & 0xFFFF) + head[4:]


async def answered(hosts: list[str], kind: int) -> list[str]:
    """Which of the hosts answer one echo request within a second."""
    loop, alive = asyncio.get_running_loop(), set()
    with socket.socket(socket.AF_INET, kind, socket.IPPROTO_ICMP) as pinger:
        pinger.setblocking(False)
        for number, host in enumerate(hosts):
            await loop.sock_sendto(pinger, echo(number), (host, 0))
        try:
            async with asyncio.timeout(1):
                while len(alive) < len(hosts):
                    _, sender = await loop.sock_recvfrom(pinger, 2048)
                    alive.add(sender[0])
        except TimeoutError:
            pass
    return [host for host in hosts if host in alive]


async def refused(host: str) -> bool:
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
        asker.setblocking(False)
        asker.connect((host, PORT))
        await loop.sock_sendall(asker, b"anyone?")
        try:
            async with asyncio.timeout(1):
                await loop.sock_recv(asker, 100)
        except ConnectionRefusedError:
            return True
        except TimeoutError:
            return False
    return False


async def street() -> dict[str, object]:
    loop = asyncio.get_running_loop()
    hosts = [f"{NET}.{host}" for host in ("0.1", "1.2", "2.11", "2.12")]
    get = ("-v2c", "-c", COMMUNITY, "-t0.5", "-r0")
    acts = (Act(0, "device_hangs", "south-cam1"), Act(2000, "cable_cut", "north-cam1"))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as traps:
        traps.setblocking(False)
        traps.bind(("127.0.0.1", 0))
        target = traps.getsockname()
        play = Scenario("x", 0, acts, Pace())
        async with played(town(PORT), play, trap_target=target, road="tun") as simulator:
            await asyncio.sleep(0.5)
            walked = await rows("snmpbulkwalk", "-v2c", "-c", COMMUNITY, f"{NET}.1.2:{PORT}", "1.3")
            second = ""
            try:
                Tun([f"{NET}.1.2"])
            except Permanent as error:
                second = str(error)
            async with asyncio.timeout(5):
                _, trap_from = await loop.sock_recvfrom(traps, 2048)
            return {
                "described": simulator.describe(),
                "raw": await answered(hosts, socket.SOCK_RAW),
                "unprivileged": await answered(hosts, socket.SOCK_DGRAM),
                "walked": len(walked),
                "hung": await said("snmpget", *get, f"{NET}.2.11:{PORT}", "1.3.6.1.2.1.1.3.0"),
                "refused": await refused(f"{NET}.2.12"),
                "trap_from": trap_from[0],
                "second": second,
            }


async def filtered() -> dict[str, object]:
    """Behind a packet filter that trusts loopback addresses from `lo` alone: what the device hands
    to the kernel never arrives."""
    Tun.write = lambda self, raw: None  # type: ignore[method-assign]
    async with played(town(PORT)) as simulator:
        sockets = simulator.describe()
    async with played(town(PORT), road="auto") as simulator:
        auto = simulator.describe()
    try:
        async with played(town(PORT), road="tun"):
            told = ""
    except NotPermitted as error:
        told = str(error)
    return {"falls_back": auto == sockets, "told": told}


def network() -> str:
    """Devices, routes and settings of this namespace, as far as a TUN road could change them."""
    settings = sorted(path.name for path in Path("/proc/sys/net/ipv4/conf").iterdir())
    local = Path("/proc/sys/net/ipv4/conf/lo/route_localnet").read_text()
    return Path("/proc/net/fib_trie").read_text() + str(settings) + local


def killed() -> dict[str, object]:
    """What a killed simulator leaves behind."""
    before = network()
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        Tun([f"{NET}.{a}.{b}" for a in range(4) for b in range(1, 200)])
        os.write(writer, b"!")
        time.sleep(60)
        os._exit(0)
    os.read(reader, 1)
    during = network()
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    for _ in range(100):
        if network() == before:
            break
        time.sleep(0.05)
    return {"changed": during != before, "restored": network() == before}


def main() -> None:
    try:
        own_network()
        Tun(["127.78.250.1"]).close()
    except NotPermitted as error:
        sys.stdout.write(str(error))
        sys.exit(77)
    match sys.argv[1]:
        case "killed":
            seen = killed()
        case "filtered":
            seen = asyncio.run(filtered())
        case _:
            seen = asyncio.run(street())
    sys.stdout.write(json.dumps(seen))


if __name__ == "__main__":
    main()
