"""`nigehban influx setup` and `cardinality`: what the server needs, and what it will have to hold."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.settings import InfluxShape, load
from app.stores import influx_settings
from domain.errors import ConfigError, Problem
from inventory.load import load as load_inventory
from storage.influx_setup import setup
from storage.schema import cardinality

influx_app = typer.Typer(help="InfluxDB: make what it needs, estimate what it holds.", no_args_is_help=True)


def _settings(file: Path) -> InfluxShape:
    store = load(file).store
    if not isinstance(store, InfluxShape):
        remedy = "write store: {kind: influx, url: ...}"
        raise ConfigError([Problem(str(file), 1, "the store is not InfluxDB", remedy)])
    return store


@influx_app.command("setup")
def setup_command(
    settings: Annotated[Path, typer.Option("--settings", help="The file that names the server.")],
) -> None:
    """Make database or bucket, retention and rollups where they are missing; doing it again does nothing."""
    shape = _settings(settings)
    for line in setup(influx_settings(shape), raw_days=shape.retention_days):
        typer.echo(line)


@influx_app.command("cardinality")
def cardinality_command(
    inventory: Annotated[Path, typer.Option("--inventory", "-i")] = Path("inventory.yaml"),
) -> None:
    """Estimate the number of series before it hurts."""
    found = cardinality(load_inventory(inventory).city)
    for measurement, series in found.series.items():
        typer.echo(f"{measurement:<12} {series:>10,}")
    typer.echo(f"{'total':<12} {found.total:>10,}")
    for warning in found.warnings:
        typer.echo(f"warning: {warning}", err=True)
