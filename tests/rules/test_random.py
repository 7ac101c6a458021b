"""Whatever happens to whatever town: the laws that every run of the engine keeps."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.alarm import Concern, Notice, Phase, Reason
from domain.input import Acknowledge, Reload, Start, Stop, Wake
from domain.place import Box, City, Device, Kind, Status
from domain.reading import Outcome, Probe, Reading, Trust, parsed
from domain.record import Change
from rules.engine import Engine
from rules.load import load
from tests.rules.town import HEALTHY, ON_BATTERY, SNMP, START, box, town

RULES = load()
TAGS = frozenset({"e-challan", "door-on-din1"})
ACCUSED = (Outcome.OK, Outcome.OK, Outcome.OK, Outcome.TIMEOUT, Outcome.TIMEOUT, Outcome.UNREACHABLE)
RARE = (Outcome.REFUSED, Outcome.MALFORMED, Outcome.AUTH, Outcome.FORBIDDEN)


def random_city(rng: Random) -> City:
    """Boxes on feeders or none, behind boxes, devices or nothing, of every status and size."""
    names = [f"B{n}" for n in range(rng.randint(1, 5))]
    boxes: list[Box] = []
    uplinks: list[str] = []
    for name in names:
        uplink = rng.choice(uplinks) if uplinks and rng.random() < 0.4 else None
        status = rng.choices(
            [Status.IN_SERVICE, Status.COMMISSIONING, Status.PLANNED, Status.RETIRED], [8, 1, 1, 1]
        )[0]
        tags = TAGS if rng.random() < 0.3 else frozenset()
        boxes.append(box(name, rng.choice(["F1", "F2", None]), uplink, status=status, tags=tags))  # type: ignore[arg-type]
        uplinks += [name, f"{name}-sw"]
    intervals = {"icmp_interval_s": rng.choice([3.0, 5.0, 30.0]), "snmp_interval_s": rng.choice([5.0, 60.0])}
    more = [
        Device(f"{b}-{kind}", b, kind, f"127.8.{n}.1", snmp=SNMP, **intervals)  # type: ignore[arg-type]
        for n, b in enumerate(names)
        for kind in (Kind.ROUTER, Kind.SENSOR)
        if rng.random() < 0.3
    ]
    city = town(boxes, more, [r for r in ("gw", "isp") if rng.random() < 0.4])
    kept = {
        id_: device
        for id_, device in city.devices.items()
        if rng.random() < 0.8 or id_ in {b.uplink for b in boxes}
    }
    return City(**{name: getattr(city, name) for name in City.__slots__} | {"devices": kept})


def values_of(rng: Random, device: Device, probe: Probe) -> dict[str, float]:
    if probe is Probe.ICMP:
        return {"icmp_loss_ratio": rng.choice([0.0, 0.0, 0.5]), "icmp_rtt_seconds": rng.choice([0.01, 2.0])}
    if device.kind is Kind.UPS:
        found = rng.choice([HEALTHY, ON_BATTERY, ON_BATTERY | {"self_test_running": 1.0}])
        found = found | {"battery_charge_percent": rng.choice([100.0, 60.0, 25.0, 0.0])}
        found = found | {"battery_runtime_seconds": rng.choice([0.0, 600.0, 7200.0])}
        return {name: value for name, value in found.items() if rng.random() < 0.9}
    if device.kind is Kind.SWITCH:
        return {f"port_up{{{n}}}": float(rng.random() < 0.7) for n in (1, 2)}
    if device.kind is Kind.SENSOR:
        return {"door_open{door}": float(rng.random() < 0.3)}
    if device.kind is Kind.ROUTER:
        return {"digital_input{din1}": float(rng.random() < 0.3)}
    return {"casing_open{1}": float(rng.random() < 0.2)}


@dataclass
class Auditor:
    """Reads every change as the journal would, and complains of what may not be."""

    open: dict[tuple[str, Concern], str] = field(default_factory=dict)
    codes: dict[str, str] = field(default_factory=dict)
    state: dict[str, object] = field(default_factory=dict)
    incidents: dict[str, object] = field(default_factory=dict)
    told: set[str] = field(default_factory=set)
    owed: set[str] = field(default_factory=set)
    lines: list[str] = field(default_factory=list)
    at: int = 0

    def take(self, change: Change) -> None:
        assert change.at >= self.at
        self.at = change.at
        for key, row in change.state.items():
            if row is None:
                self.state.pop(key, None)
            else:
                self.state[key] = json.loads(json.dumps(row))
        for incident in change.incidents:
            slot = (incident.target, incident.concern)
            self.incidents[incident.id] = incident
            if incident.closed_at is None:
                assert self.open.setdefault(slot, incident.id) == incident.id, "two open on one concern"
                assert self.codes.setdefault(incident.code, incident.id) == incident.id, "a code taken twice"
            elif self.open.get(slot) == incident.id:
                del self.open[slot]
                self.codes.pop(incident.code)
            else:
                assert incident.opened_at == incident.closed_at, "closed what was never open"
            assert incident.since <= incident.opened_at
        for event in change.owed:
            assert event.id not in self.owed, "one promise for two things to tell"
            self.owed.add(event.id)
            for named in event.incidents:
                if event.notice is Notice.CLOSED:
                    assert named in self.told, "the end told of what was never told"
                    self.told.discard(named)
                else:
                    self.told.add(named)
        for decision in change.decisions:
            if decision.reason is Reason.REMOVED:
                self.told.discard(decision.subject)
        self.lines.append(repr(change))

    def settled(self) -> None:
        assert self.told <= set(self.open.values()), "told of, gone, and its end never told"


class Run:
    """One random life of one random town, restarts and reloads included."""

    def __init__(self, seed: int, restarts: bool = True) -> None:
        self.rng = Random(seed)
        self.city = random_city(self.rng)
        self.audit = Auditor()
        self.engine = Engine(self.city, RULES)
        self.now = START
        self.restarts = restarts

    def feed(self, given: object) -> None:
        self.audit.take(self.engine.evaluate(given))  # type: ignore[arg-type]

    def wakes_until(self, until: int) -> None:
        given = 0
        while (due := self.engine.next_wake()) is not None and due <= until:
            self.now = max(due, self.now)
            self.wake()
            after = self.engine.next_wake()
            assert after is None or after > self.now, f"woken at {self.now}, wants {after} again"
            given += 1
            assert given < 20_000, "it wants to be woken without end"
        self.now = max(self.now, until)

    def wake(self) -> None:
        change = self.engine.evaluate(Wake(self.now))
        if change:
            self.audit.take(change)

    def step(self) -> None:
        rng = self.rng
        self.wakes_until(self.now + rng.choice([0, 0, 0, 0, 1, 500, 1000, 5000, 5000, 30_000, 400_000]))
        dice = rng.random()
        if dice < 0.01 and self.restarts:
            self.restart()
        elif dice < 0.02:
            self.city = random_city(rng)
            self.feed(Reload(self.now, self.city, RULES))
        elif dice < 0.05 and self.audit.codes:
            self.feed(Acknowledge(self.now, rng.choice(sorted(self.audit.codes)), "Asma"))
        elif dice < 0.30:
            dead = rng.sample(sorted(self.city.boxes), rng.randint(0, len(self.city.boxes)))
            for _ in range(rng.randint(1, 8)):
                for device in self.city.devices.values():
                    outcome = Outcome.TIMEOUT if device.box in dead else Outcome.OK
                    self.ask(device.id, device, outcome)
                for reference in self.city.references:
                    answered = rng.random() < 0.5
                    self.read(reference, Probe.ICMP, Outcome.OK if answered else Outcome.TIMEOUT, {})
                self.wakes_until(self.now + 5000)
        elif self.city.devices:
            device = self.city.devices[rng.choice(sorted(self.city.devices))]
            probe = rng.choice(list(Probe))
            outcome = Outcome.OK if probe is Probe.TRAP else rng.choice(ACCUSED + RARE)
            self.read(device.id, probe, outcome, values_of(rng, device, probe))

    def ask(self, id_: str, device: Device, outcome: Outcome) -> None:
        for probe in (Probe.ICMP, Probe.SNMP):
            if probe is Probe.ICMP or device.snmp is not None:
                values = values_of(self.rng, device, probe) if outcome is Outcome.OK else {}
                self.read(id_, probe, outcome, values)

    def read(self, id_: str, probe: Probe, outcome: Outcome, values: dict[str, float]) -> None:
        rng = self.rng
        keyed = {parsed(name): value for name, value in values.items()}
        texts = {"serial": rng.choice(["S1", "S1", "S1", "S2"])} if rng.random() < 0.1 else {}
        trust = Trust.V3 if rng.random() < 0.2 else Trust.PLAIN
        change = self.engine.evaluate(Reading(id_, probe, self.now, outcome, keyed, texts, {}, trust))
        if change:
            self.audit.take(change)

    def restart(self) -> None:
        if self.rng.random() < 0.5:
            self.feed(Stop(self.now))
        before = {incident.id for incident in self.engine.open_incidents()}
        assert before == set(self.audit.open.values()), "the engine and the journal disagree"
        kept = [self.audit.incidents[id_] for id_ in sorted(before)]
        self.engine = Engine(self.city, RULES, self.audit.state, kept)  # type: ignore[arg-type]
        assert {incident.id for incident in self.engine.open_incidents()} == before
        self.feed(Start(self.now))

    def live(self, steps: int) -> Auditor:
        self.feed(Start(self.now))
        for _ in range(steps):
            self.step()
        for _ in range(12):  # all is well again
            for device in self.city.devices.values():
                self.read(
                    device.id, Probe.ICMP, Outcome.OK, {"icmp_loss_ratio": 0.0, "icmp_rtt_seconds": 0.0}
                )
            self.wakes_until(self.now + 5000)
        self.audit.settled()
        return self.audit


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32))
def test_no_life_of_any_town_breaks_a_law(seed: int) -> None:
    run = Run(seed)
    run.live(120)
    for box_memory in run.engine._world.boxes.values():
        watched = [run.engine._world.devices[d.id] for d in box_memory.place.devices]
        assert not any(m.alarm("silent").phase is not Phase.CLEAR for m in watched), "answers, yet silent"
        assert Concern.OUTAGE not in box_memory.incidents


@pytest.mark.parametrize("seed", range(5))
def test_the_same_inputs_give_the_same_changes_to_the_letter(seed: int) -> None:
    assert Run(seed).live(100).lines == Run(seed).live(100).lines
