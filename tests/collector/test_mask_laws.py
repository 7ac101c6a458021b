"""The laws of masking, for whatever texts and octets come."""

from __future__ import annotations

import string

from hypothesis import given
from hypothesis import strategies as st

from collector.recording import mask_forms as forms
from collector.recording.mask import Mask, Secrets

MACS = st.binary(min_size=6, max_size=6).filter(forms.is_station)
SERIALS = st.from_regex(r"[A-Z]{0,3}[0-9]{6,11}[A-Za-z]{0,2}", fullmatch=True)
FORMS = (
    lambda mac: mac.hex(":"),
    lambda mac: mac.hex("-").upper(),
    lambda mac: mac.hex(" "),
    lambda mac: ".".join(mac.hex()[at : at + 4] for at in (0, 4, 8)),
    lambda mac: mac.hex(),
)


def classes(text: str) -> str:
    return "".join(
        "9"
        if c in string.digits
        else "A"
        if c in string.ascii_uppercase
        else "a"
        if c in string.ascii_lowercase
        else c
        for c in text
    )


@given(st.text(), st.integers(1, 10_000))
def test_a_stand_in_has_the_length_and_classes_of_what_it_stands_for(text: str, number: int) -> None:
    masked = forms.like(text, number)
    assert len(masked) == len(text)
    if text.isascii():
        assert classes(masked) == classes(text)


@given(SERIALS, st.integers(1, 10_000), st.integers(1, 10_000))
def test_stand_ins_of_one_shape_and_different_numbers_differ(shape: str, one: int, other: int) -> None:
    assert (forms.like(shape, one) == forms.like(shape, other)) == (one == other)


@given(SERIALS, SERIALS)
def test_a_stand_in_depends_on_the_shape_alone(one: str, other: str) -> None:
    if classes(one) == classes(other) and not (one.isdigit() and (one[0] == "0") != (other[0] == "0")):
        assert forms.like(one, 7) == forms.like(other, 7)


@given(st.lists(MACS, min_size=1, max_size=5, unique=True), st.data())
def test_no_known_address_is_left_in_any_form_and_the_same_gives_the_same(
    macs: list[bytes], data: st.DataObject
) -> None:
    mask = Mask(Secrets(macs=tuple(macs)))
    instead = [mask.octets(mac) for mac in macs]
    assert len(set(instead)) == len(macs)
    at = data.draw(st.integers(0, len(macs) - 1))
    form = data.draw(st.sampled_from(FORMS))
    text = mask.text(f"({form(macs[at])})")
    assert forms.mac_octets(text[1:-1]) == instead[at]


@given(st.lists(SERIALS, min_size=1, max_size=4, unique=True), st.text(alphabet="XYZ .,/", max_size=8))
def test_a_serial_number_is_replaced_the_same_wherever_it_stands(serials: list[str], around: str) -> None:
    mask = Mask(Secrets(serials=tuple(serials)))
    for serial in serials:
        own = mask.own(serial)
        if any(other != serial and other in serial for other in serials):
            continue
        assert mask.text(f"{around} {serial} {around}") == f"{around} {own} {around}"


@given(st.lists(SERIALS, min_size=1, max_size=4, unique=True), st.lists(MACS, max_size=3, unique=True))
def test_what_is_masked_again_comes_out_the_same(serials: list[str], macs: list[bytes]) -> None:
    first = Mask(Secrets(serials=tuple(serials), macs=tuple(macs)))
    once = [first.own(serial) for serial in serials], [first.octets(mac, is_mac=True) for mac in macs]
    second = Mask(Secrets(serials=tuple(once[0]), macs=tuple(once[1])))
    assert [second.own(serial) for serial in once[0]] == once[0]
    assert [second.octets(mac, is_mac=True) for mac in once[1]] == once[1]


@given(st.text(alphabet=string.ascii_letters + " ,;()_%/°ابپ", max_size=60))
def test_words_that_identify_nobody_stay_as_they_are(text: str) -> None:
    mask = Mask(Secrets(serials=("ZA1027004711",), names=("RUT-955",)))
    assert mask.text(text) == text


@given(st.binary(max_size=40))
def test_any_octets_are_taken_without_a_crash(octets: bytes) -> None:
    mask = Mask(Secrets(serials=("ZA1027004711",), macs=(b"\x00\x12\xf3\x5a\xc4\xb7",)))
    assert isinstance(mask.octets(octets), bytes)
