"""The laws of SMS length."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerting import gsm

ALPHABET = sorted(gsm.BASIC | gsm.EXTENSION)
anything = st.text(st.characters(exclude_categories=("Cs",)))


def test_the_alphabet_has_127_basic_characters_and_escape_and_ten_extensions() -> None:
    assert len(gsm.BASIC) == 127
    assert len(gsm.EXTENSION) == 10


@pytest.mark.parametrize(
    ("text", "encoding", "units", "segments"),
    [
        ("", "GSM-7", 0, 1),
        ("a" * 160, "GSM-7", 160, 1),
        ("a" * 161, "GSM-7", 161, 2),
        ("a" * 306, "GSM-7", 306, 2),
        ("a" * 307, "GSM-7", 307, 3),
        ("€" * 80, "GSM-7", 160, 1),
        ("a" * 159 + "€", "GSM-7", 161, 2),
        ("a" * 152 + "€" + "a" * 152, "GSM-7", 306, 3),  # the pair would be split: it moves on whole
        ("ب" * 70, "UCS-2", 70, 1),
        ("ب" * 71, "UCS-2", 71, 2),
        ("ب" * 134, "UCS-2", 134, 2),
        ("ب" * 135, "UCS-2", 135, 3),
        ("😀" * 35, "UCS-2", 70, 1),
        ("😀" * 67, "UCS-2", 134, 3),  # 33 of them in a part of 67, for none may be halved
        ("a" * 69 + "`", "UCS-2", 70, 1),  # the back-tick is not in the alphabet
    ],
)
def test_a_text_is_counted_as_the_network_counts_it(
    text: str, encoding: str, units: int, segments: int
) -> None:
    assert gsm.size(text) == gsm.Size(gsm.Encoding(encoding), units, segments)


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("Teen Talwar – north pole", "Teen Talwar - north pole"),
        ("Imam’s “new” box…", 'Imam\'s "new" box...'),
        ("Café", "Café"),
        ("Cafe\u0301", "Café"),
        ("تین تلوار – شمال", "تین تلوار – شمال"),  # UCS-2 anyway: nothing is gained by touching it
        ("…" * 70, "…" * 70),  # seventy signs are one UCS-2 segment, but 210 dots are two
        ("naïve", "naïve"),  # ï is not GSM, and is a letter: it stays
    ],
)
def test_only_signs_with_a_plain_equal_give_way_and_only_where_it_helps(written: str, sent: str) -> None:
    assert gsm.fit(written) == sent


@given(anything)
def test_no_letter_or_digit_is_ever_lost_or_replaced(text: str) -> None:
    def letters(t: str) -> list[str]:
        return [c for c in unicodedata.normalize("NFC", t) if unicodedata.category(c)[0] in "LN"]

    assert letters(gsm.fit(text)) == letters(text)
    assert gsm.fit(text).count("?") == unicodedata.normalize("NFC", text).count("?")


@given(anything)
def test_fitting_twice_changes_nothing_more_and_never_costs_a_segment(text: str) -> None:
    once = gsm.fit(text)
    assert gsm.fit(once) == once
    assert gsm.segments(once) <= gsm.segments(unicodedata.normalize("NFC", text))


@given(st.text(st.sampled_from(ALPHABET)))
def test_the_alphabet_alone_is_seven_bit_and_segments_hold_what_they_may(text: str) -> None:
    size = gsm.size(text)
    assert size.encoding is gsm.Encoding.GSM7
    assert size.units <= 160 or size.segments >= 2
    if size.segments > 1:
        assert 153 * size.segments >= size.units > 152 * (size.segments - 1)


@given(anything, anything)
def test_adding_text_never_makes_a_message_shorter(left: str, right: str) -> None:
    assert gsm.segments(left + right) >= max(gsm.segments(left), gsm.segments(right))
