"""PURE: a device's rows become a recording without secrets, that reads as the device does."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from collector.device.decode import plain_text, text_of
from collector.device.plan import Asked, Plan, Raw, read_text
from collector.recording.mask import Mask, Position, Secrets
from collector.recording.mask_forms import SERIAL
from collector.recording.mask_load import Objects
from collector.snmp.session import (
    COUNTER32,
    COUNTER64,
    GAUGE32,
    INTEGER,
    IP_ADDRESS,
    OBJECT_ID,
    OCTET_STRING,
    TIMETICKS,
    oid,
    sub_identifiers,
)
from domain.reading import Reading, parsed, written

Rows = Mapping[bytes, Raw]
_NUMBERS = frozenset({INTEGER, COUNTER32, GAUGE32, TIMETICKS, COUNTER64})
_COORDINATES = ("latitude_degrees", "longitude_degrees")
_NEAR = 0.01  # degrees: as much as an agent's few decimals may differ from the place it is moved to
_DECIMAL = re.compile(r"-?[0-9]+\.[0-9]+")


@dataclass(frozen=True, slots=True)
class Masked:
    """The rows to write, the mask they went through, and how many were left out for what reason."""

    rows: Rows
    mask: Mask
    left_out: Mapping[str, int]


def masked(
    rows: Rows,
    plan: Plan,
    reading: Reading,
    objects: Objects,
    credentials: Iterable[str] = (),
    keep: Iterable[str] = (),
    keep_position: bool = False,
) -> Masked:
    """`plan` and `reading` are those of the unmasked `rows`. What the plan reads a number of is
    not touched, positions excepted; `credentials` are masked as communities are."""
    by = _Roles(plan, objects)
    position = None if keep_position else _position(reading)
    place = Position(objects.position.latitude, objects.position.longitude)
    secrets = _secrets(rows, by, credentials, keep, position, place)
    mask = Mask(secrets)
    left: dict[str, int] = {}
    values: dict[bytes, Raw] = {}
    for name, (tag, octets) in rows.items():
        why = by.left_out(name)
        if not why and tag in _NUMBERS and not 0 < len(octets) < 10:
            why = "malformed numbers"
        if why:
            left[why] = left.get(why, 0) + 1
            continue
        if position is not None and name in by.coordinates:
            octets = _moved(by.coordinates[name], tag, octets, place)
        elif name not in by.numbers:
            octets = _value(tag, octets, mask, by.role(name))
        values[name] = tag, octets
    out: dict[bytes, Raw] = {}
    for name, (tag, octets) in values.items():  # after the values, which tell which addresses there are
        index = name if name in by.asked else _renamed(name, mask)
        if index is None:
            left["names that spell a secret"] = left.get("names that spell a secret", 0) + 1
            continue
        if tag == OBJECT_ID and octets and name not in by.asked:
            octets = _renamed(octets, mask) or octets
        out.setdefault(index, (tag, octets))
    return Masked(out, mask, left)


class _Roles:
    """What the objects of one device tell, by the profile's texts and by masking.yaml."""

    def __init__(self, plan: Plan, objects: Objects) -> None:
        self._roots: list[tuple[bytes, str]] = []
        for role in ("serial", "mac", "engine_id", "name", "contact", "location", "community"):
            self._roots += [(oid(root), role) for root in getattr(objects, role)]
        self._left_out = {oid(root): why for root, why in objects.left_out.items()}
        self._texts = {one.oid: one.name for one in plan.asked if one.kind == "text"}
        self.models = [one for one in plan.asked if one.kind == "text" and one.name == "model"]
        self.serials = [one for one in plan.asked if one.kind == "text" and one.name == "serial"]
        numbers = [one for one in plan.asked if one.kind != "text"]
        self.coordinates = {one.oid: one for one in numbers if one.name in _COORDINATES}
        self.numbers = {one.oid for one in numbers} | {gate.oid for one in numbers for gate in one.gates}
        self.asked = self.numbers | set(self._texts)

    def role(self, name: bytes) -> str:
        told = self._texts.get(name, "")
        if told in ("serial", "mac", "engine_id", "name"):
            return told
        return next((role for root, role in self._roots if _below(name, root)), told)

    def left_out(self, name: bytes) -> str:
        """Why a row is no part of a recording; "" when it is."""
        if name in self.asked:
            return ""
        return next((why for root, why in self._left_out.items() if _below(name, root)), "")


def _below(name: bytes, root: bytes) -> bool:
    return name.startswith(root)  # sub-identifiers are prefix-free, so octets suffice


