"""contract.yaml: which seconds count against whom, when, how good is good enough, and what it costs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, time, tzinfo
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, ConfigDict, Field

from config.located import Located, parse, read
from config.shape import Shape, nearest, validate
from domain.errors import ConfigError, Problem
from domain.place import City
from domain.window import Hours
from reports.buckets import Bucket
from reports.facts import Place
from reports.hours import HourSet
from reports.words import Clock, Day, Weekdays, Zone

_Against = Literal["degraded", "utility", "contractor", "uplink", "tamper", "planned", "unknown", "disputed"]


def _decimal(value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ValueError("no number -> write digits, such as 99.5")
    return Decimal(str(value))


Percent = Annotated[Decimal, BeforeValidator(_decimal), Field(ge=0, le=100)]
Money = Annotated[Decimal, BeforeValidator(_decimal), Field(ge=0)]


class StepShape(Shape):
    below: Percent
    deduct: Percent


class HoursShape(Shape):
    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    begins: Clock
    ends: Clock
    every: Weekdays = frozenset(range(7))
    timezone: Zone | None = None


class ContractShape(Shape):
    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    party: str = ""
    contractor: str | None = None
    districts: list[str] = []
    feeders: list[str] = []
    whole_city: bool = False
    counts: Literal["cameras", "devices"] = "cameras"
    against: list[_Against] = []
    service_hours: HoursShape | None = None
    target: Percent
    fee: Money | None = None
    currency: str = "PKR"
    penalties: list[StepShape] = []
    first_day: Day | None = None
    last_day: Day | None = None


class ContractsShape(Shape):
    contracts: dict[str, ContractShape]


@dataclass(frozen=True, slots=True)
class Step:
    """Below this availability, so much percent of the fee is deducted."""

    below: Decimal
    deduct: Decimal


@dataclass(frozen=True, slots=True)
class Contract:
    """`against` are the buckets counted against `party`; all else but up and degraded is excused.
    Its seconds are those of its contractor's devices in its districts and feeders (empty: any)."""

    id: str
    party: str
    against: frozenset[Bucket]
    target: Decimal
    contractor: str | None = None
    districts: frozenset[str] = frozenset()
    feeders: frozenset[str] = frozenset()
    cameras: bool = True
    hours: Hours | None = None
    zone: tzinfo | None = None
    fee: Decimal | None = None
    currency: str = "PKR"
    steps: tuple[Step, ...] = ()  # the lowest first
    first_day: date | None = None
    last_day: date | None = None

    def wants(self, place: Place) -> bool:
        return (
            (self.contractor is None or place.contractor == self.contractor)
            and (not self.districts or place.district in self.districts)
            and (not self.feeders or place.feeder in self.feeders)
        )

    def hour_set(self) -> HourSet | None:
        """None: it counts at every hour of every day of the period."""
        if self.zone is None or (self.hours is None and self.first_day is None and self.last_day is None):
            return None
        if self.hours is not None:
            return HourSet(self.hours, self.zone, self.wants)
        return HourSet(
            Hours(time(0), time(0), first=self.first_day, last=self.last_day), self.zone, self.wants
        )


def load(path: Path, city: City | None = None) -> tuple[Contract, ...]:
    return make(read(path), city)


def loads(text: str, file: str = "contract.yaml") -> tuple[Contract, ...]:
    return make(parse(text, file))


def make(document: Located, city: City | None = None) -> tuple[Contract, ...]:
    """ConfigError with every problem; a contract that names nothing is one."""
    shape, problems = validate(document, ContractsShape)
    if shape is None:
        raise ConfigError(problems)
    if not shape.contracts:
        what, remedy = "the file names no contract", "add one below contracts:"
        raise ConfigError([document.problem(("contracts",), what, remedy)])
    for name, it in shape.contracts.items():
        problems += _wrong(document, name, it)
        if city is not None:
            problems += _strangers(document, name, it, city)
    if problems:
        raise ConfigError(sorted(problems))
    zone = ZoneInfo(city.timezone if city else "Asia/Karachi")
    return tuple(_contract(name, it, zone) for name, it in shape.contracts.items())


def _wrong(document: Located, name: str, it: ContractShape) -> Iterable[Problem]:
    def problem(what: str, remedy: str, *key: str | int) -> Problem:
        return document.problem(("contracts", name, *key), f"contracts.{name}: {what}", remedy)

    if not (it.contractor or it.districts or it.feeders or it.whole_city):
        yield problem("names nothing", "add contractor:, districts:, feeders: or whole_city: true")
    if not it.against:
        yield problem("counts nothing against anybody", "add against: [contractor]", "against")
    if not (it.party or it.contractor):
        yield problem("does not say who is bound by it", "add party: a name, or contractor:")
    if it.penalties and it.fee is None:
        yield problem("deducts from an unknown fee", "add fee: 1000000", "penalties")
    for n, step in enumerate(it.penalties):
        if step.below > it.target:
            yield problem(f"deducts above its target of {it.target} %", "lower it", "penalties", n, "below")
    below = [step.below for step in it.penalties]
    if len(set(below)) != len(below):
        yield problem("has two steps at one limit", "keep one of them", "penalties")
    if it.first_day and it.last_day and it.first_day > it.last_day:
        yield problem("its last day is before its first", "write the later day after last_day:", "last_day")


def _strangers(document: Located, name: str, it: ContractShape, city: City) -> Iterable[Problem]:
    def stranger(kind: str, id_: str, known: Iterable[str], *key: str | int) -> Problem:
        what = f"contracts.{name}: the inventory has no {kind} {id_!r}"
        return document.problem(("contracts", name, *key), what, nearest(id_, sorted(known)))

    if it.contractor is not None and it.contractor not in city.contractors:
        yield stranger("contractor", it.contractor, city.contractors, "contractor")
    for n, id_ in enumerate(it.districts):
        if id_ not in city.districts:
            yield stranger("district", id_, city.districts, "districts", n)
    for n, id_ in enumerate(it.feeders):
        if id_ not in city.feeders:
            yield stranger("feeder", id_, city.feeders, "feeders", n)


def _contract(name: str, it: ContractShape, zone: tzinfo) -> Contract:
    hours = it.service_hours
    return Contract(
        id=name,
        party=it.party or it.contractor or "",
        against=frozenset(map(Bucket, it.against)),
        target=it.target,
        contractor=it.contractor,
        districts=frozenset(it.districts),
        feeders=frozenset(it.feeders),
        cameras=it.counts == "cameras",
        hours=Hours(hours.begins, hours.ends, weekdays=hours.every, first=it.first_day, last=it.last_day)
        if hours
        else None,
        zone=(hours.timezone if hours else None) or zone,
        fee=it.fee,
        currency=it.currency,
        steps=tuple(sorted((Step(s.below, s.deduct) for s in it.penalties), key=lambda s: s.below)),
        first_day=it.first_day,
        last_day=it.last_day,
    )
