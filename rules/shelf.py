"""When each UPS was last seen healthy on mains: what of it is kept in one durable row.

It changes with every poll, and a row a UPS would be the better part of what the journal writes; a
row for a whole city would have to be made while everybody waits. So some boxes share a shelf.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

from rules.topology import Neighbourhood

_BOXES = 64


@dataclass(slots=True)
class Shelf:
    """`saved_at` is when its row was last made, in engine milliseconds."""

    id: str
    ups: tuple[str, ...]
    saved_at: int = 0


def shelved(places: Iterable[Neighbourhood]) -> dict[str, Shelf]:
    """Box id -> its shelf. Which boxes share one is of no weight: a row names its devices."""
    found: dict[str, Shelf] = {}
    rest = iter(places)
    while some := tuple(islice(rest, _BOXES)):
        shelf = Shelf(some[0].box.id, tuple(ups for place in some for ups in place.ups))
        found.update((place.box.id, shelf) for place in some)
    return found
