"""From nothing, from every released schema, and from one that is newer than the code."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, text

from domain.errors import ConfigError
from storage.journal import FILE, open_journal, open_outbox, open_store
from storage.journal import store as store_module
from storage.journal.migrate import HEAD, KNOWN, MIGRATIONS, revision, upgrade
from storage.journal.tables import metadata
from tests.storage.journal_facts import mode

OWED = "INSERT INTO owed (id, at, box, notice, reason, incidents, facts, decided) VALUES "


def _old_journal(data_dir: Path, to: str) -> Path:
    """A journal of an earlier version, with one owed event and some state in it."""
    path = data_dir / FILE
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        upgrade(connection, to)
        connection.execute(text(OWED + """('o1', 5, 'box-1', 'opened', 'opened', '["i1"]', '{"n": 1}', 0)"""))
        connection.execute(
            text("""INSERT INTO engine_state VALUES ('device/cam-1', '{"phase": "firing"}')""")
        )
    engine.dispose()
    return path


def test_the_code_and_the_migrations_agree(tmp_path: Path) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    script = ScriptDirectory.from_config(config)
    assert script.get_current_head() == HEAD
    assert tuple(reversed([it.revision for it in script.walk_revisions()])) == KNOWN
    with closing(open_store(tmp_path)) as store, store.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_migrated_tables_are_exactly_those_the_code_would_make(tmp_path: Path) -> None:
    fresh = create_engine(f"sqlite:///{tmp_path / 'fresh.sqlite'}")
    metadata.create_all(fresh)
    fresh.dispose()
    open_store(tmp_path).close()
    assert _shape(tmp_path / FILE) == _shape(tmp_path / "fresh.sqlite")


def _shape(path: Path) -> dict[str, object]:
    """Columns with types, keys and strictness by table, and the text of every partial index."""
    with closing(sqlite3.connect(path)) as connection:
        tables = connection.execute("PRAGMA table_list").fetchall()
        shape: dict[str, object] = {
            name: (strict, sorted(connection.execute(f"PRAGMA table_info({name})").fetchall(), key=str))
            for schema, name, kind, _, _, strict in tables
            if name not in {"alembic_version", "sqlite_schema", "sqlite_temp_schema"}
        }
        indices = "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
        shape.update({name: " ".join(sql.split()) for name, sql in connection.execute(indices)})
    return shape


@pytest.mark.parametrize("old", KNOWN[:-1])
def test_an_older_journal_is_copied_then_migrated_and_keeps_what_it_held(tmp_path: Path, old: str) -> None:
    path = _old_journal(tmp_path, old)
    with closing(open_journal(tmp_path)) as journal:
        assert journal.state() == {"device/cam-1": {"phase": "firing"}}
    with closing(open_outbox(tmp_path)) as outbox:
        assert [(it.id, it.incidents) for it in outbox.undecided()] == [("o1", ("i1",))]
    kept = path.with_name(f"{FILE}.before-{HEAD}")
    assert mode(kept) == 0o600
    with closing(sqlite3.connect(kept)) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [(old,)]
        assert connection.execute("SELECT id FROM owed").fetchall() == [("o1",)]
    assert _versions(path) == [(HEAD,)]


def _versions(path: Path) -> list[tuple[str]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("SELECT version_num FROM alembic_version").fetchall()


def test_a_migration_that_fails_leaves_the_journal_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = _old_journal(tmp_path, KNOWN[0])
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE parked (in_the_way)")  # 0002 makes restorations, then fails here
    with pytest.raises(Exception, match="parked"):
        open_store(tmp_path)
    with closing(sqlite3.connect(path)) as connection:
        found = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
    assert "restorations" not in found
    assert _versions(path) == [(KNOWN[0],)]


def test_a_newer_journal_is_refused_with_what_to_do_and_left_alone(tmp_path: Path) -> None:
    path = _old_journal(tmp_path, HEAD)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '0999'")
    with pytest.raises(ConfigError, match=r"schema 0999 .* run the newer nigehban"):
        open_journal(tmp_path)
    assert _versions(path) == [("0999",)]


def test_an_older_journal_in_use_is_not_migrated_under_its_users(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_module, "_OPEN_WAIT_S", 0.1)
    path = _old_journal(tmp_path, KNOWN[0])
    using = store_module.Lock(tmp_path / "journal.lock")
    assert using.take(shared=True)
    try:
        with pytest.raises(ConfigError, match="stop every nigehban process"):
            open_store(tmp_path)
    finally:
        using.release()
    assert _versions(path) == [(KNOWN[0],)]
    open_store(tmp_path).close()
    assert _versions(path) == [(HEAD,)]


@pytest.mark.slow
def test_processes_opening_an_old_journal_together_migrate_it_once(tmp_path: Path) -> None:
    path = _old_journal(tmp_path, KNOWN[0])
    script = "import sys; from storage.journal import open_store; open_store(sys.argv[1]).close()"
    root = Path(__file__).resolve().parents[2]
    openers = [subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], cwd=root) for _ in range(4)]
    assert [opener.wait(60) for opener in openers] == [0] * 4
    assert _versions(path) == [(HEAD,)]


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    folder = tmp_path / "100% elsewhere"
    folder.mkdir()
    return folder


def test_it_needs_no_file_of_alembic_and_no_particular_directory(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(elsewhere)
    open_store(elsewhere / "data").close()
    assert _versions(elsewhere / "data" / FILE) == [(HEAD,)]
    with closing(open_store(f"sqlite:///{elsewhere}/by-url.sqlite")) as store, store.read() as connection:
        assert revision(connection) == HEAD
