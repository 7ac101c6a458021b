"""PURE: traps and informs become values, by the `traps:` sections of the profiles.

A v1 trap reaches us with enterprise.0.specific (RFC 3584, 3.1) where a v2 definition may have
been enterprise.specific, and proxies do either: both spellings of every trap are known.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from collector.device.decode import Read, label_text, plain_text, reader, shown, text_of
from collector.device.profile import ProfileSet, Trap, TrapValue
from collector.snmp.session import OBJECT_ID, OCTET_STRING, Varbind, dotted, oid, sub_identifiers
from domain.metric import CATALOGUE
from domain.reading import Key

TrapValues = tuple[Mapping[Key, float], Mapping[str, str]]


def trap_values(profiles: ProfileSet, trap_oid: bytes, varbinds: Sequence[Varbind]) -> TrapValues | None:
    """What a trap says: (values, texts), where texts always holds the trap's name as "trap".

    None: no profile knows this trap. A known trap whose tests do not hold, or whose values do
    not decode, gives no values; it is still a reason to poll its sender.
    """
    known = _table(profiles).get(trap_oid)
    if known is None:
        return None
    values: dict[Key, float] = {}
    texts: dict[str, str] = {}
    for trap in known:
        if all(test(varbinds) for test in trap.tests):
            texts.setdefault("trap", trap.name)
            for take in trap.takes:
                take(varbinds, values)
            for name, prefix in trap.texts:
                for found, tag, octets in varbinds:
                    if found.startswith(prefix) and (text := text_of(tag, octets)) is not None:
                        texts.setdefault(name, text)
    texts.setdefault("trap", known[0].name)
    return values, texts


@dataclass(frozen=True, slots=True)
class _Compiled:
    name: str
    tests: tuple[Callable[[Sequence[Varbind]], bool], ...]
    takes: tuple[Callable[[Sequence[Varbind], dict[Key, float]], None], ...]
    texts: tuple[tuple[str, bytes], ...]


@lru_cache(maxsize=8)
def _table(profiles: ProfileSet) -> Mapping[bytes, tuple[_Compiled, ...]]:
    table: dict[bytes, tuple[_Compiled, ...]] = {}
    for trap in profiles.traps:
        compiled = _Compiled(
            trap.name,
            tuple(_test(test.varbind, test.equals, test.like) for test in trap.when),
            tuple(_take(metric, value) for metric, value in trap.each_value()),
            tuple((name, oid(prefix)) for name, prefix in trap.texts.items()),
        )
        for spelling in _spellings(trap):
            table[spelling] = (*table.get(spelling, ()), compiled)
    return table


def _spellings(trap: Trap) -> tuple[bytes, bytes]:
    *enterprise, specific = trap.oid.lstrip(".").split(".")
    if enterprise[-1] == "0":
        enterprise.pop()
    root = ".".join(enterprise)
    return oid(f"{root}.{specific}"), oid(f"{root}.0.{specific}")


def _text(tag: int, octets: bytes) -> str:
    if tag == OBJECT_ID:
        try:
            return dotted(octets)
        except ValueError:
            return ""
    if tag == OCTET_STRING:
        return plain_text(octets)
    return shown(tag, octets).rpartition(" ")[2]


def _test(varbind: str, equals: Sequence[str], like: str | None) -> Callable[[Sequence[Varbind]], bool]:
    prefix, allowed = oid(varbind), frozenset(equals)
    pattern = re.compile(like) if like else None

    def holds(varbinds: Sequence[Varbind]) -> bool:
        for found, tag, octets in varbinds:
            if found.startswith(prefix):
                text = _text(tag, octets)
                if text in allowed or (pattern is not None and pattern.search(text)):
                    return True
        return False

    return holds


def _take(name: str, value: TrapValue) -> Callable[[Sequence[Varbind], dict[Key, float]], None]:
    metric = CATALOGUE[name]
    read: Read = reader(value, metric)
    prefix = oid(value.varbind) if value.varbind else None
    label_prefix = oid(value.label_varbind) if value.label_varbind else None
    constant = value.becomes

    def take(varbinds: Sequence[Varbind], into: dict[Key, float]) -> None:
        number: float | str = "not in the trap" if constant is None else constant
        index: tuple[int, ...] = ()
        label = value.label or ""
        for found, tag, octets in varbinds:
            if prefix is not None and found.startswith(prefix):
                number = read(tag, octets) if constant is None else constant
                try:
                    index = sub_identifiers(found[len(prefix) :])
                except ValueError:
                    continue
            if label_prefix is not None and found.startswith(label_prefix):
                label = label_text(_text(tag, octets)) or label
        if prefix is not None and not index and constant is not None and value.label_part is not None:
            return
        if value.label_part is not None and -len(index) <= value.label_part < len(index):
            label = str(index[value.label_part])
        if isinstance(number, str) or bool(metric.label) != bool(label):
            return
        into.setdefault((name, label), float(number))

    return take
