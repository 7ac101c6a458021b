"""Doors, thieves and a blind monitor, from probe to SMS, and that nothing else is sent."""

from __future__ import annotations

import pytest

from domain.reading import Trust
from tests.app.street import GULSHAN, SOUTH, Altered, Street, between

# -- tamper --------------------------------------------------------------------------------------------


def test_an_open_door_is_told_to_the_engineers_at_once_and_when_it_is_shut(street: Street) -> None:
    street.at(30).door_opens("CLF-01")
    street.wants(between(30, 35.5), *SOUTH, saying=["CLF-01", "DOOR OPEN"])
    street.at(100).door_closes("CLF-01")
    street.wants(between(100, 106), *SOUTH, saying=["OK CLF-01", "door closed"])
    street.plays(until=1000)


@pytest.mark.parametrize(
    ("device", "value", "words"),
    [
        ("CLF-01-door", {"door_open{Box door}": 1.0}, "DOOR OPEN"),
        ("CLF-01-cam2", {"casing_open{1}": 1.0}, "CASING OPEN"),
    ],
)
def test_a_contact_opened_between_two_polls_is_told_from_its_trap(
    street: Street, device: str, value: dict[str, float], words: str
) -> None:
    street.at(31.0).trap(device, **value)
    street.wants(between(31.0, 31.2), *SOUTH, saying=["CLF-01", words])
    street.runs(31.5)
    assert street.open() != {}
    street.runs(32)
    assert not street.incident("CLF-01", "tamper").police


def test_a_trap_never_ends_anything(street: Street) -> None:
    street.at(30).door_opens("CLF-01")
    street.wants(between(30, 35.5), *SOUTH, saying=["DOOR OPEN"])
    street.at(60).trap("CLF-01-door", Trust.V3, **{"door_open{Box door}": 0.0})
    street.runs(100)
    assert street.open() == {("CLF-01", "tamper"): "door_open"}


def test_an_authenticated_door_trap_is_told_to_the_districts_police_and_to_no_other(street: Street) -> None:
    street.at(31).trap("CLF-01-door", Trust.V3, **{"door_open{Box door}": 1.0})
    street.wants(between(31, 31.2), *SOUTH, "police-clifton", saying=["CLF-01", "DOOR OPEN"])
    street.runs(31.5)
    assert {d.contact for _, d in street.sent} == {*SOUTH, "police-clifton"}


def test_a_device_exchanged_for_another_is_tamper_until_somebody_accepts_it(street: Street) -> None:
    street.at(30).says("CLF-01-cam1", serial="SN-STRANGER")
    street.wants(between(30, 36), *SOUTH, saying=["CLF-01", "exchanged"])
    street.at(100).acknowledges("asif", "CLF-01", "tamper")
    street.wants(between(100, 110), *SOUTH, saying=["OK CLF-01", "identity"])
    street.plays(until=300)


# -- suspected theft or cut ----------------------------------------------------------------------------


def test_a_box_gone_at_once_is_suspected_stolen_engineers_now_police_after_the_hold(street: Street) -> None:
    street.at(30).silent("CLF-02")
    street.wants(
        between(41, 60),
        *SOUTH,
        saying=["CLF-02", "SUSPECTED THEFT OR CUT", "3/3 cameras dark", "1 e-challan"],
    )
    street.wants(between(630, 640), "police-clifton", saying=["CLF-02", "SUSPECTED"])
    street.at(900).answers("CLF-02")
    street.wants(between(903, 920), *SOUTH, "police-clifton", saying=["OK CLF-02", "theft suspicion ended"])
    street.plays(until=1100)


def test_the_hold_for_the_police_is_a_rule_and_can_be_set(altered: Altered) -> None:
    street = Street(altered(rules=[("police_hold: 10m", "police_hold: 2m")]))
    street.at(30).silent("CLF-02")
    street.wants(between(41, 60), *SOUTH, saying=["SUSPECTED"])
    street.wants(between(150, 160), "police-clifton", saying=["SUSPECTED"])
    street.plays(until=900)


