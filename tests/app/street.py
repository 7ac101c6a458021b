"""The shipped city on a hand-moved clock: `watch`'s Core and `tell`'s Outbox between port fakes.

    street.at(30).silent("GLS-01-cam2")
    street.wants(between(50, 62), "bina", "night-desk", saying=("GLS-01-cam2", "silent"))
    street.plays(until=120)  # everything wanted came, and nothing else was sent

Seconds count from the start of the watcher. Devices are asked by the poller's own schedule and
answer as real ones would: an echo sweep is lost after a second, an agent after two attempts.
"""

from __future__ import annotations

import heapq
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

from alerting.outbox import Outbox
from app.accepted import Accepted, Sources, accept
from app.core import Core
from app.events import Event
from app.record import Recorder
from collector.schedule import Schedule
from domain.alarm import Concern, Delivery, Incident
from domain.errors import ConfigError
from domain.place import Device, Kind
from domain.reading import Outcome, Probe, Reading, Trust, parsed
from rules.load import SHIPPED as RULES
from tests.fakes import (
    FakeChannel,
    FakeClock,
    FakeSink,
    FakeTellJournal,
    FakeWatchJournal,
    InlineExecutor,
)

Change = tuple[str, str]

SHIPPED = Path(__file__).resolve().parents[2] / "inventory.yaml"
BEGIN = 1_800_000_000_000
TICK_MS = 100
ECHOES_LOST_MS = 1_000
AGENT_LOST_MS = 4_000
DOOR = "Box door"


@cache
def shipped() -> Accepted:
    return accept(Sources(SHIPPED), BEGIN)


def changed(folder: Path, *changes: Change, rules: Sequence[Change] = ()) -> Sources:
    """The shipped inventory with replacements, each of which must find its place exactly once; and
    the shipped rules likewise."""
    inventory = _rewritten(SHIPPED, changes, folder)
    return Sources(inventory, _rewritten(RULES, rules, folder)) if rules else Sources(inventory)


def _rewritten(file: Path, changes: Iterable[Change], folder: Path) -> Path:
    text = file.read_text(encoding="utf-8")
    for old, new in changes:
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times"
        text = text.replace(old, new)
    made = folder / f"{len(list(folder.iterdir()))}-{file.name}"
    made.write_text(text, encoding="utf-8")
    return made


@dataclass(frozen=True)
class Window:
    begin: float
    end: float


def between(begin: float, end: float) -> Window:
    return Window(begin, end)


@dataclass(frozen=True)
class Wanted:
    window: Window
    to: str
    saying: tuple[str, ...]
    silent_of: tuple[str, ...]

    def is_met_by(self, at: float, delivery: Delivery) -> bool:
        return (
            self.window.begin <= at <= self.window.end
            and delivery.contact == self.to
            and all(words in delivery.text for words in self.saying)
            and not any(words in delivery.text for words in self.silent_of)
        )


@dataclass
class Battery:
    charge: float = 100.0
    per_minute: float = 0.1  # percent lost on battery
    ups_says_s: float = 7200.0
    lost_at: int | None = None  # engine ms at which its mains went

    def after(self, seconds: float) -> float:
        """Charge in the whole percent that a UPS reports."""
        return float(round(max(self.charge - seconds * self.per_minute / 60, 0.0)))


@dataclass
class World:
    """What is true on the street; acts change it, probes see it."""

    dead: set[str] = field(default_factory=set)
    pingless: set[str] = field(default_factory=set)
    agentless: set[str] = field(default_factory=set)
    refusing: dict[str, Outcome] = field(default_factory=dict)
    loss: dict[str, float] = field(default_factory=dict)
    rtt: dict[str, float] = field(default_factory=dict)
    values: dict[str, dict[str, float]] = field(default_factory=dict)
    texts: dict[str, dict[str, str]] = field(default_factory=dict)
    batteries: dict[str, Battery] = field(default_factory=dict)
    ports_down: set[tuple[str, str]] = field(default_factory=set)
    open_doors: set[str] = field(default_factory=set)


