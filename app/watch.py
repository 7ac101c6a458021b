"""The watch process: sweeps, traps, the engine; the only writer of engine state.

`watch` makes an alive mark every ten seconds from the very loop that judges, so that a loop that
hangs makes none and the dead-man notices.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app import garbage
from app.accepted import Accepted, Sources, accept
from app.clock import SystemClock
from app.core import Core
from app.events import line
from app.health import Health
from app.record import Header, Recorder, keep_earlier
from app.settings import Settings, resolve
from app.stores import Store, open_store
from app.traps import open_receivers, senders
from collector.device.discover import discover
from collector.icmp.sweeper import Sweeper
from collector.poller import Poller
from collector.snmp.session import Credentials, Session
from collector.traps.receiver import TrapReceiver
from domain.errors import ConfigError, NigehbanError, Problem, Retryable
from domain.place import City, Device, Kind, SnmpAccess
from domain.ports import Prober
from domain.reading import Reading
from domain.record import Change, Request
from inventory.secrets import missing_secrets
from storage.journal import Journal, open_journal, open_reader
from storage.lock import lock_watch

log = logging.getLogger("nigehban.watch")

ALIVE_MS = 10_000
COVER_MS = 300_000
STATUS_MS = 1_000
TICK_MS = 50
STEP_MS = 500
"""A wall clock that has moved by more than this against the monotonic one has been stepped."""


@dataclass(frozen=True, slots=True)
class Options:
    sources: Sources
    settings: Settings
    data: Path
    record: Path | None = None
    simulator: Path | None = None  # its control socket: ICMP is its word, where it has no TUN


def credentials(device: Device, resolved: Callable[[Any], str] = resolve) -> Credentials | None:
    """The device's secrets, looked up now; None where it has no agent."""
    snmp = device.snmp
    return None if snmp is None else credentials_of(snmp, resolved)


def credentials_of(snmp: SnmpAccess, resolved: Callable[[Any], str]) -> Credentials:
    if snmp.v3 is None:
        return Credentials(snmp.version, community=resolved(snmp.community) if snmp.community else "")
    v3 = snmp.v3
    return Credentials(
        snmp.version,
        user=v3.user,
        auth_protocol=v3.auth_protocol if v3.auth_key else "",
        auth_key=resolved(v3.auth_key) if v3.auth_key else "",
        priv_protocol=v3.priv_protocol if v3.priv_key else "",
        priv_key=resolved(v3.priv_key) if v3.priv_key else "",
    )


def require_secrets(city: City, file: Path) -> None:
    """ConfigError naming every reference that leads nowhere: better now than one device at a time."""
    missing = missing_secrets(city, os.environ)
    if missing:
        raise ConfigError([Problem(str(file), 1, *_split(text)) for text in missing])


def _split(text: str) -> tuple[str, str]:
    what, _, remedy = text.partition(", ")
    return what, remedy


