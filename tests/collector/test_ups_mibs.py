"""UPS and DC plant MIBs of which no recording is at hand: rows made up from the MIBs alone.

Each case gives rows in the MIB's own units and what they mean; scales, enumerations and sentinels
are the MIBs', not the profiles'.
"""

from __future__ import annotations

import pytest

from collector.probe import ProbeResult
from tests.collector.synthetic import Changes, made, on_battery

E = "1.3.6.1.4.1"
HW, DELTA, TLP, EDGE = f"{E}.2011.6.174.1", f"{E}.2254.2.4", f"{E}.850.1.1.3.1", f"{E}.41112.1.5"
SP2, HP, EES, HMS, LGP = (
    f"{E}.12148.10",
    f"{E}.7309.5.3.1",
    f"{E}.6302.2.1.2",
    f"{E}.5591.1.4",
    f"{E}.476.1.42.3.5",
)

HUAWEI: Changes = {
    f"{HW}.2.101.1.1.1": 3,
    f"{HW}.2.101.1.3.1": 4,
    f"{HW}.3.100.1.1.1": 2301,
    f"{HW}.3.100.1.2.1": 2295,
    f"{HW}.3.100.1.3.1": 2310,
    f"{HW}.3.100.1.4.1": 4998,
    f"{HW}.4.100.1.1.1": 2200,
    f"{HW}.4.100.1.14.1": 385,
    f"{HW}.6.100.1.1.1": 4330,
    f"{HW}.6.100.1.2.1": 12,
    f"{HW}.6.100.1.3.1": 97,
    f"{HW}.6.100.1.4.1": 5400,
    f"{HW}.6.100.1.6.1": 253,
    f"{HW}.2.100.1.5.1": "21023",
}
DELTA_UPS: Changes = {
    f"{DELTA}.5.1.0": 0,
    f"{DELTA}.7.1.0": 0,
    f"{DELTA}.7.4.0": 0,
    f"{DELTA}.7.5.0": 22,
    f"{DELTA}.7.6.0": 412,
    f"{DELTA}.7.7.0": 5,
    f"{DELTA}.7.8.0": 99,
    f"{DELTA}.7.9.0": 31,
    f"{DELTA}.4.2.0": 501,
    f"{DELTA}.4.3.0": 2302,
    f"{DELTA}.4.6.0": 0,
    f"{DELTA}.5.4.0": 2299,
    f"{DELTA}.5.7.0": 40,
    f"{DELTA}.8.2.0": 1,
}
TRIPP: Changes = {
    f"{TLP}.3.3.1.1.1.1": 3,
    f"{TLP}.3.1.1.1.2.1": 0,
    f"{TLP}.3.1.1.1.3.1": 37,
    f"{TLP}.3.1.1.1.4.1": 96,
    f"{TLP}.3.1.1.1.5.1": 0,
    f"{TLP}.3.1.2.1.1.1": 547,
    f"{TLP}.3.1.5.1.1.1.1": 1,
    f"{TLP}.3.2.2.1.2.1.1": 599,
    f"{TLP}.3.2.2.1.3.1.1": 1212,
    f"{TLP}.3.3.2.1.2.1.1": 1200,
    f"{TLP}.3.3.2.1.5.1.1": 33,
    f"{TLP}.2.1.1.7.1": 284,
}
EDGEPOWER: Changes = {
    f"{EDGE}.1.1.0": "EP-54V-150W",
    f"{EDGE}.2.2.1.2.1": 54120,
    f"{EDGE}.3.2.1.2.1": 1,
    f"{EDGE}.3.2.1.2.2": 2,
    f"{EDGE}.3.2.1.3.1": 1,
    f"{EDGE}.3.2.1.3.2": 3,
    f"{EDGE}.3.2.1.4.1": 1,
    f"{EDGE}.3.2.1.4.2": 1,
    f"{EDGE}.3.2.1.5.2": 52300,
    f"{EDGE}.3.2.1.8.2": 4,
    f"{EDGE}.3.2.1.9.2": 88,
    f"{EDGE}.3.2.1.10.2": 720000,
    f"{EDGE}.3.2.1.11.2": 1,
    f"{EDGE}.4.2.1.3.1": 41500,
}
SMARTPACK: Changes = {
    f"{SP2}.10.5.5.0": 5352,
    f"{SP2}.10.6.5.0": 0,
    f"{SP2}.10.7.5.0": 27,
    f"{SP2}.10.8.5.0": 540,
    f"{SP2}.3.4.1.6.1": 231,
    f"{SP2}.5.3.5.0": 18,
}
CORDEX_HP: Changes = {
    f"{HP}.6.0": 229400,
    f"{HP}.10.0": 54010,
    f"{HP}.12.0": 53990,
    f"{HP}.13.0": 150,
    f"{HP}.14.0": 26500,
    f"{HP}.31.0": 8500,
}
NETSURE: Changes = {
    f"{EES}.2.0": 53500,
    f"{EES}.5.1.0": 53450,
    f"{EES}.5.2.0": 200,
    f"{EES}.5.3.0": 100000,
    f"{EES}.6.1.0": 229000,
    f"{EES}.7.1.0": 24500,
    f"{EES}.7.2.0": -999999,
    f"{EES}.9.0": 2,
}
STREET: Changes = {
    f"{HMS}.2.1.22.1": 8900,
    f"{HMS}.2.1.23.1": 22950,
    f"{HMS}.2.1.24.1": 1,
    f"{HMS}.2.1.27.1": 1,
    f"{HMS}.2.1.34.1": 2,
}
LIEBERT: Changes = {
    f"{LGP}.1.8.0": 2,
    f"{LGP}.1.18.0": 65535,
    f"{LGP}.1.19.0": 94,
    f"{LGP}.3.55.0": 3,
    f"{LGP}.2.3.1.3.1.1": f"{LGP}.2.1.1",
    f"{LGP}.2.3.1.3.2.1": f"{LGP}.2.1.5",
    f"{LGP}.2.3.1.5.1.1": 231,
    f"{LGP}.2.3.1.5.2.1": 229,
    f"{LGP}.2.3.1.19.2.1": 41,
    f"{LGP}.2.4.1.2.1": f"{LGP}.2.1.6",
    f"{LGP}.2.4.1.4.1": 272,
}

