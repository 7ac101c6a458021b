"""The ids a file mentions as entries, and the nearest one to a word that is none of them. PURE."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from config.located import Loc
from config.shape import Fault

_COMPARISONS = 100_000  # about a second's; nobody reads the ten-thousandth suggestion


@dataclass(slots=True)
class Hints:
    """Says which name was likely meant, until its budget of comparisons is spent."""

    left: int = _COMPARISONS

    def nearest(self, word: str, known: Collection[str], otherwise: str) -> str:
        if len(known) > self.left:
            return otherwise
        self.left -= len(known)
        close = get_close_matches(word, sorted(known), n=1)
        return f"write {close[0]!r}" if close else otherwise


@dataclass(frozen=True, slots=True)
class Names:
    """Every id the file mentions as an entry, right or wrong; devices with their box."""

    sections: Mapping[str, frozenset[str]]
    devices: Mapping[str, str]
    hints: Hints = field(default_factory=Hints, compare=False)

    @classmethod
    def of(cls, value: Any) -> Names:
        """Of the plain value of a document."""
        value = value if isinstance(value, dict) else {}
        sections = {
            name: frozenset(map(str, entries)) for name, entries in value.items() if isinstance(entries, dict)
        }
        boxes = value.get("boxes")
        devices = {
            str(device): str(box)
            for box, entry in (boxes.items() if isinstance(boxes, dict) else ())
            if isinstance(entry, dict) and isinstance(entry.get("devices"), dict)
            for device in entry["devices"]
        }
        return cls(sections, devices)

    def unknown(self, section: str, name: str | None, loc: Loc, one: str) -> Iterator[Fault]:
        known = self.sections.get(section, frozenset())
        if name is not None and name not in known:
            few = f"write {' or '.join(map(repr, sorted(known)))}" if 0 < len(known) <= 6 else ""
            remedy = self.hints.nearest(name, known, few or f"add it under {section}:")
            yield Fault(loc, f"{one} {name!r} is not in {section}", remedy)
