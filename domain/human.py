"""What people add to the record: notes, confirmations, false alarms, visits and disputes.

A note never changes what was recorded before it; the ledger reads both, and shows who said what.
Times are engine milliseconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from domain.alarm import Cause


class NoteKind(StrEnum):
    NOTE = "note"  # words only
    CONFIRM = "confirm"  # it was what the monitor said, or the cause named here
    FALSE_ALARM = "false-alarm"  # it was not what the monitor said
    ATTENDED = "attended"  # somebody stood before the box
    DISPUTE = "dispute"  # what the ledger says of an interval is contested
    SETTLE = "settle"  # the dispute of that target and interval is over


class Party(StrEnum):
    """Who attended."""

    CONTRACTOR = "contractor"
    POLICE = "police"
    UTILITY = "utility"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Note:
    """One entry by one person. `target` is an incident's id, or a box or device where there is no
    incident; `box` is the box it concerns. `at` is when it was entered, `happened_at` when the thing
    itself was. An interval belongs to disputes; a cause to confirmations and false alarms."""

    at: int
    kind: NoteKind
    target: str
    box: str
    by: str
    happened_at: int
    text: str = ""
    party: Party | None = None
    cause: Cause | None = None
    begins_at: int | None = None
    ends_at: int | None = None
    id: int = 0  # given by the journal

    @property
    def interval(self) -> tuple[int, int] | None:
        if self.begins_at is None or self.ends_at is None:
            return None
        return self.begins_at, self.ends_at
