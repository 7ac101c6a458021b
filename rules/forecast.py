"""How long a battery will last: from its charge over time, with an interval.

Lead-acid charge is not linear in time (Peukert) and UPS estimates jump, so the slope is taken
between many pairs of samples (Theil-Sen): the median is the likely rate, the outer tenths the
interval. Charge is reported in whole percent, which each pair is widened by.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

from domain.facts import Forecast

MOST = 16
"""Samples kept of a discharge: 120 pairs, some 30 us, once per UPS poll on battery only."""

QUANTUM = 0.5
"""Half of the whole percent in which charge is reported."""


@dataclass(frozen=True, slots=True)
class Sample:
    at: int  # engine milliseconds
    charge: float  # percent


@dataclass(frozen=True, slots=True)
class Discharge:
    """One stretch on battery, thinned to MOST samples spread over its whole length."""

    began: int
    samples: tuple[Sample, ...] = ()

    def add(self, at: int, charge: float) -> Discharge:
        before = self.samples[:-1] if self.samples and self.samples[-1].at >= at else self.samples
        samples = (*before, Sample(at, charge))
        if len(samples) > MOST:
            gaps = [samples[i + 1].at - samples[i - 1].at for i in range(1, len(samples) - 1)]
            crowded = gaps.index(min(gaps)) + 1
            samples = samples[:crowded] + samples[crowded + 1 :]
        return Discharge(self.began, samples)

    @property
    def drop(self) -> float:
        """Percent of charge it has cost so far."""
        return self.samples[0].charge - self.samples[-1].charge if self.samples else 0.0

    def rate(self) -> float | None:
        """Percent per hour over the whole discharge; None before it is measurable."""
        if len(self.samples) < 2 or self.drop <= 0:
            return None
        return self.drop * 3_600_000 / (self.samples[-1].at - self.samples[0].at)


def forecast(discharge: Discharge, ups_says_s: float | None) -> Forecast | None:
    """Seconds left, or None while fewer than three samples or two percent have been lost."""
    samples = discharge.samples
    if len(samples) < 3 or discharge.drop < 2:
        return None
    slowest, likely, fastest = [], [], []
    for a, b in combinations(samples, 2):
        seconds = (b.at - a.at) / 1000
        if seconds <= 0:
            continue
        fall = a.charge - b.charge
        likely.append(fall / seconds)
        if fall > 2 * QUANTUM:  # pairs closer than the quantum say nothing of the extremes
            slowest.append((fall - 2 * QUANTUM) / seconds)
            fastest.append((fall + 2 * QUANTUM) / seconds)
    if not slowest:
        return None
    rate = _quantile(likely, 0.5)
    if rate <= 0:
        return None
    left = samples[-1].charge
    low = left / max(_quantile(fastest, 0.9), rate)
    high = left / min(_quantile(slowest, 0.1), rate)
    return Forecast(low_s=round(low), likely_s=round(left / rate), high_s=round(high), ups_says_s=ups_says_s)


def _quantile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)]
