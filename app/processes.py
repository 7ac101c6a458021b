"""The processes that `run` starts, each by itself: for its supervisor, and for whoever debugs one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.options import (
    DATA,
    INVENTORY,
    ContractFile,
    Data,
    Inventory,
    Profiles,
    RosterFile,
    RulesFile,
    SettingsFile,
    TextsFile,
    WindowsFile,
    read_from,
)

processes_app = typer.Typer()


@processes_app.command(hidden=True)
def watch(
    inventory: Inventory = INVENTORY,
    data: Data = DATA,
    settings: SettingsFile = None,
    rules: RulesFile = None,
    profiles: Profiles = None,
    texts: TextsFile = None,
    roster: RosterFile = None,
    windows: WindowsFile = None,
    contract: ContractFile = None,
    record: Annotated[Path | None, typer.Option()] = None,
    simulator: Annotated[Path | None, typer.Option()] = None,
) -> None:
    """The watch process alone (`run` starts it)."""
    from app import watch as watching
    from app.settings import load

    where = read_from(inventory, rules, profiles, texts, roster, windows, contract)
    watching.main(watching.Options(where, load(settings), data, record, simulator))


@processes_app.command(hidden=True)
def tell(data: Data = DATA, settings: SettingsFile = None) -> None:
    """The tell process alone (`run` starts it)."""
    from app import tell as telling
    from app.settings import load

    telling.main(load(settings), data)


@processes_app.command(hidden=True)
def deadman(data: Data = DATA, settings: SettingsFile = None) -> None:
    """The dead-man process alone (`run` starts it)."""
    from app import deadman as looking
    from app.settings import load

    looking.main(load(settings), data)


@processes_app.command(hidden=True)
def simulate(
    inventory: Inventory = INVENTORY,
    control: Annotated[Path | None, typer.Option()] = None,
    scenario: Annotated[Path | None, typer.Option()] = None,
    seed: Annotated[int, typer.Option()] = 1,
) -> None:
    """The simulated street alone (`run --simulate` starts it)."""
    from app import simulate as street

    street.main(read_from(inventory), control, scenario, seed)
