"""Switches: what their recordings and their MIBs say, as an operator reads it."""

from __future__ import annotations

import pytest

from tests.collector.families import E, column, made, recording, some

PROFILE = {
    "advantech_eki": "advantech-eki",
    "cisco_c9200l": "cisco",
    "cisco_cbs250": "cisco-small-business",
    "cisco_ie2000": "cisco",
    "cisco_ie3200": "cisco",
    "cts_ips": "cts",
    "dlink_dgs": "dlink",
    "hirschmann_ms4128": "hirschmann",
    "hirschmann_rs": "hirschmann",
    "hp_e2910al": "hp",
    "juniper_ex3400": "juniper",
    "linksys_lgs318p": "linksys",
    "metel_ipswitch": "metel",
    "mikrotik_css106": "mikrotik",
    "mikrotik_css610": "mikrotik",
    "mikrotik_rb5009upr": "mikrotik",
    "mikrotik_rb760igs": "mikrotik",
    "moxa_eds-p510a": "moxa-eds-p510a",
    "moxa_iks-6728a": "moxa-iks-6728a-8poe",
    "nexans": "nexans",
    "planet_igs": "switch-vendors",
    "tplink_sg2218p": "tplink",
    "ubiquiti_es-24": "fastpath",
    "ubiquiti_usw-flex": "fastpath",
    "zte_zxr10": "switch-vendors",
}


@pytest.mark.parametrize("name", PROFILE)
def test_each_recorded_switch_is_recognised_as_what_it_is(name: str) -> None:
    result = recording(f"switch/{name}")
    assert (result.profile, result.kind) == (PROFILE[name], "switch")


def test_a_fragment_without_identity_falls_back_to_its_entity_sensors() -> None:
    result = recording("switch/westermo_sensors")
    assert result.profile == "entity-contacts"
    assert result.values["temperature_celsius{Anonymized 176}"] == 50


def test_a_metel_pole_box_tells_its_supplies_its_warmth_and_its_camera_ports() -> None:
    values = some(
        recording("switch/metel"), "temperature_celsius", "supply_voltage_volts", "poe_port_delivering"
    )
    assert values == {
        "temperature_celsius{box}": 32.3,
        "supply_voltage_volts{1}": 48.6,
        "supply_voltage_volts{2}": 4.7,
        "poe_port_delivering{1}": 1,
        "poe_port_delivering{2}": 0,
    }


def test_ports_of_a_metel_count_from_one_in_every_metric() -> None:
    result = recording("switch/metel")
    assert {"port_up{1}", "port_up{2}", "port_up{3}", "port_up{4}"} <= set(result.values)


@pytest.mark.parametrize(
    ("name", "watts"),
    [
        ("advantech_eki", {3: 6.4, 4: 8.9, 5: 6.2, 6: 5.7, 7: 5.6, 1: 0, 2: 0, 8: 0}),
        ("cisco_cbs250", {13: 10.767, 14: 8.607, 15: 4.879, 17: 10.82, 19: 3.537}),
        ("mikrotik_css106", {2: 1.9, 3: 1.6, 4: 0, 5: 2.6}),
        ("moxa_iks-6728a", {1: 6, 2: 21, 3: 5, 5: 5, 8: 4}),
        ("moxa_eds-p510a", {1: 0, 2: 0, 3: 3, 4: 2, 5: 3, 6: 2, 7: 3, 8: 3}),
    ],
)
def test_watts_of_each_port_are_what_its_vendors_table_says(name: str, watts: dict[int, float]) -> None:
    result = recording(f"switch/{name}")
    assert some(result, "poe_port_power_watts") == {
        f"poe_port_power_watts{{{port}}}": value for port, value in watts.items()
    }
    if "mikrotik" not in name:
        for port, value in watts.items():
            assert result.values[f"poe_port_delivering{{{port}}}"] == (value > 0)


def test_a_port_without_a_powered_device_has_no_watts_rather_than_minus_one() -> None:
    absent = recording("switch/moxa_iks-6728a").absent
    assert {absent[f"poe_port_power_watts{{{port}}}"] for port in (4, 6, 7)} == {
        "sentinel -1: no powered device"
    }


def test_a_port_whose_number_is_an_ifindex_keeps_it() -> None:
    result = recording("switch/linksys_lgs318p")
    assert result.values["poe_port_power_watts{62}"] == 4.5
    assert result.values["poe_port_delivering{62}"] == 1
    assert result.values["port_name{62}"] == "gi14"


def test_a_short_circuit_is_a_fault_and_no_delivery() -> None:
    values = recording("switch/mikrotik_css106").values
    assert (values["poe_port_fault{4}"], values["poe_port_delivering{4}"]) == (1, 0)
    assert (values["poe_port_fault{2}"], values["poe_port_delivering{2}"]) == (0, 1)


