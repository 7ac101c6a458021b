"""Domain objects to rows and back. PURE."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from domain.alarm import (
    Cause,
    Concern,
    Condition,
    Confidence,
    Decision,
    Delivery,
    DeliveryStatus,
    Incident,
    Notice,
    OwedEvent,
    Reason,
    Transition,
)
from domain.human import Note, NoteKind, Party
from domain.record import Acknowledgement, Coverage, Request

Row = dict[str, Any]


def _plain(value: object) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} cannot be kept in the journal as JSON")


_encoder = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=_plain)
pack = _encoder.encode
unpack = json.loads


def transition_row(it: Transition) -> Row:
    return {
        "at": it.at,
        "target": it.target,
        "condition": it.condition.value,
        "cause": it.cause.value if it.cause is not None else None,
        "since": it.since,
        "incident": it.incident,
        "why": it.why,
    }


def transition(row: Any) -> Transition:
    return Transition(
        at=row.at,
        target=row.target,
        condition=Condition(row.condition),
        cause=Cause(row.cause) if row.cause is not None else None,
        since=row.since,
        incident=row.incident,
        why=row.why,
    )


def incident_row(it: Incident) -> Row:
    return {
        "id": it.id,
        "code": it.code,
        "target": it.target,
        "concern": it.concern.value,
        "cause": it.cause.value,
        "confidence": it.confidence.value,
        "opened_at": it.opened_at,
        "since": it.since,
        "devices": pack(it.devices),
        "cameras_dark": pack(it.cameras_dark),
        "police": int(it.police),
        "acknowledged_by": it.acknowledged_by,
        "acknowledged_at": it.acknowledged_at,
        "closed_at": it.closed_at,
        "close_reason": it.close_reason,
        "evidence": pack(it.evidence),
    }


def incident(row: Any) -> Incident:
    """`row` is a mapping by column name."""
    return Incident(
        id=row["id"],
        code=row["code"],
        target=row["target"],
        concern=Concern(row["concern"]),
        cause=Cause(row["cause"]),
        confidence=Confidence(row["confidence"]),
        opened_at=row["opened_at"],
        since=row["since"],
        devices=tuple(unpack(row["devices"])),
        cameras_dark=tuple(unpack(row["cameras_dark"])),
        police=bool(row["police"]),
        acknowledged_by=row["acknowledged_by"],
        acknowledged_at=row["acknowledged_at"],
        closed_at=row["closed_at"],
        close_reason=row["close_reason"],
        evidence=tuple(unpack(row["evidence"])),
    )


def owed_row(it: OwedEvent) -> Row:
    return {
        "id": it.id,
        "at": it.at,
        "box": it.box,
        "notice": it.notice.value,
        "reason": it.reason.value,
        "incidents": pack(it.incidents),
        "facts": pack(it.facts),
        "decided": 0,
    }


def owed_event(row: Any) -> OwedEvent:
    return OwedEvent(
        id=row.id,
        at=row.at,
        box=row.box,
        notice=Notice(row.notice),
        reason=Reason(row.reason),
        incidents=tuple(unpack(row.incidents)),
        facts=unpack(row.facts),
    )


def delivery_row(it: Delivery) -> Row:
    return {
        "id": it.id,
        "owed": it.owed,
        "at": it.at,
        "contact": it.contact,
        "number": it.number,
        "channel": it.channel,
        "text": it.text,
        "reason": it.reason.value,
        "status": it.status.value,
        "attempts": it.attempts,
        "next_attempt_at": it.next_attempt_at,
        "expires_at": it.expires_at,
        "receipt": it.receipt,
        "error": it.error,
    }


def delivery(row: Any) -> Delivery:
    return Delivery(
        id=row.id,
        owed=row.owed,
        at=row.at,
        contact=row.contact,
        number=row.number,
        channel=row.channel,
        text=row.text,
        reason=Reason(row.reason),
        status=DeliveryStatus(row.status),
        attempts=row.attempts,
        next_attempt_at=row.next_attempt_at,
        expires_at=row.expires_at,
        receipt=row.receipt,
        error=row.error,
    )


def decision_row(it: Decision) -> Row:
    return {
        "at": it.at,
        "subject": it.subject,
        "target": it.target,
        "reason": it.reason.value,
        "told": int(it.told),
        "detail": it.detail,
    }


def decision(row: Any) -> Decision:
    return Decision(row.at, row.subject, row.target, Reason(row.reason), bool(row.told), row.detail)


def acknowledgement_row(it: Acknowledgement) -> Row:
    return {"at": it.at, "incident": it.incident, "code": it.code, "by": it.by, "road": it.road}


def acknowledgement(row: Any) -> Acknowledgement:
    return Acknowledgement(row.at, row.incident, row.code, row.by, row.road)


def coverage_row(it: Coverage) -> Row:
    return {
        "device": it.device,
        "first_at": it.first_at,
        "configuration": it.configuration,
        "box": it.box,
        "last_at": it.last_at,
    }


def coverage(row: Any) -> Coverage:
    return Coverage(row.device, row.box, row.first_at, row.last_at, row.configuration)


def request(row: Any) -> Request:
    ok = None if row.ok is None else bool(row.ok)
    return Request(row.id, row.at, row.verb, unpack(row.arguments), row.answer, ok)


def note_row(it: Note) -> Row:
    """Without its id: the journal gives that."""
    return {
        "at": it.at,
        "kind": it.kind.value,
        "target": it.target,
        "box": it.box,
        "by": it.by,
        "happened_at": it.happened_at,
        "text": it.text,
        "party": it.party.value if it.party else None,
        "cause": it.cause.value if it.cause else None,
        "begins_at": it.begins_at,
        "ends_at": it.ends_at,
    }


def note(row: Any) -> Note:
    return Note(
        at=row.at,
        kind=NoteKind(row.kind),
        target=row.target,
        box=row.box,
        by=row.by,
        happened_at=row.happened_at,
        text=row.text,
        party=Party(row.party) if row.party else None,
        cause=Cause(row.cause) if row.cause else None,
        begins_at=row.begins_at,
        ends_at=row.ends_at,
        id=row.id,
    )
