"""On battery or not: real recordings, changed by hand (synthetic), for each way a UPS can say it.

No recording of a UPS on battery exists; each case starts from a real one on mains and changes
the rows that such a device would change.
"""

from __future__ import annotations

import pytest

from collector.snmp.session import TIMETICKS
from tests.collector.recorded import rows_of
from tests.collector.synthetic import Changes, changed, on_battery
from tests.peers import shared_devices

UPS = "1.3.6.1.2.1.33.1"
APC = "1.3.6.1.4.1.318.1.1.1"

RFC1628 = [
    "abb_upscale-cs141",
    "cyberpower_pr2200rt2uc",
    "delta_e1500rtxl2u",
    "eaton_93ps-20kw",
    "eaton_9px-1000i-m2",
    "istars_swv4.25",
    "liebert_apm",
    "powerwalker_vfi-500r1u",
    "riello_netman204",
    "rittal_pmc-generex-cs121",
    "santak_array-3a3-webpower-fullwalk",
    "tripplite_smart1500rmxl2ua-2alarms",
]
POWERNET = [
    "apc_smart-ups-1500",
    "apc_smx750i-door-contact",
    "apc_sua750i",
    "apc_sua1500rmi2u",
    "apc_powerchute-smart-ups-1000",
]


@pytest.mark.parametrize("name", [*RFC1628, *POWERNET, "multimatic_upscale-cs141-bypass"])
def test_the_recordings_themselves_are_on_mains(name: str) -> None:
    assert on_battery(changed(name, {})) == (0, 1)


@pytest.mark.parametrize("name", RFC1628)
def test_rfc1628_source_battery_with_seconds_and_dead_inputs_is_on_battery(name: str) -> None:
    dead: Changes = {f"{UPS}.4.1.0": 5, f"{UPS}.2.2.0": 120, f"{UPS}.3.3.1.3.*": 0}
    assert on_battery(changed(name, dead)) == (1, 0)


@pytest.mark.parametrize("name", RFC1628)
def test_rfc1628_the_alarm_row_agrees_where_seconds_are_not_counted(name: str) -> None:
    alarm: Changes = {
        f"{UPS}.4.1.0": 5,
        f"{UPS}.2.2.0": None,
        f"{UPS}.6.1.0": 1,
        f"{UPS}.6.2.1.2.1": f"{UPS}.6.3.2",
        f"{UPS}.3.3.1.3.*": 0,
    }
    assert on_battery(changed(name, alarm)) == (1, 0)


@pytest.mark.parametrize("name", RFC1628)
def test_rfc1628_an_inverter_fed_by_dc_is_never_on_battery(name: str) -> None:
    """Source battery for ever, 0 seconds, status normal, no alarm; with or without input lines."""
    fed: Changes = {f"{UPS}.4.1.0": 5, f"{UPS}.2.2.0": 0, f"{UPS}.2.1.0": 2, f"{UPS}.6.1.0": 0}
    for inputs in ({}, {f"{UPS}.3.3.1.3.*": 0}, {f"{UPS}.3.3.*": None}):
        assert on_battery(changed(name, {**fed, **inputs}))[0] == 0


@pytest.mark.parametrize("name", RFC1628)
def test_rfc1628_a_self_test_is_no_outage(name: str) -> None:
    testing: Changes = {f"{UPS}.4.1.0": 5, f"{UPS}.2.2.0": 10, f"{UPS}.7.3.0": 5}
    result = changed(name, testing)
    assert result.values["on_battery"] == 0
    assert result.values["self_test_running"] == 1


def test_rfc1628_mains_that_dies_during_a_self_test_is_an_outage() -> None:
    both: Changes = {f"{UPS}.4.1.0": 5, f"{UPS}.2.2.0": 10, f"{UPS}.7.3.0": 5, f"{UPS}.3.3.1.3.*": 0}
    assert changed("delta_e1500rtxl2u", both).values["on_battery"] == 1


@pytest.mark.parametrize("name", RFC1628)
@pytest.mark.parametrize("source", [4, 6, 7])
def test_rfc1628_bypass_booster_and_reducer_are_mains(name: str, source: int) -> None:
    assert on_battery(changed(name, {f"{UPS}.4.1.0": source})) == (0, 1)


@pytest.mark.parametrize("source", [0, -1, 99, 2**31 - 1])
def test_rfc1628_a_source_out_of_its_enumeration_decides_nothing(source: int) -> None:
    result = changed("riello_netman204", {f"{UPS}.4.1.0": source, f"{UPS}.2.2.0": None})
    assert "on_battery" not in result.values


def test_rfc1628_seconds_alone_do_not_outvote_a_normal_source() -> None:
    assert changed("eaton_93ps-20kw", {f"{UPS}.2.2.0": 40}).values["on_battery"] == 0


@pytest.mark.parametrize("name", POWERNET)
def test_powernet_on_battery_with_time_and_dead_mains(name: str) -> None:
    dead: Changes = {
        f"{APC}.4.1.1.0": 3,
        f"{APC}.2.1.2.0": 6000,
        f"{APC}.3.2.5.0": 4,
        f"{APC}.3.2.1.0": 0,
        f"{APC}.3.3.1.0": 0,
    }
    result = changed(name, dead)
    assert on_battery(result) == (1, 0)
    assert result.values["time_on_battery_seconds"] == 60


def test_a_dc_plant_that_discharges_beside_healthy_mains_is_not_on_battery() -> None:
    result = changed("alpha_cordex-cxrc", {})
    assert result.values["battery_current_amperes"] == -3.76
    assert result.values["on_battery"] == 0


@pytest.mark.parametrize("name", POWERNET)
def test_powernet_status_alone_is_believed_where_nothing_denies_it(name: str) -> None:
    assert on_battery(changed(name, {f"{APC}.4.1.1.0": 3, f"{APC}.2.1.2.0": None})) == (1, 0)


@pytest.mark.parametrize("name", POWERNET)
@pytest.mark.parametrize(
    "test",
    [
        {f"{APC}.4.1.1.0": 15},
        {f"{APC}.4.1.1.0": 3, f"{APC}.2.1.2.0": 500, f"{APC}.3.2.5.0": 9},
        {f"{APC}.4.1.1.0": 3, f"{APC}.2.1.2.0": 500, f"{APC}.7.2.3.0": 4},
        {f"{APC}.4.1.1.0": 3, f"{APC}.2.1.2.0": 500, f"{APC}.11.1.1.0": "0" * 9 + "1" + "0" * 54},
    ],
    ids=["onBatteryTest", "cause selfTest", "testInProgress", "calibration flag"],
)
def test_powernet_a_self_test_is_no_outage(name: str, test: Changes) -> None:
    result = changed(name, test)
    assert result.values["on_battery"] == 0
    assert result.values["self_test_running"] == 1


@pytest.mark.parametrize("name", POWERNET)
@pytest.mark.parametrize("status", [4, 6, 9, 10, 12, 13, 16, 20])
def test_powernet_boost_trim_bypass_and_eco_are_mains(name: str, status: int) -> None:
    assert on_battery(changed(name, {f"{APC}.4.1.1.0": status})) == (0, 1)


def test_powernet_replace_and_ticks_are_read() -> None:
    result = changed("apc_sua750i", {f"{APC}.2.2.4.0": 2})
    assert result.values["battery_replace"] == 1
    assert rows_of(shared_devices() / "ups" / "apc_sua750i.snmprec")[f"{APC}.2.2.3.0"][0] == TIMETICKS
    assert result.values["battery_runtime_seconds"] == 4380
