"""Delta Orion plants (ORION-BASE-MIB): the recording with the scalars that other firmware answers besides."""

from __future__ import annotations

import pytest

from tests.collector.synthetic import Changes, changed, made, on_battery

ORION = "1.3.6.1.4.1.20246.2.3.1.1.1.2"
MAINS_FAILURE, CHARGE_STATE = f"{ORION}.2.5.0", f"{ORION}.3.5.0"
CALM: Changes = {
    MAINS_FAILURE: 1,
    CHARGE_STATE: 1,
    f"{ORION}.2.17.0": 2,
    f"{ORION}.3.1.0": 5431,
    f"{ORION}.3.3.0": 12,
    f"{ORION}.3.4.0": 221,
}


def plant(changes: Changes) -> object:
    return on_battery(changed("delta_orion-rectifier", {**CALM, **changes}))


def test_the_scalars_of_a_plant_are_read_in_base_units() -> None:
    values = changed("delta_orion-rectifier", CALM).values
    assert values["output_voltage_volts{dc}"] == 54.31
    assert values["battery_current_amperes"] == 1.2
    assert values["battery_temperature_celsius"] == 22.1
    assert values["alarms_present"] == 2


@pytest.mark.parametrize(
    ("changes", "meant"),
    [
        ({}, (0, 1)),
        ({MAINS_FAILURE: 2, CHARGE_STATE: 2}, (1, 0)),
        ({MAINS_FAILURE: 2}, (1, 0)),
        ({MAINS_FAILURE: None, CHARGE_STATE: 2}, (1, 0)),
        ({CHARGE_STATE: 2}, (0, 1)),
        ({CHARGE_STATE: 3}, (0, 1)),
        ({CHARGE_STATE: 6}, (0, 1)),
        ({CHARGE_STATE: 5}, (0, 1)),
    ],
    ids=[
        "float",
        "mains failed",
        "alarm alone",
        "no alarm object",
        "beside mains",
        "equalize",
        "recharge",
        "test",
    ],
)
def test_mains_alarm_and_charge_state_say_whether_the_battery_carries_the_load(
    changes: Changes, meant: tuple[int, int]
) -> None:
    assert plant(changes) == meant


def test_a_battery_test_is_a_running_self_test() -> None:
    assert changed("delta_orion-rectifier", {**CALM, CHARGE_STATE: 5}).values["self_test_running"] == 1


def test_a_discharging_battery_has_a_negative_current_whatever_sign_the_plant_gives_it() -> None:
    for raw in (153, -153):
        result = changed("delta_orion-rectifier", {**CALM, CHARGE_STATE: 2, f"{ORION}.3.3.0": raw})
        assert result.values["battery_current_amperes"] == -15.3


def test_measurements_are_found_by_their_name_in_whatever_row_they_stand() -> None:
    names, numbers = f"{ORION}.9.1.1.2", f"{ORION}.9.1.1.3"
    result = made(
        "1.3.6.1.4.1.20246",
        {
            f"{names}.1": "Ibatt",
            f"{names}.2": "State of Charge",
            f"{names}.3": "Tbatt",
            f"{names}.4": "Vsys",
            f"{names}.5": "Room Temp",
            f"{numbers}.1": -42,
            f"{numbers}.2": 88,
            f"{numbers}.3": 251,
            f"{numbers}.4": 4987,
            f"{numbers}.5": 2147483647,
        },
    )
    assert result.values == {
        "battery_current_amperes": -4.2,
        "battery_charge_percent": 88,
        "battery_temperature_celsius": 25.1,
        "output_voltage_volts{dc}": 49.87,
    }
    assert result.absent["temperature_celsius{Room Temp}"] == "sentinel 2147483647: not present"
