"""Brings a journal to the schema this code knows. Alembic is imported only when there is work."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from domain.errors import ConfigError, Problem

HEAD = "0003"
KNOWN = ("0001", "0002", "0003")  # oldest first
MIGRATIONS = Path(__file__).resolve().parents[1] / "migrations"


def revision(connection: Connection) -> str | None:
    """The schema's revision; None for an empty database."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def refuse_newer(found: str | None, where: str) -> None:
    """ConfigError when the journal was written by a later version than this one."""
    if found is not None and found not in KNOWN:
        raise ConfigError(
            [
                Problem(
                    where,
                    1,
                    f"the journal has schema {found} and this version knows {HEAD} at most",
                    "run the newer nigehban that wrote it, or restore a backup made before the upgrade",
                )
            ]
        )


def upgrade(connection: Connection, to: str = HEAD) -> None:
    """Runs the migrations up to `to` inside the transaction `connection` is in."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, to)
