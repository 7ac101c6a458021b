"""`nigehban report`, `ledger` and `incident`: what was, by cause, and what people say of it."""

from __future__ import annotations

import gc
from collections.abc import Callable
from datetime import datetime, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar
from zoneinfo import ZoneInfo

import typer

from app.clock import SystemClock
from domain.errors import ConfigError, NigehbanError, Problem
from domain.human import Note, NoteKind, Party

if TYPE_CHECKING:
    from app.ledger_data import Books
    from domain.alarm import Cause
    from reports.closing import Document
    from reports.model import Report

T = TypeVar("T")

report_app = typer.Typer(help="The uptime ledger.", no_args_is_help=True)
ledger_app = typer.Typer(help="Close a paid month; contest what it says.", no_args_is_help=True)
incident_app = typer.Typer(help="Say what you know of an incident.", no_args_is_help=True)
report_app.add_typer(ledger_app, name="ledger")
report_app.add_typer(incident_app, name="incident")

Data = Annotated[Path, typer.Option("--data", "-d", help="Where the journal is kept.")]
By = Annotated[str, typer.Option("--by", help="Who says so.")]
At = Annotated[
    str | None, typer.Option("--at", help="When it was, local: 2026-10-03 14:05. Now, if not given.")
]
Contracts = Annotated[Path | None, typer.Option("--contract-file", help="Terms to pay by (contract.yaml).")]
Windows = Annotated[
    Path | None, typer.Option("--windows", help="Planned work, in place of the windows the journal holds.")
]
DATA = Path("data")
LONG_MS = 2_000
"""Work that takes longer says how far it is."""


def _progress() -> Callable[[str], None]:
    clock = SystemClock()
    began = clock.now()

    def say(words: str) -> None:
        if clock.now() - began >= LONG_MS:
            typer.echo(f"{(clock.now() - began) / 1000:6.1f} s  {words}", err=True)

    return say


def _checked(make: Callable[[], T], option: str) -> T:
    """A ValueError of a value given on the command line, as bad usage: exit code 2."""
    try:
        return make()
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint=option) from None


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

    formats = _checked(lambda: chosen(format_), "--format")
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
        zone = _zone(data)
        if period == "last":
            period = last_month(SystemClock().now(), zone)
        if known_at is not None:
            as_of = _checked(lambda: _local(known_at, zone), "--known-at")
    wanted = Wanted(data, period, Scope(district, contractor), contract_file, windows, as_of)
    gc.disable()  # a report makes no circles; walking a million live objects would double its time
    found, text, planned, books = _checked(lambda: given(wanted, progress), "--period")
    with books:
        made = _checked(lambda: build(found, progress=progress), "--district" if district else "--contractor")
    return made, text, planned


def last_month(now: int, zone: tzinfo) -> str:
    here = datetime.fromtimestamp(now / 1000, zone)
    year, month = (here.year, here.month - 1) if here.month > 1 else (here.year - 1, 12)
    return f"{year}-{month:02d}"


@report_app.command("report-due", hidden=True)
def due(
    data: Data = DATA,
    format_: Annotated[str, typer.Option("--format")] = "html,xlsx,csv,json",
    contract_file: Contracts = None,
    language: Annotated[str, typer.Option()] = "en",
) -> None:
    """The last month's report, kept in the data directory; nothing where it is there already. Run on
    the first of a month and at every start, it makes up for a run that was missed."""
    folder = data / "reports"
    month = last_month(SystemClock().now(), _zone(data))
    if (folder / f"nigehban-{month}.json").exists():
        return
    rest = [name for name in format_.split(",") if name.strip() != "json"]
    report_command(
        month, None, None, ",".join([*rest, "json"]), folder, data, contract_file, None, language, None
    )


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
    zone = _zone(data)
    period = _checked(lambda: periods.parse(month, zone), "MONTH")

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
    _contest(NoteKind.DISPUTE, target, by, begins, ends, text, data)


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
    _contest(NoteKind.SETTLE, target, by, begins, ends, text, data)


def _contest(
    kind: NoteKind, target: str, by: str, begins: str | None, ends: str | None, text: str, data: Path
) -> None:
    from app.ledger_data import Books

    now = SystemClock().now()
    with Books(data) as books:
        zone = ZoneInfo(books.city().timezone)
        incident = books.reader.incident(target)
        if incident is not None:
            about, box = incident.target, incident.target
            first, last = incident.since, incident.closed_at if incident.closed_at is not None else now
        else:
            about, box = _thing(books, target)
            first = last = 0
        if begins is not None:
            first = _checked(lambda: _local(begins, zone), "--from")
        if ends is not None:
            last = _checked(lambda: _local(ends, zone), "--to")
        if not 0 < first < last:
            raise typer.BadParameter("write --from and --to, the earlier moment first", param_hint="--from")
        note = Note(now, kind, about, box, by, now, text, begins_at=first, ends_at=last)
        if kind is NoteKind.SETTLE and not any(
            it.kind is NoteKind.DISPUTE and (it.target, it.interval) == (about, note.interval)
            for it in books.reader.notes(about)
        ):
            raise typer.BadParameter("no dispute of that target and interval", param_hint="--from")
        kept = books.reader.keep_note(note)
    typer.echo(f"{kind.value} {kept.id}: {about}, by {by}")


