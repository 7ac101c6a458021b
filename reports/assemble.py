"""From what was given to a finished report. PURE but for the tables shipped beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from config.located import read
from config.shape import Shape, validate
from domain.errors import ConfigError
from domain.place import City
from reports import buckets, figures
from reports.facts import Facts, Place, facts
from reports.given import Given, Progress, Scope, silent
from reports.ground import OUTSIDE
from reports.ledger import Entity, Ledger, compute
from reports.model import Report, Row
from reports.spans import length
from reports.tally import Tally

BATTERIES = Path(__file__).with_name("batteries.yaml")


class _BatteriesShape(Shape):
    life_years: dict[str, int]


def life_years(path: Path = BATTERIES) -> Mapping[str, int]:
    shape, problems = validate(read(path), _BatteriesShape)
    if shape is None:
        raise ConfigError(problems)
    return shape.life_years


def build(given: Given, table: buckets.Table | None = None, progress: Progress = silent) -> Report:
    """The report on `given.scope`. ValueError when no configuration knows the scope."""
    held = facts(given.dated, given.period)
    wants = _wants(given.scope)
    title = _title(given.scope, held)
    hours = {c.id: made for c in given.contracts if (made := c.hour_set()) is not None}
    ledger = compute(given, table or buckets.load(), hours, progress, held)
    progress("ledger: sums and figures")
    devices, boxes = _mine(ledger, held, given.scope, wants)
    mine = {row.id for row in (*devices, *boxes)}
    whole_city = given.scope == Scope()
    incidents = [
        it for it in given.incidents if it.target in mine or (whole_city and it.target not in held.boxes)
    ]
    subject = _subject(given.scope, title, ledger, wants)
    report = Report(
        period=given.period,
        scope=given.scope,
        title=title,
        subject=subject,
        rows=[subject, *(_groups(ledger, held.city) if whole_city else ()), *boxes, *devices],
        devices=sum(any(wants(p) for _, _, p in t.counted) for t in held.devices.values()),
        daily=ledger.daily,
        intervals=[it for it in ledger.intervals if whole_city or it.target in mine],
        off=ledger.off,
        blind=ledger.blind,
        revised=[it for it in ledger.revised if whole_city or it.target in mine],
        contracts=[figures.contract_row(c, ledger) for c in given.contracts if _concerns(given.scope, c)],
        answered=figures.answered(incidents, given.period),
        tampers=figures.tampers(incidents, given.notes, given.period),
        batteries=figures.batteries(
            held,
            [row.id for row in boxes],
            incidents,
            given.batteries,
            life_years(),
            given.before,
            given.period,
        ),
        visits=figures.visits((n for n in given.notes if whole_city or n.box in mine), given.period),
        remarks=figures.remarks(given.notes, given.period, None if whole_city else mine),
        adjustments=given.adjustments,
        known_at=given.known_at,
        names={id_: tenure.latest.name for id_, tenure in held.boxes.items()},
    )
    report.left_out = _left_out(given, ledger, held)
    return report


def _wants(scope: Scope) -> Callable[[Place], bool]:
    def wants(place: Place) -> bool:
        return (scope.district is None or place.district == scope.district) and (
            scope.contractor is None or place.contractor == scope.contractor
        )

    return wants


def _title(scope: Scope, held: Facts) -> str:
    city = held.city
    for id_, known, kind in (
        (scope.district, {k: v.name for k, v in city.districts.items()}, "district"),
        (scope.contractor, {k: v.name for k, v in city.contractors.items()}, "contractor"),
    ):
        if id_ is None:
            continue
        if id_ in known:
            return known[id_]
        if not any(
            getattr(place, kind) == id_ for tenure in held.boxes.values() for _, _, place in tenure.counted
        ):
            raise ValueError(f"no {kind} {id_!r} in the inventory, write one of {', '.join(sorted(known))}")
        return id_
    return city.name


def _concerns(scope: Scope, contract: object) -> bool:
    """A contract is computed whole: a district's report shows only those of that district alone."""
    contractor, districts = getattr(contract, "contractor", None), getattr(contract, "districts", ())
    if scope.contractor is not None:
        return bool(contractor == scope.contractor)
    return scope.district is None or set(districts) == {scope.district}


