"""The golden month of docs/ledger.md: October 2026, worked out there by hand."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from domain.alarm import Cause, Concern, Confidence, Incident, Transition
from domain.human import Note, NoteKind, Party
from domain.place import Battery, City, Device, Kind
from domain.window import Window
from reports.buckets import Bucket
from reports.contract import Contract, Step
from reports.facts import Dated
from reports.given import Given, Planned
from tests.reports.makers import KARACHI, OCTOBER, at, box, city, degraded, down, given, up

ALPHA = Contract(
    id="alpha-2026",
    party="Alpha Street Systems",
    against=frozenset({Bucket.CONTRACTOR}),
    target=Decimal("99.9"),
    contractor="alpha",
    zone=KARACHI,
    fee=Decimal(1_000_000),
    steps=(Step(Decimal("99.5"), Decimal(3)), Step(Decimal("99.9"), Decimal(1))),
)
THEFT = "B2/outage/1"


def _city(contractor: str, more: tuple[Device, ...] = ()) -> City:
    first = box("B1", battery=Battery(100, installed="2023-09-01"))
    made = city([first, box("B2", contractor=contractor)], cameras=0, more=more)
    devices = dict(made.devices)
    for id_, box_id, tags in (
        ("B1-cam1", "B1", {"e-challan"}),
        ("B1-cam2", "B1", set()),
        ("B2-cam1", "B2", set()),
    ):
        devices[id_] = Device(id_, box_id, Kind.CAMERA, "127.0.0.1", tags=frozenset(tags))
    devices |= {d.id: d for d in more}
    return replace(made, devices=devices)


def cities() -> list[Dated]:
    """B2 goes to another contractor on the 15th and gets a second camera on the 21st."""
    cam2 = Device("B2-cam2", "B2", Kind.CAMERA, "127.0.0.1")
    return [
        Dated(OCTOBER.start - 86_400_000, _city("alpha")),
        Dated(at(15), _city("indus")),
        Dated(at(21), _city("indus", (cam2,))),
    ]


def _fell(target: str, since: int, until: int, cause: Cause, incident: str = "") -> list[Transition]:
    return [down(target, since, cause, since + 62_000, incident), up(target, until)]


def transitions() -> list[Transition]:
    b1, b2 = ("B1-ups", "B1-cam1", "B1-cam2", "B1"), ("B2-ups", "B2-cam1", "B2")
    found: list[Transition] = []
    for target in b1:
        found += _fell(target, at(3, 14), at(3, 16.5), Cause.BATTERY_EXHAUSTED)
    found += _fell("B1-cam1", at(5, 9), at(5, 10), Cause.CAMERA_HUNG)
    found += _fell("B1-cam2", at(10, 3.5), at(10, 5), Cause.PORT_DOWN)
    for target in b2:
        found += _fell(target, at(14, 22), at(15, 2), Cause.UPLINK_DOWN)
    found += [degraded("B2-cam1", at(20, 18)), up("B2-cam1", at(20, 20))]
    for target in (*b2, "B2-cam2"):
        found += _fell(target, at(25, 1), at(26, 1), Cause.BOX_SILENT, THEFT)
        found.append(down(target, at(25, 1), Cause.SUSPECTED_THEFT, at(26, 9), THEFT))  # found the next day
    found += _fell("B1-cam1", at(28, 10), at(28, 12), Cause.DEVICE_SILENT)
    found += _fell("B1-cam2", at(31, 23), at(32, 1), Cause.CAMERA_HUNG)
    return found


def notes() -> list[Note]:
    return [
        Note(at(25, 2), NoteKind.ATTENDED, THEFT, "B2", "Inspector Khan", at(25, 1.75), party=Party.POLICE),
        Note(at(26, 10), NoteKind.CONFIRM, THEFT, "B2", "Asif", at(26, 10), "lock cut", id=2),
        Note(
            at(29, 9),
            NoteKind.DISPUTE,
            "B1-cam1",
            "B1",
            "Bina",
            at(29, 9),
            "it showed a picture",
            begins_at=at(28, 10),
            ends_at=at(28, 11),
        ),
    ]


def incidents() -> list[Incident]:
    theft = Incident(
        THEFT, "K7Q2", "B2", Concern.OUTAGE, Cause.SUSPECTED_THEFT, Confidence.SUSPECTED, at(25, 1) + 62_000,
        at(25, 1), acknowledged_by="Asif", acknowledged_at=at(25, 1) + 362_000, closed_at=at(26, 1),
    )  # fmt: skip
    power = Incident(
        "B1/power/1", "K7Q3", "B1", Concern.POWER, Cause.FEEDER_OUTAGE, Confidence.CONFIRMED, at(3, 12),
        at(3, 12), closed_at=at(3, 16.5),
    )  # fmt: skip
    drained = Incident(
        "B1/outage/1", "K7Q4", "B1", Concern.OUTAGE, Cause.BATTERY_EXHAUSTED, Confidence.LIKELY, at(3, 14),
        at(3, 14), closed_at=at(3, 16.5),
    )  # fmt: skip
    return [power, drained, theft]


def golden() -> Given:
    off = (at(12, 0), at(12, 0) + 600_000)
    work = Window("cabling", "new trunk cable", KARACHI, frozenset({"B1"}), once=(at(10, 2), at(10, 4)))
    return given(
        cities(),
        transitions(),
        alive=[(OCTOBER.start, off[0]), (off[1], OCTOBER.end)],
        windows=[Planned(0, (work,))],
        notes=notes(),
        incidents=incidents(),
        contracts=[ALPHA],
    )


__all__ = ["ALPHA", "THEFT", "cities", "golden", "incidents", "notes", "transitions"]
