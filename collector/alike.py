"""PURE: what is alike is kept once. A plan is some 15 KiB, and a city has few kinds of devices."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Generic, TypeVar

from collector.plan import Plan

T = TypeVar("T")

_LIMIT = 4096  # kinds of devices; with more, someone answers in ever new ways: begin anew


class Same(Generic[T]):
    """Equal to itself only; for keys made of what cannot be hashed."""

    __slots__ = ("it",)

    def __init__(self, it: T) -> None:
        self.it = it

    def __hash__(self) -> int:
        return id(self.it)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Same) and self.it is other.it


class Plans:
    """Gives for a plan the one that was kept of those that ask and read exactly alike."""

    def __init__(self) -> None:
        self._kept: dict[Hashable, Plan] = {}

    def one(self, plan: Plan) -> Plan:
        if len(self._kept) >= _LIMIT:
            self._kept.clear()
        return self._kept.setdefault(_likeness(plan), plan)


def _likeness(plan: Plan) -> Hashable:
    """All that a plan does. Its decisions are its profile's: those of a reloaded profile come with
    sources that are others, too."""
    asked = tuple((a.kind, a.name, a.label, a.oid, a.read, Same(a.source), a.gates) for a in plan.asked)
    walked = tuple((w.name, w.root, w.read, w.counted_by, Same(w.source)) for w in plan.walked)
    decisions = tuple(
        (d.name, tuple(Same(v) for verdict in d.verdicts for v in verdict)) for d in plan.decisions
    )
    texts = plan.profile, plan.kind, plan.why, plan.notes, tuple(plan.unanswered.items())
    return (
        texts,
        plan.gets,
        plan.slow_gets,
        plan.slow_every,
        plan.walks,
        asked,
        walked,
        decisions,
        plan.bounds,
    )
