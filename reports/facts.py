"""Where everything belonged, and when: dated cities to spans of membership. PURE."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

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


class Place(NamedTuple):  # its hash is asked for at every stretch: a tuple's is made in C
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
    entered: list[int] = field(default_factory=list)
    e_challan: bool = False
    present: bool = False  # in the inventory at any time of the period
    watched_until: int = -1


@dataclass(frozen=True, slots=True)
class Facts:
    devices: Mapping[str, Tenure]
    boxes: Mapping[str, Tenure]
    city: City  # the last that held, for names

    def is_camera(self, id_: str) -> bool:
        device = self.devices[id_].latest
        return isinstance(device, Device) and device.kind is Kind.CAMERA


def facts(dated: Sequence[Dated], period: Period) -> Facts:
    """`dated` by time; what was accepted after the period says nothing about it, what held before it
    says only since when things have been under watch."""
    devices: dict[str, Tenure] = {}
    boxes: dict[str, Tenure] = {}
    held = [it for it in dated if it.at // 1000 < period.last]
    for n, it in enumerate(held):
        began = it.at // 1000
        ended = held[n + 1].at // 1000 if n + 1 < len(held) else period.last
        span = _Span(began, ended, max(began, period.first), min(ended, period.last), n == 0)
        if began >= ended:
            continue
        places = {b.id: Place(b.id, b.district, b.feeder, b.contractor) for b in it.city.boxes.values()}
        for box in it.city.boxes.values():
            tenure = boxes.setdefault(box.id, Tenure(box))
            tenure.latest = box
            _hold(tenure, span, places[box.id], box.status)
        for device in it.city.devices.values():
            box = it.city.boxes[device.box]
            tenure = devices.setdefault(device.id, Tenure(device))
            tenure.latest = device
            tenure.e_challan = E_CHALLAN in device.tags or E_CHALLAN in box.tags
            _hold(tenure, span, places[box.id], _worse(device.status, box.status))
    for tenures in (devices, boxes):  # what was gone before the period began is no part of it
        for id_ in [id_ for id_, tenure in tenures.items() if not tenure.present]:
            del tenures[id_]
    return Facts(devices, boxes, held[-1].city if held else _NOWHERE)


@dataclass(frozen=True, slots=True)
class _Span:
    """From when to when a configuration held, and the part of it in the period."""

    began: int
    ended: int
    first: int
    last: int
    oldest: bool


def _hold(tenure: Tenure, span: _Span, place: Place, status: Status) -> None:
    if status in _WATCHED:
        if tenure.watched_until != span.began and not span.oldest:
            tenure.entered.append(span.began)
        tenure.watched_until = span.ended
    if span.first >= span.last:
        return
    tenure.present = True
    if status is Status.IN_SERVICE:
        before = tenure.counted[-1] if tenure.counted else None
        if before and before[1] == span.first and before[2] == place:
            tenure.counted[-1] = (before[0], span.last, before[2])
        else:
            tenure.counted.append((span.first, span.last, place))


_LIFE = (Status.IN_SERVICE, Status.COMMISSIONING, Status.PLANNED, Status.RETIRED)


def _worse(one: Status, other: Status) -> Status:
    return max(one, other, key=_LIFE.index)


_NOWHERE = City("", Bounds(-90, -180, 90, 180))
