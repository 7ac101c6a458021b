"""Cameras and recorders: what their recordings and their MIBs say, and what says nothing."""

from __future__ import annotations

import pytest

from tests.collector.families import E, column, made, recording, some

PROFILE = {
    "avigilon": "avigilon",
    "axis_i8116": "axis",
    "axis_p1375": "axis",
    "axis_p5676": "axis",
    "axis_q6074": "axis",
    "dahua": "dahua",
    "hikvision_ds": "hikvision",
    "hikvision_nvr": "hikvision-recorder",
    "illustra": "camera",
    "ionodes": "ionodes",
    "semac": "camera",
    "vivotek": "vivotek",
}


@pytest.mark.parametrize("name", PROFILE)
def test_each_recorded_camera_is_recognised_as_what_it_is(name: str) -> None:
    result = recording(f"camera/{name}")
    assert (result.profile, result.kind) == (PROFILE[name], "camera")


@pytest.mark.parametrize(
    ("object_id", "descr", "profile"),
    [
        (f"{E}.36849.1.2.39", "", "hanwha"),
        (f"{E}.8072.3.2.10", "Wisenet XNV-6080R", "hanwha"),
        ("", "MOBOTIX M73", "mobotix"),
        (f"{E}.3967.1", "", "bosch"),
        (f"{E}.8072.3.2.10", "Linux nvr 4.9.0 armv7l", "camera"),
        (f"{E}.1004849.2.10.3", "", "dahua"),
    ],
)
def test_makers_are_known_by_their_number_or_by_their_name(object_id: str, descr: str, profile: str) -> None:
    result = made({}, object_id, descr)
    assert (result.profile, result.kind) == (profile, "camera")


def test_the_branch_of_new_axis_firmware_is_read() -> None:
    values = recording("camera/axis_q6074").values
    assert (values["cpu_percent"], values["memory_percent"]) == (28, 43)
    assert (values["firmware"], values["serial"]) == ("12.10.68", "B8A44F000000")


def test_memory_of_axis_is_computed_where_no_percentage_is_told() -> None:
    assert recording("camera/axis_i8116").values["memory_percent"] == pytest.approx(47.9445, abs=1e-3)


def test_axis_states_mean_what_axis_video_mib_says() -> None:
    axis = f"{E}.368.4.1"
    result = made(
        {
            **column(f"{axis}.4.1.2", 1, 2),
            **column(f"{axis}.6.1.3", 1, 2),
            **column(f"{axis}.8.1.3", 1, 2),
            **column(f"{axis}.1.1.3.2", 1, 2),
            **column(f"{axis}.3.1.3.1", 1, 2, 3),
            **column(f"{axis}.3.1.4.1", 41, 0, 88),
        },
        f"{E}.368.1.1",
    )
    for metric, good, bad in (
        ("video_signal", 1, 0),
        ("casing_open", 0, 1),
        ("storage_failed", 0, 1),
        ("power_supply_ok", 1, 0),
    ):
        assert (result.values[f"{metric}{{1}}"], result.values[f"{metric}{{2}}"]) == (good, bad), metric
    assert some(result, "temperature_celsius") == {
        "temperature_celsius{1}": 41,
        "temperature_celsius{3}": 88,
    }
    assert "failed" in result.absent["temperature_celsius{2}"]


def test_hikvision_numbers_come_out_of_texts_with_units() -> None:
    values = recording("camera/hikvision_ds").values
    assert (values["cpu_percent"], values["memory_percent"]) == (15, 83)
    for said in ("n/a", "512 MB", "", "PERCENT"):
        result = made({f"{E}.39165.1.1.0": "DS-2CD", f"{E}.39165.1.11.0": said})
        assert result.profile == "hikvision"
        assert "memory_percent" not in result.values


def test_disks_of_a_hikvision_recorder_with_an_extra_zero_behind_their_index() -> None:
    disk = f"{E}.50001.1.241.1.3"
    raw = {f"{disk}.{n}.0": state for n, state in enumerate((0, 1, 2, 3, 5, 6, 10), 1)}
    result = made({**raw, f"{E}.50001.1.221.0": 5})
    assert [result.values[f"storage_failed{{{n}}}"] for n in range(1, 8)] == [0, 1, 1, 1, 0, 1, 0]


def test_a_constant_zero_of_a_dahua_oem_is_no_measurement() -> None:
    rows = {f"{E}.1004849.2.1.3.0": 0, f"{E}.1004849.2.1.9.2.0": 0}
    result = made(rows, f"{E}.1004849.2.10.3")
    assert "cpu_percent" not in result.values
    assert "constant 0" in result.absent["cpu_percent"]
    assert recording("camera/dahua").values["cpu_percent"] == 6


def test_volumes_of_a_dahua_recorder() -> None:
    rows = column(f"{E}.1004849.2.4.1.1.5", "Normal", "Error", "???")
    result = made(rows, f"{E}.1004849.2.10.2")
    assert some(result, "storage_failed") == {"storage_failed{1}": 0, "storage_failed{2}": 1}


def test_an_avigilon_without_an_index_and_one_with() -> None:
    bare = recording("camera/avigilon")
    assert bare.values["temperature_celsius{1}"] == 23
    assert bare.absent["storage_failed{1}"] == "state 1: no card is in"
    sensor = f"{E}.46202.1.1.1.1.1"
    rows = {**column(f"{sensor}.3", 1, 2), **column(f"{sensor}.4", 31, 0), f"{E}.46202.1.1.1.5.0": 10}
    indexed = made(rows, f"{E}.46202.1")
    assert some(indexed, "temperature_celsius", "storage_failed") == {
        "temperature_celsius{1}": 31,
        "storage_failed{1}": 1,
    }


def test_the_load_of_a_bosch_is_what_is_not_idle() -> None:
    rows = {**column(f"{E}.3967.1.1.9.1.1", 60, 80), **column(f"{E}.3967.1.1.7.1.1", 415)}
    values = made(rows, f"{E}.3967.1").values
    assert (values["cpu_percent"], values["temperature_celsius{1}"]) == (30, 41.5)


def test_an_encoder_without_video_says_so() -> None:
    assert recording("camera/ionodes").values["video_signal{1}"] == 1
    lost = made(column(f"{E}.40748.3.2.1.3", 0), f"{E}.40748.1.3")
    assert lost.values["video_signal{1}"] == 0


def test_a_camera_on_plain_linux_is_no_sensor_for_all_its_net_snmp_tables() -> None:
    result = recording("camera/semac")
    assert (result.kind, result.values["cpu_percent"]) == ("camera", 53)
