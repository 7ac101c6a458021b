"""What must hold between entries of the file: names that exist, addresses that differ, no circles.

Yields faults by path, in no particular order. Entries whose shape was wrong are absent from the
shape but not from `Names`, so that one mistake is not told again at each mention. PURE.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import available_timezones

from config.located import Loc
from config.shape import Fault, nearest
from domain.place import Kind, Role, Status
from inventory.inherit import Settled
from inventory.shape import BoxShape, DeviceShape, InventoryShape

Line = Callable[[Loc], int]
_ANSWERS = (Status.COMMISSIONING, Status.IN_SERVICE)  # a planned or retired device may share an address


@dataclass(frozen=True, slots=True)
class Names:
    """Every id the file mentions as an entry, right or wrong; devices with their box."""

    sections: Mapping[str, frozenset[str]]
    devices: Mapping[str, str]

    @classmethod
    def of(cls, value: Any) -> Names:
        """Of the plain value of a document."""
        value = value if isinstance(value, dict) else {}
        sections = {
            name: frozenset(map(str, entries)) for name, entries in value.items() if isinstance(entries, dict)
        }
        boxes = value.get("boxes")
        devices = {
            str(device): str(box)
            for box, entry in (boxes.items() if isinstance(boxes, dict) else ())
            if isinstance(entry, dict) and isinstance(entry.get("devices"), dict)
            for device in entry["devices"]
        }
        return cls(sections, devices)

    def unknown(self, section: str, name: str | None, loc: Loc, one: str) -> Iterator[Fault]:
        known = self.sections.get(section, frozenset())
        if name is not None and name not in known:
            remedy = nearest(name, sorted(known)) if known else f"add it under {section}:"
            yield Fault(loc, f"{one} {name!r} is not in {section}", remedy)


def faults(
    shape: InventoryShape, settled: Mapping[str, Settled], names: Names, line: Line
) -> Iterator[Fault]:
    yield from _city(shape)
    yield from _twice(shape, line)
    yield from _mentions(shape, names)
    yield from _addresses(shape, settled, line)
    yield from _places(shape)
    yield from _feeding(shape, names)
    yield from _uplinks(shape, names)


def _city(shape: InventoryShape) -> Iterator[Fault]:
    bounds = shape.city.bounds
    for low, high in (("south", "north"), ("west", "east")):
        if getattr(bounds, low) >= getattr(bounds, high):
            what = f"city.bounds: {low} {getattr(bounds, low)} is not below {high} {getattr(bounds, high)}"
            yield Fault(("city", "bounds", low), what, "swap the two")
    zones = available_timezones()
    if shape.city.timezone not in zones:
        what = f"city.timezone: {shape.city.timezone!r} is no time zone"
        close = nearest(shape.city.timezone, sorted(zones))
        remedy = close if close.startswith("write '") else "write an IANA name such as Asia/Karachi"
        yield Fault(("city", "timezone"), what, remedy)


def _twice(shape: InventoryShape, line: Line) -> Iterator[Fault]:
    """Boxes, devices, feeders and references are all asked for by bare id, so they share one space."""
    first: dict[str, tuple[str, Loc]] = {}
    for section in ("references", "feeders", "boxes"):
        for name in getattr(shape, section):
            loc: Loc = (section, name)
            yield from _claim(first, name, f"a {section[:-1].replace('boxe', 'box')}", loc, line)
    for box_id, box in shape.boxes.items():
        for name in box.devices:
            yield from _claim(first, name, "a device", ("boxes", box_id, "devices", name), line)


def _claim(first: dict[str, tuple[str, Loc]], name: str, what: str, loc: Loc, line: Line) -> Iterator[Fault]:
    if name in first:
        other, other_loc = first[name]
        what = f"id {name!r} is already that of {other} (line {line(other_loc)})"
        yield Fault(loc, what, "give one of the two another id")
    else:
        first[name] = (what, loc)


def _mentions(shape: InventoryShape, names: Names) -> Iterator[Fault]:
    yield from names.unknown(
        "contractors", shape.defaults.contractor, ("defaults", "contractor"), "contractor"
    )
    for contact_id, contact in shape.contacts.items():
        for index, name in enumerate(contact.districts):
            yield from names.unknown(
                "districts", name, ("contacts", contact_id, "districts", index), "district"
            )
        for index, name in enumerate(contact.contractors):
            yield from names.unknown(
                "contractors", name, ("contacts", contact_id, "contractors", index), "contractor"
            )
    for box_id, box in shape.boxes.items():
        here: Loc = ("boxes", box_id)
        yield from names.unknown("districts", box.district, (*here, "district"), "district")
        yield from names.unknown("feeders", box.feeder, (*here, "feeder"), "feeder")
        yield from names.unknown("contractors", box.contractor, (*here, "contractor"), "contractor")


def _addresses(shape: InventoryShape, settled: Mapping[str, Settled], line: Line) -> Iterator[Fault]:
    first: dict[tuple[str, int], tuple[str, Loc]] = {}
    for box_id, box in shape.boxes.items():
        for device_id, device in box.devices.items():
            if settled[device_id].status not in _ANSWERS:
                continue
            key = (device.address, settled[device_id].port)
            loc: Loc = ("boxes", box_id, "devices", device_id, "address")
            if key in first:
                other, other_loc = first[key]
                what = f"{key[0]} port {key[1]} is already that of {other} (line {line(other_loc)})"
                yield Fault(loc, what, f"give {device_id} its own address or port, or retire one of the two")
            else:
                first[key] = (device_id, loc)


def _places(shape: InventoryShape) -> Iterator[Fault]:
    bounds = shape.city.bounds
    for box_id, box in shape.boxes.items():
        north = bounds.south <= box.lat <= bounds.north
        east = bounds.west <= box.lon <= bounds.east
        if north and east:
            continue
        loc: Loc = ("boxes", box_id)
        if bounds.south <= box.lon <= bounds.north and bounds.west <= box.lat <= bounds.east:
            yield Fault((*loc, "lat"), f"box {box_id}: lat and lon are swapped", f"write lat: {box.lon}")
            continue
        remedy = "check it, or widen city.bounds"
        if not north:
            what = f"box {box_id}: lat {box.lat} is outside the city ({bounds.south} to {bounds.north})"
            yield Fault((*loc, "lat"), what, remedy)
        if not east:
            what = f"box {box_id}: lon {box.lon} is outside the city ({bounds.west} to {bounds.east})"
            yield Fault((*loc, "lon"), what, remedy)


def switch_of(device: DeviceShape, box: BoxShape) -> str | None:
    """The switch that feeds a device: the one it names, or the only other one of its box."""
    if device.fed_by is None:
        return None
    if device.fed_by.switch is not None:
        return device.fed_by.switch
    switches = [name for name, d in box.devices.items() if d.kind is Kind.SWITCH and d is not device]
    return switches[0] if len(switches) == 1 else None


def _feeding(shape: InventoryShape, names: Names) -> Iterator[Fault]:
    for box_id, box in shape.boxes.items():
        parents: dict[str, str] = {}
        for device_id, device in box.devices.items():
            if device.fed_by is None:
                continue
            loc: Loc = ("boxes", box_id, "devices", device_id, "fed_by")
            switch = switch_of(device, box)
            switches = sorted(name for name, d in box.devices.items() if d.kind is Kind.SWITCH)
            if switch is None:
                many = f"has {len(switches)} switches" if switches else "has no switch"
                remedy = f"add switch: to fed_by ({', '.join(switches)})" if switches else "remove fed_by"
                yield Fault(loc, f"{device_id}: fed_by names no switch and box {box_id} {many}", remedy)
                continue
            at: Loc = (*loc, "switch")
            remedy = nearest(switch, switches) if switches else "remove fed_by"
            if switch not in names.devices:
                yield Fault(at, f"{device_id}: fed_by names {switch!r}, which is no device", remedy)
            elif names.devices[switch] != box_id:
                what = f"{device_id}: fed_by names {switch!r}, which is in box {names.devices[switch]}"
                yield Fault(at, what, f"name a switch of box {box_id}")
            elif switch in box.devices and box.devices[switch].kind is not Kind.SWITCH:
                what = f"{device_id}: fed_by names {switch!r}, which is a {box.devices[switch].kind}"
                yield Fault(at, what, remedy)
            else:
                parents[device_id] = switch
        for circle in circles(parents):
            what = f"these switches feed each other in a circle: {' -> '.join((*circle, circle[0]))}"
            yield Fault(("boxes", box_id, "devices", circle[0], "fed_by"), what, "cut the circle")


def _uplinks(shape: InventoryShape, names: Names) -> Iterator[Fault]:
    parents: dict[str, str] = {}
    boxes = names.sections.get("boxes", frozenset())
    for box_id, box in shape.boxes.items():
        if box.uplink is None:
            continue
        if box.uplink in boxes:
            parents[box_id] = box.uplink
        elif box.uplink not in names.devices:
            own = [n for n, d in box.devices.items() if d.kind in (Kind.ROUTER, Kind.SWITCH)]
            close = nearest(box.uplink, [*own, *sorted(boxes)])
            what = f"box {box_id}: uplink {box.uplink!r} is neither a device nor a box"
            yield Fault(("boxes", box_id, "uplink"), what, close)
        elif names.devices[box.uplink] != box_id:
            parents[box_id] = names.devices[box.uplink]
    for circle in circles(parents):
        if len(circle) == 1:
            what = f"box {circle[0]} is its own uplink"
            remedy = "name its router, or its parent box"
        else:
            what = f"uplinks go in a circle: {' -> '.join((*circle, circle[0]))}"
            remedy = "let one of them name its own router, or none"
        yield Fault(("boxes", circle[0], "uplink"), what, remedy)


def circles(parents: Mapping[str, str]) -> Iterator[tuple[str, ...]]:
    """Each circle of child -> parent once, beginning with its member first in `parents`. Linear."""
    done: set[str] = set()
    for start in parents:
        path: dict[str, None] = {}
        here: str | None = start
        while here is not None and here not in done and here not in path:
            path[here] = None
            here = parents.get(here)
        if here is not None and here in path:
            walked = list(path)
            yield tuple(walked[walked.index(here) :])
        done.update(path)


def warnings(shape: InventoryShape) -> Iterator[Fault]:
    """What is allowed and yet most likely not meant."""
    told = [c for c in shape.contacts.values() if c.role in (Role.ENGINEER, Role.ON_CALL)]
    lonely: set[tuple[str, str | None]] = set()
    for box_id, box in shape.boxes.items():
        pair = (box.district, box.contractor or shape.defaults.contractor)
        if pair not in lonely and not any(
            (not c.districts or pair[0] in c.districts) and (not c.contractors or pair[1] in c.contractors)
            for c in told
        ):
            lonely.add(pair)
            what = f"no engineer or on-call contact is told of box {box_id} (district {pair[0]})"
            yield Fault(("boxes", box_id), what, "add one under contacts:")
        fed: dict[tuple[str | None, str], str] = {}
        for device_id, device in box.devices.items():
            if device.fed_by is not None:
                port = (switch_of(device, box), device.fed_by.port)
                if port in fed:
                    what = f"{device_id} and {fed[port]} are fed by the same port {port[1]} of {port[0]}"
                    loc = ("boxes", box_id, "devices", device_id, "fed_by")
                    yield Fault(loc, what, "check which of them it is")
                fed.setdefault(port, device_id)
    if not shape.references and shape.boxes:
        what = "no references: a cut of the monitor's own link will look like a dark city"
        yield Fault((), what, "name two or three hosts that are always up, under references:")
