"""Outages of the shipped city from probe to SMS: what people are told, and that nothing else is sent."""

from __future__ import annotations

import pytest

from domain.reading import Outcome
from tests.app.street import GULSHAN, SOUTH, Street, between


def test_a_city_in_which_nothing_happens_sends_nothing(street: Street) -> None:
    street.plays(until=900)
    assert street.journal.open_incidents() == []


# -- device outage -------------------------------------------------------------------------------------


def test_a_silent_camera_is_told_once_and_once_when_it_is_back(street: Street) -> None:
    street.at(30).silent("GLS-01-cam2")
    street.wants(
        between(52, 62),
        *GULSHAN,
        saying=["GLS-01", "NIPA Chowrangi", "GLS-01-cam2", "hung", "1 e-challan", "Code"],
    )
    street.at(300).answers("GLS-01-cam2")
    street.wants(between(306, 320), *GULSHAN, saying=["OK GLS-01", "answers again"], silent_of=["dark"])
    street.plays(until=600)


def test_a_camera_that_has_no_agent_is_judged_by_its_echoes(street: Street) -> None:
    street.at(30).silent("SDR-04-cam2")
    street.wants(between(52, 62), *SOUTH, saying=["SDR-04-cam2"])
    street.plays(until=200)


def test_echoes_lost_while_the_agent_answers_are_no_outage(street: Street) -> None:
    street.at(30).ping_lost("GLS-01-switch", "CLF-01-router")
    street.plays(until=300)
    assert street.journal.open_incidents() == []


@pytest.mark.parametrize("seconds", [2, 4, 8, 12])
def test_a_silence_shorter_than_the_hold_is_nothing(street: Street, seconds: float) -> None:
    street.at(30).silent("GLS-01-cam2")
    street.at(30 + seconds).answers("GLS-01-cam2")
    street.plays(until=200)


def test_an_agent_that_is_silent_behind_a_living_host_is_told_to_the_engineer_as_such(street: Street) -> None:
    street.at(30).agent_lost("CLF-01-switch")
    street.wants(between(90, 125), "asif", saying=["CLF-01-switch", "ping but no SNMP", "credentials"])
    street.at(300).agent_back("CLF-01-switch")
    street.wants(between(300, 345), "asif", saying=["OK CLF-01", "SNMP answers again"])
    street.plays(until=500)


@pytest.mark.parametrize("outcome", [Outcome.AUTH, Outcome.REFUSED, Outcome.MALFORMED])
def test_an_agent_that_refuses_us_is_alive_even_without_echoes(street: Street, outcome: Outcome) -> None:
    street.at(30).agent_says(outcome, "CLF-01-switch").ping_lost("CLF-01-switch")
    street.wants(between(90, 125), "asif", saying=["CLF-01-switch", "credentials"])
    street.plays(until=400)


def test_more_dark_cameras_and_a_graver_cause_are_told_again_fewer_are_not(street: Street) -> None:
    street.at(30).silent("GLS-01-cam3")
    street.wants(between(52, 62), *GULSHAN, saying=["GLS-01-cam3"], silent_of=["MORE DARK"])
    street.at(100).silent("GLS-01-cam4")
    street.wants(between(122, 132), *GULSHAN, saying=["MORE DARK GLS-01"])
    street.at(200).silent("GLS-01-switch")
    street.wants(between(222, 236), *GULSHAN, saying=["WORSE GLS-01", "switch dead"])
    street.at(300).answers("GLS-01-cam3")
    street.at(400).answers("GLS-01-switch", "GLS-01-cam4")
    street.wants(between(406, 425), *GULSHAN, saying=["OK GLS-01"], silent_of=["dark"])
    street.plays(until=600)


def test_a_camera_behind_a_port_that_lost_its_power_is_a_matter_of_the_port(street: Street) -> None:
    street.at(30).port_falls("GLS-01-switch", "2").silent("GLS-01-cam2")
    street.wants(between(52, 62), *GULSHAN, saying=["GLS-01-cam2", "port down"])
    street.plays(until=200)


# -- box outage ----------------------------------------------------------------------------------------


