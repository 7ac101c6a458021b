"""What one probe answer says about a device being alive.

Down needs ICMP and SNMP to fail together, several sweeps must agree, and the monitor must have
seen something else alive since: a device is never accused by a monitor that may itself be cut off.
"""

from __future__ import annotations

from domain.alarm import Evidence
from domain.reading import Outcome, Reading
from rules.memory import DeviceMemory, Watchman

ALIVE = frozenset({Outcome.OK, Outcome.REFUSED, Outcome.AUTH, Outcome.MALFORMED})
"""Outcomes only a living host can give: a refusal or a garbled answer is an answer."""

PATIENCE = 3
"""A road not tried for so many of its intervals is closed, and no longer waited for."""


def asked_at(reading: Reading, now: int) -> int:
    """What an echo tells, it tells of the moment it was sent: a silence is as old as the question, and
    whoever is to vouch for something must have been asked after it."""
    return min(reading.asked or now, now)


def note_icmp(memory: DeviceMemory, outcome: Outcome, asked: int, now: int, seeing_since: int) -> None:
    """Keeps how long echoes have failed; failures from before a blind spell's end do not count. Where
    sweeps overlap, a silence is not older than the answer before it."""
    if outcome in ALIVE:
        memory.icmp_fails = 0
    elif memory.icmp_fails == 0 or memory.icmp_since < seeing_since:
        memory.icmp_fails, memory.icmp_since = 1, max(asked, memory.icmp_at)
        memory.icmp_known_at = now
    else:
        memory.icmp_fails += 1
    memory.icmp_at = now
    memory.heard_icmp = True


def note_alive(memory: DeviceMemory, at: int) -> None:
    """It answered, and with it its box and somebody on its feeder."""
    for heard in (memory, memory.box, memory.box.grid):
        if at > heard.last_ok_at:
            heard.last_ok_at = at


def note_snmp(memory: DeviceMemory, outcome: Outcome, at: int, seeing_since: int) -> None:
    memory.snmp_at = at
    if outcome in ALIVE:
        memory.snmp_fails, memory.snmp_ok_at = 0, at
    elif memory.snmp_fails == 0 or memory.snmp_since < seeing_since:
        memory.snmp_fails, memory.snmp_since = 1, at
    else:
        memory.snmp_fails += 1
    if outcome is Outcome.OK:
        memory.heard_snmp = True


def fell_at(memory: DeviceMemory) -> int | None:
    """When the silence began: with the echoes, unless its agent still answered after they had failed."""
    if memory.icmp_fails == 0:
        return None
    return memory.snmp_since if memory.snmp_ok_at > memory.icmp_since else memory.icmp_since


def known_at(memory: DeviceMemory) -> int | None:
    """When that was known. Whoever vouches for our own link must have been asked after it: within one
    sweep nobody can tell whose echo left before the link broke."""
    fell = fell_at(memory)
    return memory.icmp_known_at if fell == memory.icmp_since and fell is not None else fell


def silent(memory: DeviceMemory, watchman: Watchman, polls: int, now: int) -> Evidence:
    """BAD, GOOD or UNKNOWN for the rule `silent`, from all that is remembered of the device."""
    if memory.icmp_fails == 0:
        return Evidence.GOOD if memory.heard_icmp else Evidence.UNKNOWN
    if memory.icmp_fails < polls:
        return Evidence.UNKNOWN
    device = memory.device
    if device.snmp is not None:
        patience = int(device.snmp_interval_s * 1000) * PATIENCE
        tried = memory.snmp_at and now - memory.snmp_at <= patience
        mute = memory.snmp_fails > 0
        if tried and not mute:
            return Evidence.UNKNOWN  # its agent answered last time it was asked: ask again first
        if tried and memory.snmp_at < memory.icmp_since and not memory.on("agent"):
            return (
                Evidence.UNKNOWN
            )  # nobody has asked its agent since; one known to be mute is not waited for
        if not tried and not mute and now - memory.icmp_since < patience:
            return Evidence.UNKNOWN  # its agent has yet to be asked
        if mute and memory.snmp_ok_at > memory.icmp_since and memory.snmp_fails < polls:
            return Evidence.UNKNOWN  # it lives without echoes: one poll lost is no outage
    patience = int(device.icmp_interval_s * 1000) * PATIENCE
    return Evidence.BAD if watchman.vouches(known_at(memory) or now, now, patience) else Evidence.UNKNOWN


def agent(memory: DeviceMemory, outcome: Outcome) -> Evidence:
    """For the rule `agent`: the host lives, its SNMP agent does not speak to us."""
    if outcome is Outcome.OK:
        return Evidence.GOOD
    if outcome in (Outcome.REFUSED, Outcome.AUTH, Outcome.MALFORMED):
        return Evidence.BAD
    if outcome is Outcome.TIMEOUT and memory.heard_icmp and memory.icmp_fails == 0:
        return Evidence.BAD
    return Evidence.UNKNOWN
