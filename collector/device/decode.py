"""PURE: one raw varbind becomes a number, a text, or the reason why it is neither.

A `Read` is compiled once from a rule of a profile and then called for every poll. It returns a
float, or a str that says why the value is absent; it never raises, whatever the agent sent.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Mapping
from math import isfinite
from typing import Literal

from pydantic import Field, field_validator, model_validator

from collector.snmp.session import (
    COUNTER32,
    COUNTER64,
    GAUGE32,
    INTEGER,
    IP_ADDRESS,
    NULL,
    OBJECT_ID,
    OCTET_STRING,
    OPAQUE,
    TIMETICKS,
    dotted,
)
from config.shape import Shape
from domain.metric import Metric

Read = Callable[[int, bytes], float | str]

_NUMBERS = frozenset({INTEGER, COUNTER32, GAUGE32, TIMETICKS, COUNTER64})
_NAMES = {
    INTEGER: "INTEGER",
    OCTET_STRING: "OCTET STRING",
    NULL: "NULL",
    OBJECT_ID: "OBJECT IDENTIFIER",
    IP_ADDRESS: "IpAddress",
    COUNTER32: "Counter32",
    GAUGE32: "Gauge32",
    TIMETICKS: "TimeTicks",
    OPAQUE: "Opaque",
    COUNTER64: "Counter64",
    0x80: "noSuchObject",
    0x81: "noSuchInstance",
    0x82: "endOfMibView",
}
_SAYS_NOTHING = frozenset(
    {"", "n/a", "na", "-", "--", "---", "none", "null", "nan", "unknown", "not available", "not present"}
)
_NUMBER = re.compile(r"[+-]?\d{1,18}(?:\.\d{1,18})?\Z", re.ASCII)
# net-snmp's Opaque wraps a context tag of its own: 0x9f78 float, 0x9f79 double (UCD-SNMP, never an RFC)
_FLOAT, _DOUBLE = b"\x9f\x78\x04", b"\x9f\x79\x08"


class Rule(Shape):
    """How one raw value is understood. Order: type, text, sentinel, map, scale, range.

    `map` turns an enumeration into numbers; a text on its right side is the reason why that
    state says nothing (`1: unknown`). Anything not listed is absent. `sentinels` are raw values
    (before scaling) that mean "no value", each with its reason.
    """

    text: bool = False  # the number comes as an OCTET STRING
    pattern: str | None = None  # regular expression; its first group is the number or the state
    tail: str | None = None  # the value is an OID below this one; the next sub-identifier is the number
    map: Mapping[int | str, float | str] | None = None
    otherwise: float | None = None  # what a state not in `map` means, where the MIB leaves it open
    sentinels: Mapping[int | float | str, str] = Field(default_factory=dict)
    divide: float = 1.0
    multiply: float = 1.0
    convert: Literal["", "fahrenheit", "kelvin"] = ""
    above: float | None = None  # 1 where the scaled value is greater, else 0: watts tell delivering
    low: float = float("-inf")
    high: float = float("inf")

    @field_validator("pattern")
    @classmethod
    def _compiles(cls, pattern: str | None) -> str | None:
        if pattern is not None:
            try:
                groups = re.compile(pattern).groups
            except re.error as error:
                raise ValueError(f"not a regular expression: {error} -> mend it") from None
            if groups != 1:
                raise ValueError("needs exactly one (group) -> put the number or state in one pair of ()")
        return pattern

    @model_validator(mode="after")
    def _scales(self) -> Rule:
        if self.divide == 0:
            raise ValueError("divide is 0 -> write the divisor, 10 for tenths")
        if self.low > self.high:
            raise ValueError("low is above high -> swap them")
        return self


def reader(rule: Rule, metric: Metric | None, divide: float | None = None) -> Read:
    """Compiles `rule`. `metric` bounds the result (None: an inner fact, unbounded);
    `divide` replaces the rule's own where a device was found to use another unit."""
    low, high = rule.low, rule.high
    if metric is not None:
        low, high = max(low, metric.low), min(high, metric.high)
    by = rule.divide if divide is None else divide
    slow = _Careful(rule, low, high, by)
    if (
        rule.text
        or rule.pattern
        or rule.tail
        or rule.convert
        or _has_text_keys(rule.map)
        or rule.above is not None
    ):
        return slow
    if any(isinstance(key, str) for key in rule.sentinels):
        return slow
    if rule.map is not None:
        return _enumerated(rule, slow)
    factor, sentinels = rule.multiply, frozenset(rule.sentinels)

    def fast(
        tag: int,
        octets: bytes,
        *,
        _numbers: frozenset[int] = _NUMBERS,
        _int: Callable[..., int] = int.from_bytes,
    ) -> float | str:
        if tag in _numbers and 0 < len(octets) < 10:
            raw = _int(octets, "big", signed=tag == 2)
            if raw not in sentinels:
                value = raw * factor / by + 0.0  # no -0.0 of a turned sign
                if low <= value <= high:
                    return value
        return slow(tag, octets)

    return fast