CASES: list[tuple[str, str, Changes, dict[str, float | str]]] = [
    (
        "huawei-ups",
        f"{E}.8072.3.2.10",
        HUAWEI,
        {
            "input_voltage_volts{1}": 230.1,
            "input_voltage_volts{3}": 231,
            "input_frequency_hertz{1}": 49.98,
            "output_load_percent{1}": 38.5,
            "battery_voltage_volts": 433,
            "battery_current_amperes": 1.2,
            "battery_charge_percent": 97,
            "battery_runtime_seconds": 5400,
            "battery_temperature_celsius": 25.3,
            "serial": "21023",
        },
    ),
    (
        "delta-ups",
        f"{E}.2254.2.4",
        DELTA_UPS,
        {
            "battery_runtime_seconds": 1320,
            "battery_voltage_volts": 41.2,
            "battery_current_amperes": 0.5,
            "battery_temperature_celsius": 31,
            "input_voltage_volts{1}": 230.2,
            "input_frequency_hertz{1}": 50.1,
            "output_voltage_volts{1}": 229.9,
            "output_load_percent{1}": 40,
            "battery_replace": 0,
        },
    ),
    (
        "tripplite",
        f"{E}.850.1.1.1",
        TRIPP,
        {
            "battery_runtime_seconds": 2220,
            "battery_charge_percent": 96,
            "battery_voltage_volts": 54.7,
            "input_frequency_hertz{1}": 59.9,
            "input_voltage_volts{1}": 121.2,
            "output_load_percent{1}": 33,
            "temperature_celsius{ups}": 28.4,
            "battery_replace": 0,
        },
    ),
    (
        "edgepower",
        f"{E}.41112.1.5",
        EDGEPOWER,
        {
            "battery_charge_percent": 88,
            "battery_runtime_seconds": 7200,
            "battery_voltage_volts": 52.3,
            "battery_replace": 0,
            "output_voltage_volts{1}": 54.12,
            "temperature_celsius{1}": 41.5,
            "model": "EP-54V-150W",
        },
    ),
    (
        "eltek-smartpack",
        f"{E}.12148.10",
        SMARTPACK,
        {
            "battery_voltage_volts": 53.52,
            "battery_temperature_celsius": 27,
            "battery_runtime_seconds": 32400,
            "input_voltage_volts{1}": 231,
            "output_load_percent{dc}": 18,
        },
    ),
    (
        "alpha-cordex-hp",
        f"{E}.7309.5.3",
        CORDEX_HP,
        {
            "input_voltage_volts{1}": 229.4,
            "output_voltage_volts{dc}": 54.01,
            "battery_voltage_volts": 53.99,
            "battery_current_amperes": 0.15,
            "battery_temperature_celsius": 26.5,
            "battery_runtime_seconds": 30600,
        },
    ),
    (
        "vertiv-netsure",
        f"{E}.6302.2.1",
        NETSURE,
        {
            "output_voltage_volts{dc}": 53.5,
            "battery_current_amperes": 0.2,
            "battery_charge_percent": 100,
            "input_voltage_volts{1}": 229,
            "temperature_celsius{1}": 24.5,
        },
    ),
    (
        "scte-power-supply",
        f"{E}.5591.1.4",
        STREET,
        {
            "input_voltage_volts{1}": 229.5,
            "output_voltage_volts{1}": 89,
            "door_open{1}": 0,
            "self_test_running": 0,
        },
    ),
    (
        "liebert",
        f"{E}.476.1.42",
        LIEBERT,
        {
            "battery_charge_percent": 94,
            "battery_voltage_volts": 272,
            "input_voltage_volts{1}": 231,
            "output_voltage_volts{1}": 229,
            "output_load_percent{1}": 41,
        },
    ),
]
BY_NAME = {name: (identity, rows) for name, identity, rows, _ in CASES}


