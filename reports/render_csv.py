"""The report as CSV (RFC 4180): one file of entities, one of raw intervals."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from reports.buckets import BUCKETS
from reports.model import Report, percent
from reports.tally import dark

ENTITY_HEAD = (
    "kind", "id", "name", "box", *(bucket.value for bucket in BUCKETS), "seconds", "outside_service",
    "availability_percent", "dark", "outages", "longest", "mttr", "mtbf", "detect",
)  # fmt: skip
INTERVAL_HEAD = (
    "target", "box", "from", "to", "seconds", "bucket", "own_bucket", "cause", "over", "incident", "decided",
    "why",
)  # fmt: skip

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def render(report: Report) -> bytes:
    return _written(ENTITY_HEAD, entity_rows(report))


def render_intervals(report: Report) -> bytes:
    return _written(INTERVAL_HEAD, interval_rows(report))


def entity_rows(report: Report) -> Iterable[Sequence[object]]:
    for row in report.rows:
        tally = row.tally
        yield (
            row.kind,
            row.id,
            _safe(row.name),
            row.box,
            *tally.seconds,
            sum(tally.seconds),
            row.outside,
            percent(row.availability),
            dark(tally.seconds),
            tally.outages,
            tally.longest,
            row.mttr,
            row.mtbf,
            None if row.detect_s is None else round(row.detect_s, 3),
        )


def interval_rows(report: Report) -> Iterable[Sequence[object]]:
    """Everything outside `up`; what the monitor did not see stands once, as its own."""
    iso = report.period.iso
    for spans, why in ((report.off, "monitor off"), (report.blind, "monitor blind")):
        for a, b in spans:
            yield "monitor", "", iso(a), iso(b), b - a, "unknown", "", "", why, "", "", ""
    for it in report.intervals:
        yield (
            it.target,
            it.box,
            iso(it.first),
            iso(it.last),
            it.last - it.first,
            it.bucket.value,
            it.was.value,
            it.cause.value if it.cause else "",
            _safe(it.reason),
            it.incident,
            iso(it.decided // 1000) if it.decided else "",
            _safe(it.why),
        )


def _written(head: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(head)
    writer.writerows(rows)
    return text.getvalue().encode()


def _safe(words: str) -> str:
    """A spreadsheet must read people's words as words, not as a formula. (Ids cannot begin so.)"""
    return f"'{words}" if words.startswith(_FORMULA) else words
