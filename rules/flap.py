"""Flap damping: a penalty that grows with each outage and decays by halves (after RFC 2439)."""

from __future__ import annotations

from dataclasses import replace
from math import ceil, log2

from domain.alarm import AlarmState
from rules.rule import Flapping


def penalty(rule: Flapping, state: AlarmState, now: int) -> float:
    """The penalty as of `now`; it is kept as of `penalty_at` and only read through here."""
    if not state.penalty:
        return 0.0
    return float(state.penalty * 0.5 ** ((now - state.penalty_at) / rule.half_life))


def punish(rule: Flapping, state: AlarmState, now: int) -> AlarmState:
    """One more outage. Capped at twice the limit, so that a bad night is forgiven in time."""
    grown = min(penalty(rule, state, now) + rule.penalty, 2 * rule.suppress)
    return replace(state, penalty=grown, penalty_at=now)


def reused_at(rule: Flapping, state: AlarmState) -> int:
    """When the penalty will have decayed to the reuse limit, rounded up to a whole millisecond."""
    if state.penalty <= rule.reuse:
        return state.penalty_at
    return state.penalty_at + ceil(rule.half_life * log2(state.penalty / rule.reuse))
