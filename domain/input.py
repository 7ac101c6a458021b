"""Everything that can reach the rule engine, in the one order the sequencer gives it.

The same stream, after a header, is what `run --record` writes and `replay` reads.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from domain.reading import Reading


@dataclass(frozen=True, slots=True)
class Start:
    """The watcher began (again): what was true before is remembered, not yet seen."""

    at: int


@dataclass(frozen=True, slots=True)
class Stop:
    at: int


@dataclass(frozen=True, slots=True)
class Wake:
    """A moment the engine asked for: a hold ended, a message settled."""

    at: int


@dataclass(frozen=True, slots=True)
class Acknowledge:
    at: int
    code: str
    by: str


@dataclass(frozen=True, slots=True)
class Reload:
    """One atomic new set: `city` (domain.place.City) and `rules` (rules.rule.RuleSet)."""

    at: int
    city: Any
    rules: Any


Input = Reading | Start | Stop | Wake | Acknowledge | Reload
