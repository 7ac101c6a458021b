"""Options that several commands share, and what the files they name are read as."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from app.accepted import Sources

Inventory = Annotated[Path, typer.Option("--inventory", "-i", help="The city's inventory file.")]
Data = Annotated[Path, typer.Option("--data", "-d", help="Where the journal and the series are kept.")]
SettingsFile = Annotated[Path | None, typer.Option("--settings", help="Stores, channels, sweeps.")]
RulesFile = Annotated[Path | None, typer.Option("--rules", help="Instead of the shipped rules.")]
Profiles = Annotated[Path | None, typer.Option("--profiles", help="A folder of profiles of your own.")]
TextsFile = Annotated[Path | None, typer.Option("--texts", help="Instead of the shipped SMS texts.")]
RosterFile = Annotated[Path | None, typer.Option("--roster", help="Instead of the shipped roster.")]
WindowsFile = Annotated[Path | None, typer.Option("--windows", help="Planned work: silences telling.")]
ContractFile = Annotated[Path | None, typer.Option("--contract", help="The terms uptime is paid by.")]
AsJson = Annotated[bool, typer.Option("--json", help="For programs.")]

INVENTORY = Path("inventory.yaml")
DATA = Path("data")


def read_from(
    inventory: Path,
    rules: Path | None = None,
    profiles: Path | None = None,
    texts: Path | None = None,
    roster: Path | None = None,
    windows: Path | None = None,
    contract: Path | None = None,
) -> Sources:
    from app.accepted import Sources

    given = {
        "rules": rules,
        "profiles": profiles,
        "texts": texts,
        "roster": roster,
        "windows": windows,
        "contract": contract,
    }
    return Sources(inventory, **{name: path for name, path in given.items() if path is not None})
