"""PURE: a device's rows held in memory, asked as the device itself is; and the rows heard of a live one."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence

from collector.device.plan import Raw
from collector.snmp.session import NO_SUCH_OBJECT, Answer, Session, Varbind, sub_identifiers
from domain.reading import Outcome


class Held:
    """A Session over rows: noSuchObject for what is not there, walks in the order of OIDs."""

    def __init__(self, rows: Mapping[bytes, Raw]) -> None:
        self._rows = rows
        self._order = sorted((sub_identifiers(name), name) for name in rows)

    async def get(self, oids: Sequence[bytes]) -> Answer:
        return Answer(Outcome.OK, tuple(self._row(name) for name in oids))

    async def walk(self, root: bytes, limit: int = 4096) -> Answer:
        found: list[Varbind] = []
        for _, name in self._order[bisect_left(self._order, (sub_identifiers(root), b"")) :]:
            if not name.startswith(root) or len(found) == limit:
                break
            if name != root:
                found.append(self._row(name))
        return Answer(Outcome.OK, found)

    def _row(self, name: bytes) -> Varbind:
        tag, octets = self._rows.get(name, (NO_SUCH_OBJECT, b""))
        return name, tag, octets


class Heard:
    """A Session that passes every question on, and keeps the first answer to each in `rows`."""

    def __init__(self, session: Session) -> None:
        self.rows: dict[bytes, Raw] = {}
        self._session = session

    async def get(self, oids: Sequence[bytes]) -> Answer:
        return self._kept(await self._session.get(oids))

    async def walk(self, root: bytes, limit: int = 4096) -> Answer:
        return self._kept(await self._session.walk(root, limit))

    def _kept(self, answer: Answer) -> Answer:
        for name, tag, octets in answer.varbinds:
            if tag < NO_SUCH_OBJECT:
                self.rows.setdefault(name, (tag, octets))
        return answer
