"""What is typed on the command line, made sense of: values, local moments, the city's zone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, tzinfo
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo

import typer

T = TypeVar("T")


def checked(make: Callable[[], T], option: str) -> T:
    """A ValueError of a value given on the command line, as bad usage: exit code 2."""
    try:
        return make()
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint=option) from None


def zone_of(data: Path) -> ZoneInfo:
    from app.ledger_data import Books

    with Books(data) as books:
        return ZoneInfo(books.city().timezone)


def local(text: str, zone: tzinfo) -> int:
    """A local moment in engine milliseconds; ValueError with what to write."""
    from domain.window import moment

    for form in ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d"):
        try:
            found = datetime.strptime(text.replace("T", " "), form)
        except ValueError:
            continue
        return moment(found.date(), found.time(), zone)
    raise ValueError(f"{text!r} is no moment, write it as 2026-10-03 14:05")
