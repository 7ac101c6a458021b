"""One sweep under way in one address family: what was sent when, and what came back. PURE.

Times are monotonic nanoseconds, handed in.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from errno import EHOSTUNREACH, ENETUNREACH
from itertools import repeat
from operator import itemgetter

from domain.ports import Echoes
from domain.reading import Outcome

_OPEN, _UNREACHABLE, _LATE = -1, -2, -3
_FLOOR_NS = 1_000
"""Send times within one system call are spread evenly over it; on loopback an answer can beat its
own estimate. Nothing is nearer than a microsecond."""


class Flight:
    """`echoes` rounds over `addresses` (packed), and more where answers were lost by this machine."""

    def __init__(self, addresses: Sequence[bytes], echoes: int, timeout_ns: int) -> None:
        self.addresses = addresses
        self.echoes = echoes
        self.timeout_ns = timeout_ns
        self.waiting = 0  # echoes sent and neither answered nor refused by a router
        self.late = 0
        self._sent: list[list[int]] = []  # by sequence, then by index; 0: not sent
        self._rtt: list[list[int]] = []
        self._refused: dict[int, int] = {}  # index -> errno
        self._at: dict[bytes, list[int]] | None = None

    def begin_round(self) -> int:
        """The sequence number of a further round."""
        self._sent.append([0] * len(self.addresses))
        self._rtt.append([_OPEN] * len(self.addresses))
        return len(self._sent) - 1

    def sent(self, sequence: int, indices: Sequence[int], start: int, end: int) -> None:
        """Echoes to `indices` left one after another from `start` to `end`."""
        count = len(indices)
        step = max((end - start) // count, 1)
        times = range(start, start + step * count, step)
        first, sent = indices[0], self._sent[sequence]
        if indices[-1] - first == count - 1:
            sent[first : first + count] = times
        else:
            for index, time in zip(indices, times, strict=True):
                sent[index] = time
        self.waiting += count

    def refused(self, index: int, errno: int) -> None:
        """This machine's kernel did not let the echo out."""
        self._refused[index] = errno

    def answered(self, sequence: int, index: int, address: bytes, at: int) -> bool:
        """False when no echo of this flight asked for it, or it was already answered."""
        try:
            start, rtts = self._sent[sequence][index], self._rtt[sequence]
        except IndexError:
            return False
        if not start or rtts[index] != _OPEN or self.addresses[index] != address:
            return False
        rtt = at - start
        if rtt > self.timeout_ns:
            self.late += 1
            rtts[index] = _LATE
        else:
            rtts[index] = rtt if rtt > _FLOOR_NS else _FLOOR_NS
        self.waiting -= 1
        return True

    def answered_together(
        self, sequence: int, indices: Sequence[int], sources: bytes, base: int, nanoseconds: Sequence[int]
    ) -> bool:
        """As `answered`, of many answers to one round that came at `base + nanoseconds`, `sources`
        their packed addresses. False, and nothing noted, where one of them needs a closer look."""
        if sequence >= len(self._sent) or len(set(indices)) != len(indices):
            return False
        rtt_of, pick = self._rtt[sequence], itemgetter(*indices)
        try:
            sent, known, addresses = pick(self._sent[sequence]), pick(rtt_of), pick(self.addresses)
        except IndexError:
            return False
        if 0 in sent or known.count(_OPEN) != len(known) or b"".join(addresses) != sources:
            return False
        rtts = [base + moment - start for moment, start in zip(nanoseconds, sent, strict=True)]
        if max(rtts) > self.timeout_ns:
            return False
        if min(rtts) < _FLOOR_NS:
            rtts = [rtt if rtt > _FLOOR_NS else _FLOOR_NS for rtt in rtts]
        for index, rtt in zip(indices, rtts, strict=True):
            rtt_of[index] = rtt
        self.waiting -= len(rtts)
        return True

    def unreachable(self, sequence: int, index: int, address: bytes) -> bool:
        """A router said so. `index` is -1 where it quoted too little to tell: then by address."""
        if sequence >= len(self._rtt):
            return False
        hits = 0
        for i in self._indices(address) if index < 0 else (index,):
            if (
                i < len(self.addresses)
                and self.addresses[i] == address
                and self._sent[sequence][i]
                and self._rtt[sequence][i] == _OPEN
            ):
                self._rtt[sequence][i] = _UNREACHABLE
                self.waiting -= 1
                hits += 1
        return bool(hits)

    def _indices(self, address: bytes) -> Sequence[int]:
        if self._at is None:
            self._at = {}
            for i, known in enumerate(self.addresses):
                self._at.setdefault(known, []).append(i)
        return self._at.get(address, ())

    def lacking(self) -> list[tuple[int, int]]:
        """(index, answers lacking) of the hosts that answered fewer echoes than they were to be sent."""
        found = []
        for index, times in enumerate(zip(*self._rtt, strict=True)):
            missing = self.echoes - sum(rtt != _OPEN for rtt in times)
            if missing > 0 and index not in self._refused:
                found.append((index, missing))
        return found

    def results(self, texts: Sequence[str]) -> Iterator[Echoes]:
        """Of each address, `texts` being what it is called. Further rounds stand in for answers lost
        here, so that what this machine dropped is never the host's loss."""
        echoes, rounds = self.echoes, self._rtt
        in_seconds = zip(*([rtt / 1e9 for rtt in of_round] for of_round in rounds), strict=True)
        if len(rounds) == echoes and all(min(of_round, default=1) > 0 for of_round in rounds):
            yield from map(Echoes, texts, repeat(Outcome.OK), repeat(echoes), in_seconds)  # the usual sweep
            return
        in_all = zip(texts, zip(*rounds, strict=True), in_seconds, strict=True)
        for index, (text, times, seconds) in enumerate(in_all):
            if len(times) == echoes and min(times) > 0:
                yield Echoes(text, Outcome.OK, echoes, seconds)
            else:
                yield Echoes(text, *self._judged(index, times))

    def _judged(self, index: int, times: Sequence[int]) -> tuple[Outcome, int, tuple[float, ...]]:
        rtts = tuple([rtt / 1e9 for rtt in times if rtt > 0][: self.echoes])
        sent = self.echoes
        if index in self._refused:
            left = sum(bool(of_round[index]) for of_round in self._sent[: self.echoes])
            sent = max(len(rtts), left)
        if rtts:
            return Outcome.OK, sent, rtts
        if index in self._refused:
            return outcome_of(self._refused[index]), sent, ()
        return (Outcome.UNREACHABLE if _UNREACHABLE in times else Outcome.TIMEOUT), sent, ()


def outcome_of(errno: int) -> Outcome:
    """What a refused send says. No route is the first router's word, and that router is this
    machine; everything else (a filter, a full connection table) is no evidence about the host."""
    return Outcome.UNREACHABLE if errno in (ENETUNREACH, EHOSTUNREACH) else Outcome.FORBIDDEN
