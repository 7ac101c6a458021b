"""A small town for rule tests, and a way to write what happens to it as timelines.

A timeline is a string, one character a sweep: `.` it answers, `x` it is silent, ` ` it is not asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from app.sequencer import Sequencer
from domain.alarm import Incident, OwedEvent, Transition
from domain.input import Input
from domain.place import (
    Battery,
    Bounds,
    Box,
    City,
    Contractor,
    Device,
    District,
    Feeder,
    Kind,
    Reference,
    SecretRef,
    SnmpAccess,
)
from domain.reading import Key, Outcome, Probe, Reading, Trust, parsed
from domain.record import Change
from rules.engine import Engine
from rules.load import load
from rules.rule import Rules

SNMP = SnmpAccess("2c", SecretRef("env", "COMMUNITY"))
START = 1_800_000_000_000
HEALTHY = {
    "on_battery": 0.0,
    "time_on_battery_seconds": 0.0,
    "input_voltage_volts{1}": 230.0,
    "battery_charge_percent": 100.0,
    "battery_runtime_seconds": 7200.0,
}
ON_BATTERY = HEALTHY | {"on_battery": 1.0, "time_on_battery_seconds": 5.0, "input_voltage_volts{1}": 0.0}


def box(id_: str, feeder: str = "F1", uplink: str | None = None, **more: object) -> Box:
    made = Box(id_, f"Box {id_}", 24.86, 67.01, "south", feeder, uplink, "nrtc", Battery(100))
    return replace(made, **more)  # type: ignore[arg-type]


def devices(box_id: str, cameras: int = 2, address: int = 1) -> list[Device]:
    """A UPS, a switch and cameras fed by its ports, as in most boxes; SNMP every 10 s, ICMP every 5 s."""
    common = {"icmp_interval_s": 5.0, "snmp_interval_s": 10.0}
    base = f"127.9.{address}"
    found = [
        Device(f"{box_id}-ups", box_id, Kind.UPS, f"{base}.1", snmp=SNMP, **common),  # type: ignore[arg-type]
        Device(f"{box_id}-sw", box_id, Kind.SWITCH, f"{base}.2", snmp=SNMP, **common),  # type: ignore[arg-type]
    ]
    for n in range(1, cameras + 1):
        fed = (f"{box_id}-sw", str(n))
        cam = Device(f"{box_id}-cam{n}", box_id, Kind.CAMERA, f"{base}.{10 + n}", fed_by=fed, **common)  # type: ignore[arg-type]
        found.append(cam)
    return found


def town(boxes: Iterable[Box], more: Iterable[Device] = (), references: Iterable[str] = ()) -> City:
    placed = {b.id: b for b in boxes}
    stock = {d.id: d for n, b in enumerate(placed) for d in devices(b, address=n + 1)}
    return City(
        name="Town",
        bounds=Bounds(24, 66, 26, 68),
        districts={"south": District("south", "South")},
        feeders={f: Feeder(f, f"Feeder {f}") for f in ("F1", "F2")},
        contractors={"nrtc": Contractor("nrtc", "NRTC")},
        boxes=placed,
        devices=stock | {d.id: d for d in more},
        references={r: Reference(r, "127.9.0.1") for r in references},
    )


class Play:
    """Feeds a town to the engine second by second and keeps what came out."""

    def __init__(self, city: City, rules: Rules | None = None, engine: Engine | None = None) -> None:
        self.city = city
        self.engine = engine or Engine(city, rules or load())
        self.sequencer = Sequencer(self.engine, self._take)
        self.changes: list[Change] = []
        self.state: dict[str, Mapping[str, object]] = {}

    def _take(self, change: Change) -> None:
        self.changes.append(change)
        for key, row in change.state.items():
            if row is None:
                self.state.pop(key, None)
            else:
                self.state[key] = row

    def feed(self, given: Input) -> None:
        self.sequencer.feed(given)

    def read(
        self,
        at: float,
        device: str,
        probe: Probe,
        outcome: Outcome = Outcome.OK,
        values: Mapping[str, float] | None = None,
        texts: Mapping[str, str] | None = None,
        trust: Trust = Trust.PLAIN,
    ) -> None:
        keyed: dict[Key, float] = {parsed(name): value for name, value in (values or {}).items()}
        self.feed(Reading(device, probe, START + int(at * 1000), outcome, keyed, texts or {}, {}, trust))

    def icmp(self, at: float, device: str, alive: bool = True, asked: float | None = None) -> None:
        outcome = Outcome.OK if alive else Outcome.TIMEOUT
        values: dict[Key, float] = {("icmp_loss_ratio", ""): 0.0 if alive else 1.0}
        sent = 0 if asked is None else START + int(asked * 1000)
        self.feed(Reading(device, Probe.ICMP, START + int(at * 1000), outcome, values, asked=sent))

    def snmp(self, at: float, device: str, alive: bool = True, **values: float) -> None:
        self.read(at, device, Probe.SNMP, Outcome.OK if alive else Outcome.TIMEOUT, values)

    def sweep(
        self, at: float, dead: Iterable[str] = (), values: Mapping[str, Mapping[str, float]] | None = None
    ) -> None:
        """One round over the whole town: every device answers but those in `dead` (ids or box ids)."""
        dead = set(dead)
        for device in self.city.devices.values():
            gone = device.id in dead or device.box in dead
            self.icmp(at, device.id, not gone)
            if device.snmp is not None:
                given = (values or {}).get(device.id, HEALTHY if device.kind is Kind.UPS else {})
                self.read(
                    at, device.id, Probe.SNMP, Outcome.TIMEOUT if gone else Outcome.OK, {} if gone else given
                )

    def rounds(
        self,
        start: float,
        end: float,
        dead: Iterable[str] = (),
        values: Mapping[str, Mapping[str, float]] | None = None,
        every: float = 5,
    ) -> None:
        at = start
        while at < end:
            self.sweep(at, dead, values)
            at += every

    def timeline(self, device: str, echoes: str, start: float = 0, every: float = 5) -> None:
        """Echo sweeps of one device by a string of `.` and `x`."""
        for n, mark in enumerate(echoes):
            if mark != " ":
                self.icmp(start + n * every, device, mark == ".")

    def wait(self, until: float) -> None:
        self.sequencer.wake_until(START + int(until * 1000))

    # -- what came out ------------------------------------------------------------------------

    @property
    def owed(self) -> list[OwedEvent]:
        return [event for change in self.changes for event in change.owed]

    def told(self) -> list[tuple[float, str, str, str]]:
        """(second, box, notice, cause of the lead) of everything owed."""
        return [
            ((e.at - START) / 1000, e.box, str(e.notice), str(e.facts["incidents"][0]["cause"]))
            for e in self.owed
        ]

    @property
    def incidents(self) -> dict[str, Incident]:
        """The last word on each incident, by id, in order of opening."""
        return {i.id: i for change in self.changes for i in change.incidents}

    def open(self) -> dict[tuple[str, str], str]:
        """(box, concern) of what is open: its cause."""
        return {
            (i.target, str(i.concern)): str(i.cause) for i in self.incidents.values() if i.closed_at is None
        }

    @property
    def transitions(self) -> list[Transition]:
        return [t for change in self.changes for t in change.transitions]

    def silences(self) -> list[tuple[str, str]]:
        return [(d.target, str(d.reason)) for c in self.changes for d in c.decisions if not d.told]
