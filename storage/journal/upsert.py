"""INSERT ... ON CONFLICT, which SQLite and PostgreSQL spell alike and SQLAlchemy keeps apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Table, func
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import Insert

Rows = Sequence[Mapping[str, Any]]


@lru_cache(maxsize=64)
def _statement(dialect: str, table: Table, replace: bool, latest: str) -> Insert:
    key = [column.name for column in table.primary_key]
    others = [column.name for column in table.columns if column.name not in key]
    insert = sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)
    if not replace:
        return insert.on_conflict_do_nothing()
    values: dict[str, Any] = {name: insert.excluded[name] for name in others}
    if latest:
        greatest = func.max if dialect == "sqlite" else func.greatest
        values[latest] = greatest(table.c[latest], insert.excluded[latest])
    return insert.on_conflict_do_update(index_elements=key, set_=values)


def add(connection: Connection, table: Table, rows: Rows) -> None:
    """Inserts the rows whose keys are new; the others are left as they are."""
    if rows:
        connection.execute(_statement(connection.dialect.name, table, False, ""), rows)


def put(connection: Connection, table: Table, rows: Rows, latest: str = "") -> None:
    """Inserts or replaces by primary key; the column `latest` never goes down."""
    if rows:
        connection.execute(_statement(connection.dialect.name, table, True, latest), rows)
