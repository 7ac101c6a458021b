"""Made-up changes for the journal's tests."""

from __future__ import annotations

from pathlib import Path

from domain.alarm import (
    Cause,
    Concern,
    Condition,
    Confidence,
    Decision,
    Delivery,
    Incident,
    Notice,
    OwedEvent,
    Reason,
    Transition,
)
from domain.record import Change, Configuration

CONFIGURATION = Configuration("c0ffee", 1_000, {"inventory.yaml": "city: Lahore\n", "city.yaml": "r: 1\n"})


def incident(n: int, at: int = 2_000, **changed: object) -> Incident:
    return Incident(
        **{  # type: ignore[arg-type]
            "id": f"i{n}",
            "code": f"K{n:04d}",
            "target": f"box-{n}",
            "concern": Concern.OUTAGE,
            "cause": Cause.BOX_SILENT,
            "confidence": Confidence.LIKELY,
            "opened_at": at,
            "since": at - 500,
            "devices": (f"cam-{n}", f"sw-{n}"),
            "cameras_dark": (f"cam-{n}",),
            "evidence": ("پانچ کیمرے خاموش", "5 echoes lost"),
            **changed,
        }
    )


def owed(n: int, at: int = 2_000) -> OwedEvent:
    return OwedEvent(
        f"o{n}", at, f"box-{n}", Notice.OPENED, Reason.OPENED, (f"i{n}",), {"charge": 27.5, "name": "چوک"}
    )


def delivery(n: int, at: int = 2_000, owed_id: str | None = None) -> Delivery:
    return Delivery(
        id=f"d{n}",
        owed=owed_id or f"o{n}",
        at=at,
        contact="engineer",
        number="+923001234567",
        channel="terminal",
        text="box dark",
        reason=Reason.OPENED,
        next_attempt_at=at,
        expires_at=at + 900_000,
    )


def change(n: int, at: int = 2_000) -> Change:
    """Five rows' worth: state, transition, incident, owed event, decision."""
    return Change(
        at,
        {f"device/cam-{n}": {"phase": "firing", "since": at}},
        (Transition(at, f"cam-{n}", Condition.DOWN, Cause.BOX_SILENT, at - 500, f"i{n}", "silent"),),
        (incident(n, at),),
        (owed(n, at),),
        (Decision(at, f"o{n}", f"box-{n}", Reason.OPENED, True),),
    )


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777
