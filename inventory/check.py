"""What must hold between entries of the file: names that exist, addresses that differ, no circles.

Yields faults by path, in no particular order. Entries whose shape was wrong are absent from the
shape but not from `Names`, so that one mistake is not told again at each mention.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from config.located import Loc
from config.shape import Fault
from domain.place import Status
from inventory import wiring
from inventory.inherit import Settled
from inventory.names import Names
from inventory.shape import InventoryShape

Line = Callable[[Loc], int]
_ANSWERS = (Status.COMMISSIONING, Status.IN_SERVICE)  # a planned or retired device may share an address


def faults(
    shape: InventoryShape, settled: Mapping[str, Settled], names: Names, line: Line
) -> Iterator[Fault]:
    yield from _city(shape, names)
    yield from _twice(shape, line)
    yield from _mentions(shape, names)
    yield from _addresses(shape, settled, line)
    yield from _places(shape)
    yield from wiring.feeding(shape, names)
    yield from wiring.uplinks(shape, names)


def _city(shape: InventoryShape, names: Names) -> Iterator[Fault]:
    bounds = shape.city.bounds
    for low, high in (("south", "north"), ("west", "east")):
        if getattr(bounds, low) >= getattr(bounds, high):
            what = f"city.bounds: {low} {getattr(bounds, low)} is not below {high} {getattr(bounds, high)}"
            yield Fault(("city", "bounds", low), what, "swap the two")
    try:
        ZoneInfo(shape.city.timezone)
    except (ValueError, OSError, ZoneInfoNotFoundError):
        what = f"city.timezone: {shape.city.timezone!r} is no time zone"
        otherwise = "write an IANA name such as Asia/Karachi"
        remedy = names.hints.nearest(shape.city.timezone, available_timezones(), otherwise)
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
    if bounds.south >= bounds.north or bounds.west >= bounds.east:
        return  # told once, not at every box
    for box_id, box in shape.boxes.items():
        north = bounds.south <= box.lat <= bounds.north
        east = bounds.west <= box.lon <= bounds.east
        if north and east:
            continue
        loc: Loc = ("boxes", box_id)
        if bounds.south <= box.lon <= bounds.north and bounds.west <= box.lat <= bounds.east:
            yield Fault(
                (*loc, "lat"),
                f"box {box_id}: lat and lon are swapped",
                f"write lat: {box.lon} and lon: {box.lat}",
            )
            continue
        remedy = "check it, or widen city.bounds"
        if not north:
            what = f"box {box_id}: lat {box.lat} is outside the city ({bounds.south} to {bounds.north})"
            yield Fault((*loc, "lat"), what, remedy)
        if not east:
            what = f"box {box_id}: lon {box.lon} is outside the city ({bounds.west} to {bounds.east})"
            yield Fault((*loc, "lon"), what, remedy)