class Watch:
    """Everything of one run; `run` returns when it was told to stop."""

    def __init__(self, options: Options, clock: SystemClock, accepted: Accepted, journal: Journal) -> None:
        self._options = options
        self._clock = clock
        self._journal = journal
        self._stopping = asyncio.Event()
        self._store: Store = open_store(options.settings.store, accepted.city, options.data / "series")
        self._events = None
        recorder = None
        if options.record is not None:
            state, incidents = journal.state(), tuple(journal.open_incidents())
            header = Header(accepted.configuration.hash, clock.now(), state, incidents)
            keep_earlier(options.record)
            recorder = Recorder(options.record, header)
            self._events = options.record.with_name(options.record.name + ".events").open(
                "w", encoding="utf-8"
            )
        self._recorder = recorder
        say = self._say if self._events else None
        self.core = Core(accepted, journal, self._store.sink, recorder, say)
        self._prober = _prober(options)
        self._poller = Poller(
            clock, self._prober, self._discover, credentials, self.core.take, options.settings.poll()
        )
        self._reader = open_reader(options.data)
        self._health = Health(
            self.core, self._poller, self._prober, lambda: self._traps, self._store.sink, self._reader
        )
        self._drift = clock.drift()
        self._traps: list[TrapReceiver] = []
        self._reloading: asyncio.Task[None] | None = None
        self._served: set[int] = set()  # requests taken up in this run

    def _say(self, event: dict[str, Any]) -> None:
        assert self._events is not None
        self._events.write(line(event) + "\n")
        self._events.flush()

    async def _discover(self, session: Session, device: Device) -> Any:
        accepted = self.core.accepted
        return await discover(session, device, accepted.profiles, accepted.city.bounds)

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stopping.set)
        loop.add_signal_handler(signal.SIGHUP, self._begin_reload, None)
        city = self.core.accepted.city
        log.info("%s", describe(self._prober))
        self.core.start(self._clock.now(), self._clock.now() + self._clock.drift())
        self._poller.reload(watched(city))
        garbage.the_city_stands()
        tasks = [asyncio.create_task(self._poller.run()), asyncio.create_task(self._beat())]
        self._traps = open_receivers(lambda: self.core.accepted, credentials, self._clock)
        tasks += [asyncio.create_task(self._hear(receiver)) for receiver in self._traps]
        stop = asyncio.create_task(self._stopping.wait())
        try:
            done, _ = await asyncio.wait([*tasks, stop], return_when=asyncio.FIRST_COMPLETED)
            for task in done - {stop}:
                task.result()  # a loop that ended by itself ended by an error
        finally:
            ending = [*tasks, stop, *([self._reloading] if self._reloading else [])]
            for task in ending:
                task.cancel()
            await asyncio.gather(*ending, return_exceptions=True)
            for receiver in self._traps:
                receiver.close()
            await self._poller.close()
            self._close()

    def _close(self) -> None:
        """Each is closed whatever became of the others."""
        files = [file for file in (self._recorder, self._events) if file is not None]
        with contextlib.ExitStack() as last:
            for closing in (self._journal, self._reader, self._store.sink, self._prober, *files):
                last.callback(closing.close)
            self.core.stop(self._clock.now())

    # -- time -------------------------------------------------------------------------------------

    async def _beat(self) -> None:
        """Wakes the engine, marks the process alive, answers requests, notices a stepped clock."""
        alive = covered = status = 0
        while True:
            now = self._clock.now()
            self.core.wake(now)
            self._serve_all()
            if now - status >= STATUS_MS:
                status = now
                self._status(now)
                self._look_at_wall_clock(now)
            if now - alive >= ALIVE_MS:
                alive = now
                self._journal.alive("watch", now)
            if now - covered >= COVER_MS:
                covered = now
                self.core.cover(now)
            wake = self.core.engine.next_wake()
            until = TICK_MS * 5 if wake is None else min(max(wake - self._clock.now(), 1), TICK_MS * 5)
            await self._clock.sleep(until)

    def _status(self, now: int) -> None:
        """The present state in the journal, for `status` and the live terminal."""
        values = self._health.values(now)
        row = {**self.core.engine.counts(), "at": now, **values}
        self._journal.commit(Change(now, {"status/watch": row}))
        self._health.tell_series(now, values)

    def _look_at_wall_clock(self, now: int) -> None:
        drift = self._clock.drift()
        if abs(drift - self._drift) > STEP_MS:
            log.warning("the wall clock was stepped by %d ms; no deadline moves with it", drift - self._drift)
            self._journal.clock_step(now, drift - self._drift)
        self._drift = drift

    # -- traps ------------------------------------------------------------------------------------

    async def _hear(self, receiver: TrapReceiver) -> None:
        async for reading in receiver.readings():
            self._take_trap(reading)

    def _take_trap(self, reading: Reading) -> None:
        """A trap is a hint: it is judged for what it may open, and its device is asked at once."""
        self.core.take([reading])
        self._poller.poll_now(reading.device)

    # -- requests ---------------------------------------------------------------------------------

    def _serve_all(self) -> None:
        """A journal in trouble delays the answers, never the watching."""
        try:
            for request in self._journal.requests():
                if request.id not in self._served:
                    self._serve(request)
        except Retryable as error:
            log.warning("requests wait: %s", error)

    def _serve(self, request: Request) -> None:
        if request.verb == "reload":
            self._begin_reload(request)
            return
        self._served.add(request.id)  # its answer may be on disk only later
        if request.verb == "acknowledge":
            try:
                words = self.core.acknowledge(
                    self._clock.now(), str(request.arguments["code"]), str(request.arguments["by"])
                )
            except ValueError as error:
                self.core.answer(request, False, str(error))
            else:
                self.core.answer(request, True, words)
        else:
            self.core.answer(request, False, f"watch knows no request {request.verb!r}")

    def _begin_reload(self, request: Request | None) -> None:
        if self._reloading is not None and not self._reloading.done():
            return  # a request stays unanswered and is served after the present one
        if request is not None:
            self._served.add(request.id)
        self._reloading = asyncio.create_task(self._reload(request))

    async def _reload(self, request: Request | None) -> None:
        """All of the new set or none of it; the reading is done beside the loop."""
        try:
            before = self.core.accepted
            accepted = await asyncio.to_thread(accept, self._options.sources, self._clock.now(), before)
            require_secrets(accepted.city, self._options.sources.inventory)
        except (NigehbanError, OSError) as error:  # answered, or it would be tried again for ever
            log.error("reload refused, the old configuration goes on:\n%s", error)
            if request is not None:
                self.core.answer(request, False, str(error))
            return
        words = self.core.reload(self._clock.now(), accepted)
        self._poller.reload(watched(accepted.city))
        self._store.relocate(accepted.city)
        for receiver in self._traps:
            receiver.update(senders(accepted, credentials))
        log.info("reloaded: %s", words)
        if request is not None:
            self.core.answer(request, True, words)


def watched(city: City) -> list[Device]:
    """The devices, and the reference hosts as devices that only answer echoes."""
    return [*city.devices.values(), *references(city)]


def references(city: City) -> list[Device]:
    quickest = min((d.icmp_interval_s for d in city.devices.values()), default=30.0)
    return [
        Device(ref.id, "", Kind.ROUTER, ref.address, icmp_interval_s=quickest)
        for ref in city.references.values()
    ]


def _prober(options: Options) -> Prober:
    if options.simulator is not None:
        from simulator.control import ToldProber

        return ToldProber(options.simulator)
    return Sweeper()


def describe(prober: Prober) -> str:
    say = getattr(prober, "describe", None)
    return str(say()) if say else "ICMP by the simulator's own word (no TUN device may be made here)"


def main(options: Options) -> None:
    """Runs until SIGTERM or Ctrl-C. ConfigError before anything is begun, if anything is wrong."""
    # Until the city stands nothing makes garbage in cycles, and the collector's walks over ever more
    # live objects would take a third of the time until the first echo.
    gc.disable()
    try:
        _watch(options)
    finally:
        gc.enable()


def _watch(options: Options) -> None:
    clock = SystemClock()
    accepted = accept(options.sources, clock.now())
    require_secrets(accepted.city, options.sources.inventory)
    for warning in accepted.warnings:
        log.warning("%s", warning)
    lock = lock_watch(options.data)
    try:
        journal = open_journal(options.data, alive_interval_ms=ALIVE_MS)

        async def run() -> None:
            await Watch(options, clock, accepted, journal).run()

        with contextlib.suppress(KeyboardInterrupt):
            asyncio.run(run())
    finally:
        lock.release()
