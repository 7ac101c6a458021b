"""`nigehban report`, `ledger` and `incident`: what was, by cause, and what people say of it."""

from __future__ import annotations

import gc
from collections.abc import Callable
from datetime import datetime, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.asked import checked, local, zone_of
from app.clock import SystemClock
from app.people import DATA, By, Data, contest, incident_app
from domain.errors import ConfigError, Problem
from domain.human import NoteKind
from reports.period import Period, parse

if TYPE_CHECKING:
    from reports.closing import Document
    from reports.model import Report

report_app = typer.Typer(help="The uptime ledger.", no_args_is_help=True)
ledger_app = typer.Typer(help="Close a paid month; contest what it says.", no_args_is_help=True)
report_app.add_typer(ledger_app, name="ledger")
report_app.add_typer(incident_app, name="incident")

Contracts = Annotated[Path | None, typer.Option("--contract-file", help="Terms to pay by (contract.yaml).")]
Windows = Annotated[
    Path | None, typer.Option("--windows", help="Planned work, in place of the windows the journal holds.")
]
MAILED = (".html", ".xlsx", ".pdf")
LONG_MS = 2_000
"""Work that takes longer says how far it is."""


def _progress() -> Callable[[str], None]:
    clock = SystemClock()
    began = clock.now()

    def say(words: str) -> None:
        if clock.now() - began >= LONG_MS:
            typer.echo(f"{(clock.now() - began) / 1000:6.1f} s  {words}", err=True)

    return say


@report_app.command("report")
def report_command(
    period: Annotated[str, typer.Option("--period", "-p", help="2026-10, last, or 2026-10-01..2026-10-15.")],
    district: Annotated[str | None, typer.Option(help="Only this district.")] = None,
    contractor: Annotated[str | None, typer.Option(help="Only this contractor's boxes.")] = None,
    format_: Annotated[str, typer.Option("--format", "-f", help="html, xlsx, csv, json, pdf.")] = "html",
    out: Annotated[Path, typer.Option("--out", "-o", help="The folder to write to.")] = Path(),
    data: Data = DATA,
    contract_file: Contracts = None,
    windows: Windows = None,
    language: Annotated[str, typer.Option(help="en, ur or both, for headings.")] = "en",
    known_at: Annotated[
        str | None, typer.Option("--known-at", help="As it was known then, local: 2026-11-01 00:00.")
    ] = None,
) -> None:
    """Every second of a period in its bucket: up, or why not, and by whom."""
    from reports.forms import chosen

    formats = checked(lambda: chosen(format_), "--format")
    if language not in ("en", "ur", "both"):
        raise typer.BadParameter("write en, ur or both", param_hint="--language")
    made, _, _ = make(data, period, district, contractor, contract_file, windows, known_at)
    from reports.forms import render

    for path in render(made, formats, out, language, _progress()):  # type: ignore[arg-type]
        typer.echo(str(path))
    for words in made.left_out:
        typer.echo(f"left out: {words}", err=True)


def make(
    data: Path,
    period: str,
    district: str | None = None,
    contractor: str | None = None,
    contract_file: Path | None = None,
    windows: Path | None = None,
    known_at: str | None = None,
) -> tuple[Report, str, str]:
    """The report, and the texts of contract and windows it was made by."""
    from app.ledger_data import Wanted, given
    from reports.assemble import build
    from reports.given import Scope

    if district is not None and contractor is not None:
        raise typer.BadParameter("choose one of --district and --contractor", param_hint="--district")
    progress = _progress()
    as_of = None
    if period == "last" or known_at is not None:
        zone = zone_of(data)
        if period == "last":
            period = last_month(SystemClock().now(), zone)
        if known_at is not None:
            as_of = checked(lambda: local(known_at, zone), "--known-at")
    wanted = Wanted(data, period, Scope(district, contractor), contract_file, windows, as_of)
    gc.disable()  # a report makes no circles; walking a million live objects would double its time
    found, text, planned, books = checked(lambda: given(wanted, progress), "--period")
    with books:
        made = checked(lambda: build(found, progress=progress), "--district" if district else "--contractor")
    return made, text, planned


def last_month(now: int, zone: tzinfo) -> str:
    here = datetime.fromtimestamp(now / 1000, zone)
    year, month = (here.year, here.month - 1) if here.month > 1 else (here.year - 1, 12)
    return f"{year}-{month:02d}"


