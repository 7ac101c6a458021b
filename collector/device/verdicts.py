"""PURE: derived metrics: what several answers of one device mean together.

A decision is a small program run at each poll (some 7 us), and most look at states only, which
are what they were. So an outcome is kept by all its decision looks at; a decision that looks at
what is ever new (a current) soon keeps nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from collector.device.expression import Compiled
from domain.reading import Key

Many = tuple[float, ...]

_KEPT = 128  # situations of one decision; when so many have been met, it shows whether they come again


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


class Remembered:
    """A decision that remembers what it decided, while that spares it more than it costs."""

    __slots__ = ("_decision", "_hits", "_kept", "_names", "name")

    def __init__(self, decision: Decision) -> None:
        self.name = decision.name
        self._decision = decision
        self._names = tuple(sorted(decision.looks_at))
        self._kept: dict[tuple[Many | None, ...], tuple[float | None, str]] | None = {}
        self._hits = 0

    def decide(self, facts: Mapping[str, Many]) -> tuple[float | None, str]:
        if self._kept is None:
            return self._decision.decide(facts)
        seen = (*map(facts.get, self._names),)
        outcome = self._kept.get(seen)
        if outcome is not None:
            self._hits += 1
            return outcome
        outcome = self._decision.decide(facts)
        if len(self._kept) < _KEPT:
            self._kept[seen] = outcome
        elif self._hits > 2 * _KEPT:
            self._kept, self._hits = {seen: outcome}, 0
        else:
            self._kept = None
        return outcome


class Verdicts:
    """All decisions of a plan in their order; a later one may look at an earlier one's outcome.
    `metrics` are the keys of each metric that is asked."""

    def __init__(self, decisions: Sequence[Decision], metrics: Mapping[str, tuple[Key, ...]]) -> None:
        names = frozenset[str]().union(*(decision.looks_at for decision in decisions))
        self._decisions = tuple(map(Remembered, decisions))
        self._metrics = tuple((name, keys) for name, keys in metrics.items() if name in names)

    def decide(
        self, values: dict[Key, float], absent: dict[str, str], found: Mapping[str, Sequence[float]]
    ) -> None:
        """Adds each outcome to `values`, or to `absent` with its reason. `found` are facts by name."""
        facts: dict[str, Many] = {name: tuple(many) for name, many in found.items()}
        for name, keys in self._metrics:
            facts[name] = tuple([values[key] for key in keys if key in values])
        for decision in self._decisions:
            name = decision.name
            value, because = decision.decide(facts)
            if value is None:
                values.pop((name, ""), None)
                absent.setdefault(name, because)
                facts[name] = ()
            else:
                values[name, ""] = value
                absent.pop(name, None)
                facts[name] = (value,)
