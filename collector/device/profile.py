"""What a profile file may say, and the set of all profiles, read, joined and checked.

A profile is data: how a device is recognised, where each metric of `domain.metric` is found,
what its raw values mean, and what its traps say. docs/profiles.md explains it to its authors.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from collector.device.decode import Rule
from collector.device.expression import names
from collector.snmp.session import oid
from config.shape import Shape
from domain.place import Kind


def _is_oid(text: str) -> str:
    try:
        oid(text)
    except (ValueError, IndexError):
        raise ValueError(f"{text!r} is no OID -> write numbers joined by dots") from None
    return text.lstrip(".")


def _is_regex(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"not a regular expression: {error} -> mend it") from None
    return text


def _listed(value: object) -> object:
    return value if isinstance(value, list | tuple) else [value]


Oid = Annotated[str, AfterValidator(_is_oid)]
Regex = Annotated[str, AfterValidator(_is_regex)]


class Filter(Shape):
    """A sibling column must hold one of these values, or else the row is not read. Its index is
    ours, or the `index` parts of ours; an empty `index` means a scalar, the same for all rows."""

    column: Oid
    among: tuple[int | str, ...]
    index: tuple[int, ...] | None = None
    because: str = ""
    lenient: bool = False  # an agent that has no such column at all passes


class Exponent(Shape):
    """ENTITY-SENSOR-MIB: the value is scaled by a power of ten that the agent tells (RFC 3433)."""

    scale: Oid  # entPhySensorScale: units(9), each step three powers of ten
    precision: Oid  # entPhySensorPrecision: digits after the point


class Fit(Shape):
    """For agents that use another unit than the MIB: the first divisor that brings the largest
    value of all sources of the same `group` into the range is kept for this device."""

    group: str
    divide: tuple[float, ...]
    within: tuple[float, float]


class Place(Shape):
    """Where raw values stand: a scalar object (its instance is .0), a table column, or one OID."""

    scalar: Oid | None = None
    column: Oid | None = None
    exact: Oid | None = None
    label: str | None = None
    label_part: int | None = None  # the part of the index that is the label; all of it if not said
    label_columns: tuple[Oid, ...] = ()  # sibling columns holding names; the first non-empty wins
    label_index: tuple[int, ...] | None = None  # the parts of our index that make theirs
    label_step: int = 0  # the names stand so many rows further: -1 is the row before
    label_pattern: Regex | None = None  # its one group is the label; a row that does not match is not read
    label_text: bool = False  # the index is a name, its length first
    label_plus: int = 0  # added to a label that is a number: 1 where a table counts ports from 0
    first: bool = False  # no label: of the column's rows, the first that gives a value
    only: tuple[Filter, ...] = ()  # looked at once, when the device is discovered
    slow: bool = False
    why: str = ""

    @model_validator(mode="after")
    def _one_place(self) -> Place:
        if sum(place is not None for place in (self.scalar, self.column, self.exact)) != 1:
            raise ValueError("names no single place -> write one of scalar, column, exact")
        if self.column is None and (self.label_columns or self.label_part is not None or self.only):
            raise ValueError("has table settings but no table -> write column, or drop them")
        if self.label_pattern is not None and re.compile(self.label_pattern).groups != 1:
            raise ValueError("label_pattern needs exactly one (group) -> put the label in one pair of ()")
        return self

    @property
    def root(self) -> str:
        return self.scalar or self.column or self.exact or ""


class Source(Place, Rule):
    """One place a metric or fact may come from, and how its raw value is understood."""

    live: tuple[Filter, ...] = ()  # asked with every poll: the value is absent while one fails
    named: Regex | None = None  # the label must match
    unnamed: Regex | None = None  # the label must not match
    exponent: Exponent | None = None
    fit: Fit | None = None
    incomparable: bool = False  # differs from the other sources by nature: never a disagreement
    omit: bool = False  # rows that hold a sentinel when the device is discovered are not asked again
    walk: bool = False  # rows come and go: walked with every poll, not known beforehand
    beside: Oid | None = None  # walked only where something below this answers
    counted_by: Oid | None = None  # a scalar that counts the rows: while it is 0 there is nothing to walk


class TextSource(Place):
    """An identity or name: serial, mac, firmware, model, name, port_name{port}. Always slow."""

    mac: bool = False
    pattern: Regex | None = None

    @property
    def matcher(self) -> re.Pattern[str]:
        return re.compile(self.pattern or "(.*)")  # cached by re


class Verdict(Shape):
    """If `when` is certainly true (or not said): the metric `is` this, or has this `value`,
    or, with neither, is absent. The first verdict that holds decides; those of extended
    profiles come after the profile's own."""

    when: str | None = None
    is_: float | None = Field(default=None, alias="is")
    value: str | None = None
    because: str


