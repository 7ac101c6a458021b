"""Reading: what one probe of one device brought back, silence included."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

Key = tuple[str, str]
"""(metric, label); the label is "" for a metric without one. Keys are interned in compiled plans."""


class Probe(StrEnum):
    ICMP = "icmp"
    SNMP = "snmp"
    TRAP = "trap"

    __hash__ = str.__hash__  # every reading is looked up by it; Enum's own is written in Python


class Outcome(StrEnum):
    """How a probe ended; failure kinds stay apart, for they accuse different things."""

    OK = "ok"
    TIMEOUT = "timeout"  # nothing came before the deadline
    REFUSED = "refused"  # ICMP port unreachable: the host lives, the agent does not
    UNREACHABLE = "unreachable"  # host or network unreachable, said by a router
    MALFORMED = "malformed"  # an answer that cannot be read
    AUTH = "auth"  # the agent said no: unknown user, wrong digest, authorizationError
    FORBIDDEN = "forbidden"  # this kernel did not let us ask: never evidence about the device

    __hash__ = str.__hash__


class Trust(StrEnum):
    """How far the sender of a reading is known: authenticated SNMPv3, or anyone's word."""

    V3 = "v3"
    PLAIN = "plain"


class Reading(NamedTuple):
    """One object per probe answer, not one per value; a timeout is a reading too. A tuple, for one is
    made for each answer of a city.

    `at` is engine time in integer milliseconds. Values are numbers in the base units of
    `domain.metric`; counters stay totals, rates are made where they are read. `absent` says
    why an expected metric has no value (sentinel, not answered, out of range, wrong type).
    `asked` is when the sweep began that asked it, 0 where that is not told: a silence is known
    only a timeout later, and is as old as the question.
    """

    device: str
    probe: Probe
    at: int
    outcome: Outcome
    values: Mapping[Key, float] = MappingProxyType({})
    texts: Mapping[str, str] = MappingProxyType({})
    absent: Mapping[str, str] = MappingProxyType({})
    trust: Trust = Trust.PLAIN
    asked: int = 0


def written(key: Key) -> str:
    """The way a key is written for people and JSON: `metric` or `metric{label}`."""
    metric, label = key
    return f"{metric}{{{label}}}" if label else metric


def parsed(text: str) -> Key:
    """The reverse of `written`; ValueError when the braces do not match."""
    if not text.endswith("}"):
        if "{" in text:
            raise ValueError(f"{text!r}: a label is written as metric{{label}}")
        return text, ""
    metric, brace, label = text[:-1].partition("{")
    if not brace or not metric:
        raise ValueError(f"{text!r}: a label is written as metric{{label}}")
    return metric, label
