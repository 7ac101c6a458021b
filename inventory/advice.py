"""What is allowed and yet most likely not meant: warnings, which refuse nothing. PURE."""

from __future__ import annotations

from collections.abc import Iterator

from config.located import Loc
from config.shape import Fault
from domain.place import City, Role, Status


def advice(city: City) -> Iterator[Fault]:
    yield from _nobody_told(city)
    yield from _one_port(city)
    yield from _odd_uplinks(city)
    if not city.references and city.boxes:
        what = "no references: a cut of the monitor's own link will look like a dark city"
        yield Fault((), what, "name two or three hosts that are always up, under references:")


def _nobody_told(city: City) -> Iterator[Fault]:
    told = [c for c in city.contacts.values() if c.role in (Role.ENGINEER, Role.ON_CALL)]
    seen: set[tuple[str, str | None]] = set()
    for box in city.boxes.values():
        pair = (box.district, box.contractor)
        if pair in seen or box.status is Status.RETIRED:
            continue
        seen.add(pair)
        if not any(
            (not c.districts or box.district in c.districts)
            and (not c.contractors or box.contractor in c.contractors)
            for c in told
        ):
            whose = f"district {box.district}, contractor {box.contractor or 'none'}"
            what = f"no engineer or on-call contact is told of box {box.id} and its like ({whose})"
            yield Fault(("boxes", box.id), what, "add one under contacts:")


def _one_port(city: City) -> Iterator[Fault]:
    fed: dict[tuple[str, str], str] = {}
    for device in city.devices.values():
        if device.fed_by is None or device.status is Status.RETIRED:
            continue
        other = fed.setdefault(device.fed_by, device.id)
        if other != device.id:
            switch, port = device.fed_by
            loc: Loc = ("boxes", device.box, "devices", device.id, "fed_by")
            what = f"{device.id} and {other} are fed by the same port {port} of {switch}"
            yield Fault(loc, what, "check which of them it is")


def _odd_uplinks(city: City) -> Iterator[Fault]:
    for box in city.boxes.values():
        device = city.devices.get(box.uplink or "")
        if device is not None and device.kind not in ("router", "switch"):
            what = f"box {box.id}: its uplink {device.id} is a {device.kind}"
            yield Fault(("boxes", box.id, "uplink"), what, "name a router, a switch or a parent box")
