"""On battery or not by the vendors' own MIBs: battery, self-test, bypass, eco, DC feed, alarm rows.

Each case is synthetic: a real recording on mains with the rows changed that such a device changes.
"""

from __future__ import annotations

import pytest

from tests.collector.synthetic import Changes, changed, on_battery

UPS = "1.3.6.1.2.1.33.1"
E = "1.3.6.1.4.1"
CPS, XPPC, XUPS, MGE = f"{E}.3808.1.1.1", f"{E}.935.1.1.1", f"{E}.534.1", f"{E}.705.1"
SOCOMEC, DELTA, POINT = f"{E}.4555.1.1.7.1", f"{E}.2254.2.4", f"{E}.476.1.42.3.9.20.1.20.1.2.1"
LGP, ITA2, DCS = f"{E}.476.1.42.3.5", f"{E}.13400.2.54.2", f"{E}.13400.3.4.491.1.1"
CORDEX, SMU, ELTEK, WEBCARD = (
    f"{E}.7309.4.1.6.2.2.1.3",
    f"{E}.2011.6.164.1",
    f"{E}.12148.9",
    f"{E}.13400.2.1.3.1",
)
DEAD_XPPC = {f"{XPPC}.8.2.*": 0, f"{XPPC}.3.2.1.0": 0, f"{UPS}.3.3.1.3.*": 0}

BATTERY: list[tuple[str, Changes]] = [
    ("cyberpower_pr2200rt2uc", {f"{CPS}.4.1.1.0": 3, f"{CPS}.2.1.2.0": 6000}),
    ("powerwalker_vfi-500r1u", {f"{CPS}.4.1.1.0": 3, f"{UPS}.4.1.0": 5, f"{UPS}.2.2.0": 60}),
    ("invt_netagent2", {f"{XPPC}.4.1.1.0": 3}),
    ("phoenixtec_ppc-fullwalk", {f"{XPPC}.4.1.1.0": 3, f"{XPPC}.2.1.2.0": 60}),
    ("phoenixtec_ppc-fullwalk", {f"{XPPC}.4.1.1.0": 3, f"{XPPC}.2.1.2.0": 0, **DEAD_XPPC}),
    ("eaton_9px-1000i-m2-empg2-contacts", {f"{XUPS}.4.5.0": 5, f"{UPS}.2.2.0": 30}),
    ("eaton_5px-3000", {f"{MGE}.7.3.0": 1, f"{UPS}.2.2.0": 30}),
    ("eaton_93ps-20kw", {f"{MGE}.7.3.0": 1, f"{UPS}.4.1.0": 5, f"{UPS}.2.2.0": 30}),
    ("socomec_netvision8", {f"{SOCOMEC}.2.1.0": 5, f"{SOCOMEC}.2.2.0": 30, f"{SOCOMEC}.3.3.1.2.1": 0}),
    ("delta_e1500rtxl2u", {f"{DELTA}.5.1.0": 1, f"{DELTA}.7.4.0": 20}),
    ("delta_e1500rtxl2u", {f"{DELTA}.5.1.0": 0, f"{UPS}.4.1.0": 5, f"{UPS}.2.2.0": 20}),
    ("liebert_apm", {f"{POINT}.4872": "Battery"}),
    ("liebert_apm", {f"{LGP}.3.55.0": 5, f"{LGP}.1.25.0": 60}),
    ("alpha_cordex-cxrc", {f"{CORDEX}.5": 0}),
    ("huawei_smu-gse200m", {f"{SMU}.5.2.1.1.4.1": 0, f"{SMU}.4.2.1.0": -7}),
    ("huawei_smu-gse200m", {f"{SMU}.5.2.1.1.4.1": 0, f"{SMU}.4.2.1.0": None, f"{SMU}.4.2.3.0": 3}),
    ("eltek_webpower", {**{f"{ELTEK}.6.{n}.0": 0 for n in (1, 2, 3)}, f"{ELTEK}.3.3.0": -58}),
    ("vertiv_ita2", {f"{ITA2}.2.1.0": 0, f"{ITA2}.5.4.0": 900}),
    ("vertiv_smartcabinet-dcs", {f"{DCS}.2.1": 0}),
    ("emerson_ups-webcard-fullwalk", {f"{WEBCARD}.3.2.1.0": 0}),
    ("sinetica_upscontroller", {f"{E}.13891.101.4.1.0": 5, f"{E}.13891.101.2.2.0": 60}),
]


@pytest.mark.parametrize(
    ("name", "changes"), BATTERY, ids=[f"{n}-{name}" for n, (name, _) in enumerate(BATTERY)]
)
def test_the_battery_carries_the_load_when_status_and_time_or_dead_mains_say_so(
    name: str, changes: Changes
) -> None:
    assert on_battery(changed(name, {})) == (0, 1)
    assert on_battery(changed(name, changes)) == (1, 0)


