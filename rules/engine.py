"""The engine: one input in, one Change out. Pure: no clock, no I/O, no logging.

The same engine judges a living city and a recorded one. `next_wake` is the moment it wants to be
given a Wake, for holds and settling times end between two readings.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from domain.alarm import (
    Concern,
    Condition,
    Incident,
    OwedEvent,
)
from domain.facts import BoxStanding
from domain.input import Acknowledge, Input, Reload, Start, Stop
from domain.place import City
from domain.reading import Probe, Reading
from domain.record import Change
from rules import durable
from rules.alarmed import without_mains
from rules.alarms import Alarms
from rules.desk import Desk, wake_name
from rules.judge import Judge
from rules.lookout import MONITOR, Lookout
from rules.memory import ON, BoxMemory, DeviceMemory, Grid, Watchman, World
from rules.rule import Rules
from rules.shelf import shelved
from rules.standing import standings
from rules.thresholds import forget_unjudged, thresholds_for
from rules.topology import WATCHED, Topology, survey
from rules.work import Wakes, Work

State = Mapping[str, Mapping[str, Any]]


class Engine:
    """`state` and `incidents` are what the journal kept: durable rows by key, and open incidents."""

    def __init__(
        self, city: City, rules: Rules, state: State | None = None, incidents: Iterable[Incident] = ()
    ) -> None:
        self._work = Work()
        self._watchman = Watchman({})
        self._codes: dict[str, tuple[str, Concern]] = {}
        self._lookout = Lookout(self._watchman, self._codes)
        self._promised_at = 0
        self._promises: set[str] = set()  # ids of what is owed since that very millisecond
        self._configure(city, rules, state or {}, tuple(incidents))

    def _configure(self, city: City, rules: Rules, state: State, incidents: tuple[Incident, ...]) -> None:
        self._city = city
        self._wakes = Wakes()
        topology = survey(city)
        self._world = _build(topology, rules, self._watchman)
        for key, row in state.items():
            kind, _, id_ = key.partition("/")
            if kind == "device" and id_ in self._world.devices:
                durable.restore_device(self._world.devices[id_], row)
                forget_unjudged(self._world.devices[id_])
            elif kind == "box" and id_ in self._world.boxes:
                durable.restore_box(self._world.boxes[id_], row)
            elif kind == "shelf":
                durable.restore_shelf(self._world.devices, row)
            elif key == MONITOR:
                durable.restore_watchman(self._watchman, row)
        for incident in incidents:
            self._codes[incident.code] = (incident.target, incident.concern)
            if incident.target == MONITOR:
                self._lookout.incident = incident
            elif incident.target in self._world.boxes:
                self._world.boxes[incident.target].incidents[incident.concern] = incident
        _count(self._world)
        self._alarms = Alarms(self._world, self._wakes)
        self._judge = Judge(self._world, self._alarms)
        self._desk = Desk(self._world, city, rules.windows, self._wakes, self._codes)
        self._lookout.configure(city, rules.base.blind)

    def next_wake(self) -> int | None:
        """Engine milliseconds of the next Wake wanted; None: nothing runs out by itself."""
        return self._wakes.next()

    def evaluate(self, given: Input) -> Change:
        """Takes one input, later than or at the time of the one before."""
        work = self._work
        work.now = given.at
        if isinstance(given, Reading):
            self._reading(work, given)
            if work.empty:
                return NOTHING
        elif isinstance(given, Start):
            self._start(work)
        elif isinstance(given, Acknowledge):
            self._acknowledge(work, given)
        elif isinstance(given, Reload):
            self._reload(work, given)
        elif isinstance(given, Stop):
            work.shelves.update(self._world.shelves)
        else:
            self._wake(work)
        return self._finish(work)

    # -- inputs -----------------------------------------------------------------------------------

    def _reading(self, work: Work, reading: Reading) -> None:
        memory = self._world.devices.get(reading.device)
        if memory is None:
            if reading.device in self._city.references and reading.probe is Probe.ICMP:
                self._lookout.hear(work, reading)
        elif reading.probe is Probe.ICMP:
            self._judge.icmp(work, memory, reading)
        elif reading.probe is Probe.SNMP:
            self._judge.snmp(work, memory, reading)
        else:
            self._judge.trap(work, memory, reading)

    def _wake(self, work: Work) -> None:
        for target in self._wakes.due(work.now):
            memory = self._world.devices.get(target)
            if memory is not None:
                self._alarms.ripen(work, memory)
                self._alarms.settle_flapping(work, memory)
            else:
                work.review[target.removeprefix("box/")] = None

    def _start(self, work: Work) -> None:
        """Nothing seen before this moment is evidence; what was promised before it still holds."""
        self._watchman.seeing_since = work.now
        for memory in self._world.devices.values():
            if memory.alarms:
                self._alarms.wake_up(memory)
                if "flapping" in memory.alarms:
                    self._wakes.at(work.now, memory.device.id)
        for id_, box in self._world.boxes.items():
            if box.pending or box.incidents:
                self._wakes.at(work.now, wake_name(id_))
        self._lookout.end_if_alone(work)

    def _acknowledge(self, work: Work, given: Acknowledge) -> None:
        box_id, concern = self._codes.get(given.code.upper(), ("", Concern.OUTAGE))
        if box_id == MONITOR:
            stands = self._lookout.incident
        else:
            box = self._world.boxes.get(box_id)
            stands = box.incidents.get(concern) if box else None
        if stands is None:
            return
        # whoever acknowledges a changed identity accepts it
        news = self._accept_identities(work, stands) if concern is Concern.TAMPER else False
        if stands.acknowledged_by and not news:
            return
        incident = replace(stands, acknowledged_by=given.by, acknowledged_at=given.at)
        work.incidents[incident.id] = incident
        if box_id == MONITOR:
            self._lookout.incident = incident
        else:
            self._world.boxes[box_id].incidents[concern] = incident

    def _accept_identities(self, work: Work, incident: Incident) -> bool:
        found = False
        for device in incident.devices:
            memory = self._world.devices.get(device)
            if memory is not None and memory.seen_identity:
                found = found or not memory.seen_identity.items() <= memory.identity.items()
                memory.identity = memory.identity | memory.seen_identity
                work.devices.add(device)
        return found

    def _reload(self, work: Work, given: Reload) -> None:
        """The new set takes over what is still in it; what is gone ends with that reason."""
        old = self._world
        state = {
            **_rows("device/", old.devices, durable.device_row),
            **_rows("box/", old.boxes, durable.box_row),
            **_rows("shelf/", old.shelves, lambda shelf: durable.shelf_row(shelf, old.devices)),
        }
        for id_, box in old.boxes.items():
            now = given.city.boxes.get(id_)
            if now is None or now.status not in WATCHED:
                self._desk.remove(work, box)
        incidents = tuple(i for box in old.boxes.values() for i in box.incidents.values())
        if self._lookout.incident:
            incidents = (*incidents, self._lookout.incident)
        self._configure(given.city, given.rules, state, incidents)
        for id_, memory in self._world.devices.items():
            before = old.devices.get(id_)
            if before is not None:
                _carry(before, memory)
                forget_unjudged(memory)
                memory.box.last_ok_at = max(memory.box.last_ok_at, before.last_ok_at)
        for id_, box in self._world.boxes.items():
            box.last_ok_at = max(box.last_ok_at, old.boxes[id_].last_ok_at if id_ in old.boxes else 0)
        _count(self._world)
        work.devices.update(id_ for id_ in old.devices if id_ not in self._world.devices)
        work.boxes.update(id_ for id_ in old.boxes if id_ not in self._world.boxes)
        work.shelves.update(old.shelves.keys() | self._world.shelves.keys())
        self._start_wakes(work)

    def _start_wakes(self, work: Work) -> None:
        for memory in self._world.devices.values():
            if memory.alarms:  # of a device that has moved, perhaps
                self._alarms.wake_up(memory)
                self._wakes.at(work.now, memory.device.id)
                work.review[memory.box.place.box.id] = None
        for id_, box in self._world.boxes.items():
            if box.pending or box.incidents or box.is_dark:
                work.review[id_] = None
        self._lookout.end_if_alone(work)

    # -- out --------------------------------------------------------------------------------------

    def _finish(self, work: Work) -> Change:
        """Judges every box the input concerned, tells what has settled, and hands out the change."""
        reviewed: dict[str, BoxMemory] = {}
        while work.review:
            id_ = next(iter(work.review))
            del work.review[id_]
            box = self._world.boxes.get(id_)
            if box is not None:
                self._desk.review(work, box)
                reviewed[id_] = box
        for box in reviewed.values():
            self._desk.tell_due(work, box)
        change = Change(
            at=work.now,
            state=self._state(work),
            transitions=tuple(work.transitions),
            incidents=tuple(work.incidents.values()),
            owed=tuple(map(self._promised, work.owed)),
            decisions=tuple(work.decisions),
        )
        self._work = Work()
        return change

    def _promised(self, event: OwedEvent) -> OwedEvent:
        """Two inputs of one millisecond may owe two messages of one kind: each has an id of its own."""
        if event.at != self._promised_at:
            self._promised_at, self._promises = event.at, set()
        id_, nth = event.id, 1
        while id_ in self._promises:
            nth += 1
            id_ = f"{event.id}#{nth}"
        self._promises.add(id_)
        return event if id_ == event.id else replace(event, id=id_)

    def _state(self, work: Work) -> dict[str, Mapping[str, Any] | None]:
        rows: dict[str, Mapping[str, Any] | None] = {}
        for id_ in sorted(work.devices):
            device = self._world.devices.get(id_)
            rows[f"device/{id_}"] = durable.device_row(device) if device else None
        for id_ in sorted(work.boxes):
            if id_ == MONITOR:
                rows[MONITOR] = durable.watchman_row(self._watchman)
                continue
            box = self._world.boxes.get(id_)
            rows[f"box/{id_}"] = durable.box_row(box) if box else None
        for id_ in sorted(work.shelves):
            shelf = self._world.shelves.get(id_)
            rows[f"shelf/{id_}"] = durable.shelf_row(shelf, self._world.devices) if shelf else None
        return rows

    # -- looking in -------------------------------------------------------------------------------

    def open_incidents(self) -> list[Incident]:
        found = [i for box in self._world.boxes.values() for i in box.incidents.values()]
        return [self._lookout.incident, *found] if self._lookout.incident else found

    def standings(self) -> Iterator[BoxStanding]:
        return standings(self._world)

    @property
    def blind(self) -> bool:
        """The monitor's own reference hosts are gone."""
        return self._watchman.state.phase in ON

    def counts(self) -> dict[str, int]:
        """Devices watched, silent and degraded, and dark boxes: for the live terminal."""
        devices = self._world.devices.values()
        return {
            "devices": len(self._world.devices),
            "heard": sum(1 for m in devices if m.last_ok_at or m.condition is Condition.DOWN),
            "down": sum(1 for m in devices if m.condition is Condition.DOWN),
            "degraded": sum(1 for m in devices if m.condition is Condition.DEGRADED),
            "dark_boxes": sum(1 for b in self._world.boxes.values() if b.is_dark),
            "blind": int(self.blind),
        }