@pytest.mark.parametrize(
    ("name", "supplies"),
    [
        ("cisco_ie2000", {"Sw1, PSA": 1, "Sw1, PSB": 0}),
        ("hirschmann_rs", {"1": 1, "2": 0}),
        ("hirschmann_ms4128", {"1": 1, "2": 1}),
        ("moxa_eds-p510a", {"1": 1, "2": 1}),
        ("juniper_ex3400", {"Power Supply 0 @ 0/0/*": 1, "Power Supply 1 @ 0/1/*": 1}),
    ],
)
def test_a_failed_supply_is_told_from_one_that_works(name: str, supplies: dict[str, int]) -> None:
    assert some(recording(f"switch/{name}"), "power_supply_ok") == {
        f"power_supply_ok{{{supply}}}": state for supply, state in supplies.items()
    }


@pytest.mark.parametrize(
    ("name", "supply"),
    [("cisco_ie3200", "Sw1, PSB"), ("hp_e2910al", "RPS Power Supply"), ("cisco_cbs250", "67109186")],
)
def test_an_empty_slot_is_neither_good_nor_bad(name: str, supply: str) -> None:
    result = recording(f"switch/{name}")
    assert "not present" in result.absent[f"power_supply_ok{{{supply}}}"]


def test_a_label_does_not_change_with_the_state_that_stands_in_its_name() -> None:
    status, name = f"{E}.9.9.13.1.3.1", "SW#1, Sensor#1, "
    labels = {
        key
        for word, state in (("GREEN", 1), ("YELLOW", 2), ("RED", 3))
        for key in some(
            made({f"{status}.2.7": name + word, f"{status}.3.7": 46, f"{status}.6.7": state}, f"{E}.9.1.1"),
            "temperature_celsius",
        )
    }
    assert labels == {"temperature_celsius{SW#1, Sensor#1}"}


def test_voltages_of_redundant_inputs_are_in_volts_whatever_the_agent_counts_in() -> None:
    assert recording("switch/mikrotik_rb5009upr").values["supply_voltage_volts{jack-voltage}"] == 49.3
    swos = some(recording("switch/mikrotik_css610"), "supply_voltage_volts")
    assert swos == {"supply_voltage_volts{psu1}": 28.13, "supply_voltage_volts{psu2}": 54.18}


def test_a_part_without_a_sensor_is_not_asked_again() -> None:
    result = recording("switch/juniper_ex3400")
    named = {key for key in (*result.values, *result.absent) if key.startswith("temperature")}
    assert named == {
        "temperature_celsius{FPC: EX3400-48T @ 0/*/*}",
        "temperature_celsius{Routing Engine 0}",
    }


def test_a_measurement_that_is_switched_off_is_no_load_of_zero() -> None:
    assert "switched off" in recording("switch/hirschmann_ms4128").absent["cpu_percent"]
    assert recording("switch/hirschmann_rs").values["cpu_percent"] == 42


def states(result_of: str, root: str, of: str, *raw: int) -> list[float | str | None]:
    result = made(column(root, *raw), of)
    return [result.values.get(f"{result_of}{{{port}}}") for port in range(1, len(raw) + 1)]


HIOS, G6 = f"{E}.248.11.12.1.1.3.1", f"{E}.3181.10.6.1.33.101.1"


def test_states_of_power_mean_what_each_mib_says_of_them() -> None:
    hios = f"{E}.248.11.2.1"
    assert states("poe_port_delivering", f"{HIOS}.3", hios, 1, 2, 3, 4, 5, 6) == [0, 0, 1, 0, 0, 0]
    assert states("poe_port_fault", f"{HIOS}.3", hios, 1, 2, 3, 4, 5, 6) == [0, 0, 0, 1, 0, 1]
    assert states("poe_port_delivering", f"{G6}.2", f"{E}.3181.1", 0, 1, 2, 3, 5) == [0, 0, 0, 1, 0]
    assert states("poe_port_fault", f"{G6}.2", f"{E}.3181.1", 0, 3, 5, 7, 77) == [0, 0, 1, 1, None]
    tplink = f"{E}.11863.6.56.1.1.2.1.1.11"
    assert states("poe_port_delivering", tplink, f"{E}.11863.1", 0, 1, 2, 3) == [0, 0, 1, 0]
    assert states("poe_port_fault", tplink, f"{E}.11863.1", 2, 3, 4, 5, 9) == [0, 1, 1, 0, 1]


