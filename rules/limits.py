"""The threshold rules of one device, and which values of a reading each of them looks at."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf
from typing import NamedTuple

from domain.reading import Key
from rules.rule import Threshold

_SETS = 1024  # of keys that are kept arranged


class Look(NamedTuple):
    """One rule and those of a reading's values that it limits; bad is what is `above` or `below`."""

    rule: Threshold
    keys: tuple[Key, ...]
    above: float
    below: float


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The threshold rules that concern one device, sorted by where their values come from. Shared by
    devices alike."""

    icmp: tuple[tuple[Key, Threshold], ...] = ()
    snmp: tuple[tuple[Key, Threshold], ...] = ()  # metrics without a label
    labelled: tuple[Threshold, ...] = ()  # metrics of which a device has several, one a label
    _arranged: dict[tuple[Key, ...], tuple[Look, ...]] = field(default_factory=dict, compare=False)

    def among(self, keys: tuple[Key, ...]) -> tuple[Look, ...]:
        """What is to be looked at in a reading with these keys; devices alike have few sets of them. A
        rule of a labelled metric is there without keys when the reading has none of it."""
        if not (self.snmp or self.labelled):
            return ()
        found = self._arranged.get(keys)
        if found is None:
            if len(self._arranged) >= _SETS:
                del self._arranged[next(iter(self._arranged))]  # the oldest
            found = self._arranged[keys] = tuple(self._looks(keys))
        return found

    def _looks(self, keys: tuple[Key, ...]) -> list[Look]:
        looks = [_look(rule, (key,)) for key, rule in self.snmp if key in keys]
        for rule in self.labelled:
            mine = [
                key for key in keys if key[0] == rule.metric and (not rule.labels or key[1] in rule.labels)
            ]
            looks.append(_look(rule, tuple(mine)))
        return looks


def _look(rule: Threshold, keys: tuple[Key, ...]) -> Look:
    above = inf if rule.above is None else rule.above
    # `beyond` asks for the lower limit only where there is no upper one
    below = -inf if rule.below is None or rule.above is not None else rule.below
    return Look(rule, keys, above, below)
