"""Traps become values by the profiles, in both spellings of their OID, and never raise."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.device.load import load
from collector.device.profile import ProfileSet
from collector.snmp.session import INTEGER, OBJECT_ID, OCTET_STRING, TIMETICKS, Varbind, oid
from collector.traps.meaning import trap_values
from domain.metric import CATALOGUE


@pytest.fixture(scope="module")
def profiles() -> ProfileSet:
    return load()


def _int(text: str, value: int, tag: int = INTEGER) -> Varbind:
    return oid(text), tag, value.to_bytes(8, "big", signed=True)


def _text(text: str, value: str) -> Varbind:
    return oid(text), OCTET_STRING, value.encode()


def _oid(text: str, value: str) -> Varbind:
    return oid(text), OBJECT_ID, oid(value)


@pytest.mark.parametrize("spelling", ["1.3.6.1.2.1.33.2.1", "1.3.6.1.2.1.33.2.0.1"])
def test_the_standard_on_battery_trap_is_known_in_both_spellings(profiles: ProfileSet, spelling: str) -> None:
    said = trap_values(
        profiles,
        oid(spelling),
        [
            _int("1.3.6.1.2.1.33.1.2.3.0", 12),
            _int("1.3.6.1.2.1.33.1.2.2.0", 60),
            _int("1.3.6.1.2.1.33.1.9.7.0", 2),
        ],
    )
    assert said == (
        {
            ("on_battery", ""): 1.0,
            ("on_mains", ""): 0.0,
            ("battery_runtime_seconds", ""): 720.0,
            ("time_on_battery_seconds", ""): 60.0,
        },
        {"trap": "upsTrapOnBattery"},
    )


@pytest.mark.parametrize("tail", ["2", "2.0"])
def test_the_end_of_the_on_battery_alarm_is_understood(profiles: ProfileSet, tail: str) -> None:
    said = trap_values(
        profiles,
        oid("1.3.6.1.2.1.33.2.4"),
        [
            _int("1.3.6.1.2.1.33.1.6.2.1.1.7", 7),
            _oid("1.3.6.1.2.1.33.1.6.2.1.2.7", f"1.3.6.1.2.1.33.1.6.3.{tail}"),
        ],
    )
    assert said is not None
    assert said[0] == {("on_battery", ""): 0.0, ("on_mains", ""): 1.0}


def test_another_alarm_says_nothing_of_the_battery(profiles: ProfileSet) -> None:
    """.20 begins with the digits of .2, and must not be taken for it."""
    said = trap_values(
        profiles,
        oid("1.3.6.1.2.1.33.2.3"),
        [_oid("1.3.6.1.2.1.33.1.6.2.1.2.7", "1.3.6.1.2.1.33.1.6.3.20")],
    )
    assert said == ({}, {"trap": "upsTrapAlarmEntryAdded"})


def test_link_traps_carry_the_port(profiles: ProfileSet) -> None:
    said = trap_values(
        profiles,
        oid("1.3.6.1.6.3.1.1.5.3"),
        [
            _int("1.3.6.1.2.1.2.2.1.1.7", 7),
            _int("1.3.6.1.2.1.2.2.1.8.7", 2),
            _text("1.3.6.1.2.1.31.1.1.1.1.7", "Gi1/7"),
        ],
    )
    assert said == ({("port_up", "7"): 0.0}, {"trap": "linkDown", "port_name": "Gi1/7"})


def test_cold_start_carries_the_new_uptime(profiles: ProfileSet) -> None:
    said = trap_values(profiles, oid("1.3.6.1.6.3.1.1.5.1"), [_int("1.3.6.1.2.1.1.3.0", 150, TIMETICKS)])
    assert said is not None
    assert said[0] == {("sys_uptime_seconds", ""): 1.5}


@pytest.mark.parametrize("spelling", ["1.3.6.1.4.1.318.0.5", "1.3.6.1.4.1.318.5"])
def test_apc_on_battery(profiles: ProfileSet, spelling: str) -> None:
    said = trap_values(profiles, oid(spelling), [_text("1.3.6.1.4.1.318.2.3.3.0", "UPS: On battery")])
    assert said == (
        {("on_battery", ""): 1.0, ("on_mains", ""): 0.0},
        {"trap": "upsOnBattery", "trap_text": "UPS: On battery"},
    )


@pytest.mark.parametrize(("trap", "open_"), [(1, 1.0), (2, 0.0)])
def test_an_axis_casing_alarm(profiles: ProfileSet, trap: int, open_: float) -> None:
    said = trap_values(
        profiles,
        oid(f"1.3.6.1.4.1.368.4.2.0.{trap}"),
        [
            _int("1.3.6.1.4.1.368.4.2.1.0", 4711),
            _text("1.3.6.1.4.1.368.4.2.2.0", "Casing Open"),
            _text("1.3.6.1.4.1.368.4.2.3.0", "The casing was opened"),
        ],
    )
    assert said is not None
    assert said[0] == {("casing_open", "1"): open_}
    assert said[1]["alarm"] == "Casing Open"


@pytest.mark.parametrize(
    ("trap", "varbind"),
    [("4.2.1", "4.2.0.1.0"), ("4.3", "5.1.0"), ("4.2.0.1", "4.2.0.1.0")],
)
@pytest.mark.parametrize(("word", "level"), [("High level", 1.0), ("Low", 0.0), ("1", 1.0)])
def test_teltonika_inputs_of_both_trees(
    profiles: ProfileSet, trap: str, varbind: str, word: str, level: float
) -> None:
    root = "1.3.6.1.4.1.48690."
    said = trap_values(profiles, oid(root + trap), [_text(root + varbind, word)])
    assert said is not None
    assert said[0] == {("digital_input", "din1"): level}


def test_an_unknown_trap_is_none_and_a_known_one_without_sense_is_empty(profiles: ProfileSet) -> None:
    assert trap_values(profiles, oid("1.3.6.1.4.1.99999.0.1"), []) is None
    assert trap_values(profiles, oid("1.3.6.1.4.1.48690.4.2.1"), []) == (
        {},
        {"trap": "digitalInputNotification"},
    )


_PREFIXES = [
    "1.3.6.1.2.1.33.1.2.3.0",
    "1.3.6.1.2.1.33.1.6.2.1.2.1",
    "1.3.6.1.2.1.2.2.1.1.7",
    "1.3.6.1.2.1.1.3.0",
]
_TRAPS = ["1.3.6.1.2.1.33.2.1", "1.3.6.1.2.1.33.2.3", "1.3.6.1.6.3.1.1.5.3", "1.3.6.1.6.3.1.1.5.1"]


@given(
    st.sampled_from(_TRAPS),
    st.lists(
        st.tuples(
            st.one_of(st.sampled_from([oid(prefix) for prefix in _PREFIXES]), st.binary(max_size=12)),
            st.integers(0, 255),
            st.binary(max_size=12),
        ),
        max_size=4,
    ),
)
def test_garbage_in_a_trap_never_raises_nor_leaves_the_range(trap: str, varbinds: list[Varbind]) -> None:
    said = trap_values(_SET, oid(trap), varbinds)
    assert said is not None
    for (metric, _), value in said[0].items():
        assert CATALOGUE[metric].low <= value <= CATALOGUE[metric].high


_SET = load()
