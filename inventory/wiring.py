"""How boxes and devices hang together: uplinks, and the switch ports that feed devices. PURE."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from config.located import Loc
from config.shape import Fault
from domain.place import Kind
from inventory.names import Names
from inventory.shape import BoxShape, FedByShape, InventoryShape


def switches_of(box: BoxShape) -> list[str]:
    return [name for name, device in box.devices.items() if device.kind is Kind.SWITCH]


def switch_of(device_id: str, feed: FedByShape, switches: list[str]) -> str | None:
    """The switch that feeds a device: the one it names, or the only other one of its box."""
    if feed.switch is not None:
        return feed.switch
    others = [name for name in switches if name != device_id]
    return others[0] if len(others) == 1 else None


def feeding(shape: InventoryShape, names: Names) -> Iterator[Fault]:
    for box_id, box in shape.boxes.items():
        switches = switches_of(box)
        parents: dict[str, str] = {}
        for device_id, device in box.devices.items():
            if device.fed_by is None:
                continue
            switch = switch_of(device_id, device.fed_by, switches)
            fault = _misfed(box_id, device_id, switch, box, switches, names)
            if fault is not None:
                yield fault
            elif switch is not None and device.kind is Kind.SWITCH:
                parents[device_id] = switch
        for circle in circles(parents):
            what = f"these switches feed each other in a circle: {' -> '.join((*circle, circle[0]))}"
            yield Fault(("boxes", box_id, "devices", circle[0], "fed_by"), what, "cut the circle")


def _misfed(
    box_id: str, device_id: str, switch: str | None, box: BoxShape, switches: list[str], names: Names
) -> Fault | None:
    loc: Loc = ("boxes", box_id, "devices", device_id, "fed_by")
    if switch is None:
        what = f"{device_id}: fed_by names no switch, and box {box_id} has {len(switches) or 'none'}"
        remedy = f"add switch: to fed_by ({', '.join(switches)})" if switches else "remove fed_by"
        return Fault(loc, what, remedy)
    at: Loc = (*loc, "switch")
    others = [name for name in switches if name != device_id]
    instead = f"write one of {', '.join(others)}" if others else "remove fed_by"
    what = f"{device_id}: fed_by names {switch!r}, which is "
    if switch not in names.devices:
        return Fault(at, what + "no device", names.hints.nearest(switch, others, instead))
    if names.devices[switch] != box_id:
        return Fault(at, f"{what}in another box, {names.devices[switch]}", instead)
    if switch in box.devices and box.devices[switch].kind is not Kind.SWITCH:
        return Fault(at, f"{what}a {box.devices[switch].kind} and no switch", instead)
    return None


def uplinks(shape: InventoryShape, names: Names) -> Iterator[Fault]:
    parents: dict[str, str] = {}
    boxes = names.sections.get("boxes", frozenset())
    for box_id, box in shape.boxes.items():
        if box.uplink is None:
            continue
        if box.uplink in boxes:
            parents[box_id] = box.uplink
        elif box.uplink not in names.devices:
            own = [n for n, d in box.devices.items() if d.kind in (Kind.ROUTER, Kind.SWITCH)]
            what = f"box {box_id}: uplink {box.uplink!r} is neither a device nor a box"
            otherwise = f"write {own[0]!r}" if own else "name its router or its parent box"
            remedy = names.hints.nearest(box.uplink, boxes.union(own), otherwise)
            yield Fault(("boxes", box_id, "uplink"), what, remedy)
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
