"""What became known of a month after it was closed: the difference, and why. PURE."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Adjustment:
    """Seconds moved between buckets of one entity of a closed month; they add up to nothing unless
    what belonged to whom changed too."""

    month: str
    kind: str
    id: str
    moved: Mapping[str, int]  # bucket to seconds, only those that changed
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MoneyAdjustment:
    """A deduction of a closed month as it should have been, less what was deducted."""

    month: str
    contract: str
    party: str
    amount: Decimal
    currency: str
    reasons: tuple[str, ...]