SELF_TEST: list[tuple[str, Changes]] = [
    ("cyberpower_pr2200rt2uc", {f"{CPS}.4.1.1.0": 3, f"{CPS}.2.1.2.0": 500, f"{CPS}.7.2.3.0": 4}),
    ("cyberpower_pr2200rt2uc", {f"{CPS}.4.1.1.0": 3, f"{CPS}.2.1.2.0": 500, f"{CPS}.3.2.5.0": 4}),
    ("cyberpower_pr2200rt2uc", {f"{CPS}.4.1.1.0": 3, f"{CPS}.2.1.2.0": 90000, f"{CPS}.7.2.7.0": 3}),
    ("phoenixtec_ppc-fullwalk", {f"{XPPC}.4.1.1.0": 3, f"{XPPC}.2.1.2.0": 9, f"{XPPC}.7.2.3.0": 4}),
    ("eaton_9px-1000i-m2-empg2-contacts", {f"{XUPS}.4.5.0": 5, f"{UPS}.2.2.0": 9, f"{XUPS}.8.2.0": 4}),
    ("eaton_9px-1000i-m2-empg2-contacts", {f"{XUPS}.4.5.0": 5, f"{UPS}.2.2.0": 9, f"{XUPS}.2.5.0": 7}),
    ("eaton_5px-3000", {f"{MGE}.7.3.0": 1, f"{UPS}.2.2.0": 9, f"{UPS}.7.3.0": 5}),
    ("socomec_netvision8", {f"{SOCOMEC}.2.1.0": 4, f"{SOCOMEC}.2.2.0": 9}),
    ("delta_e1500rtxl2u", {f"{DELTA}.5.1.0": 1, f"{DELTA}.7.4.0": 9, f"{DELTA}.8.2.0": 2}),
    ("delta_e1500rtxl2u", {f"{DELTA}.5.1.0": 1, f"{DELTA}.7.4.0": 9, f"{DELTA}.9.9.0": 1}),
    ("liebert_apm", {f"{LGP}.3.55.0": 5, f"{LGP}.1.25.0": 9, f"{LGP}.1.8.0": 4}),
    (
        "tripplite_smart1500rmxl2ua-2alarms",
        {f"{E}.850.1.1.3.1.3.3.1.1.1.1": 10, f"{E}.850.1.1.3.1.3.2.2.1.3.1.1": 1220},
    ),
]


@pytest.mark.parametrize(
    ("name", "changes"), SELF_TEST, ids=[f"{n}-{name}" for n, (name, _) in enumerate(SELF_TEST)]
)
def test_a_self_test_beside_living_mains_is_no_outage(name: str, changes: Changes) -> None:
    result = changed(name, changes)
    assert result.values["on_battery"] == 0
    assert result.values["self_test_running"] == 1


OTHER_SOURCES: list[tuple[str, str, list[int]]] = [
    ("cyberpower_pr2200rt2uc", f"{CPS}.4.1.1.0", [4, 8, 9, 10]),  # boost, eco, bypass, buck
    ("phoenixtec_ppc-fullwalk", f"{XPPC}.4.1.1.0", [4, 6, 9]),
    ("eaton_9px-1000i-m2-empg2-contacts", f"{XUPS}.4.5.0", [4, 6, 7, 8, 9, 10, 11, 12]),
    ("socomec_netvision8", f"{SOCOMEC}.4.1.0", [2, 5, 6, 9, 10]),
    ("delta_e1500rtxl2u", f"{DELTA}.5.1.0", [2, 3, 4, 5]),
    ("liebert_apm", f"{LGP}.3.55.0", [4, 6, 7]),
    ("tripplite_smart1500rmxl2ua-2alarms", f"{E}.850.1.1.3.1.3.3.1.1.1.1", [4, 6, 7, 8, 9]),
    ("sinetica_upscontroller", f"{E}.13891.101.4.1.0", [4, 6, 7]),
]


@pytest.mark.parametrize(("name", "where", "states"), OTHER_SOURCES, ids=[name for name, *_ in OTHER_SOURCES])
def test_bypass_eco_boost_and_trim_are_mains(name: str, where: str, states: list[int]) -> None:
    for state in states:
        assert on_battery(changed(name, {where: state})) == (0, 1), state


DC_FED: list[tuple[str, Changes]] = [
    ("cyberpower_pr2200rt2uc", {f"{CPS}.4.1.1.0": 3, f"{CPS}.2.1.2.0": 0}),
    ("phoenixtec_ppc-fullwalk", {f"{XPPC}.4.1.1.0": 3, f"{XPPC}.2.1.2.0": 0}),
    ("eaton_5px-3000", {f"{MGE}.7.3.0": 1, f"{UPS}.2.2.0": 0}),
    ("socomec_netvision8", {f"{SOCOMEC}.2.1.0": 5, f"{SOCOMEC}.2.2.0": -1}),
    ("delta_e1500rtxl2u", {f"{DELTA}.5.1.0": 1, f"{DELTA}.7.4.0": 0}),
    ("liebert_apm", {f"{LGP}.3.55.0": 5, f"{LGP}.1.25.0": 0}),
    ("alpha_cordex-cxrc", {f"{CORDEX}.4": -5000}),
    ("huawei_smu-gse200m", {f"{SMU}.4.2.1.0": -7, f"{SMU}.4.2.3.0": 3}),
    ("eltek_webpower", {f"{ELTEK}.3.3.0": -58}),
]


