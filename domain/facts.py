"""Facts: the snapshot a message is worded from, so that telling needs no engine and no inventory.

Made by the rule engine when something is owed, kept in the journal as JSON with the owed event,
read by alerting.message and alerting.decide. Times are engine milliseconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from domain.alarm import Cause, Concern, Condition, Confidence
from domain.place import Box


@dataclass(frozen=True, slots=True)
class Forecast:
    """Seconds until the battery can carry the load no longer, with an honest interval."""

    low_s: float
    likely_s: float
    high_s: float
    ups_says_s: float | None = None  # the UPS's own number, shown beside ours


@dataclass(frozen=True, slots=True)
class IncidentFacts:
    id: str
    code: str
    concern: Concern
    cause: Cause
    confidence: Confidence
    since: int
    police: bool
    closed_at: int | None = None
    acknowledged_by: str = ""
    devices: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BoxFacts:
    """`incidents` holds what this notice is about, gravest first; `standing` what else is open."""

    box: str
    name: str
    place: str
    district: str
    contractor: str
    feeder: str  # its name, for people
    latitude: float
    longitude: float
    incidents: tuple[IncidentFacts, ...]
    standing: tuple[IncidentFacts, ...] = ()
    cameras_total: int = 0
    cameras_dark: int = 0
    e_challan_dark: int = 0
    shadowed_boxes: int = 0  # boxes behind this one that are dark because of it
    forecast: Forecast | None = None
    charge_percent: float | None = None

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def _incident(raw: Mapping[str, Any]) -> IncidentFacts:
    return IncidentFacts(
        **{
            **raw,
            "concern": Concern(raw["concern"]),
            "cause": Cause(raw["cause"]),
            "confidence": Confidence(raw["confidence"]),
            "devices": tuple(raw["devices"]),
            "evidence": tuple(raw["evidence"]),
        }
    )


def box_facts(raw: Mapping[str, Any]) -> BoxFacts:
    """The reverse of `BoxFacts.as_json`, after a trip through JSON."""
    forecast = raw["forecast"]
    return BoxFacts(
        **{
            **raw,
            "incidents": tuple(map(_incident, raw["incidents"])),
            "standing": tuple(map(_incident, raw["standing"])),
            "forecast": Forecast(**forecast) if forecast else None,
        }
    )


@dataclass(frozen=True, slots=True)
class BoxStanding:
    """How one box stands at one moment; None where it is not known."""

    box: Box
    condition: Condition
    cause: Cause | None = None  # why it is not up
    devices: int = 0
    devices_down: int = 0
    cameras_dark: int = 0
    incidents: int = 0
    on_battery: bool | None = None
    charge_percent: float | None = None
    forecast: Forecast | None = None
