"""A simulated year: readings through the engine into a journal, and twelve months read back out of it.

The year's troubles are known beforehand, so the ledger is held to them, to within the sweeps it takes
to notice, and to itself, exactly.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.accepted import Sources, accept
from app.core import Core
from app.ledger_data import Books
from domain.reading import Outcome, Probe, Reading, parsed
from reports import period as periods
from reports.assemble import build
from reports.buckets import BUCKETS, INDEX, Bucket
from reports.given import Scope
from reports.model import Report
from reports.period import Period
from reports.tally import dark
from storage.journal import open_journal
from tests.reports.makers import KARACHI

SWEEP = 600_000
HOUR, DAY = 3_600_000, 86_400_000
YEAR = periods.parse("2026-01-01..2026-12-31", KARACHI)
MONTHS = [periods.parse(f"2026-{n:02}", KARACHI) for n in range(1, 13)]
INVENTORY = """\
city:
  name: Town
  bounds: {south: 24.0, west: 66.0, north: 26.0, east: 68.0}
defaults: {snmp: none, icmp_interval: 10m, snmp_interval: 10m}
references: {gateway: 127.0.0.1}
districts: {south: {name: South}, north: {name: North}}
feeders: {F1: {name: Feeder 1}}
contractors: {alpha: {name: Alpha}, indus: {name: Indus}}
contacts: {desk: {name: Desk, role: on_call, number: +92 300 0000003}}
boxes:
  B1:
    {name: First, lat: 24.9, lon: 67.0, district: south, feeder: F1, contractor: alpha, devices: {
      B1-ups: {kind: ups, address: 10.0.1.1, snmp: {version: 2c, community: env:X}},
      B1-cam1: {kind: camera, address: 10.0.1.2}, B1-cam2: {kind: camera, address: 10.0.1.3}}}
  B2:
    {name: Second, lat: 24.9, lon: 67.0, district: north, feeder: F1, contractor: CONTRACTOR, devices: {
      B2-cam1: {kind: camera, address: 10.0.2.2}, B2-cam2: {kind: camera, address: 10.0.2.3}}}
  B3:
    {name: Third, lat: 24.9, lon: 67.0, district: north, contractor: alpha, devices: {
      B3-cam1: {kind: camera, address: 10.0.3.2}}}
"""
B1, B2 = ("B1-ups", "B1-cam1", "B1-cam2"), ("B2-cam1", "B2-cam2")


@dataclass(frozen=True)
class Trouble:
    devices: Sequence[str]
    first: int
    last: int
    drained: bool = False  # six hours on battery came before it


def troubles() -> list[Trouble]:
    found = []
    for n, month in enumerate(MONTHS):
        start = month.start
        found.append(Trouble(B2, start + 6 * DAY + 3 * HOUR, start + 6 * DAY + 9 * HOUR))
        found += [
            Trouble(["B1-cam1"], start + d * DAY + 8 * HOUR, start + d * DAY + 11 * HOUR) for d in (2, 9, 23)
        ]
        if n % 3 == 0:
            found.append(
                Trouble(B1, start + 14 * DAY + 12 * HOUR, start + 14 * DAY + 20 * HOUR, drained=True)
            )
    found.append(Trouble(["B3-cam1"], MONTHS[4].end - 5 * HOUR, MONTHS[4].end + 7 * HOUR))  # over midnight
    return found


STOPPED = (MONTHS[3].start + 20 * DAY, MONTHS[3].start + 20 * DAY + 2 * HOUR)
KILLED = (MONTHS[7].start + 20 * DAY, MONTHS[7].start + 20 * DAY + 5 * HOUR)
BLIND = (MONTHS[10].start + 20 * DAY, MONTHS[10].start + 20 * DAY + 2 * HOUR)
GIVEN_AWAY = MONTHS[5].start + 10 * DAY


class Sink:
    def write(self, readings: Sequence[Reading]) -> None:
        """Series are no part of the ledger."""

    def close(self) -> None: ...


def sweep(at: int, devices: Sequence[str], known: Sequence[Trouble]) -> Iterator[Reading]:
    blind = BLIND[0] <= at < BLIND[1]
    yield Reading("gateway", Probe.ICMP, at, Outcome.TIMEOUT if blind else Outcome.OK)
    silent = {id_ for it in known if it.first <= at < it.last for id_ in it.devices}
    for id_ in devices:
        gone = blind or id_ in silent
        loss = {parsed("icmp_loss_ratio"): 1.0 if gone else 0.0}
        outcome = Outcome.TIMEOUT if gone else Outcome.OK
        yield Reading(id_, Probe.ICMP, at, outcome, loss)
        if id_ == "B1-ups":
            values = {parsed(name): value for name, value in _ups(at, known).items()}
            yield Reading(
                id_, Probe.SNMP, at, Outcome.TIMEOUT if gone else Outcome.OK, {} if gone else values
            )


def _ups(at: int, known: Sequence[Trouble]) -> dict[str, float]:
    on = next((it for it in known if it.drained and it.first - 6 * HOUR <= at < it.last), None)
    spent = (at - (on.first - 6 * HOUR)) / (6 * HOUR) if on else 0.0
    return {
        "on_battery": float(on is not None),
        "time_on_battery_seconds": spent * 6 * 3_600,
        "input_voltage_volts{1}": 0.0 if on else 230.0,
        "battery_charge_percent": max(100 - 95 * spent, 5.0),
        "battery_runtime_seconds": max(21_600 * (1 - spent), 60.0),
    }


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The year's journal."""
    folder = tmp_path_factory.mktemp("year")
    before, after = folder / "before.yaml", folder / "after.yaml"
    before.write_text(INVENTORY.replace("CONTRACTOR", "alpha"), encoding="utf-8")
    after.write_text(INVENTORY.replace("CONTRACTOR", "indus"), encoding="utf-8")
    begin, end = YEAR.start - DAY, YEAR.end + DAY
    known = troubles()
    accepted = accept(Sources(before), begin)
    devices = list(accepted.city.devices)
    journal = open_journal(folder, alive_interval_ms=SWEEP)
    core = Core(accepted, journal, Sink())
    core.start(begin, begin)
    watching, at = True, begin
    while at < end:
        down = STOPPED[0] <= at < STOPPED[1] or KILLED[0] <= at < KILLED[1]
        if down and watching:
            if STOPPED[0] <= at:
                core.stop(at) if at < KILLED[0] else journal.flush()
            journal.close()
        elif not down and not watching:
            journal = open_journal(folder, alive_interval_ms=SWEEP)
            core = Core(core.accepted, journal, Sink())
            core.start(at, at)
        watching = not down
        if watching:
            if core.accepted is accepted and at >= GIVEN_AWAY:
                core.reload(at, accept(Sources(after), at, accepted))
            core.take(list(sweep(at, devices, [it for it in known if abs(it.first - at) < 2 * DAY])))
            core.wake(at)
            journal.alive("watch", at)
            if at % (6 * HOUR) == 0:  # a killed watcher leaves coverage that ends hours before
                core.cover(at)
        at += SWEEP
    core.stop(end)
    journal.close()
    return folder