@pytest.mark.parametrize(("name", "changes"), DC_FED, ids=[name for name, _ in DC_FED])
def test_a_battery_that_feeds_beside_living_mains_with_no_time_running_is_no_outage(
    name: str, changes: Changes
) -> None:
    assert changed(name, changes).values["on_battery"] == 0


@pytest.mark.parametrize("name", ["cyberpower_pr2200rt2uc", "phoenixtec_ppc-fullwalk", "delta_e1500rtxl2u"])
def test_an_alarm_row_of_a_bad_battery_asks_for_a_new_one_beside_a_vendors_mib(name: str) -> None:
    bad: Changes = {f"{UPS}.6.1.0": 1, f"{UPS}.6.2.1.2.1": f"{UPS}.6.3.1"}
    assert changed(name, bad).values["battery_replace"] == 1
    assert changed(name, {f"{UPS}.6.1.0": 0}).values["battery_replace"] == 0


REPLACE: list[tuple[str, Changes]] = [
    ("cyberpower_pr2200rt2uc", {f"{CPS}.2.2.5.0": 2}),
    ("phoenixtec_ppc-fullwalk", {f"{XPPC}.2.2.5.0": 2}),
    ("eaton_5px-3000", {f"{MGE}.5.11.0": 1}),
    ("eaton_9px-1000i-m2", {f"{XUPS}.2.9.0": 1}),
    ("delta_e1500rtxl2u", {f"{DELTA}.7.1.0": 2}),
    ("tripplite_smart1500rmxl2ua-2alarms", {f"{E}.850.1.1.3.1.3.1.5.1.1.1.1": 3, f"{UPS}.6.1.0": 0}),
]


@pytest.mark.parametrize(("name", "changes"), REPLACE, ids=[name for name, _ in REPLACE])
def test_a_vendors_own_word_for_a_battery_to_replace_is_read(name: str, changes: Changes) -> None:
    assert changed(name, changes).values["battery_replace"] == 1


@pytest.mark.parametrize("raw", [52, -52])
def test_a_discharge_is_negative_whatever_sign_the_agent_uses(raw: int) -> None:
    """RFC 1628 names no sign; on battery the current leaves it."""
    dead: Changes = {f"{UPS}.4.1.0": 5, f"{UPS}.2.2.0": 120, f"{UPS}.3.3.1.3.*": 0, f"{UPS}.2.6.0": raw}
    assert changed("riello_netman204", dead).values["battery_current_amperes"] == -5.2
    assert changed("riello_netman204", {f"{UPS}.2.6.0": raw}).values["battery_current_amperes"] == raw / 10


def test_xups_counts_a_discharge_positive_and_is_turned() -> None:
    name = "eaton_9px-1000i-m2"
    on: Changes = {f"{XUPS}.4.5.0": 5, f"{UPS}.2.2.0": 9, f"{XUPS}.2.3.0": 12}
    assert changed(name, on).values["battery_current_amperes"] == -12
    assert changed(name, {f"{XUPS}.2.3.0": -2}).values["battery_current_amperes"] == 2
    assert str(changed(name, {f"{XUPS}.2.3.0": 0}).values["battery_current_amperes"]) == "0"


@pytest.mark.parametrize(
    ("name", "changes", "kept"),
    [
        ("phoenixtec_ppc-fullwalk", {f"{UPS}.2.7.0": 12}, "battery_temperature_celsius: 12"),
        ("eaton_5px-3000", {f"{UPS}.2.3.0": 5}, "battery_runtime_seconds: 300"),
        ("apc_smx750i-door-contact", {f"{UPS}.4.4.1.2.1": 110}, "output_voltage_volts{1}: 110"),
        ("cyberpower_pr2200rt2uc", {f"{UPS}.2.4.0": 20}, "battery_charge_percent: 20"),
    ],
)
def test_where_two_mibs_of_one_device_disagree_grossly_probe_says_so(
    name: str, changes: Changes, kept: str
) -> None:
    plain, odd = changed(name, {}), changed(name, changes)
    assert not any(kept.split(":")[0] in note for note in plain.notes)
    assert any(note.startswith(kept) for note in odd.notes), odd.notes
    key = kept.split(":")[0]
    assert odd.values[key] == plain.values[key], "the preferred source still wins"
