"""What people are owed: when a change of a box is worth a message, and the facts it is worded from."""

from __future__ import annotations

import hashlib
from collections.abc import Container, Iterable, Sequence
from dataclasses import replace

from domain.alarm import Cause, Concern, Incident, Notice, OwedEvent, Reason
from domain.facts import BoxFacts, Forecast, IncidentFacts
from domain.place import City
from rules import power
from rules.forecast import forecast
from rules.memory import BoxMemory, Told, World
from rules.verdict import RANK, members

_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # no 0/O, 1/I/L, U: codes are read aloud at night
CODE_LENGTH = 6

_CAUSES = tuple(Cause)


def code_of(incident: str, taken: Container[str]) -> str:
    """Six characters to quote, derived from the incident's id; unlike every code in `taken`."""
    salt = 0
    while True:
        number = int.from_bytes(hashlib.sha256(f"{incident}#{salt}".encode()).digest()[:8])
        code = ""
        for _ in range(CODE_LENGTH):
            number, digit = divmod(number, len(_ALPHABET))
            code += _ALPHABET[digit]
        if code not in taken:
            return code
        salt += 1


def as_told(incident: Incident) -> Told:
    return Told(RANK[incident.cause], frozenset(incident.cameras_dark), incident.police)


def as_it_was_told(incident: Incident, told: Told) -> Incident:
    """What is over is what people were told of, not the milder thing it had dwindled to."""
    return replace(incident, cause=_CAUSES[told.rank])


def news(incident: Incident, told: Told | None) -> tuple[Notice, Reason] | None:
    """What there is to tell of an open incident beyond what was told, if anything."""
    if told is None:
        return Notice.OPENED, Reason.OPENED
    if incident.police and not told.police:
        held = any(word.startswith("silent for ") for word in incident.evidence)
        return Notice.WORSE, Reason.HOLD_ELAPSED if held else Reason.CORROBORATED
    if RANK[incident.cause] > told.rank:
        return Notice.WORSE, Reason.CAUSE_WORSE
    if set(incident.cameras_dark) - told.cameras:
        return Notice.WORSE, Reason.MORE_DARK
    return None


def incident_facts(incident: Incident) -> IncidentFacts:
    return IncidentFacts(
        id=incident.id,
        code=incident.code,
        concern=incident.concern,
        cause=incident.cause,
        confidence=incident.confidence,
        since=incident.since,
        police=incident.police,
        closed_at=incident.closed_at,
        acknowledged_by=incident.acknowledged_by,
        devices=incident.devices,
        evidence=incident.evidence,
    )


_GRAVITY = (
    Concern.MONITOR,
    Concern.OUTAGE,
    Concern.TAMPER,
    Concern.BATTERY,
    Concern.POWER,
    Concern.DEGRADED,
    Concern.AGENT,
)


def _gravest_first(incidents: Iterable[Incident]) -> list[Incident]:
    return sorted(incidents, key=lambda i: (_GRAVITY.index(i.concern), i.opened_at, i.id))


def box_facts(world: World, city: City, box: BoxMemory, about: Sequence[Incident]) -> BoxFacts:
    """The snapshot of one box for one message."""
    place = box.place
    dark = {camera for incident in box.incidents.values() for camera in incident.cameras_dark}
    feeder = city.feeders.get(place.box.feeder or "")
    outlook, charge = battery(world, box)
    named = {incident.id for incident in about}
    return BoxFacts(
        box=place.box.id,
        name=place.box.name,
        place=place.box.place,
        district=place.box.district,
        contractor=place.box.contractor or "",
        feeder=feeder.name if feeder else "",
        latitude=place.box.latitude,
        longitude=place.box.longitude,
        incidents=tuple(map(incident_facts, _gravest_first(about))),
        standing=tuple(
            incident_facts(i) for i in _gravest_first(box.incidents.values()) if i.id not in named
        ),
        cameras_total=len(place.cameras),
        cameras_dark=len(dark),
        e_challan_dark=len(dark & place.e_challan),
        shadowed_boxes=_shadowed(world, box),
        forecast=outlook,
        charge_percent=charge,
    )


def _shadowed(world: World, box: BoxMemory) -> int:
    """Dark boxes behind this one, at any depth."""
    count, stack = 0, list(box.place.children)
    while stack:
        child = world.boxes[stack.pop()]
        count += child.is_dark
        stack.extend(child.place.children)
    return count


def battery(world: World, box: BoxMemory) -> tuple[Forecast | None, float | None]:
    """The first discharging UPS's forecast and charge; the UPS's own number alone has no interval."""
    for memory in members(world, box):
        if memory.discharge is None or memory.last is None or memory.suspect:
            continue  # of a UPS that is silent itself nothing is known any more
        says = power.runtime(memory.last.values)
        charge = memory.last.values.get(power.CHARGE)
        return forecast(memory.discharge, says), charge
    return None, None


def monitor_facts(city: City, incident: Incident) -> BoxFacts:
    return BoxFacts(
        box="monitor",
        name=city.name,
        place="",
        district="",
        contractor="",
        feeder="",
        latitude=0.0,
        longitude=0.0,
        incidents=(incident_facts(incident),),
    )


def owed(at: int, box: str, notice: Notice, reason: Reason, facts: BoxFacts) -> OwedEvent:
    """Its id is made of what it is about, so that the same promise made twice is one."""
    ids = tuple(incident.id for incident in facts.incidents)
    return OwedEvent(f"{box}@{at}:{notice}", at, box, notice, reason, ids, facts.as_json())
