"""The right profile for each recording by `auto`, with its kind and a reason."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from collector.device.discover import Undiscovered, discover
from collector.device.load import load
from collector.probe import probe
from collector.snmp.session import INTEGER, OBJECT_ID, OCTET_STRING, Answer, oid
from domain.place import Bounds, Device, Kind
from domain.reading import Outcome
from tests.collector.recorded import Recorded, number, rows_of
from tests.peers import SHARED_DEVICES, shared_devices

PROFILES = load()
FAMILIES = {
    "axis": ("camera", ["camera/axis_*"]),
    "hikvision": ("camera", ["camera/hikvision_ds-*"]),
    "hikvision-recorder": ("camera", ["camera/hikvision_nvr*"]),
    "teltonika-legacy": ("router", ["router/teltonika_*legacy*"]),
    "teltonika-rutos": (
        "router",
        [
            "router/teltonika_rutx*",
            "router/teltonika_rut9?[06].*",
            "router/teltonika_[ot]*",
            "router/teltonika_rut360*",
        ],
    ),
    "apc-powernet": ("ups", ["ups/apc_s*", "ups/apc_galaxy*", "ups/apc_powerchute*"]),
    "apc-sensors": ("sensor", ["sensor/apc_sensors*", "ups/apc_ups-sensors*"]),
    "entity-contacts": ("sensor", ["switch/westermo*"]),
}
CASES = [
    (name, kind, path)
    for name, (kind, patterns) in FAMILIES.items()
    for pattern in patterns
    for path in sorted(SHARED_DEVICES.glob(pattern))
    if path.suffix != ".json"
]


@pytest.mark.parametrize(
    ("profile", "kind", "path"),
    CASES or [("", "", Path("absent"))],
    ids=[f"{path.parent.name}/{path.stem}" for _, _, path in CASES] or ["absent"],
)
def test_the_families_are_recognised(profile: str, kind: str, path: Path) -> None:
    shared_devices()
    result = asyncio.run(probe(Recorded.of(path), path.stem, PROFILES))
    assert (result.profile, result.kind) == (profile, kind)
    assert result.why[0]


@pytest.mark.parametrize("folder", ["ups", "switch", "camera", "router", "sensor"])
def test_a_recognised_device_has_the_kind_of_its_folder(folder: str) -> None:
    """Those on the generic profile have yet no kind of their own; these few are told otherwise."""
    other = {"apc_ups-sensors": "sensor", "westermo_sensors": "sensor", "vertiv_unity-fullwalk": "sensor"}
    for path in sorted((shared_devices() / folder).iterdir()):
        if path.suffix == ".json" or path.is_dir():
            continue
        result = asyncio.run(probe(Recorded.of(path), path.stem, PROFILES))
        if result.profile != "generic":
            assert result.kind == other.get(path.stem, folder), path.stem


def device(profile: str = "auto") -> Device:
    return Device("d", "b", Kind.ROUTER, "127.0.0.1", profile=profile)


def test_a_prefix_of_a_sysobjectid_ends_at_a_dot() -> None:
    """3680 begins with the digits of Axis's 368."""
    session = Recorded({"1.3.6.1.2.1.1.2.0": (OBJECT_ID, oid("1.3.6.1.4.1.3680.1"))})
    assert asyncio.run(discover(session, device(), PROFILES)).profile == "generic"


def test_an_unknown_device_is_read_by_standard_mibs_and_told_so() -> None:
    session = Recorded({"1.3.6.1.2.1.1.1.0": (OCTET_STRING, b"Frobnicator 9")})
    plan = asyncio.run(discover(session, device(), PROFILES))
    assert plan.profile == "generic"
    assert "no profile's sign holds" in plan.why


def test_a_named_profile_is_not_argued_with() -> None:
    path = shared_devices() / "ups" / "apc_smx750i-door-contact.snmprec"
    plan = asyncio.run(discover(Recorded.of(path), device("rfc1628"), PROFILES))
    assert plan.profile == "rfc1628"
    with pytest.raises(KeyError):
        asyncio.run(discover(Recorded.of(path), device("no-such"), PROFILES))


class Silent(Recorded):
    async def get(self, oids: object) -> Answer:
        return Answer(Outcome.TIMEOUT)


def test_silence_is_told_as_such() -> None:
    with pytest.raises(Undiscovered) as silence:
        asyncio.run(discover(Silent({}), device(), PROFILES))
    assert silence.value.answer.outcome is Outcome.TIMEOUT
    assert asyncio.run(probe(Silent({}), "a", PROFILES)).as_json() == {
        "address": "a",
        "outcome": "timeout",
        "profile": "",
        "kind": "",
        "elapsed_ms": 0,
        "values": {},
        "absent": {},
    }


def position(bounds: Bounds | None, changes: dict[str, bytes] | None = None) -> dict[str, object]:
    rows = rows_of(shared_devices() / "router" / "teltonika_rutx11-gps-fix.snmprec")
    for name, text in (changes or {}).items():
        rows[name] = OCTET_STRING, text
    result = asyncio.run(probe(Recorded(rows), "r", PROFILES, bounds=bounds))
    return {
        name: result.values.get(name, result.absent.get(name))
        for name in ("latitude_degrees", "longitude_degrees", "gps_fix")
    }


def test_a_position_outside_the_city_is_absent() -> None:
    karachi = Bounds(24.7, 66.6, 25.7, 67.6)
    assert position(None) == {"latitude_degrees": -37, "longitude_degrees": 144, "gps_fix": 1}
    assert position(karachi) == {
        "latitude_degrees": "-37, 144 is outside the city's bounds",
        "longitude_degrees": "-37, 144 is outside the city's bounds",
        "gps_fix": 1,
    }
    inside = {"1.3.6.1.4.1.48690.3.1.0": b"24.8607", "1.3.6.1.4.1.48690.3.2.0": b"67.0011"}
    assert position(karachi, inside) == {
        "latitude_degrees": 24.8607,
        "longitude_degrees": 67.0011,
        "gps_fix": 1,
    }


def test_the_legacy_tree_has_longitude_first() -> None:
    rows = rows_of(shared_devices() / "router" / "teltonika_rut955-legacy-mib.snmprec")
    rows["1.3.6.1.4.1.48690.6.1.0"] = OCTET_STRING, b"67.0011"
    rows["1.3.6.1.4.1.48690.6.2.0"] = OCTET_STRING, b"24.8607"
    result = asyncio.run(probe(Recorded(rows), "r", PROFILES))
    assert result.values["latitude_degrees"] == 24.8607
    assert result.values["longitude_degrees"] == 67.0011


def inputs(changes: dict[str, int]) -> dict[str, object]:
    rows = rows_of(shared_devices() / "router" / "teltonika_rut956.snmprec")
    for name, value in changes.items():
        rows[name] = INTEGER, number(value)
    result = asyncio.run(probe(Recorded(rows), "r", PROFILES))
    return {key: value for key, value in result.values.items() if key.startswith("digital_input")}


def test_digital_inputs_are_read_and_their_inversion_is_honoured() -> None:
    """The recording has no ioInverted column; outputs, relays and analog rows are no inputs."""
    assert inputs({}) == {"digital_input{din1}": 0, "digital_input{din2}": 1}
    column = "1.3.6.1.4.1.48690.6.2.1.8"
    assert inputs({f"{column}.{n}": int(n == 3) for n in range(1, 9)}) == {
        "digital_input{din1}": 1,
        "digital_input{din2}": 1,
    }
