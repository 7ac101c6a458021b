"""PURE: the rows a device answered, found by column, and what each row is called."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from collector.device.decode import label_text, plain_text, text_of
from collector.device.plan import Raw, state_text
from collector.device.profile import Filter, Place
from collector.snmp.session import oid, sub_identifiers

Rows = Mapping[bytes, Raw]
"""Everything a device answered when it was discovered."""


class Tables:
    """Rows found by column, in one pass each."""

    def __init__(self, rows: Rows) -> None:
        self.rows = rows
        self._columns: dict[str, dict[bytes, Raw]] = {}

    def column(self, root: str) -> Mapping[bytes, Raw]:
        """Index octets -> raw value, of all rows below a column."""
        found = self._columns.get(root)
        if found is None:
            prefix = oid(root)
            size = len(prefix)
            found = {
                key[size:]: raw for key, raw in self.rows.items() if key.startswith(prefix) and key[size:]
            }
            self._columns[root] = found
        return found

    def scalar(self, root: str) -> bytes | None:
        """The instance a scalar is answered at: .0, none at all, or the only row below it."""
        prefix = oid(root)
        for instance in (prefix + b"\x00", prefix):
            if instance in self.rows:
                return instance
        below = self.column(root)
        return prefix + next(iter(below)) if len(below) == 1 else None

    def places(self, place: Place) -> Iterator[tuple[bytes, bytes]]:
        """(OID, index octets) of every value of a source."""
        if place.exact is not None:
            if (exact := oid(place.exact)) in self.rows:
                yield exact, b""
        elif place.scalar is not None:
            if (instance := self.scalar(place.scalar)) is not None:
                yield instance, b""
        elif place.column is not None:
            prefix = oid(place.column)
            for index in self.column(place.column):
                if all(self.passes(only, index) for only in place.only):
                    yield prefix + index, index

    def passes(self, only: Filter, index: bytes) -> bool:
        states = self.column(only.column)
        if not states and only.lenient:
            return True
        raw = states.get(their_index(index, only.index))
        return raw is not None and state_text(*raw) in set(map(str, only.among))

    def label(self, place: Place, index: bytes) -> str | None:
        """The label of a row; None where its name does not match: the row is not meant."""
        if place.label is not None or place.column is None:
            return place.label or ""
        label = self._name(place, index)
        if place.label_pattern is None:
            return label
        found = re.search(place.label_pattern, label)
        return label_text(found.group(1)) or None if found and found.group(1) else None

    def _name(self, place: Place, index: bytes) -> str:
        numbers = numbers_of(index)
        theirs = _stepped(their_index(index, place.label_index), place.label_step)
        for column in place.label_columns:
            raw = self.column(column).get(theirs)
            text = text_of(*raw) if raw is not None else None
            if text and (label := text if place.label_pattern else label_text(text)):
                return label
        if place.label_text and (label := label_text(_named(numbers))):
            return label
        if place.label_part is not None and -len(numbers) <= place.label_part < len(numbers):
            return str(numbers[place.label_part] + place.label_plus)
        if place.label_plus and len(numbers) == 1:
            return str(numbers[0] + place.label_plus)
        return ".".join(map(str, numbers))


def numbers_of(index: bytes) -> tuple[int, ...]:
    try:
        return sub_identifiers(index)
    except ValueError:
        return ()


def their_index(index: bytes, parts: tuple[int, ...] | None) -> bytes:
    """The index of a sibling row in another table: ours, or some parts of ours."""
    if parts is None:
        return index
    if not parts:
        return b"\x00"
    numbers = numbers_of(index)
    picked = [str(numbers[part]) for part in parts if -len(numbers) <= part < len(numbers)]
    return oid(".".join(("1", "0", *picked)))[1:] if picked else b""


def _stepped(index: bytes, step: int) -> bytes:
    """The index of the row `step` further in the same table."""
    numbers = numbers_of(index) if step else ()
    if not numbers or numbers[-1] + step < 0:
        return index
    return oid(".".join(map(str, (1, 0, *numbers[:-1], numbers[-1] + step))))[1:]


def _named(numbers: Sequence[int]) -> str:
    """An index that is a name: octets, their count first (an implied length has no count)."""
    octets = numbers[1:] if numbers and numbers[0] == len(numbers) - 1 else numbers
    if not all(31 < octet < 256 for octet in octets):
        return ""
    return plain_text(bytes(octets))


def labels_of(source: Place, indexes: Sequence[bytes], tables: Tables) -> list[str | None]:
    """The labels of the rows of one source; where two rows would share one, the name gets its
    index behind it, and a part of the index gives way to the whole."""
    labels = [tables.label(source, index) for index in indexes]
    if source.first:
        return ["" if label is not None else None for label in labels]
    known = [label for label in labels if label is not None]
    if source.column is None or len(set(known)) == len(known):
        return labels
    whole = [".".join(map(str, numbers_of(index))) for index in indexes]
    if not source.label_columns and not source.label_text:
        return list(whole)
    return [
        label if label is None or known.count(label) == 1 or label == index else f"{label} #{index}"
        for label, index in zip(labels, whole, strict=True)
    ]
