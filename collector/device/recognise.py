"""PURE: which profile suits a device, and why: the sign with the highest score that holds.

The first signs tested are those that the system group and single GETs can answer; a table is
looked for only where that could still change the winner.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from collector.device.decode import absence, plain_text
from collector.device.plan import Raw
from collector.device.profile import Profile, ProfileSet, Sign
from collector.snmp.session import OBJECT_ID, OCTET_STRING, dotted, oid

SYS_DESCR, SYS_OBJECT_ID = "1.3.6.1.2.1.1.1.0", "1.3.6.1.2.1.1.2.0"
FALLBACK = "generic"


@dataclass(frozen=True, slots=True)
class Recognition:
    """The profile chosen and why; `considered` names the others whose signs held too."""

    profile: str
    because: str
    score: int
    considered: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Identity:
    """What a device says of itself before it is known: the rows of the first questions, and for
    each subtree looked for whether something stands there."""

    rows: Mapping[bytes, Raw]
    tables: Mapping[str, bool]

    @property
    def descr(self) -> str:
        tag, octets = self.rows.get(oid(SYS_DESCR), (0, b""))
        return plain_text(octets) if tag == OCTET_STRING else ""

    @property
    def object(self) -> str:
        tag, octets = self.rows.get(oid(SYS_OBJECT_ID), (0, b""))
        try:
            if tag == OBJECT_ID:
                return dotted(octets)
            return plain_text(octets).lstrip(".") if tag == OCTET_STRING else ""
        except ValueError:
            return ""


def first_questions(profiles: ProfileSet) -> tuple[bytes, ...]:
    """Every single OID that some sign wants answered, after sysDescr, sysObjectID and sysUpTime."""
    wanted = dict.fromkeys([oid(SYS_DESCR), oid(SYS_OBJECT_ID), oid("1.3.6.1.2.1.1.3.0")])
    for _, sign in _signs(profiles):
        wanted.update((oid(answer), None) for answer in sign.answers)
    return tuple(wanted)


def next_table(profiles: ProfileSet, identity: Identity) -> str | None:
    """The subtree to look for next; None when nothing unseen could beat the best sign so far."""
    best = recognise(profiles, identity)
    open_ = [
        (sign.score, sign.table)
        for _, sign in _signs(profiles)
        if sign.table is not None
        and sign.table not in identity.tables
        and sign.score > best.score
        and _holds(sign, identity, but_table=True)
    ]
    return max(open_)[1] if open_ else None


def recognise(profiles: ProfileSet, identity: Identity) -> Recognition:
    """The winner by score, then by name; the generic profile where no sign holds."""
    held: dict[str, Sign] = {}
    for profile, sign in _signs(profiles):
        if _holds(sign, identity) and (profile.name not in held or sign.score > held[profile.name].score):
            held[profile.name] = sign
    ranked = sorted(held.items(), key=lambda item: (-item[1].score, item[0]))
    if not ranked:
        return Recognition(FALLBACK, "no profile's sign holds: what standard MIBs answer is read", 0)
    name, sign = ranked[0]
    others = tuple(f"{other} ({theirs.score}: {theirs.because})" for other, theirs in ranked[1:])
    return Recognition(name, sign.because, sign.score, others)


def _signs(profiles: ProfileSet) -> Iterator[tuple[Profile, Sign]]:
    for profile in profiles.profiles.values():
        for sign in profile.recognise:
            yield profile, sign


def _holds(sign: Sign, identity: Identity, but_table: bool = False) -> bool:
    if sign.object is not None and not f"{identity.object}.".startswith(f"{sign.object}."):
        return False
    if sign.descr is not None and not re.search(sign.descr, identity.descr):
        return False
    for answer in sign.answers:
        raw = identity.rows.get(oid(answer))
        if raw is None or absence(raw[0]) in ("not answered", "NULL"):
            return False
    return but_table or sign.table is None or identity.tables.get(sign.table, False)
