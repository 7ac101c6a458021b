"""Polls a city: who is due is asked, and what was learned is handed on in batches of readings.

A device in its steady state costs no task: a `Round` of callbacks. Tasks, bounded in number, are
for what is rare: discovery, walks, agents that choke. Nothing here waits for a device, a name
server or a neighbour.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from collector.bounded import Bounded
from collector.connections import Connections
from collector.device.discover import Undiscovered
from collector.device.lifetime import Lifetime
from collector.device.plan import Plan
from collector.icmp.reading import echo_reading
from collector.resolver import Resolver, literal
from collector.round import SYS_UPTIME, Course
from collector.schedule import Schedule
from collector.snmp.session import Credentials, Session, Varbind
from collector.snmp.udp import Address
from collector.watched import Watched
from domain.place import Device, Status
from domain.ports import Clock, Prober
from domain.reading import Outcome, Probe, Reading

_log = logging.getLogger(__name__)

_TICK_MS = 100
_TICK_S = _TICK_MS / 1000
_AGAIN_MS = 1000  # the least time between two polls of one device, however many traps it sends
_POLLED = (Status.COMMISSIONING, Status.IN_SERVICE)

Discover = Callable[[Session, Device], Awaitable[Plan]]
"""Finds a device's plan; raises Undiscovered when its agent does not say."""


@dataclass(slots=True)
class PollCounters:
    """Totals since the start, but for the lag, for watching the watcher."""

    polls: int = 0  # SNMP polls begun
    answers: int = 0  # of them answered
    discoveries: int = 0
    overruns: int = 0  # turns passed over because the last poll was still under way
    unresolved: int = 0  # turns passed over for want of an address
    sweeps: int = 0  # ICMP batches
    readings: int = 0
    lag_ms: int = 0  # how late the latest turns were begun
    sweep_ms: int = 0  # how long the latest ICMP batch took, its last time-out included


class _Answered(NamedTuple):
    """What a device answered at engine time `at`, not yet read; `whole`: to all it was asked."""

    watched: Watched
    plan: Plan
    varbinds: Sequence[Varbind]
    at: int
    whole: bool


@dataclass(frozen=True, slots=True)
class PollSettings:
    echoes: int = 3  # in one ICMP sweep
    echo_timeout_s: float = 1.0
    snmp_timeout_s: float = 2.0  # of one attempt
    snmp_attempts: int = 2
    discoveries: int = 4096  # under way at once; the silent ones take 8 s each
    errands: int = 1024  # walks, and polls of agents that choke


