"""Numbers as people read them. PURE."""

from __future__ import annotations

from collections.abc import Mapping

from reports.period import Period


def hours(seconds: int) -> str:
    """Hours with one decimal, cut off."""
    tenths = seconds // 360
    return f"{tenths // 10:,}.{tenths % 10}"


def duration(seconds: float | None) -> str:
    """The two greatest units: 3 d 4 h, 2 h 5 min, 40 s; a dash for None."""
    if seconds is None:
        return "–"
    whole = int(seconds)
    parts: list[str] = []
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")):
        count, whole = divmod(whole, size)
        if count or parts:
            parts.append(f"{count} {unit}" if count else "")
        if len(parts) == 2:
            break
    return " ".join(part for part in parts if part) or "0 s"


def when(second: int, period: Period) -> str:
    return period.shown(second)


def moment(milliseconds: int | None, period: Period) -> str:
    """To the minute; empty for None."""
    return "" if milliseconds is None else period.local(milliseconds // 1000).strftime("%Y-%m-%d %H:%M")


def moved(changes: Mapping[str, int]) -> str:
    return ", ".join(f"{bucket} {seconds:+,} s" for bucket, seconds in changes.items())