@pytest.mark.parametrize(("name", "identity", "rows", "meant"), CASES, ids=[name for name, *_ in CASES])
def test_a_device_of_this_mib_is_recognised_and_read_in_base_units(
    name: str, identity: str, rows: Changes, meant: dict[str, float | str]
) -> None:
    result = made(identity, rows)
    assert result.profile == name
    assert {key: result.values.get(key) for key in meant} == meant
    assert on_battery(result) == (0, 1)


def with_rows(name: str, changes: Changes) -> ProbeResult:
    identity, rows = BY_NAME[name]
    return made(identity, {**rows, **changes})


ON_BATTERY: list[tuple[str, Changes]] = [
    ("huawei-ups", {f"{HW}.2.101.1.1.1": 4, f"{HW}.3.100.1.1.1": 0}),
    ("huawei-ups", {f"{HW}.2.101.1.1.1": 7}),
    ("delta-ups", {f"{DELTA}.5.1.0": 1, f"{DELTA}.7.4.0": 40}),
    ("tripplite", {f"{TLP}.3.3.1.1.1.1": 5, f"{TLP}.3.1.1.1.2.1": 12}),
    ("edgepower", {f"{EDGE}.3.2.1.4.1": 0, f"{EDGE}.3.2.1.3.2": 1}),
    ("eltek-smartpack", {f"{SP2}.3.4.1.6.1": 0, f"{SP2}.10.6.5.0": -31}),
    ("alpha-cordex-hp", {f"{HP}.6.0": 0, f"{HP}.13.0": -8200}),
    ("vertiv-netsure", {f"{EES}.6.1.0": 0, f"{EES}.9.0": 8}),
    ("scte-power-supply", {f"{HMS}.2.1.24.1": 2, f"{HMS}.2.1.34.1": 1}),
    ("liebert", {f"{LGP}.3.55.0": 5, f"{LGP}.2.3.1.5.1.1": 0}),
]


@pytest.mark.parametrize(("name", "changes"), ON_BATTERY, ids=[name for name, _ in ON_BATTERY])
def test_its_battery_carries_the_load(name: str, changes: Changes) -> None:
    assert on_battery(with_rows(name, changes)) == (1, 0)


