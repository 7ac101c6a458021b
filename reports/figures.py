"""The figures beside the ledger: contracts, answers, thefts, batteries, visits. PURE."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from domain.alarm import Cause, Concern, Incident
from domain.human import Note, NoteKind, Party
from domain.place import Box
from reports.buckets import BUCKETS, INDEX, Bucket
from reports.contract import Contract
from reports.facts import Facts
from reports.given import BatteryReading
from reports.ledger import Ledger
from reports.model import (
    Answered,
    BatteryRow,
    ContractRow,
    Remark,
    TamperRow,
    VisitRow,
    share,
)
from reports.period import Period
from reports.tally import Tally, dark, good

_CENT = Decimal("0.01")


def contract_row(contract: Contract, ledger: Ledger) -> ContractRow:
    """Exact until the money: a deduction is cut to the cent."""
    total = Tally()
    timed = contract.hour_set() is not None
    for place, tally in ledger.places.items():
        if contract.wants(place):
            total.add(ledger.hours.get((place, contract.id), Tally()) if timed else tally)
    vector = total.cameras if contract.cameras else total.seconds
    against = sum(vector[INDEX[bucket]] for bucket in contract.against)
    fine = sum(vector[INDEX[b]] for b in (Bucket.UP, Bucket.DEGRADED) if b not in contract.against)
    reached = share(fine, against)
    step = next((s for s in contract.steps if reached is not None and reached * 100 < s.below), None)
    percent = step.deduct if step else Decimal(0)
    return ContractRow(
        id=contract.id,
        party=contract.party,
        counts="cameras" if contract.cameras else "devices",
        against=tuple(bucket.value for bucket in BUCKETS if bucket in contract.against),
        good_s=fine,
        against_s=against,
        excused_s=sum(vector) - fine - against,
        availability=reached,
        availability_all=share(good(vector), dark(vector)),
        target=contract.target,
        met=None if reached is None else reached * 100 >= contract.target,
        deduct_percent=percent,
        deduction=None if contract.fee is None else (contract.fee * percent / 100).quantize(_CENT),
        fee=contract.fee,
        currency=contract.currency,
        hours=timed,
    )


def answered(incidents: Iterable[Incident], period: Period) -> Answered:
    """Of incidents opened in the period."""
    mine = [it for it in incidents if period.start <= it.opened_at < period.end]
    waits = [it.acknowledged_at - it.opened_at for it in mine if it.acknowledged_at is not None]
    return Answered(
        len(mine), len(waits), sum(waits) // len(waits) if waits else None, max(waits, default=None)
    )


def tampers(incidents: Iterable[Incident], notes: Sequence[Note], period: Period) -> list[TamperRow]:
    """Thefts and tamperings open at any time of the period, with the people's part."""
    by_target: dict[str, list[Note]] = {}
    for note in notes:
        by_target.setdefault(note.target, []).append(note)
    rows = []
    for it in incidents:
        its = by_target.get(it.id, [])
        theft = it.cause is Cause.SUSPECTED_THEFT or any(n.cause is Cause.SUSPECTED_THEFT for n in its)
        if it.concern is not Concern.TAMPER and not theft:
            continue
        if it.opened_at >= period.end or (it.closed_at is not None and it.closed_at < period.start):
            continue
        said = [n for n in its if n.kind in (NoteKind.CONFIRM, NoteKind.FALSE_ALARM)]
        rows.append(
            TamperRow(
                id=it.id,
                code=it.code,
                box=it.target,
                cause=it.cause.value,
                opened_at=it.opened_at,
                acknowledged_at=it.acknowledged_at,
                police_at=_came(its, Party.POLICE),
                contractor_at=_came(its, Party.CONTRACTOR),
                closed_at=it.closed_at,
                verdict=said[-1].kind.value if said else "",
                by=said[-1].by if said else "",
            )
        )
    return sorted(rows, key=lambda row: (row.opened_at, row.id))


def _came(notes: Iterable[Note], party: Party) -> int | None:
    return min(
        (n.happened_at for n in notes if n.kind is NoteKind.ATTENDED and n.party is party), default=None
    )


def visits(notes: Iterable[Note], period: Period) -> list[VisitRow]:
    """Visits of the period by box, whether for an incident or for a check."""
    by_box: dict[str, list[Note]] = {}
    for note in notes:
        if note.kind is NoteKind.ATTENDED and period.start <= note.happened_at < period.end:
            by_box.setdefault(note.box, []).append(note)
    rows = []
    for box, its in sorted(by_box.items()):
        last = max(its, key=lambda n: (n.happened_at, n.id))
        rows.append(
            VisitRow(
                box,
                len(its),
                sum(n.party is Party.CONTRACTOR for n in its),
                sum(n.party is Party.POLICE for n in its),
                last.happened_at,
                last.by,
            )
        )
    return rows


