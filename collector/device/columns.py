"""PURE: how a plan reads the answers of one template, settled once for both.

Answers alike have the same OIDs, types and lengths in the same places, so each place has its
reader. What is one or two octets long (states, percent, volts, degrees) is looked up by them:
there are few such values, and a look-up costs a tenth of reading. Longer ones (counters, times)
hardly come twice and are read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from collector.device.decode import Read
from collector.snmp.template import Template
from domain.reading import Key, written

Raw = tuple[int, bytes]
Memo = dict[bytes, float]

_SHORT = 2  # octets
_MEMO = 256  # values remembered by one reader; with more it begins anew
_READERS = 8_192  # that are remembered for: profiles have some thousands, and are read anew now and then
_NONE: Memo = {}  # what is too long to be remembered
_NO_SIDE: Mapping[bytes, Raw] = {}
_MEMOS: dict[tuple[Read, int], Memo] = {}


def _memo(read: Read, tag: int) -> Memo:
    """Values by their octets, as a reader takes them from one type. All plans have the same readers."""
    if len(_MEMOS) >= _READERS:
        _MEMOS.clear()
    return _MEMOS.setdefault((read, tag), {})


class Columns:
    """Reads `octets` (collector.snmp.template.Alike) of one template by the plain readers of one
    plan; `side` is what those do not take."""

    __slots__ = ("_keys", "_long", "_memos", "_places", "_readers", "_side", "hits")

    def __init__(self, template: Template, plain: Mapping[bytes, tuple[Key, Read]]) -> None:
        names, tags, lengths = template.names, template.tags, template.lengths
        places = [place for place, name in enumerate(names) if name in plain]
        self.hits = len(places)
        self._places = places
        self._keys = tuple(plain[names[place]][0] for place in places)
        self._readers = tuple((plain[names[place]][1], tags[place]) for place in places)
        self._memos = tuple(
            _memo(plain[names[place]][1], tags[place]) if lengths[place] <= _SHORT else _NONE
            for place in places
        )
        self._long = tuple(at for at, memo in enumerate(self._memos) if memo is _NONE)
        self._side = tuple((p, n, tags[p]) for p, n in enumerate(names) if n not in plain)

    def side(self, octets: Sequence[bytes]) -> Mapping[bytes, Raw]:
        return {name: (tag, octets[place]) for place, name, tag in self._side} if self._side else _NO_SIDE

    def values(self, octets: Sequence[bytes], absent: dict[str, str]) -> dict[Key, float]:
        """Values by key; into `absent` goes why others are none."""
        mine = [octets[place] for place in self._places] if self._side else octets
        found: list[float | str | None] = [*map(dict.get, self._memos, mine)]
        readers = self._readers
        certain = True
        for at in self._long:
            read, tag = readers[at]
            value = found[at] = read(tag, mine[at])
            if value.__class__ is str:
                certain = False
        if certain and None not in found:
            return dict(zip(self._keys, found, strict=True))  # type: ignore[arg-type]
        return self._read(mine, absent)

    def _read(self, mine: Sequence[bytes], absent: dict[str, str]) -> dict[Key, float]:
        values: dict[Key, float] = {}
        for key, (read, tag), memo, octets in zip(self._keys, self._readers, self._memos, mine, strict=True):
            value = read(tag, octets)
            if isinstance(value, str):
                absent[written(key)] = value
                continue
            values[key] = value
            if memo is not _NONE:
                if len(memo) >= _MEMO:
                    memo.clear()
                memo[octets] = value
        return values
