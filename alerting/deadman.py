"""Whether `watch` still lives, judged by the alive marks it makes: a fold, like every rule.

Only the change of the mark counts, timed by the observer's own clock: the two processes anchor
their engine times apart, and a mark that merely looks old or young proves nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

MISSED = 2
"""Intervals without a new mark that are taken for death."""


@dataclass(frozen=True, slots=True)
class Pulse:
    """`mark` is the last alive mark seen, `changed_at` when it was first seen (observer's ms)."""

    mark: int | None
    changed_at: int
    silent: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """`turned`: the observer should speak now. `since` is when silence, or life, began."""

    silent: bool
    turned: bool
    since: int


def started(last_alive: int | None, now: int) -> Pulse:
    """The observer begins to look; whatever the mark says, it is given its intervals first."""
    return Pulse(last_alive, now)


def verdict(pulse: Pulse, last_alive: int | None, now: int, interval_ms: int) -> tuple[Pulse, Verdict]:
    """Looks once; call it a few times an interval."""
    if last_alive != pulse.mark:
        return Pulse(last_alive, now), Verdict(False, pulse.silent, now)
    silent = now - pulse.changed_at > MISSED * interval_ms
    turned = silent and not pulse.silent
    return replace(pulse, silent=silent), Verdict(silent, turned, pulse.changed_at)
