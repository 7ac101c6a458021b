"""From an event on the wire to its SMS in a channel's hands: the real `watch` and `tell`.

    python -m bench.told '{"what": "traps", "boxes": 200, "a_second": 200}'
    python -m bench.told '{"what": "burst", "boxes": 100, "traps": 5000}'
    python -m bench.told '{"what": "silence", "boxes": 20, "interval_s": 5}'

Every box has a router whose input is a door contact. `traps`: as many a second, each tenth of them
an opened door, the others news of a port. `burst`: all at once. `silence`: a packet filter in a
network namespace of its own swallows all that goes to the boxes' addresses.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench import city, peers
from bench.icmp import own_network
from bench.table import quantile
from collector.snmp import ber
from collector.snmp.session import OBJECT_ID, OCTET_STRING, TIMETICKS, oid
from rules import load as judging
from storage.journal import FILE, open_reader

HOLD_S = judging.load().base.dark.hold / 1000
_SETTLE = "\nsettle: 5s"
_HEAD = """city: {{name: Benchmark, bounds: {{south: 24.0, west: 66.0, north: 26.0, east: 68.0}}}}
defaults: {{contractor: alpha, icmp_interval: {interval}}}
traps: {{listen: [127.0.0.1], port: {port}}}
contractors: {{alpha: {{name: Alpha}}}}
contacts:
  desk: {{name: Desk, role: on_call, number: +92 300 0000003}}
districts: {{d0: {{name: District}}}}
boxes:
"""
_BOX = """  {name}:
    {{name: {name}, lat: 24.9, lon: 67.0, district: d0, tags: [door-on-din1],
     devices: {{{name}-router: {{kind: router, address: {address}, snmp: none}}}}}}
"""


def inventory(boxes: int, port: int, interval_s: float) -> str:
    names = (_BOX.format(name=f"B{n:05d}", address=city.address(n)) for n in range(boxes))
    return _HEAD.format(port=port, interval=f"{interval_s:g}s") + "".join(names)


def trap(name: str, varbinds: list[tuple[str, int, bytes]], number: int) -> bytes:
    """An SNMPv2-Trap-PDU (RFC 3416, 4.2.6)."""
    rows = [
        ("1.3.6.1.2.1.1.3.0", TIMETICKS, b"\x01"),
        ("1.3.6.1.6.3.1.1.4.1.0", OBJECT_ID, oid(name)),
        *varbinds,
    ]
    body = b"".join(
        ber.tlv(0x30, ber.tlv(OBJECT_ID, oid(each)) + ber.tlv(tag, octets)) for each, tag, octets in rows
    )
    pdu = ber.tlv(2, ber.signed(number)) + b"\2\1\0\2\1\0" + ber.tlv(0x30, body)
    return ber.tlv(0x30, b"\2\1\1" + ber.tlv(OCTET_STRING, b"public") + ber.tlv(0xA7, pdu))


def door(number: int) -> bytes:
    return trap("1.3.6.1.4.1.48690.4.2.1", [("1.3.6.1.4.1.48690.4.2.0.1.0", OCTET_STRING, b"high")], number)


def port_up(number: int) -> bytes:
    return trap("1.3.6.1.6.3.1.1.5.4", [("1.3.6.1.2.1.2.2.1.1.1", 2, b"\1")], number)


@contextlib.contextmanager
def told(folder: Path, text: str) -> Iterator[tuple[Path, subprocess.Popen[str]]]:
    """`watch` and `tell` over an inventory, by the shipped rules without their settling time; gives the
    ledger of what the channel was handed."""
    file, rules, data = folder / "inventory.yaml", folder / "rules.yaml", folder / "data"
    file.write_text(text)
    shipped = judging.SHIPPED.read_text()
    assert _SETTLE in shipped
    rules.write_text(shipped.replace(_SETTLE, "\nsettle: 0s"))
    data.mkdir()
    command = [sys.executable, "-m", "app.cli"]
    watched = [*command, "watch", "--inventory", str(file), "--rules", str(rules), "--data", str(data)]
    with peers.running(watched) as watch, peers.running([*command, "tell", "--data", str(data)]):
        peers.wait_for(lambda: (data / FILE).exists(), 60, "watch")
        time.sleep(3)  # its sockets, its trap decoder, its first sweep
        yield data / "sms.log", watch


class Ledger:
    """Reads the channel's file as it grows, and notes when each box was told of."""

    def __init__(self, file: Path) -> None:
        self._file, self._at = file, 0
        self.seen: dict[str, float] = {}

    def look(self) -> None:
        if not self._file.exists():
            return
        with self._file.open("rb") as file:
            file.seek(self._at)
            new = file.read()
        whole = new.rfind(b"\n") + 1
        now = time.monotonic()
        for line in new[:whole].splitlines():
            for box in re.findall(r"B\d{5}", json.loads(line)["text"]):
                self.seen.setdefault(box, now)
        self._at += whole

    def wait(self, count: int, seconds: float) -> None:
        end = time.monotonic() + seconds
        while len(self.seen) < count and time.monotonic() < end:
            self.look()
            time.sleep(0.005)


