"""The trap receiver against snmptrap and snmpinform, under floods and rubbish."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import socket
import subprocess
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path

import pytest

from app.clock import SystemClock
from collector.snmp import ber
from collector.snmp.session import INTEGER, OBJECT_ID, TIMETICKS, Credentials, Varbind, oid
from collector.traps.receiver import TrapReceiver, TrapSender
from domain.errors import NotPermitted
from domain.place import Device, Kind
from domain.reading import Key, Outcome, Probe, Reading, Trust
from tests.peers import program

ON_BATTERY, ON_BATTERY_V1 = "1.3.6.1.2.1.33.2.1", "1.3.6.1.2.1.33.2.0.1"
RUNTIME = "1.3.6.1.2.1.33.1.2.3.0"
PLAIN = Credentials("2c", community="s3cret")
SHA256 = Credentials("3", "", "cam", "SHA-256", "authpass123", "AES-128", "privpass123")
SHA512 = Credentials("3", "", "ups", "SHA-512", "authpass456", "AES-256", "privpass456")
USERS = {"cam": SHA256, "ups": SHA512}


def device(name: str, port: int = 161, **more: str) -> Device:
    return Device(name, "box", Kind.UPS, "127.0.0.1", port, **more)  # type: ignore[arg-type]


def interpret(
    of: Device, trap: bytes, varbinds: list[Varbind]
) -> tuple[Mapping[Key, float], Mapping[str, str]] | None:
    for name, _, value in varbinds:
        if name == oid(RUNTIME):
            return {("runtime", ""): float(ber.integer(value))}, {"told_by": of.id}
    return None


class Ear:
    """A receiver with everything it yields."""

    def __init__(self, senders: Sequence[TrapSender], **options: object) -> None:
        self.receiver = TrapReceiver(senders, interpret, SystemClock(), port=0, **options)  # type: ignore[arg-type]
        self.heard: list[Reading] = []
        self._task = asyncio.create_task(self._listen())

    async def _listen(self) -> None:
        async for reading in self.receiver.readings():
            self.heard.append(reading)

    @property
    def peer(self) -> str:
        return f"127.0.0.1:{self.receiver.port}"

    async def until(self, count: int, seconds: float = 20.0) -> list[Reading]:
        await self.until_true(lambda: len(self.heard) >= count, f"{count} readings", seconds)
        return self.heard

    async def counted(self, name: str, count: int) -> None:
        await self.until_true(lambda: getattr(self.receiver.counters(), name) >= count, f"{name} {count}")

    async def until_true(self, true: object, what: str, seconds: float = 20.0) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not true():  # type: ignore[operator]  # noqa: ASYNC110 - a child counts
                    await asyncio.sleep(0.02)
        assert true(), f"waited for {what}: {len(self.heard)} heard, {self.receiver.counters()}"  # type: ignore[operator]

    def close(self) -> None:
        self._task.cancel()
        self.receiver.close()


@contextlib.asynccontextmanager
async def ear(*senders: TrapSender, **options: object) -> AsyncIterator[Ear]:
    made = Ear(senders, **options)
    try:
        yield made
    finally:
        made.close()


async def tell(name: str, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    """Runs a net-snmp program with no memory of its own: it would keep users and boots on disk."""
    command = [program(name, "snmp"), *arguments]
    with tempfile.TemporaryDirectory() as empty:
        env = {**os.environ, "SNMP_PERSISTENT_DIR": empty, "SNMPCONFPATH": empty}
        return await asyncio.to_thread(
            subprocess.run, command, check=False, capture_output=True, timeout=30, env=env
        )


def v3(user: str, **changed: str) -> list[str]:
    agreed = {
        "-v": "3", "-l": "authPriv", "-u": user, "-a": USERS[user].auth_protocol,
        "-A": USERS[user].auth_key, "-x": USERS[user].priv_protocol, "-X": USERS[user].priv_key,
    }  # fmt: skip
    agreed |= {f"-{name}": value for name, value in changed.items()}
    return [word for pair in agreed.items() for word in pair]


def packet(number: int, community: bytes = b"s3cret", trap: str = ON_BATTERY, pdu: int = 0xA7) -> bytes:
    """A v2c notification, encoded by hand."""

    def row(name: str, tag: int, value: bytes) -> bytes:
        return ber.tlv(0x30, ber.tlv(OBJECT_ID, oid(name)) + ber.tlv(tag, value))

    rows = row("1.3.6.1.2.1.1.3.0", TIMETICKS, b"\x05")
    rows += row("1.3.6.1.6.3.1.1.4.1.0", OBJECT_ID, oid(trap))
    rows += row(RUNTIME, INTEGER, ber.signed(number))
    numbers = b"".join(ber.tlv(INTEGER, ber.signed(n)) for n in (number, 0, 0))
    body = ber.tlv(pdu, numbers + ber.tlv(0x30, rows))
    return ber.tlv(0x30, ber.tlv(INTEGER, b"\x01") + ber.tlv(0x04, community) + body)


@pytest.fixture
def sender() -> AsyncIterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as made:
        yield made  # type: ignore[misc]


@pytest.mark.peer
async def test_the_standard_ups_trap_arrives_in_both_spellings_and_both_versions() -> None:
    async with ear(TrapSender(device("ups"), PLAIN)) as own:
        to = ["-c", "s3cret", own.peer]
        await tell("snmptrap", "-v", "2c", *to, "", ON_BATTERY, RUNTIME, "i", "12")
        await own.until(1)
        await tell("snmptrap", "-v", "2c", *to, "", ON_BATTERY_V1, RUNTIME, "i", "11")
        await own.until(2)
        await tell(
            "snmptrap", "-v", "1", *to, "1.3.6.1.2.1.33.2", "127.0.0.1", "6", "1", "9", RUNTIME, "i", "10"
        )
        await own.until(3)
        await tell("snmptrap", "-v", "1", *to, "1.3.6.1.4.1.9", "127.0.0.1", "2", "0", "9")
        heard = await own.until(4)
    assert [r.texts["trap"] for r in heard] == [
        ON_BATTERY, ON_BATTERY_V1, ON_BATTERY_V1, "1.3.6.1.6.3.1.1.5.3",
    ]  # fmt: skip
    assert [r.values.get(("runtime", "")) for r in heard] == [12.0, 11.0, 10.0, None]
    first = heard[0]
    assert (first.device, first.probe, first.outcome, first.trust) == (
        "ups", Probe.TRAP, Outcome.OK, Trust.PLAIN,
    )  # fmt: skip
    assert first.texts["told_by"] == "ups"
    assert abs(first.at - SystemClock().now()) < 60_000


@pytest.mark.peer
@pytest.mark.parametrize("user", sorted(USERS))
async def test_a_v3_trap_is_known_by_its_keys_and_tells_its_device_apart(user: str) -> None:
    senders = [
        TrapSender(device("plain"), PLAIN),
        TrapSender(device("of-cam", 1), SHA256),
        TrapSender(device("of-ups", 2), SHA512),
    ]
    async with ear(*senders) as own:
        for engine in ("0x80000000010203", "0x80000000010204"):
            await tell("snmptrap", *v3(user), "-e", engine, own.peer, "", ON_BATTERY, RUNTIME, "i", "7")
        heard = await own.until(2)
        assert own.receiver.counters().unauthenticated == 0
    assert [(r.device, r.trust, r.values) for r in heard] == [
        (f"of-{user}", Trust.V3, {("runtime", ""): 7.0})
    ] * 2


@pytest.mark.peer
async def test_informs_are_acknowledged_and_heard() -> None:
    senders = [TrapSender(device("plain"), PLAIN), TrapSender(device("of-cam", 1), SHA256)]
    senders.append(TrapSender(device("of-ups", 2), SHA512))
    async with ear(*senders) as own:
        await own.until_true(lambda: own.receiver.child is not None, "the child")
        said = [own.peer, "", ON_BATTERY, RUNTIME, "i", "7"]
        for how in (["-v", "2c", "-c", "s3cret"], v3("cam"), v3("ups")):
            done = await tell("snmpinform", "-t", "3", "-r", "2", *how, *said)
            assert done.returncode == 0, done.stderr
        heard = await own.until(3)
    assert {(r.device, r.trust) for r in heard} == {
        ("plain", Trust.PLAIN),
        ("of-cam", Trust.V3),
        ("of-ups", Trust.V3),
    }


@pytest.mark.peer
async def test_what_cannot_prove_who_it_is_is_counted_and_not_believed() -> None:
    senders = [TrapSender(device("plain"), PLAIN), TrapSender(device("of-cam", 1), SHA256)]
    engine = ["-e", "0x80000000010203"]
    said = ["", ON_BATTERY, RUNTIME, "i", "7"]
    async with ear(*senders) as own:
        for number, how in enumerate(
            (
                ["-v", "2c", "-c", "guessed"],
                [*v3("cam", A="wrongpass123"), *engine],
                [*v3("cam", X="wrongpass123"), *engine],
                [*v3("cam", l="authNoPriv"), *engine],
                [*v3("cam", l="noAuthNoPriv"), *engine],
                [*v3("cam", u="nobody"), *engine],
                ["-v", "3", "-l", "noAuthNoPriv", "-u", "nobody", *engine],
            ),
            start=1,
        ):
            await tell("snmptrap", *how, own.peer, *said)
            await own.counted("unauthenticated", number)
        done = await tell("snmpinform", "-t", "0.2", "-r", "0", "-v", "2c", "-c", "guessed", own.peer, *said)
        assert done.returncode != 0
        await tell("snmptrap", *v3("cam"), *engine, own.peer, *said)
        assert [r.device for r in await own.until(1)] == ["of-cam"]
        assert own.receiver.counters().unauthenticated == 8


@pytest.mark.peer
async def test_a_replayed_v3_trap_is_a_hint_and_no_evidence(sender: socket.socket) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as tap:
        tap.bind(("127.0.0.1", 0))
        tap.settimeout(10)
        to = f"127.0.0.1:{tap.getsockname()[1]}"
        captured = []
        for clock in ("5,1000", "5,2000"):
            await tell("snmptrap", *v3("cam"), "-e", "0x80000000010203", "-Z", clock, to, "", ON_BATTERY)
            captured.append(await asyncio.to_thread(tap.recv, 4096))
    async with ear(TrapSender(device("of-cam"), SHA256)) as own:
        for count, octets in enumerate((captured[0], captured[1], captured[0]), start=1):
            sender.sendto(octets, ("127.0.0.1", own.receiver.port))
            await own.until(count)
        assert [r.trust for r in own.heard] == [Trust.V3, Trust.V3, Trust.PLAIN]


async def test_an_unknown_source_is_counted_and_told_of_once(
    sender: socket.socket, caplog: pytest.LogCaptureFixture
) -> None:
    async with ear(TrapSender(device("ups", trap_source="127.9.9.9"), PLAIN)) as own:
        for number in range(50):
            sender.sendto(packet(number), ("127.0.0.1", own.receiver.port))
        await own.counted("unknown_source", 50)
        sender.sendto(packet(50), ("127.0.0.1", own.receiver.port))
        await own.counted("unknown_source", 51)
        assert own.heard == []
    lines = [r.getMessage() for r in caplog.records if "127.0.0.1" in r.getMessage()]
    assert len(lines) == 1
    assert "s3cret" not in caplog.text


async def test_a_trap_source_stands_for_the_device_behind_it(sender: socket.socket) -> None:
    sender.bind(("127.0.0.9", 0))
    async with ear(TrapSender(device("ups", trap_source="127.0.0.9"), PLAIN)) as own:
        sender.sendto(packet(3), ("127.0.0.1", own.receiver.port))
        assert [r.device for r in await own.until(1)] == ["ups"]


async def test_behind_one_address_the_credentials_choose_or_all_are_asked(sender: socket.socket) -> None:
    other = Credentials("2c", community="other")
    senders = [
        TrapSender(device("one", 1), PLAIN),
        TrapSender(device("two", 2), PLAIN),
        TrapSender(device("three", 3), other),
    ]
    async with ear(*senders) as own:
        sender.sendto(packet(1, b"other"), ("127.0.0.1", own.receiver.port))
        await own.until(1)
        sender.sendto(packet(2), ("127.0.0.1", own.receiver.port))
        heard = await own.until(3)
    assert [(r.device, bool(r.values)) for r in heard] == [("three", True), ("one", False), ("two", False)]
    assert {r.texts["trap"] for r in heard} == {ON_BATTERY}


async def test_a_device_without_credentials_is_heard_with_any_community(sender: socket.socket) -> None:
    async with ear(TrapSender(device("camera"))) as own:
        sender.sendto(packet(1, b"anything"), ("127.0.0.1", own.receiver.port))
        (heard,) = await own.until(1)
    assert heard.trust is Trust.PLAIN


async def test_one_talker_gets_its_share_and_another_is_still_heard(sender: socket.socket) -> None:
    senders = [
        TrapSender(device("quiet", trap_source="127.0.0.2"), PLAIN),
        TrapSender(device("talker", trap_source="127.0.0.1"), PLAIN),
    ]
    async with ear(*senders, rate=0.001, burst=100) as own:
        for number in range(300):
            sender.sendto(packet(number), ("127.0.0.1", own.receiver.port))
        await own.counted("rate_limited", 200)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as quiet:
            quiet.bind(("127.0.0.2", 0))
            quiet.sendto(packet(1), ("127.0.0.1", own.receiver.port))
        heard = await own.until(101)
    assert [r.device for r in heard].count("talker") == 100
    assert heard[-1].device == "quiet"


async def test_a_burst_of_5000_loses_none(sender: socket.socket) -> None:
    packets = [packet(number) for number in range(5_000)]
    async with ear(TrapSender(device("ups"), PLAIN)) as own:
        for octets in packets:
            sender.sendto(octets, ("127.0.0.1", own.receiver.port))
        heard = await own.until(5_000)
        counters = own.receiver.counters()
    assert [r.values[("runtime", "")] for r in heard] == list(range(5_000))
    assert (counters.received, counters.kernel_drops, counters.queue_drops) == (5_000, 0, 0)


def mutant(good: bytes, chance: random.Random) -> bytes:
    octets = bytearray(good)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(octets))
        match chance.randrange(5):
            case 0:
                octets[at] ^= 1 << chance.randrange(8)
            case 1:
                octets[at] = chance.choice((0, 0x7F, 0x80, 0x81, 0x84, 0xFF, 0x30))
            case 2:
                del octets[at:]
            case 3:
                octets[at:at] = chance.randbytes(chance.randint(1, 8))
            case 4:
                del octets[at : at + chance.randint(1, 8)]
        if not octets:
            return b"\x30"
    return bytes(octets)


@pytest.mark.peer
@pytest.mark.slow
async def test_mutants_are_counted_and_the_child_outlives_them(sender: socket.socket) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as tap:
        tap.bind(("127.0.0.1", 0))
        tap.settimeout(10)
        to = f"127.0.0.1:{tap.getsockname()[1]}"
        seeds = [packet(1), packet(1, pdu=0xA6)]
        for how in (
            ["-v", "1", "-c", "s3cret", to, "1.3.6.1.2.1.33.2", "127.0.0.1", "6", "1", "9"],
            [*v3("cam"), "-e", "0x80000000010203", to, "", ON_BATTERY, RUNTIME, "i", "7"],
        ):
            await tell("snmptrap", *how)
            seeds.append(await asyncio.to_thread(tap.recv, 4096))
    chance = random.Random(7)
    senders = [TrapSender(device("ups"), PLAIN), TrapSender(device("of-cam", 1), SHA256)]
    async with ear(*senders) as own:
        await own.until_true(lambda: own.receiver.child is not None, "the child")
        child = own.receiver.child
        for number in range(2_000):
            sender.sendto(mutant(seeds[number % 4], chance), ("127.0.0.1", own.receiver.port))
            if number % 200 == 199:
                sender.sendto(packet(1_000_000 + number), ("127.0.0.1", own.receiver.port))
        wanted = {1_000_000.0 + number for number in range(199, 2_000, 200)}
        await own.until_true(
            lambda: wanted <= {r.values.get(("runtime", "")) for r in own.heard}, "the good ones"
        )
        counters = own.receiver.counters()
        assert own.receiver.child == child
        assert own.receiver.restarts == 0
    assert counters.received == 2_010
    assert counters.malformed > 500


async def test_a_killed_child_is_started_anew_and_what_came_meanwhile_is_heard(sender: socket.socket) -> None:
    async with ear(TrapSender(device("ups"), PLAIN)) as own:
        sender.sendto(packet(1), ("127.0.0.1", own.receiver.port))
        await own.until(1)
        child = own.receiver.child
        assert child is not None
        os.kill(child, signal.SIGKILL)
        await own.until_true(lambda: own.receiver.child is None, "its end")
        sender.sendto(packet(2), ("127.0.0.1", own.receiver.port))
        heard = await own.until(2)
        assert own.receiver.child not in (None, child)
        assert own.receiver.restarts == 1
    assert heard[1].values == {("runtime", ""): 2.0}


async def test_a_reloaded_inventory_is_obeyed_at_once(sender: socket.socket) -> None:
    async with ear(TrapSender(device("old"), PLAIN)) as own:
        to = ("127.0.0.1", own.receiver.port)
        sender.sendto(packet(1), to)
        await own.until(1)
        own.receiver.update([TrapSender(device("new"), Credentials("2c", community="changed"))])
        sender.sendto(packet(2), to)
        await own.counted("unauthenticated", 1)
        sender.sendto(packet(3, b"changed"), to)
        heard = await own.until(2)
    assert [r.device for r in heard] == ["old", "new"]


async def test_keys_are_neither_in_the_childs_arguments_nor_in_its_environment(sender: socket.socket) -> None:
    async with ear(TrapSender(device("ups"), PLAIN), TrapSender(device("cam", 1), SHA256)) as own:
        sender.sendto(packet(1), ("127.0.0.1", own.receiver.port))
        await own.until(1)
        shown = Path(f"/proc/{own.receiver.child}")
        seen = b"".join((shown / name).read_bytes() for name in ("cmdline", "environ"))
    assert b"collector.traps.child" in seen
    for secret in (b"s3cret", b"authpass123", b"privpass123"):
        assert secret not in seen


async def test_the_child_leaves_with_its_parent(sender: socket.socket) -> None:
    async with ear(TrapSender(device("ups"), PLAIN)) as own:
        sender.sendto(packet(1), ("127.0.0.1", own.receiver.port))
        await own.until(1)
        child = own.receiver.child
        own.close()
        await own.until_true(lambda: not _alive(child), "the child's end")


def _alive(process: int | None) -> bool:
    return Path(f"/proc/{process}").exists()


async def test_a_privileged_port_says_what_to_grant() -> None:
    if os.geteuid() == 0:
        pytest.skip("root may bind any port")
    with pytest.raises(NotPermitted, match="CAP_NET_BIND_SERVICE"):
        TrapReceiver([], interpret, SystemClock(), port=1)
