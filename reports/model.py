"""A finished report: numbers and names only, ready to be drawn, written or frozen. PURE."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

from reports.adjustment import Adjustment, MoneyAdjustment
from reports.given import Scope
from reports.ledger import Interval
from reports.period import Period
from reports.spans import Span
from reports.tally import Tally, dark, good
from reports.timeline import Revised


@dataclass(frozen=True, slots=True)
class Row:
    """One entity. `cameras` of the tally are camera-seconds among its seconds; `outside` those seconds
    of `unknown` in which a device or box was outside service."""

    kind: str
    id: str
    name: str
    tally: Tally
    box: str = ""
    outside: int = 0

    @property
    def availability(self) -> Fraction | None:
        """Without excuses: up and degraded, of all that was seen."""
        return share(good(self.tally.seconds), dark(self.tally.seconds))

    @property
    def mttr(self) -> int | None:
        """Mean seconds of an outage."""
        return dark(self.tally.seconds) // self.tally.outages if self.tally.outages else None

    @property
    def mtbf(self) -> int | None:
        """Seconds in operation for each outage; None without one."""
        return good(self.tally.seconds) // self.tally.outages if self.tally.outages else None

    @property
    def detect_s(self) -> float | None:
        """Mean seconds from an outage's true beginning to its detection."""
        return self.tally.detect_ms / self.tally.detected / 1000 if self.tally.detected else None


@dataclass(frozen=True, slots=True)
class ContractRow:
    id: str
    party: str
    counts: str  # cameras or devices
    against: tuple[str, ...]
    good_s: int
    against_s: int
    excused_s: int
    availability: Fraction | None  # good, of good and against
    availability_all: Fraction | None  # without excuses: good, of good and all that was dark
    target: Decimal
    met: bool | None  # None: nothing was counted
    deduct_percent: Decimal
    deduction: Decimal | None
    fee: Decimal | None
    currency: str
    hours: bool  # service hours were applied


@dataclass(frozen=True, slots=True)
class Answered:
    """How people answered: times in milliseconds."""

    incidents: int = 0
    acknowledged: int = 0
    mean_ms: int | None = None
    longest_ms: int | None = None


@dataclass(frozen=True, slots=True)
class TamperRow:
    """A theft or tampering, and who came when. Moments are engine milliseconds."""

    id: str
    code: str
    box: str
    cause: str
    opened_at: int
    acknowledged_at: int | None
    police_at: int | None
    contractor_at: int | None
    closed_at: int | None
    verdict: str  # what people found: "", confirm or false-alarm
    by: str

    @property
    def response_ms(self) -> int | None:
        """From opening to the first person on site."""
        came = [at for at in (self.police_at, self.contractor_at) if at is not None]
        return min(came) - self.opened_at if came else None


@dataclass(frozen=True, slots=True)
class BatteryRow:
    """`lasted_min`: minutes from mains lost to dark, the shortest of the period; `held_min`: the
    longest time on battery it survived; `predicted_min` by the discharge rate learned."""

    box: str
    chemistry: str
    capacity_ah: float
    installed: str | None
    lasted_min: int | None
    held_min: int | None
    predicted_min: int | None
    trend_min: int | None  # predicted (else lasted) against the closed month before
    replace_by: str | None
    overdue: bool


@dataclass(frozen=True, slots=True)
class VisitRow:
    box: str
    visits: int
    contractor: int
    police: int
    last_at: int
    by: str


@dataclass(frozen=True, slots=True)
class Remark:
    """A person's words, as they stand in the journal."""

    at: int
    happened_at: int
    kind: str
    target: str
    box: str
    by: str
    text: str


@dataclass(slots=True)
class Report:
    period: Period
    scope: Scope
    title: str  # the city's, district's or contractor's name
    subject: Row  # the scope itself
    rows: list[Row]  # groups, then boxes, then devices
    devices: int  # that were in service as the scope's at any time
    daily: list[list[int]]
    intervals: list[Interval]
    off: list[Span]
    blind: list[Span]
    revised: list[Revised]
    contracts: list[ContractRow] = field(default_factory=list)
    answered: Answered = Answered()
    tampers: list[TamperRow] = field(default_factory=list)
    batteries: list[BatteryRow] = field(default_factory=list)
    visits: list[VisitRow] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)
    adjustments: Sequence[Adjustment | MoneyAdjustment] = ()
    left_out: list[str] = field(default_factory=list)
    known_at: int | None = None
    names: Mapping[str, str] = field(default_factory=dict)  # of boxes, by id

    def of_kind(self, *kinds: str) -> list[Row]:
        return [row for row in self.rows if row.kind in kinds]

    def worst(self, *kinds: str, count: int = 10) -> list[Row]:
        """Those with the most dark seconds, and at least one."""
        dark_ones = [row for row in self.of_kind(*kinds) if dark(row.tally.seconds)]
        return sorted(dark_ones, key=lambda row: (-dark(row.tally.seconds), row.id))[:count]

    @property
    def e_challan_lost_s(self) -> int:
        """Camera-seconds of e-challan cameras in dark buckets."""
        return dark(self.subject.tally.e_challan)


def share(part: int, rest: int) -> Fraction | None:
    return Fraction(part, part + rest) if part + rest else None


def percent(value: Fraction | None, digits: int = 3) -> str:
    """Cut off, never rounded up: what is not whole does not read 100, what misses a target does not
    read as if it met it. An empty string for None."""
    if value is None:
        return ""
    units = value.numerator * 100 * 10**digits // value.denominator
    return f"{units // 10**digits}.{units % 10**digits:0{digits}d}" if digits else str(units)
