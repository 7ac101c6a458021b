"""Service hours: when a contract counts. PURE."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import tzinfo

from domain.window import Hours, Window
from reports.facts import Place
from reports.period import Period
from reports.spans import Span, seconds


@dataclass(frozen=True, slots=True)
class HourSet:
    """`wants` says whose seconds are asked for, so that no others are measured."""

    hours: Hours
    zone: tzinfo
    wants: Callable[[Place], bool]

    def spans(self, period: Period) -> list[Span]:
        window = Window("service hours", "", self.zone, hours=self.hours)
        return seconds(window.spans(period.start, period.end), period.first, period.last)