def test_huawei_texts_become_states_and_its_milliwatts_watts() -> None:
    port = f"{E}.2011.5.25.195.3.1"
    result = made(
        {
            **column(f"{port}.6", "on", "off", "off"),
            **column(f"{port}.7", "Delivering-power", "Detecting", "Power overload"),
            **column(f"{port}.10", 5300, 0, 0),
        },
        f"{E}.2011.2.23.98",
    )
    assert result.profile == "huawei-switch"
    assert [result.values[f"poe_port_delivering{{{n}}}"] for n in (1, 2, 3)] == [1, 0, 0]
    assert [result.values[f"poe_port_fault{{{n}}}"] for n in (1, 2, 3)] == [0, 0, 1]
    assert result.values["poe_port_power_watts{1}"] == 5.3


def test_netonix_ports_and_rails() -> None:
    n = f"{E}.46242"
    result = made(
        {
            **column(f"{n}.5.1.2", "Off", "24V", "48V", "48VH"),
            **column(f"{n}.4.1.2", "DC in", "24V"),
            **column(f"{n}.4.1.3", 5412, 2391),
            f"{n}.6.0": 235,
        },
        descr="Netonix WS-12-250-DC",
    )
    assert (result.profile, result.values["model"]) == ("netonix", "WS-12-250-DC")
    assert [result.values[f"poe_port_delivering{{{p}}}"] for p in (1, 2, 3, 4)] == [0, 1, 1, 1]
    assert result.values["supply_voltage_volts{DC in}"] == 54.12
    assert result.values["poe_power_watts{total}"] == 23.5


@pytest.mark.parametrize(
    ("object_id", "root"),
    [
        (f"{E}.9.1.1208", f"{E}.9.9.402.1.2.1.9.1"),
        (f"{E}.11.2.3.7.11.160", f"{E}.11.2.14.11.1.9.1.1.1.8.1"),
        (f"{E}.4413", f"{E}.4413.1.1.15.1.1.1.2.1"),
        (f"{E}.9.6.1.83.10.1", f"{E}.9.6.1.101.108.1.1.5.1"),
        (f"{E}.248.11.2.1", f"{HIOS}.2"),
        (f"{E}.3181.1", f"{G6}.6"),
    ],
)
def test_milliwatts_of_every_vendor_are_watts_beside_rfc_3621(object_id: str, root: str) -> None:
    rfc3621 = column("1.3.6.1.2.1.105.1.1.1.6.1", 3, 2)
    result = made({**column(root, 6800, 0), **rfc3621}, object_id)
    assert result.values["poe_port_power_watts{1}"] == 6.8
    assert result.values["poe_port_delivering{1}"] == 1
    assert result.values["poe_port_delivering{2}"] == 0


def test_where_a_state_and_watts_are_told_the_state_wins() -> None:
    """A port in its first seconds of power draws nothing yet and is on all the same."""
    rows = column(f"{E}.3955.1000.201.108.1.1.5.1", 0, first=49) | column(
        "1.3.6.1.2.1.105.1.1.1.6.1", 3, first=49
    )
    assert made(rows, f"{E}.3955.1000.1").values["poe_port_delivering{49}"] == 1


def test_ports_of_a_stack_keep_their_groups_apart() -> None:
    rows = column("1.3.6.1.2.1.105.1.1.1.6.1", 3, 2) | column("1.3.6.1.2.1.105.1.1.1.6.2", 2, 3)
    values = some(made(rows, f"{E}.9.1.2694"), "poe_port_delivering")
    assert values == {
        "poe_port_delivering{1.1}": 1,
        "poe_port_delivering{1.2}": 0,
        "poe_port_delivering{2.1}": 0,
        "poe_port_delivering{2.2}": 1,
    }


def test_westermo_tells_its_inputs_by_truth_values() -> None:
    name, sensor = "1.3.6.1.2.1.47.1.1.1.1.7", "1.3.6.1.2.1.99.1.1.1"
    result = made(
        {
            **column(name, "DC1", "DC2", "Digital In"),
            **column(f"{sensor}.1", 12, 12, 12),
            **column(f"{sensor}.4", 1, 2, 1),
            **column(f"{sensor}.5", 1, 1, 1),
        },
        f"{E}.16177.2.1",
    )
    assert result.profile == "westermo"
    assert some(result, "power_supply_ok", "contact_active") == {
        "power_supply_ok{DC1}": 1,
        "power_supply_ok{DC2}": 0,
        "contact_active{Digital In}": 1,
    }


def test_an_unknown_switch_is_read_by_what_standard_mibs_it_answers() -> None:
    rows = {"1.3.6.1.2.1.17.1.2.0": 8, **column("1.3.6.1.2.1.2.2.1.8", 1, 2)}
    result = made(rows, f"{E}.99999.7")
    assert (result.profile, result.kind) == ("switch", "switch")
    assert result.values["port_up{1}"] == 1
    assert any("bridge" in why for why in result.why)
