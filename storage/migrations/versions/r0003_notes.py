"""What people said: notes, confirmations, false alarms, visits, disputes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "notes",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("at", BIG, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("target", sa.Text, nullable=False),
        sa.Column("box", sa.Text, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("happened_at", BIG, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("party", sa.Text, nullable=True),
        sa.Column("cause", sa.Text, nullable=True),
        sa.Column("begins_at", BIG, nullable=True),
        sa.Column("ends_at", BIG, nullable=True),
        sqlite_strict=True,
    )
    op.create_index("ix_notes_target", "notes", ["target", "id"])
    op.create_index("ix_notes_at", "notes", ["at"])
