"""How fast datagrams may leave: a steady rate, halved when answers are lost here. PURE."""

from __future__ import annotations

_RECOVERY = 1 / 1024
"""Share of the full rate won back by each burst without loss: the way TCP does it, halve at once
and climb slowly, so that the rate settles just under what this machine can take in."""


class Pace:
    """`rate` in datagrams a second, 0 for no limit; shared by all sweeps of one sender."""

    def __init__(self, rate: float) -> None:
        self._full = rate
        self._rate = rate
        self._free_at = 0.0
        self._most = self._burst = 256 if not rate else max(1, min(256, int(rate * 0.005)))

    @property
    def rate(self) -> float:
        return self._rate

    @property
    def burst(self) -> int:
        """Datagrams to send before looking at the clock and the answers again: 5 ms worth."""
        return self._burst

    def sent(self, count: int, lost_here: bool, now: float) -> float:
        """Seconds to wait after `count` datagrams. `lost_here`: the receive buffer overflowed."""
        if lost_here:
            self._rate = max((self._rate or 100_000.0) / 2, 1_000.0)
            self._full = self._full or 2 * self._rate
            self._burst = max(self._burst // 2, 1)
        elif self._rate < self._full:
            self._rate = min(self._rate + self._full * _RECOVERY, self._full)
            self._burst = max(self._burst, int(self._most * self._rate / self._full))
        if not self._rate:
            return 0.0
        self._free_at = max(self._free_at, now - 0.01) + count / self._rate
        return max(self._free_at - now, 0.0)
