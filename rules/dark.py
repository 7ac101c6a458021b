"""Why is a whole box dark? Its uplink, its battery, its neighbours and the clues of hands at work tell."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice

from domain.alarm import Cause, Concern, Confidence, Evidence, Phase
from rules import power
from rules.memory import BoxMemory, Grid, World
from rules.verdict import WITNESS_ROUNDS, Verdict, members

CLUE = "before it fell,"
"""How evidence of hands at work begins, and is known again in an incident's words."""


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


def dark(world: World, box: BoxMemory, now: int) -> Verdict:
    devices = list(members(world, box))
    fell = [memory.alarm("silent").first or box.dark.first for memory in devices]
    first, last = min(fell), max(fell)
    everyone = tuple(sorted(memory.device.id for memory in devices))
    cameras = tuple(sorted(box.place.cameras))

    def named(
        cause: Cause, how: Confidence, *words: str, police: bool = False, wait: bool = False
    ) -> Verdict:
        return Verdict(cause, how, first, everyone, cameras, words, police, wait)

    began = world.watchman.seeing_since
    window = max(WITNESS_ROUNDS * box.place.interval + box.rules.dark.hold, box.place.round)
    if began > last:  # a watcher that has begun anew must first find its witnesses silent again
        window += box.rules.silent.hold
    waiting = now - max(last, began) <= window
    shadow, parent_known = _shadowed(world, box, first, now)
    if shadow:
        return named(Cause.UPLINK_DOWN, Confidence.CONFIRMED, shadow)
    stood = box.incidents.get(Concern.OUTAGE)
    fellow = _fell_with(world, box, first)
    # judged by the hour of the fall: witnesses of later hours, and a watcher that has begun anew and
    # heard none of them, change nothing of it
    if stood and stood.cause is Cause.SUSPECTED_THEFT and (Concern.OUTAGE in box.told or not fellow):
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
    if fellow:
        word = f"{fellow} on its feeder fell with it: a line or a feeder, rather than thieves"
        return named(Cause.BOX_SILENT, Confidence.CONFIRMED, word)
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


def _fell_with(world: World, box: BoxMemory, first: int) -> str | None:
    """Another box of its feeder, no shadow of it, that fell within the time thieves need for one,
    back by now or not."""
    if not box.place.box.feeder:
        return None
    others = (world.boxes[id_] for id_ in box.grid.boxes)
    return next(
        (
            other.place.box.id
            for other in others
            if other is not box
            and other.place.parent != box.place.box.id
            and (other.lit_at > first or _fell_near(other, first, box.rules.theft.together))
        ),
        None,
    )


def _fell_near(box: BoxMemory, first: int, together: int) -> bool:
    return box.is_dark and abs(box.dark.first - first) <= together


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
