"""What an exchange counts."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Counters:
    """What went out and came in since the start, for watching the watcher."""

    sent: int = 0
    retried: int = 0
    answered: int = 0
    unasked: int = 0  # from where nothing is awaited: late, repeated, or a stranger's
    wrong_id: int = 0  # a late answer to an earlier request, or a guess
    wrong_community: int = 0
    unauthentic: int = 0  # v3 answers that do not prove whose they are
    garbled: int = 0
    icmp_errors: int = 0

    @property
    def refused(self) -> int:
        """Packets that came and answered nothing."""
        return self.unasked + self.wrong_id + self.wrong_community + self.unauthentic + self.garbled
