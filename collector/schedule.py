"""Which probe of which device is due when. Time is handed in, in engine milliseconds. PURE.

A probe's phase is a hash of its device over its interval: the load is flat, and a device keeps
its moment over restarts. What is due lies in slots, so that a city of 100,000 costs what is due
now and not what is watched.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import blake2b
from heapq import heappop, heappush

from domain.reading import Probe


class Turn:
    """One probe of one device, and when it comes next."""

    __slots__ = ("_factor", "_silences", "_slot", "device", "due", "interval", "probe")

    def __init__(self, device: str, probe: Probe, interval: int, now: int) -> None:
        self.device = device
        self.probe = probe
        self.interval = interval  # milliseconds
        self.due = now + (phase(device, probe, interval) - now) % interval
        self._factor = 1  # intervals until the next turn; more than one while backing off
        self._silences = 0
        self._slot = -1


def phase(device: str, probe: Probe, interval: int) -> int:
    """Where in its interval a probe has its turn, in milliseconds."""
    digest = blake2b(f"{probe}\0{device}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") % interval


class Schedule:
    """The turns of all devices.

    SNMP that stays silent `patience` times in a row is asked half as often, then a quarter, down
    to one in `furthest` intervals; one answer restores it. ICMP is never backed off.
    """

    def __init__(self, slot_ms: int = 100, patience: int = 3, furthest: int = 8) -> None:
        self._slot_ms = slot_ms
        self._patience = patience
        self._furthest = furthest
        self._turns: dict[tuple[str, Probe], Turn] = {}
        self._slots: dict[int, list[Turn]] = {}
        self._order: list[int] = []  # heap of the slots that hold turns

    def __len__(self) -> int:
        return len(self._turns)

    def add(self, device: str, probe: Probe, interval: int, now: int) -> None:
        """Adds a turn, or gives it another interval. `interval` in milliseconds."""
        known = self._turns.get((device, probe))
        if known is not None and known.interval == interval:
            return
        turn = self._turns[device, probe] = Turn(device, probe, max(interval, 1), now)
        if known is not None:
            known._slot = -1
        self._place(turn, turn.due // self._slot_ms)

    def remove(self, device: str, probe: Probe) -> None:
        turn = self._turns.pop((device, probe), None)
        if turn is not None:
            turn._slot = -1

    def due(self, now: int) -> Iterator[tuple[Turn, int]]:
        """The turns that have come, each with the start of the slot it lay in, oldest first; each is
        put to its next one. Turns missed while nobody asked are not made up for."""
        last = now // self._slot_ms
        while self._order and self._order[0] <= last:
            slot = heappop(self._order)
            for turn in self._slots.pop(slot):
                if turn._slot != slot:
                    continue  # moved or removed meanwhile
                turn.due += turn.interval * turn._factor
                if turn.due <= now:
                    turn.due += ((now - turn.due) // turn.interval + 1) * turn.interval
                self._place(turn, max(turn.due // self._slot_ms, last + 1))
                yield turn, slot * self._slot_ms

    def next_due(self) -> int | None:
        """When to look again; None: nothing is watched."""
        return self._order[0] * self._slot_ms if self._order else None

    def heard(self, device: str, probe: Probe, now: int) -> None:
        """It answered: a probe that was backing off has its next turn within one interval again."""
        turn = self._turns.get((device, probe))
        if turn is None or not turn._silences:
            return
        turn._silences = 0
        if turn._factor > 1:
            turn._factor = 1
            if turn.due > now + turn.interval:
                turn.due -= (turn.due - now - 1) // turn.interval * turn.interval
                self._place(turn, turn.due // self._slot_ms)

    def silent(self, device: str, probe: Probe) -> None:
        turn = self._turns.get((device, probe))
        if turn is None or probe is Probe.ICMP:
            return
        turn._silences += 1
        if turn._silences >= self._patience and turn._factor < self._furthest:
            turn._factor = min(turn._factor * 2, self._furthest)
            turn.due += turn.interval * (turn._factor // 2)
            self._place(turn, turn.due // self._slot_ms)

    def hasten(self, device: str, probe: Probe, at: int) -> None:
        """An extra turn at `at`, unless one comes before; the regular ones stay where they were."""
        turn = self._turns.get((device, probe))
        if turn is None or turn.due <= at:
            return
        turn.due -= -(-(turn.due - at) // turn.interval) * turn.interval
        self._place(turn, at // self._slot_ms)

    def _place(self, turn: Turn, slot: int) -> None:
        turn._slot = slot
        if slot in self._slots:
            self._slots[slot].append(turn)
        else:
            self._slots[slot] = [turn]
            heappush(self._order, slot)