class Poller:
    """Built on a running event loop. `credentials` gives a device's secrets, None: ICMP only;
    `on_readings` is called from the loop and must be quick."""

    def __init__(
        self,
        clock: Clock,
        prober: Prober,
        discover: Discover,
        credentials: Callable[[Device], Credentials | None],
        on_readings: Callable[[list[Reading]], None],
        settings: PollSettings | None = None,
        resolver: Resolver | None = None,
    ) -> None:
        self.settings = settings = settings or PollSettings()
        self.counters = PollCounters()
        self._clock = clock
        self._prober = prober
        self._discover = discover
        self._credentials = credentials
        self._on_readings = on_readings
        self._loop = asyncio.get_running_loop()
        self._slot_at = self._loop.time()  # when the latest slot began
        self._connections = Connections(settings.snmp_timeout_s, settings.snmp_attempts, self._between_slots)
        self.exchange = self._connections.exchange
        self._resolver = resolver or Resolver(self._loop)
        self._schedule = Schedule(_TICK_MS)
        self._watched: dict[str, Watched] = {}
        # Apart, so that many silent devices of one sort hold up nobody of another.
        self._discoveries = Bounded(settings.discoveries)
        self._errands = Bounded(settings.errands)
        self._sweeps = Bounded(1024)
        self._strangers: list[Watched] = []  # of this slot, to be discovered
        self._ready: list[Reading | _Answered] = []
        self._closed = False

    def reload(self, devices: Iterable[Device]) -> None:
        """Watches exactly these from now on. What is unchanged keeps its plan, phase and back-off."""
        now = self._clock.now()
        wanted = {device.id: device for device in devices if device.status in _POLLED}
        for key in self._watched.keys() - wanted.keys():
            self._drop(self._watched.pop(key))
            for probe in (Probe.ICMP, Probe.SNMP):
                self._schedule.remove(key, probe)
        for key, device in wanted.items():
            credentials = self._credentials(device)
            known = self._watched.get(key)
            if known is None or (known.device, known.credentials) != (device, credentials):
                if known is not None:
                    self._drop(known)
                address = literal(device.address, device.port)
                self._watched[key] = Watched(device, credentials, address is None, address)
            self._schedule.add(key, Probe.ICMP, int(device.icmp_interval_s * 1000), now)
            if credentials is None:
                self._schedule.remove(key, Probe.SNMP)
            else:
                self._schedule.add(key, Probe.SNMP, int(device.snmp_interval_s * 1000), now)

    def poll_now(self, device_id: str) -> None:
        """Both probes as soon as may be; for an unknown device nothing."""
        watched = self._watched.get(device_id)
        if watched is not None:
            now = self._clock.now()
            self._schedule.hasten(device_id, Probe.ICMP, now)
            self._schedule.hasten(device_id, Probe.SNMP, max(now, watched.last_begun + _AGAIN_MS))

    def under_way(self) -> int:
        """Polls, discoveries and sweeps begun and not ended."""
        return self.exchange.waiting() + len(self._strangers) + sum(map(len, self._pools()))

    async def run(self) -> None:
        """Until `close`, or until cancelled."""
        while not self._closed:
            now = self._clock.now()
            self.tick(now)
            await self._clock.sleep(_TICK_MS - now % _TICK_MS)

    def tick(self, now: int) -> None:
        """Begins what is due at `now`."""
        to_ping: dict[str, list[Watched]] = {}
        self.counters.lag_ms = 0
        self._slot_at = self._loop.time() - now % _TICK_MS / 1000
        for turn, was in self._schedule.due(now):
            self.counters.lag_ms = max(self.counters.lag_ms, now - was)
            watched = self._watched[turn.device]
            address = watched.address
            if watched.named:
                address = self._resolver.address(watched.device.address, watched.device.port)
            if address is None:
                self.counters.unresolved += 1
                self._emit(Reading(turn.device, turn.probe, now, Outcome.FORBIDDEN))
            elif turn.probe is Probe.ICMP:
                to_ping.setdefault(address[0], []).append(watched)
            else:
                self._begin(watched, address, now)
        if to_ping:
            self._sweeps.start(partial(self._sweep, to_ping))

    async def close(self) -> None:
        self._closed = True
        for pool in self._pools():
            await pool.close()
        self._connections.close()
        self._resolver.close()
        self._flush()

    def _drop(self, watched: Watched) -> None:
        watched.gone = True
        self._connections.disconnect(watched)

    def _between_slots(self, when: float) -> float:
        """The first moment from `when` on, in the loop's seconds, that lies half-way between two slots:
        what concerns the silent is done there, where it makes no answer late."""
        return when + (self._slot_at + _TICK_S / 2 - when) % _TICK_S

    # -- ICMP

    async def _sweep(self, targets: dict[str, list[Watched]]) -> None:
        self.counters.sweeps += 1
        settings = self.settings
        began = self._clock.now()
        found = await self._prober.sweep(tuple(targets), settings.echoes, settings.echo_timeout_s)
        now = self._clock.now()
        self.counters.sweep_ms = now - began
        for echoes in found:
            for watched in targets.get(echoes.address, ()):
                if watched.gone:
                    continue
                reading = echo_reading(watched.device.id, now, echoes, began)
                back = reading.outcome is Outcome.OK and not watched.reachable
                watched.reachable = reading.outcome is Outcome.OK
                if back:  # its agent need not wait for the end of its back-off
                    self._schedule.hasten(watched.device.id, Probe.SNMP, now)
                self._emit(reading)

    # -- SNMP

    def _begin(self, watched: Watched, address: Address, now: int) -> None:
        if watched.busy:
            self.counters.overruns += 1
            return
        if address != watched.address:
            self._connections.move(watched, address, partial(self._round_ended, watched))
        watched.busy = True
        watched.last_begun = now
        self.counters.polls += 1
        if watched.plan is None:
            # Most of the undiscovered are silent, and the answers of the others shall not wait for them
            if not self._strangers:
                self._loop.call_at(self._between_slots(self._loop.time()), self._meet)
            self._strangers.append(watched)
            return
        assert watched.round is not None
        watched.round.begin(watched.take_turn(watched.plan))

    def _round_ended(
        self, watched: Watched, outcome: Outcome, varbinds: Sequence[Varbind], course: Course
    ) -> None:
        """The hot path: from here on is what a device costs beside its packets."""
        plan = watched.plan
        if watched.gone or plan is None:
            return
        if course is Course.CHOKED or (plan.walks and outcome is Outcome.OK):
            have = () if course is Course.CHOKED else varbinds
            self._errands.start(partial(self._careful, watched, have))
            return
        self._ended(watched, outcome, varbinds, course is Course.WHOLE)

    def _ended(self, watched: Watched, outcome: Outcome, varbinds: Sequence[Varbind], whole: bool) -> None:
        plan, device = watched.plan, watched.device.id
        now = self._clock.now()
        if outcome is Outcome.OK:
            self.counters.answers += 1
            self._schedule.heard(device, Probe.SNMP, now)
        elif outcome is not Outcome.FORBIDDEN:
            self._schedule.silent(device, Probe.SNMP)
        if outcome is not Outcome.OK or plan is None:
            watched.busy = False
            self._emit(Reading(device, Probe.SNMP, now, outcome))
        else:  # it stays busy until it is read
            self._emit(_Answered(watched, plan, varbinds, now, whole))

    def _tried(self, answered: _Answered) -> Reading:
        """Decoding never raises. Should it all the same, it costs that device a reading, and nobody else."""
        try:
            return self._read(answered)
        except Exception:
            device = answered.watched.device.id
            _log.exception("%s: what it answered could not be read", device)
            return Reading(device, Probe.SNMP, answered.at, Outcome.MALFORMED)

    def _read(self, answered: _Answered) -> Reading:
        """What was answered, decoded; and whether its device must be discovered anew."""
        watched, plan, varbinds, at, whole = answered
        watched.busy = False
        reading = plan.decode(varbinds, watched.device.id, at, watched.slow, watched.trust)
        life = watched.life
        if whole and (plan.stale(reading) or (life and life.over(plan.marks, varbinds, reading, at))):
            watched.plan = None
            self._connections.retire(watched)
            self._schedule.hasten(watched.device.id, Probe.SNMP, at + _AGAIN_MS)
        return reading

    async def _careful(self, watched: Watched, have: Sequence[Varbind] = ()) -> None:
        """What a round cannot do: walks, and agents that choked. `have` are answers to the GETs."""
        plan, session = watched.plan, watched.session
        if plan is None or session is None:
            return
        varbinds = list(have)
        outcome, whole = Outcome.OK, True
        try:
            if not varbinds:
                gets = plan.gets + (plan.slow_gets if watched.slow else ())
                answer = await session.get([name for get in gets for name in get] or [SYS_UPTIME])
                varbinds += answer.varbinds
                whole = answer.outcome is Outcome.OK
                outcome = Outcome.OK if varbinds else answer.outcome
            for root in plan.due_walks(varbinds) if whole and plan.walks else ():
                answer = await session.walk(root)
                varbinds += answer.varbinds
                whole = whole and answer.outcome is Outcome.OK
        except BaseException:
            watched.busy = False
            raise
        if not watched.gone:
            self._ended(watched, outcome, varbinds, whole)
            if watched.round is not None and watched.round.most > watched.manners.varbinds:
                self._connections.compile(watched, partial(self._round_ended, watched))

    def _meet(self) -> None:
        strangers, self._strangers = self._strangers, []
        for watched in strangers:
            if not (self._closed or watched.gone):
                self._discoveries.start(partial(self._discovery, watched))

    async def _discovery(self, watched: Watched) -> None:
        self.counters.discoveries += 1
        outcome = Outcome.FORBIDDEN
        try:
            session = self._connections.open(watched)
            watched.plan = await self._discover(session, watched.device)
        except Undiscovered as silence:
            outcome = silence.answer.outcome
        except ValueError:  # credentials that no session can be opened with: nothing was asked
            outcome = Outcome.FORBIDDEN
        finally:
            watched.busy = False
        if watched.gone:
            return
        if watched.plan is None:
            self._ended(watched, outcome, (), False)
            return
        watched.life = Lifetime(watched.device.id, self._clock.now())
        watched.polls = 0  # of this plan
        self._connections.compile(watched, partial(self._round_ended, watched))
        if watched.address is not None:
            self._begin(watched, watched.address, self._clock.now())

    # -- handing on

    def _pools(self) -> tuple[Bounded, ...]:
        return self._discoveries, self._errands, self._sweeps

    def _emit(self, each: Reading | _Answered) -> None:
        if not self._ready:
            self._loop.call_soon(self._flush)
        self._ready.append(each)

    def _flush(self) -> None:
        """Answers are read here, many at once: one by one between packets they cost a twentieth more."""
        if self._ready:
            ready, self._ready = self._ready, []
            readings = [each if isinstance(each, Reading) else self._tried(each) for each in ready]
            self.counters.readings += len(readings)
            self._on_readings(readings)
