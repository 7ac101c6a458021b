"""A raw varbind becomes a number within its range or a reason, whatever it holds."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.device.decode import Rule, label_text, reader, shown, text_of
from collector.device.plan import state_text
from collector.snmp.session import (
    COUNTER32,
    COUNTER64,
    GAUGE32,
    INTEGER,
    NULL,
    OBJECT_ID,
    OCTET_STRING,
    TIMETICKS,
    oid,
)
from domain.metric import CATALOGUE
from tests.collector.recorded import number

VOLTS = CATALOGUE["input_voltage_volts"]
CHARGE = CATALOGUE["battery_charge_percent"]


@pytest.mark.parametrize("tag", [INTEGER, GAUGE32, TIMETICKS, COUNTER32, COUNTER64])
def test_any_integer_type_is_taken_for_the_integer_it_is(tag: int) -> None:
    assert reader(Rule(), VOLTS)(tag, number(230)) == 230.0


def test_tenths_come_out_exact() -> None:
    assert reader(Rule(divide=10), VOLTS)(INTEGER, number(2303)) == 230.3


@pytest.mark.parametrize(
    ("tag", "octets", "reason"),
    [
        (NULL, b"", "NULL"),
        (0x80, b"", "not answered"),
        (0x81, b"", "not answered"),
        (0x82, b"", "not answered"),
        (0x40, b"\x7f\x00\x00\x01", "wrong type: IpAddress"),
        (OCTET_STRING, b"n/a", "wrong type: text 'n/a' where a number is meant"),
        (OCTET_STRING, b"230", "wrong type: text '230' where a number is meant"),
        (OBJECT_ID, oid("1.3.6"), "wrong type: OBJECT IDENTIFIER"),
        (INTEGER, b"", "malformed INTEGER of 0 octets"),
        (INTEGER, b"\x00" * 10, "malformed INTEGER of 10 octets"),
        (INTEGER, number(2300), "out of range: 2300 not within 0..1000"),
        (INTEGER, number(-1), "out of range: -1 not within 0..1000"),
        (0xEE, b"\x01", "wrong type: tag 0xee"),
    ],
)
def test_what_is_no_value_says_why(tag: int, octets: bytes, reason: str) -> None:
    assert reader(Rule(), VOLTS)(tag, octets) == reason


def test_a_sentinel_is_told_by_its_raw_value_and_reason() -> None:
    read = reader(Rule(sentinels={65535: "not available", -1: "no probe"}, divide=10), None)
    assert read(INTEGER, number(65535)) == "sentinel 65535: not available"
    assert read(INTEGER, number(-1)) == "sentinel -1: no probe"
    assert read(GAUGE32, number(4294967295)) == 429496729.5
    assert reader(Rule(sentinels={4294967295: "-1 in 32 bits"}), None)(GAUGE32, b"\xff\xff\xff\xff") == (
        "sentinel 4294967295: -1 in 32 bits"
    )


@pytest.mark.parametrize(
    ("rule", "text", "value"),
    [
        (Rule(pattern=r"^(\d+(?:\.\d+)?) *PERCENT$"), "27 PERCENT", 27.0),
        (Rule(pattern=r"^(\d+(?:\.\d+)?) *PERCENT$"), "27 GB", "text '27 GB'"),
        (Rule(pattern=r"^(\d+(?:\.\d+)?) *GB$"), "116.5 GB", 116.5),
        (Rule(text=True), "-37.000000", -37.0),
        (Rule(text=True), "n/a", "text 'n/a'"),
        (Rule(text=True), "", "text ''"),
        (Rule(text=True), "nan", "text 'nan'"),
        (Rule(text=True), "inf", "text 'inf'"),
        (Rule(text=True), "1e5", "text '1e5'"),
        (Rule(text=True), "0x10", "text '0x10'"),
        (Rule(text=True), "٣", "text '٣'"),
        (Rule(text=True, sentinels={"n/a": "no fix"}), "N/A", "sentinel 'N/A': no fix"),
        (Rule(text=True, sentinels={113: "no signal"}), "113", "sentinel 113: no signal"),
        (Rule(pattern="(?i)^(high|low)", map={"high": 1, "low": 0}), "High level", 1.0),
        (Rule(pattern="(?i)^(high|low)", map={"high": 1, "low": 0}), "0.00 V", "text '0.00 V'"),
        (Rule(pattern="^.{1}(.)"), "0100", 1.0),
    ],
)
def test_numbers_in_texts(rule: Rule, text: str, value: float | str) -> None:
    assert reader(rule, None)(OCTET_STRING, text.encode()) == value


def test_an_enumeration_is_mapped_and_its_gaps_are_absent() -> None:
    read = reader(Rule(map={1: 1, 2: 0, 4: "unknown"}), CATALOGUE["port_up"])
    assert [read(INTEGER, number(n)) for n in (1, 2, 4, 9)] == [
        1.0,
        0.0,
        "state 4: unknown",
        "state '9' has no meaning here",
    ]
    assert reader(Rule(map={1: 1}, otherwise=0), None)(INTEGER, number(9)) == 0.0


def test_an_alarm_row_is_the_number_below_its_root() -> None:
    read = reader(Rule(tail="1.3.6.1.2.1.33.1.6.3"), None)
    assert read(OBJECT_ID, oid("1.3.6.1.2.1.33.1.6.3.2")) == 2.0
    assert read(OBJECT_ID, oid("1.3.6.1.2.1.33.1.6.3.2.0")) == 2.0
    assert read(OBJECT_ID, oid("1.3.6.1.2.1.33.1.6.30.2")) == (
        "not one of 1.3.6.1.2.1.33.1.6.3: 1.3.6.1.2.1.33.1.6.30.2"
    )
    assert read(OBJECT_ID, b"\x80") == "malformed OBJECT IDENTIFIER"
    assert read(INTEGER, number(2)) == "wrong type: INTEGER"


def test_other_units_are_converted() -> None:
    assert reader(Rule(convert="fahrenheit"), None)(INTEGER, number(86)) == 30.0
    assert reader(Rule(convert="kelvin", divide=100), None)(INTEGER, number(27315)) == 0.0


def test_opaque_floats_are_read_and_only_finite_ones_are_numbers() -> None:
    read = reader(Rule(), None)
    assert read(0x44, b"\x9f\x78\x04\x42\x28\x00\x00") == 42.0
    assert read(0x44, b"\x9f\x78\x04\x7f\x80\x00\x00") == "not a number: inf"
    assert read(0x44, b"\x9f\x78\x04") == "wrong type: Opaque"


RULES = [
    Rule(),
    Rule(divide=10, sentinels={-1: "x", 65535: "y"}),
    Rule(text=True),
    Rule(pattern=r"(\d+)"),
    Rule(map={1: 1, "on": 0, 3: "why"}),
    Rule(convert="fahrenheit"),
    Rule(tail="1.3.6.1", text=True),
    Rule(multiply=60, low=5, high=50),
    Rule(map={"a": 1}, otherwise=0),
]


@given(
    st.sampled_from(RULES),
    st.one_of(st.integers(0, 255), st.sampled_from([2, 4, 5, 6, 0x40, 0x41, 0x42, 0x43, 0x44, 0x46])),
    st.binary(max_size=40),
)
def test_no_varbind_raises_or_leaves_the_range(rule: Rule, tag: int, octets: bytes) -> None:
    value = reader(rule, CHARGE)(tag, octets)
    if isinstance(value, str):
        assert value
    else:
        assert math.isfinite(value)
        assert max(rule.low, CHARGE.low) <= value <= min(rule.high, CHARGE.high)
    shown(tag, octets)
    text_of(tag, octets)


@given(st.integers(-(2**63), 2**63 - 1), st.sampled_from([1.0, 10.0, 100.0, 1000.0]))
def test_a_plain_integer_is_itself_over_its_divisor(raw: int, divide: float) -> None:
    assert reader(Rule(divide=divide), None)(INTEGER, number(raw)) == raw / divide


@given(st.text())
def test_a_label_has_no_braces_and_no_line_breaks(text: str) -> None:
    label = label_text(text)
    assert not set(label) & set("{}\n\r")
    assert len(label) <= 60


@pytest.mark.parametrize("text", ["", "n/a", "Unknown", "N/A", "  ", "\x00"])
def test_an_identity_that_says_nothing_is_no_text(text: str) -> None:
    assert text_of(OCTET_STRING, text.encode()) is None


def test_a_mac_is_written_as_one_and_zeros_are_none() -> None:
    assert text_of(OCTET_STRING, bytes.fromhex("001e4222df3f"), as_mac=True) == "00:1e:42:22:df:3f"
    assert text_of(OCTET_STRING, bytes(6), as_mac=True) is None


@given(st.integers(0, 255), st.binary(max_size=3000))
def test_whatever_a_varbind_holds_its_state_and_its_words_can_be_told(tag: int, octets: bytes) -> None:
    assert isinstance(state_text(tag, octets), str)
    assert isinstance(shown(tag, octets), str)


@pytest.mark.parametrize("tag", [INTEGER, COUNTER64, OBJECT_ID, 0x82])
def test_a_number_of_thousands_of_digits_is_no_state(tag: int) -> None:
    assert state_text(tag, b"\x81" * 1800) == ""
    assert len(shown(tag, b"\x81" * 1800)) < 200
