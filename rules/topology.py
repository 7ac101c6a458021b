"""Who stands behind whom: indexes over the city, made once per accepted configuration."""

from __future__ import annotations

from dataclasses import dataclass

from domain.place import Box, City, Device, Kind, Status

ASKING_S = 10.0
"""The longest a poll with its retries takes."""

WATCHED = (Status.IN_SERVICE, Status.COMMISSIONING)


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """One box with all that its verdicts need. `parent` is the box its data passes through;
    `uplink` the very device, where the inventory names one."""

    box: Box
    devices: tuple[Device, ...]
    cameras: tuple[str, ...]
    e_challan: frozenset[str]
    ups: tuple[str, ...]
    switches: tuple[str, ...]
    parent: str | None
    uplink: str | None
    children: tuple[str, ...]
    interval: int  # the slowest ICMP interval in the box, milliseconds
    round: int  # within this all its devices are either heard or called silent, milliseconds


@dataclass(frozen=True, slots=True)
class Topology:
    city: City
    boxes: dict[str, Neighbourhood]
    feeders: dict[str, tuple[str, ...]]  # feeder id -> watched boxes on it; "": on none


def _parent(city: City, box: Box) -> tuple[str | None, str | None]:
    if box.uplink is None:
        return None, None
    if box.uplink in city.boxes:
        return box.uplink, None
    device = city.devices[box.uplink]
    return (device.box if device.box != box.id else None), device.id


def survey(city: City) -> Topology:
    """Linear in the city. Only boxes in service or commissioning are watched."""
    watched = {box.id: box for box in city.boxes.values() if box.status in WATCHED}
    devices: dict[str, list[Device]] = {box: [] for box in watched}
    for device in city.devices.values():
        if device.box in devices and device.status in WATCHED:
            devices[device.box].append(device)
    parents = {box.id: _parent(city, box) for box in watched.values()}
    children: dict[str, list[str]] = {}
    feeders: dict[str, list[str]] = {}
    for box in watched.values():
        parent, _ = parents[box.id]
        if parent:
            children.setdefault(parent, []).append(box.id)
        feeders.setdefault(box.feeder or "", []).append(box.id)
    boxes = {
        box.id: _neighbourhood(box, devices[box.id], parents[box.id], children.get(box.id, []))
        for box in watched.values()
    }
    return Topology(city, boxes, {feeder: tuple(ids) for feeder, ids in feeders.items()})


def _round_s(device: Device) -> float:
    """Two sweeps, or one and the agent's poll, whichever takes longer; and what the asking takes."""
    agent = device.snmp_interval_s if device.snmp is not None else 0.0
    return device.icmp_interval_s + max(device.icmp_interval_s, agent) + ASKING_S


def _neighbourhood(
    box: Box, devices: list[Device], parent: tuple[str | None, str | None], children: list[str]
) -> Neighbourhood:
    cameras = tuple(d.id for d in devices if d.kind is Kind.CAMERA)
    tagged = "e-challan" in box.tags
    return Neighbourhood(
        box=box,
        devices=tuple(devices),
        cameras=cameras,
        e_challan=frozenset(
            d.id for d in devices if d.kind is Kind.CAMERA and (tagged or "e-challan" in d.tags)
        ),
        ups=tuple(d.id for d in devices if d.kind is Kind.UPS),
        switches=tuple(d.id for d in devices if d.kind is Kind.SWITCH),
        parent=parent[0],
        uplink=parent[1],
        children=tuple(children),
        interval=max((int(d.icmp_interval_s * 1000) for d in devices), default=30_000),
        round=max((int(_round_s(d) * 1000) for d in devices), default=60_000),
    )
