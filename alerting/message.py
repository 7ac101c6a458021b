"""From facts to the words of one SMS: as much as one segment holds, never more than is known.

A message is a row of parts (texts.yaml, `layout`). Each part has variants from long to short; when
the text is longer than one segment, parts take shorter variants in the order of `shorten`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from math import ceil, floor
from string import Formatter

from alerting import gsm
from domain.alarm import Cause, Confidence, Notice, Reason
from domain.facts import BoxFacts, Forecast, IncidentFacts

MOST_SEGMENTS = 3
"""Twilio advises at most 320 characters; three parts in UCS-2 are 201."""

FINE_S = 3600.0
"""Above an hour a forecast is told in steps of five minutes: more would be pretence."""

FEW = 2  # so many device ids are named; more are counted

# Which fields a template may use: checked when texts.yaml is loaded, filled below.
PHRASE_FIELDS: Mapping[str, frozenset[str]] = {
    "box": frozenset({"id", "name"}),
    "place": frozenset({"place"}),
    "cameras": frozenset({"dark", "total", "e_challan"}),
    "behind": frozenset({"boxes"}),
    "forecast": frozenset({"charge", "likely", "low", "high", "ups"}),
    "more": frozenset({"others"}),
    "also": frozenset({"standing"}),
    "code": frozenset({"codes", "first_code"}),
    "limit": frozenset(),
}
LAYOUT_FIELDS = frozenset({*PHRASE_FIELDS, "lead", "what", "since", "at", "after"})
CAUSE_FIELDS = frozenset({"maybe", "devices", "count", "feeder"})
ALWAYS_KNOWN = frozenset({"maybe"})
DURATION_FIELDS = frozenset({"d", "h", "m", "mm"})
SYSTEM_FIELDS = frozenset({"since", "at"})


@dataclass(frozen=True, slots=True)
class CauseText:
    """Variants, long to short; the last of each needs no field that may be unknown."""

    opened: tuple[str, ...]
    worse: tuple[str, ...]
    closed: tuple[str, ...]

    def of(self, notice: Notice) -> tuple[str, ...]:
        return {Notice.OPENED: self.opened, Notice.WORSE: self.worse, Notice.CLOSED: self.closed}[notice]


@dataclass(frozen=True, slots=True)
class Texts:
    """texts.yaml, checked (alerting.load.load_texts)."""

    layout: Mapping[Notice, tuple[str, ...]]
    shorten: tuple[str, ...]
    lead: Mapping[Reason, str]
    maybe: Mapping[Confidence, str]
    phrases: Mapping[str, tuple[str, ...]]
    causes: Mapping[Cause, CauseText]
    durations: Mapping[str, str]
    days: tuple[str, ...]
    months: tuple[str, ...]
    system: Mapping[str, str]


def fields_of(template: str) -> frozenset[str]:
    """The names in braces; ValueError where braces do not match or hold more than a name."""
    names = set()
    for _, name, spec, conversion in Formatter().parse(template):
        if name is None:
            continue
        if not name.isidentifier() or spec or conversion:
            raise ValueError(f"{{{name}}} is not a plain name")
        names.add(name)
    return frozenset(names)


def word(
    notice: Notice,
    reason: Reason,
    at: int,
    facts: BoxFacts,
    texts: Texts,
    zone: tzinfo,
    *,
    limit: bool = False,
) -> str:
    """The SMS for one notice about one box; `facts.incidents` must not be empty.

    `at` is when it was owed (engine ms): what "today" means, and when a closing was. `limit` adds
    that the reader's budget ends with this message.
    """
    parts = _parts(notice, reason, at, facts, texts, zone, limit)
    layout = texts.layout[notice]
    best = ""
    for most in range(1, MOST_SEGMENTS + 1):
        taken = dict.fromkeys(parts, 0)
        best = _joined(layout, parts, taken)
        for part in (*texts.shorten, *(p for p in texts.shorten for _ in parts.get(p, ()))):
            if gsm.segments(best) <= most:
                return best
            if taken.get(part, 0) + 1 < len(parts.get(part, ())):
                taken[part] += 1
                best = _joined(layout, parts, taken)
        if gsm.segments(best) <= most:
            return best
    return best


def system_text(which: str, texts: Texts, zone: tzinfo, at: int, since: int | None = None) -> str:
    """A message about Nigehban itself: "silent", "alive" or "test"."""
    fields = {
        "at": _clock(at, at, texts, zone),
        "since": _clock(at if since is None else since, at, texts, zone),
    }
    return gsm.fit(texts.system[which].format(**fields))


def _joined(layout: Sequence[str], parts: Mapping[str, Sequence[str]], taken: Mapping[str, int]) -> str:
    chosen = {name: variants[taken[name]] for name, variants in parts.items() if variants}
    known = {name: text for name, text in chosen.items() if text}
    pieces = (_filled(piece, known) for piece in layout)
    return gsm.fit("".join(piece for piece in pieces if piece is not None))


def _filled(template: str, known: Mapping[str, str]) -> str | None:
    """None when a field of it is not known."""
    return template.format_map(known) if fields_of(template) <= known.keys() else None


def _variants(templates: Sequence[str], known: Mapping[str, str]) -> tuple[str, ...]:
    """Those that can be filled, each truly shorter than the one before."""
    kept: list[str] = []
    for template in templates:
        text = _filled(template, known)
        if text is not None and (not kept or len(text) < len(kept[-1])):
            kept.append(text)
    return tuple(kept)


def _parts(
    notice: Notice, reason: Reason, at: int, facts: BoxFacts, texts: Texts, zone: tzinfo, limit: bool
) -> dict[str, tuple[str, ...]]:
    first, others = facts.incidents[0], facts.incidents[1:]
    closing = notice is Notice.CLOSED
    closed_at = first.closed_at if first.closed_at is not None else at
    known = _known(facts, texts, None if closing else facts.forecast)
    if others:
        known["others"] = ", ".join(_brief(i, notice, facts, texts) for i in others)
    if facts.standing:
        known["standing"] = ", ".join(_brief(i, Notice.OPENED, facts, texts) for i in facts.standing)
    parts = {
        name: _variants(templates, known)
        for name, templates in texts.phrases.items()
        if name != "limit" or limit
    }
    parts["lead"] = (texts.lead.get(reason, ""),)
    parts["what"] = _variants(texts.causes[first.cause].of(notice), _cause_fields(first, facts, texts))
    parts["since"] = (_clock(first.since, at, texts, zone),)
    parts["at"] = (_clock(closed_at, at, texts, zone),)
    parts["after"] = (_span((closed_at - first.since) / 1000, texts),)
    return parts


def _known(facts: BoxFacts, texts: Texts, forecast: Forecast | None) -> dict[str, str]:
    codes = list(dict.fromkeys(i.code for i in facts.incidents if i.code))
    known = {"id": facts.box}
    if facts.name and facts.name != facts.box:
        known["name"] = facts.name
    if facts.place and facts.place != facts.name:
        known["place"] = facts.place
    if codes:
        known |= {"codes": " ".join(codes), "first_code": codes[0]}
    if facts.cameras_dark:
        known |= {"dark": str(facts.cameras_dark), "total": str(max(facts.cameras_total, facts.cameras_dark))}
        if facts.e_challan_dark:
            known["e_challan"] = str(facts.e_challan_dark)
    if facts.shadowed_boxes:
        known["boxes"] = str(facts.shadowed_boxes)
    if facts.charge_percent is not None:
        known["charge"] = f"{facts.charge_percent:.0f}"
    if forecast is not None:
        step = 5 if forecast.likely_s > FINE_S else 1
        known |= {
            "likely": _span(forecast.likely_s, texts, round, step),
            "low": _span(forecast.low_s, texts, floor, step),
            "high": _span(forecast.high_s, texts, ceil, step),
        }
        if forecast.ups_says_s is not None:
            known["ups"] = _span(forecast.ups_says_s, texts)
    return known


def _cause_fields(incident: IncidentFacts, facts: BoxFacts, texts: Texts) -> dict[str, str]:
    known = {"maybe": texts.maybe[incident.confidence]}
    if len(incident.devices) > 1:
        known["count"] = str(len(incident.devices))
    if 0 < len(incident.devices) <= FEW:
        known["devices"] = ", ".join(incident.devices)
    if facts.feeder:
        known["feeder"] = facts.feeder
    return known


def _brief(incident: IncidentFacts, notice: Notice, facts: BoxFacts, texts: Texts) -> str:
    variants = _variants(texts.causes[incident.cause].of(notice), _cause_fields(incident, facts, texts))
    return variants[-1]


def _span(seconds: float, texts: Texts, to: Callable[[float], int] = round, step_min: int = 1) -> str:
    """A duration in words, in whole steps; nothing but a lower bound is ever "0 min"."""
    steps = to(max(seconds, 0.0) / 60 / step_min)
    minutes = max(steps * step_min, 0 if to is floor else 1)
    if minutes < 60:
        return texts.durations["minutes"].format(d=0, h=0, m=minutes, mm=f"{minutes:02}")
    hours, rest = divmod(minutes, 60)
    kind = "hours" if hours < 48 else "days"
    return texts.durations[kind].format(
        d=hours // 24, h=hours % 24 if kind == "days" else hours, m=rest, mm=f"{rest:02}"
    )


def _clock(then: int, now: int, texts: Texts, zone: tzinfo) -> str:
    """HH:MM; with the day when it is not today, with the date when it is not this week."""
    when, today = _local(then, zone), _local(now, zone).date()
    time = f"{when:%H:%M}"
    if when.date() == today:
        return time
    if abs(when.date() - today) < timedelta(days=7):
        return f"{texts.days[when.weekday()]} {time}"
    return f"{when.day} {texts.months[when.month - 1]} {time}"


def _local(at: int, zone: tzinfo) -> datetime:
    return datetime.fromtimestamp(at / 1000, UTC).astimezone(zone)