NO_OUTAGE: list[tuple[str, Changes]] = [
    ("huawei-ups", {f"{HW}.2.101.1.1.1": 2}),
    ("huawei-ups", {f"{HW}.2.101.1.1.1": 6}),
    ("delta-ups", {f"{DELTA}.5.1.0": 1, f"{DELTA}.7.4.0": 4, f"{DELTA}.8.2.0": 2}),
    ("tripplite", {f"{TLP}.3.3.1.1.1.1": 9}),
    ("tripplite", {f"{TLP}.3.3.1.1.1.1": 5, f"{TLP}.3.1.1.1.2.1": 4, f"{TLP}.2.1.1.6.1": 5}),
    ("edgepower", {f"{EDGE}.3.2.1.4.1": 0, f"{EDGE}.3.2.1.3.2": 1, f"{EDGE}.3.2.1.8.2": 0}),
    ("eltek-smartpack", {f"{SP2}.10.6.5.0": -31}),
    ("alpha-cordex-hp", {f"{HP}.13.0": -8200}),
    ("vertiv-netsure", {f"{EES}.9.0": 4, f"{EES}.5.2.0": -9000}),
    ("scte-power-supply", {f"{HMS}.2.1.24.1": 3}),
    ("liebert", {f"{LGP}.3.55.0": 4}),
    ("liebert", {f"{LGP}.3.55.0": 5, f"{LGP}.1.8.0": 4}),
]


@pytest.mark.parametrize(("name", "changes"), NO_OUTAGE, ids=[name for name, _ in NO_OUTAGE])
def test_its_bypass_eco_mode_self_test_or_dc_feed_is_no_outage(name: str, changes: Changes) -> None:
    assert with_rows(name, changes).values["on_battery"] == 0


@pytest.mark.parametrize(
    ("name", "where", "raw", "key"),
    [
        ("huawei-ups", f"{HW}.6.100.1.4.1", 4294967295, "battery_runtime_seconds"),
        ("huawei-ups", f"{HW}.6.100.1.6.1", 2147483647, "battery_temperature_celsius"),
        ("huawei-ups", f"{HW}.6.100.1.3.1", 1000, "battery_charge_percent"),
        ("huawei-ups", f"{HW}.3.100.1.2.1", 0, "input_voltage_volts{2}"),
        ("delta-ups", f"{DELTA}.4.6.0", 0, "input_voltage_volts{2}"),
        ("edgepower", f"{EDGE}.3.2.1.8.2", 0, "battery_charge_percent"),
        ("vertiv-netsure", f"{EES}.7.2.0", -999999, "temperature_celsius{2}"),
        ("liebert", f"{LGP}.1.18.0", 65535, "battery_runtime_seconds"),
        ("tripplite", f"{E}.850.101.1.1.1.0", -273, "temperature_celsius{ambient}"),
    ],
)
def test_its_sentinels_are_absent_with_a_reason(name: str, where: str, raw: int, key: str) -> None:
    result = with_rows(name, {where: raw})
    assert key not in result.values
    assert result.absent[key]


def test_a_tamper_of_a_street_power_supply_is_its_door() -> None:
    assert with_rows("scte-power-supply", {f"{HMS}.2.1.27.1": 2}).values["door_open{1}"] == 1


def test_riellos_own_copy_of_the_ups_mib_is_read_like_the_standard_one() -> None:
    own = f"{E}.5491.10.1"
    rows: Changes = {
        f"{own}.4.1.0": 3,
        f"{own}.2.2.0": 0,
        f"{own}.2.3.0": 38,
        f"{own}.2.4.0": 100,
        f"{own}.2.5.0": 2726,
        f"{own}.3.3.1.3.1": 232,
    }
    result = made(f"{E}.5491.304", rows)
    assert result.profile == "riello"
    assert on_battery(result) == (0, 1)
    assert result.values["battery_runtime_seconds"] == 2280
    assert result.values["battery_voltage_volts"] == 272.6
    assert on_battery(made(f"{E}.5491.304", {**rows, f"{own}.4.1.0": 5, f"{own}.2.2.0": 9})) == (1, 0)
