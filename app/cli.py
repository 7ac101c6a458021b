"""The command line. Bad input ends with exit code 2 and its file, line and remedy, never a traceback."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from app.options import (
    DATA,
    INVENTORY,
    AsJson,
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
from domain.errors import ConfigError, NigehbanError, Problem

if TYPE_CHECKING:
    pass

app = typer.Typer(
    name="nigehban",
    help="Watches a city's street surveillance equipment and says what is wrong, where, and why.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.command()
def run(
    inventory: Inventory = INVENTORY,
    data: Data = DATA,
    settings: SettingsFile = None,
    rules: RulesFile = None,
    profiles: Profiles = None,
    texts: TextsFile = None,
    roster: RosterFile = None,
    windows: WindowsFile = None,
    contract: ContractFile = None,
    record: Annotated[Path | None, typer.Option(help="Keep every input, for `replay`.")] = None,
    simulate: Annotated[bool, typer.Option("--simulate", help="Answer for the city as well.")] = False,
    scenario: Annotated[Path | None, typer.Option(help="The play, with --simulate.")] = None,
    seconds: Annotated[float | None, typer.Option(help="Stop by itself after so long.")] = None,
) -> None:
    """Watch the city: probe, decide, tell; shown live. Ctrl-C stops."""
    from app import run as running

    where = read_from(inventory, rules, profiles, texts, roster, windows, contract)
    from app.settings import load

    load(settings)  # a bad file is refused here, before anything is started
    running.main(running.Run(where, settings, data, record, simulate, scenario, seconds))


@app.command()
def check(
    inventory: Annotated[Path, typer.Argument(help="The inventory to check.")] = INVENTORY,
    settings: SettingsFile = None,
    rules: RulesFile = None,
    profiles: Profiles = None,
    texts: TextsFile = None,
    roster: RosterFile = None,
    windows: WindowsFile = None,
    contract: ContractFile = None,
    secrets: Annotated[bool, typer.Option("--secrets", help="Also look every secret up.")] = False,
) -> None:
    """Check inventory, rules, profiles, texts and roster; every error at once, with its line."""
    from app.accepted import accept
    from app.settings import load
    from app.watch import require_secrets

    problems: list[Problem] = []
    try:
        load(settings)
    except ConfigError as error:
        problems += error.problems
    try:
        accepted = accept(read_from(inventory, rules, profiles, texts, roster, windows, contract), 0)
    except ConfigError as error:
        raise ConfigError([*problems, *error.problems]) from None
    if problems:
        raise ConfigError(problems)
    if secrets:
        require_secrets(accepted.city, inventory)
    for warning in accepted.warnings:
        typer.echo(f"warning: {warning}", err=True)
    city = accepted.city
    typer.echo(f"{inventory}: good: {len(city.boxes)} boxes, {len(city.devices)} devices")


@app.command()
def replay(
    file: Annotated[Path, typer.Argument(help="JSON lines, as `run --record` writes them.")],
    inventory: Inventory = INVENTORY,
    rules: RulesFile = None,
    texts: TextsFile = None,
    roster: RosterFile = None,
    windows: WindowsFile = None,
    contract: ContractFile = None,
    as_json: AsJson = False,
) -> None:
    """Judge recorded readings again: no network, no store, no clock."""
    from app import events
    from app import replay as again
    from app.accepted import accept

    write: Callable[[events.Event], str] = events.line if as_json else events.sentence
    accepted = accept(read_from(inventory, rules, None, texts, roster, windows, contract), 0)
    out = sys.stdout
    for warning in again.replay(file, accepted, lambda event: print(write(event), file=out)):
        typer.echo(f"warning: {warning}", err=True)


@app.command()
def probe(
    host: Annotated[str, typer.Argument(metavar="HOST[:PORT]")],
    version: Annotated[str, typer.Option(help="1, 2c or 3.")] = "2c",
    community: Annotated[str, typer.Option(envvar="NIGEHBAN_COMMUNITY", show_envvar=True)] = "public",
    user: Annotated[str, typer.Option(help="Version 3: the user.")] = "",
    auth: Annotated[str, typer.Option(help="Version 3: SHA-256, SHA-512, ...")] = "SHA-256",
    auth_key: Annotated[
        str, typer.Option(envvar="NIGEHBAN_AUTH_KEY", help="env:NAME, file:PATH or the word")
    ] = "",
    priv: Annotated[str, typer.Option(help="Version 3: AES-128, AES-192, AES-256 or DES.")] = "AES-128",
    priv_key: Annotated[
        str, typer.Option(envvar="NIGEHBAN_PRIV_KEY", help="env:NAME, file:PATH or the word")
    ] = "",
    profile: Annotated[str, typer.Option(help="Instead of recognising the device.")] = "auto",
    profiles: Profiles = None,
    timeout: Annotated[float, typer.Option(help="Seconds an attempt.")] = 2.0,
    explain: Annotated[bool, typer.Option("--explain", help="Each OID, its raw value, the rule.")] = False,
    as_json: AsJson = False,
) -> None:
    """Ask one device, and print what the collector would read."""
    from app import probe as asking

    given = asking.Given(
        host, version, community, user, auth, auth_key, priv, priv_key, profile, profiles, timeout
    )
    result = asyncio.run(asking.ask(given))
    typer.echo(asking.shown(result, as_json, explain))
    if result.outcome != "ok":
        raise typer.Exit(1)


@app.command("record")
def record_device(
    host: Annotated[str, typer.Argument(metavar="HOST[:PORT]|FILE.snmprec")],
    name: Annotated[str, typer.Option("--name", help="Of the two files, without their ends.")],
    out: Annotated[Path, typer.Option("--out", help="The folder of recordings.")] = Path("tests/recordings"),
    version: Annotated[str, typer.Option(help="1, 2c or 3.")] = "2c",
    community: Annotated[str, typer.Option(envvar="NIGEHBAN_COMMUNITY", show_envvar=True)] = "public",
    user: Annotated[str, typer.Option(help="Version 3: the user.")] = "",
    auth: Annotated[str, typer.Option(help="Version 3: SHA-256, SHA-512, ...")] = "SHA-256",
    auth_key: Annotated[
        str, typer.Option(envvar="NIGEHBAN_AUTH_KEY", help="env:NAME, file:PATH or the word")
    ] = "",
    priv: Annotated[str, typer.Option(help="Version 3: AES-128, AES-192, AES-256 or DES.")] = "AES-128",
    priv_key: Annotated[
        str, typer.Option(envvar="NIGEHBAN_PRIV_KEY", help="env:NAME, file:PATH or the word")
    ] = "",
    profile: Annotated[str, typer.Option(help="Instead of recognising the device.")] = "auto",
    profiles: Profiles = None,
    timeout: Annotated[float, typer.Option(help="Seconds an attempt.")] = 2.0,
    only_asked: Annotated[bool, typer.Option("--only-asked", help="Only what the profile asks.")] = False,
    keep_position: Annotated[
        bool, typer.Option("--keep-position", help="Its position is no secret.")
    ] = False,
    keep: Annotated[list[str] | None, typer.Option(help="A word that is no secret; repeatable.")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace files of this name.")] = False,
) -> None:
    """Record one device for the tests, its identity masked, with what is read of it beside."""
    from app import record_device as recording
    from app.probe import Given

    given = Given(host, version, community, user, auth, auth_key, priv, priv_key, profile, profiles, timeout)
    wanted = recording.Wanted(name, out, only_asked, keep_position, tuple(keep or ()), overwrite)
    for path in asyncio.run(recording.run(given, wanted, lambda line: typer.echo(line, err=True))):
        typer.echo(path)


@app.command()
def acknowledge(
    code: Annotated[str, typer.Argument(help="The code of the incident, as in the SMS.")],
    by: Annotated[str, typer.Option("--by", help="Who acknowledges.")] = os.environ.get("USER", "cli"),
    data: Data = DATA,
) -> None:
    """Say that somebody is on it. Only a good poll closes an incident."""
    from app import console

    _said(console.ask(data, "acknowledge", {"code": code, "by": by}))


@app.command()
def reload(data: Data = DATA) -> None:
    """Read inventory, rules and profiles again: all of it, or none."""
    from app import console

    _said(console.ask(data, "reload", {}))


@app.command()
def status(data: Data = DATA, as_json: AsJson = False) -> None:
    """What is watched, what is open, what is owed."""
    from app import console

    found = console.status(data)
    typer.echo(json.dumps(found, ensure_ascii=False) if as_json else console.status_words(found))


@app.command()
def why(
    target: Annotated[str, typer.Argument(help="A box, a device, an incident's code.")],
    data: Data = DATA,
) -> None:
    """The chain of readings, evidence, decisions and reasons, in words."""
    from app import why as explaining

    typer.echo("\n".join(explaining.chain(data, target)))


@app.command("sms-test")
def sms_test(
    number: Annotated[str, typer.Argument(help="E.164, such as +923001234567.")],
    data: Data = DATA,
    settings: SettingsFile = None,
    channel: Annotated[str | None, typer.Option(help="Instead of the first one.")] = None,
) -> None:
    """Send a test message, and say how far it came."""
    from app import sms_test as testing

    typer.echo(testing.send(number, data, settings, channel))


@app.command()
def backup(
    target: Annotated[Path, typer.Argument(help="The file to write.")],
    data: Data = DATA,
) -> None:
    """Copy the journal while it is in use, and verify the copy."""
    from app import safe

    typer.echo(safe.backup(data, target))


@app.command()
def restore(
    source: Annotated[Path, typer.Argument(help="A file made by `backup`.")],
    data: Data = DATA,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace the journal that is there.")
    ] = False,
) -> None:
    """Bring a journal back. Nothing that was owed before is sent again."""
    from app import safe

    typer.echo(safe.restore(source, data, overwrite))


@app.command()
def maintain(data: Data = DATA, settings: SettingsFile = None) -> None:
    """Roll finished hours up and forget what is too old; `run` does it every hour."""
    from app import maintain as keeping

    typer.echo(keeping.main(data, settings))


def _mount() -> None:
    from app.dashboards import dashboards_app
    from app.influx import influx_app
    from app.processes import processes_app
    from app.report import report_app

    app.add_typer(report_app)
    app.add_typer(processes_app)
    app.add_typer(influx_app, name="influx")
    app.add_typer(dashboards_app, name="dashboards")


def _said(answer: tuple[bool, str]) -> None:
    ok, words = answer
    typer.echo(words, err=not ok)
    if not ok:
        raise typer.Exit(2)


def _refuse(text: str, code: int) -> NoReturn:
    typer.echo(text, err=True)
    raise SystemExit(code)


def main() -> None:
    """Where the `nigehban` command begins."""
    logging.basicConfig(
        level=os.environ.get("NIGEHBAN_LOG", "INFO").upper(),
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )
    for chatty in ("httpx", "alembic"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    try:
        _mount()
        app()
    except ConfigError as error:
        _refuse(str(error), 2)
    except NigehbanError as error:
        _refuse(f"nigehban: {error}", 1)


if __name__ == "__main__":
    main()
