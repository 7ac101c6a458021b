"""Mains and batteries of the shipped city from probe to SMS, and that nothing else is sent."""

from __future__ import annotations

from tests.app.street import SOUTH, Street, between


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