def _enumerated(rule: Rule, slow: Read) -> Read:
    """The states that are numbers by their own octets; every other goes the careful way."""
    known = {
        (INTEGER, int(key).to_bytes(1, "big")): value
        for key in rule.map or {}
        if 0 <= int(key) < 128 and not isinstance(value := slow(INTEGER, int(key).to_bytes(1, "big")), str)
    }

    def fast(tag: int, octets: bytes) -> float | str:
        value = known.get((tag, octets))
        return slow(tag, octets) if value is None else value

    return fast


class _Careful:
    """The whole pipeline, for the values that need it and for wording why one is absent."""

    def __init__(self, rule: Rule, low: float, high: float, divide: float) -> None:
        self.rule, self.low, self.high, self.divide = rule, low, high, divide
        self.takes_text = bool(rule.text or rule.pattern or _has_text_keys(rule.map))
        self.pattern = re.compile(rule.pattern) if rule.pattern else None
        self.tail = rule.tail.lstrip(".") + "." if rule.tail else None
        self.words = {str(key).lower(): value for key, value in (rule.map or {}).items()}
        self.sentinels: dict[float, str] = {}
        self.said: dict[str, str] = {}
        for key, why in rule.sentinels.items():
            if isinstance(key, str):
                self.said[key.lower()] = why
            else:
                self.sentinels[float(key)] = why

    def __call__(self, tag: int, octets: bytes) -> float | str:
        if tag in _NUMBERS and self.tail is None:
            if not 0 < len(octets) < 10:
                return f"malformed {_NAMES[tag]} of {len(octets)} octets"
            return self._number(float(int.from_bytes(octets, "big", signed=tag == INTEGER)))
        if tag == OCTET_STRING:
            text = plain_text(octets)
            if self.takes_text:
                return self._text(text)
            return f"wrong type: text {text[:40]!r} where a number is meant"
        if tag == OPAQUE:
            wrapped = _opaque(octets)
            return wrapped if isinstance(wrapped, str) else self._number(wrapped)
        if tag == OBJECT_ID and self.tail is not None:
            below = self._below(octets)
            return below if isinstance(below, str) else self._number(below)
        return absence(tag)

    def _number(self, raw: float) -> float | str:
        why = self.sentinels.get(raw)
        if why is not None:
            return f"sentinel {raw:.12g}: {why}"
        if self.rule.map is not None:
            return self._mapped(f"{raw:.12g}")
        return self._scaled(raw)

    def _text(self, text: str) -> float | str:
        why = self.said.get(text.lower())
        if why is not None:
            return f"sentinel {text!r}: {why}"
        state = text
        if self.pattern is not None:
            found = self.pattern.search(text)
            if found is None or found.group(1) is None:
                return f"text {text[:40]!r}"
            state = found.group(1)
        if self.rule.map is not None and state.lower() in self.words:
            return self._mapped(state)
        if state.lower() in _SAYS_NOTHING or not _NUMBER.match(state):
            if state and self.rule.map is not None and self.rule.otherwise is not None:
                return self.rule.otherwise
            return f"text {text[:40]!r}"
        return self._number(float(state))

    def _mapped(self, state: str) -> float | str:
        value = self.words.get(state.lower())
        if value is None:
            if self.rule.otherwise is not None:
                return self.rule.otherwise
            return f"state {state!r} has no meaning here"
        if isinstance(value, str):
            return f"state {state}: {value}"
        return self._bounded(float(value))

    def _scaled(self, raw: float) -> float | str:
        value = raw * self.rule.multiply / self.divide + 0.0
        if self.rule.convert == "fahrenheit":
            value = round((value - 32) / 1.8, 6)
        elif self.rule.convert == "kelvin":
            value = round(value - 273.15, 6)
        if self.rule.above is not None and self.rule.low <= value <= self.rule.high:
            value = float(value > self.rule.above)
        return self._bounded(value)

    def _bounded(self, value: float) -> float | str:
        if self.low <= value <= self.high:
            return float(value)
        return f"out of range: {value:g} not within {self.low:g}..{self.high:g}"

    def _below(self, octets: bytes) -> float | str:
        try:
            text = dotted(octets)
        except ValueError:
            return "malformed OBJECT IDENTIFIER"
        if not text.startswith(self.tail or ""):
            return f"not one of {self.rule.tail}: {text}"
        return float(text[len(self.tail or "") :].split(".")[0])


