"""Routers: positions, mobile signal, inputs; two generations of one maker that swap their coordinates."""

from __future__ import annotations

import pytest

from tests.collector.families import E, made, recording, some

PROFILE = {
    "advantech_conel": "conel",
    "fortinet_fortiextender": "fortiextender",
    "mikrotik_chateau": "mikrotik-router",
    "oneaccess": "oneaccess",
    "peplink": "peplink",
    "teltonika_otd500": "teltonika-rutos",
    "teltonika_rut240": "teltonika-legacy",
    "teltonika_rut360": "teltonika-rutos",
    "teltonika_rut950": "teltonika-rutos",
    "teltonika_rut955": "teltonika-legacy",
    "teltonika_rut956": "teltonika-rutos",
    "teltonika_rutm51": "teltonika-rutos",
    "teltonika_rutx11": "teltonika-rutos",
    "teltonika_trb500": "teltonika-rutos",
}
RUT = f"{E}.48690"


@pytest.mark.parametrize("name", PROFILE)
def test_each_recorded_router_is_recognised_as_what_it_is(name: str) -> None:
    result = recording(f"router/{name}")
    assert (result.profile, result.kind) == (PROFILE[name], "router")


@pytest.mark.parametrize(
    ("name", "signal"),
    [
        ("advantech_conel", -62),
        ("fortinet", -61),
        ("mikrotik_chateau", -65),
        ("oneaccess", -64),
        ("peplink", -68),
        ("teltonika_otd500", -69),
        ("teltonika_rut240", -103),
        ("teltonika_rut955", -55),
        ("teltonika_trb500", -50),
    ],
)
def test_signal_is_the_rssi_of_the_modem(name: str, signal: int) -> None:
    assert recording(f"router/{name}").values["signal_dbm"] == signal


def test_a_router_without_a_modem_has_no_signal() -> None:
    assert "signal_dbm" in recording("router/teltonika_rutm51").absent


@pytest.mark.parametrize("raw", ["0", "99", "113", "n/a", "", "-400", "17"])
def test_what_is_no_signal_is_no_number(raw: str) -> None:
    rows = {f"{RUT}.2.2.1.12.1": raw, f"{RUT}.1.6.0": "RUT9_R_00.07.06"}
    assert "signal_dbm" not in made(rows, f"{E}.8072.3.2.10").values


def test_the_second_modem_speaks_where_the_first_is_silent() -> None:
    rows = {f"{RUT}.2.2.1.12.1": "n/a", f"{RUT}.2.2.1.12.2": "-71", f"{RUT}.1.6.0": "RUTX"}
    assert made(rows).values["signal_dbm"] == -71
    peplink = f"{E}.23695.200.1.12.1.1.1.3"
    assert made({f"{peplink}.0": -9999, f"{peplink}.1": -77}, f"{E}.23695.1").values["signal_dbm"] == -77


def test_two_generations_give_one_position_in_the_right_order() -> None:
    """Lahore is at 31.5 north, 74.3 east; the legacy MIB gives longitude first."""
    rutos = made({f"{RUT}.3.1.0": "31.5204", f"{RUT}.3.2.0": "74.3587", f"{RUT}.1.6.0": "RUTX_R_00.07"})
    legacy = made({f"{RUT}.6.1.0": "74.3587", f"{RUT}.6.2.0": "31.5204", f"{RUT}.2.4.0": "-60"})
    assert (rutos.profile, legacy.profile) == ("teltonika-rutos", "teltonika-legacy")
    for result in (rutos, legacy):
        assert result.values["latitude_degrees"] == 31.5204
        assert result.values["longitude_degrees"] == 74.3587
        assert result.values["gps_fix"] == 1


def test_without_a_fix_there_is_no_position_and_no_fix() -> None:
    for name in ("teltonika_rut950", "teltonika_rut956"):
        result = recording(f"router/{name}")
        assert result.values["gps_fix"] == 0
        assert "no fix" in result.absent["latitude_degrees"]
        assert "no fix" in result.absent["longitude_degrees"]
    assert "n/a" in recording("router/teltonika_rut950").absent["gps_satellites"]
    assert recording("router/teltonika_rut956").values["gps_satellites"] == 0


def test_half_a_position_is_none() -> None:
    result = made({f"{RUT}.3.1.0": "31.5204", f"{RUT}.3.2.0": "n/a", f"{RUT}.1.6.0": "RUTX_R_00.07"})
    assert not some(result, "latitude_degrees", "longitude_degrees")


def test_only_inputs_are_inputs_and_their_levels_are_words() -> None:
    assert some(recording("router/teltonika_rut956"), "digital_input") == {
        "digital_input{din1}": 0,
        "digital_input{din2}": 1,
    }
    assert some(recording("router/teltonika_trb500"), "digital_input") == {"digital_input{dio1}": 0}


def test_an_inverted_input_is_turned_back() -> None:
    io = f"{RUT}.6.2.1"
    rows: dict[str, int | str] = {f"{RUT}.1.6.0": "RUTX_R_00.07"}
    for index, inverted in ((1, 0), (2, 1)):
        rows |= {
            f"{io}.2.{index}": f"din{index}",
            f"{io}.6.{index}": "High level",
            f"{io}.7.{index}": 1,
            f"{io}.8.{index}": inverted,
        }
    assert some(made(rows), "digital_input") == {"digital_input{din1}": 1, "digital_input{din2}": 0}


def test_byte_counters_never_come_out_negative() -> None:
    """The vendor's own counters wrap below zero in a signed integer; the IF-MIB's do not."""
    for name in ("teltonika_rut950", "teltonika_rutx11"):
        counted = some(recording(f"router/{name}"), "port_in_octets_total", "port_out_octets_total")
        assert counted
        assert all(float(value) >= 0 for value in counted.values())


def test_voltages_and_inputs_of_the_other_makers() -> None:
    conel = recording("router/advantech_conel").values
    assert (conel["supply_voltage_volts{supply}"], conel["digital_input{BIN0}"]) == (12.616, 1)
    assert some(recording("router/peplink"), "digital_input") == {
        "digital_input{DC Source A}": 1,
        "digital_input{DC Source B}": 0,
        "digital_input{DC Term- Block}": 0,
    }


def test_two_measures_of_one_signal_are_no_disagreement() -> None:
    for name in ("advantech_conel", "oneaccess"):
        assert not recording(f"router/{name}").notes
