"""One ICMP sweep's findings on a device, as its reading. PURE."""

from __future__ import annotations

from itertools import pairwise

from domain.ports import Echoes
from domain.reading import Key, Outcome, Probe, Reading

_LOSS: Key = ("icmp_loss_ratio", "")
_MEAN: Key = ("icmp_rtt_seconds", "")
_SHORTEST: Key = ("icmp_rtt_min_seconds", "")
_LONGEST: Key = ("icmp_rtt_max_seconds", "")
_JITTER: Key = ("icmp_jitter_seconds", "")


def echo_reading(device: str, at: int, echoes: Echoes, asked: int = 0) -> Reading:
    """`at` is when the sweep was over, `asked` when it began. Round-trip times only where something
    answered, jitter only of two answers or more, and no loss where nothing was sent: a kernel that
    refuses us says nothing about the device."""
    if not echoes.sent:
        return Reading(device, Probe.ICMP, at, echoes.outcome, asked=asked)
    rtts = echoes.rtts
    values: dict[Key, float] = {_LOSS: 1.0 - len(rtts) / echoes.sent}
    if not rtts:
        return Reading(device, Probe.ICMP, at, echoes.outcome, values, asked=asked)
    values[_MEAN] = sum(rtts) / len(rtts)
    values[_SHORTEST] = min(rtts)
    values[_LONGEST] = max(rtts)
    if len(rtts) > 1:
        values[_JITTER] = sum(abs(b - a) for a, b in pairwise(rtts)) / (len(rtts) - 1)
    return Reading(device, Probe.ICMP, at, Outcome.OK, values, asked=asked)
