"""Backups of the journal: one file, made while everything runs, verified before it counts.

A backup is a tar of `manifest.json` and `journal.sqlite`. It holds people's names and numbers:
mode 0600, to be kept like the journal itself. Time series are not in it.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import sqlite3
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

from sqlalchemy import Connection, insert, select, update

from domain.alarm import DeliveryStatus, Reason
from domain.errors import ConfigError, Permanent, Problem
from storage.journal import migrate
from storage.journal import tables as t
from storage.journal.store import FILE, copy_sqlite, open_store, sync
from storage.lock import Lock, lock_watch

FORMAT = 1
_MANIFEST = "manifest.json"
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Manifest:
    """`at` is when it was taken (engine milliseconds), `schema` the journal's revision."""

    format: int
    version: str
    at: int
    schema: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore silenced, and where the journal it replaced was put (None: there was none)."""

    manifest: Manifest
    owed: int
    deliveries: int
    replaced: Path | None


def backup(data_dir: Path, target: Path, at: int, version: str) -> Manifest:
    """Writes a verified backup of the journal to `target`, replacing what is there only when the
    new one is whole. ConfigError where no journal is; Permanent when the journal is damaged."""
    source = data_dir / FILE
    open_store(data_dir, create=False).close()  # present, and of this schema
    with tempfile.TemporaryDirectory(prefix=".backup-", dir=target.resolve().parent) as folder:
        copy = Path(folder) / FILE
        copy_sqlite(source, copy)
        _check(copy)
        size, digest = copy.stat().st_size, _sha256(copy)
        manifest = Manifest(FORMAT, version, at, migrate.HEAD, size, digest)
        packed = Path(folder) / "packed"
        _pack(packed, copy, manifest)
        if verify(packed) != manifest:
            raise Permanent(f"{target}: the backup does not read back as it was written")
        os.replace(packed, target)
    sync(target.resolve().parent)
    return manifest


def verify(source: Path) -> Manifest:
    """Reads a backup through; ConfigError unless it is one, whole and unchanged."""
    with _opened(source) as (manifest, body):
        digest = hashlib.sha256()
        size = 0
        while chunk := body.read(_CHUNK):
            digest.update(chunk)
            size += len(chunk)
    if (size, digest.hexdigest()) != (manifest.size, manifest.sha256):
        raise _refused(source, "the backup is damaged: its journal has another SHA-256", "use another backup")
    return manifest


def restore(source: Path, data_dir: Path, at: int, *, overwrite: bool = False) -> Restored:
    """Puts the journal of a backup into `data_dir`, and silences all that was still to be sent.

    A journal already there is refused, or with `overwrite` moved aside as
    `journal.sqlite.replaced-AT`. ConfigError also while a nigehban process uses the directory,
    for a damaged backup, and for one of a newer schema."""
    manifest = verify(source)
    target = data_dir / FILE
    if target.exists() and not overwrite:
        raise _refused(target, "there is a journal here already", "say --overwrite to move it aside")
    watch = lock_watch(data_dir)
    using = Lock(data_dir / "journal.lock")
    try:
        if not using.take():
            raise _refused(target, "nigehban processes have this journal open", "stop them first")
        with tempfile.TemporaryDirectory(prefix=".restore-", dir=data_dir) as folder:
            _unpack(source, Path(folder) / FILE)
            _check(Path(folder) / FILE)
            owed, deliveries = _silence(Path(folder), source, manifest, at)
            sync(Path(folder) / FILE)
            replaced = _aside(target, at)
            os.replace(Path(folder) / FILE, target)
        sync(data_dir)
    finally:
        using.release()
        watch.release()
    return Restored(manifest, owed, deliveries, replaced)


def _silence(folder: Path, source: Path, manifest: Manifest, at: int) -> tuple[int, int]:
    store = open_store(folder, create=False)
    try:
        return store.write(lambda connection: _suppress(connection, source, manifest, at))
    finally:
        store.close()
        if folder.joinpath(FILE + "-wal").exists():  # what was silenced would not travel with the file
            raise Permanent(f"{folder}: SQLite could not finish the restored journal")


def _suppress(connection: Connection, source: Path, manifest: Manifest, at: int) -> tuple[int, int]:
    detail = f"owed before the backup of {manifest.at} was taken, restored at {at}"
    owed = connection.execute(select(t.owed.c.id, t.owed.c.box).where(t.UNDECIDED)).all()
    unsent = connection.execute(
        select(t.deliveries, t.owed.c.box)
        .join(t.owed, t.owed.c.id == t.deliveries.c.owed)
        .where(t.deliveries.c.status.in_([DeliveryStatus.PENDING.value, DeliveryStatus.SENDING.value]))
    ).all()
    silenced = [(row.id, row.box) for row in (*owed, *unsent)]
    if silenced:
        connection.execute(
            insert(t.decisions),
            [
                {
                    "at": at,
                    "subject": subject,
                    "target": box,
                    "reason": Reason.RESTORED.value,
                    "told": 0,
                    "detail": detail,
                }
                for subject, box in silenced
            ],
        )
    connection.execute(update(t.owed).where(t.UNDECIDED).values(decided=1))
    suppressed = {"status": DeliveryStatus.SUPPRESSED.value, "error": Reason.RESTORED.value}
    if unsent:
        connection.execute(
            insert(t.attempts),
            [
                {
                    "delivery": row.id,
                    "at": at,
                    "attempts": row.attempts,
                    "receipt": row.receipt,
                    **suppressed,
                }
                for row in unsent
            ],
        )
    connection.execute(update(t.deliveries).where(t.UNSENT).values(suppressed))
    connection.execute(
        update(t.requests).where(t.requests.c.answer.is_(None)).values(answer=Reason.RESTORED.value, ok=0)
    )
    connection.execute(
        insert(t.restorations).values(
            at=at, taken_at=manifest.at, source=source.name, owed=len(owed), deliveries=len(unsent)
        )
    )
    return len(owed), len(unsent)


def _pack(target: Path, copy: Path, manifest: Manifest) -> None:
    text = json.dumps(asdict(manifest), indent=2).encode()
    with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
            tar.addfile(_member(_MANIFEST, len(text), manifest.at), io.BytesIO(text))
            with copy.open("rb") as body:
                tar.addfile(_member(FILE, manifest.size, manifest.at), body)
        out.flush()
        os.fsync(out.fileno())


def _member(name: str, size: int, at: int) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.size, member.mode, member.mtime = size, 0o600, at // 1000
    return member


@contextmanager
def _opened(source: Path) -> Iterator[tuple[Manifest, IO[bytes]]]:
    """The manifest and the journal's bytes; members are read by name, nothing is extracted by the
    paths a foreign tar may hold."""
    try:
        with tarfile.open(source, mode="r:") as tar:
            head, body = tar.extractfile(_MANIFEST), tar.extractfile(FILE)
            if head is None or body is None:
                raise _refused(
                    source, "this is not a backup of nigehban", "give a file `nigehban backup` wrote"
                )
            raw = json.load(head)
            if raw["format"] != FORMAT:
                raise _refused(
                    source,
                    f"the backup has format {raw['format']}, this version reads {FORMAT}",
                    "restore it with the version that wrote it",
                )
            yield Manifest(**raw), body
    except (tarfile.TarError, EOFError, KeyError, TypeError, ValueError) as error:
        raise _refused(
            source, f"this is not a whole backup of nigehban ({error})", "give a file `nigehban backup` wrote"
        ) from error
    except OSError as error:
        raise _refused(source, f"cannot be read ({error.strerror})", "give a readable backup file") from error


def _unpack(source: Path, target: Path) -> None:
    fd = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with _opened(source) as (_, body), os.fdopen(fd, "wb") as out:
        shutil.copyfileobj(body, out, _CHUNK)
        out.flush()
        os.fsync(out.fileno())


def _aside(target: Path, at: int) -> Path | None:
    """Keeps the present journal under another name, and leaves no WAL beside the name it had: SQLite
    would apply it to whatever database stands there. Until it is replaced, the journal stays."""
    if not target.exists():
        return None
    with suppress(sqlite3.Error), closing(sqlite3.connect(target)) as connection:  # it may be damaged
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    away = target.with_name(f"{target.name}.replaced-{at}")
    os.link(target, away)
    for suffix in ("-wal", "-shm"):
        present = target.with_name(target.name + suffix)
        if present.exists():
            os.replace(present, away.with_name(away.name + suffix))
    return away


def _check(path: Path) -> None:
    """Permanent when SQLite finds the copy damaged."""
    try:
        with closing(sqlite3.connect(path)) as connection:
            found = [row[0] for row in connection.execute("PRAGMA integrity_check(3)")]
    except sqlite3.DatabaseError as error:
        found = [str(error)]
    if found != ["ok"]:
        raise Permanent(f"{path.name}: the journal is damaged: {'; '.join(found)}")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _refused(path: Path, what: str, remedy: str) -> ConfigError:
    return ConfigError([Problem(str(path), 1, what, remedy)])
