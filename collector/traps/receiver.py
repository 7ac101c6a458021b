"""The trap receiver: a UDP socket here, its decoder in a child process, readings out of it.

The socket stays with this process, so that what arrives while a dead child is started anew waits in
the kernel's buffer. Credentials reach the child by its standard input only.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import socket
import subprocess
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from collector.snmp.session import Credentials, Varbind, dotted
from collector.traps.gate import Counters, credentials_json
from collector.traps.packet import frame
from collector.traps.sockets import bound, default_engine_id, drops_of, start_child
from domain.place import Device
from domain.ports import Clock
from domain.reading import Key, Outcome, Probe, Reading, Trust

Interpret = Callable[[Device, bytes, list[Varbind]], tuple[Mapping[Key, float], Mapping[str, str]] | None]
"""(device, content octets of the trap's OID, varbinds) -> (values, texts); None: unknown to its profile."""

_LARGEST = 64 << 20  # a frame beyond this is not our child's
_HEARD = 20_000  # readings not yet taken; then the child waits, and counts what it must drop

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class TrapSender:
    """A device whose traps are wanted; without credentials any community is taken from it."""

    device: Device
    credentials: Credentials | None = None


class TrapReceiver:
    """Implements domain.ports.TrapSource.

    `engine_id` (5 to 32 octets) is ours, for informs: stable, or senders that remember it fall
    silent. `rate` and `burst` bound the notifications of one source, `queue` those not yet decoded.
    Raises NotPermitted where the port may not be bound, OSError where it is taken.
    """

    def __init__(
        self,
        senders: Sequence[TrapSender],
        interpret: Interpret,
        clock: Clock,
        host: str = "127.0.0.1",
        port: int = 1162,
        engine_id: bytes | None = None,
        rate: float = 100.0,
        burst: float = 6_000.0,
        queue: int = 50_000,
        receive_buffer: int = 8 << 20,
    ) -> None:
        self.restarts = 0
        self._interpret, self._clock = interpret, clock
        self._counters = Counters()
        self._limits = {"rate": rate, "burst": burst, "queue": queue}
        self._engine_id = engine_id or default_engine_id(f"{socket.gethostname()}:{port}")
        self._socket = bound(host, port, receive_buffer)
        self._drops = drops_of(self._socket)
        self._heard: asyncio.Queue[Reading | None] = asyncio.Queue(_HEARD)
        self._keeper: asyncio.Task[None] | None = None
        self._child: subprocess.Popen[bytes] | None = None
        self._pipe: asyncio.StreamWriter | None = None
        self._closed = False
        self._set(senders)

    @property
    def port(self) -> int:
        return int(self._socket.getsockname()[1])

    @property
    def child(self) -> int | None:
        """Process id of the decoder, if one is running."""
        return None if self._child is None else self._child.pid

    def counters(self) -> Counters:
        if not self._closed:
            drops = drops_of(self._socket)
            self._counters.kernel_drops += (drops - self._drops) & 0xFFFFFFFF
            self._drops = drops
        return self._counters

    def update(self, senders: Sequence[TrapSender]) -> None:
        """Takes over a reloaded inventory; must be called on the event loop's thread."""
        self._set(senders)
        if self._pipe is not None:
            self._pipe.write(frame(self._configuration()))

    async def readings(self) -> AsyncIterator[Reading]:
        """Endless, until closed; one reading a notification and device it may be from."""
        if self._keeper is None:
            self._keeper = asyncio.create_task(self._keep())
        while not self._closed and (reading := await self._heard.get()) is not None:
            yield reading

    def close(self) -> None:
        """Ends the child; what it had not told yet is lost."""
        if self._closed:
            return
        self.counters()
        self._closed = True
        if self._keeper is not None:
            self._keeper.cancel()
        self._end()
        self._socket.close()
        with contextlib.suppress(asyncio.QueueFull):
            self._heard.put_nowait(None)

    # -- what the child is told -------------------------------------------------------------------

    def _set(self, senders: Sequence[TrapSender]) -> None:
        self._numbers: dict[Credentials, int] = {}
        self._senders: dict[str, list[TrapSender]] = {}
        for sender in senders:
            self._senders.setdefault(sender.device.trap_source or sender.device.address, []).append(sender)
            if sender.credentials is not None:
                self._numbers.setdefault(sender.credentials, len(self._numbers))

    def _configuration(self) -> bytes:
        sources = {}
        for address, senders in self._senders.items():
            known = [s.credentials for s in senders if s.credentials is not None]
            sources[address] = {
                "communities": sorted({self._numbers[c] for c in known if c.version != "3"}),
                "users": sorted({self._numbers[c] for c in known if c.version == "3"}),
                "open": any(s.credentials is None for s in senders),
            }
        return json.dumps(
            {
                **self._limits,
                "engine_id": self._engine_id.hex(),
                # grows with every start without being kept: minutes since 1970, until the year 6053
                "boots": self._clock.now() // 60_000,
                "credentials": [credentials_json(c) for c in self._numbers],
                "sources": sources,
            }
        ).encode()

    # -- what the child tells ---------------------------------------------------------------------

    async def _keep(self) -> None:
        """One child after another; each failure waits a little longer than the one before."""
        pause = 100
        while True:
            try:
                if await self._run():
                    pause = 100
            except OSError as error:
                _log.error("trap decoder cannot be started: %s", error)
            self.restarts += 1
            _log.error("trap decoder ended; started again in %d ms", pause)
            await self._clock.sleep(pause)
            pause = min(pause * 2, 10_000)

    async def _run(self) -> bool:
        """Until the child ends; whether it had told anything."""
        child, ours = start_child(self._socket)
        self._child = child
        reader, self._pipe = await asyncio.open_connection(sock=ours)
        told = False
        try:
            self._pipe.write(frame(self._configuration()))
            with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
                while True:
                    size = int.from_bytes(await reader.readexactly(4), "big")
                    if size > _LARGEST:
                        break
                    await self._take(json.loads(await reader.readexactly(size)))
                    told = True
        finally:
            self._end()
        return told

    def _end(self) -> None:
        """Neither a child nor a pipe is left."""
        if self._pipe is not None:
            self._pipe.close()
        if self._child is not None:
            self._child.kill()  # it keeps nothing that a kill could break; a dead one is not signalled
            self._child.wait()
        self._pipe = self._child = None

    async def _take(self, told: Mapping[str, Any]) -> None:
        for name, count in told["counters"].items():
            setattr(self._counters, name, getattr(self._counters, name) + count)
        for source, count in told["strangers"]:
            _log.warning("%d notifications from %s, which no device has as its trap source", count, source)
        for trap in told["traps"]:
            for reading in self._readings_of(trap):
                await self._heard.put(reading)

    def _readings_of(self, trap: Mapping[str, Any]) -> list[Reading]:
        """One reading for the device it is from; where several may be behind one address, one for
        each of them without values: they are polled, and the poll tells."""
        candidates = self._candidates(trap)
        at = self._clock.now() - int(trap["age_ms"])
        name = bytes.fromhex(trap["trap"])
        texts: dict[str, str] = {"trap": dotted(name)}
        values: Mapping[Key, float] = {}
        if len(candidates) == 1:
            varbinds = [(bytes.fromhex(n), tag, bytes.fromhex(v)) for n, tag, v in trap["varbinds"]]
            meaning = self._interpret(candidates[0].device, name, varbinds)
            if meaning is not None:
                values = meaning[0]
                texts = {**meaning[1], **texts}
        trust = Trust.V3 if trap["authentic"] and len(candidates) == 1 else Trust.PLAIN
        return [
            Reading(c.device.id, Probe.TRAP, at, Outcome.OK, values, texts, trust=trust) for c in candidates
        ]

    def _candidates(self, trap: Mapping[str, Any]) -> list[TrapSender]:
        behind = self._senders.get(trap["source"], [])
        number = trap["credentials"]
        fitting = [
            sender
            for sender in behind
            if sender.credentials is None or self._numbers.get(sender.credentials) == number
        ]
        if len(fitting) > 1:  # an address the sender gives itself only chooses among those it may be
            fitting = [s for s in fitting if s.device.address == trap["agent"]] or fitting
        return fitting
