"""The golden month as a real journal: two runs of the watcher, three configurations, everything committed."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from domain.record import Change, Configuration, Coverage
from reports.closing import digest
from storage.journal import open_journal, open_reader
from tests.reports.golden import incidents, notes, transitions
from tests.reports.makers import OCTOBER, at

INVENTORY = """\
city:
  name: Karachi
  bounds: {south: 24.0, west: 66.0, north: 26.0, east: 68.0}
defaults: {snmp: {version: 2c, community: env:X}}
references: {gateway: 127.0.0.1}
districts: {south: {name: South}}
feeders: {F1: {name: Feeder F1}}
contractors: {alpha: {name: Alpha}, indus: {name: Indus}}
boxes:
  B1:
    name: Box B1
    lat: 24.9
    lon: 67.0
    district: south
    feeder: F1
    contractor: alpha
    battery: {capacity_ah: 100, installed: 2023-09-01}
    devices:
      B1-ups: {kind: ups, address: 10.0.1.1}
      B1-cam1: {kind: camera, address: 10.0.1.2, tags: [e-challan]}
      B1-cam2: {kind: camera, address: 10.0.1.3}
  B2:
    name: Box B2
    lat: 24.9
    lon: 67.0
    district: south
    feeder: F1
    contractor: alpha
    devices:
      B2-ups: {kind: ups, address: 10.0.2.1}
      B2-cam1: {kind: camera, address: 10.0.2.2}
"""
WINDOWS = """\
windows:
  cabling: {why: new trunk cable, boxes: [B1], start: 2026-10-10 02:00, end: 2026-10-10 04:00}
"""
CONTRACT = """\
contracts:
  alpha-2026:
    party: Alpha Street Systems
    contractor: alpha
    against: [contractor]
    target: 99.9
    fee: 1000000
    penalties: [{below: 99.5, deduct: 3}, {below: 99.9, deduct: 1}]
"""
_LONG = 400 * 86_400_000


def configurations() -> list[Configuration]:
    indus = INVENTORY[: INVENTORY.index("  B2:")] + INVENTORY[INVENTORY.index("  B2:") :].replace(
        "contractor: alpha", "contractor: indus"
    )
    more = indus + "      B2-cam2: {kind: camera, address: 10.0.2.3}\n"
    begun = (OCTOBER.start - 86_400_000, at(15), at(21))
    return [
        Configuration(digest({"i": text}), when, {"inventory.yaml": text, "windows.yaml": WINDOWS})
        for when, text in zip(begun, (INVENTORY, indus, more), strict=True)
    ]


def _covered(configuration: Configuration, first: int, last: int) -> list[Coverage]:
    lines = configuration.files["inventory.yaml"].splitlines()
    devices = [line.split(":")[0].strip() for line in lines if "kind:" in line]
    return [Coverage(d, d[:2], first, last, configuration.hash) for d in devices]


def keep(data: Path) -> None:
    """Fills the journal of `data`."""
    first, second, third = configurations()
    restart, back = at(12), at(12) + 600_000
    with closing(open_journal(data, alive_interval_ms=_LONG)) as journal:
        journal.started(first.at, first.at, first)
        journal.cover(_covered(first, first.at, restart))
        journal.alive("watch", restart)
        journal.stopped(restart)
        journal.started(back, back, first)
        journal.cover(_covered(first, back, at(15)))
        journal.accept(second)
        journal.cover(_covered(second, at(15), at(21)))
        journal.accept(third)
        journal.cover(_covered(third, at(21), at(21)))  # what was last written; it watched on
        for it in sorted(transitions(), key=lambda t: t.at):
            journal.commit(Change(it.at, transitions=(it,)))
        journal.commit(Change(at(31), incidents=tuple(incidents())))
        journal.alive("watch", at(33))
    with closing(open_reader(data)) as reader:
        for note in notes():
            reader.keep_note(note)