@pytest.fixture(scope="module")
def months(data: Path) -> list[Report]:
    return [_report(data, month) for month in MONTHS]


def _report(data: Path, period: Period) -> Report:
    with Books(data) as books:
        return build(books.given(period, Scope(), (), None))


def _of(report: Report, id_: str) -> list[int]:
    return next(row.tally.seconds for row in report.rows if row.id == id_)


@pytest.mark.slow
def test_every_month_adds_up_and_the_months_are_the_year(data: Path, months: list[Report]) -> None:
    for report, month in zip(months, MONTHS, strict=True):
        for row in report.of_kind("camera", "device", "box"):
            assert sum(row.tally.seconds) == month.seconds
        assert sum(report.subject.tally.seconds) == 6 * month.seconds
    year = _report(data, YEAR)
    for row in year.rows:
        parts = [_of(report, row.id) for report in months]
        assert [sum(part[n] for part in parts) for n in range(len(BUCKETS))] == row.tally.seconds, row.id


@pytest.mark.slow
def test_what_was_dark_is_what_truly_fell_within_the_sweeps_it_takes(months: list[Report]) -> None:
    for report, month in zip(months, MONTHS, strict=True):
        for id_ in (*B1, *B2, "B3-cam1"):
            its = [t for t in troubles() if id_ in t.devices and t.first < month.end and t.last > month.start]
            truth = sum(min(t.last, month.end) - max(t.first, month.start) for t in its) // 1000
            assert abs(dark(_of(report, id_)) - truth) <= len(its) * 2 * SWEEP // 1000, (month.label, id_)
            assert len(its) == next(row for row in report.rows if row.id == id_).tally.outages


@pytest.mark.slow
def test_each_outage_lies_in_the_bucket_of_its_cause(months: list[Report]) -> None:
    for n, report in enumerate(months):
        ups = _of(report, "B1-ups")
        assert dark(ups) == ups[INDEX[Bucket.UTILITY]]
        assert (ups[INDEX[Bucket.UTILITY]] > 0) == (n % 3 == 0)
        assert _of(report, "B1-cam1")[INDEX[Bucket.CONTRACTOR]] > 8 * 3_600


@pytest.mark.slow
def test_hours_the_monitor_was_off_or_blind_are_unknown_and_only_those(months: list[Report]) -> None:
    for n, report in enumerate(months):
        unknown = _of(report, "B3-cam1")[INDEX[Bucket.UNKNOWN]]
        expected = {3: STOPPED, 7: KILLED, 10: BLIND}.get(n)
        if expected is None:
            assert unknown == 0
        else:
            assert abs(unknown - (expected[1] - expected[0]) // 1000) <= 2 * SWEEP // 1000


@pytest.mark.slow
def test_a_box_given_to_another_contractor_in_june_is_paid_by_the_second(months: list[Report]) -> None:
    june = MONTHS[5]
    indus = sum(_of(months[5], "indus"))
    assert indus == 2 * (june.end - GIVEN_AWAY) // 1000
    assert sum(_of(months[5], "alpha")) == 6 * june.seconds - indus
    assert sum(_of(months[4], "alpha")) == 6 * MONTHS[4].seconds
    assert sum(_of(months[6], "indus")) == 2 * MONTHS[6].seconds
