"""Cabinet sensors: temperatures, humidity, doors and contacts, in the words of each maker."""

from __future__ import annotations

import pytest

from tests.collector.families import E, column, made, recording, some

PROFILE = {
    "akcp": "akcp",
    "apc_netbotz750": "netbotz",
    "apc_sensors": "apc-sensors",
    "asentria_siteboss-360": "siteboss-360",
    "asentria_siteboss-571": "siteboss-571",
    "asentria_siteboss-572": "siteboss-572",
    "avtech": "avtech",
    "dantherm": "dantherm",
    "eaton_sc200": "eaton-sc200",
    "geist": "geist",
    "gude": "gude",
    "hwgroup_poseidon": "hwgroup",
    "hwgroup_ste2": "hwgroup",
    "linux_rpi": "linux-extend",
    "nti_e-micro": "nti",
    "nti_enviromux": "nti",
    "packetflux": "sitemonitor",
    "papouch": "papouch",
    "rittal_cmc-tc": "rittal-cmc",
    "snr_erd": "snr-erd",
    "teracom": "teracom",
}


@pytest.mark.parametrize("name", PROFILE)
def test_each_recorded_sensor_is_recognised_as_what_it_is(name: str) -> None:
    result = recording(f"sensor/{name}")
    assert (result.profile, result.kind) == (PROFILE[name], "sensor")


@pytest.mark.parametrize(
    ("name", "doors"),
    [
        ("asentria_siteboss-360", {"Door Sensor": 0, "USAF Door": 1}),
        ("asentria_siteboss-571", {"Back Door": 0, "Front Door": 0}),
        (
            "eaton_sc200",
            {
                "Cabdoor-Left Bay": 0,
                "Cabdoor-Middle Bay": 1,
                "Cabdoor-Power Pod": 0,
                "Cabdoor-Right Bay": 0,
            },
        ),
        ("linux_rpi", {"Cabinet door": 1}),
    ],
)
def test_doors_of_the_recordings(name: str, doors: dict[str, int]) -> None:
    assert some(recording(f"sensor/{name}"), "door_open") == {
        f"door_open{{{door}}}": state for door, state in doors.items()
    }


def test_a_line_of_an_extend_script_is_named_by_the_line_before() -> None:
    line = f"{E}.8072.1.3.2.4.1.2.4.103.112.105.111"
    definition = "id{n},state,{name},,,,;{one};{zero};"
    rows = column(
        line,
        definition.format(n=1, name="Cabinet door", one="1,2,Open", zero="0,0,Closed"),
        "1",
        definition.format(n=2, name="Rear door", one="1,0,Closed", zero="0,2,Open"),
        "1",
        definition.format(n=3, name="Flood", one="1,2,Wet", zero="0,0,Dry"),
        "0",
        definition.format(n=4, name="Hatch", one="1,2,Open", zero="0,0,Closed"),
        "no reading",
    )
    result = made(rows, f"{E}.8072.3.2.10", profile="linux-extend")
    assert some(result, "door_open", "contact_active") == {
        "door_open{Cabinet door}": 1,
        "door_open{Rear door}": 0,
        "contact_active{Flood}": 0,
    }
    assert "no reading" in result.absent["door_open{Hatch}"]


def test_scripts_named_after_what_they_tell() -> None:
    first = f"{E}.8072.1.3.2.3.1.1"

    def script(name: str) -> str:
        return f"{first}.{len(name)}." + ".".join(str(octet) for octet in name.encode())

    rows = {
        script("door_front"): "OPEN",
        script("door_rear"): "closed",
        script("box_temp"): "temp=41.9'C",
        script("humidity"): "63 %",
        script("backup"): "17",
    }
    result = made(rows, f"{E}.8072.3.2.10", profile="linux-extend")
    assert some(result, "door_open", "temperature_celsius", "humidity_percent") == {
        "door_open{door_front}": 1,
        "door_open{door_rear}": 0,
        "temperature_celsius{box_temp}": 41.9,
        "humidity_percent{humidity}": 63,
    }


def test_tenths_win_over_whole_degrees() -> None:
    values = some(recording("sensor/akcp"), "temperature_celsius")
    assert values == {
        "temperature_celsius{Temp.Sensor 1}": 22.1,
        "temperature_celsius{Temp.Sensor 2}": 20,
        "temperature_celsius{Temp.Sensor Carrier}": 19.9,
    }


def test_an_akcp_without_tenths_in_fahrenheit() -> None:
    probe = f"{E}.3854.1.2.2.1.16.1"
    rows: dict[str, int | str] = {
        f"{probe}.1.0": "Box",
        f"{probe}.3.0": 104,
        f"{probe}.5.0": 1,
        f"{probe}.12.0": 0,
    }
    assert made(rows | {f"{probe}.14.0": 0}, f"{E}.3854.1").values["temperature_celsius{Box}"] == 40
    assert made(rows, f"{E}.3854.1").values["temperature_celsius{Box}"] == 40


