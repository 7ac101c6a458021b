"""The recomputation itself: it knows what the rows say, and allows nothing else."""

from __future__ import annotations

import pytest

from tests.collector.recompute import candidates
from tests.collector.recompute_tables import tables

GEIST = "1.3.6.1.4.1.21239.5.1.2.1"
SITEBOSS = "1.3.6.1.4.1.3052.14.1.1.1.1.7.3.1.1"


def test_a_value_of_which_no_table_knows_is_not_allowed() -> None:
    rows: dict[str, int | str] = {"1.3.6.1.4.1.99999.1.0": 21}
    assert list(candidates("temperature_celsius", "1", rows)) == []


def test_a_row_gives_its_value_to_its_own_label_only() -> None:
    rows: dict[str, int | str] = {
        f"{GEIST}.3.1": "North",
        f"{GEIST}.3.2": "South",
        f"{GEIST}.5.1": 154,
        f"{GEIST}.5.2": 231,
    }
    assert list(candidates("temperature_celsius", "South", rows)) == [pytest.approx(23.1)]
    assert list(candidates("temperature_celsius", "East", rows)) == []


@pytest.mark.parametrize(("text", "degrees"), [("70 F", 21.111), ("35 C", 35), ("Not connected", None)])
def test_degrees_are_read_in_the_scale_the_text_names(text: str, degrees: float | None) -> None:
    allowed = list(candidates("temperature_celsius", "3.1.1", {SITEBOSS: text}))
    assert allowed == ([] if degrees is None else [pytest.approx(degrees, abs=0.001)])


def test_an_alarm_row_of_a_bad_battery_asks_for_a_new_one() -> None:
    alarms = "1.3.6.1.2.1.33.1.6"
    rows: dict[str, int | str] = {f"{alarms}.1.0": 1, f"{alarms}.2.1.2.7": f"{alarms}.3.16"}
    assert list(candidates("battery_replace", "", rows)) == [0]
    assert list(candidates("battery_replace", "", {**rows, f"{alarms}.2.1.2.8": f"{alarms}.3.1"})) == [1]


def test_each_meaning_in_the_tables_is_one_that_is_understood() -> None:
    words = {
        "degrees with a letter for the scale",
        "hundredths of a degree Fahrenheit",
        "more than nothing",
        "share within 60 Secs",
    }
    for metric, entries in tables().items():
        for where, _label, meaning in entries:
            known = meaning in words if isinstance(meaning, str) else isinstance(meaning, int | float | dict)
            assert known, f"{metric} {where}: {meaning}"
