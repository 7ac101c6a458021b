"""A recording tells nothing of its device but what it measures; real ones beside the project are tried."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from app.record_device import Wanted, made
from collector.device.load import load
from collector.recording.held import Heard, Held
from collector.recording.snmprec import rows_of as rows_read
from collector.recording.snmprec import snmprec
from collector.snmp.session import GAUGE32, INTEGER, NULL, OBJECT_ID, OCTET_STRING, dotted, oid
from domain.errors import Permanent
from tests.collector.recorded import Recorded, number, rows_of
from tests.peers import SHARED_DEVICES, shared_devices

PROFILES = load()
RECORDINGS = sorted(path for end in ("*/*.snmprec", "*/*.snmpwalk") for path in SHARED_DEVICES.glob(end))
GENERIC_NAMES = {"semac_ipcam-500-fullwalk": "IPCAM"}
"""Devices that are recognised by their name, and say which word is no secret."""
LLDP = "1.0.8802.1.1.2.1.3.2.0"


def recording(
    rows: dict[str, tuple[int, bytes]], *keep: str, position: bool = False
) -> tuple[str, dict[str, object]]:
    heard = Heard(Held({}))
    heard.rows.update({oid(name): raw for name, raw in rows.items()})
    wanted = Wanted("x", Path("x"), keep=keep, keep_position=position)
    return asyncio.run(made(heard, PROFILES, "auto", wanted, ("s3cret-word",), lambda _: None))


@pytest.mark.parametrize("path", RECORDINGS or [Path("absent")], ids=lambda path: path.stem)
def test_a_masked_recording_reads_as_the_device_and_masks_to_itself(path: Path, tmp_path: Path) -> None:
    shared_devices()
    keep = GENERIC_NAMES.get(path.stem, "")
    text, expected = recording(rows_of(path), keep)
    file = tmp_path / "x.snmprec"
    file.write_text(text)
    again, same = recording(rows_of(file), keep)
    assert same == expected
    assert again == text


@pytest.mark.parametrize("path", RECORDINGS or [Path("absent")], ids=lambda path: path.stem)
def test_no_hardware_address_of_a_device_is_in_its_masked_recording(path: Path) -> None:
    shared_devices()
    rows = rows_of(path)
    text, _ = recording(rows, GENERIC_NAMES.get(path.stem, ""))
    found = text.lower()
    for name, (tag, octets) in rows.items():
        if not name.startswith("1.3.6.1.2.1.2.2.1.6.") or tag != OCTET_STRING or len(octets) != 6:
            continue
        if len(set(octets)) > 1 and not octets[0] & 1 and octets[:2] != b"\x02\x00":
            for form in (octets.hex(), octets.hex(":"), octets.hex("-"), ".".join(map(str, octets))):
                assert form not in found, f"{name} is still told"


ROUTER = {
    "1.3.6.1.2.1.1.1.0": (OCTET_STRING, b"Linux saddar-7 5.10.188 SN: TK55512345"),
    "1.3.6.1.2.1.1.2.0": (OBJECT_ID, oid("1.3.6.1.4.1.8072.3.2.10")),
    "1.3.6.1.2.1.1.4.0": (OCTET_STRING, b"ali@nrtc.example"),
    "1.3.6.1.2.1.1.5.0": (OCTET_STRING, b"saddar-7"),
    "1.3.6.1.2.1.1.6.0": (OCTET_STRING, b"pole 14, Saddar"),
    "1.3.6.1.2.1.2.2.1.6.1": (OCTET_STRING, bytes.fromhex("001e42a1b2c3")),
    "1.3.6.1.2.1.4.22.1.2.1.10.0.0.9": (OCTET_STRING, bytes.fromhex("001e42a1b2ff")),
    "1.3.6.1.2.1.9999.1.0.30.66.161.178.195": (INTEGER, number(4)),
    "1.3.6.1.2.1.9999.2.0": (0x40, bytes((8, 8, 4, 4))),
    "1.3.6.1.2.1.9999.3.8.8.4.4": (GAUGE32, number(5)),
    "1.3.6.1.2.1.9999.4.0": (OCTET_STRING, b"traps go to s3cret-word"),
    "1.3.6.1.4.1.48690.1.1.0": (OCTET_STRING, b"1107712345"),
    "1.3.6.1.4.1.48690.1.2.0": (OCTET_STRING, b"356938035643809"),
    "1.3.6.1.4.1.48690.1.6.0": (OCTET_STRING, b"RUTX_R_00.07.06"),
    "1.3.6.1.4.1.48690.2.2.1.12.1": (INTEGER, number(-71)),
    "1.3.6.1.4.1.48690.3.1.0": (OCTET_STRING, b"31.520400"),
    "1.3.6.1.4.1.48690.3.2.0": (OCTET_STRING, b"74.3587"),
    "1.3.6.1.4.1.48690.3.5.0": (OCTET_STRING, b"8"),
    LLDP: (OCTET_STRING, bytes.fromhex("001e42a1b2c3")),
}


def test_a_router_tells_neither_who_it_is_nor_where() -> None:
    text, expected = recording(ROUTER)
    rows = dict(line.split("|", 1) for line in text.splitlines())
    for secret in (
        "saddar",
        "ali",
        "14,",
        "TK555",
        "11077",
        "35693",
        "31.52",
        "74.35",
        "s3cret",
        "8.8.4.4",
        "1e42",
    ):
        assert secret not in f"{text}{expected}".lower()
    assert rows["1.3.6.1.2.1.1.1.0"] == "4|Linux device-1 5.10.188 SN: XX00000002"
    assert rows["1.3.6.1.2.1.2.2.1.6.1"] == rows[LLDP] == "4x|020000000001"
    assert rows["1.3.6.1.2.1.9999.1.2.0.0.0.0.1"] == "2|4"
    assert rows["1.3.6.1.2.1.9999.2.0"] == "64|192.0.2.1"
    assert rows["1.3.6.1.2.1.9999.3.192.0.2.1"] == "66|5"
    assert rows["1.3.6.1.4.1.48690.3.1.0"] == "4|24.860700"
    assert rows["1.3.6.1.4.1.48690.3.2.0"] == "4|67.0011"
    assert not any(name.startswith("1.3.6.1.2.1.4.22") for name in rows)
    values = expected["values"]
    assert isinstance(values, dict)
    assert (values["signal_dbm"], values["gps_fix"]) == (-71, 1)


def test_a_position_that_is_no_secret_stays() -> None:
    _, expected = recording(ROUTER, position=True)
    assert isinstance(expected["values"], dict)
    assert expected["values"]["latitude_degrees"] == 31.5204


def test_a_recording_that_would_be_read_otherwise_is_refused_and_says_what_differs() -> None:
    """Its name is what the device is recognised by."""
    camera = {
        "1.3.6.1.2.1.1.1.0": (OCTET_STRING, b"Linux IPCAM 2.6.18"),
        "1.3.6.1.2.1.1.5.0": (OCTET_STRING, b"IPCAM"),
    }
    with pytest.raises(Permanent, match="profile: camera on the device, generic in the recording"):
        recording(camera)
    assert recording(camera, "IPCAM")[1]["profile"] == "camera"


def test_every_type_is_written_so_that_it_is_read_back(tmp_path: Path) -> None:
    rows = {
        oid(f"1.3.6.1.4.1.9.{n}"): raw
        for n, raw in enumerate(
            [
                (INTEGER, number(-5)),
                (GAUGE32, number(2**32 - 1)),
                (0x41, number(7)),
                (0x43, number(99)),
                (0x46, number(2**64 - 1)),
                (OCTET_STRING, b""),
                (OCTET_STRING, b"plain | text"),
                (OCTET_STRING, b" blanks around "),
                (OCTET_STRING, b"line\nbreak \xff"),
                (OBJECT_ID, oid("1.3.6.1.4.1.318")),
                (0x40, bytes((10, 0, 0, 1))),
                (0x44, b"\x9f\x78\x04\x41\x48\x00\x00"),
                (NULL, b""),
            ],
            1,
        )
    }
    file = tmp_path / "x.snmprec"
    file.write_text(snmprec(rows))
    assert rows_read(file.read_bytes()) == rows
    back = Recorded.of(file).rows
    assert {dotted(name): raw for name, raw in back.items()} == {
        dotted(name): raw for name, raw in rows.items()
    }


@pytest.mark.parametrize("line", ["1.3.6.1.2|4", "1.3.x|2|1", "1.3.6.1.2|2|one", "1.3.6|2:numeric|rate=1"])
def test_what_is_no_row_is_refused_by_its_line(line: str) -> None:
    with pytest.raises(ValueError, match=r"^2: no row of a recording"):
        rows_read(f"1.3.6.1.1|2|1\n{line}\n".encode())