@pytest.mark.parametrize("root", [f"{E}.3854.2.3", f"{E}.3854.3.5"])
def test_the_newer_trees_of_akcp(root: str) -> None:
    rows: dict[str, int | str] = {}
    for column_number, value in ((2, "Box"), (4, 31), (5, "C"), (8, 1)):
        rows[f"{root}.2.1.{column_number}.0"] = value
    for place, (name, status, online) in enumerate(
        (("Door", 4, 1), ("Water", 2, 1), ("Spare", 1, 1), ("Gone", 4, 2))
    ):
        rows |= {
            f"{root}.4.1.2.{place}": name,
            f"{root}.4.1.6.{place}": status,
            f"{root}.4.1.8.{place}": online,
        }
    result = made(rows, f"{E}.3854.3.2.1")
    assert some(result, "temperature_celsius", "door_open", "contact_active") == {
        "temperature_celsius{Box}": 31,
        "door_open{Door}": 1,
        "contact_active{Water}": 0,
    }
    assert "offline" in result.absent["contact_active{Gone}"]


@pytest.mark.parametrize(
    ("root", "object_id"), [(f"{E}.5528.100", f"{E}.5528.100.20.10"), (f"{E}.52674.500", f"{E}.52674.500")]
)
def test_netbotz_under_both_of_its_numbers(root: str, object_id: str) -> None:
    rows = {
        **column(f"{root}.4.1.1.1.8", 27),
        **column(f"{root}.4.1.1.1.4", "Rack"),
        **column(f"{root}.4.2.2.1.2", 0, 1, -1),
        **column(f"{root}.4.2.2.1.4", "Front", "Rear", "Spare"),
        **column(f"{root}.4.2.1.1.3", 0, 3),
        **column(f"{root}.4.2.1.1.4", "Mains", "Flood"),
    }
    result = made(rows, object_id)
    assert some(result, "temperature_celsius", "door_open", "contact_active") == {
        "temperature_celsius{Rack}": 27,
        "door_open{Front}": 1,
        "door_open{Rear}": 0,
        "contact_active{Mains}": 0,
        "contact_active{Flood}": 1,
    }
    assert result.absent["door_open{Spare}"] == "state -1: no reading"


def test_an_environment_manager_in_either_unit_and_contacts_against_their_normal_state() -> None:
    ems = f"{E}.318.1.1.10.3"
    rows: dict[str, int | str] = {
        **column(f"{ems}.13.1.1.2", "Box"),
        **column(f"{ems}.13.1.1.3", 104),
        **column(f"{ems}.13.1.1.6", 55),
        **column(f"{ems}.14.1.1.2", "Door", "Flood", "Gate", "Smoke"),
        **column(f"{ems}.14.1.1.3", 2, 2, 1, 1),
        **column(f"{ems}.14.1.1.4", 1, 2, 1, 2),
        f"{ems}.12.11.0": 2,
    }
    result = made(rows, f"{E}.318.1.3.8.3")
    assert some(result, "temperature_celsius", "humidity_percent", "door_open", "contact_active") == {
        "temperature_celsius{Box}": 40,
        "humidity_percent{Box}": 55,
        "door_open{Door}": 1,
        "door_open{Gate}": 0,
        "contact_active{Flood}": 0,
        "contact_active{Smoke}": 1,
    }
    celsius = made(rows | {f"{ems}.12.11.0": 1, f"{ems}.13.1.1.3.1": 40}, f"{E}.318.1.3.8.3")
    assert celsius.values["temperature_celsius{Box}"] == 40
    unit_unknown = made({k: v for k, v in rows.items() if ".12.11" not in k}, f"{E}.318.1.3.8.3")
    assert not some(unit_unknown, "temperature_celsius")


@pytest.mark.parametrize(
    ("model", "place", "raw", "celsius"),
    [(6, "1.1.1.2", 22, 22), (3, "1.2.1", 22, 22), (9, "1.1.1.1", 2312, 23.12), (10, "1.1.1", 2312, 23.12)],
)
def test_each_room_alert_counts_in_its_own_unit(model: int, place: str, raw: int, celsius: float) -> None:
    result = made({f"{E}.20916.1.{model}.{place}.0": raw}, f"{E}.20916.1.{model}")
    assert list(some(result, "temperature_celsius").values()) == [celsius]
    empty = made({f"{E}.20916.1.{model}.{place}.0": 0}, f"{E}.20916.1.{model}")
    assert not some(empty, "temperature_celsius")


def test_hw_group_tells_percent_from_degrees_and_a_lost_sensor_from_a_cold_one() -> None:
    values = recording("sensor/hwgroup_poseidon").values
    assert values["humidity_percent{H.Servidores}"] == 29.6
    assert values["temperature_celsius{T.C4c}"] == 29.1
    assert recording("sensor/hwgroup_ste2").values["contact_active{Flood}"] == 0
    sensor = f"{E}.21796.3.3.3.1"
    rows = {
        **column(f"{sensor}.2", "A", "B", "C", "D"),
        **column(f"{sensor}.4", 1, 0, 5, 1),
        **column(f"{sensor}.6", 215, -9999, 581, 1040),
        **column(f"{sensor}.9", 0, 0, 0, 1),
    }
    assert some(made(rows, f"{E}.21796.3.3"), "temperature_celsius") == {
        "temperature_celsius{A}": 21.5,
        "temperature_celsius{C}": 58.1,
        "temperature_celsius{D}": 40,
    }


