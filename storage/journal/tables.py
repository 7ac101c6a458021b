"""The journal's tables as of the newest migration (storage/migrations holds how they came to be).

Times are engine milliseconds. Nested values are JSON text. Tables a `Change` is written to carry
no foreign keys: what was decided must never be refused because something else is missing.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    text,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

BIG = BigInteger().with_variant(Integer, "sqlite")  # STRICT tables know INTEGER, not BIGINT


def _table(name: str, *parts: Any, **options: Any) -> Table:
    return Table(name, metadata, *parts, sqlite_strict=True, **options)


def _number(name: str, **options: Any) -> Column[int]:
    return Column(name, BIG, nullable=options.pop("nullable", False), **options)


def _text(name: str, **options: Any) -> Column[str]:
    return Column(name, Text, nullable=options.pop("nullable", False), **options)


def _id() -> Column[int]:
    return Column("id", BIG, primary_key=True, autoincrement=True)


# What the watcher was told to watch. A file's text is kept once, however many configurations hold it.
files = _table("files", _text("sha256", primary_key=True), Column("body", LargeBinary, nullable=False))
configurations = _table("configurations", _text("hash", primary_key=True), _number("at"))
configuration_files = _table(
    "configuration_files",
    Column("configuration", Text, ForeignKey("configurations.hash"), nullable=False),
    _text("name"),
    Column("sha256", Text, ForeignKey("files.sha256"), nullable=False),
    PrimaryKeyConstraint("configuration", "name"),
)
acceptances = _table(
    "acceptances",
    _id(),
    _number("at"),
    Column("configuration", Text, ForeignKey("configurations.hash"), nullable=False),
    _text("diff"),
)

# When it watched, and whom.
runs = _table(
    "runs",
    _id(),
    _text("process"),
    _number("started_at"),
    _number("wall"),
    Column("configuration", Text, ForeignKey("configurations.hash"), nullable=False),
    _number("stopped_at", nullable=True),
)
alive = _table(
    "alive",
    _id(),
    _text("process"),
    _number("first_at"),
    _number("last_at"),
)
Index("ix_alive_process", alive.c.process, alive.c.id)
clock_steps = _table("clock_steps", _id(), _number("at"), _number("step_ms"))
coverage = _table(
    "coverage",
    _text("device"),
    _number("first_at"),
    Column("configuration", Text, ForeignKey("configurations.hash"), nullable=False),
    _text("box"),
    _number("last_at"),
    PrimaryKeyConstraint("device", "first_at", "configuration", "box"),
)

# What it judged.
engine_state = _table("engine_state", _text("key", primary_key=True), _text("value"))
transitions = _table(
    "transitions",
    _id(),
    _number("at"),
    _text("target"),
    _text("condition"),
    _text("cause", nullable=True),
    _number("since"),
    _text("incident"),
    _text("why"),
)
Index("ix_transitions_target", transitions.c.target, transitions.c.since, transitions.c.id)
Index("ix_transitions_since", transitions.c.since)
incidents = _table(
    "incidents",
    _text("id", primary_key=True),
    _text("code"),
    _text("target"),
    _text("concern"),
    _text("cause"),
    _text("confidence"),
    _number("opened_at"),
    _number("since"),
    _text("devices"),
    _text("cameras_dark"),
    _number("police"),
    _text("acknowledged_by"),
    _number("acknowledged_at", nullable=True),
    _number("closed_at", nullable=True),
    _text("close_reason"),
    _text("evidence"),
)
Index("ix_incidents_code", incidents.c.code)
Index("ix_incidents_target", incidents.c.target, incidents.c.opened_at)
Index("ix_incidents_opened_at", incidents.c.opened_at)
_OPEN = text("closed_at IS NULL")
Index("ix_incidents_open", incidents.c.opened_at, sqlite_where=_OPEN, postgresql_where=_OPEN)
incident_changes = _table("incident_changes", _id(), _number("at"), _text("incident"), _text("body"))
Index("ix_incident_changes_incident", incident_changes.c.incident, incident_changes.c.id)

# What it owes, and what became of it.
owed = _table(
    "owed",
    Column("seq", BIG, primary_key=True, autoincrement=True),
    _text("id"),
    _number("at"),
    _text("box"),
    _text("notice"),
    _text("reason"),
    _text("incidents"),
    _text("facts"),
    _number("decided"),
)
Index("uq_owed_id", owed.c.id, unique=True)
Index("ix_owed_box", owed.c.box, owed.c.seq)
UNDECIDED = text("decided = 0")  # asked for in these very words, or SQLite will not use the partial index
Index("ix_owed_undecided", owed.c.seq, sqlite_where=UNDECIDED, postgresql_where=UNDECIDED)
owed_incidents = _table(
    "owed_incidents", _text("incident"), _text("owed"), PrimaryKeyConstraint("incident", "owed")
)
deliveries = _table(
    "deliveries",
    _text("id", primary_key=True),
    Column("owed", Text, ForeignKey("owed.id"), nullable=False),
    _number("at"),
    _text("contact"),
    _text("number"),
    _text("channel"),
    _text("text"),
    _text("reason"),
    _text("status"),
    _number("attempts"),
    _number("next_attempt_at"),
    _number("expires_at"),
    _text("receipt"),
    _text("error"),
)
Index("ix_deliveries_owed", deliveries.c.owed)
Index("ix_deliveries_at", deliveries.c.at)
Index("ix_deliveries_receipt", deliveries.c.receipt)
UNSENT = text("status IN ('pending', 'sending')")
Index("ix_deliveries_due", deliveries.c.next_attempt_at, sqlite_where=UNSENT, postgresql_where=UNSENT)
attempts = _table(
    "attempts",
    _id(),
    Column("delivery", Text, ForeignKey("deliveries.id"), nullable=False),
    _number("at"),
    _text("status"),
    _number("attempts"),
    _text("receipt"),
    _text("error"),
)
Index("ix_attempts_delivery", attempts.c.delivery, attempts.c.id)
Index("ix_attempts_at", attempts.c.at)

# What people did, and why things were told or kept silent.
acknowledgements = _table(
    "acknowledgements",
    _id(),
    _number("at"),
    _text("incident"),
    _text("code"),
    _text("by"),
    _text("road"),
)
Index("ix_acknowledgements_incident", acknowledgements.c.incident)
decisions = _table(
    "decisions",
    _id(),
    _number("at"),
    _text("subject"),
    _text("target"),
    _text("reason"),
    _number("told"),
    _text("detail"),
)
Index("ix_decisions_target", decisions.c.target, decisions.c.id)
Index("ix_decisions_subject", decisions.c.subject)
Index("ix_decisions_at", decisions.c.at)
requests = _table(
    "requests",
    _id(),
    _number("at"),
    _text("verb"),
    _text("arguments"),
    _text("answer", nullable=True),
    _number("ok", nullable=True),
    sqlite_autoincrement=True,  # an id is quoted to its asker: pruning must not make it name another
)
notes = _table(
    "notes",
    _id(),
    _number("at"),
    _text("kind"),
    _text("target"),
    _text("box"),
    _text("by"),
    _number("happened_at"),
    _text("text"),
    _text("party", nullable=True),
    _text("cause", nullable=True),
    _number("begins_at", nullable=True),
    _number("ends_at", nullable=True),
)
Index("ix_notes_target", notes.c.target, notes.c.id)
Index("ix_notes_at", notes.c.at)
_UNANSWERED = text("answer IS NULL")
Index("ix_requests_unanswered", requests.c.id, sqlite_where=_UNANSWERED, postgresql_where=_UNANSWERED)

# What happened to the journal itself.
restorations = _table(
    "restorations",
    _id(),
    _number("at"),
    _number("taken_at"),
    _text("source"),
    _number("owed"),
    _number("deliveries"),
)
parked = _table("parked", _id(), _text("what"), _text("body"), _text("error"))