class Street:
    """`sources` are what is watched, the shipped city by default."""

    def __init__(self, sources: Sources | None = None, recorder: Recorder | None = None) -> None:
        self.accepted = accept(sources, BEGIN) if sources else shipped()
        self.clock = FakeClock(BEGIN)
        self.world = World()
        self.tell_journal = FakeTellJournal()
        self.journal = FakeWatchJournal(self.tell_journal)
        self.channel = FakeChannel()
        self.sink = FakeSink()
        self.events: list[Event] = []
        self.sent: list[tuple[float, Delivery]] = []
        self.answers: list[str] = []
        self.watching = self.telling = True
        self._recorder = recorder
        self._order = count()
        self._acts: list[tuple[int, int, Callable[[], None]]] = []
        self._answers_due: list[tuple[int, int, Reading]] = []
        self._wanted: list[Wanted] = []
        self._begin_watching()
        self._begin_telling()

    # -- what is written in a test ----------------------------------------------------------------

    def at(self, second: float) -> Later:
        return Later(self, second)

    def wants(
        self, window: Window, *to: str, saying: Iterable[str] = (), silent_of: Iterable[str] = ()
    ) -> None:
        """One SMS to each of `to`, sent within the window, with and without these words."""
        for contact in to:
            self._wanted.append(Wanted(window, contact, tuple(saying), tuple(silent_of)))

    def plays(self, until: float) -> None:
        self.runs(until)
        wanted, unwanted = list(self._wanted), []
        for at, delivery in self.sent:
            met = next((want for want in wanted if want.is_met_by(at, delivery)), None)
            if met is None:
                unwanted.append((at, delivery))
            else:
                wanted.remove(met)
        story = "\n".join(f"{at:7.1f}  {d.contact}: {d.text}" for at, d in self.sent)
        assert not wanted, f"never came: {wanted}\nwas sent:\n{story}"
        assert not unwanted, f"nobody wanted: {[d.text for _, d in unwanted]}\nwas sent:\n{story}"

    def runs(self, until: float) -> None:
        end = BEGIN + int(until * 1000)
        while self.clock.at < end:
            self._tick()

    # -- what is open ------------------------------------------------------------------------------

    def open(self) -> dict[tuple[str, str], str]:
        return {(i.target, str(i.concern)): str(i.cause) for i in self.journal.open_incidents()}

    def incident(self, box: str, concern: str) -> Incident:
        found = [i for i in self.journal.incidents.values() if (i.target, i.concern) == (box, concern)]
        assert found, f"{box} never had an incident about {concern}"
        return found[-1]

    def silences(self) -> set[tuple[str, str]]:
        return {(d.target, str(d.reason)) for d in self.journal.decisions if not d.told}

    def texts(self, *saying: str) -> list[str]:
        return [d.text for _, d in self.sent if all(words in d.text for words in saying)]

    # -- the watcher and the teller ----------------------------------------------------------------

    def _begin_watching(self) -> None:
        now = self.clock.at
        self.core = Core(self.accepted, self.journal, self.sink, self._recorder, self.events.append)
        self.schedule = Schedule()
        for device in self.accepted.city.devices.values():
            self._schedule(device, now)
        for id_ in self.accepted.city.references:
            self.schedule.add(id_, Probe.ICMP, 3_000, now)
        self.core.start(now, now)

    def _schedule(self, device: Device, now: int) -> None:
        self.schedule.add(device.id, Probe.ICMP, int(device.icmp_interval_s * 1000), now)
        if device.snmp is not None:
            self.schedule.add(device.id, Probe.SNMP, int(device.snmp_interval_s * 1000), now)

    def _begin_telling(self) -> None:
        channels = {"terminal": self.channel}
        plan = self.accepted.plan(("terminal",))
        self.outbox = Outbox(self.tell_journal, channels, plan, executor=lambda _: InlineExecutor())

    def _tick(self) -> None:
        now = self.clock.at
        while self._acts and self._acts[0][0] <= now:
            heapq.heappop(self._acts)[2]()
        if self.watching:
            self._poll(now)
            self.core.wake(now)
        if self.telling:
            known = len(self.channel.taken)
            self.outbox.tick(now)
            self.sent += [((now - BEGIN) / 1000, d) for d in self.channel.taken[known:]]
        self.clock.at += TICK_MS

    def _poll(self, now: int) -> None:
        for turn, _ in self.schedule.due(now):
            reading = self._asked(turn.device, turn.probe, now)
            heapq.heappush(self._answers_due, (reading.at, next(self._order), reading))
        while self._answers_due and self._answers_due[0][0] <= now:
            reading = heapq.heappop(self._answers_due)[2]
            self.core.take([reading])
            if reading.outcome is Outcome.TIMEOUT:
                self.schedule.silent(reading.device, reading.probe)
            else:
                self.schedule.heard(reading.device, reading.probe, now)

    # -- what the devices answer -------------------------------------------------------------------

    def _asked(self, id_: str, probe: Probe, now: int) -> Reading:
        world = self.world
        dead = id_ in world.dead
        if probe is Probe.ICMP:
            if dead or id_ in world.pingless:
                lost = {("icmp_loss_ratio", ""): 1.0}
                return Reading(id_, probe, now + ECHOES_LOST_MS, Outcome.TIMEOUT, lost)
            loss = world.loss.get(id_, 0.0)
            values = {("icmp_loss_ratio", ""): loss, ("icmp_rtt_seconds", ""): world.rtt.get(id_, 0.02)}
            return Reading(id_, probe, now, Outcome.OK, values)
        if id_ in world.refusing and not dead:
            return Reading(id_, probe, now, world.refusing[id_])
        if dead or id_ in world.agentless:
            return Reading(id_, probe, now + AGENT_LOST_MS, Outcome.TIMEOUT)
        device = self.accepted.city.devices[id_]
        keyed = {parsed(name): value for name, value in self._values(device, now).items()}
        texts = {"serial": f"SN-{id_}"} | world.texts.get(id_, {})
        return Reading(id_, probe, now, Outcome.OK, keyed, texts)

    def _values(self, device: Device, now: int) -> dict[str, float]:
        own = self.world.values.get(device.id, {})
        if device.kind is Kind.UPS:
            return self._ups(device.box, now) | own
        if device.kind is Kind.SENSOR:
            return {f"door_open{{{DOOR}}}": float(device.box in self.world.open_doors)} | own
        if device.kind is Kind.SWITCH:
            return self._ports(device.id) | own
        return {"uptime_seconds": 86_400.0} | own

    def _ups(self, box: str, now: int) -> dict[str, float]:
        battery = self.world.batteries.setdefault(box, Battery())
        lost = battery.lost_at
        seconds = 0.0 if lost is None else (now - lost) / 1000
        return {
            "on_battery": float(lost is not None),
            "time_on_battery_seconds": seconds,
            "input_voltage_volts{1}": 230.0 if lost is None else 0.0,
            "battery_charge_percent": float(
                round(max(battery.charge - seconds * battery.per_minute / 60, 0))
            ),
            "battery_runtime_seconds": max(battery.ups_says_s - seconds, 0.0),
        }

    def _ports(self, switch: str) -> dict[str, float]:
        found = {}
        for device in self.accepted.city.devices.values():
            if device.fed_by and device.fed_by[0] == switch:
                port = device.fed_by[1]
                up = (switch, port) not in self.world.ports_down
                found[f"poe_port_delivering{{{port}}}"] = float(up)
                found[f"port_up{{{port}}}"] = float(up and device.id not in self.world.pingless)
        return found


