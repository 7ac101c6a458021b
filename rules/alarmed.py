"""Verdicts that are alarms taken together: tamper, battery, degraded, agent; and mains lost."""

from __future__ import annotations

from domain.alarm import Cause, Concern, Confidence, Phase
from rules import power
from rules.forecast import forecast
from rules.memory import BoxMemory, DeviceMemory, World
from rules.verdict import RANK, Verdict, members


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