def _has_text_keys(states: Mapping[int | str, float | str] | None) -> bool:
    return any(isinstance(key, str) for key in states or ())


def _opaque(octets: bytes) -> float | str:
    if octets[:3] == _FLOAT and len(octets) == 7:
        value = float(struct.unpack(">f", octets[3:])[0])
    elif octets[:3] == _DOUBLE and len(octets) == 11:
        value = float(struct.unpack(">d", octets[3:])[0])
    else:
        return "wrong type: Opaque"
    if not isfinite(value):
        return f"not a number: {value}"
    return float(f"{value:.7g}") if octets[:3] == _FLOAT else value


def absence(tag: int) -> str:
    """Why a varbind of this type holds no number."""
    if tag in (0x80, 0x81, 0x82):
        return "not answered"
    if tag == NULL:
        return "NULL"
    return f"wrong type: {_NAMES.get(tag, f'tag 0x{tag:02x}')}"


def plain_text(octets: bytes) -> str:
    """A DisplayString as people write it: UTF-8 (else Latin-1), without padding and outer quotes."""
    try:
        text = octets.decode("utf-8")
    except UnicodeDecodeError:
        text = octets.decode("latin-1")
    text = text.split("\x00", 1)[0]
    text = "".join(c if c.isprintable() else " " for c in text)
    return " ".join(text.split()).strip("\"'\\").strip()


def text_of(tag: int, octets: bytes, as_mac: bool = False) -> str | None:
    """The text of an identity (serial, firmware, name), or None where there is none worth keeping."""
    if tag == OCTET_STRING:
        if as_mac and len(octets) == 6:
            return octets.hex(":") if any(octets) else None
        text = plain_text(octets)
        return None if text.lower() in _SAYS_NOTHING or not text.strip("?. ") else text
    if tag in _NUMBERS and 0 < len(octets) < 10:
        return str(int.from_bytes(octets, "big", signed=tag == INTEGER))
    return None


def _is_binary(octets: bytes) -> bool:
    """Octets that are no words: addresses, bits, dates."""
    try:
        text = octets.rstrip(b"\x00").decode("utf-8")
    except UnicodeDecodeError:
        return True
    return any(not c.isprintable() and c not in "\t\r\n" for c in text)


def shown(tag: int, octets: bytes) -> str:
    """A raw varbind for people: its type and its value, whatever it is."""
    name = _NAMES.get(tag, f"tag 0x{tag:02x}")
    if tag in _NUMBERS:
        if len(octets) >= 10:
            return f"{name} of {len(octets)} octets"
        number = int.from_bytes(octets, "big", signed=tag == INTEGER) if octets else None
        return f"{name} {number}"
    if tag == OCTET_STRING:
        if _is_binary(octets):
            return f"{name} {octets[:24].hex(':')}"
        return f"{name} {plain_text(octets)[:60]!r}"
    if tag == OBJECT_ID:
        try:
            return f"{name} {dotted(octets)}"
        except ValueError:
            pass
    return f"{name} {octets[:24].hex()}".rstrip()


def label_text(text: str) -> str:
    """A name fit to be a label: no braces, no line breaks, at most 60 characters."""
    clean = "".join("(" if c == "{" else ")" if c == "}" else c for c in " ".join(text.split()))
    return clean[:60].strip()
