"""The shipped city on a hand-moved clock: `watch`'s Core and `tell`'s Outbox between port fakes.

    street.at(30).silent("GLS-01-cam2")
    street.wants(between(50, 62), "bina", "night-desk", saying=("GLS-01-cam2", "silent"))
    street.plays(until=120)  # everything wanted came, and nothing else was sent

Seconds count from the start of the watcher. Devices are asked by the poller's own schedule and
answer as real ones would: an echo sweep is lost after a second, an agent after two attempts.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import count
from pathlib import Path

from alerting.outbox import Outbox
from app.accepted import Accepted, Sources, accept
from app.core import Core
from app.events import Event
from app.record import Recorder
from collector.schedule import Schedule
from domain.alarm import Delivery, Incident
from domain.place import Device, Kind
from domain.reading import Outcome, Probe, Reading, parsed
from rules.load import SHIPPED as RULES
from tests.app.acts import Battery, Later, World
from tests.fakes import (
    FakeChannel,
    FakeClock,
    FakeSink,
    FakeTellJournal,
    FakeWatchJournal,
    InlineExecutor,
)

Change = tuple[str, str]
Altered = Callable[..., Sources]

SHIPPED = Path(__file__).resolve().parents[2] / "inventory.yaml"
BEGIN = 1_800_000_000_000
TICK_MS = 100
ECHOES_LOST_MS = 1_000
AGENT_LOST_MS = 4_000
DOOR = "Box door"
SOUTH = ("asif", "night-desk")  # who hears of an outage in Alpha's boxes
GULSHAN = ("bina", "night-desk")


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


class Street:
    """`sources` are what is watched, the shipped city by default."""

    def __init__(self, sources: Sources | None = None, recorder: Recorder | None = None) -> None:
        self.accepted = accept(sources, BEGIN) if sources else shipped()
        self.begin = BEGIN
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