def test_a_door_opened_before_it_fell_lets_the_police_be_told_at_once(street: Street) -> None:
    street.at(30).door_opens("CLF-02")
    street.wants(between(30, 35.5), *SOUTH, saying=["CLF-02", "DOOR OPEN"])
    street.at(45).silent("CLF-02")
    street.wants(between(56, 76), *SOUTH, "police-clifton", saying=["CLF-02", "SUSPECTED THEFT OR CUT"])
    street.runs(200)
    assert street.incident("CLF-02", "outage").police
    assert len([1 for _, d in street.sent if d.contact == "police-clifton" and "SUSPECTED" in d.text]) == 1
    assert {d.contact for _, d in street.sent} == {*SOUTH, "police-clifton"}


def test_ports_that_fell_one_after_another_let_the_police_be_told_at_once(street: Street) -> None:
    street.at(30).trap("CLF-02-switch", **{"port_up{1}": 0.0})
    street.at(33).trap("CLF-02-switch", **{"port_up{2}": 0.0})
    street.at(36).silent("CLF-02")
    street.wants(between(46, 66), *SOUTH, "police-clifton", saying=["CLF-02", "SUSPECTED"])
    street.plays(until=900)


def test_a_changed_identity_lets_the_police_be_told_at_once(street: Street) -> None:
    street.at(30).says("CLF-02-cam1", serial="SN-STRANGER")
    street.wants(between(30, 36), *SOUTH, saying=["CLF-02", "exchanged"])
    street.at(60).silent("CLF-02")
    street.runs(100)
    theft = [(at, d.contact) for at, d in street.sent if "SUSPECTED" in d.text]
    assert {contact for _, contact in theft} == {*SOUTH, "police-clifton"}
    assert all(71 <= at <= 91 for at, _ in theft)


def test_a_dark_box_on_a_dead_feeder_is_not_suspected_stolen(street: Street) -> None:
    street.at(30).mains_lost("CLF-01", "CLF-03", "CLF-04").silent("CLF-02")
    street.runs(900)
    assert street.open()[("CLF-02", "outage")] == "box_silent"
    assert street.texts("THEFT") == []
    assert not any(d.contact.startswith("police") for _, d in street.sent)


def test_a_box_back_within_the_hold_never_reaches_the_police(street: Street) -> None:
    street.at(30).silent("CLF-02")
    street.wants(between(41, 60), *SOUTH, saying=["SUSPECTED"])
    street.at(400).answers("CLF-02")
    street.wants(between(403, 420), *SOUTH, saying=["OK CLF-02"])
    street.plays(until=1200)


# -- the monitor itself --------------------------------------------------------------------------------


def everything(street: Street) -> list[str]:
    return [*street.accepted.city.boxes, *street.accepted.city.references]


def test_a_monitor_cut_off_says_just_that_and_neither_accuses_nor_absolves(street: Street) -> None:
    street.at(30).silent("GLS-01-cam2")
    street.wants(between(52, 62), *GULSHAN, saying=["GLS-01-cam2"])
    street.at(100).silent(*everything(street))
    street.wants(between(102, 115), "asif", "bina", "night-desk", saying=["CANNOT SEE THE CITY"])
    street.at(1000).answers(*everything(street))
    street.at(1000).silent("GLS-01-cam2", "CLF-04-cam1")
    street.wants(between(1002, 1012), "asif", "bina", "night-desk", saying=["OK", "sees the city again"])
    street.wants(between(1020, 1035), *SOUTH, saying=["CLF-04-cam1"])
    street.plays(until=1300)
    assert street.open() == {("GLS-01", "outage"): "camera_hung", ("CLF-04", "outage"): "camera_hung"}


def test_one_living_reference_is_enough_to_believe_a_silence(street: Street) -> None:
    street.at(30).silent("gateway", "GLS-01-cam2")
    street.wants(between(52, 62), *GULSHAN, saying=["GLS-01-cam2"])
    street.plays(until=300)
