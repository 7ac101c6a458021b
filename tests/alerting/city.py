"""A small set of people, places and incidents for the tests of this room."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

from alerting.decide import Plan
from alerting.load import load_roster, load_texts
from domain.alarm import Cause, Concern, Confidence, Notice, OwedEvent, Reason
from domain.facts import BoxFacts, IncidentFacts
from domain.place import Contact, Role

KARACHI = ZoneInfo("Asia/Karachi")
TEXTS = load_texts()
ROSTER = load_roster()

MINUTE = 60_000
NOW = 1_795_341_600_000  # Sunday 2026-11-22 15:00 in Karachi

CONCERN = {
    **dict.fromkeys(
        (
            Cause.DEVICE_SILENT,
            Cause.CAMERA_HUNG,
            Cause.PORT_DOWN,
            Cause.SWITCH_SILENT,
            Cause.UPLINK_DOWN,
            Cause.BOX_SILENT,
            Cause.BATTERY_EXHAUSTED,
            Cause.SUSPECTED_THEFT,
        ),
        Concern.OUTAGE,
    ),
    **dict.fromkeys((Cause.MAINS_LOST, Cause.FEEDER_OUTAGE), Concern.POWER),
    **dict.fromkeys(
        (Cause.BATTERY_REPLACE, Cause.BATTERY_FAST_DRAIN, Cause.BATTERY_LOW, Cause.BATTERY_RUNNING_OUT),
        Concern.BATTERY,
    ),
    **dict.fromkeys((Cause.CASING_OPEN, Cause.DOOR_OPEN, Cause.IDENTITY_CHANGED), Concern.TAMPER),
    **dict.fromkeys((Cause.PACKET_LOSS, Cause.SLOW, Cause.FLAPPING), Concern.DEGRADED),
    Cause.AGENT_OR_CREDENTIALS: Concern.AGENT,
    Cause.MONITOR_BLIND: Concern.MONITOR,
}

CONTACTS = {
    c.id: c
    for c in (
        Contact("eng-nrtc", "NRTC engineer", Role.ENGINEER, "+923001110001", contractors=frozenset({"nrtc"})),
        Contact(
            "eng-other", "Other engineer", Role.ENGINEER, "+923001110002", contractors=frozenset({"other"})
        ),
        Contact("on-call", "On-call", Role.ON_CALL, "+923001110003"),
        Contact("police-south", "South police", Role.POLICE, "+923001110004", districts=frozenset({"south"})),
        Contact("police-east", "East police", Role.POLICE, "+923001110005", districts=frozenset({"east"})),
        Contact("manager", "Manager", Role.MANAGEMENT, "+923001110006"),
    )
}


def incident(cause: Cause, **changes: Any) -> IncidentFacts:
    base = IncidentFacts(
        id=f"box-07/{CONCERN[cause]}",
        code="7KX2QP",
        concern=CONCERN[cause],
        cause=cause,
        confidence=Confidence.CONFIRMED,
        since=NOW - 7 * MINUTE,
        police=False,
    )
    return replace(base, **changes)


def facts(*incidents: IncidentFacts, **changes: Any) -> BoxFacts:
    base = BoxFacts(
        box="box-07",
        name="Teen Talwar",
        place="Clifton Rd, pole 7",
        district="south",
        contractor="nrtc",
        feeder="KE-11",
        latitude=24.83,
        longitude=67.03,
        incidents=incidents,
        cameras_total=6,
    )
    return replace(base, **changes)


def owed(
    what: BoxFacts,
    notice: Notice = Notice.OPENED,
    reason: Reason | None = None,
    at: int = NOW,
    name: str = "owed-1",
) -> OwedEvent:
    usual = {
        Notice.OPENED: Reason.OPENED,
        Notice.WORSE: Reason.CAUSE_WORSE,
        Notice.CLOSED: Reason.CLOSED,
    }
    return OwedEvent(
        name,
        at,
        what.box,
        notice,
        reason or usual[notice],
        tuple(i.id for i in what.incidents),
        what.as_json(),
    )


def plan(**changes: Any) -> Plan:
    base = Plan(contacts=CONTACTS, roster=ROSTER, texts=TEXTS, channels=("terminal",), zone=KARACHI)
    return replace(base, **changes)
