"""`nigehban incident`, and disputes: what people say of what happened, kept with time and author."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from app.asked import checked, local
from app.clock import SystemClock
from domain.errors import NigehbanError
from domain.human import Note, NoteKind, Party

if TYPE_CHECKING:
    from app.ledger_data import Books
    from domain.alarm import Cause

incident_app = typer.Typer(help="Say what you know of an incident.", no_args_is_help=True)

Data = Annotated[Path, typer.Option("--data", "-d", help="Where the journal is kept.")]
By = Annotated[str, typer.Option("--by", help="Who says so.")]
At = Annotated[
    str | None, typer.Option("--at", help="When it was, local: 2026-10-03 14:05. Now, if not given.")
]
DATA = Path("data")
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
            happened = checked(lambda: local(at, zone), "--at")
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


def contest(
    kind: NoteKind, target: str, by: str, begins: str | None, ends: str | None, text: str, data: Path
) -> None:
    """A dispute, or its end. Of an incident, the interval is the incident's own unless another is given."""
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
            first = checked(lambda: local(begins, zone), "--from")
        if ends is not None:
            last = checked(lambda: local(ends, zone), "--to")
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
