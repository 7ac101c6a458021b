"""What happened, as the lines that `replay` prints and `run --record` keeps beside its recording.

Every change becomes its incidents' events, the engine's silences, then who is told by whom in
which words, decided by the same pure function that `tell` uses.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from alerting.decide import Memory, Plan, decide
from app.record import iso
from domain.alarm import Decision, Incident, OwedEvent
from domain.facts import box_facts
from domain.record import Change

Event = dict[str, Any]


class Events:
    """A fold over changes; `plan` may be replaced when the configuration is."""

    def __init__(self, plan: Plan, open_incidents: tuple[Incident, ...] = ()) -> None:
        self.plan = plan
        self._memory = Memory()
        self._known = {incident.id: incident for incident in open_incidents}

    def of(self, change: Change) -> Iterator[Event]:
        for incident in change.incidents:
            yield self._incident(change.at, incident)
        for decision in change.decisions:
            yield self._suppressed(decision, self._known.get(decision.subject))
        for owed in change.owed:
            yield from self._told(owed)

    def _incident(self, at: int, incident: Incident) -> Event:
        opened = incident.id not in self._known
        self._known[incident.id] = incident
        closed = incident.closed_at is not None
        name = "incident_closed" if closed else "incident_opened" if opened else "incident_changed"
        if closed:
            why = incident.close_reason
        elif incident.acknowledged_at == at:
            why = f"acknowledged by {incident.acknowledged_by}"
        else:
            why = "; ".join(incident.evidence)
        return _event(at, name, incident, why) | {
            "since": iso(incident.since),
            "devices": list(incident.devices),
            "cameras_dark": len(incident.cameras_dark),
            "police": incident.police,
        }

    def _suppressed(self, decision: Decision, incident: Incident | None) -> Event:
        return _event(decision.at, "suppressed", incident, str(decision.reason)) | {
            "target": decision.target,
            "text": decision.detail,
        }

    def _told(self, owed: OwedEvent) -> Iterator[Event]:
        decided = decide(owed, self.plan, self._memory)
        self._memory = decided.memory
        lead = box_facts(owed.facts).incidents[0]
        incident = self._known.get(lead.id)
        for delivery in decided.deliveries:
            yield _event(owed.at, "sms", incident, str(owed.reason)) | {
                "to": delivery.number,
                "contact": delivery.contact,
                "notice": str(owed.notice),
                "text": delivery.text,
            }
        for decision in decided.decisions:
            if not decision.told:
                yield _event(owed.at, "suppressed", incident, str(decision.reason)) | {
                    "text": decision.detail
                }


def _event(at: int, name: str, incident: Incident | None, reason: str) -> Event:
    return {
        "at": iso(at),
        "event": name,
        "incident": incident.id if incident else "",
        "code": incident.code if incident else "",
        "target": incident.target if incident else "",
        "concern": str(incident.concern) if incident else "",
        "cause": str(incident.cause) if incident else "",
        "confidence": str(incident.confidence) if incident else "",
        "to": "",
        "text": "",
        "reason": reason,
    }


def line(event: Event) -> str:
    return json.dumps(event, ensure_ascii=False, separators=(",", ":"))


def sentence(event: Event) -> str:
    """One event for a person's eye."""
    at = event["at"].replace("T", " ").removesuffix("Z")
    if event["event"] == "sms":
        return f"{at}  SMS to {event['contact']}: {event['text']}"
    if event["event"] == "suppressed":
        return f"{at}  silent about {event['target']} ({event['concern']}): {event['reason']} {event['text']}"
    what = f"{event['event'].replace('_', ' ')} {event['code']} {event['target']} {event['concern']}"
    return f"{at}  {what}: {event['cause']} ({event['reason']})"
