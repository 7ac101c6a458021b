"""Where everything belonged, and when: dated cities to spans of membership. PURE."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from domain.place import Bounds, Box, City, Device, Kind, Status
from reports.period import Period
from reports.spans import Painted

E_CHALLAN = "e-challan"
_WATCHED = (Status.IN_SERVICE, Status.COMMISSIONING)


@dataclass(frozen=True, slots=True)
class Dated:
    """The city as it was accepted at `at` (engine milliseconds); it holds until the next one."""

    at: int
    city: City


@dataclass(frozen=True, slots=True)
class Place:
    """Whose a device's seconds are while they are counted."""

    box: str
    district: str
    feeder: str | None
    contractor: str | None


@dataclass(slots=True)
class Tenure:
    """One device or box over the period: `counted` says where it belonged while in service,
    `entered` when it came under watch (anew), in seconds."""

    latest: Device | Box
    counted: list[Painted[Place]] = field(default_factory=list)
    watched: list[tuple[int, int]] = field(default_factory=list)
    entered: list[int] = field(default_factory=list)
    e_challan: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    devices: Mapping[str, Tenure]
    boxes: Mapping[str, Tenure]
    city: City  # the last that held, for names

    def is_camera(self, id_: str) -> bool:
        device = self.devices[id_].latest
        return isinstance(device, Device) and device.kind is Kind.CAMERA


def facts(dated: Sequence[Dated], period: Period) -> Facts:
    """`dated` by time; what was accepted after the period says nothing about it."""
    devices: dict[str, Tenure] = {}
    boxes: dict[str, Tenure] = {}
    held = [it for it in dated if it.at // 1000 < period.last]
    first_ever = held[0].at // 1000 if held else period.first
    for n, it in enumerate(held):
        first = max(it.at // 1000, period.first)
        last = min(held[n + 1].at // 1000, period.last) if n + 1 < len(held) else period.last
        if first >= last:
            continue
        places = {b.id: Place(b.id, b.district, b.feeder, b.contractor) for b in it.city.boxes.values()}
        for box in it.city.boxes.values():
            tenure = boxes.setdefault(box.id, Tenure(box))
            tenure.latest = box
            _hold(tenure, first, last, places[box.id], box.status, first_ever)
        for device in it.city.devices.values():
            box = it.city.boxes[device.box]
            tenure = devices.setdefault(device.id, Tenure(device))
            tenure.latest = device
            tenure.e_challan = E_CHALLAN in device.tags or E_CHALLAN in box.tags
            _hold(tenure, first, last, places[box.id], _worse(device.status, box.status), first_ever)
    return Facts(devices, boxes, held[-1].city if held else _NOWHERE)


def _hold(tenure: Tenure, first: int, last: int, place: Place, status: Status, first_ever: int) -> None:
    if status in _WATCHED:
        if tenure.watched and tenure.watched[-1][1] == first:
            tenure.watched[-1] = (tenure.watched[-1][0], last)
        else:
            tenure.watched.append((first, last))
            if tenure.watched[:-1] or first > first_ever:
                tenure.entered.append(first)
    if status is Status.IN_SERVICE:
        before = tenure.counted[-1] if tenure.counted else None
        if before and before[1] == first and before[2] == place:
            tenure.counted[-1] = (before[0], last, before[2])
        else:
            tenure.counted.append((first, last, place))


_LIFE = (Status.IN_SERVICE, Status.COMMISSIONING, Status.PLANNED, Status.RETIRED)


def _worse(one: Status, other: Status) -> Status:
    return max(one, other, key=_LIFE.index)


_NOWHERE = City("", Bounds(-90, -180, 90, 180))