def sender(number: int) -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.bind((city.address(number), 0))
    return made


def traps(given: dict[str, Any]) -> dict[str, Any]:
    boxes, rate = given["boxes"], given["a_second"]
    port = peers.free_port(socket.SOCK_DGRAM)
    doors_each = given.get("doors_each", 10)
    with (
        tempfile.TemporaryDirectory() as folder,
        told(Path(folder), inventory(boxes, port, 30)) as (file, watch),
    ):
        ledger, sent = Ledger(file), {}
        sockets = [sender(number) for number in range(boxes)]
        begun = time.monotonic()
        used = peers.cpu_of_all(watch.pid)
        for number in range(boxes * doors_each):
            box = number // doors_each if number % doors_each == 0 else number % boxes
            packet = door(number) if number % doors_each == 0 else port_up(number)
            while time.monotonic() < begun + number / rate:
                ledger.look()
                time.sleep(0.002)
            if number % doors_each == 0:
                sent[f"B{box:05d}"] = time.monotonic()
            sockets[box].sendto(packet, ("127.0.0.1", port))
        ledger.wait(boxes, 30)
        for each in sockets:
            each.close()
        late = [ledger.seen[box] - at for box, at in sent.items() if box in ledger.seen]
        return {
            "doors": len(sent),
            "told": len(late),
            "cpu_us_a_trap": (peers.cpu_of_all(watch.pid) - used) * 1e6 / (boxes * doors_each),
            "median_s": quantile(late, 0.5),
            "p99_s": quantile(late, 0.99),
        }


def burst(given: dict[str, Any]) -> dict[str, Any]:
    """Doors of all boxes among a burst of other traps: none may be lost."""
    boxes, count = given["boxes"], given["traps"]
    port = peers.free_port(socket.SOCK_DGRAM)
    with tempfile.TemporaryDirectory() as folder, told(Path(folder), inventory(boxes, port, 30)) as (file, _):
        ledger = Ledger(file)
        sockets = [sender(number) for number in range(boxes)]
        every = count // boxes
        begun = time.monotonic()
        for number in range(count):
            box = number // every % boxes
            packet = door(number) if number % every == every - 1 else port_up(number)
            sockets[box].sendto(packet, ("127.0.0.1", port))
        sent = time.monotonic() - begun
        ledger.wait(boxes, 60)
        for each in sockets:
            each.close()
        return {
            "sent": count,
            "heard": heard(Path(folder) / "data", count),
            "sent_in_s": sent,
            "doors": boxes,
            "told": len(ledger.seen),
            "last_s": max(ledger.seen.values(), default=0.0) - begun,
        }


def heard(data: Path, count: int) -> int:
    """Traps that `watch` took in and dropped none of, by its own word, once it has had time for all."""
    reader = open_reader(data)
    taken = 0
    try:
        for _ in range(200):
            row = reader.engine_state("status/watch") or {}
            # what the kernel dropped is not in the total, but among the dropped
            taken = int(min(row.get("traps_total", 0), count - row.get("traps_dropped_total", 0)))
            if taken >= count:
                break
            time.sleep(0.1)
    finally:
        reader.close()
    return taken


def silence(given: dict[str, Any]) -> dict[str, Any]:
    own_network()
    boxes, interval = given["boxes"], given["interval_s"]
    living = 200  # other boxes stay alive, or it would be the monitor that is cut off
    with (
        tempfile.TemporaryDirectory() as folder,
        told(Path(folder), inventory(boxes + living, peers.free_port(socket.SOCK_DGRAM), interval)) as (
            file,
            _,
        ),
    ):
        ledger = Ledger(file)
        time.sleep(2 * interval)
        dark = ",".join(city.address(number) for number in range(boxes))
        nft = peers.program("nft", "nftables")
        for words in (
            "add table ip b",
            "add chain ip b in { type filter hook input priority 0; }",
            f"add rule ip b in ip daddr {{ {dark} }} drop",
        ):
            subprocess.run([nft, words], check=True)
        begun = time.monotonic()
        ledger.wait(boxes, HOLD_S + 4 * interval + 30)
        late = [at - begun for box, at in ledger.seen.items() if box < f"B{boxes:05d}"]
        return {
            "told": len(late),
            "last_s": max(late, default=0.0),
            "hold_s": HOLD_S,
            "allowed_s": HOLD_S + interval + 1,
        }


if __name__ == "__main__":
    asked = json.loads(sys.argv[1])
    os.environ.setdefault("BENCH_COMMUNITY", city.COMMUNITY)
    print(json.dumps({"traps": traps, "burst": burst, "silence": silence}[asked["what"]](asked)))
