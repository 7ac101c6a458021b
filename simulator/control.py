"""Asking the simulator what is true, where pings cannot say it.

Without a TUN device the kernel answers echo requests for the dead as well. `ToldProber` is a
Prober that asks the running simulator over a Unix socket instead, so that there is one source of
truth even between processes. A line of JSON each way.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from domain.ports import Echoes
from domain.reading import Outcome
from simulator.world import World

_LINE = 1 << 20  # 2,000 addresses with their times
_PATIENCE_S = 5.0


class Control:
    """The simulator's end of the socket."""

    def __init__(self, world: World, path: Path, road: str, described: str) -> None:
        self._world, self._path = world, path
        self._about = {"road": road, "described": described}
        self._server: asyncio.Server | None = None

    async def open(self) -> None:
        self._path.unlink(missing_ok=True)
        loop = asyncio.get_running_loop()
        self._server = await loop.create_unix_server(lambda: _Client(self.answer), self._path)
        self._path.chmod(0o600)

    def answer(self, asked: Any) -> dict[str, Any]:
        """TypeError, KeyError or ValueError for what is no question."""
        if not isinstance(asked, dict):
            raise TypeError("a question is a JSON object")
        if "ping" not in asked:
            return dict(self._about)
        echoes, timeout = int(asked["echoes"]), float(asked["timeout_s"])
        return {address: self._echoes(address, echoes, timeout) for address in asked["ping"]}

    def _echoes(self, address: str, echoes: int, timeout_s: float) -> list[float]:
        if not self._world.pings(address):
            return []
        heard = [0 for _ in range(echoes) if not self._world.drops(address)]
        times = [self._world.round_trip_s(address) for _ in heard]
        return [time for time in times if time <= timeout_s]

    def close(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
            self._path.unlink(missing_ok=True)


class _Client(asyncio.Protocol):
    """One asker; what is not a question ends the talk."""

    def __init__(self, answer: Callable[[Any], dict[str, Any]]) -> None:
        self._answer = answer
        self._heard = b""
        self._transport: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        assert self._transport is not None
        *lines, self._heard = (self._heard + data).split(b"\n")
        try:
            for line in lines:
                self._transport.write(json.dumps(self._answer(json.loads(line))).encode() + b"\n")
        except (ValueError, KeyError, TypeError):
            self._transport.close()
        if len(self._heard) > _LINE:
            self._transport.close()


async def _ask(path: Path, question: dict[str, Any]) -> dict[str, Any]:
    reader, writer = await asyncio.open_unix_connection(path, limit=_LINE)
    try:
        writer.write(json.dumps(question).encode() + b"\n")
        line = await reader.readline()
        if not line:
            raise ConnectionError("the simulator closed its socket")
        answer: dict[str, Any] = json.loads(line)
        return answer
    finally:
        writer.close()


async def about(path: Path) -> dict[str, str]:
    """{"road": "tun" | "sockets", "described": one line for people}; OSError where none listens."""
    async with asyncio.timeout(_PATIENCE_S):
        return await _ask(path, {})


class ToldProber:
    """A Prober whose echoes are the simulator's word. Where it cannot be asked, nobody is accused:
    the outcome is FORBIDDEN."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def sweep(self, addresses: Sequence[str], echoes: int, timeout_s: float) -> Sequence[Echoes]:
        question = {"ping": list(addresses), "echoes": echoes, "timeout_s": timeout_s}
        try:
            async with asyncio.timeout(_PATIENCE_S):
                heard = await _ask(self._path, question)
        except (OSError, ValueError):
            return [Echoes(address, Outcome.FORBIDDEN, 0) for address in addresses]
        return [
            Echoes(address, Outcome.OK if rtts else Outcome.TIMEOUT, echoes, rtts)
            for address in addresses
            for rtts in [tuple(map(float, heard[address]))]
        ]

    def close(self) -> None:
        """Nothing is kept open between sweeps."""
