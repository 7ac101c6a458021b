"""What rows are called: by columns, by the row before, by patterns, by their index."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from collector.device.load import load
from collector.probe import probe, rendered
from collector.snmp.session import INTEGER, OBJECT_ID, OCTET_STRING, oid
from domain.errors import ConfigError
from tests.collector.recorded import Recorded, number

HEAD = "profile: mine\ntitle: Mine\nkind: sensor\nmetrics:\n"
VALUES, NAMES = "1.3.6.1.4.1.5.1", "1.3.6.1.4.1.5.2"


def read(folder: Path, text: str, rows: dict[str, int | str]) -> dict[str, float | str]:
    (folder / "mine.yaml").write_text(HEAD + text)
    raw = {
        key: (INTEGER, number(value)) if isinstance(value, int) else (OCTET_STRING, value.encode())
        for key, value in rows.items()
    }
    result = asyncio.run(probe(Recorded(raw), "made", load(folder), "mine"))
    assert rendered(result, explain=True)
    return dict(result.values)


def test_a_label_stands_in_the_row_before(tmp_path: Path) -> None:
    text = f"  temperature_celsius: {{column: {VALUES}, label_columns: [{VALUES}], label_step: -1}}\n"
    rows: dict[str, int | str] = {
        f"{VALUES}.1": "Box",
        f"{VALUES}.2": 31,
        f"{VALUES}.3": "Mast",
        f"{VALUES}.4": 27,
    }
    assert read(tmp_path, text, rows) == {"temperature_celsius{Box}": 31, "temperature_celsius{Mast}": 27}


def test_a_row_whose_name_does_not_match_is_not_read(tmp_path: Path) -> None:
    text = (
        f"  temperature_celsius: {{column: {VALUES}, label_columns: [{NAMES}], label_pattern: '^T (.+)$'}}\n"
    )
    rows: dict[str, int | str] = {
        f"{VALUES}.1": 31,
        f"{VALUES}.2": 55,
        f"{NAMES}.1": "T Box",
        f"{NAMES}.2": "RH Box",
    }
    assert read(tmp_path, text, rows) == {"temperature_celsius{Box}": 31}


def test_an_index_that_is_a_name(tmp_path: Path) -> None:
    text = f"  temperature_celsius: {{column: {VALUES}, label_text: true}}\n"
    rows: dict[str, int | str] = {
        f"{VALUES}.3.66.111.120": 31,
        f"{VALUES}.77.97.115.116": 27,
        f"{VALUES}.7": 25,
    }
    assert read(tmp_path, text, rows) == {
        "temperature_celsius{Box}": 31,
        "temperature_celsius{Mast}": 27,
        "temperature_celsius{7}": 25,
    }


def test_a_table_that_counts_from_zero(tmp_path: Path) -> None:
    text = f"  poe_port_power_watts: {{column: {VALUES}, label_plus: 1}}\n"
    rows: dict[str, int | str] = {f"{VALUES}.0": 3, f"{VALUES}.1": 5}
    assert read(tmp_path, text, rows) == {"poe_port_power_watts{1}": 3, "poe_port_power_watts{2}": 5}


def test_the_first_row_that_gives_a_value_serves_a_metric_without_a_label(tmp_path: Path) -> None:
    text = f"  signal_dbm: {{column: {VALUES}, first: true, sentinels: {{0: no modem}}}}\n"
    rows: dict[str, int | str] = {f"{VALUES}.4": 0, f"{VALUES}.9": -71, f"{VALUES}.12": -90}
    assert read(tmp_path, text, rows) == {"signal_dbm": -71}


def test_names_that_are_shared_get_their_index(tmp_path: Path) -> None:
    text = f"  temperature_celsius: {{column: {VALUES}, label_columns: [{NAMES}]}}\n"
    rows: dict[str, int | str] = {
        f"{VALUES}.1": 31,
        f"{VALUES}.2": 27,
        f"{NAMES}.1": "Temp",
        f"{NAMES}.2": "Temp",
    }
    assert read(tmp_path, text, rows) == {
        "temperature_celsius{Temp #1}": 31,
        "temperature_celsius{Temp #2}": 27,
    }


@pytest.mark.parametrize(("raw", "state"), [(0, 0), (1, 1), (900, 1), (-1, None), (2_000_000, None)])
def test_watts_tell_delivering_unless_they_are_no_watts(tmp_path: Path, raw: int, state: int | None) -> None:
    rule = "above: 0, low: 0, high: 1000, divide: 1000, sentinels: {-1: none}"
    text = f"  poe_port_delivering: {{column: {VALUES}, {rule}}}\n"
    found = read(tmp_path, text, {f"{VALUES}.1": raw})
    assert found == ({} if state is None else {"poe_port_delivering{1}": state})


def test_a_filter_may_look_at_an_object_identifier(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(
        f"{HEAD}  temperature_celsius:\n    column: {VALUES}\n"
        f"    only: [{{column: {NAMES}, among: [1.3.6.1.9]}}]\n"
    )
    rows = {
        f"{VALUES}.1": (INTEGER, number(31)),
        f"{VALUES}.2": (INTEGER, number(27)),
        f"{NAMES}.1": (OBJECT_ID, oid("1.3.6.1.9")),
        f"{NAMES}.2": (OBJECT_ID, oid("1.3.6.1.8")),
    }
    result = asyncio.run(probe(Recorded(rows), "made", load(tmp_path), "mine"))
    assert result.values == {"temperature_celsius{1}": 31}


def test_a_label_pattern_has_one_group(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(
        HEAD + f"  temperature_celsius: {{column: {VALUES}, label_pattern: 'x'}}\n"
    )
    with pytest.raises(ConfigError, match="one pair of"):
        load(tmp_path)
