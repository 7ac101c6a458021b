"""The period a report is about: whole local days, as engine milliseconds. PURE."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache

from domain.window import moment

_MONTH = re.compile(r"(\d{4})-(\d{2})")
_DAYS = re.compile(r"(\d{4}-\d{2}-\d{2})\.\.(\d{4}-\d{2}-\d{2})")


@dataclass(frozen=True, slots=True)
class Period:
    """[first, last) in whole seconds since the epoch; both are local midnights of `zone`."""

    label: str
    first: int
    last: int
    zone: tzinfo

    @property
    def start(self) -> int:
        """Engine milliseconds."""
        return self.first * 1000

    @property
    def end(self) -> int:
        return self.last * 1000

    @property
    def seconds(self) -> int:
        return self.last - self.first

    def local(self, second: int) -> datetime:
        return datetime.fromtimestamp(second, UTC).astimezone(self.zone)

    def iso(self, second: int) -> str:
        minute, rest = divmod(second, 60)
        clock, offset = _minute(minute, self.zone)
        return f"{clock[:10]}T{clock[11:]}:{rest:02}{offset}"

    def shown(self, second: int) -> str:
        """For people: the zone is named once, above."""
        minute, rest = divmod(second, 60)
        return f"{_minute(minute, self.zone)[0]}:{rest:02}"

    def days(self) -> list[int]:
        """The second each local day begins at, and at last the end: days of 23 and 25 hours count."""
        day, last = self.local(self.first).date(), self.local(self.last).date()
        borders = []
        while day < last:
            borders.append(_midnight(day, self.zone))
            day += timedelta(days=1)
        return [*borders, self.last]


def parse(text: str, zone: tzinfo) -> Period:
    """`2026-10` (a month) or `2026-10-01..2026-10-15` (days, the last included).

    ValueError with what to write instead."""
    if found := _MONTH.fullmatch(text):
        year, month = int(found[1]), int(found[2])
        if not (1 <= month <= 12 and 1970 <= year <= 9998):
            raise ValueError(f"{text!r} is no month, write one such as 2026-10")
        after = date(year + month // 12, month % 12 + 1, 1)
        return Period(text, _midnight(date(year, month, 1), zone), _midnight(after, zone), zone)
    if found := _DAYS.fullmatch(text):
        try:
            first, last = date.fromisoformat(found[1]), date.fromisoformat(found[2])
        except ValueError:
            raise ValueError(f"{text!r} holds a day that does not exist, correct it") from None
        if first > last:
            raise ValueError(f"{text!r} ends before it begins, write the earlier day first")
        return Period(text, _midnight(first, zone), _midnight(last + timedelta(days=1), zone), zone)
    raise ValueError(f"{text!r} is no period, write a month (2026-10) or days (2026-10-01..2026-10-15)")


def following(label: str, zone: tzinfo) -> Period:
    """The month after a month."""
    ends = parse(label, zone).last
    return parse(datetime.fromtimestamp(ends, UTC).astimezone(zone).strftime("%Y-%m"), zone)


@lru_cache(maxsize=100_000)
def _minute(minute: int, zone: tzinfo) -> tuple[str, str]:
    """A minute's local clock, and its offset: a month of intervals asks for the same ones over and over."""
    local = datetime.fromtimestamp(minute * 60, UTC).astimezone(zone)
    return local.strftime("%Y-%m-%d %H:%M"), local.isoformat(timespec="minutes")[16:]


def _midnight(day: date, zone: tzinfo) -> int:
    return moment(day, time(0), zone) // 1000
