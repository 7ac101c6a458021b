"""Finds out once what a device is and which rows it has; the result is its plan."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from collector.device.alike import Plans
from collector.device.compile import compile_plan
from collector.device.plan import Plan, Raw
from collector.device.profile import Place, Profile, ProfileSet, Source
from collector.device.recognise import Identity, Recognition, first_questions, next_table, recognise
from collector.snmp.session import Answer, Session, Varbind, oid
from domain.place import Bounds, Device
from domain.reading import Outcome

_ROWS = 4096  # of one subtree: a 48-port switch has 60 rows in a column, a full UPS-MIB 300
_PLANS = Plans()


class Undiscovered(Exception):
    """The device did not say what it is; `answer` is how its silence or refusal looked."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.detail or str(answer.outcome))
        self.answer = answer


async def discover(
    session: Session, device: Device, profiles: ProfileSet, bounds: Bounds | None = None
) -> Plan:
    """The plan for a device: recognised unless its inventory names a profile, its tables walked once.

    Undiscovered when the agent does not answer the first questions or falls silent midway.
    KeyError when the device names a profile that the set does not hold.
    """
    rows: dict[bytes, Raw] = {}
    if device.profile == "auto":
        chosen = await identify(session, profiles, rows)
    else:
        chosen = Recognition(device.profile, "named in the inventory", 100)
        await _get(session, [oid("1.3.6.1.2.1.1.1.0"), oid("1.3.6.1.2.1.1.3.0")], rows)
    return await survey(session, profiles[chosen.profile], chosen, rows, bounds)


async def identify(session: Session, profiles: ProfileSet, rows: dict[bytes, Raw]) -> Recognition:
    """Recognises the device; what was learned on the way is left in `rows`."""
    await _get(session, first_questions(profiles), rows)
    tables: dict[str, bool] = {}
    while (table := next_table(profiles, Identity(rows, tables))) is not None:
        tables[table] = bool(await _walk(session, table, rows, limit=1))
    return recognise(profiles, Identity(rows, tables))


async def survey(
    session: Session,
    profile: Profile,
    chosen: Recognition,
    rows: dict[bytes, Raw],
    bounds: Bounds | None = None,
) -> Plan:
    """Asks everything the profile could read, once, and compiles what was answered."""
    for root in profile.walk:
        await _walk(session, root, rows)
    sources = [
        source for group in (profile.facts, profile.metrics) for many in group.values() for source in many
    ]
    texts = [source for many in profile.texts.values() for source in many]
    await _get(session, [*_scalars(profile, [*sources, *texts]), *map(oid, profile.changed_by)], rows)
    walked = {oid(root) for root in profile.walk}
    for place in (*sources, *texts):
        if isinstance(place, Source) and place.walk:
            if place.beside is not None:
                await _column(session, place.beside, rows, walked, limit=8)
            continue
        if place.column is not None and await _column(session, place.column, rows, walked):
            for column in _siblings(place):
                await _column(session, column, rows, walked)
    why = f"{chosen.because} (score {chosen.score})"
    return _PLANS.one(compile_plan(profile, rows, why, bounds))


def _siblings(place: Place) -> list[str]:
    """The columns that label, filter or scale a column's rows."""
    columns = [*place.label_columns, *(only.column for only in place.only)]
    if isinstance(place, Source):
        columns += [live.column for live in place.live]
        if place.exponent is not None:
            columns += [place.exponent.scale, place.exponent.precision]
    return columns


def _scalars(profile: Profile, places: Iterable[Place]) -> list[bytes]:
    walked = [oid(root) for root in profile.walk]
    wanted: dict[bytes, None] = {}
    for place in places:
        if place.column is None:
            root = oid(place.root)
            instance = root + b"\x00" if place.scalar is not None else root
            if not any(root.startswith(tree) for tree in walked):
                wanted[instance] = None
    return list(wanted)


async def _column(
    session: Session, column: str, rows: dict[bytes, Raw], walked: set[bytes], limit: int = _ROWS
) -> bool:
    root = oid(column)
    if not any(root.startswith(tree) for tree in walked):
        walked.add(root)
        await _walk(session, column, rows, limit)
    return any(key.startswith(root) for key in rows)


async def _walk(session: Session, root: str, rows: dict[bytes, Raw], limit: int = _ROWS) -> Sequence[Varbind]:
    answer = await session.walk(oid(root), limit)
    if answer.outcome is not Outcome.OK:
        raise Undiscovered(answer)
    prefix = oid(root)
    below = [varbind for varbind in answer.varbinds if varbind[0].startswith(prefix)]
    _keep(below, rows)
    return below


async def _get(session: Session, oids: Sequence[bytes], rows: dict[bytes, Raw]) -> None:
    wanted = [each for each in oids if each not in rows]
    if not wanted:
        return
    answer = await session.get(wanted)
    if answer.outcome is not Outcome.OK:
        raise Undiscovered(answer)
    _keep(answer.varbinds, rows)


def _keep(varbinds: Iterable[Varbind], rows: dict[bytes, Raw]) -> None:
    for key, tag, octets in varbinds:
        if tag not in (0x80, 0x81, 0x82):
            rows[key] = tag, octets