NOTHING = Change(0)
"""What most readings of a healthy city change."""


def _build(topology: Topology, rules: Rules, watchman: Watchman) -> World:
    boxes: dict[str, BoxMemory] = {}
    devices: dict[str, DeviceMemory] = {}
    grids = {feeder: Grid(ids) for feeder, ids in topology.feeders.items()}
    shelves = shelved(topology.boxes.values())
    known: dict[Any, Any] = {}  # devices alike share their thresholds
    for id_, place in topology.boxes.items():
        tags = place.box.tags
        box = boxes[id_] = BoxMemory(place, rules.of(id_, tags), grids[place.box.feeder or ""], shelves[id_])
        for device in place.devices:
            alike = (id(box.rules), device.kind, tags, device.tags)
            if alike not in known:
                known[alike] = thresholds_for(box.rules, device, tags)
            devices[device.id] = DeviceMemory(device, box, known[alike])
    for grid in grids.values():
        grid.roots = tuple(id_ for id_ in grid.boxes if boxes[id_].place.parent is None)
        grid.powered = sum(1 for id_ in grid.boxes if boxes[id_].place.ups)
        grid.needs = frozenset(boxes[id_].rules.mains.need(grid.powered) for id_ in grid.boxes)
    return World(devices, boxes, grids, {shelf.id: shelf for shelf in shelves.values()}, watchman)


def _count(world: World) -> None:
    """Brings the feeders' counts in step with memories that were read back or carried over."""
    for grid in world.grids.values():
        grid.lost = {id_ for id_ in grid.boxes if without_mains(world, world.boxes[id_])}
        grid.last_ok_at = max((world.boxes[id_].last_ok_at for id_ in grid.boxes), default=0)


def _rows(prefix: str, memories: Mapping[str, Any], row: Any) -> dict[str, Mapping[str, Any]]:
    return {prefix + id_: made for id_, memory in memories.items() if (made := row(memory))}


def _carry(before: DeviceMemory, after: DeviceMemory) -> None:
    """What was learned but is not durable goes over to the new configuration."""
    for name in (
        "alarms", "heard_icmp", "heard_snmp", "icmp_at", "icmp_fails", "icmp_known_at", "icmp_since",
        "last", "last_ok_at", "recovered_at", "saved_at", "seen_identity", "snmp_at", "snmp_fails",
        "snmp_ok_at", "snmp_since",
    ):  # fmt: skip
        setattr(after, name, getattr(before, name))
