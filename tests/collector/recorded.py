"""An agent that answers from a recording in memory: .snmprec (snmpsim) or .snmpwalk (snmpwalk -On).

It keeps to SNMP's rules (noSuchObject for what is not there, walks in lexicographic order), so
that all recordings can be gone through in seconds; the same is done over UDP by the peer tests.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from pathlib import Path

from collector.snmp.session import (
    COUNTER32,
    COUNTER64,
    GAUGE32,
    INTEGER,
    IP_ADDRESS,
    NO_SUCH_OBJECT,
    NULL,
    OBJECT_ID,
    OCTET_STRING,
    TIMETICKS,
    Answer,
    Varbind,
    oid,
    sub_identifiers,
)
from domain.reading import Outcome

_WALK_TYPES = {
    "INTEGER": INTEGER,
    "Gauge32": GAUGE32,
    "Counter32": COUNTER32,
    "Counter64": COUNTER64,
    "Timeticks": TIMETICKS,
    "STRING": OCTET_STRING,
    "Hex-STRING": OCTET_STRING,
    "OID": OBJECT_ID,
    "IpAddress": IP_ADDRESS,
}


def number(value: int) -> bytes:
    """The content octets of a BER INTEGER."""
    return value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True)


def rows_of(path: Path) -> dict[str, tuple[int, bytes]]:
    """Dotted OID -> (tag, content octets), of a recording; a later duplicate line is ignored."""
    read = _snmprec if path.suffix == ".snmprec" else _snmpwalk
    rows: dict[str, tuple[int, bytes]] = {}
    for name, tag, octets in read(path):
        rows.setdefault(name, (tag, octets))
    return rows


def _snmprec(path: Path) -> Iterator[tuple[str, int, bytes]]:
    for line in path.read_bytes().splitlines():
        parts = line.split(b"|", 2)
        if len(parts) != 3 or line.startswith(b"#"):
            continue
        name = parts[0].decode().lstrip(".")
        kind, _, variation = parts[1].decode().partition(":")
        value = parts[2]
        tag = int(kind.rstrip("xe"))
        if variation == "numeric":
            found = re.search(rb"initial=(-?\d+)", value)
            value = found.group(1) if found else b"0"
        elif variation:
            found = re.search(rb"value=([^,]*)", value)
            value = found.group(1) if found else b""
        if kind.endswith("x"):
            yield name, tag, bytes.fromhex(value.decode())
        elif tag in (INTEGER, COUNTER32, GAUGE32, TIMETICKS, COUNTER64):
            yield name, tag, number(int(value))
        elif tag == OBJECT_ID:
            try:
                yield name, tag, oid(value.decode())
            except ValueError:
                yield name, tag, b""
        elif tag == IP_ADDRESS:
            yield name, tag, bytes(int(part) for part in value.split(b"."))
        else:
            yield name, tag, value


def _snmpwalk(path: Path) -> Iterator[tuple[str, int, bytes]]:
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        found = re.match(r"\.?([\d.]+) = (?:([\w-]+): )?(.*)$", line)
        if found is None:
            continue
        name, kind, value = found.groups()
        untyped = TIMETICKS if value.isdigit() else OCTET_STRING if value == '""' else NULL
        tag = _WALK_TYPES.get(kind, OCTET_STRING) if kind is not None else untyped
        if tag in (INTEGER, GAUGE32, COUNTER32, COUNTER64, TIMETICKS):
            digits = re.search(r"-?\d+", value)
            if digits:
                yield name, tag, number(int(digits.group()))
        elif kind == "Hex-STRING":
            yield name, tag, bytes.fromhex("".join(value.split()))
        elif tag == OBJECT_ID:
            yield name, tag, oid(value)
        elif tag == IP_ADDRESS:
            yield name, tag, bytes(int(part) for part in value.split("."))
        elif tag == OCTET_STRING:
            yield name, tag, value.strip().strip('"').encode()


class Recorded:
    """A Session over rows in memory. `asked` counts requests."""

    def __init__(self, rows: dict[str, tuple[int, bytes]]) -> None:
        self.rows = {oid(name): raw for name, raw in rows.items()}
        self._order = sorted((sub_identifiers(key), key) for key in self.rows)
        self.gets = self.walks = 0

    @classmethod
    def of(cls, path: Path) -> Recorded:
        return cls(rows_of(path))

    async def get(self, oids: Sequence[bytes]) -> Answer:
        self.gets += 1
        return Answer(Outcome.OK, tuple(self._one(key) for key in oids))

    async def walk(self, root: bytes, limit: int = 4096) -> Answer:
        self.walks += 1
        start = bisect_left(self._order, (sub_identifiers(root), b""))
        found: list[Varbind] = []
        for _, key in self._order[start:]:
            if not key.startswith(root) or len(found) == limit:
                break
            if key != root:
                found.append(self._one(key))
        return Answer(Outcome.OK, tuple(found))

    def close(self) -> None:
        return None

    def _one(self, key: bytes) -> Varbind:
        tag, octets = self.rows.get(key, (NO_SUCH_OBJECT, b""))
        return key, tag, octets