def _subject(scope: Scope, title: str, ledger: Ledger, wants: Callable[[Place], bool]) -> Row:
    total = _sum(tally for place, tally in ledger.places.items() if wants(place))
    if scope.district is not None:
        return Row("district", scope.district, title, total)
    if scope.contractor is not None:
        return Row("contractor", scope.contractor, title, total)
    return Row("city", title, title, total)


def _sum(tallies: Iterable[Tally]) -> Tally:
    total = Tally()
    for tally in tallies:
        total.add(tally)
    return total


def _groups(ledger: Ledger, city: City) -> list[Row]:
    rows = []
    for kind, named in (
        ("district", {k: v.name for k, v in city.districts.items()}),
        ("feeder", {k: v.name for k, v in city.feeders.items()}),
        ("contractor", {k: v.name for k, v in city.contractors.items()}),
    ):
        sums = {id_: Tally() for id_ in named}
        for place, tally in ledger.places.items():
            id_ = getattr(place, kind)
            if id_ is not None:
                sums.setdefault(id_, Tally()).add(tally)
        rows += [Row(kind, id_, named.get(id_, id_), sums[id_]) for id_ in sorted(sums)]
    return rows


def _mine(
    ledger: Ledger, held: Facts, scope: Scope, wants: Callable[[Place], bool]
) -> tuple[list[Row], list[Row]]:
    """Devices and boxes that were the scope's at any time of the period; their seconds are whole."""

    def rows(entities: Iterable[Entity]) -> list[Row]:
        found = []
        for it in entities:
            tenure = held.devices[it.id] if it.kind != "box" else held.boxes[it.id]
            if scope == Scope() or any(wants(place) for _, _, place in tenure.counted):
                found.append(Row(it.kind, it.id, tenure.latest.name, it.tally, it.box, it.outside))
        return found

    return rows(ledger.devices), rows(ledger.boxes)


def _left_out(given: Given, ledger: Ledger, held: Facts) -> list[str]:
    """What is not in the figures, in words."""
    said = list(given.remarks)
    period = given.period
    if not held.devices:
        said.append("no configuration of this period is in the journal: nothing can be counted")
    if ledger.strangers:
        names = sorted(ledger.strangers)
        shown = ", ".join(names[:10]) + (f" and {len(names) - 10} more" if len(names) > 10 else "")
        total = sum(ledger.strangers.values())
        many = f"{_count(total, 'transition', 'transitions')} of {_count(len(names), 'target', 'targets')}"
        said.append(f"{many} that no inventory of the period names: {shown}")
    for spans, what in ((ledger.off, "the monitor was off"), (ledger.blind, "the monitor was blind")):
        if spans:
            hours, minutes = divmod(length(spans) // 60, 60)
            stretches = _count(len(spans), "stretch", "stretches")
            said.append(f"{what} for {hours} h {minutes} min in {stretches}: counted as unknown")
    outside = [it for it in ledger.devices if it.outside]
    if outside:
        many = _count(len(outside), "device", "devices")
        said.append(
            f"{OUTSIDE} for part of the period: {many}; those seconds stand under unknown of the device"
            " and count in no district, feeder, contractor or city"
        )
    homeless = sum(sum(t.seconds) for place, t in ledger.places.items() if place.contractor is None)
    if homeless:
        said.append(f"{homeless} device-seconds belong to no contractor")
    unfed = sum(sum(t.seconds) for place, t in ledger.places.items() if place.feeder is None)
    if unfed:
        said.append(f"{unfed} device-seconds belong to no feeder")
    if given.clock_steps:
        times = _count(given.clock_steps, "time", "times")
        said.append(f"the wall clock was stepped {times}; engine time is what is counted")
    if given.known_at is not None and given.known_at < period.end:
        said.append(
            f"the period is not over: what comes after {period.iso(given.known_at // 1000)} is unknown"
        )
    return said


def _count(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"
