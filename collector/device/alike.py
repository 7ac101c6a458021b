"""PURE: what is alike is kept once. A plan is some 15 KiB, and a city has few kinds of devices."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import fields
from typing import Generic, TypeVar

from collector.device.plan import Plan

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
    """All that a plan was made with. Where the profile was read anew its sources and expressions are
    others, so that their identity tells."""
    asked = tuple((a.kind, a.name, a.label, a.oid, a.read, Same(a.source), a.gates) for a in plan.asked)
    walked = tuple((w.name, w.root, w.read, w.counted_by, Same(w.source)) for w in plan.walked)
    decisions = tuple(
        (d.name, d.low, d.high, tuple(Same(part) for verdict in d.verdicts for part in verdict))
        for d in plan.decisions
    )
    return asked, walked, decisions, tuple(plan.unanswered.items()), *(getattr(plan, name) for name in _REST)


_REST = tuple(
    each.name
    for each in fields(Plan)
    if each.init and each.name not in ("asked", "walked", "decisions", "unanswered")
)
