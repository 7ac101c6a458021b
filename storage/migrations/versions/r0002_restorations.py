"""Restorations, and changes the database refused, parked so that one cannot hold up the rest."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "restorations",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("at", BIG, nullable=False),
        sa.Column("taken_at", BIG, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("owed", BIG, nullable=False),
        sa.Column("deliveries", BIG, nullable=False),
        sqlite_strict=True,
    )
    op.create_table(
        "parked",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("what", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("error", sa.Text, nullable=False),
        sqlite_strict=True,
    )
