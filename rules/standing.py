"""How every box stands now: for maps, lists and the live picture, once a minute."""

from __future__ import annotations

from collections.abc import Iterator

from domain.alarm import Concern, Condition
from domain.facts import BoxStanding
from domain.place import Kind
from rules import notice, power
from rules.memory import BoxMemory, DeviceMemory, World
from rules.verdict import members


def standings(world: World) -> Iterator[BoxStanding]:
    """Linear in the city. While the monitor is blind, and of boxes not heard yet, nothing is known."""
    for box in world.boxes.values():
        yield _standing(world, box)


def _charge(memory: DeviceMemory) -> float | None:
    """What a UPS that answers said last."""
    if memory.device.kind is not Kind.UPS or memory.last is None or memory.suspect:
        return None
    return memory.last.values.get(power.CHARGE)


def _standing(world: World, box: BoxMemory) -> BoxStanding:
    down = [memory for memory in members(world, box) if memory.condition is Condition.DOWN]
    degraded = any(memory.condition is Condition.DEGRADED for memory in members(world, box))
    outage = box.incidents.get(Concern.OUTAGE)
    if world.watchman.doubts or not (box.last_ok_at or down):
        condition = Condition.UNKNOWN
    elif box.is_dark:
        condition = Condition.DOWN
    else:
        condition = Condition.DEGRADED if down or degraded else Condition.UP
    outlook, charge = notice.battery(world, box)
    if charge is None:
        charge = next(filter(None, map(_charge, members(world, box))), None)
    return BoxStanding(
        box=box.place.box,
        condition=condition,
        cause=outage.cause if outage else None,
        devices=len(box.place.devices),
        devices_down=len(down),
        cameras_dark=len(outage.cameras_dark) if outage else 0,
        incidents=len(box.incidents),
        on_battery=Concern.POWER in box.incidents if box.place.ups else None,
        charge_percent=charge,
        forecast=outlook,
    )