class Later:
    """The acts of a moment: `street.at(30).silent("SDR-01")`."""

    def __init__(self, street: Street, second: float) -> None:
        self._street = street
        self._at = BEGIN + int(second * 1000)

    def at(self, second: float) -> Later:
        return self._street.at(second)

    def _then(self, act: Callable[[], None]) -> Later:
        heapq.heappush(self._street._acts, (self._at, next(self._street._order), act))
        return self

    def _each(self, names: tuple[str, ...], act: Callable[[str], Any]) -> Later:
        """Of every device named, and of all devices of a box named."""
        city = self._street.accepted.city
        unknown = set(names) - city.devices.keys() - city.boxes.keys() - city.references.keys()
        assert not unknown, unknown
        ids = [id_ for id_, d in city.devices.items() if id_ in names or d.box in names]
        ids += [id_ for id_ in names if id_ in city.references]
        return self._then(lambda: [act(id_) for id_ in ids] and None)

    # the roads to a device
    def silent(self, *names: str) -> Later:
        return self._each(names, self._street.world.dead.add)

    def answers(self, *names: str) -> Later:
        return self._each(names, self._street.world.dead.discard)

    def ping_lost(self, *names: str) -> Later:
        return self._each(names, self._street.world.pingless.add)

    def ping_back(self, *names: str) -> Later:
        return self._each(names, self._street.world.pingless.discard)

    def agent_lost(self, *names: str) -> Later:
        return self._each(names, self._street.world.agentless.add)

    def agent_back(self, *names: str) -> Later:
        self._each(names, lambda id_: self._street.world.refusing.pop(id_, None))
        return self._each(names, self._street.world.agentless.discard)

    def agent_says(self, outcome: Outcome, *names: str) -> Later:
        return self._each(names, lambda id_: self._street.world.refusing.update({id_: outcome}))

    def loses_packets(self, share: float, *names: str) -> Later:
        return self._each(names, lambda id_: self._street.world.loss.update({id_: share}))

    def slow(self, seconds: float, *names: str) -> Later:
        return self._each(names, lambda id_: self._street.world.rtt.update({id_: seconds}))

    # power
    def mains_lost(self, *boxes: str, per_minute: float = 0.1, charge: float = 100.0) -> Later:
        def act() -> None:
            for box in boxes:
                battery = self._street.world.batteries.setdefault(box, Battery())
                battery.lost_at, battery.per_minute, battery.charge = (
                    self._street.clock.at,
                    per_minute,
                    charge,
                )

        return self._then(act)

    def mains_back(self, *boxes: str) -> Later:
        def act() -> None:
            for box in boxes:
                battery = self._street.world.batteries.setdefault(box, Battery())
                battery.lost_at, battery.charge = None, 100.0

        return self._then(act)

    # values and texts
    def reads(self, device: str, **values: float) -> Later:
        return self._then(lambda: self._street.world.values.setdefault(device, {}).update(values))

    def says(self, device: str, **texts: str) -> Later:
        return self._then(lambda: self._street.world.texts.setdefault(device, {}).update(texts))

    def door_opens(self, box: str) -> Later:
        return self._then(lambda: self._street.world.open_doors.add(box))

    def door_closes(self, box: str) -> Later:
        return self._then(lambda: self._street.world.open_doors.discard(box))

    def port_falls(self, switch: str, port: str) -> Later:
        return self._then(lambda: self._street.world.ports_down.add((switch, port)))

    def port_rises(self, switch: str, port: str) -> Later:
        return self._then(lambda: self._street.world.ports_down.discard((switch, port)))

    def trap(self, device: str, trust: Trust = Trust.PLAIN, **values: float) -> Later:
        def act() -> None:
            keyed = {parsed(name): value for name, value in values.items()}
            reading = Reading(device, Probe.TRAP, self._street.clock.at, Outcome.OK, keyed, trust=trust)
            self._street.core.take([reading])

        return self._then(act)

    # people and processes
    def acknowledges(self, by: str, box: str, concern: Concern | str) -> Later:
        def act() -> None:
            street = self._street
            code = street.incident(box, concern).code
            street.answers.append(street.core.acknowledge(street.clock.at, code, by))

        return self._then(act)

    def reloads(self, sources: Sources) -> Later:
        """As `watch` does: all of the new set, or none of it."""

        def act() -> None:
            street = self._street
            try:
                new = accept(sources, street.clock.at, street.accepted)
            except ConfigError as error:
                street.answers.append(str(error))
                return
            for device in street.accepted.city.devices.values():
                if device.id not in new.city.devices:
                    street.schedule.remove(device.id, Probe.ICMP)
                    street.schedule.remove(device.id, Probe.SNMP)
            street.accepted = new
            street._answers_due = [due for due in street._answers_due if due[2].device in new.city.devices]
            street.answers.append(street.core.reload(street.clock.at, new))
            street.outbox.use(new.plan(("terminal",)))
            for device in new.city.devices.values():
                street._schedule(device, street.clock.at)

        return self._then(act)

    def watch_stops(self, cleanly: bool = False) -> Later:
        def act() -> None:
            street = self._street
            street.watching = False
            street._answers_due.clear()
            if cleanly:
                street.core.stop(street.clock.at)

        return self._then(act)

    def watch_starts(self) -> Later:
        """A new process: it knows what the journal kept, after a trip through JSON, and nothing else."""

        def act() -> None:
            street = self._street
            street.journal.rows = json.loads(json.dumps(street.journal.rows))
            street.watching = True
            street._begin_watching()

        return self._then(act)

    def tell_stops(self) -> Later:
        return self._then(lambda: setattr(self._street, "telling", False))

    def tell_starts(self) -> Later:
        def act() -> None:
            self._street.telling = True
            self._street._begin_telling()

        return self._then(act)

    def channel_fails(self, *errors: Exception) -> Later:
        return self._then(lambda: self._street.channel.faults.extend(errors))

    def does(self, act: Callable[[], Any]) -> Later:
        return self._then(lambda: act() and None)
