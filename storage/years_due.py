"""Which hours are due to be rolled up, and doing them oldest first, as far as is known to be whole."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from domain.errors import Permanent, Retryable
from storage import years, years_mark
from storage.influx_http import InfluxSettings
from storage.influx_years import Rolled, Roller
from storage.spool_peek import oldest_waiting

_log = logging.getLogger(__name__)

_DAY = 86_400_000


@dataclass(frozen=True, slots=True)
class CaughtUp:
    """What one turn did: hours and lines, and the hours that are left for the next."""

    hours: int = 0
    lines: int = 0
    left: int = 0


def catch_up(
    settings: InfluxSettings, directory: Path, now: int, going: Callable[[], bool] = lambda: True
) -> CaughtUp:
    """Rolls up every hour that is due, until `going` says no. `directory` holds the spool and the mark.

    Never raises for what the server does: that is said when it begins, when it changes and when it is
    over, across processes too, and tried again the next time."""
    mark = years_mark.read(directory, settings)
    done = CaughtUp()
    trouble = ""
    try:
        with closing(Roller(settings)) as roller:
            due = years.hours(_begin(roller, mark, now), horizon(directory, now))
            done = replace(done, left=len(due))
            for rolled in _rolled(roller, due, going):
                mark = replace(mark, until=rolled.hour + years.HOUR)
                years_mark.keep(directory, mark)
                done = CaughtUp(done.hours + 1, done.lines + rolled.lines, done.left - 1)
                trouble = _refusals(rolled) or trouble
    except (Retryable, Permanent) as error:
        trouble = str(error)
    except OSError as error:
        trouble = f"{years_mark.NAME}: {error.strerror}"
    if trouble != mark.trouble:
        _say(trouble)
        with suppress(OSError):  # a full disk: it is said again the next time
            years_mark.keep(directory, replace(mark, trouble=trouble))
    return done


def by_hand(
    settings: InfluxSettings, directory: Path, now: int, first: int, end: int | None
) -> Iterator[Rolled]:
    """The hours of a span again, each said when done; neither beyond what is whole nor marked."""
    whole = horizon(directory, now)
    with closing(Roller(settings)) as roller:
        for hour in years.hours(first, whole if end is None else min(end, whole)):
            yield roller.roll(hour)


def horizon(directory: Path, now: int) -> int:
    """Before this moment nothing waits to be sent any more."""
    return years.horizon(now, oldest_waiting(directory / "spool"))


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


def _rolled(roller: Roller, due: range, going: Callable[[], bool]) -> Iterator[Rolled]:
    for hour in due:
        if not going():
            return
        yield roller.roll(hour)


def _refusals(rolled: Rolled) -> str:
    """Without the number, which would be news every hour."""
    return f"some lines are refused: {rolled.refused[0][1]}" if rolled.refused else ""


def _say(trouble: str) -> None:
    if trouble:
        _log.error("years: rollups are not made, or not whole: %s", trouble)
    else:
        _log.warning("years: rollups are made again")