class Sign(Shape):
    """A way of recognising a device; every condition given must hold. The highest score wins."""

    object: Oid | None = None  # sysObjectID is this or stands below it
    descr: Regex | None = None  # sysDescr matches
    answers: tuple[Oid, ...] = ()  # each of these exact instances is answered with a value
    table: Oid | None = None  # something stands below this OID
    score: int = Field(ge=1, le=100)
    because: str

    @model_validator(mode="after")
    def _says_something(self) -> Sign:
        if not (self.object or self.descr or self.answers or self.table):
            raise ValueError("tests nothing -> give object, descr, answers or table")
        return self


class TrapTest(Shape):
    """A varbind below `varbind` has one of these values (as text; OIDs dotted) or matches."""

    varbind: Oid
    equals: tuple[str, ...] = ()
    like: Regex | None = None


class TrapValue(Rule):
    """A value carried by a trap's varbind, or a constant that the trap itself means."""

    varbind: Oid | None = None
    becomes: float | None = None
    label: str | None = None
    label_part: int | None = None
    label_varbind: Oid | None = None

    @model_validator(mode="after")
    def _has_value(self) -> TrapValue:
        if self.varbind is None and self.becomes is None:
            raise ValueError("has no value -> write varbind or becomes")
        return self


Listed = BeforeValidator(_listed)


class Trap(Shape):
    """One notification. Both `enterprise.N` and `enterprise.0.N` are understood."""

    oid: Oid
    name: str
    when: tuple[TrapTest, ...] = ()
    values: Mapping[str, Annotated[tuple[TrapValue, ...], Listed]] = Field(default_factory=dict)
    texts: Mapping[str, Oid] = Field(default_factory=dict)

    def each_value(self) -> Iterator[tuple[str, TrapValue]]:
        for metric, values in self.values.items():
            for value in values:
                yield metric, value


class Rebase(Shape):
    """A vendor that moved a standard MIB to another root: everything inherited moves along."""

    from_: Oid = Field(alias="from")
    to: Oid


class ProfileFile(Shape):
    """One file of collector/profiles. A file without `kind` is a mixin, for `extends` only."""

    profile: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    title: str
    kind: Kind | None = None
    extends: tuple[str, ...] = ()
    recognise: tuple[Sign, ...] = ()
    drop: tuple[str, ...] = ()
    rebase: Rebase | None = None
    walk: tuple[Oid, ...] = ()
    slow_every: int = Field(default=10, ge=1, le=1000)
    changed_by: tuple[Oid, ...] = ()  # instances that tell when a table last changed: discover anew then
    facts: Mapping[str, Annotated[tuple[Source, ...], Listed]] = Field(default_factory=dict)
    metrics: Mapping[str, Annotated[tuple[Source, ...], Listed]] = Field(default_factory=dict)
    derived: Mapping[str, tuple[Verdict, ...]] = Field(default_factory=dict)
    texts: Mapping[str, Annotated[tuple[TextSource, ...], Listed]] = Field(default_factory=dict)
    traps: tuple[Trap, ...] = ()


@dataclass(frozen=True, slots=True)
class Profile:
    """A profile with everything it extends already joined in; its own sources stand first."""

    name: str
    title: str
    kind: Kind
    chain: tuple[str, ...]  # itself and all it extends
    recognise: tuple[Sign, ...]
    walk: tuple[str, ...]
    slow_every: int
    changed_by: tuple[str, ...]
    facts: Mapping[str, tuple[Source, ...]]
    metrics: Mapping[str, tuple[Source, ...]]
    derived: Mapping[str, tuple[Verdict, ...]]
    texts: Mapping[str, tuple[TextSource, ...]]

    def ingredients(self, derived: str) -> frozenset[str]:
        """The facts and metrics a derived metric is made of."""
        texts = [text for verdict in self.derived[derived] for text in (verdict.when, verdict.value)]
        return frozenset(name for text in texts if text is not None for name in names(text))


@dataclass(frozen=True, eq=False)
class ProfileSet:
    """All profiles by name, and all their traps. Compared and hashed by identity."""

    profiles: Mapping[str, Profile]
    traps: Sequence[Trap]

    def __getitem__(self, name: str) -> Profile:
        return self.profiles[name]
