"""PURE: a profile compiled for one device: what to ask at each poll, and how to read the answer.

Plain values (one source, nothing else asked of it) go straight from a dictionary of OID octets
to a compiled reader; only what needs more (several sources, live filters, facts, walked rows,
verdicts, texts) goes by steps afterwards.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from collector.device.columns import Columns, Raw
from collector.device.decode import Read, absence, plain_text, text_of
from collector.device.profile import Source, TextSource
from collector.device.verdicts import Decision, Verdicts
from collector.snmp.session import INTEGER, OBJECT_ID, OCTET_STRING, Varbind, dotted
from collector.snmp.template import Alike, Template
from domain.place import Bounds, Kind
from domain.reading import Key, Outcome, Probe, Reading, Trust, written

NOT_ANSWERED = "not answered"
_POSITION = ("latitude_degrees", "longitude_degrees")
_TEMPLATES = 128  # ways of answering that are kept arranged for one plan
Side = Mapping[bytes, Raw]


@dataclass(frozen=True, slots=True)
class Gate:
    """A live filter: the varbind `oid` must hold one of `among`, or the value is absent."""

    oid: bytes
    among: frozenset[str]
    because: str

    def shut(self, side: Side) -> str:
        """Why the value may not be used now; "" when it may."""
        raw = side.get(self.oid)
        if raw is None:
            return NOT_ANSWERED
        state = state_text(*raw)
        return "" if state in self.among else f"{self.because or 'filtered out'} (state {state})"


@dataclass(frozen=True, slots=True)
class Asked:
    """One OID that is asked for one metric, fact or text."""

    kind: str  # "metric", "fact", "text"
    name: str
    label: str
    oid: bytes
    read: Read
    source: Source | TextSource
    gates: tuple[Gate, ...] = ()

    @property
    def shown(self) -> str:
        return written((self.name, self.label))


@dataclass(frozen=True, slots=True)
class Walked:
    """A subtree whose rows come and go; `name` gets the values of all its rows."""

    name: str
    root: bytes
    read: Read
    counted_by: bytes | None
    source: Source


_Plain = tuple[Key, Read]


@dataclass(frozen=True)
class Plan:
    """What to ask and how to read it. `gets` are asked at each poll, one PDU each; `slow_gets` at
    every `slow_every`-th poll, the first included; `walks` are short subtrees to read each time
    (or only `due_walks`, once the answers to `gets` are there)."""

    profile: str
    kind: Kind
    why: str
    gets: tuple[tuple[bytes, ...], ...]
    slow_gets: tuple[tuple[bytes, ...], ...]
    slow_every: int
    walks: tuple[bytes, ...]
    asked: tuple[Asked, ...]
    walked: tuple[Walked, ...]
    decisions: tuple[Decision, ...]
    unanswered: Mapping[str, str]  # metric: why this device never has it
    notes: tuple[str, ...]  # what a person should know: units found, sources that disagree
    bounds: Bounds | None = None
    marks: frozenset[bytes] = frozenset()  # change with the device's tables; among slow_gets
    _plain: Mapping[bytes, _Plain] = field(init=False, repr=False)
    _slow_oids: frozenset[bytes] = field(init=False, repr=False)
    _steps: tuple[Callable[..., None], ...] = field(init=False, repr=False)
    _slow_steps: tuple[Callable[..., None], ...] = field(init=False, repr=False)
    _verdicts: Verdicts = field(init=False, repr=False)
    _expected: tuple[int, int] = field(init=False, repr=False)
    _placed: bool = field(init=False, repr=False)
    _columns: dict[Template, Columns] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        chains: dict[tuple[str, str, str], list[Asked]] = {}
        uses: dict[bytes, int] = {}
        for one in self.asked:
            chains.setdefault((one.kind, one.name, one.label), []).append(one)
            for oid in (one.oid, *(gate.oid for gate in one.gates)):
                uses[oid] = uses.get(oid, 0) + 1
        slow_oids = frozenset(oid for pdu in self.slow_gets for oid in pdu)
        plain: dict[bytes, _Plain] = {}
        steps: list[Callable[..., None]] = []
        slow_steps: list[Callable[..., None]] = []
        fact_keys: dict[str, tuple[Key, ...]] = {}
        for (kind, name, label), chain in chains.items():
            key = (name, label)
            if kind == "metric":
                fact_keys[name] = (*fact_keys.get(name, ()), key)
                first = chain[0]
                if len(chain) == 1 and not first.gates and uses[first.oid] == 1:
                    plain[first.oid] = key, first.read
                    continue
            step = _text_step(chain) if kind == "text" else _choice(kind, key, chain)
            (slow_steps if chain[0].oid in slow_oids else steps).append(step)
        steps += [_walk_step(walk) for walk in self.walked]
        slow_plain = sum(oid in slow_oids for oid in plain)
        for name, value in (
            ("_plain", plain),
            ("_slow_oids", slow_oids),
            ("_steps", tuple(steps)),
            ("_slow_steps", tuple(slow_steps)),
            ("_verdicts", Verdicts(self.decisions, fact_keys)),
            ("_expected", (len(plain) - slow_plain, len(plain))),
            ("_placed", not fact_keys.keys().isdisjoint(_POSITION)),
        ):
            object.__setattr__(self, name, value)

    def decode(
        self, varbinds: Iterable[Varbind], device: str, at: int, slow: bool, trust: Trust = Trust.PLAIN
    ) -> Reading:
        """The reading made of the answers to `gets` (with `slow`, to `slow_gets` too) and of the
        rows of `walks`. Never raises, whatever the varbinds hold."""
        absent: dict[str, str] = {}
        if isinstance(varbinds, Alike):
            columns = self._columns.get(varbinds.template) or self._arranged(varbinds.template)
            values = columns.values(varbinds.octets, absent)
            side, hits = columns.side(varbinds.octets), columns.hits
        else:
            values, side, hits = self._read(varbinds, absent)
        texts: dict[str, str] = {}
        facts: dict[str, list[float]] = {}
        for step in self._steps:
            step(side, values, absent, facts, texts)
        if slow:
            for step in self._slow_steps:
                step(side, values, absent, facts, texts)
        if hits < self._expected[slow]:
            self._mark_missing(values, absent, slow)
        if self.decisions:
            self._verdicts.decide(values, absent, facts)
        if self._placed:
            _check_position(values, absent, self.bounds)
        return Reading(device, Probe.SNMP, at, Outcome.OK, values, texts, absent, trust)

    def _arranged(self, template: Template) -> Columns:
        if len(self._columns) >= _TEMPLATES:  # a device that answers in ever new ways
            self._columns.clear()
        made = self._columns[template] = Columns(template, self._plain)
        return made

    def _read(
        self, varbinds: Iterable[Varbind], absent: dict[str, str]
    ) -> tuple[dict[Key, float], dict[bytes, Raw], int]:
        """Values, what is no plain value, and how many of the plain ones were answered."""
        values: dict[Key, float] = {}
        side: dict[bytes, Raw] = {}
        hits = 0
        for oid, tag, octets in varbinds:
            entry = self._plain.get(oid)
            if entry is None:
                side[oid] = tag, octets
                continue
            hits += 1
            key, read = entry
            value = read(tag, octets)
            if isinstance(value, str):
                absent[written(key)] = value
            else:
                values[key] = value
        return values, side, hits

    def due_walks(self, varbinds: Iterable[Varbind]) -> tuple[bytes, ...]:
        """The walks that can bring something, given the answers to `gets`: a table whose rows are
        counted by a scalar that is 0 needs no walk."""
        counts = {oid: (tag, octets) for oid, tag, octets in varbinds}
        due = []
        for walk in self.walked:
            raw = counts.get(walk.counted_by) if walk.counted_by is not None else None
            if raw is None or not (raw[1] and not any(raw[1])):
                due.append(walk.root)
        return tuple(due)

    def stale(self, reading: Reading) -> bool:
        """The device no longer is what was discovered: ask anew. True when a third of what it
        used to answer is not answered, or a value left the range its unit was found by."""
        if not reading.absent or reading.outcome is not Outcome.OK or not self.asked:
            return False
        gone = sum(why == NOT_ANSWERED for why in reading.absent.values())
        wrong_unit = any(
            why.startswith("out of range")
            for one in self.asked
            if isinstance(one.source, Source) and one.source.fit is not None
            for why in (reading.absent.get(one.shown, ""),)
        )
        return wrong_unit or gone * 3 > max(len(reading.values) + len(reading.absent), 3)

    def _mark_missing(self, values: Mapping[Key, float], absent: dict[str, str], slow: bool) -> None:
        for oid, (key, _) in self._plain.items():
            if key not in values and (slow or oid not in self._slow_oids):
                absent.setdefault(written(key), NOT_ANSWERED)


def state_text(tag: int, octets: bytes) -> str:
    """A raw state as filters spell it."""
    if tag == OCTET_STRING:
        return plain_text(octets)
    if tag == OBJECT_ID:
        try:
            return dotted(octets)
        except ValueError:
            return ""
    # longer ones are no SNMP number, and Python does not write a number of thousands of digits
    return str(int.from_bytes(octets, "big", signed=tag == INTEGER)) if 0 < len(octets) < 10 else ""


def _choice(kind: str, key: Key, chain: Sequence[Asked]) -> Callable[..., None]:
    """The first source of the chain that yields a plausible value wins."""
    name, shown = key[0], written(key)
    is_fact = kind == "fact"

    def step(
        side: Side,
        values: dict[Key, float],
        absent: dict[str, str],
        facts: dict[str, list[float]],
        _: dict[str, str],
    ) -> None:
        why = NOT_ANSWERED
        for one in chain:
            raw = side.get(one.oid)
            if raw is None:
                continue
            value: float | str = next((shut for gate in one.gates if (shut := gate.shut(side))), "")
            value = value or one.read(*raw)
            if not isinstance(value, str):
                if is_fact:
                    facts.setdefault(name, []).append(value)
                else:
                    values[key] = value
                return
            why = value if why == NOT_ANSWERED else why
        if not is_fact:
            absent[shown] = why

    return step


def _walk_step(walk: Walked) -> Callable[..., None]:
    root = walk.root

    def step(side: Side, _values: object, _absent: object, facts: dict[str, list[float]], _: object) -> None:
        found = facts.setdefault(walk.name, [])
        for oid, raw in side.items():
            if oid.startswith(root) and not isinstance(value := walk.read(*raw), str):
                found.append(value)

    return step


def _text_step(chain: Sequence[Asked]) -> Callable[..., None]:
    shown = chain[0].shown

    def step(side: Side, _v: object, _a: object, _f: object, texts: dict[str, str]) -> None:
        for one in chain:
            raw = side.get(one.oid)
            if raw is not None and (text := read_text(one, *raw)) is not None:
                texts[shown] = text
                return

    return step


def read_text(one: Asked, tag: int, octets: bytes) -> str | None:
    """The text of an asked identity; None where there is none worth keeping."""
    source = one.source
    if not isinstance(source, TextSource):
        return None
    text = text_of(tag, octets, source.mac)
    if text is None or source.pattern is None:
        return text
    found = source.matcher.search(text)
    return found.group(1) if found else None


def _check_position(values: dict[Key, float], absent: dict[str, str], bounds: Bounds | None) -> None:
    """Half a position, 0,0, or one outside the city is none at all."""
    latitude, longitude = (values.get((name, "")) for name in _POSITION)
    if latitude is None and longitude is None:
        return
    if latitude is None or longitude is None:
        why = "only one coordinate has a value"
    elif latitude == 0 and longitude == 0:
        why = "0, 0 is no position"
    elif bounds is not None and not bounds.holds(latitude, longitude):
        why = f"{latitude:g}, {longitude:g} is outside the city's bounds"
    else:
        return
    for name in _POSITION:
        if values.pop((name, ""), None) is not None:
            absent[name] = why


__all__ = ["NOT_ANSWERED", "Asked", "Gate", "Plan", "Raw", "Side", "Walked", "absence"]
