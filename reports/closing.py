"""Closing a month: what was paid by is frozen; later findings become adjustments, with their reasons.

A closed month is one JSON document with a hash over its canonical text. It is written once.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from decimal import Decimal
from pathlib import Path
from typing import Any

from domain.errors import ConfigError, Problem
from domain.human import Note, NoteKind
from reports.adjustment import Adjustment, MoneyAdjustment
from reports.model import ContractRow, Report, percent
from reports.tally import named

FORM = 1
Document = dict[str, Any]
_TELLING = (NoteKind.CONFIRM, NoteKind.FALSE_ALARM, NoteKind.DISPUTE, NoteKind.SETTLE)
_REASONS = 5


def freeze(
    report: Report, closed_at: int, by: str, contract_text: str = "", windows_text: str = ""
) -> Document:
    """The document of a closed month; `closed_at` is also as of when it was known."""
    period = report.period
    body: Document = {
        "form": FORM,
        "month": period.label,
        "period": {"from": period.iso(period.first), "to": period.iso(period.last)},
        "closed_at": closed_at,
        "closed_by": by,
        "entities": [
            {"kind": row.kind, "id": row.id, "buckets": named(row.tally.seconds)} for row in report.rows
        ],
        "contracts": [_contract(row) for row in report.contracts],
        "contract_text": contract_text,
        "windows_text": windows_text,
        "batteries": [asdict(row) for row in report.batteries],
        "adjustments": [_adjustment(it) for it in report.adjustments],
        "left_out": list(report.left_out),
    }
    return {**body, "hash": digest(body)}


def digest(document: Mapping[str, Any]) -> str:
    """SHA-256, in hex, of the document without its hash."""
    body = {key: value for key, value in document.items() if key != "hash"}
    return hashlib.sha256(_canonical(body).encode()).hexdigest()


def _canonical(body: Mapping[str, Any]) -> str:
    return json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _contract(row: ContractRow) -> Document:
    return {
        "id": row.id,
        "party": row.party,
        "good_s": row.good_s,
        "against_s": row.against_s,
        "excused_s": row.excused_s,
        "availability": percent(row.availability),
        "deduct_percent": str(row.deduct_percent),
        "deduction": None if row.deduction is None else str(row.deduction),
        "currency": row.currency,
    }


def _adjustment(it: Adjustment | MoneyAdjustment) -> Document:
    if isinstance(it, Adjustment):
        return {
            "month": it.month,
            "kind": it.kind,
            "id": it.id,
            "moved": dict(it.moved),
            "reasons": list(it.reasons),
        }
    return {
        "month": it.month,
        "contract": it.contract,
        "party": it.party,
        "amount": str(it.amount),
        "currency": it.currency,
        "reasons": list(it.reasons),
    }


def adjustments_of(document: Mapping[str, Any]) -> list[Adjustment | MoneyAdjustment]:
    """Those a closed month was paid with."""
    return [
        Adjustment(it["month"], it["kind"], it["id"], it["moved"], tuple(it["reasons"]))
        if "moved" in it
        else MoneyAdjustment(
            it["month"],
            it["contract"],
            it["party"],
            Decimal(it["amount"]),
            it["currency"],
            tuple(it["reasons"]),
        )
        for it in document["adjustments"]
    ]


def path_of(folder: Path, month: str) -> Path:
    return folder / f"{month}.json"


def write(folder: Path, document: Document) -> Path:
    """Writes a closed month, atomically and only once. ConfigError where it is closed already."""
    path = path_of(folder, document["month"])
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with partial.open("w", encoding="utf-8") as file:
            file.write(json.dumps(document, ensure_ascii=False, indent=1, sort_keys=True) + "\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(partial, path)  # unlike a rename, this never replaces what is there
        except FileExistsError:
            what = f"{document['month']} is closed already"
            remedy = "later findings become adjustments of the next month"
            raise ConfigError([Problem(str(path), 1, what, remedy)]) from None
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
    finally:
        partial.unlink(missing_ok=True)
    return path


def load(folder: Path) -> list[Document]:
    """Every closed month, oldest first. ConfigError when one is not as it was written."""
    return [read(path) for path in sorted(folder.glob("????-??.json"))]


def read(path: Path) -> Document:
    try:
        document: Document = json.loads(path.read_text(encoding="utf-8"))
        whole = document["hash"] == digest(document) and document["form"] == FORM
    except (ValueError, KeyError, TypeError):
        whole = False
    if not whole:
        what = "this closed month is not as it was written"
        raise ConfigError([Problem(str(path), 1, what, "restore it from a backup; it was paid by")])
    return document


def settled(
    month: Mapping[str, Any], later: Iterable[Mapping[str, Any]]
) -> dict[tuple[str, str], dict[str, int]]:
    """Seconds of each entity of a closed month, with every adjustment later closed months made of it."""
    held = {(e["kind"], e["id"]): dict(e["buckets"]) for e in month["entities"]}
    for document in later:
        for it in document["adjustments"]:
            if it["month"] == month["month"] and "moved" in it:
                buckets = held.setdefault((it["kind"], it["id"]), {})
                for bucket, seconds in it["moved"].items():
                    buckets[bucket] = buckets.get(bucket, 0) + seconds
    return held


def adjust(
    month: Mapping[str, Any], later: Sequence[Mapping[str, Any]], now: Report, notes: Sequence[Note]
) -> list[Adjustment | MoneyAdjustment]:
    """What is known `now` of a closed month, less what was settled: for the month after the last closed."""
    held = settled(month, later)
    known_at = max([month["closed_at"], *(it["closed_at"] for it in later)])
    reasons = _reasons(now, notes, known_at)
    every = tuple(sorted({word for its in reasons.values() for word in its})[:_REASONS])
    found: list[Adjustment | MoneyAdjustment] = []
    for row in now.rows:
        before = held.get((row.kind, row.id), {})
        after = named(row.tally.seconds)
        moved = {b: after[b] - before.get(b, 0) for b in after if after[b] != before.get(b, 0)}
        if moved:
            words = (
                tuple(reasons.get(row.id, ())[:_REASONS])
                or every
                or ("the record of that month has changed",)
            )
            found.append(Adjustment(month["month"], row.kind, row.id, moved, words))
    return [*found, *_money(month, later, now, every)]


def _money(
    month: Mapping[str, Any], later: Iterable[Mapping[str, Any]], now: Report, reasons: tuple[str, ...]
) -> list[MoneyAdjustment]:
    paid = {it["id"]: Decimal(it["deduction"] or 0) for it in month["contracts"]}
    for document in later:
        for it in document["adjustments"]:
            if it["month"] == month["month"] and "amount" in it:
                paid[it["contract"]] = paid.get(it["contract"], Decimal(0)) + Decimal(it["amount"])
    return [
        MoneyAdjustment(month["month"], row.id, row.party, owing, row.currency, reasons)
        for row in now.contracts
        if row.deduction is not None and (owing := row.deduction - paid.get(row.id, Decimal(0)))
    ]


def _reasons(now: Report, notes: Sequence[Note], known_at: int) -> dict[str, list[str]]:
    """What was found after `known_at`, in words, by device or box."""
    found: dict[str, list[str]] = {}

    def say(target: str, words: str) -> None:
        its = found.setdefault(target, [])
        if words not in its:
            its.append(words)

    box_of = {row.id: row.box for row in now.rows}
    for it in now.revised:
        if it.at > known_at:
            words = f"{it.before or 'no cause'} became {it.after or 'no cause'} by {it.by}: {it.why}".rstrip(
                ": "
            )
            say(it.target, words)
            if box_of.get(it.target):
                say(box_of[it.target], words)
    for note in notes:
        if note.at > known_at and note.kind in _TELLING:
            words = f"{note.kind.value} by {note.by}: {note.text}".rstrip(": ")
            its = [row.id for row in now.rows if note.target in (row.id, row.box)] or [note.box]
            for target in its:
                say(target, words)
    return found
