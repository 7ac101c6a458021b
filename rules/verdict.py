"""A verdict: why a box is in trouble, as far as one concern goes.

It is `provisional` while a witness it rests on has not been asked since the trouble began; it is
acted on (the incident opens) but telling waits for the witness a little.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from domain.alarm import Cause, Confidence
from rules.memory import BoxMemory, DeviceMemory, World

RANK = {cause: rank for rank, cause in enumerate(Cause)}
"""Causes of one concern are declared from mild to grave."""

WITNESS_ROUNDS = 2
"""Sweeps a missing witness is waited for; after that the verdict stands as it is."""


@dataclass(frozen=True, slots=True)
class Verdict:
    cause: Cause
    confidence: Confidence
    since: int
    devices: tuple[str, ...] = ()
    cameras: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    police: bool = False
    provisional: bool = False


def members(world: World, box: BoxMemory) -> Iterator[DeviceMemory]:
    return (world.devices[device.id] for device in box.place.devices)
