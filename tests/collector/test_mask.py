"""What must not be told is replaced, the same by the same; the rest is left as it is."""

from __future__ import annotations

import pytest

from collector.recording.mask import Mask, Position, Secrets

MAC = bytes.fromhex("0012f35ac4b7")
NOTHING = Secrets()


@pytest.mark.parametrize(
    ("written", "instead"),
    [
        ("00:12:f3:5a:c4:b7", "02:00:00:00:00:01"),
        ("00-12-F3-5A-C4-B7", "02-00-00-00-00-01"),
        ("00 12 F3 5A C4 B7", "02 00 00 00 00 01"),
        ("0:12:f3:5a:c4:b7", "02:00:00:00:00:01"),
        ("0012.f35a.c4b7", "0200.0000.0001"),
        ("0012F35AC4B7", "020000000001"),
        ("MAC=00:12:f3:5a:c4:b7, up", "MAC=02:00:00:00:00:01, up"),
        ("axis-0012f35ac4b7.local", "axis-020000000001.local"),
    ],
)
def test_an_address_of_a_station_is_masked_in_every_way_it_is_written(written: str, instead: str) -> None:
    assert Mask(NOTHING).text(written) == instead


def test_an_address_is_the_same_one_as_octets_text_and_index() -> None:
    mask = Mask(Secrets(macs=(MAC,)))
    assert mask.octets(MAC) == bytes.fromhex("020000000001")
    assert mask.text("0012F35AC4B7 00:12:F3:5A:C4:B8") == "020000000001 02:00:00:00:00:02"
    assert mask.octets(b"\x80\x00" + MAC) == b"\x80\x00" + bytes.fromhex("020000000001")
    column = (1, 3, 6, 1, 2, 1, 17, 4, 3, 1, 2)
    assert mask.index((*column, *MAC)) == (*column, 2, 0, 0, 0, 0, 1)


@pytest.mark.parametrize("octets", [b"\x00" * 6, b"\xff" * 6, bytes.fromhex("0180c2000000"), b"Slot 1"])
def test_what_is_no_stations_address_stays(octets: bytes) -> None:
    assert Mask(NOTHING).octets(octets) == octets


def test_an_address_that_reads_as_a_text_is_masked_where_its_object_says_what_it_is() -> None:
    assert Mask(NOTHING).octets(b"DMP123", is_mac=True) == bytes.fromhex("020000000001")


def test_a_serial_number_is_masked_inside_of_other_texts_in_its_own_shape() -> None:
    mask = Mask(Secrets(serials=("ZA1027004711", "4711")))
    assert mask.text("MN:AP9630 SN: ZA1027004711 (2010)") == "MN:AP9630 SN: XX0000000001 (2010)"
    assert mask.own(" 4711 ") == " 1002 "
    assert mask.text("4711 rpm") == "1002 rpm"
    assert mask.text("port14711") == "port14711"


@pytest.mark.parametrize(
    ("text", "instead"),
    [
        ("356938035643809", "100000000000001"),
        ("IMEI 35-693803-564380-9", "IMEI 00-000000-000000-1"),
        ("+923001234567", "+000000000001"),
        ("call +92 300 1234567 now", "call +00 000 0000001 now"),
        ("894921007608614852F1", "100000000000000001F1"),
        ("1234567890123", "1234567890123"),
        ("firmware 20260422", "firmware 20260422"),
    ],
)
def test_subscriber_numbers_are_masked_and_shorter_ones_are_not(text: str, instead: str) -> None:
    assert Mask(NOTHING).text(text) == instead


@pytest.mark.parametrize(
    ("text", "instead"),
    [
        ("to 8.8.4.4 and 8.8.4.4", "to 192.0.2.1 and 192.0.2.1"),
        ("10.0.0.7 192.168.1.1 127.0.0.1 0.0.0.0 255.255.255.0", None),
        ("V4.30.5.1 firmware 5.2.1.16 version 8.1.2.3", None),
        ("00.07.06.16 1.2.3.4.5", None),
        ("2a00:1450:4001::8 ::1", "2001:db8::1 ::1"),
        ("fe80::212:f3ff:fe5a:c4b7", "fe80::1"),
        ("00:12:f3:ff:fe:5a:c4:b7", "00:00:x0:xx:xx:0x:x0:x1"),
        ("write to help.desk@nrtc.example.pk", "write to user1@example.org"),
    ],
)
def test_public_addresses_and_people_are_masked_private_ones_and_versions_are_not(
    text: str, instead: str | None
) -> None:
    assert Mask(NOTHING).text(text) == (text if instead is None else instead)


def test_names_contacts_places_and_communities_are_numbered_words() -> None:
    mask = Mask(
        Secrets(
            names=("RUT-Saddar",), contacts=("Ali, 2nd shift",), locations=("Door",), communities=("s3cret",)
        )
    )
    assert mask.own("RUT-Saddar") == "device-1"
    assert mask.text("Linux RUT-Saddar 5.10 mips") == "Linux device-1 5.10 mips"
    assert mask.own("Ali, 2nd shift") == "contact-1"
    assert mask.own("Door") == "location-1"
    assert mask.text("Door sensor") == "Door sensor", "one plain word is not looked for elsewhere"
    assert mask.text("community s3cret") == "community community-1"
    assert mask.text("RUT-Saddars") == "RUT-Saddars"


def test_a_word_that_the_user_keeps_stays() -> None:
    mask = Mask(Secrets(names=("IPCAM",), keep=frozenset({"IPCAM", "8.8.8.8"})))
    assert mask.own("IPCAM") == "IPCAM"
    assert mask.text("IPCAM 8.8.8.8") == "IPCAM 8.8.8.8"


def test_a_position_is_moved_wherever_it_is_written() -> None:
    mask = Mask(Secrets(position=Position(31.5204, 74.3587), place=Position(24.8607, 67.0011)))
    assert mask.text("at 31.520412,74.358701; 12.7000 V") == "at 24.860700,67.001100; 12.7000 V"


def test_rows_whose_index_spells_a_secret_have_no_name() -> None:
    mask = Mask(Secrets(communities=("s3cret",)))
    assert mask.index((1, 3, 6, 1, 4, 1, 9, 6, *b"s3cret")) is None


def test_an_engine_id_keeps_its_vendor_and_format_only() -> None:
    engine = bytes.fromhex("80001f8803") + MAC
    mask = Mask(Secrets(engines=(engine,)))
    assert mask.octets(engine)[:5] == engine[:5]
    assert MAC[2:] not in mask.octets(engine)
    assert len(mask.octets(engine)) == len(engine)