def test_a_dark_box_is_told_once_with_its_cameras_and_the_boxes_behind_it(street: Street) -> None:
    """Its UPS was not heard for long, so nothing is known of its power: it is dark, no more."""
    street.at(30).agent_lost("CLF-03-ups")
    street.wants(between(90, 125), "asif", saying=["CLF-03-ups", "credentials"])
    street.at(800).silent("CLF-03", "CLF-04")
    street.wants(
        between(811, 832),
        *SOUTH,
        saying=["CLF-03", "BOX DARK", "2"],
        silent_of=["cam1", "CLF-04", "THEFT"],
    )
    street.at(1000).answers("CLF-03", "CLF-04").agent_back("CLF-03-ups")
    street.wants(between(1005, 1025), "night-desk", saying=["OK CLF-03", "box answers again"])
    street.wants(between(1005, 1025), "asif", saying=["OK CLF-03", "box answers again"])
    street.wants(between(1005, 1060), "asif", saying=["OK CLF-03", "SNMP answers again"])
    street.plays(until=1200)
    assert ("CLF-04", "shadow") in street.silences()


def test_boxes_behind_a_dead_uplink_are_its_shadows_until_it_is_back_without_them(street: Street) -> None:
    street.at(30).silent("SDR-01", "SDR-02")
    street.wants(between(41, 60), *SOUTH, saying=["SDR-01", "boxes"], silent_of=["SDR-02"])
    street.at(200).answers("SDR-01")
    street.wants(between(203, 220), *SOUTH, saying=["OK SDR-01"])
    street.wants(between(210, 250), *SOUTH, saying=["SDR-02", "BOX DARK"])
    street.at(400).answers("SDR-02")
    street.wants(between(403, 420), *SOUTH, saying=["OK SDR-02", "box answers again"])
    street.plays(until=600)


def test_a_shadow_that_comes_back_with_its_uplink_is_never_told(street: Street) -> None:
    street.at(30).silent("GLS-03", "GLS-04")
    street.wants(between(41, 60), *GULSHAN, saying=["GLS-03"])
    street.at(200).answers("GLS-03")
    street.at(207).answers("GLS-04")
    street.wants(between(203, 220), *GULSHAN, saying=["OK GLS-03"])
    street.plays(until=500)
    assert street.journal.open_incidents() == []


def test_a_box_whose_devices_fell_silent_one_after_another_is_dark_not_stolen(street: Street) -> None:
    street.at(30).silent("CLF-04-cam1")
    street.wants(between(52, 62), *SOUTH, saying=["CLF-04-cam1"])
    street.at(150).silent("CLF-04")
    street.wants(between(161, 186), *SOUTH, saying=["CLF-04", "BOX DARK"], silent_of=["THEFT"])
    street.plays(until=1000)


# -- degraded ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "between_limits", "after", "words"),
    [
        (("loses_packets", 0.4), ("loses_packets", 0.2), ("loses_packets", 0.0), "packet loss"),
        (("slow", 1.2), ("slow", 0.6), ("slow", 0.03), "slow answers"),
    ],
)
def test_a_degraded_device_is_told_to_the_engineer_and_moves_only_beyond_both_limits(
    street: Street,
    before: tuple[str, float],
    between_limits: tuple[str, float],
    after: tuple[str, float],
    words: str,
) -> None:
    for second, (act, amount) in ((30, before), (300, between_limits), (600, after)):
        getattr(street.at(second), act)(amount, "GLS-03-cam1")
    street.wants(between(90, 105), "bina", saying=["GLS-03", words, "GLS-03-cam1"])
    street.wants(between(612, 625), "bina", saying=["OK GLS-03"])
    street.plays(until=800)


def test_a_camera_that_comes_and_goes_is_told_as_flapping_and_then_left_in_peace(street: Street) -> None:
    for start in range(30, 30 + 10 * 60, 60):
        street.at(start).silent("GLS-03-cam1")
        street.at(start + 40).answers("GLS-03-cam1")
    street.runs(900)
    opened = [d for _, d in street.sent if d.contact == "night-desk" and not d.text.startswith("OK")]
    assert len(opened) <= 3  # outages before it was known to flap
    (flapping,) = [d for _, d in street.sent if "coming and going" in d.text and d.text[:2] != "OK"]
    assert flapping.contact == "bina"
    assert len(street.sent) <= 14
    assert ("GLS-03", "flapping") in street.silences()
    street.runs(3 * 3600)
    assert street.journal.open_incidents() == []
    assert [d.contact for _, d in street.sent if "steady again" in d.text] == ["bina"]
