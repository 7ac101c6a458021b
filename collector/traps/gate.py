"""Who may be heard, and how often: decided on a datagram's source before anything is decoded. PURE.

Times are seconds of a monotonic clock, handed in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from collector.snmp.session import Credentials

_STRANGERS = 1_000  # sources remembered; a forger with many addresses fills this table and no more


@dataclass(frozen=True, slots=True)
class Source:
    """What is accepted from one address. Communities and users map to a number that names the
    credentials without showing them; `open` accepts any community, where none is configured."""

    communities: Mapping[bytes, int] = field(default_factory=dict, repr=False)
    users: Mapping[bytes, int] = field(default_factory=dict)
    open: bool = False


@dataclass(slots=True)
class Counters:
    """Totals since start."""

    received: int = 0
    malformed: int = 0
    unknown_source: int = 0
    unauthenticated: int = 0  # wrong community, unknown user, wrong digest, replayed, too low a level
    kernel_drops: int = 0  # the socket's receive buffer was full
    queue_drops: int = 0  # the decoder was too far behind
    rate_limited: int = 0  # one source sent more than its share


class Shares:
    """A token bucket for each known source: `rate` a second, `burst` at once."""

    def __init__(self, rate: float, burst: float) -> None:
        self._rate, self._burst = rate, burst
        self._left: dict[str, tuple[float, float]] = {}

    def allows(self, source: str, now: float) -> bool:
        left, at = self._left.get(source, (self._burst, now))
        left = min(left + (now - at) * self._rate, self._burst)
        allowed = left >= 1.0
        self._left[source] = (left - 1.0 if allowed else left, now)
        return allowed

    def keep(self, sources: Mapping[str, object]) -> None:
        """Forgets the sources that are no longer known."""
        self._left = {source: share for source, share in self._left.items() if source in sources}


class Strangers:
    """Unknown sources, to be told of once in `every` seconds each, with how many came meanwhile."""

    def __init__(self, every: float = 60.0) -> None:
        self._every = every
        self._counts: dict[str, int] = {}
        self._told: dict[str, float] = {}

    def came(self, source: str) -> None:
        if source in self._counts or len(self._counts) < _STRANGERS:
            self._counts[source] = self._counts.get(source, 0) + 1

    def due(self, now: float) -> list[tuple[str, int]]:
        due = [s for s in self._counts if now - self._told.get(s, float("-inf")) >= self._every]
        if len(self._told) > _STRANGERS:
            self._told = {s: at for s, at in self._told.items() if now - at < self._every}
        for source in due:
            self._told[source] = now
        return [(source, self._counts.pop(source)) for source in due]


def credentials_json(credentials: Credentials) -> dict[str, str]:
    """For the pipe to the child, and nowhere else: it holds the keys."""
    return {name: getattr(credentials, name) for name in Credentials.__dataclass_fields__}
