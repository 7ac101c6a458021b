"""PURE: a profile and the rows one device answered become its plan."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from sys import intern

from collector.device.alike import Same
from collector.device.decode import Read, plain_text, reader, shown
from collector.device.expression import compiled
from collector.device.plan import Asked, Gate, Plan, Walked, state_text
from collector.device.profile import Fit, Profile, Source, TextSource
from collector.device.tables import Rows, Tables, labels_of, their_index
from collector.device.verdicts import Decision
from collector.snmp.session import OCTET_STRING, dotted, oid
from domain.metric import CATALOGUE
from domain.place import Bounds

PDU_OIDS = 24  # keeps an answer of usual values below one Ethernet frame


def compile_plan(profile: Profile, rows: Rows, why: str, bounds: Bounds | None = None) -> Plan:
    """The plan for a device that answered `rows`. Sources it did not answer are left out, and a
    metric with none is in `unanswered`; of several sources those after the first that gave a
    plausible value are not asked again."""
    tables = Tables(rows)
    units = _units(profile, tables)
    notes = [
        f"{group}: this agent's raw values are divided by {by:g}, not by {usual:g} as its MIB has it"
        for group, by, usual in _odd(profile, units)
    ]
    asked: list[Asked] = []
    walked: list[Walked] = []
    unanswered: dict[str, str] = {}
    for name, sources in profile.facts.items():
        asked += _chain("fact", name, sources, tables, units, notes)
        walked += _walks(name, sources, tables)
    for name, sources in profile.metrics.items():
        chain = _chain("metric", name, sources, tables, units, notes)
        if not chain and name not in profile.derived:
            unanswered[name] = "not answered"
        asked += chain
    for name, texts in profile.texts.items():
        asked += _texts(name, texts, tables)
    marks = frozenset(map(oid, profile.changed_by)).intersection(rows)
    fast, slow = _questions(asked, walked)
    slow += [mark for mark in sorted(marks) if mark not in fast and mark not in slow]
    return Plan(
        profile=profile.name,
        kind=profile.kind,
        why=why,
        gets=_pdus(fast),
        slow_gets=_pdus(slow),
        slow_every=profile.slow_every,
        walks=tuple(walk.root for walk in walked),
        asked=tuple(asked),
        walked=tuple(walked),
        decisions=tuple(_decisions(profile, asked, walked, unanswered)),
        unanswered=unanswered,
        notes=tuple(dict.fromkeys(notes)),
        bounds=bounds,
        marks=marks,
    )


def _chain(
    kind: str,
    name: str,
    sources: Sequence[Source],
    tables: Tables,
    units: Mapping[tuple[str, tuple[float, ...]], float],
    notes: list[str],
) -> list[Asked]:
    """Every OID asked for a metric or fact, sources in order, ended by the first plausible one."""
    metric = CATALOGUE[name] if kind == "metric" else None
    chain: list[Asked] = []
    settled: dict[str, float] = {}
    for source in sources:
        if source.walk:
            continue
        found = list(tables.places(source))
        labels = labels_of(source, [index for _, index in found], tables)
        for (place, index), label in zip(found, labels, strict=True):
            if label is None:
                continue
            if source.named and not re.search(source.named, label):
                continue
            if source.unnamed and re.search(source.unnamed, label):
                continue
            divide = _divisor(source, index, tables, units)
            if divide is None:
                continue
            read = _reader(Same(source), None if metric is None else name, divide)
            value = read(*tables.rows[place])
            if source.omit and isinstance(value, str) and value.startswith("sentinel"):
                continue
            if label in settled:
                odd = source.incomparable or source.first or isinstance(value, str)
                comparable = metric is not None and not odd
                if comparable and _disagree(settled[label], float(value)):
                    at = f"{name}{{{label}}}" if label else name
                    notes.append(f"{at}: {float(value):g} by {dotted(place)}, but {settled[label]:g} is used")
                continue
            gates = tuple(
                Gate(
                    oid(live.column) + their_index(index, live.index),
                    frozenset(map(str, live.among)),
                    live.because,
                )
                for live in source.live
            )
            chain.append(Asked(kind, intern(name), intern(label), place, read, source, gates))
            if not isinstance(value, str):
                settled[label] = value
    return chain


@lru_cache(maxsize=16_384)
def _reader(source: Same[Source], metric: str | None, divide: float | None) -> Read:
    """Compiled once for all devices that are read alike: a city of 100,000 has few kinds of them."""
    return reader(source.it, None if metric is None else CATALOGUE[metric], divide)


def _disagree(a: float, b: float) -> bool:
    return abs(a - b) > max(2.0, 0.2 * max(abs(a), abs(b)))


def _divisor(
    source: Source, index: bytes, tables: Tables, units: Mapping[tuple[str, tuple[float, ...]], float]
) -> float | None:
    """The divisor for one value; None where a scale that must be known is not."""
    if source.exponent is not None:
        scale = tables.column(source.exponent.scale).get(index)
        precision = tables.column(source.exponent.precision).get(index)
        try:
            power = 3 * (int(state_text(*scale)) - 9) if scale is not None else 0
            digits = int(state_text(*precision)) if precision is not None else 0
        except ValueError:
            return None
        if not (-24 <= power <= 24 and -8 <= digits <= 9):
            return None
        return float(10.0 ** (digits - power))
    if source.fit is not None:
        return units.get((source.fit.group, source.fit.divide))
    return source.divide


def _units(profile: Profile, tables: Tables) -> dict[tuple[str, tuple[float, ...]], float]:
    """For each fitted group the divisor this device needs: (group, choices) -> divisor."""
    highest: dict[str, float] = {}
    fits: list[tuple[Fit, Source]] = []
    for source in (s for sources in profile.metrics.values() for s in sources):
        if source.fit is None:
            continue
        fits.append((source.fit, source))
        raw_reader = reader(source.model_copy(update={"divide": 1.0, "multiply": 1.0}), None)
        for place, _ in tables.places(source):
            value = raw_reader(*tables.rows[place])
            if not isinstance(value, str):
                group = source.fit.group
                highest[group] = max(highest.get(group, 0.0), abs(value))
    units: dict[tuple[str, tuple[float, ...]], float] = {}
    for fit, source in fits:
        top, (low, high) = highest.get(fit.group, 0.0) * source.multiply, fit.within
        usual = source.divide
        units[fit.group, fit.divide] = next((by for by in fit.divide if low <= top / by <= high), usual)
    return units


def _odd(
    profile: Profile, units: Mapping[tuple[str, tuple[float, ...]], float]
) -> Iterator[tuple[str, float, float]]:
    for sources in profile.metrics.values():
        for source in sources:
            if source.fit is not None and (by := units[source.fit.group, source.fit.divide]) != source.divide:
                yield source.fit.group, by, source.divide


def _walks(name: str, sources: Sequence[Source], tables: Tables) -> Iterator[Walked]:
    for source in sources:
        if source.walk and (source.beside is None or tables.column(source.beside)):
            counted = tables.scalar(source.counted_by) if source.counted_by else None
            yield Walked(name, oid(source.root), _reader(Same(source), None, None), counted, source)


def _no_number(tag: int, octets: bytes) -> str:
    return shown(tag, octets)


def _texts(name: str, sources: Sequence[TextSource], tables: Tables) -> Iterator[Asked]:
    read: Read = _no_number
    for source in sources:
        for place, index in tables.places(source):
            tag, octets = tables.rows[place]
            if tag == OCTET_STRING and not plain_text(octets) and source.column is not None:
                continue
            label = "" if source.first else tables.label(source, index)
            if label is not None:
                yield Asked("text", intern(name), intern(label), place, read, source)


def _questions(asked: Sequence[Asked], walked: Sequence[Walked]) -> tuple[list[bytes], list[bytes]]:
    """OIDs for every poll and OIDs for slow polls only; an OID wanted by both is asked at every poll."""
    fast: dict[bytes, None] = {}
    slow: dict[bytes, None] = {}
    for one in asked:
        into = slow if one.kind == "text" or one.source.slow else fast
        into[one.oid] = None
        into.update((gate.oid, None) for gate in one.gates)
    for walk in walked:
        if walk.counted_by is not None:
            fast[walk.counted_by] = None
    return list(fast), [question for question in slow if question not in fast]


def _pdus(oids: Sequence[bytes]) -> tuple[tuple[bytes, ...], ...]:
    return tuple(tuple(oids[at : at + PDU_OIDS]) for at in range(0, len(oids), PDU_OIDS))


def _decisions(
    profile: Profile, asked: Sequence[Asked], walked: Sequence[Walked], unanswered: dict[str, str]
) -> Iterator[Decision]:
    """Derived metrics of which this device answers at least one ingredient."""
    have = {one.name for one in asked if one.kind != "text"} | {walk.name for walk in walked}
    for name, verdicts in profile.derived.items():
        needs = profile.ingredients(name)
        if needs and not needs & have:
            if name not in have:
                unanswered[name] = "not answered"
            continue
        have.add(name)
        metric = CATALOGUE[name]
        yield Decision(
            intern(name),
            tuple(
                (
                    compiled(verdict.when) if verdict.when else None,
                    compiled(verdict.value) if verdict.value else verdict.is_,
                    verdict.because,
                )
                for verdict in verdicts
            ),
            metric.low,
            metric.high,
            needs,
        )
