"""Small cities, days and stretches for the ledger's tests; times in hours of a local day."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

from domain.alarm import Cause, Condition, Transition
from domain.place import Bounds, Box, City, Contractor, Device, District, Feeder, Kind
from domain.record import Coverage
from reports.facts import Dated
from reports.given import Given
from reports.period import Period, parse

KARACHI = ZoneInfo("Asia/Karachi")
OCTOBER = parse("2026-10", KARACHI)


def in_order(transitions: Iterable[Transition]) -> list[Transition]:
    """By target, then by decision, as the journal hands them out."""
    return sorted(transitions, key=lambda it: (it.target, it.at))


def box(
    id_: str,
    district: str = "south",
    feeder: str | None = "F1",
    contractor: str | None = "alpha",
    **more: Any,
) -> Box:
    return Box(id_, f"Box {id_}", 24.9, 67.0, district, feeder, None, contractor, **more)


def city(boxes: Iterable[Box], cameras: int = 2, more: Iterable[Device] = ()) -> City:
    """Each box with a UPS and cameras; the districts, feeders and contractors it names."""
    placed = {b.id: b for b in boxes}
    devices = {}
    for b in placed.values():
        devices[f"{b.id}-ups"] = Device(f"{b.id}-ups", b.id, Kind.UPS, "127.0.0.1")
        for n in range(1, cameras + 1):
            devices[f"{b.id}-cam{n}"] = Device(f"{b.id}-cam{n}", b.id, Kind.CAMERA, "127.0.0.1")
    devices |= {d.id: d for d in more}
    return City(
        "Karachi",
        Bounds(24, 66, 26, 68),
        districts={d: District(d, d.title()) for d in sorted({b.district for b in placed.values()})},
        feeders={
            f: Feeder(f, f"Feeder {f}") for f in sorted({b.feeder for b in placed.values() if b.feeder})
        },
        contractors={
            c: Contractor(c, c.title())
            for c in sorted({b.contractor for b in placed.values() if b.contractor})
        },
        boxes=placed,
        devices=devices,
    )


def at(day: int, hour: float = 0, period: Period = OCTOBER) -> int:
    """Engine milliseconds of an hour of the day-th day of the period (1 is the first)."""
    return period.start + int(((day - 1) * 24 + hour) * 3_600_000)


def down(
    target: str,
    since: int,
    cause: Cause | None = Cause.DEVICE_SILENT,
    decided: int | None = None,
    incident: str = "",
) -> Transition:
    return Transition(
        since + 30_000 if decided is None else decided, target, Condition.DOWN, cause, since, incident, ""
    )


def up(target: str, since: int) -> Transition:
    return Transition(since + 30_000, target, Condition.UP, None, since)


def degraded(
    target: str, since: int, cause: Cause = Cause.PACKET_LOSS, decided: int | None = None
) -> Transition:
    return Transition(
        since + 30_000 if decided is None else decided, target, Condition.DEGRADED, cause, since
    )


def whole(cities: Sequence[Dated], period: Period = OCTOBER) -> list[Coverage]:
    """Every device of every configuration under watch for as long as that held."""
    rows = []
    for n, it in enumerate(cities):
        ends = cities[n + 1].at if n + 1 < len(cities) else period.end
        first = max(it.at, period.start - 86_400_000)
        rows += [Coverage(d.id, d.box, first, ends, f"c{n}") for d in it.city.devices.values()]
    return rows


def given(
    of: City | Sequence[Dated], transitions: Iterable[Transition] = (), period: Period = OCTOBER, **more: Any
) -> Given:
    """A month in which the monitor ran throughout and watched everything."""
    dated = [Dated(period.start - 86_400_000, of)] if isinstance(of, City) else list(of)
    its = in_order(transitions)
    inside = [t for t in its if period.start <= t.since < period.end and t.target != "monitor"]
    ready = Given(
        period=period,
        dated=dated,
        transitions=inside,
        monitor=[t for t in its if t.target == "monitor"],
        coverage=whole(dated, period),
        alive=[(period.start, period.end)],
        starts=[dated[0].at],
    )
    return replace(ready, **more)
