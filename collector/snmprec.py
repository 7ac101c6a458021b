"""PURE: rows as the text of a .snmprec file, snmpsim's data format: `OID|tag|value`, in the order of OIDs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from collector.plan import Raw
from collector.session import (
    COUNTER32,
    COUNTER64,
    GAUGE32,
    INTEGER,
    IP_ADDRESS,
    NULL,
    OBJECT_ID,
    OCTET_STRING,
    TIMETICKS,
    dotted,
    sub_identifiers,
)

_NUMBERS = frozenset({INTEGER, COUNTER32, GAUGE32, TIMETICKS, COUNTER64})


def snmprec(rows: Mapping[bytes, Raw]) -> str:
    """Texts that are not plain ASCII are written in hexadecimal (`4x`)."""
    return "".join(f"{line}\n" for line in _lines(rows))


def _lines(rows: Mapping[bytes, Raw]) -> Iterator[str]:
    for name in sorted(rows, key=sub_identifiers):
        tag, octets = rows[name]
        yield f"{dotted(name)}|{_written(tag, octets)}"


def _written(tag: int, octets: bytes) -> str:
    if tag in _NUMBERS and 0 < len(octets) < 10:
        return f"{tag}|{int.from_bytes(octets, 'big', signed=tag == INTEGER)}"
    if tag == NULL:
        return f"{tag}|"
    if tag == OBJECT_ID:
        try:
            return f"{tag}|{dotted(octets) or '0.0'}"
        except ValueError:
            return f"{tag}|0.0"
    if tag == IP_ADDRESS and len(octets) == 4:
        return f"{tag}|{'.'.join(map(str, octets))}"
    if tag == OCTET_STRING and _is_plain(octets):
        return f"{tag}|{octets.decode('ascii')}"
    return f"{tag}x|{octets.hex()}"


def _is_plain(octets: bytes) -> bool:
    return all(32 <= c < 127 for c in octets) and octets == octets.strip()