# -- incidents ------------------------------------------------------------------------------------

Code = Annotated[
    str, typer.Argument(help="The incident's code, as in the SMS; a box or device where none is.")
]
Text = Annotated[str, typer.Option("--text", help="In words.")]
CauseName = Annotated[str | None, typer.Option("--cause", help="What it was, such as suspected_theft.")]


@incident_app.command("note")
def note(
    code: Code,
    text: Annotated[str, typer.Argument(help="In words.")],
    by: By,
    at: At = None,
    data: Data = DATA,
) -> None:
    """Put words beside an incident."""
    _keep(NoteKind.NOTE, code, by, at, data, text)


@incident_app.command("confirm")
def confirm(
    code: Code, by: By, at: At = None, text: Text = "", cause: CauseName = None, data: Data = DATA
) -> None:
    """It was what the monitor said, or the cause named here."""
    _keep(NoteKind.CONFIRM, code, by, at, data, text, cause=cause)


@incident_app.command("false-alarm")
def false_alarm(
    code: Code, by: By, at: At = None, text: Text = "", cause: CauseName = None, data: Data = DATA
) -> None:
    """It was not what the monitor said."""
    _keep(NoteKind.FALSE_ALARM, code, by, at, data, text, cause=cause)


@incident_app.command("attended")
def attended(
    code: Code,
    by: By,
    who: Annotated[str, typer.Option("--who", help="contractor, police, utility or other.")] = "contractor",
    at: At = None,
    text: Text = "",
    data: Data = DATA,
) -> None:
    """Somebody stood before the box."""
    if who not in [party.value for party in Party]:
        raise typer.BadParameter("write contractor, police, utility or other", param_hint="--who")
    _keep(NoteKind.ATTENDED, code, by, at, data, text, Party(who))


def _keep(
    kind: NoteKind,
    code: str,
    by: str,
    at: str | None,
    data: Path,
    text: str,
    party: Party | None = None,
    cause: str | None = None,
) -> None:
    from app.ledger_data import Books

    named = _cause(cause)
    now = SystemClock().now()
    with Books(data) as books:
        incident = books.reader.incident(code)
        if incident is not None:
            target, box = incident.id, incident.target
        elif kind in (NoteKind.CONFIRM, NoteKind.FALSE_ALARM):
            raise NigehbanError(f"no incident has the code {code}: `nigehban status` lists those open")
        else:
            target, box = _thing(books, code)
        happened = now
        if at is not None:
            zone = ZoneInfo(books.city().timezone)
            happened = _checked(lambda: _local(at, zone), "--at")
            if happened > now:
                raise typer.BadParameter("that is in the future, write when it was", param_hint="--at")
        kept = books.reader.keep_note(Note(now, kind, target, box, by, happened, text, party, named))
    typer.echo(f"{kind.value} {kept.id}: {code} ({box}), by {by}")


def _cause(name: str | None) -> Cause | None:
    from config.shape import nearest
    from domain.alarm import Cause

    known = [cause.value for cause in Cause]
    if name is not None and name not in known:
        raise typer.BadParameter(f"no cause {name!r}, {nearest(name, known)}", param_hint="--cause")
    return Cause(name) if name is not None else None


def _thing(books: Books, id_: str) -> tuple[str, str]:
    """(id, box) of a box or device of the present inventory."""
    city = books.city()
    if id_ in city.boxes:
        return id_, id_
    if id_ in city.devices:
        return id_, city.devices[id_].box
    raise NigehbanError(f"{id_!r} is no incident, box or device here: `nigehban status` lists open incidents")


def _zone(data: Path) -> ZoneInfo:
    from app.ledger_data import Books

    with Books(data) as books:
        return ZoneInfo(books.city().timezone)


def _local(text: str, zone: tzinfo) -> int:
    """A local moment in engine milliseconds; ValueError with what to write."""
    from domain.window import moment

    for form in ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d"):
        try:
            found = datetime.strptime(text.replace("T", " "), form)
        except ValueError:
            continue
        return moment(found.date(), found.time(), zone)
    raise ValueError(f"{text!r} is no moment, write it as 2026-10-03 14:05")
