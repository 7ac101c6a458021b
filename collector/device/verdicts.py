"""PURE: derived metrics: what several answers of one device mean together.

A verdict is a small program run at each poll (some 7 us for each derived metric), and what it
looks at is mostly what it saw before, on this device or one like it: states, percent, volts. So
the outcome of all verdicts is kept by all they look at.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from collector.device.expression import Compiled
from domain.reading import Key

_KEPT = 8_192  # situations of one plan; with more, begin anew

Outcome = tuple[str, float | None, str]
"""Name, value or None, and why."""


@dataclass(frozen=True, slots=True)
class Decision:
    """A derived metric: (condition or None, value or None, why), the first that holds decides.
    `looks_at` names the facts and metrics its expressions speak of."""

    name: str
    verdicts: tuple[tuple[Compiled | None, Compiled | float | None, str], ...]
    low: float
    high: float
    looks_at: frozenset[str] = frozenset()

    def decide(self, facts: Mapping[str, Sequence[float]]) -> tuple[float | None, str]:
        for condition, value, because in self.verdicts:
            if condition is not None and not condition(facts):
                continue
            result = value(facts) if callable(value) else value
            if result is not None and not self.low <= result <= self.high:
                return None, f"out of range: {result:g} not within {self.low:g}..{self.high:g}"
            return (None if result is None else float(result)), because
        return None, "nothing that tells is answered"


class Verdicts:
    """All decisions of a plan in their order; a later one may look at an earlier one's outcome.
    `metrics` are the keys of each metric that is asked."""

    def __init__(self, decisions: Sequence[Decision], metrics: Mapping[str, tuple[Key, ...]]) -> None:
        names = frozenset[str]().union(*(decision.looks_at for decision in decisions))
        self._decisions = decisions
        self._metrics = {name: keys for name, keys in metrics.items() if name in names}
        self._keys = tuple(key for keys in self._metrics.values() for key in keys)
        self._facts = tuple(sorted(names - self._metrics.keys()))
        self._kept: dict[tuple[object, ...], tuple[Outcome, ...]] = {}

    def decide(self, values: dict[Key, float], absent: dict[str, str], facts: dict[str, list[float]]) -> None:
        """Adds each outcome to `values`, or to `absent` with its reason."""
        seen = (*map(values.get, self._keys), *[tuple(facts.get(name, ())) for name in self._facts])
        outcomes = self._kept.get(seen)
        if outcomes is None:
            if len(self._kept) >= _KEPT:
                self._kept.clear()
            outcomes = self._kept[seen] = self._decided(values, facts)
        for name, value, because in outcomes:
            if value is None:
                values.pop((name, ""), None)
                absent.setdefault(name, because)
            else:
                values[name, ""] = value
                absent.pop(name, None)

    def _decided(self, values: Mapping[Key, float], facts: dict[str, list[float]]) -> tuple[Outcome, ...]:
        for name, keys in self._metrics.items():
            facts[name] = [values[key] for key in keys if key in values]
        outcomes = []
        for decision in self._decisions:
            value, because = decision.decide(facts)
            facts[decision.name] = [] if value is None else [value]
            outcomes.append((decision.name, value, because))
        return tuple(outcomes)
