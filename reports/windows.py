"""windows.yaml: planned work, in the style of the inventory and with its line-numbered errors."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo

from pydantic import ConfigDict, Field

from config.located import Loc, Located, parse, read
from config.shape import Shape, nearest, validate
from domain.errors import ConfigError, Problem
from domain.place import City
from domain.window import Hours, Window, moment
from reports.words import Clock, Day, Lasts, Moment, Weekdays, Zone

KARACHI = "Asia/Karachi"


class WindowShape(Shape):
    """One-off: `from` and `to` are moments. Recurring: `every` or `on_days`, with hours."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    why: str = ""
    boxes: list[str] = []
    districts: list[str] = []
    feeders: list[str] = []
    timezone: Zone | None = None
    start: Moment | None = None
    end: Moment | None = None
    every: Weekdays | None = None
    on_days: list[int] = []
    begins: Clock | None = None
    ends: Clock | None = None
    lasts: Lasts | None = None
    first_day: Day | None = None
    last_day: Day | None = None


class WindowsShape(Shape):
    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    timezone: Zone | None = None
    windows: dict[str, WindowShape] = Field(default_factory=dict)


def load(path: Path, city: City | None = None) -> tuple[Window, ...]:
    return make(read(path), city)


def loads(text: str, file: str = "windows.yaml") -> tuple[Window, ...]:
    """Of text already read (a journalled configuration, say)."""
    return make(parse(text, file))


def make(document: Located, city: City | None = None) -> tuple[Window, ...]:
    """ConfigError with every problem; names are checked against `city` where one is given."""
    shape, problems = validate(document, WindowsShape)
    if shape is None:
        raise ConfigError(problems)
    usual = shape.timezone or ZoneInfo(city.timezone if city else KARACHI)
    found = []
    for name, it in shape.windows.items():
        wrong = [*_wrong(document, name, it), *_strangers(document, name, it, city)]
        problems += wrong
        if not wrong:
            found.append(_window(name, it, it.timezone or usual))
    if problems:
        raise ConfigError(sorted(problems))
    return tuple(found)


def _wrong(document: Located, name: str, it: WindowShape) -> Iterable[Problem]:
    def problem(what: str, remedy: str, *key: str) -> Problem:
        return document.problem(("windows", name, *key), f"windows.{name}: {what}", remedy)

    if not (it.boxes or it.districts or it.feeders):
        yield problem("names no place", "add boxes: [...], districts: [...] or feeders: [...]")
    once = it.start is not None or it.end is not None
    recurring = it.every is not None or bool(it.on_days)
    if once == recurring:
        yield problem(
            "both one-off and recurring" if once else "says neither when nor how often",
            "write start and end as moments, or every (or on_days) with begins and ends",
        )
        return
    if once:
        if it.start is None or it.end is None:
            yield problem("half of a one-off window", "write both start: and end:")
        elif it.start >= it.end:
            yield problem("ends before it starts", "write the later moment after end:", "end")
        if it.begins or it.ends or it.lasts or it.first_day or it.last_day:
            yield problem("hours do not go with start and end", "remove begins, ends, lasts and days")
        return
    if it.begins is None:
        yield problem("recurs at no hour", "add begins: 01:00")
    if (it.ends is None) == (it.lasts is None):
        yield problem(
            "its length is not clear", "write either ends: 05:00 (wall clock) or lasts: 4h (elapsed)"
        )
    wrong_days = [day for day in it.on_days if not 1 <= day <= 31]
    if wrong_days:
        yield problem(f"{wrong_days[0]} is no day of a month", "write days from 1 to 31", "on_days")
    if it.first_day and it.last_day and it.first_day > it.last_day:
        yield problem("its last day is before its first", "write the later day after last_day:", "last_day")


def _strangers(document: Located, name: str, it: WindowShape, city: City | None) -> Iterable[Problem]:
    if city is None:
        return
    for key, word, given, known in (
        ("boxes", "box", it.boxes, city.boxes),
        ("districts", "district", it.districts, city.districts),
        ("feeders", "feeder", it.feeders, city.feeders),
    ):
        for n, id_ in enumerate(given):
            if id_ not in known:
                at: Loc = ("windows", name, key, n)
                what = f"windows.{name}: the inventory has no {word} {id_!r}"
                yield document.problem(at, what, nearest(id_, sorted(known)))


def _window(name: str, it: WindowShape, zone: tzinfo) -> Window:
    places = (frozenset(it.boxes), frozenset(it.districts), frozenset(it.feeders))
    if it.start is not None and it.end is not None:
        once = (
            moment(it.start.date(), it.start.time(), zone),
            moment(it.end.date(), it.end.time(), zone, last=True),
        )
        return Window(name, it.why, zone, *places, once=once)
    assert it.begins is not None
    hours = Hours(
        begins=it.begins,
        ends=it.ends,
        lasts_s=it.lasts or 0,
        weekdays=it.every if it.every is not None else frozenset(range(7)),
        days=frozenset(it.on_days),
        first=it.first_day,
        last=it.last_day,
    )
    return Window(name, it.why, zone, *places, hours=hours)
