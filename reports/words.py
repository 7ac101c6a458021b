"""Words of the files people edit here: days, hours, moments, zones. ValueError says what to write."""

from __future__ import annotations

import re
from datetime import date, datetime, time, tzinfo
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BeforeValidator

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)|24:00")
_LASTS = re.compile(r"(\d+)(m|h)")


def _text(value: Any, what: str) -> str:
    if not isinstance(value, str):
        raise ValueError(what)
    return value.strip()


def _clock(value: Any) -> time:
    text = _text(value, "no time of day -> write it as 06:00")
    if not _CLOCK.fullmatch(text):
        raise ValueError(f"{text!r} is no time of day -> write it as 06:00, from 00:00 to 24:00")
    return time(0) if text == "24:00" else time.fromisoformat(text)


def _day(value: Any) -> date:
    text = _text(value, "no date -> write it as 2026-10-31")
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is no date -> write it as 2026-10-31") from None


def _moment(value: Any) -> datetime:
    text = _text(value, "no moment -> write it as 2026-10-31 01:00")
    try:
        found = datetime.strptime(text, "%Y-%m-%d %H:%M")
    except ValueError:
        raise ValueError(f"{text!r} is no moment -> write it as 2026-10-31 01:00") from None
    return found


def _lasts(value: Any) -> int:
    text = _text(value, "no duration -> write it as 90m or 4h")
    found = _LASTS.fullmatch(text)
    seconds = int(found[1]) * {"m": 60, "h": 3600}[found[2]] if found else 0
    if not 60 <= seconds <= 31 * 86_400:
        raise ValueError(f"{text!r} is no duration -> write it as 90m or 4h, at most 744h")
    return seconds


def _zone(value: Any) -> tzinfo:
    text = _text(value, "no zone -> write an IANA name such as Asia/Karachi")
    try:
        return ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"{text!r} is no known zone -> write an IANA name such as Asia/Karachi") from None


def _weekdays(value: Any) -> frozenset[int]:
    if value == "day":
        return frozenset(range(7))
    given = value if isinstance(value, list) else [value]
    if not given or any(day not in WEEKDAYS for day in given):
        raise ValueError(f"not days of the week -> write day, or a list of {', '.join(WEEKDAYS)}")
    return frozenset(WEEKDAYS.index(day) for day in given)


Clock = Annotated[time, BeforeValidator(_clock)]
Day = Annotated[date, BeforeValidator(_day)]
Moment = Annotated[datetime, BeforeValidator(_moment)]
Lasts = Annotated[int, BeforeValidator(_lasts)]
Zone = Annotated[tzinfo, BeforeValidator(_zone)]
Weekdays = Annotated[frozenset[int], BeforeValidator(_weekdays)]
