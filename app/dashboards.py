"""`nigehban dashboards`: build the files, check them, push them to a Grafana."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from app.settings import resolve
from dashboards import build as files
from dashboards import publish
from dashboards.grafana import Conflict, Grafana, GrafanaSettings
from dashboards.lint import joined
from dashboards.publish import Act, Json, Step
from domain.errors import ConfigError, Permanent, Retryable

dashboards_app = typer.Typer(help="Grafana's dashboards: build, check, push.", no_args_is_help=True)

NOT_ALL = 1
WRONG = 2


def _fail(text: str, code: int) -> typer.Exit:
    typer.echo(text, err=True)
    return typer.Exit(code)


@dashboards_app.command("build")
def build_command(
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; fail where a file is stale.")
    ] = False,
    directory: Annotated[Path, typer.Option("--directory", "-d", help="Where the files go.")] = files.DIST,
) -> None:
    """Write the dashboards as JSON files, for provisioning from files."""
    if not check:
        changed = files.write(directory)
        typer.echo("\n".join(f"wrote {directory / name}" for name in changed) or "all files are current")
    elif problems := files.stale(directory):
        raise _fail(joined(problems), WRONG)


@dashboards_app.command("check")
def check_command(
    directory: Annotated[Path, typer.Option("--directory", "-d", help="Where the files are.")] = files.DIST,
) -> None:
    """Check that the files are current, and that no page asks what some InfluxDB cannot answer."""
    problems = files.check(directory)
    if problems:
        raise _fail(joined(problems), WRONG)
    typer.echo(f"{len(files.built())} dashboards are well")


@dashboards_app.command("push")
def push_command(
    url: Annotated[str, typer.Option(envvar="NIGEHBAN_GRAFANA_URL", help="http://HOST:3000")],
    token: Annotated[str, typer.Option(help="Service account's token: env:NAME or file:/path.")] = "",
    user: Annotated[str, typer.Option(help="User, where there is no token.")] = "",
    password: Annotated[str, typer.Option(help="Password: env:NAME or file:/path.")] = "",
    ca: Annotated[Path | None, typer.Option(help="CA bundle to verify Grafana by.")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would change; change nothing.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before changing.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite what people changed by hand.")] = False,
    influx_url: Annotated[
        str, typer.Option(help="Make the data sources too: InfluxDB as Grafana sees it.")
    ] = "",
    influx_generation: Annotated[int, typer.Option(min=1, max=3, help="1, 2 or 3.")] = 2,
    influx_database: Annotated[str, typer.Option(help="Database or bucket, its years beside it.")] = "cctv",
    influx_user: Annotated[str, typer.Option(help="User of InfluxDB 1.x.")] = "",
    influx_password: Annotated[str, typer.Option(help="env:NAME or file:/path.")] = "",
    influx_token: Annotated[
        str, typer.Option(help="Token of InfluxDB 2.x or 3: env:NAME or file:/path.")
    ] = "",
) -> None:
    """Show what differs from what Grafana has, ask, and publish folder, data sources and dashboards.

    A second push changes nothing. What people changed by hand is refused unless --force."""
    if not token and not user and "NIGEHBAN_GRAFANA_TOKEN" in os.environ:
        token = "env:NIGEHBAN_GRAFANA_TOKEN"  # noqa: S105 - the name of a variable
    try:
        settings = GrafanaSettings(url, _secret(token), user, _secret(password), str(ca) if ca else True)
        sources: tuple[Json, ...] = ()
        if influx_url:
            sources = publish.datasources(
                influx_url,
                influx_generation,
                database=influx_database,
                user=influx_user,
                password=_secret(influx_password),
                token=_secret(influx_token),
            )
    except (ConfigError, ValueError) as error:
        raise _fail(str(error), WRONG) from None
    grafana = Grafana(settings)
    try:
        steps = publish.plan(grafana, files.built().values(), sources, force=force)
        _show(steps)
        wanted = [step for step in steps if step.act in (Act.MAKE, Act.CHANGE)]
        if wanted and not dry_run:
            if not yes and not typer.confirm(f"Do these {len(wanted)} things?"):
                raise typer.Exit(NOT_ALL)
            for step in publish.apply(grafana, wanted):
                typer.echo(f"done: {step}")
    except Conflict as error:
        raise _fail(f"{error}; somebody was quicker, push again", NOT_ALL) from None
    except (Permanent, Retryable) as error:
        raise _fail(str(error), NOT_ALL) from None
    finally:
        grafana.close()
    if any(step.act is Act.REFUSE for step in steps):
        raise _fail("what is refused was left as it is; --force overwrites what was changed by hand", NOT_ALL)


def _secret(reference: str) -> str:
    if not reference:
        return ""
    if not reference.startswith(("env:", "file:")):
        raise ValueError("a secret stands on the command line, write env:NAME or file:/path instead")
    return resolve(reference)


def _show(steps: Iterable[Step]) -> None:
    for step in steps:
        typer.echo(str(step))
        for line in step.difference[:60]:
            typer.echo(f"    {line}")
        if len(step.difference) > 60:
            typer.echo(f"    and {len(step.difference) - 60} more")
