"""From the file to the frozen City, or to every problem in it at once."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from config.located import Located, parse, read
from config.shape import Fault
from domain.errors import ConfigError, Problem
from domain.place import (
    Battery,
    Bounds,
    Box,
    City,
    Contact,
    Contractor,
    Device,
    District,
    Feeder,
    Reference,
    Traps,
)
from inventory.advice import advice
from inventory.check import faults
from inventory.inherit import Inheritance, Settled
from inventory.names import Names
from inventory.salvage import shape_of, told
from inventory.shape import BoxShape, DeviceShape, InventoryShape, TrapsShape
from inventory.wiring import switch_of, switches_of


@dataclass(frozen=True, slots=True)
class Loaded:
    city: City
    document: Located
    warnings: tuple[Problem, ...]


def load(path: Path, shown_as: str | None = None) -> Loaded:
    """Reads, checks and freezes an inventory; ConfigError carries every problem, in line order."""
    with _uncollected():
        return build(read(path, shown_as, lenient=True))


def loads(text: str, file: str = "inventory.yaml") -> Loaded:
    """As `load`, of text already read (a journalled configuration, say)."""
    return build(parse(text, file, lenient=True))


@contextmanager
def _uncollected() -> Iterator[None]:
    """Holds the garbage collector still: nothing here makes garbage in cycles, and its walks over
    ever more live objects would take half the time."""
    held = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if held:
            gc.enable()


def build(document: Located) -> Loaded:
    shape, wrong, excused = shape_of(document.value)
    problems = {*document.problems, *_located(document, wrong)}
    if shape is None:
        raise ConfigError(sorted(problems))
    inheritance = Inheritance(shape, excused)
    settled = {
        device_id: inheritance.device(box_id, box, device_id, device)
        for box_id, box in shape.boxes.items()
        for device_id, device in box.devices.items()
    }
    found = [*inheritance.faults, *faults(shape, settled, Names.of(document.value), document.line)]
    problems.update(_located(document, told(found, excused)))
    if problems:
        raise ConfigError(sorted(problems))
    city = _city(shape, inheritance, settled)
    return Loaded(city, document, tuple(sorted(_located(document, advice(city)))))


def _located(document: Located, found: Iterable[Fault]) -> set[Problem]:
    return {document.problem(fault.loc, fault.what, fault.remedy) for fault in found}


def _city(shape: InventoryShape, inheritance: Inheritance, settled: dict[str, Settled]) -> City:
    bounds = shape.city.bounds
    return City(
        name=shape.city.name,
        bounds=Bounds(bounds.south, bounds.west, bounds.north, bounds.east),
        timezone=shape.city.timezone,
        districts={i: District(i, s.name) for i, s in shape.districts.items()},
        feeders={i: Feeder(i, s.name) for i, s in shape.feeders.items()},
        contractors={i: Contractor(i, s.name) for i, s in shape.contractors.items()},
        contacts={
            i: Contact(
                i,
                s.name,
                s.role,
                s.number,
                frozenset(s.districts),
                frozenset(s.contractors),
                tuple(s.channels),
            )
            for i, s in shape.contacts.items()
        },
        boxes={i: _box(i, box, shape, inheritance) for i, box in shape.boxes.items()},
        devices={
            device_id: _device(device_id, device, box_id, switches, settled[device_id])
            for box_id, box in shape.boxes.items()
            for switches in (switches_of(box),)
            for device_id, device in box.devices.items()
        },
        references={i: Reference(i, address) for i, address in shape.references.items()},
        traps=_traps(shape.traps),
        channels=tuple(shape.city.channels),
    )


def _traps(traps: TrapsShape | None) -> Traps | None:
    if traps is None:
        return None
    return Traps(tuple(traps.listen), traps.port, traps.community, traps.buffer_mib * 2**20)


def _box(box_id: str, box: BoxShape, shape: InventoryShape, inheritance: Inheritance) -> Box:
    battery = box.battery
    return Box(
        id=box_id,
        name=box.name,
        latitude=box.lat,
        longitude=box.lon,
        district=box.district,
        feeder=box.feeder,
        uplink=box.uplink,
        contractor=box.contractor or shape.defaults.contractor,
        battery=Battery(battery.capacity_ah, battery.type, battery.installed) if battery else None,
        status=inheritance.status(box),
        tags=frozenset(box.tags),
        place=box.place,
    )


def _device(
    device_id: str, device: DeviceShape, box_id: str, switches: list[str], settled: Settled
) -> Device:
    feed = device.fed_by
    switch = switch_of(device_id, feed, switches) if feed else None
    return Device(
        id=device_id,
        box=box_id,
        kind=device.kind,
        address=device.address,
        port=settled.port,
        name=device.name or device_id,
        trap_source=device.trap_source,
        profile=settled.profile,
        snmp=settled.snmp,
        icmp_interval_s=settled.icmp_interval_s,
        snmp_interval_s=settled.snmp_interval_s,
        fed_by=(switch, feed.port) if feed and switch else None,
        status=settled.status,
        tags=settled.tags,
    )
