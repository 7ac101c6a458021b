"""The report as one self-contained HTML file: styles and charts inside, nothing fetched, ready to print."""

from __future__ import annotations

import re
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

from markupsafe import Markup

from reports import charts, words_of
from reports.adjustment import Adjustment, MoneyAdjustment
from reports.buckets import BUCKETS, INDEX
from reports.ledger import Interval
from reports.model import Report, percent
from reports.tally import dark
from reports.texts import Texts

TEMPLATES = Path(__file__).with_name("templates")
LISTED = 3_000
"""Intervals shown on the page; a page of a hundred thousand rows opens in no browser."""
SHOWN = 200
"""Rows of the longer tables; the workbook holds all of them."""


def render(report: Report, texts: Texts) -> bytes:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    page = _Page(report, texts)
    return environment.get_template("report.html.j2").render(page.context()).encode()


class _Page:
    def __init__(self, report: Report, texts: Texts) -> None:
        self.report, self.texts = report, texts
        by_box: dict[str, list[Interval]] = {}
        by_target: dict[str, list[Interval]] = {}
        for it in report.intervals:
            by_box.setdefault(it.box, []).append(it)
            by_target.setdefault(it.target, []).append(it)
        self.by_target = by_target
        self.listing = self._listing(by_box)
        self.shown = {id_ for id_, _ in self.listing}

    def _listing(self, by_box: dict[str, list[Interval]]) -> list[tuple[str, list[Interval]]]:
        """Boxes of the worst ten and ten worst cameras first, then by lost time, while there is room."""
        report = self.report
        wanted = [row.box for row in (*report.worst("box"), *report.worst("camera"))]
        lost = {id_: sum(it.last - it.first for it in its) for id_, its in by_box.items()}
        order = dict.fromkeys([*wanted, *sorted(lost, key=lambda id_: (-lost[id_], id_))])
        listing, room = [], LISTED
        for id_ in order:
            its = by_box.get(id_, [])
            if its and len(its) <= room:
                listing.append((id_, sorted(its, key=lambda it: (it.first, it.target))))
                room -= len(its)
        return sorted(listing)

    def context(self) -> dict[str, Any]:
        report, period = self.report, self.report.period
        listed = sum(len(its) for _, its in self.listing)
        tally = report.subject.tally
        index, contents = self._index(), self._contents()
        linked = {bucket for bucket, _ in index}
        answered = report.answered
        whole_city = report.subject.kind == "city"
        return {
            "report": report,
            "t": self.texts,
            "lang": "ur" if self.texts.language == "ur" else "en",
            "css": Markup((TEMPLATES / "report.css").read_text(encoding="utf-8")),  # noqa: S704 - our own file
            "zone": str(period.zone),
            "kind_key": {"city": "city", "district": "district", "contractor": "contractor_one"}[
                report.subject.kind
            ],
            "contents": contents,
            "there": lambda anchor: anchor if anchor in {it for _, it in contents} else "intervals",
            "buckets": [bucket.value for bucket in BUCKETS],
            "lost_buckets": [b.value for b in BUCKETS[1:] if tally.seconds[INDEX[b]] or b.value in linked],
            "linked": linked,
            "index": index,
            "monitor": [
                *((a, b, "monitor off") for a, b in report.off),
                *((a, b, "monitor blind") for a, b in report.blind),
            ],
            "listing": self.listing,
            "listed": listed,
            "not_listed": len(report.intervals) - listed,
            "camera_lost": dark(tally.cameras),
            "camera_total": sum(tally.cameras),
            "e_challan_total": sum(tally.e_challan),
            "detect_max": tally.detect_max_ms / 1000 if tally.detected else None,
            "ack_mean": None if answered.mean_ms is None else answered.mean_ms / 1000,
            "daily": _svg(charts.daily(report.daily, [self._day(at) for at in period.days()[:-1]])),
            "feeders": report.of_kind("feeder")[:SHOWN] if whole_city else [],
            "worst": [
                ("worst_boxes", "worst-boxes", report.worst("box")),
                ("worst_cameras", "worst-cameras", report.worst("camera")),
            ],
            "adjustments": [_adjustment(it) for it in report.adjustments][:SHOWN],
            "batteries": self._batteries(),
            "batteries_more": max(len(report.batteries) - SHOWN, 0),
            "revised": report.revised[-SHOWN:],
            "revised_more": max(len(report.revised) - SHOWN, 0),
            "pct": _percent,
            "hours": words_of.hours,
            "duration": words_of.duration,
            "when": partial(words_of.when, period=period),
            "moment": partial(words_of.moment, period=period),
            "bar": lambda *given: _svg(charts.bar(*given)),
            "stretch": self._stretch,
            "hours_of": lambda row, bucket: words_of.hours(row.tally.buckets()[bucket]),
            "share_of": self._share,
            "dark": lambda row: dark(row.tally.seconds),
            "link": lambda row: self._box_link(row.box),
            "box_link": self._box_link,
            "anchor": _anchor,
        }

    def _contents(self) -> list[tuple[str, str]]:
        report = self.report
        whole_city = report.subject.kind == "city"
        present = (
            ("by_bucket", "where", True),
            ("contracts", "contracts", report.contracts),
            ("adjustments", "adjustments", report.adjustments),
            ("districts", "districts", whole_city and report.of_kind("district")),
            ("contractors", "contractors", whole_city and report.of_kind("contractor")),
            ("feeders", "feeders", whole_city and report.of_kind("feeder")),
            ("worst_boxes", "worst-boxes", report.worst("box")),
            ("worst_cameras", "worst-cameras", report.worst("camera")),
            ("tampers", "tampers", report.tampers),
            ("batteries", "batteries", report.batteries),
            ("visits", "visits", report.visits),
            ("remarks", "remarks", report.remarks),
            ("revisions", "revisions", report.revised),
            ("left_out", "left-out", True),
            ("intervals", "intervals", True),
        )
        return [(key, anchor) for key, anchor, there in present if there]

    def _index(self) -> list[tuple[str, list[tuple[str, int]]]]:
        """For every bucket its boxes, the worst first."""
        sums: dict[str, dict[str, int]] = {}
        for it in self.report.intervals:
            if it.target != it.box:  # a box's own stretches are its devices' once more
                boxes = sums.setdefault(it.bucket.value, {})
                boxes[it.box] = boxes.get(it.box, 0) + it.last - it.first
        if self.report.off or self.report.blind:
            sums.setdefault("unknown", {})
        return [
            (b.value, sorted(sums[b.value].items(), key=lambda pair: (-pair[1], pair[0]))[:40])
            for b in BUCKETS
            if b.value in sums
        ]

    def _batteries(self) -> list[Any]:
        """Those to be replaced first, then those that lasted least."""
        return sorted(
            self.report.batteries,
            key=lambda it: (not it.overdue, it.lasted_min is None, it.lasted_min or 0, it.box),
        )[:SHOWN]

    def _day(self, second: int) -> str:
        return str(self.report.period.local(second).day)

    def _stretch(self, target: str) -> Markup:
        period = self.report.period
        spans = [(it.first, it.last, it.bucket.value) for it in self.by_target.get(target, ())]
        spans += [(a, b, "unknown") for a, b in (*self.report.off, *self.report.blind)]
        return _svg(charts.stretch(spans, (period.first, period.last), 400, 11))

    def _share(self, bucket: str) -> str:
        seconds = self.report.subject.tally.buckets()
        total = sum(seconds.values())
        return f"{percent(Fraction(seconds[bucket], total))} %" if total else "–"

    def _box_link(self, box: str) -> str:
        return f"#{_anchor(box)}" if box in self.shown else "#intervals"


def _anchor(id_: str) -> str:
    return "t-" + re.sub(r"[^A-Za-z0-9_.-]", "_", id_)


def _percent(value: Fraction | None) -> str:
    return f"{percent(value)} %" if value is not None else ""


def _svg(text: str) -> Markup:
    return Markup(text)  # noqa: S704 - numbers and bucket names only


def _adjustment(it: Adjustment | MoneyAdjustment) -> dict[str, Any]:
    if isinstance(it, Adjustment):
        return {
            "month": it.month,
            "of": f"{it.kind} {it.id}",
            "change": words_of.moved(it.moved),
            "reasons": it.reasons,
        }
    return {
        "month": it.month,
        "of": f"contract {it.contract} ({it.party})",
        "change": f"deduction {it.amount:+,} {it.currency}",
        "reasons": it.reasons,
    }
