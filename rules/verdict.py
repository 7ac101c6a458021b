"""Why is it dark? Names the cause of a box's troubles from what its neighbours and clues say.

Each function looks at one box and one concern and returns a Verdict or None. A verdict is
`provisional` while a witness it rests on has not been asked since the trouble began; it is
acted on (the incident opens) but telling waits for the witness a little.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from domain.alarm import Cause, Concern, Confidence, Evidence, Phase
from domain.place import Kind
from rules import power
from rules.forecast import forecast
from rules.memory import BoxMemory, DeviceMemory, Grid, World

RANK = {cause: rank for rank, cause in enumerate(Cause)}
"""Causes of one concern are declared from mild to grave."""

WITNESS_ROUNDS = 2
"""Sweeps a missing witness is waited for; after that the verdict stands as it is."""

CLUE = "before it fell,"
"""How evidence of hands at work begins, and is known again in an incident's words."""


@dataclass(frozen=True, slots=True)
class Verdict:
    cause: Cause
    confidence: Confidence
    since: int
    devices: tuple[str, ...] = ()
    cameras: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    police: bool = False
    provisional: bool = False


def members(world: World, box: BoxMemory) -> Iterator[DeviceMemory]:
    return (world.devices[device.id] for device in box.place.devices)


def alarmed(world: World, box: BoxMemory, concern: Concern, now: int) -> Verdict | None:
    """The gravest alarm of this concern in the box, with every device that has one."""
    meaning = box.rules.meaning
    causes: set[Cause] = set()
    devices: set[str] = set()
    since = now
    words: list[str] = []
    for memory in members(world, box):
        for rule, state in memory.alarms.items():
            if rule in meaning and meaning[rule][0] is concern and memory.on(rule):
                causes.add(meaning[rule][1])
                devices.add(memory.device.id)
                since = min(since, state.first)
                words.append(f"{memory.device.id}: {rule.replace('-', ' ')}{_figure(memory, rule)}")
    if not causes:
        return None
    police, why = _tamper_told_to_police(box, since, now) if concern is Concern.TAMPER else (False, ())
    return Verdict(
        cause=max(causes, key=RANK.__getitem__),
        confidence=Confidence.CONFIRMED if concern is not Concern.BATTERY else Confidence.LIKELY,
        since=since,
        devices=tuple(sorted(devices)),
        evidence=(*sorted(words), *why),
        police=police,
    )


def _figure(memory: DeviceMemory, rule: str) -> str:
    """The number an alarm of the battery rests on, in words."""
    if memory.discharge is None or memory.last is None:
        return ""
    if rule == "forecast":
        says = power.runtime(memory.last.values)
        outlook = forecast(memory.discharge, says)
        ours = f", {outlook.likely_s / 60:.0f} min left by its own fall" if outlook else ""
        return ours + (f", {says / 60:.0f} min by the UPS" if says is not None else "")
    if rule == "habit" and (rate := memory.discharge.rate()):
        return f", {rate:.0f} % an hour against its usual {memory.habit:.0f}"
    charge = memory.last.values.get(power.CHARGE)
    return f", charge {charge:.0f} %" if charge is not None else ""


def _tamper_told_to_police(box: BoxMemory, since: int, now: int) -> tuple[bool, tuple[str, ...]]:
    """A contact alone is often a contractor at work: an authenticated word or a second kind of evidence."""
    if box.trusted_tamper_at >= since:
        return True, ("reported by authenticated SNMPv3",)
    if box.is_dark:
        return True, ("the box has gone dark as well",)
    falls = [port for at, port in box.falls if at >= since]
    if len(set(falls)) >= 2 and now - since <= box.rules.theft.corroboration:
        return True, (f"switch ports {', '.join(falls)} went down after it",)
    return False, ()


def mains(world: World, box: BoxMemory) -> Verdict | None:
    """Mains lost: with its feeder, or this box alone."""
    without = [memory for memory in members(world, box) if memory.on("mains")]
    if not without:
        return None
    since = min(memory.alarm("mains").first for memory in without)
    feeder = box.place.box.feeder
    cause = Cause.MAINS_LOST
    words: tuple[str, ...] = ()
    if feeder:
        grid = box.grid
        stands = box.incidents.get(Concern.POWER)
        together = len(grid.lost) >= box.rules.mains.need(grid.powered)
        if together or (stands and stands.cause is Cause.FEEDER_OUTAGE):  # it ends box by box
            cause = Cause.FEEDER_OUTAGE
        words = (f"{len(grid.lost)} of {grid.powered} boxes of feeder {feeder} are without mains",)
    said = [power.witnesses(m.last.values) for m in without if m.last]
    return Verdict(
        cause,
        Confidence.CONFIRMED if said else Confidence.LIKELY,
        since,
        tuple(sorted(memory.device.id for memory in without)),
        evidence=(*said, *words),
    )


