"""Which hours are due to be rolled up, and doing them oldest first, as far as they are known to be whole."""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path

from domain.errors import Permanent, Retryable
from storage import years, years_mark
from storage.influx_http import InfluxSettings
from storage.influx_years import Rolled, Roller
from storage.spool_peek import oldest_waiting

_log = logging.getLogger(__name__)

_DAY = 86_400_000


def roll_due(settings: InfluxSettings, directory: Path, now: int) -> Generator[Rolled, None, None]:
    """Every hour that is due, each marked once it is done. `directory` holds the spool and the mark.
    Errors are those of the Roller, and OSError where the mark cannot be kept."""
    with closing(Roller(settings)) as roller:
        begin = _begin(roller, years_mark.read(directory, settings), now)
        for hour in years.hours(begin, horizon(directory, now)):
            rolled = roller.roll(hour)
            mark = years_mark.read(directory, settings)
            years_mark.keep(directory, replace(mark, until=hour + years.HOUR))
            yield rolled


def roll_again(
    settings: InfluxSettings, directory: Path, now: int, first: int, end: int | None
) -> Iterator[Rolled]:
    """The hours of a span, done or not, as far as they are whole; nothing is marked."""
    whole = horizon(directory, now)
    with closing(Roller(settings)) as roller:
        for hour in years.hours(first, whole if end is None else min(end, whole)):
            yield roller.roll(hour)


def catch_up(
    settings: InfluxSettings, directory: Path, now: int, going: Callable[[], bool] = lambda: True
) -> int:
    """Rolls up what is due until `going` says no; the number of hours.

    Never raises for what the server or the disk does: that is said when it begins, when it changes and
    when it is over, though each turn is a process of its own, and tried again the next time."""
    hours = 0
    trouble = ""
    try:
        with closing(roll_due(settings, directory, now)) as turn:
            for rolled in turn:
                hours += 1
                trouble = refusals(rolled) or trouble
                if not going():
                    break
    except (Retryable, Permanent) as error:
        trouble = str(error)
    except OSError as error:
        trouble = f"{years_mark.NAME}: {error.strerror}"
    mark = years_mark.read(directory, settings)
    if trouble != mark.trouble:
        _say(trouble)
        with suppress(OSError):  # a full disk: it is said again the next time
            years_mark.keep(directory, replace(mark, trouble=trouble))
    return hours


def horizon(directory: Path, now: int) -> int:
    """The moment before which nothing waits to be sent any more."""
    return years.horizon(now, oldest_waiting(directory / "spool"))


def refusals(rolled: Rolled) -> str:
    """Why lines were refused, "" where none were; without their number, which would be news every hour."""
    return f"some lines are refused: {rolled.refused[0][1]}" if rolled.refused else ""


def _begin(roller: Roller, mark: years_mark.Mark, now: int) -> int:
    """Where the mark says; else the newest hour the years hold, once more, for it may be half done;
    else where the raw series begin."""
    if mark.until is not None:
        return mark.until
    since = now - roller.look_back_days * _DAY
    newest = roller.newest(since)
    if newest is not None:
        return newest
    oldest = roller.oldest(since)
    return now if oldest is None else oldest // years.HOUR * years.HOUR


def _say(trouble: str) -> None:
    if trouble:
        _log.error("years: rollups are not made, or not whole: %s", trouble)
    else:
        _log.warning("years: rollups are made again")
