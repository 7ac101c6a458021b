"""What is kept from the first day: a ledger cannot be invented afterwards."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def _id(name: str = "id") -> sa.Column[int]:
    return sa.Column(name, BIG, primary_key=True, autoincrement=True)


def _numbers(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, BIG, nullable=False) for name in names]


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text, nullable=False) for name in names]


def _or_null(name: str, kind: Any = BIG) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=True)


def _of(name: str, column: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, sa.ForeignKey(column), nullable=False)


def _key(*names: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(*names)


def _table(name: str, *parts: Any, **options: Any) -> None:
    op.create_table(name, *parts, sqlite_strict=True, **options)


def _index(table: str, *columns: str, name: str = "", where: str = "", unique: bool = False) -> None:
    condition: dict[str, Any] = (
        {"sqlite_where": sa.text(where), "postgresql_where": sa.text(where)} if where else {}
    )
    op.create_index(name or f"ix_{table}_{columns[0]}", table, list(columns), unique=unique, **condition)


def upgrade() -> None:
    _watcher()
    _judgements()
    _messages()
    _people()


def _watcher() -> None:
    _table("files", *_texts("sha256"), sa.Column("body", sa.LargeBinary, nullable=False), _key("sha256"))
    _table("configurations", *_texts("hash"), *_numbers("at"), _key("hash"))
    _table(
        "configuration_files",
        _of("configuration", "configurations.hash"),
        *_texts("name"),
        _of("sha256", "files.sha256"),
        _key("configuration", "name"),
    )
    _table(
        "acceptances", _id(), *_numbers("at"), _of("configuration", "configurations.hash"), *_texts("diff")
    )
    _table(
        "runs",
        _id(),
        *_texts("process"),
        *_numbers("started_at", "wall"),
        _of("configuration", "configurations.hash"),
        _or_null("stopped_at"),
    )
    _table("alive", _id(), *_texts("process"), *_numbers("first_at", "last_at"))
    _index("alive", "process", "id")
    _table("clock_steps", _id(), *_numbers("at", "step_ms"))
    _table(
        "coverage",
        *_texts("device"),
        *_numbers("first_at"),
        _of("configuration", "configurations.hash"),
        *_texts("box"),
        *_numbers("last_at"),
        _key("device", "first_at", "configuration", "box"),
    )


def _judgements() -> None:
    _table("engine_state", *_texts("key", "value"), _key("key"))
    _table(
        "transitions",
        _id(),
        *_numbers("at"),
        *_texts("target", "condition"),
        _or_null("cause", sa.Text),
        *_numbers("since"),
        *_texts("incident", "why"),
    )
    _index("transitions", "target", "since", "id")
    _index("transitions", "since")
    _table(
        "incidents",
        *_texts("id", "code", "target", "concern", "cause", "confidence"),
        *_numbers("opened_at", "since"),
        *_texts("devices", "cameras_dark"),
        *_numbers("police"),
        *_texts("acknowledged_by"),
        _or_null("acknowledged_at"),
        _or_null("closed_at"),
        *_texts("close_reason", "evidence"),
        _key("id"),
    )
    _index("incidents", "code")
    _index("incidents", "target", "opened_at")
    _index("incidents", "opened_at")
    _index("incidents", "opened_at", name="ix_incidents_open", where="closed_at IS NULL")
    _table("incident_changes", _id(), *_numbers("at"), *_texts("incident", "body"))
    _index("incident_changes", "incident", "id")


def _messages() -> None:
    _table(
        "owed",
        _id("seq"),
        *_texts("id"),
        *_numbers("at"),
        *_texts("box", "notice", "reason", "incidents", "facts"),
        *_numbers("decided"),
    )
    _index("owed", "id", name="uq_owed_id", unique=True)
    _index("owed", "box", "seq")
    _index("owed", "seq", name="ix_owed_undecided", where="decided = 0")
    _table("owed_incidents", *_texts("incident", "owed"), _key("incident", "owed"))
    _table(
        "deliveries",
        *_texts("id"),
        _of("owed", "owed.id"),
        *_numbers("at"),
        *_texts("contact", "number", "channel", "text", "reason", "status"),
        *_numbers("attempts", "next_attempt_at", "expires_at"),
        *_texts("receipt", "error"),
        _key("id"),
    )
    _index("deliveries", "owed")
    _index("deliveries", "at")
    _index("deliveries", "receipt")
    _index(
        "deliveries", "next_attempt_at", name="ix_deliveries_due", where="status IN ('pending', 'sending')"
    )
    _table(
        "attempts",
        _id(),
        _of("delivery", "deliveries.id"),
        *_numbers("at"),
        *_texts("status"),
        *_numbers("attempts"),
        *_texts("receipt", "error"),
    )
    _index("attempts", "delivery", "id")
    _index("attempts", "at")


def _people() -> None:
    _table("acknowledgements", _id(), *_numbers("at"), *_texts("incident", "code", "by", "road"))
    _index("acknowledgements", "incident")
    _table(
        "decisions",
        _id(),
        *_numbers("at"),
        *_texts("subject", "target", "reason"),
        *_numbers("told"),
        *_texts("detail"),
    )
    _index("decisions", "target", "id")
    _index("decisions", "subject")
    _index("decisions", "at")
    _table(
        "requests",
        _id(),
        *_numbers("at"),
        *_texts("verb", "arguments"),
        _or_null("answer", sa.Text),
        _or_null("ok"),
        sqlite_autoincrement=True,
    )
    _index("requests", "id", name="ix_requests_unanswered", where="answer IS NULL")
