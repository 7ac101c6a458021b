"""One rule on one target as a fold: clear -> pending -> firing -> clearing -> clear.

Pending and clearing are the holds. A hold ends when enough polls agree and enough time has
passed; the time may run out between two polls, which is what `ripen` and `ripe_at` are for.
"""

from __future__ import annotations

from dataclasses import replace

from domain.alarm import AlarmState, Evidence, Phase
from rules.rule import Hold

CLEAR = AlarmState()


def step(
    rule: Hold, state: AlarmState, evidence: Evidence, now: int, began: int | None = None
) -> tuple[AlarmState, Phase | None]:
    """The next state, and the phase it settled in if it fired or cleared now, else None.

    `began` is when the bad run truly began, if that was before now."""
    if evidence is Evidence.UNKNOWN:
        return state, None
    bad = evidence is Evidence.BAD
    phase = state.phase
    if phase is Phase.CLEAR:
        if not bad:
            return state, None
        first = now if began is None else began
        return ripen(rule, replace(state, phase=Phase.PENDING, since=now, first=first, count=1), now)
    if phase is Phase.PENDING:
        if not bad:
            return replace(state, phase=Phase.CLEAR, since=now, first=0, count=0), None
        return ripen(rule, replace(state, count=state.count + 1), now)
    if phase is Phase.FIRING:
        if bad:
            return state, None
        return ripen(rule, replace(state, phase=Phase.CLEARING, since=now, count=1), now)
    if bad:  # a clearing that did not last: the same outage goes on
        return replace(state, phase=Phase.FIRING, since=now, count=0), None
    return ripen(rule, replace(state, count=state.count + 1), now)


def ripe_at(rule: Hold, state: AlarmState) -> int | None:
    """When the running hold ends by time alone; None where no hold runs or polls are still missing."""
    if state.phase is Phase.PENDING and state.count >= rule.polls:
        return state.first + rule.hold
    if state.phase is Phase.CLEARING and state.count >= rule.clear_polls:
        return state.since + rule.clear_hold
    return None


def ripen(rule: Hold, state: AlarmState, now: int) -> tuple[AlarmState, Phase | None]:
    """Fires or clears a hold that has ended; else the state as it is.

    A state that has just cleared carries in `first` when the good run began."""
    ripe = ripe_at(rule, state)
    if ripe is None or now < ripe:
        return state, None
    if state.phase is Phase.PENDING:
        return replace(state, phase=Phase.FIRING, since=now, count=0), Phase.FIRING
    return replace(state, phase=Phase.CLEAR, since=now, first=state.since, count=0), Phase.CLEAR
