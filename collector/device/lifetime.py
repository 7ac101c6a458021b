"""PURE: how long a plan may stand before its device is discovered anew.

A day less up to a quarter, by a hash of the device, so that a city that was discovered at once is
not discovered again at once. Sooner where the agent was restarted, or says that its table of
interfaces or of entities has changed: but an agent that says so for ever is not walked for ever.
"""

from __future__ import annotations

from collections.abc import Iterable

from collector.schedule import phase
from collector.snmp.session import Varbind
from domain.reading import Probe, Reading

_MINUTE_MS = 60_000
DAY_MS = 24 * 60 * _MINUTE_MS
RESTART_MS = 5 * _MINUTE_MS  # the least age at which a restart makes a plan old
CHANGE_MS = 60 * _MINUTE_MS  # the least age at which a changed table does
_UPTIME = ("sys_uptime_seconds", "")


class Lifetime:
    """Of one plan, from its discovery at `now` (engine milliseconds)."""

    __slots__ = ("_made", "_marks", "_until", "_uptime")

    def __init__(self, device: str, now: int) -> None:
        self._made = now
        self._until = now + DAY_MS - phase(device, Probe.SNMP, DAY_MS // 4)
        self._uptime = 0.0
        self._marks: dict[bytes, bytes] = {}

    def over(self, marks: frozenset[bytes], varbinds: Iterable[Varbind], reading: Reading, now: int) -> bool:
        """Whether the device should be discovered anew, given one whole answer. `marks` are the
        OIDs whose values change with its tables; they may be missing from the answer."""
        uptime = reading.values.get(_UPTIME)
        if uptime is not None:
            if uptime < self._uptime - 1:
                self._until = min(self._until, self._made + RESTART_MS)
            self._uptime = uptime
        if marks:
            for oid, _, octets in varbinds:
                if oid in marks:
                    if self._marks.setdefault(oid, octets) != octets:
                        self._until = min(self._until, self._made + CHANGE_MS)
                    self._marks[oid] = octets
        return now >= self._until
