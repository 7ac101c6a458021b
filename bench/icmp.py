"""ICMP: our sweep beside fping and the bound, in a network namespace of their own.

    python -m bench.icmp '{"hosts": 10000, "runs": 5, "all": true}'

The namespace has a loopback, where the kernel answers for all of 127/8, and a TUN interface that
swallows what goes to 10/8: hosts that are dead. Each run takes all rivals in turn; medians count.
Without `all` the slower half stays at home: fping paced, the unprivileged sweep, the dead.
"""

from __future__ import annotations

import asyncio
import ctypes
import fcntl
import gc
import json
import os
import re
import socket
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from bench import city, peers
from bench.table import middle
from collector.icmp.sweeper import Sweeper

ECHOES, TIMEOUT_S = 3, 1.0
FPING_AT_ONCE = 21_000  # echoes x hosts beyond 65,535 end fping 5.1 with "not enough sequence numbers"
_NOBODY = 65534
_CLONE_NEWNET = 0x40000000
_TUNSETIFF, _IFF_TUN_NO_PI = 0x400454CA, 0x1001
Cost = dict[str, float]


def own_network() -> None:
    """Moves this process into a fresh network; PermissionError without CAP_SYS_ADMIN."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_CLONE_NEWNET):
        raise PermissionError(ctypes.get_errno(), "a network namespace may not be made here")
    ip = peers.program("ip", "iproute2")
    tun = os.open("/dev/net/tun", os.O_RDWR)  # never read: once its queue is full, all is swallowed
    fcntl.ioctl(tun, _TUNSETIFF, struct.pack("16sH22x", b"d0", _IFF_TUN_NO_PI))
    for words in ("link set lo up", "addr add 10.255.0.1/8 dev d0", "link set d0 up"):
        subprocess.run([ip, *words.split()], check=True)
    Path("/proc/sys/net/ipv4/ping_group_range").write_text("0 2147483647")


def dead(number: int) -> str:
    return f"10.{number >> 16 & 127}.{number >> 8 & 255}.{number & 255}"


async def sweep(addresses: Sequence[str], kind: int, rate: float) -> Cost:
    sweeper = Sweeper(rate=rate, kinds=(kind,))
    await sweeper.sweep(addresses, 1, 0.1)  # addresses are packed once in a process's life
    wall, used = time.monotonic(), peers.cpu()
    found = await sweeper.sweep(addresses, ECHOES, TIMEOUT_S)
    wall, used = time.monotonic() - wall, peers.cpu() - used
    dropped = sweeper.counters.drops
    sweeper.close()
    whole = sum(len(echoes.rtts) == ECHOES for echoes in found)
    return {"wall": wall, "cpu": used, "whole": whole, "dropped": dropped}


def unprivileged(addresses: Sequence[str], rate: float) -> Cost:
    """The same in a child that is nobody: no raw socket, no buffer beyond net.core.rmem_max."""
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        status = 1
        try:
            if not os.geteuid():
                os.setgroups([])
                os.setgid(_NOBODY)
                os.setuid(_NOBODY)
            os.write(writer, json.dumps(asyncio.run(sweep(addresses, socket.SOCK_DGRAM, rate))).encode())
            status = 0
        finally:
            os._exit(status)
    os.close(writer)
    with os.fdopen(reader) as said:
        answer = said.read()
    os.waitpid(child, 0)
    if not answer:
        raise RuntimeError("the unprivileged sweep failed")
    found: Cost = json.loads(answer)
    return found


def fping(path: str, addresses: Sequence[str], interval_ms: float) -> Cost:
    """One process, or as many one after another as its sequence numbers demand."""
    wall, used, whole = time.monotonic(), 0.0, 0
    for start in range(0, len(addresses), FPING_AT_ONCE):
        with tempfile.NamedTemporaryFile("w") as file, tempfile.TemporaryFile("w+") as said:
            file.write("\n".join(addresses[start : start + FPING_AT_ONCE]) + "\n")
            file.flush()
            options = f"-q -C {ECHOES} -i {interval_ms} -p 20 -t {int(TIMEOUT_S * 1000)} -f {file.name}"
            child = subprocess.Popen([path, *options.split()], stdout=subprocess.DEVNULL, stderr=said)
            usage = os.wait4(child.pid, 0)[2]
            child.returncode = 0
            used += usage.ru_utime + usage.ru_stime
            said.seek(0)
            for line in said:
                times = re.findall(r"-|\d+\.\d+", line.partition(" : ")[2])
                whole += "-" not in times and len(times) == ECHOES
    return {"wall": time.monotonic() - wall, "cpu": used, "whole": whole}


def bound(hosts: int) -> Cost:
    said = subprocess.run(
        [str(peers.BUILD / "bound_icmp"), str(hosts), str(ECHOES)], capture_output=True, text=True, check=True
    )
    answered, wall, used = map(float, said.stdout.split())
    return {"wall": wall, "cpu": used, "whole": answered / ECHOES}


def main(given: dict[str, Any]) -> dict[str, Any]:
    try:
        own_network()
        alone = True
    except PermissionError:
        alone = False
    hosts = given["hosts"]
    living = [city.address(number) for number in range(hosts)]
    tenth = [*living[: hosts - hosts // 10], *map(dead, range(hosts // 10))]
    runs: dict[str, list[Cost]] = {}
    try:
        path: str | None = peers.program("fping")
    except peers.Absent:
        path = None
    rate = 50_000.0
    gc.collect()
    gc.freeze()  # as `watch` does
    for _ in range(given.get("runs", 3)):
        rivals: dict[str, Any] = {
            "raw unpaced": lambda: asyncio.run(sweep(living, socket.SOCK_RAW, 0.0)),
            "bound": lambda: bound(hosts),
        }
        if path is not None:
            rivals["fping unpaced"] = partial(fping, path, living, 0)
        rivals["raw paced"] = lambda: asyncio.run(sweep(living, socket.SOCK_RAW, rate))
        if given["all"]:
            if path is not None:
                rivals["fping paced"] = partial(fping, path, living, 1000 / rate)
            if alone:
                rivals["datagram paced"] = partial(unprivileged, living, rate)
                rivals["tenth dead"] = lambda: asyncio.run(sweep(tenth, socket.SOCK_RAW, rate))
        for name, run in rivals.items():
            runs.setdefault(name, []).append(run())
    echoes = hosts * ECHOES
    return {
        name: {
            "wall_s": middle(run["wall"] for run in of),
            "cpu_us_an_echo": middle(run["cpu"] for run in of) * 1e6 / echoes,
            # of the living: some of three echoes lost, or all
            "most_lossy": max(
                (hosts - hosts // 10 if name == "tenth dead" else hosts) - run["whole"] for run in of
            ),
            "most_dropped": max(run.get("dropped", 0) for run in of),
        }
        for name, of in runs.items()
    }


if __name__ == "__main__":
    print(json.dumps(main(json.loads(sys.argv[1]))))