@report_app.command("report-due", hidden=True)
def due(
    data: Data = DATA,
    settings_file: Annotated[Path | None, typer.Option("--settings")] = None,
) -> None:
    """The last month's report, kept in the data directory and mailed; nothing where it is there already.
    Run on the first of a month and at every start, it makes up for a run that was missed."""
    from app import mail
    from app.settings import load, resolve

    if not _begun(data):  # the very first start: watch has yet to accept its configuration
        return
    wanted = load(settings_file).reports
    folder = data / "reports"
    zone = zone_of(data)
    month = last_month(SystemClock().now(), zone)
    if not _watched(data, parse(month, zone)):
        return
    kept, mailed = folder / f"nigehban-{month}.json", folder / f"nigehban-{month}.mailed"
    if not kept.exists():
        formats = ",".join([*wanted.formats, "json"])
        report_command(month, None, None, formats, folder, data, None, None, wanted.language, None)
    if wanted.mail is not None and not mailed.exists():
        password = resolve(wanted.mail.password) if wanted.mail.password else ""
        files = [path for path in sorted(folder.glob(f"nigehban-{month}*")) if path.suffix in MAILED]
        body = f"The uptime report of {month} is attached."
        mail.send(wanted.mail, password, f"Uptime {month}", body, files)
        mailed.touch()


def _begun(data: Path) -> bool:
    """Whether any configuration was ever accepted here."""
    from storage.journal import open_reader

    reader = open_reader(data)
    try:
        return bool(reader.acceptances(limit=1))
    finally:
        reader.close()


def _watched(data: Path, period: Period) -> bool:
    """Whether anything was under watch in it: before the first day there is nothing to report."""
    from storage.journal import open_ledger

    ledger = open_ledger(data)
    try:
        return bool(ledger.coverage(period.start, period.end))
    finally:
        ledger.close()


# -- the ledger -----------------------------------------------------------------------------------


@ledger_app.command("close")
def close(
    month: Annotated[str, typer.Argument(help="2026-10")],
    by: By,
    data: Data = DATA,
    contract_file: Contracts = None,
    windows: Windows = None,
) -> None:
    """Freeze a paid month: later findings become adjustments of the next."""
    typer.echo(str(close_month(month, by, data, contract_file, windows, SystemClock().now())))


def close_month(
    month: str, by: str, data: Path, contract_file: Path | None, windows: Path | None, now: int
) -> Path:
    """Where the closed month was written. ConfigError when it is closed, not over, or out of order."""
    from app.ledger_data import LEDGER
    from reports import closing
    from reports import period as periods

    folder = data / LEDGER
    path = closing.path_of(folder, month)
    zone = zone_of(data)
    period = checked(lambda: periods.parse(month, zone), "MONTH")

    def refuse(what: str, remedy: str) -> None:
        raise ConfigError([Problem(str(path), 1, what, remedy)])

    if ".." in month:
        refuse(f"{month} is no month", "close whole months, such as 2026-10")
    if period.end > now:
        refuse(f"{month} is not over", f"close it after {period.iso(period.last)}")
    closed: list[Document] = closing.load(folder)
    if any(it["month"] == month for it in closed):
        refuse(f"{month} is closed already", "later findings become adjustments of the next month")
    if closed and closed[-1]["month"] > month:
        refuse(f"{closed[-1]['month']} is closed already", "close months in their order")
    made, text, planned = make(data, month, contract_file=contract_file, windows=windows)
    return closing.write(folder, closing.freeze(made, now, by, text, planned))


@ledger_app.command("dispute")
def dispute(
    target: Annotated[str, typer.Argument(help="A box, a device, or an incident's code.")],
    by: By,
    begins: Annotated[str | None, typer.Option("--from", help="Local: 2026-10-03 14:05.")] = None,
    ends: Annotated[str | None, typer.Option("--to", help="Local: 2026-10-03 16:00.")] = None,
    text: Annotated[str, typer.Option("--text", help="Why.")] = "",
    data: Data = DATA,
) -> None:
    """Contest what the ledger says of an interval. History stays as it is; the seconds are disputed."""
    contest(NoteKind.DISPUTE, target, by, begins, ends, text, data)


@ledger_app.command("settle")
def settle(
    target: Annotated[str, typer.Argument(help="As in the dispute.")],
    by: By,
    begins: Annotated[str | None, typer.Option("--from", help="As in the dispute.")] = None,
    ends: Annotated[str | None, typer.Option("--to", help="As in the dispute.")] = None,
    text: Annotated[str, typer.Option("--text", help="What was agreed.")] = "",
    data: Data = DATA,
) -> None:
    """End a dispute: its seconds go back to where the record puts them."""
    contest(NoteKind.SETTLE, target, by, begins, ends, text, data)
