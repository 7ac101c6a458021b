"""Single steps of keeping, shared by the writers of `watch` and of `tell`."""

from __future__ import annotations

import hashlib
import zlib

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from domain.record import Configuration
from storage.journal import tables as t
from storage.journal.upsert import add

ALIVE_INTERVAL_MS = 10_000


def mark_alive(connection: Connection, process: str, at: int, interval_ms: int = ALIVE_INTERVAL_MS) -> None:
    """An alive mark: stretches the process's present span, or begins another after a gap of more
    than two intervals (or after time went back), so that marks kept for years stay few rows."""
    newest = (
        select(t.alive.c.id, t.alive.c.last_at)
        .where(t.alive.c.process == process)
        .order_by(t.alive.c.id.desc())
        .limit(1)
    )
    row = connection.execute(newest).first()
    if row is not None and row.last_at <= at <= row.last_at + 2 * interval_ms:
        connection.execute(update(t.alive).where(t.alive.c.id == row.id).values(last_at=at))
    else:
        begin_alive(connection, process, at)


def begin_alive(connection: Connection, process: str, at: int) -> None:
    """A span of its own, however short the gap: a start says that there was one."""
    connection.execute(insert(t.alive).values(process=process, first_at=at, last_at=at))


def accept(connection: Connection, it: Configuration) -> None:
    """Keeps a configuration, unless it is the one that held already."""
    newest = select(t.acceptances.c.configuration).order_by(t.acceptances.c.id.desc()).limit(1)
    if connection.execute(newest).scalar() == it.hash:
        return
    kept, parts = [], []
    for name, body in it.files.items():
        raw = body.encode("utf-8", "surrogatepass")
        digest = hashlib.sha256(raw).hexdigest()
        kept.append({"sha256": digest, "body": zlib.compress(raw)})
        parts.append({"configuration": it.hash, "name": name, "sha256": digest})
    add(connection, t.files, kept)
    add(connection, t.configurations, [{"hash": it.hash, "at": it.at}])
    add(connection, t.configuration_files, parts)
    connection.execute(insert(t.acceptances).values(at=it.at, configuration=it.hash, diff=it.diff))


def begin_run(connection: Connection, process: str, at: int, wall: int, configuration: str) -> None:
    connection.execute(
        insert(t.runs).values(process=process, started_at=at, wall=wall, configuration=configuration)
    )
    begin_alive(connection, process, at)


def end_run(connection: Connection, process: str, at: int, interval_ms: int = ALIVE_INTERVAL_MS) -> None:
    """An orderly stop of the newest run; the process was alive until then."""
    newest = select(t.runs.c.id).where(t.runs.c.process == process).order_by(t.runs.c.id.desc()).limit(1)
    run = connection.execute(newest).scalar()
    connection.execute(
        update(t.runs).where(t.runs.c.id == run, t.runs.c.stopped_at.is_(None)).values(stopped_at=at)
    )
    mark_alive(connection, process, at, interval_ms)


def clock_step(connection: Connection, at: int, step_ms: int) -> None:
    connection.execute(insert(t.clock_steps).values(at=at, step_ms=step_ms))


def answer(connection: Connection, request: int, ok: bool, text: str) -> None:
    """Answers a request once; a second answer changes nothing."""
    connection.execute(
        update(t.requests)
        .where(t.requests.c.id == request, t.requests.c.answer.is_(None))
        .values(answer=text, ok=int(ok))
    )


FORGET_STATE = delete(t.engine_state).where(t.engine_state.c.key == bindparam("gone"))
