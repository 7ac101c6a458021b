"""Why do some devices of a living box not answer? Their switch ports tell."""

from __future__ import annotations

from domain.alarm import Cause, Concern, Confidence
from domain.place import Kind
from rules.dark import dark
from rules.memory import BoxMemory, DeviceMemory, World
from rules.verdict import RANK, Verdict, members

OF_BOXES = (Cause.UPLINK_DOWN, Cause.BOX_SILENT, Cause.BATTERY_EXHAUSTED, Cause.SUSPECTED_THEFT)
"""Why a whole box was dark is why its devices still are, until they have had the time to start."""


def outage(world: World, box: BoxMemory, now: int) -> Verdict | None:
    """The whole box, or the devices of it that do not answer."""
    if box.is_dark:
        return dark(world, box, now)
    silent = [memory for memory in members(world, box) if memory.on("silent")]
    if not silent:
        return None
    stands = box.incidents.get(Concern.OUTAGE)
    if stands and stands.cause in OF_BOXES and now - box.lit_at < box.rules.boot:
        ids = tuple(sorted(memory.device.id for memory in silent))
        cameras = tuple(camera for camera in sorted(box.place.cameras) if camera in ids)
        return Verdict(stands.cause, stands.confidence, stands.since, ids, cameras, stands.evidence)
    found = {memory.device.id: device_cause(world, memory) for memory in silent}
    cause = max((why[0] for why in found.values()), key=RANK.__getitem__)
    newest = max(memory.alarm("silent").first for memory in silent)
    hung = cause is Cause.CAMERA_HUNG
    return Verdict(
        cause,
        Confidence.LIKELY if hung else Confidence.CONFIRMED,
        min(memory.alarm("silent").first for memory in silent),
        tuple(sorted(found)),
        tuple(sorted(camera for camera in box.place.cameras if camera in found)),
        tuple(why[1] for _, why in sorted(found.items())),
        provisional=now - newest <= box.place.round and _falling(world, box, newest),
    )


def _falling(world: World, box: BoxMemory, newest: int) -> bool:
    """Are there devices not heard since the last one fell, nor silent yet? Then it may be the whole box,
    or its switch: where sweeps are spread over a minute its cameras must not be told one by one."""
    return any(
        memory.last_ok_at <= newest and memory.heard_icmp and not memory.on("silent")
        for memory in members(world, box)
    )


def device_cause(world: World, memory: DeviceMemory) -> tuple[Cause, str]:
    """Why one device of a living box is silent, by what its switch says of its port."""
    fed_by = memory.device.fed_by
    if memory.device.kind is Kind.SWITCH:
        return Cause.SWITCH_SILENT, f"{memory.device.id} does not answer"
    switch = world.devices.get(fed_by[0]) if fed_by else None
    if fed_by is None or switch is None:
        return Cause.DEVICE_SILENT, f"{memory.device.id} does not answer"
    if switch.on("silent"):
        return Cause.SWITCH_SILENT, f"{memory.device.id} is behind {switch.device.id}, which does not answer"
    if switch.last is None or switch.last.at < memory.alarm("silent").first:
        return (
            Cause.DEVICE_SILENT,
            f"{memory.device.id} does not answer; {switch.device.id} was not read since",
        )
    port = fed_by[1]
    up = switch.last.values.get(("port_up", port))
    fed = switch.last.values.get(("poe_port_delivering", port))
    if up == 0 or fed == 0:
        return Cause.PORT_DOWN, f"{memory.device.id}: port {port} of {switch.device.id} is down or unpowered"
    if up == 1 or fed == 1:
        state = "up and powered" if fed == 1 else "up"
        return Cause.CAMERA_HUNG, f"{memory.device.id}: port {port} of {switch.device.id} is {state}"
    return Cause.DEVICE_SILENT, f"{memory.device.id} does not answer"
