"""What people are told of the shipped city, and what they are not: every rule from probe to SMS."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from app.accepted import Sources
from domain.alarm import DeliveryStatus
from domain.errors import OutcomeUnknown, Retryable
from domain.reading import Outcome, Trust
from tests.app.street import SHIPPED, Street, between

Altered = Callable[..., Sources]

SOUTH = ("asif", "night-desk")  # who hears of an outage in Alpha's boxes
GULSHAN = ("bina", "night-desk")


def test_a_city_in_which_nothing_happens_sends_nothing(street: Street) -> None:
    street.plays(until=900)
    assert street.journal.open_incidents() == []


# -- device outage ---------------------------------


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


# -- box outage ---------------------------------


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


# -- power and battery ---------------------------------


def test_mains_lost_at_one_box_is_told_and_told_again_when_it_is_restored(street: Street) -> None:
    street.at(30).mains_lost("CLF-04")
    street.wants(between(38, 52), *SOUTH, saying=["CLF-04", "MAINS LOST", "this box only"])
    street.at(300).mains_back("CLF-04")
    street.wants(between(308, 325), *SOUTH, saying=["OK CLF-04", "mains back at", "after"])
    street.plays(until=600)


def test_boxes_of_a_feeder_that_lose_mains_together_name_the_feeder(street: Street) -> None:
    boxes = ("SDR-01", "SDR-02", "SDR-03", "SDR-04")
    street.at(30).mains_lost(*boxes)
    street.at(300).mains_back(*boxes)
    for box in boxes:
        street.wants(between(38, 55), *SOUTH, saying=[box, "feeder", "Saddar 3"])
        street.wants(between(308, 325), *SOUTH, saying=[f"OK {box}", "mains back"])
    street.plays(until=600)


def test_mains_that_flicker_are_not_told(street: Street) -> None:
    street.at(30).mains_lost("CLF-04")
    street.at(33).mains_back("CLF-04")
    street.plays(until=300)


def test_a_self_test_is_no_outage(street: Street) -> None:
    street.at(30).mains_lost("CLF-04").reads("CLF-04-ups", self_test_running=1.0)
    street.at(150).mains_back("CLF-04").reads("CLF-04-ups", self_test_running=0.0)
    street.plays(until=400)


def test_a_dc_fed_inverter_that_says_battery_for_ever_is_no_outage(street: Street) -> None:
    inverter = {"on_battery": 1.0, "time_on_battery_seconds": 0.0, "input_voltage_volts{1}": 229.0}
    street.at(0).reads("CLF-04-ups", **inverter)
    street.plays(until=900)
    assert street.journal.open_incidents() == []


def test_a_battery_that_will_not_last_is_told_with_its_forecast_beside_the_ups_own_number(
    street: Street,
) -> None:
    street.at(30).mains_lost("CLF-04", per_minute=5)
    street.wants(between(38, 52), *SOUTH, saying=["CLF-04", "MAINS LOST"])
    street.wants(between(55, 110), *SOUTH, saying=["CLF-04", "BATTERY RUNNING OUT", "lasts", "UPS says 2h00"])
    street.at(300).mains_back("CLF-04")
    street.wants(between(308, 325), *SOUTH, saying=["OK CLF-04", "mains back", "no longer running out"])
    street.plays(until=600)


def test_a_low_charge_is_told_while_the_box_is_on_battery(street: Street) -> None:
    street.at(30).mains_lost("CLF-04", charge=25)
    street.wants(between(38, 55), *SOUTH, saying=["CLF-04", "MAINS LOST"])
    street.wants(between(38, 55), *SOUTH, saying=["BATTERY LOW"])
    street.plays(until=200)


def test_a_low_charge_on_mains_is_a_battery_being_charged(street: Street) -> None:
    street.at(30).reads("CLF-04-ups", battery_charge_percent=12.0)
    street.plays(until=300)


def test_a_battery_that_falls_faster_than_its_own_habit_is_told(street: Street) -> None:
    street.at(30).mains_lost("CLF-04", per_minute=0.5)
    street.wants(between(38, 52), *SOUTH, saying=["MAINS LOST"])
    street.at(1230).mains_back("CLF-04")
    street.wants(between(1238, 1255), *SOUTH, saying=["OK CLF-04"])
    street.at(2000).mains_lost("CLF-04", per_minute=1.5)
    street.wants(between(2008, 2022), *SOUTH, saying=["MAINS LOST"])
    street.wants(between(2300, 2330), *SOUTH, saying=["CLF-04", "fast battery drain"])
    street.plays(until=2500)


def test_a_battery_that_asks_to_be_replaced_hides_no_outage(street: Street) -> None:
    street.at(30).reads("CLF-04-ups", battery_replace=1.0)
    street.wants(between(65, 80), *SOUTH, saying=["CLF-04", "new battery"])
    street.at(200).silent("CLF-04-cam1")
    street.wants(between(222, 232), *SOUTH, saying=["CLF-04", "CLF-04-cam1"])
    street.plays(until=400)
    assert street.open() == {("CLF-04", "battery"): "battery_replace", ("CLF-04", "outage"): "camera_hung"}


def test_a_box_that_goes_dark_on_a_spent_battery_is_said_to_be_so(street: Street) -> None:
    street.at(30).mains_lost("CLF-04", charge=15, per_minute=3)
    street.wants(between(38, 55), *SOUTH, saying=["CLF-04", "MAINS LOST"])
    street.wants(between(38, 110), *SOUTH, saying=["CLF-04", "BATTERY"])
    street.at(240).silent("CLF-04")
    street.wants(between(251, 275), *SOUTH, saying=["CLF-04", "DARK", "battery empty"], silent_of=["THEFT"])
    street.runs(600)
    told = [(d.contact, d.text) for _, d in street.sent if "DARK" in d.text]
    assert [contact for contact, _ in told] == ["asif", "night-desk"]
    assert street.texts("THEFT") == []


# -- degraded ---------------------------------


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


# -- tamper ---------------------------------


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


# -- suspected theft or cut ---------------------------------


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


# -- the monitor itself ---------------------------------


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


# -- people ---------------------------------


def test_an_acknowledgement_is_kept_and_closes_nothing(street: Street) -> None:
    street.at(30).silent("GLS-01-cam2")
    street.wants(between(52, 62), *GULSHAN, saying=["GLS-01-cam2"])
    street.at(100).acknowledges("bina", "GLS-01", "outage").acknowledges("asif", "GLS-01", "outage")
    street.at(900).answers("GLS-01-cam2")
    street.wants(between(906, 920), *GULSHAN, saying=["OK GLS-01"])
    street.runs(500)
    incident = street.incident("GLS-01", "outage")
    assert (incident.acknowledged_by, incident.closed_at) == ("bina", None)
    assert "acknowledged by bina" in street.answers[0]
    assert "already acknowledged by bina" in street.answers[1]
    assert [a.by for a in street.journal.acknowledgements] == ["bina"]
    street.plays(until=1200)


def test_a_code_nobody_knows_acknowledges_nothing(street: Street) -> None:
    street.runs(10)
    with pytest.raises(ValueError, match="no open incident has the code XXXXXX"):
        street.core.acknowledge(street.clock.at, "XXXXXX", "bina")
    assert street.journal.acknowledgements == []


# -- configuration ---------------------------------


SEA_VIEW = "    name: Sea View\n"
WHOLE_BOX = SHIPPED.read_text(encoding="utf-8")[SHIPPED.read_text(encoding="utf-8").index("  CLF-04:\n") :]


def test_a_box_in_commissioning_is_watched_and_not_told(altered: Altered) -> None:
    street = Street(altered((SEA_VIEW, f"{SEA_VIEW}    status: commissioning\n")))
    street.at(30).silent("CLF-04-cam1").door_opens("CLF-01")
    street.wants(between(30, 36), *SOUTH, saying=["CLF-01", "DOOR OPEN"])
    street.plays(until=300)
    assert ("CLF-04", "outage") in street.open()
    assert ("CLF-04", "commissioning") in street.silences()


@pytest.mark.parametrize("status", ["planned", "retired"])
def test_boxes_planned_or_retired_raise_nothing(altered: Altered, status: str) -> None:
    street = Street(altered((SEA_VIEW, f"{SEA_VIEW}    status: {status}\n")))
    street.at(30).silent("CLF-04")
    street.plays(until=1000)
    assert street.journal.open_incidents() == []


def test_a_box_taken_into_service_by_a_reload_is_told_from_then_on(altered: Altered) -> None:
    street = Street(altered((SEA_VIEW, f"{SEA_VIEW}    status: commissioning\n")))
    street.at(30).silent("CLF-04-cam1")
    street.at(200).reloads(altered())
    street.wants(between(200, 215), *SOUTH, saying=["CLF-04-cam1"])
    street.plays(until=400)


def test_a_box_removed_by_a_reload_ends_its_incidents_with_that_reason(
    street: Street, altered: Altered
) -> None:
    street.at(30).silent("CLF-04-cam1")
    street.wants(between(52, 62), *SOUTH, saying=["CLF-04-cam1"])
    street.at(200).reloads(altered((WHOLE_BOX, "")))
    street.plays(until=600)
    assert street.open() == {}
    assert street.incident("CLF-04", "outage").close_reason == "removed"
    assert ("CLF-04", "removed") in street.silences()
    assert len(street.journal.configurations) == 2
    assert "CLF-04" in street.journal.configurations[1].diff


def test_a_bad_file_is_refused_with_its_errors_and_the_old_set_goes_on(
    street: Street, altered: Altered
) -> None:
    bad = altered((SEA_VIEW, f"{SEA_VIEW}    colour: blue\n"), rules=[("hold: 20s", "hold: soon")])
    street.at(20).reloads(bad)
    street.at(30).silent("CLF-04-cam1")
    street.wants(between(52, 62), *SOUTH, saying=["CLF-04-cam1"])
    street.plays(until=200)
    (refusal,) = street.answers
    assert "colour" in refusal
    assert "hold" in refusal
    assert len(refusal.splitlines()) == 2
    assert len(street.journal.configurations) == 1


def test_an_open_incident_stays_one_through_reloads_that_leave_its_box(
    street: Street, altered: Altered
) -> None:
    street.at(30).silent("GLS-01-cam2")
    street.wants(between(52, 62), *GULSHAN, saying=["GLS-01-cam2"])
    street.at(100).reloads(altered((SEA_VIEW, "    name: Sea View Road\n")))
    street.at(200).reloads(altered())
    street.at(300).answers("GLS-01-cam2")
    street.wants(between(306, 320), *GULSHAN, saying=["OK GLS-01"])
    street.plays(until=500)
    assert "Sea View Road" in street.answers[0]


def test_a_changed_threshold_holds_from_the_reload_on(street: Street, altered: Altered) -> None:
    street.at(30).loses_packets(0.2, "GLS-03-cam1")
    street.at(300).reloads(altered(rules=[("    above: 0.3\n", "    above: 0.15\n")]))
    street.wants(between(360, 375), "bina", saying=["packet loss"])
    street.plays(until=500)


def test_the_messages_of_a_reloaded_roster_go_to_those_it_names(street: Street, altered: Altered) -> None:
    street.at(20).reloads(
        altered(("role: on_call, number: +92 300 0000003", "role: on_call, number: +92 300 0000099"))
    )
    street.at(30).door_opens("CLF-01")
    street.wants(between(30, 36), *SOUTH, saying=["CLF-01", "DOOR OPEN"])
    street.plays(until=100)
    assert [d.number for _, d in street.sent if d.contact == "night-desk"] == ["+923000000099"]


# -- processes ---------------------------------


@pytest.mark.parametrize("cleanly", [True, False])
def test_a_restart_remembers_what_is_open_and_tells_nothing_twice(street: Street, cleanly: bool) -> None:
    street.at(30).silent("GLS-01-cam2").mains_lost("CLF-04").door_opens("CLF-01")
    street.wants(between(52, 62), *GULSHAN, saying=["GLS-01-cam2"])
    street.wants(between(38, 52), *SOUTH, saying=["CLF-04", "MAINS LOST"])
    street.wants(between(30, 36), *SOUTH, saying=["CLF-01", "DOOR OPEN"])
    street.at(100).watch_stops(cleanly)
    street.at(130).watch_starts()
    street.at(300).answers("GLS-01-cam2").mains_back("CLF-04").door_closes("CLF-01")
    street.wants(between(306, 320), *GULSHAN, saying=["OK GLS-01"])
    street.wants(between(308, 325), *SOUTH, saying=["OK CLF-04"])
    street.wants(between(300, 306), *SOUTH, saying=["OK CLF-01"])
    street.plays(until=500)


def test_what_healed_while_nobody_watched_is_resolved_by_the_first_sweeps(street: Street) -> None:
    street.at(30).silent("GLS-01-cam2")
    street.wants(between(52, 62), *GULSHAN, saying=["GLS-01-cam2"])
    street.at(100).watch_stops()
    street.at(150).answers("GLS-01-cam2")
    street.at(200).watch_starts()
    street.wants(between(206, 225), *GULSHAN, saying=["OK GLS-01"])
    street.plays(until=400)


def test_what_broke_while_nobody_watched_is_told_after_its_hold(street: Street) -> None:
    street.at(100).watch_stops()
    street.at(150).silent("GLS-01-cam2")
    street.at(200).watch_starts()
    street.wants(between(222, 235), *GULSHAN, saying=["GLS-01-cam2"])
    street.plays(until=400)


def test_a_theft_keeps_its_hold_for_the_police_through_a_restart(street: Street) -> None:
    street.at(30).silent("CLF-02")
    street.wants(between(41, 60), *SOUTH, saying=["SUSPECTED"])
    street.at(300).watch_stops()
    street.at(330).watch_starts()
    street.wants(between(630, 640), "police-clifton", saying=["SUSPECTED"])
    street.plays(until=900)


def test_the_teller_goes_on_when_the_watcher_hangs(street: Street) -> None:
    street.at(29).tell_stops()
    street.at(30).door_opens("CLF-01")
    street.at(40).watch_stops()
    street.at(50).tell_starts()
    street.wants(between(50, 51), *SOUTH, saying=["DOOR OPEN"])
    street.plays(until=300)


def test_what_was_owed_while_the_teller_was_gone_is_told_late_and_once(street: Street) -> None:
    street.at(29).tell_stops()
    street.at(30).door_opens("CLF-01")
    street.at(300).tell_starts()
    street.wants(between(300, 301), *SOUTH, saying=["DOOR OPEN"])
    street.at(400).tell_stops().tell_starts()
    street.plays(until=600)


def test_a_road_that_is_refused_for_a_while_is_tried_again(street: Street) -> None:
    street.at(0).channel_fails(*[Retryable("busy")] * 4)
    street.at(30).door_opens("CLF-01")
    street.wants(between(30, 60), *SOUTH, saying=["DOOR OPEN"])
    street.plays(until=300)


def test_a_message_whose_answer_was_lost_is_looked_for_before_it_is_sent_again(street: Street) -> None:
    street.channel.late.append(OutcomeUnknown("no answer"))
    street.at(30).door_opens("CLF-01")
    street.wants(between(30, 35.5), *SOUTH, saying=["DOOR OPEN"])
    street.plays(until=300)
    assert street.channel.found >= 1
    assert {d.status for d in street.tell_journal.deliveries.values()} == {DeliveryStatus.SENT}


def test_a_store_that_is_gone_stops_neither_judging_nor_telling(street: Street) -> None:
    street.sink.faults.extend(Retryable("disk full") for _ in range(50_000))
    street.at(30).silent("GLS-01-cam2")
    street.wants(between(52, 62), *GULSHAN, saying=["GLS-01-cam2"])
    street.plays(until=200)


# -- what the journal holds of it ---------------------------------


def test_every_owed_event_is_decided_and_every_silence_has_a_reason(street: Street) -> None:
    street.at(30).silent("CLF-02").mains_lost("SDR-01", "SDR-02").door_opens("GLS-01")
    street.runs(800)
    assert street.tell_journal.undecided() == []
    subjects = {decision.subject for decision in street.tell_journal.decisions}
    assert subjects == set(street.tell_journal.owed)
    assert all(decision.reason and decision.detail for decision in street.tell_journal.decisions)


def test_the_ledger_hears_when_a_device_was_truly_lost_and_when_it_was_back(street: Street) -> None:
    street.at(30).silent("GLS-01-cam2")
    street.at(300).answers("GLS-01-cam2")
    street.runs(400)
    mine = [t for t in street.journal.transitions if t.target == "GLS-01-cam2"]
    begun = street.journal.runs[0][0]
    assert [str(t.condition) for t in mine] == ["down", "up"]
    assert 30 <= (mine[0].since - begun) / 1000 <= 35
    assert 300 <= (mine[1].since - begun) / 1000 <= 305
    assert {c.device for c in street.journal.coverage.values()} == set(street.accepted.city.devices)
