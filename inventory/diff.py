"""What changed from one accepted city to the next, in words, for the journal and whoever reloads. PURE."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from typing import Any

from domain.place import Battery, Bounds, Box, City, Device, SnmpAccess, SnmpV3, Traps

_SECTIONS = (
    ("districts", "district", "districts"),
    ("feeders", "feeder", "feeders"),
    ("contractors", "contractor", "contractors"),
    ("contacts", "contact", "contacts"),
    ("references", "reference", "references"),
    ("boxes", "box", "boxes"),
    ("devices", "device", "devices"),
)
_NAMED = 3  # ids named in a line that stands for many


def diff(old: City | None, new: City) -> tuple[str, ...]:
    """One line for each thing added, removed or changed; empty if nothing is. A change that many
    things share (a default, say) is one line. `old` None: the first configuration."""
    if old is None:
        return (f"first configuration: {_count(new.boxes, 'box')}, {_count(new.devices, 'device')}",)
    lines = [
        f"city: {_words(name)} {_said(was, name)} -> {_said(now, name)}"
        for name in ("name", "bounds", "timezone", "traps", "channels")
        if (was := getattr(old, name)) != (now := getattr(new, name))
    ]
    for section, one, many in _SECTIONS:
        lines += _section(getattr(old, section), getattr(new, section), one, many, old, new)
    return tuple(lines)


def _section(
    old: Mapping[str, Any], new: Mapping[str, Any], one: str, many: str, before: City, after: City
) -> Iterator[str]:
    for entry_id, entry in new.items():
        if entry_id not in old and not (isinstance(entry, Device) and entry.box not in before.boxes):
            yield f"{one} {entry_id} added: {_described(entry, after)}"
    for entry_id, entry in old.items():
        if entry_id not in new and not (isinstance(entry, Device) and entry.box not in after.boxes):
            yield f"{one} {entry_id} removed: {_described(entry, before)}"
    changes: dict[str, list[str]] = {}
    for entry_id, entry in new.items():
        was = old.get(entry_id)
        if was is not None and was != entry:
            for change in _changes(was, entry):
                changes.setdefault(change, []).append(entry_id)
    for change, ids in changes.items():
        if len(ids) == 1:
            yield f"{one} {ids[0]}: {change}"
        else:
            rest = f" and {len(ids) - _NAMED} more" if len(ids) > _NAMED else ""
            yield f"{len(ids)} {many}: {change} ({', '.join(ids[:_NAMED])}{rest})"


def _described(entry: Any, city: City) -> str:
    if isinstance(entry, Box):
        inside = sum(1 for device in city.devices.values() if device.box == entry.id)
        return f"{entry.name}, district {entry.district}, {inside} device{'s' * (inside != 1)}"
    if isinstance(entry, Device):
        return f"{entry.kind} in box {entry.box} at {entry.address} port {entry.port}"
    return str(getattr(entry, "name", None) or entry.address)


def _changes(was: Any, now: Any) -> Iterator[str]:
    for field in fields(now):
        before, after = getattr(was, field.name), getattr(now, field.name)
        if before != after:
            yield f"{_words(field.name)} {_said(before, field.name)} -> {_said(after, field.name)}"


def _words(field: str) -> str:
    return field.removesuffix("_s").replace("_", " ")


def _said(value: Any, field: str = "") -> str:
    if field.endswith("_interval_s"):
        return f"{value:g}s"
    if value is None or value == "" or value in ((), frozenset()):
        return "none"
    if isinstance(value, (frozenset, set)):
        return ", ".join(sorted(value))
    if field == "fed_by":
        return f"{value[0]} port {value[1]}"
    if isinstance(value, (tuple, list)):
        return ", ".join(map(str, value))
    if isinstance(value, SnmpAccess):
        return f"{value.version} {_security(value.v3) if value.v3 else value.community}"
    if isinstance(value, Battery):
        since = f" of {value.installed}" if value.installed else ""
        return f"{value.capacity_ah:g} Ah {value.chemistry}{since}"
    if isinstance(value, Bounds):
        return f"{value.south:g}..{value.north:g} N {value.west:g}..{value.east:g} E"
    if isinstance(value, Traps):
        told = f", community {value.community}" if value.community else ""
        return f"{_said(value.listen)} port {value.port}{told}, buffer {value.buffer_bytes // 2**20} MiB"
    return str(value)


def _security(v3: SnmpV3) -> str:
    layers: Sequence[tuple[str, Any]] = (
        (v3.auth_protocol, v3.auth_key),
        (v3.priv_protocol, v3.priv_key),
    )
    used = "".join(f" {name} {key}" for name, key in layers if name)
    return f"user {v3.user}{used}"


def _count(things: Mapping[str, Any], one: str) -> str:
    return f"{len(things)} {one if len(things) == 1 else 'boxes' if one == 'box' else one + 's'}"
