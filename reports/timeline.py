"""From transitions to what held when: one target's history as it is now known. PURE.

Transitions are folded in the order they were decided:

* the same beginning as the last one: a revision, which takes its place;
* down, with the beginning of an earlier down: a late finding of that one's cause; what came after stays;
* a later beginning: the next stretch;
* down from before the last beginning: it had fallen silent earlier than was known, and so it was;
* up or degraded from before the last beginning: what began it stands earlier in the history (a loss of
  packets older than the outage it outlived), so it holds from the moment of its decision.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from domain.alarm import Cause, Condition, Transition
from reports.spans import Painted


class State(NamedTuple):
    """A stretch of one condition. Times are engine milliseconds; `decided` is when it was first known."""

    condition: Condition
    cause: Cause | None = None
    since: int = 0
    decided: int = 0
    incident: str = ""
    why: str = ""


UP = State(Condition.UP)


SETTLING_MS = 600_000
"""A cause that is made precise within ten minutes of the first word is no revision, but that word."""


class Revised(NamedTuple):
    """A finding that changed an earlier one: both versions stay."""

    target: str
    since: int
    before: Cause | None
    after: Cause | None
    at: int
    by: str  # a person, or "monitor" for a later judgement of the engine
    why: str


def fold(
    standing: Transition | None, found: Iterable[Transition], revised: list[Revised] | None = None
) -> list[State]:
    """Stretches by beginning; each holds until the next one's `since`. `found` in order of decision."""
    held: list[State] = [_state(standing, standing.at)] if standing is not None else []
    for it in found:
        n = _place(held, it)
        if n is None:  # a stretch of its own
            since = it.since
            if held and since <= held[-1].since:
                if it.condition is Condition.DOWN:
                    while held and held[-1].since >= since:
                        held.pop()
                else:
                    since = max(it.at, held[-1].since + 1)
            held.append(_state(it, it.at)._replace(since=since))
            continue
        before = held[n]
        if revised is not None and before.cause is not it.cause and it.at - before.decided > SETTLING_MS:
            revised.append(Revised(it.target, it.since, before.cause, it.cause, it.at, "monitor", it.why))
        held[n] = _state(it, min(before.decided, it.at))
    return held


def _place(held: Sequence[State], it: Transition) -> int | None:
    """The stretch that `it` revises, or None."""
    if not held:
        return None
    if held[-1].since == it.since:
        return len(held) - 1
    if it.condition is Condition.DOWN and it.since < held[-1].since:
        for n in range(len(held) - 1, -1, -1):
            if held[n].since <= it.since:
                same = held[n].since == it.since and held[n].condition is Condition.DOWN
                return n if same else None
    return None


def _state(it: Transition, decided: int) -> State:
    return State(it.condition, it.cause, it.since, decided, it.incident, it.why)


def cover(held: Sequence[State], entered: Sequence[int], first: int, last: int) -> list[Painted[State]]:
    """The stretches as a cover of [first, last) in seconds; before the first, and from each moment
    it came under watch anew, it counts as up until something else is known."""
    borders: list[tuple[int, int, State]] = [(it.since // 1000, 1, it) for it in held]
    if entered:
        borders += [(at, 0, UP) for at in entered]
        borders.sort(key=lambda border: border[:2])
    pieces: list[Painted[State]] = []
    at, state = first, UP
    for border, _, following in borders:
        if border > at:
            border = min(border, last)
            pieces.append((at, border, state))
            at = border
            if at == last:
                return pieces
        state = following
    if at < last:
        pieces.append((at, last, state))
    return pieces