def test_a_control_output_of_a_cmc_is_no_temperature() -> None:
    values = recording("sensor/rittal_cmc-tc").values
    assert not any("Control" in key for key in values)
    assert values["temperature_celsius{Server-Out-Temperat.}"] == 25
    assert values["contact_active{Leakage Sensor}"] == 0


def test_variables_of_a_cmc_iii_are_known_by_their_names() -> None:
    table = f"{E}.2606.7.4.2.2.1"
    rows = {
        **column(
            f"{table}.3.1",
            "Temperature.DescName",
            "Temperature.Value",
            "Temperature.SetPtHighAlarm",
            "Humidity.Value",
            "Access.Status",
            "Input 1.Status",
        ),
        **column(f"{table}.10.1", "Temperature", "24.30 °C", "55.00 °C", "41 %", "Open", "OK"),
        f"{table}.3.2.1": "Temperature.Value",
        f"{table}.10.2.1": "104.0 °F",
    }
    result = made(rows, f"{E}.2606.7")
    assert sorted(some(result, "temperature_celsius").values()) == [24.3, 40]
    assert some(result, "humidity_percent", "door_open", "contact_active") == {
        "humidity_percent{Humidity}": 41,
        "door_open{Access}": 1,
        "contact_active{Input 1}": 0,
    }


def test_vutlan_elements_by_type_and_state() -> None:
    element = f"{E}.39052.1.3.1"
    rows = {
        **column(f"{element}.6", "temperature", "humidity", "door", "door", "leak", "temperature"),
        **column(f"{element}.7", "Box", "Box RH", "Front", "Rear", "Flood", "Spare"),
        **column(f"{element}.8", "normal", "high alarm", "alarm", "normal", "normal", "not connected"),
        **column(f"{element}.9", "36.4", "91.2", "1", "0", "0", "0"),
    }
    result = made(rows, f"{E}.39052", "Vutlan EMS")
    assert some(result, "temperature_celsius", "humidity_percent", "door_open", "contact_active") == {
        "temperature_celsius{Box}": 36.4,
        "humidity_percent{Box RH}": 91.2,
        "door_open{Front}": 1,
        "door_open{Rear}": 0,
        "contact_active{Flood}": 0,
    }
    assert "not connected" in result.absent["temperature_celsius{Spare}"]


def test_a_siteboss_knows_which_contact_is_in_its_abnormal_position() -> None:
    active = some(recording("sensor/asentria_siteboss-360"), "contact_active")
    assert active["contact_active{AC Fail}"] == 0
    assert len(active) > 10
    point = f"{E}.3052.10.1.1.1.1"
    rows = {
        **column(f"{point}.2.1.2", 2, 2, 2),
        **column(f"{point}.4.1.2", "AC Fail", "Front Door", "unnamed"),
        **column(f"{point}.5.1.2", 1, 1, 2),
        **column(f"{point}.6.1.2", 0, 1, 0),
        **column(f"{point}.7.1.2", "open", "Open", "closed"),
    }
    result = made(rows, f"{E}.3052.10.1", "SiteBoss 550 2.08")
    assert result.profile == "siteboss-550"
    assert some(result, "contact_active", "door_open") == {
        "contact_active{AC Fail}": 1,
        "door_open{Front Door}": 1,
    }


def test_supplies_of_masts_and_cabinets_are_in_volts() -> None:
    mast = some(recording("sensor/packetflux"), "supply_voltage_volts")
    assert mast["supply_voltage_volts{VinA #0.1}"] == 53.5896
    assert not any("Shunt" in key for key in mast)
    cabinet = recording("sensor/dantherm").values
    assert cabinet["supply_voltage_volts{system}"] == 52
    assert cabinet["temperature_celsius{outdoor}"] == 14


def test_a_probe_that_is_not_there_is_no_number() -> None:
    assert "no sensor" in recording("sensor/teracom").absent["temperature_celsius{S2}"]
    nti = recording("sensor/nti_enviromux")
    assert "temperature_celsius{Dew Point}" not in nti.values


def test_an_unknown_device_is_read_by_what_it_answers() -> None:
    sensor, name = "1.3.6.1.2.1.99.1.1.1", "1.3.6.1.2.1.47.1.1.1.1.7"
    rows = {
        **column(f"{sensor}.1", 8, 12),
        **column(f"{sensor}.2", 9, 9),
        **column(f"{sensor}.3", 1, 0),
        **column(f"{sensor}.4", 415, 1),
        **column(f"{sensor}.5", 1, 1),
        **column(name, "Box", "Door"),
    }
    result = made(rows, f"{E}.99999.1")
    assert (result.profile, result.kind) == ("entity-contacts", "sensor")
    assert result.values["temperature_celsius{Box}"] == 41.5
    assert result.values["door_open{Door}"] == 1
    nothing = made({}, f"{E}.99999.1", "A box")
    assert (nothing.profile, nothing.values["description"]) == ("generic", "A box")
    assert "no profile's sign holds" in nothing.why[0]
