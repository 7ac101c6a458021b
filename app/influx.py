"""`nigehban influx`: what the server needs, what it will have to hold, and hours rolled up by hand."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from app.asked import checked, local, zone_of
from app.clock import SystemClock
from app.options import DATA, Data
from app.settings import InfluxShape, load
from app.stores import influx_settings, rollup_settings
from domain.errors import ConfigError, Problem
from inventory.load import load as load_inventory
from storage.cardinality import cardinality
from storage.influx_setup import setup
from storage.influx_years import Rolled

influx_app = typer.Typer(
    help="InfluxDB: make what it needs, estimate what it holds, roll hours up.", no_args_is_help=True
)

ServerFile = Annotated[Path, typer.Option("--settings", help="The file that names the server.")]


def _settings(file: Path) -> InfluxShape:
    store = load(file).store
    if not isinstance(store, InfluxShape):
        remedy = "write store: {kind: influx, url: ...}"
        raise ConfigError([Problem(str(file), 1, "the store is not InfluxDB", remedy)])
    return store


@influx_app.command("setup")
def setup_command(settings: ServerFile) -> None:
    """Make databases or buckets and retention where they are missing; doing it again does nothing."""
    shape = _settings(settings)
    did = setup(influx_settings(shape), raw_days=shape.retention_days, rollup_days=shape.rollup_days)
    for line in did:
        typer.echo(line)


@influx_app.command("cardinality")
def cardinality_command(
    inventory: Annotated[Path, typer.Option("--inventory", "-i")] = Path("inventory.yaml"),
) -> None:
    """Estimate the number of series, and of values of each tag, before it hurts."""
    found = cardinality(load_inventory(inventory).city)
    _table("series", [*found.series.items(), ("total", found.total)])
    _table("series of the database of years", [*found.years.items(), ("total", found.total_years)])
    _table("values of a tag", [*found.tag_values.items()])
    for warning in found.warnings:
        typer.echo(f"warning: {warning}", err=True)


def _table(heading: str, rows: Sequence[tuple[str, int]]) -> None:
    typer.echo(f"{heading}:")
    for name, count in rows:
        typer.echo(f"  {name:<16} {count:>10,}")


@influx_app.command("rollup")
def rollup_command(
    settings: ServerFile,
    data: Data = DATA,
    first: Annotated[
        str | None, typer.Option("--from", help="Roll these hours up again, local: 2026-10-01.")
    ] = None,
    end: Annotated[str | None, typer.Option("--to", help="Up to this moment; else all there is.")] = None,
) -> None:
    """Roll finished hours up into the database of years, as `run` does every hour.

    Without --from, what is due, from where it stopped. With it, those hours once more, such as after
    lines of parked.lp were sent by hand; no mark is moved, and doing it twice changes nothing."""
    from storage.years_due import refusals, roll_again, roll_due

    server, now, series = rollup_settings(_settings(settings)), SystemClock().now(), data / "series"
    turn: Iterable[Rolled]
    if first is None and end is None:
        turn = roll_due(server, series, now)
    elif first is None:
        raise typer.BadParameter("give --from as well", param_hint="--to")
    else:
        zone, begins, ends = zone_of(data), first, end
        start = checked(lambda: local(begins, zone), "--from")
        stop = checked(lambda: local(ends, zone), "--to") if ends is not None else None
        turn = roll_again(server, series, now, start, stop)
    hours = 0
    for rolled in turn:
        hours += 1
        when = datetime.fromtimestamp(rolled.hour / 1000, UTC).strftime("%Y-%m-%dT%H:%MZ")
        typer.echo(f"{when} {rolled.lines} lines{', ' if rolled.refused else ''}{refusals(rolled)}")
    typer.echo(f"{hours} hours rolled up into {server.years.database}")