def _secrets(
    rows: Rows,
    by: _Roles,
    credentials: Iterable[str],
    keep: Iterable[str],
    position: Position | None,
    place: Position,
) -> Secrets:
    found: dict[str, dict[str, None]] = {}
    octets_of: dict[str, dict[bytes, None]] = {"mac": {}, "engine_id": {}}
    serials = found.setdefault("serial", {})
    for one in by.serials:
        if one.oid in rows and (text := read_text(one, *rows[one.oid])):
            whole = _bare(rows[one.oid][1])
            serials[text if text in whole or rows[one.oid][0] in _NUMBERS else whole] = None
    read = {one.oid for one in by.serials}
    for name, (tag, octets) in rows.items():
        if by.left_out(name):
            continue
        role = by.role(name)
        if role in octets_of and tag == OCTET_STRING:
            if role == "engine_id" or len(octets) == 6:
                octets_of[role][octets] = None
        elif role in ("serial", "name", "contact", "location", "community") and name not in by.numbers | read:
            text = text_of(tag, octets)
            if text is not None and (role != "serial" or _is_serial(text)):
                found.setdefault(role, {})[text if tag in _NUMBERS else _bare(octets)] = None
        if tag == OCTET_STRING and name not in by.numbers and len(octets) > 6:
            for serial in SERIAL.findall(plain_text(octets)):
                if _is_serial(serial):
                    serials[serial] = None
    common = {"public", "private", ""}
    told = [*found.get("community", ()), *(word for word in credentials if word)]
    models = {read_text(one, *rows[one.oid]) for one in by.models if one.oid in rows}
    return Secrets(
        serials=tuple(serials),
        names=tuple(name for name in found.get("name", ()) if name not in models),
        contacts=tuple(found.get("contact", ())),
        locations=tuple(found.get("location", ())),
        communities=tuple(word for word in told if word not in common),
        macs=tuple(octets_of["mac"]),
        engines=tuple(octets_of["engine_id"]),
        position=position,
        place=place,
        keep=frozenset(keep),
    )


def _is_serial(text: str) -> bool:
    """Whether it numbers anything: a word without digits, or of zeros only, does not."""
    return any(c.isdigit() for c in text) and bool(text.strip("0 .:-"))


def _bare(octets: bytes) -> str:
    """The text of a whole row as `Mask.own` looks for it."""
    try:
        text = octets.decode("utf-8")
    except UnicodeDecodeError:
        text = octets.decode("latin-1")
    return text.strip().strip("\x00")


def _value(tag: int, octets: bytes, mask: Mask, role: str) -> bytes:
    if tag == OCTET_STRING:
        is_own = role in ("serial", "name", "contact", "location", "community")
        return mask.octets(octets, is_mac=role == "mac", is_own=is_own)
    if tag == IP_ADDRESS and len(octets) == 4:
        return bytes(map(int, mask.address(".".join(map(str, octets))).split(".")))
    if role == "serial" and tag in _NUMBERS:
        signed = tag == INTEGER
        number = mask.integer(int.from_bytes(octets, "big", signed=signed))
        return number.to_bytes(number.bit_length() // 8 + 1, "big", signed=signed)
    return octets


def _renamed(name: bytes, mask: Mask) -> bytes | None:
    try:
        numbers = sub_identifiers(name)
    except ValueError:
        return name
    instead = mask.index(numbers)
    if instead is None or instead == numbers:
        return None if instead is None else name
    return b"".join(oid(f"1.0.{part}")[1:] for part in instead)


def _position(reading: Reading) -> Position | None:
    latitude, longitude = (reading.values.get((name, "")) for name in _COORDINATES)
    if latitude is None or longitude is None:
        return None
    return Position(latitude, longitude)


def _moved(one: Asked, tag: int, octets: bytes, place: Position) -> bytes:
    """The raw value that reads as the place; as it was where it holds no number, or none can be made."""
    value = one.read(tag, octets)
    if isinstance(value, str):
        return octets
    wanted = place.latitude if one.name == _COORDINATES[0] else place.longitude
    tries: list[bytes] = []
    if tag == OCTET_STRING:
        text = octets.decode("latin-1")
        for number in _DECIMAL.finditer(text):
            decimals = len(number.group().partition(".")[2])
            changed = f"{text[: number.start()]}{wanted:.{decimals}f}{text[number.end() :]}"
            tries.append(changed.encode("latin-1"))
    elif tag in _NUMBERS and value:
        raw = round(int.from_bytes(octets, "big", signed=tag == INTEGER) * wanted / value)
        tries.append(raw.to_bytes(raw.bit_length() // 8 + 1, "big", signed=True))
    for instead in tries:
        read = one.read(tag, instead)
        if not isinstance(read, str) and abs(read - wanted) < _NEAR:
            return instead
    return octets


def differences(
    live: Mapping[str, float | str],
    recorded: Mapping[str, float | str],
    made: Masked,
    objects: Objects | None,
) -> list[str]:
    """Which numbers the recording gives otherwise than the device did; empty when it is faithful.

    Labels may hold what was masked. With `objects`, the position is to be the one they name.
    """
    expected: dict[str, float] = {}
    for key, value in live.items():
        if isinstance(value, str):
            continue
        metric, label = parsed(key)
        expected[written((metric, made.mask.text(label)))] = value
    numbers = {key: value for key, value in recorded.items() if not isinstance(value, str)}
    told: list[str] = []
    for key in sorted({*expected, *numbers}):
        was, now = expected.get(key), numbers.get(key)
        if objects is not None and key in _COORDINATES and was is not None and now is not None:
            place = objects.position
            wanted = place.latitude if key == _COORDINATES[0] else place.longitude
            if abs(now - wanted) >= _NEAR:
                told.append(f"{key}: the position cannot be moved")
        elif was != now:
            told.append(f"{key}: {_said(was)} on the device, {_said(now)} in the recording")
    return told


def _said(value: float | None) -> str:
    return "absent" if value is None else f"{value:g}"
