"""PURE: rows as a .snmprec text, snmpsim's data format: `OID|tag|value` in the order of OIDs; and back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from collector.device.plan import Raw
from collector.snmp.session import (
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
    oid,
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


def rows_of(recording: bytes) -> dict[bytes, Raw]:
    """The rows of a recording; of two of one name the first. ValueError, with its line, for what is none
    and for rows that snmpsim is to make up (`tag:module`)."""
    rows: dict[bytes, Raw] = {}
    for number, line in enumerate(recording.splitlines(), 1):
        if not line.strip() or line.startswith(b"#"):
            continue
        try:
            name, kind, value = line.split(b"|", 2)
            rows.setdefault(oid(name.decode()), _raw(kind.decode(), value))
        except (ValueError, IndexError) as error:
            raise ValueError(f"{number}: no row of a recording ({error})") from None
    return rows


def _raw(kind: str, value: bytes) -> Raw:
    tag = int(kind.rstrip("xe"))
    if kind.endswith("x"):
        return tag, bytes.fromhex(value.decode())
    if tag in _NUMBERS:
        number = int(value)
        return tag, number.to_bytes(number.bit_length() // 8 + 1, "big", signed=True)
    if tag == OBJECT_ID:
        return tag, oid(value.decode())
    if tag == IP_ADDRESS:
        return tag, bytes(map(int, value.split(b".")))
    return tag, value
