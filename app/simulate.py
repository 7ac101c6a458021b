"""The simulated street as a process: opened before the watcher, and asked which road it took."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from app.accepted import Sources
from app.child import Child
from app.clock import SystemClock
from app.settings import resolve
from domain.errors import ConfigError, Problem
from inventory.load import load
from simulator import scenario
from simulator.control import about
from simulator.run import Simulator

if TYPE_CHECKING:
    from app.run import Run

PATIENCE_MS = 20_000


@dataclass(frozen=True, slots=True)
class OpenStreet:
    child: Child
    prober: Path | None  # the control socket to ask, where pings cannot tell the dead from the living


def open_street(run: Run, clock: SystemClock) -> tuple[OpenStreet, str]:
    """Starts the simulator and waits until it answers; ConfigError with its own words if it ends."""
    socket = run.data / "simulator.sock"
    socket.unlink(missing_ok=True)
    arguments = ["simulate", "--inventory", str(run.sources.inventory), "--control", str(socket)]
    if run.scenario is not None:
        arguments += ["--scenario", str(run.scenario)]
    log = run.data / "simulator.log"
    log.unlink(missing_ok=True)
    child = Child("simulator", arguments, run.env, log)
    child.start(clock.now())
    until = clock.now() + PATIENCE_MS
    while clock.now() < until:
        assert child.process is not None
        if child.process.poll() is not None:
            break
        with contextlib.suppress(OSError, TimeoutError):
            found = asyncio.run(about(socket))
            prober = None if found["road"] == "tun" else socket
            return OpenStreet(child, prober), found["described"]
        clock.pause(100)
    child.stop()
    words = log.read_text(errors="replace").strip().splitlines() or ["it said nothing"]
    raise ConfigError(
        [Problem(str(log), len(words), f"the simulator did not open: {words[-1]}", "see its log")]
    )


def main(sources: Sources, control: Path | None, play: Path | None, seed: int) -> None:
    """Runs until SIGTERM or Ctrl-C."""
    city = load(sources.inventory).city
    script = scenario.load(play or scenario.shipped("street"), city)
    traps = (city.traps.listen[0], city.traps.port) if city.traps else None
    simulator = Simulator(city, resolve, script, seed, trap_target=traps, control=control)

    async def run() -> None:
        loop = asyncio.get_running_loop()
        task = asyncio.ensure_future(simulator.run(SystemClock()))
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, task.cancel)
        with contextlib.suppress(asyncio.CancelledError):
            await task

    asyncio.run(run())
