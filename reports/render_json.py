"""The report as JSON: {"period": {"from", "to"}, "entities": [{"kind", "id", "buckets"}, ...], ...}."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from reports.adjustment import Adjustment
from reports.model import ContractRow, Report, Row, percent
from reports.tally import dark, named


def render(report: Report) -> bytes:
    period = report.period
    document: dict[str, Any] = {
        "period": {"from": period.iso(period.first), "to": period.iso(period.last), "label": period.label},
        "scope": {"kind": report.subject.kind, "id": report.subject.id, "name": report.title},
        "known_at": None if report.known_at is None else period.iso(report.known_at // 1000),
        "entities": [_entity(row) for row in report.rows],
        "e_challan_camera_seconds_lost": report.e_challan_lost_s,
        "contracts": [_contract(row) for row in report.contracts],
        "acknowledgement": asdict(report.answered),
        "tampers": [{**asdict(row), "response_ms": row.response_ms} for row in report.tampers],
        "batteries": [asdict(row) for row in report.batteries],
        "visits": [asdict(row) for row in report.visits],
        "notes": [asdict(row) for row in report.remarks],
        "revisions": [
            {
                "target": it.target,
                "since": period.iso(it.since // 1000),
                "before": it.before,
                "after": it.after,
                "at": period.iso(it.at // 1000),
                "by": it.by,
                "why": it.why,
            }
            for it in report.revised
        ],
        "adjustments": [_adjustment(it) for it in report.adjustments],
        "monitor": {
            "off": [[period.iso(a), period.iso(b)] for a, b in report.off],
            "blind": [[period.iso(a), period.iso(b)] for a, b in report.blind],
        },
        "left_out": report.left_out,
    }
    return (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode()


def _entity(row: Row) -> dict[str, Any]:
    tally = row.tally
    entity: dict[str, Any] = {
        "kind": row.kind,
        "id": row.id,
        "name": row.name,
        "buckets": named(tally.seconds),
        "seconds": sum(tally.seconds),
        "availability_percent": percent(row.availability) or None,
        "dark_seconds": dark(tally.seconds),
        "outages": tally.outages,
        "longest_seconds": tally.longest,
        "mttr_seconds": row.mttr,
        "mtbf_seconds": row.mtbf,
        "detect_seconds": None if row.detect_s is None else round(row.detect_s, 3),
    }
    if row.kind in ("camera", "device", "box"):
        entity |= {"box": row.box, "outside_service_seconds": row.outside}
    else:
        entity["cameras"] = named(tally.cameras)
    return entity


def _contract(row: ContractRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "party": row.party,
        "counts": row.counts,
        "against": list(row.against),
        "good_seconds": row.good_s,
        "against_seconds": row.against_s,
        "excused_seconds": row.excused_s,
        "availability_percent": percent(row.availability) or None,
        "availability_without_excuses_percent": percent(row.availability_all) or None,
        "target_percent": str(row.target),
        "met": row.met,
        "deduct_percent": str(row.deduct_percent),
        "deduction": None if row.deduction is None else str(row.deduction),
        "currency": row.currency,
        "service_hours": row.hours,
    }


def _adjustment(it: Any) -> dict[str, Any]:
    made = asdict(it)
    if not isinstance(it, Adjustment):
        made["amount"] = str(it.amount)
    return made
