"""A city polled on a hand-moved clock: the poller is the real one, the clock and ICMP are set by hand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

from collector.device.discover import Undiscovered
from collector.poller import Poller, PollSettings
from collector.resolver import Resolver
from collector.snmp import ber
from collector.snmp.session import NO_SUCH_INSTANCE, Credentials, Session, Varbind, oid
from collector.snmp.udp import Address
from domain.place import Device, Kind
from domain.ports import Echoes
from domain.reading import Outcome, Probe, Reading, Trust

UPTIME, LOAD, COUNT = "1.3.6.1.2.1.1.3.0", "1.3.6.1.4.1.5.1.0", "1.3.6.1.4.1.5.2.0"
SLOW, TABLE = "1.3.6.1.4.1.5.9.0", "1.3.6.1.4.1.5.3"
ROWS = (UPTIME, LOAD, COUNT, SLOW, f"{TABLE}.1", f"{TABLE}.2")
PUBLIC = Credentials("2c", community="public")
START = 1_800_000_000_000


@dataclass
class PlainPlan:
    """A plan whose metrics are the OIDs' octets."""

    gets: tuple[tuple[bytes, ...], ...] = ((oid(UPTIME), oid(LOAD)), (oid(COUNT),))
    slow_gets: tuple[tuple[bytes, ...], ...] = ()
    slow_every: int = 1
    walks: tuple[bytes, ...] = ()
    outdated: bool = False
    marks: frozenset[bytes] = frozenset()

    def decode(self, varbinds: Iterable[Varbind], device: str, at: int, slow: bool, trust: Trust) -> Reading:
        values = {
            (name.hex(), ""): float(ber.integer(value))
            for name, tag, value in varbinds
            if tag != NO_SUCH_INSTANCE
        }
        return Reading(device, Probe.SNMP, at, Outcome.OK, values, {"slow": str(slow)}, trust=trust)

    def due_walks(self, varbinds: Iterable[Varbind]) -> tuple[bytes, ...]:
        return self.walks

    def stale(self, reading: Reading) -> bool:
        return self.outdated


class HandClock:
    def __init__(self) -> None:
        self.at = START

    def now(self) -> int:
        return self.at

    async def sleep(self, milliseconds: int) -> None:
        self.at += milliseconds
        await asyncio.sleep(0)


class Kernel:
    """A Prober with a hand-set city: addresses in `dark` do not answer."""

    def __init__(self) -> None:
        self.dark: set[str] = set()
        self.swept: list[str] = []

    async def sweep(self, addresses: Sequence[str], echoes: int, timeout_s: float) -> Sequence[Echoes]:
        self.swept += addresses
        return [
            Echoes(one, Outcome.TIMEOUT, echoes)
            if one in self.dark
            else Echoes(one, Outcome.OK, echoes, (0.001, 0.003, 0.002)[:echoes])
            for one in addresses
        ]

    def close(self) -> None:
        pass


def device(key: str, address: Address | tuple[str, int], **more: object) -> Device:
    made = Device(
        key, "box-1", Kind.UPS, str(address[0]), int(address[1]), icmp_interval_s=10, snmp_interval_s=10
    )
    return replace(made, **more)


@dataclass
class City:
    plan: PlainPlan = field(default_factory=PlainPlan)
    credentials: dict[str, Credentials | None] = field(default_factory=dict)
    settings: PollSettings = field(default_factory=lambda: PollSettings(snmp_timeout_s=0.25))
    resolver: Resolver | None = None

    def __post_init__(self) -> None:
        self.clock = HandClock()
        self.kernel = Kernel()
        self.readings: list[Reading] = []
        self.discovered: list[str] = []
        self.poller = Poller(
            self.clock,
            self.kernel,
            self._discover,
            lambda one: self.credentials.get(one.id, PUBLIC),
            self.readings.extend,
            self.settings,
            self.resolver,
        )

    async def _discover(self, session: Session, one: Device) -> PlainPlan:
        self.discovered.append(one.id)
        answer = await session.get([oid(UPTIME)])
        if answer.outcome is not Outcome.OK:
            raise Undiscovered(answer)
        return self.plan

    async def settle(self) -> None:
        """Until nothing is under way."""
        for _ in range(1000):
            await asyncio.sleep(0.005)
            if not self.poller.under_way():
                await asyncio.sleep(0.005)
                return
        raise AssertionError("polls do not end")

    async def interval(self, seconds: float = 10) -> list[Reading]:
        """Moves the clock on; the readings that came of it."""
        before = len(self.readings)
        for _ in range(int(seconds * 10)):
            self.clock.at += 100
            self.poller.tick(self.clock.at)
        await self.settle()
        return self.readings[before:]

    def snmp(self, readings: Iterable[Reading]) -> list[tuple[str, Outcome]]:
        return sorted((one.device, one.outcome) for one in readings if one.probe is Probe.SNMP)


@asynccontextmanager
async def city(**more: object) -> AsyncIterator[City]:
    made = City(**more)
    try:
        yield made
    finally:
        await made.poller.close()


def numbers(reading: Reading) -> dict[str, float]:
    return {key[0]: value for key, value in reading.values.items()}
