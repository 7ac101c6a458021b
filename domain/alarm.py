"""From evidence to an SMS: the words of judging and telling.

A rule steps an `AlarmState` through phases and makes `Transition`s; the transitions of one box
and one `Concern` are an `Incident`; a settled change of incidents is an `OwedEvent`, which
`tell` turns into `Delivery`s. Times are engine milliseconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Evidence(StrEnum):
    """What one input says about one rule; UNKNOWN moves no machine."""

    BAD = "bad"
    GOOD = "good"
    UNKNOWN = "unknown"


class Phase(StrEnum):
    """pending and clearing are the two hysteresis holds; only firing opens, only clear closes."""

    CLEAR = "clear"
    PENDING = "pending"
    FIRING = "firing"
    CLEARING = "clearing"


class Concern(StrEnum):
    """What an incident is about; one open incident per box and concern."""

    OUTAGE = "outage"
    POWER = "power"
    BATTERY = "battery"
    TAMPER = "tamper"
    DEGRADED = "degraded"
    AGENT = "agent"
    MONITOR = "monitor"


class Cause(StrEnum):
    """Why, as far as it is known. The order within a concern is from mild to grave."""

    # outage
    DEVICE_SILENT = "device_silent"  # some devices of a living box do not answer
    CAMERA_HUNG = "camera_hung"  # silent, though its switch port is up and powered
    PORT_DOWN = "port_down"  # silent, and the switch port that feeds it is down
    SWITCH_SILENT = "switch_silent"  # the box's switch is gone and its cameras with it
    UPLINK_DOWN = "uplink_down"  # the box is a shadow of a dead parent
    BOX_SILENT = "box_silent"  # every device of the box, no reason known
    BATTERY_EXHAUSTED = "battery_exhausted"  # dark after a mains outage that outlasted the battery
    SUSPECTED_THEFT = "suspected_theft"  # silent together, power healthy, neighbours alive
    # power
    MAINS_LOST = "mains_lost"  # this box alone, its feeder alive or unknown
    FEEDER_OUTAGE = "feeder_outage"  # the feeder's boxes together
    # battery
    BATTERY_REPLACE = "battery_replace"
    BATTERY_FAST_DRAIN = "battery_fast_drain"  # falls faster than this box's own habit
    BATTERY_LOW = "battery_low"
    BATTERY_RUNNING_OUT = "battery_running_out"  # the forecast is below the limit
    # tamper
    CASING_OPEN = "casing_open"
    DOOR_OPEN = "door_open"
    IDENTITY_CHANGED = "identity_changed"
    # degraded
    PACKET_LOSS = "packet_loss"
    SLOW = "slow"
    FLAPPING = "flapping"
    # agent
    AGENT_OR_CREDENTIALS = "agent_or_credentials"
    # monitor
    MONITOR_BLIND = "monitor_blind"


class Confidence(StrEnum):
    SUSPECTED = "suspected"
    LIKELY = "likely"
    CONFIRMED = "confirmed"


class Condition(StrEnum):
    """What the ledger counts: the state of a device or box over an interval."""

    UNKNOWN = "unknown"  # nobody was watching, or the watcher was blind
    UP = "up"
    DEGRADED = "degraded"
    DOWN = "down"


class Reason(StrEnum):
    """Why something was told or kept silent; every decision has one."""

    OPENED = "opened"
    CAUSE_WORSE = "cause_worse"
    MORE_DARK = "more_dark"
    CORROBORATED = "corroborated"  # a second kind of evidence lets the police be told
    HOLD_ELAPSED = "hold_elapsed"  # suspected for as long as the rules ask
    CLOSED = "closed"
    ESCALATED = "escalated"
    # silences
    SHADOW = "shadow"  # told once, at the dead parent
    NOT_YET_TOLD = "not_yet_told"  # came and went within the settling time
    NOT_THEIRS = "not_theirs"  # another district, contractor or role
    ACKNOWLEDGED = "acknowledged"
    MAINTENANCE = "maintenance"
    COMMISSIONING = "commissioning"
    REMOVED = "removed"  # the configuration no longer holds it
    BLIND = "blind"
    FLAPPING = "flapping"
    OVER_BUDGET = "over_budget"
    RESTORED = "restored"  # owed before a backup was taken; never sent again after a restore
    SAME_NUMBER = "same_number"  # another contact with this number is told already
    NO_RECIPIENT = "no_recipient"
    NO_CHANNEL = "no_channel"


@dataclass(frozen=True, slots=True)
class AlarmState:
    """The state of one rule on one target.

    `since` is when the present phase began; `first` when the present run of bad (or, while
    clearing, good) evidence began; `count` its length in polls. `penalty` is the flap penalty
    as of `penalty_at`; it decays, so it is read through rules.flap.
    """

    phase: Phase = Phase.CLEAR
    since: int = 0
    first: int = 0
    count: int = 0
    penalty: float = 0.0
    penalty_at: int = 0


@dataclass(frozen=True, slots=True)
class Transition:
    """A change of condition of a device or box: the SMS and the uptime ledger both come of it.

    `since` is when it truly began (the first failed poll, not the decision); `at` is when it
    was decided. A later transition with the same target and `since` revises the cause.
    """

    at: int
    target: str
    condition: Condition
    cause: Cause | None
    since: int
    incident: str = ""  # id of the incident it belongs to, if any
    why: str = ""  # the evidence in words


@dataclass(frozen=True, slots=True)
class Incident:
    """One (box, concern) from opening to closing; `code` is what people quote."""

    id: str
    code: str
    target: str  # box id, or "monitor"
    concern: Concern
    cause: Cause
    confidence: Confidence
    opened_at: int
    since: int  # when the trouble truly began
    devices: tuple[str, ...] = ()  # devices concerned, sorted
    cameras_dark: tuple[str, ...] = ()  # cameras that cannot be seen because of it, sorted
    police: bool = False  # corroborated (or held long enough) to be told to the district's police
    acknowledged_by: str = ""
    acknowledged_at: int | None = None
    closed_at: int | None = None
    close_reason: str = ""
    evidence: tuple[str, ...] = ()  # in words, oldest first


class Notice(StrEnum):
    """What kind of message is owed."""

    OPENED = "opened"
    WORSE = "worse"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class OwedEvent:
    """A promise to tell about one box, committed in the transaction of the transition itself.

    `facts` is a JSON-able snapshot of what the message needs (see alerting.message), so that
    telling needs neither the engine nor the inventory as it was.
    """

    id: str
    at: int
    box: str  # box id, or "monitor"
    notice: Notice
    reason: Reason
    incidents: tuple[str, ...]
    facts: Mapping[str, Any] = field(default_factory=dict)


class DeliveryStatus(StrEnum):
    """Moves forward only: pending -> sending -> sent -> delivered, or into an end state."""

    PENDING = "pending"
    SENDING = "sending"  # handed over, answer not yet known: reconcile before sending again
    SENT = "sent"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    FAILED = "failed"
    EXPIRED = "expired"  # too late to be of use
    SUPPRESSED = "suppressed"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message to one person by one channel. `id` is also the idempotency key."""

    id: str
    owed: str
    at: int  # when it became due
    contact: str
    number: str
    channel: str
    text: str
    reason: Reason
    status: DeliveryStatus = DeliveryStatus.PENDING
    attempts: int = 0
    next_attempt_at: int = 0
    expires_at: int = 0
    receipt: str = ""  # the provider's id
    error: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """To tell or to stay silent, with its named reason; kept for `nigehban why`."""

    at: int
    subject: str  # owed event, incident or target it is about
    target: str
    reason: Reason
    told: bool
    detail: str = ""