def remarks(notes: Iterable[Note], period: Period, boxes: Iterable[str] | None) -> list[Remark]:
    """Every note entered or happened in the period, and every dispute that touches it."""
    wanted = None if boxes is None else set(boxes)
    found = []
    for n in notes:
        interval = n.interval
        touches = interval is not None and interval[0] < period.end and interval[1] > period.start
        within = period.start <= n.happened_at < period.end
        if (touches or within) and (wanted is None or n.box in wanted):
            found.append(Remark(n.at, n.happened_at, n.kind.value, n.target, n.box, n.by, _text(n, period)))
    return found


def _text(note: Note, period: Period) -> str:
    words = [note.text] if note.text else []
    if note.party is not None:
        words.append(note.party.value)
    if note.cause is not None:
        words.append(f"cause: {note.cause.value}")
    if note.interval is not None:
        first, last = (period.local(at // 1000).strftime("%Y-%m-%d %H:%M:%S") for at in note.interval)
        words.append(f"{first} to {last}")
    return "; ".join(words)


def batteries(
    facts: Facts,
    boxes: Iterable[str],
    incidents: Iterable[Incident],
    readings: Iterable[BatteryReading],
    life_years: Mapping[str, int],
    before: Mapping[str, Any] | None,
    period: Period,
) -> list[BatteryRow]:
    """One row for each box that has a battery on file."""
    of_box: dict[str, list[Incident]] = {}
    for it in incidents:
        if it.concern in (Concern.POWER, Concern.OUTAGE, Concern.BATTERY):
            of_box.setdefault(it.target, []).append(it)
    rates = {it.box: it.percent_per_hour for it in readings}
    earlier = {row["box"]: row for row in (before or {}).get("batteries", ())}
    rows = []
    for id_ in sorted(boxes):
        box = facts.boxes[id_].latest
        if not isinstance(box, Box) or box.battery is None:
            continue
        its = of_box.get(id_, [])
        lasted, held = _endurance(its, period)
        rate = rates.get(id_)
        predicted = int(60 * 100 / rate) if rate else None
        was = earlier.get(id_)
        trend = None
        if was is not None:
            if predicted is not None and was.get("predicted_min") is not None:
                trend = predicted - was["predicted_min"]
            elif lasted is not None and was.get("lasted_min") is not None:
                trend = lasted - was["lasted_min"]
        asks = any(it.cause is Cause.BATTERY_REPLACE for it in its if _open_in(it, period))
        by = _replace_by(box.battery.installed, life_years.get(box.battery.chemistry), period, asks)
        rows.append(
            BatteryRow(
                id_,
                box.battery.chemistry,
                box.battery.capacity_ah,
                box.battery.installed,
                lasted,
                held,
                predicted,
                trend,
                by,
                by is not None and date.fromisoformat(by) <= period.local(period.last - 1).date(),
            )
        )
    return rows


def _open_in(it: Incident, period: Period) -> bool:
    return it.opened_at < period.end and (it.closed_at is None or it.closed_at >= period.start)


def _endurance(incidents: Sequence[Incident], period: Period) -> tuple[int | None, int | None]:
    """(shortest minutes until dark, longest minutes survived) on battery."""
    dark_at = [it.since for it in incidents if it.cause is Cause.BATTERY_EXHAUSTED]
    lasted, held = [], []
    for it in incidents:
        if it.concern is not Concern.POWER or not period.start <= it.since < period.end:
            continue
        ended = it.closed_at if it.closed_at is not None else period.end
        fell = [at for at in dark_at if it.since <= at <= ended]
        if fell:
            lasted.append((min(fell) - it.since) // 60_000)
        else:
            held.append((min(ended, period.end) - it.since) // 60_000)
    return min(lasted, default=None), max(held, default=None)


def _replace_by(installed: str | None, years: int | None, period: Period, asks: bool) -> str | None:
    if asks:
        return period.local(period.last - 1).date().isoformat()
    if installed is None or years is None:
        return None
    day = date.fromisoformat(installed)
    try:
        return day.replace(year=day.year + years).isoformat()
    except ValueError:  # installed on 29 February
        return date(day.year + years, 3, 1).isoformat()