def without_mains(world: World, box: BoxMemory) -> bool:
    """Seen on battery, hold over or not: the feeder's other boxes fall within seconds."""
    return any(
        world.devices[ups].alarm("mains").phase in (Phase.PENDING, Phase.FIRING) for ups in box.place.ups
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


def outage(world: World, box: BoxMemory, now: int) -> Verdict | None:
    """The whole box, or the devices of it that do not answer."""
    if box.is_dark:
        return _dark(world, box, now)
    silent = [memory for memory in members(world, box) if memory.on("silent")]
    if not silent:
        return None
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


def _dark(world: World, box: BoxMemory, now: int) -> Verdict:
    devices = list(members(world, box))
    fell = [memory.alarm("silent").first or box.dark.first for memory in devices]
    first, last = min(fell), max(fell)
    everyone = tuple(sorted(memory.device.id for memory in devices))
    cameras = tuple(sorted(box.place.cameras))

    def named(
        cause: Cause, how: Confidence, *words: str, police: bool = False, wait: bool = False
    ) -> Verdict:
        return Verdict(cause, how, first, everyone, cameras, words, police, wait)

    waiting = now - last <= max(WITNESS_ROUNDS * box.place.interval + box.rules.dark.hold, box.place.round)
    shadow, parent_known = _shadowed(world, box, first, now)
    if shadow:
        return named(Cause.UPLINK_DOWN, Confidence.CONFIRMED, shadow)
    stood = box.incidents.get(Concern.OUTAGE)
    # judged by the hour of the fall: witnesses of later hours, and a watcher that has begun anew and
    # heard none of them, change nothing of it
    if stood and stood.cause is Cause.SUSPECTED_THEFT:
        return _theft(box, first, stood.evidence, named, now)
    if stood and stood.cause is Cause.BATTERY_EXHAUSTED:
        return named(stood.cause, stood.confidence, *stood.evidence)
    battery = _exhausted(world, box, first)
    if battery:
        return named(Cause.BATTERY_EXHAUSTED, Confidence.LIKELY, battery)
    on_battery = [m.device.id for m in devices if m.on("mains")]
    if on_battery:
        return named(Cause.BOX_SILENT, Confidence.CONFIRMED, "it was on battery, with charge left")
    if not parent_known:
        return named(Cause.BOX_SILENT, Confidence.CONFIRMED, "its uplink was not heard since", wait=waiting)
    if last - first > box.rules.theft.together:
        return named(Cause.BOX_SILENT, Confidence.CONFIRMED, "its devices fell silent one after another")
    if box.parent_back_at > first:
        return named(Cause.BOX_SILENT, Confidence.CONFIRMED, "it did not come back with its uplink")
    healthy = max((m.power_ok_at for m in devices), default=0)
    if not healthy or first - healthy > box.rules.theft.power_fresh:
        return named(Cause.BOX_SILENT, Confidence.CONFIRMED, "nothing is known of its power when it fell")
    neighbours, known = _neighbours(world, box, first)
    if not neighbours:
        word = "no neighbour could vouch for its feeder" if known else "its neighbours were not heard since"
        return named(Cause.BOX_SILENT, Confidence.CONFIRMED, word, wait=waiting and not known)
    words = (
        f"all {len(devices)} devices fell silent within {max((last - first) // 1000, 1)} s",
        f"power was healthy {max((first - healthy) // 1000, 0)} s before",
        f"neighbours alive: {', '.join(neighbours)}",
    )
    return _theft(box, first, words, named, now)


def _theft(
    box: BoxMemory, first: int, words: tuple[str, ...], named: Callable[..., Verdict], now: int
) -> Verdict:
    """Suspected, and worded so; the police hear of it with a clue of another kind, or after the hold."""
    clues = [clue for clue in _clues(box, first) if clue not in words]
    corroborated = bool(clues) or any(word.startswith(CLUE) for word in words)
    held = now - first >= box.rules.theft.police_hold
    minutes = f"silent for {box.rules.theft.police_hold // 60_000} min"
    if held and not corroborated and minutes not in words:
        clues.append(minutes)
    return named(
        Cause.SUSPECTED_THEFT,
        Confidence.LIKELY if corroborated else Confidence.SUSPECTED,
        *words,
        *clues,
        police=corroborated or held,
    )


def uplink_fell_at(world: World, box: BoxMemory) -> int | None:
    """When the box its data passes through, or the very device named, fell silent; None: it has not."""
    place = box.place
    parent = world.boxes.get(place.parent) if place.parent else None
    if parent is None:  # none, or planned or retired: nobody watches it
        return None
    uplink = world.devices.get(place.uplink) if place.uplink else None
    if uplink is not None and uplink.on("silent"):
        return uplink.alarm("silent").first
    return parent.dark.first if parent.is_dark else None


def uplink_dark(world: World, box: BoxMemory) -> bool:
    return uplink_fell_at(world, box) is not None


def uplink_grace(box: BoxMemory) -> int:
    """How long a shadow may take to come back after its uplink, in milliseconds."""
    return box.rules.dark.hold + WITNESS_ROUNDS * box.place.interval


def _shadowed(world: World, box: BoxMemory, since: int, now: int) -> tuple[str, bool]:
    """(why it is a shadow or "", whether its uplink is known to be alive)."""
    place = box.place
    parent = world.boxes.get(place.parent) if place.parent else None
    if parent is None:
        return "", True
    name = place.uplink or place.parent
    fell = uplink_fell_at(world, box)
    stood = box.incidents.get(Concern.OUTAGE)
    shadow = stood is not None and stood.cause is Cause.UPLINK_DOWN
    if fell is not None and (shadow or fell <= since + max(box.rules.theft.together, 2 * place.interval)):
        return f"its uplink {name} is dark", True  # one that fell well after it explains nothing
    if box.parent_back_at and now - box.parent_back_at < uplink_grace(box):
        return f"its uplink {name} came back just now", True
    uplink = world.devices.get(place.uplink) if place.uplink else None
    return "", (uplink.last_ok_at if uplink else parent.last_ok_at) > since


def _exhausted(world: World, box: BoxMemory, since: int) -> str:
    """Dark after time on battery: did the battery give out? The words, or ""."""
    for memory in members(world, box):
        if not memory.on("mains") or memory.last is None:
            continue
        charge = memory.last.values.get(power.CHARGE)
        runtime = power.runtime(memory.last.values)
        gone = max(since - memory.last.at, 0) / 1000
        if charge is not None and charge <= power.SPENT_PERCENT:
            return f"on battery, charge was {charge:.0f} % when last read"
        if memory.on("forecast"):
            return "on battery, and it was forecast to run out"
        if runtime is not None and runtime <= gone:
            return f"on battery, and the UPS gave it {runtime / 60:.0f} min"
    return ""


def _neighbours(world: World, box: BoxMemory, since: int) -> tuple[list[str], bool]:
    """Boxes on the same feeder and uplink heard alive since; and whether all were asked by now.

    Those on the feeder must have mains, for a dead feeder explains a dark box."""
    place, grid = box.place, box.grid
    near = grid.boxes if place.box.feeder else ()
    lit = _heard(world, box, grid, near, since)
    powered = list(islice((id_ for id_ in lit if _powered(world, world.boxes[id_], since)), 3))
    if len(near) > 1 and not powered:
        return [], all(_asked(world, world.boxes[id_], since) for id_ in near if id_ != place.box.id)
    if place.parent is not None:  # its uplink is known alive by now
        return [*powered, place.parent][:3], True
    core = (id_ for other in world.grids.values() for id_ in _heard(world, box, other, other.roots, since))
    found = list(islice(core, 6))
    return [*powered, *(id_ for id_ in found if id_ not in powered)][:3], bool(found)


def _heard(world: World, box: BoxMemory, grid: Grid, among: Iterable[str], since: int) -> Iterator[str]:
    """Boxes of one feeder, but this one, heard since and not dark meanwhile: who fell with it and came
    back vouches for nothing. A feeder that is mute is not searched."""
    if grid.last_ok_at > since:
        for id_ in among:
            other = world.boxes[id_]
            if other.last_ok_at > since >= other.lit_at and not other.is_dark and other is not box:
                yield id_


def _powered(world: World, box: BoxMemory, since: int) -> bool:
    """Its mains was there all the time since: its UPS was read healthy, or it has none and lives."""
    if box.place.box.id in box.grid.lost or box.mains_at > since:
        return False
    return not box.place.ups or any(world.devices[ups].power_ok_at > since for ups in box.place.ups)


def _asked(world: World, box: BoxMemory, since: int) -> bool:
    """Heard since, and its UPS too."""
    if box.last_ok_at <= since:
        return False
    return not box.place.ups or any(world.devices[ups].last_ok_at > since for ups in box.place.ups)


def _clues(box: BoxMemory, since: int) -> list[str]:
    """A second kind of evidence that hands were at work shortly before the box fell silent."""
    window = box.rules.theft.corroboration
    clues = []
    if box.door_at and -window <= box.door_at - since <= window:
        clues.append(f"{CLUE} its door or casing had been opened")
    ports = list(dict.fromkeys(port for at, port in box.falls if since - window <= at))
    if len(ports) >= 2 and len({at for at, _ in box.falls if since - window <= at}) >= 2:
        clues.append(f"{CLUE} switch ports {', '.join(ports)} had gone down one after another")
    if box.identity_at and abs(box.identity_at - since) <= window:
        clues.append(f"{CLUE} a device of it had changed its identity")
    return clues


def dark_evidence(world: World, box: BoxMemory) -> tuple[Evidence, int]:
    """For the rule `dark`: every device silent or about to be; and when the last one fell.

    A box that was left without devices is not dark: there is nobody to say so."""
    fell = 0
    for memory in members(world, box):
        state = memory.alarms.get("silent")
        if state is None or state.phase is Phase.CLEAR:
            return Evidence.GOOD, 0
        fell = max(fell, state.first)
    return (Evidence.BAD, fell) if fell else (Evidence.GOOD, 0)
