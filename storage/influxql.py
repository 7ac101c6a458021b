"""Names and words as InfluxQL quotes them. PURE."""

from __future__ import annotations


def identifier(name: str) -> str:
    """A measurement, tag or field name in a query."""
    escaped = name.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def literal(text: str) -> str:
    """A string in a query."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n")
    return f"'{escaped}'"
