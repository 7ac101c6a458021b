"""Hours, shares, questions and answers of the rollups; and the mark that says how far they are."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.series import BOX, DEVICE_KINDS
from storage import years_mark
from storage.influx_http import InfluxSettings
from storage.spool import Spool
from storage.spool_peek import oldest_waiting
from storage.years import HOUR, LATE, horizon, hours, lines, questions, shares, which_boxes
from storage.years_mark import Mark, keep, read

SETTINGS = InfluxSettings("http://influx:8086")
NOON = 1_750_000_000_000 // HOUR * HOUR


@pytest.mark.parametrize(
    ("first", "end", "found"),
    [
        (NOON, NOON + HOUR - 1, []),
        (NOON, NOON + HOUR, [NOON]),
        (NOON - 1, NOON + 2 * HOUR + 5, [NOON, NOON + HOUR]),
        (NOON + 1, NOON + 2 * HOUR, [NOON + HOUR]),
        (NOON + HOUR, NOON, []),
    ],
)
def test_only_whole_hours_that_have_ended_are_rolled_up(first: int, end: int, found: list[int]) -> None:
    assert list(hours(first, end)) == found


def test_an_hour_is_whole_when_nothing_that_old_waits_in_the_spool_any_more() -> None:
    assert horizon(NOON, None) == NOON - LATE
    assert horizon(NOON, NOON - 3 * HOUR) == NOON - 3 * HOUR - LATE
    assert horizon(NOON, NOON + 5) == NOON - LATE


def test_the_oldest_that_waits_is_seen_beside_the_process_that_owns_the_spool(tmp_path: Path) -> None:
    assert oldest_waiting(tmp_path / "none") is None
    spool = Spool(tmp_path, segment_bytes=200)
    for number in range(20):
        spool.put(b"x v=1 %d\n" % number, 1, 1_000 + number)
    assert oldest_waiting(tmp_path) == 1_000
    spool.take(60)
    spool.ack(7)
    assert oldest_waiting(tmp_path) == spool.oldest_at() == 1_007
    spool.take()
    spool.ack(20)
    assert oldest_waiting(tmp_path) is None
    spool.put(b"x v=1 99\n", 1, 1_099)
    with (sorted(tmp_path.glob("*.seg"))[-1]).open("ab") as file:
        file.write(b"NgS1 a batch being written")
    assert oldest_waiting(tmp_path) == 1_099
    spool.close()


@given(st.lists(st.text(min_size=1, max_size=200), max_size=300))
def test_shares_hold_every_box_once_in_order_and_stay_small(boxes: list[str]) -> None:
    found = list(shares(boxes))
    assert [box for share in found for box in share] == boxes
    assert all(1 <= len(share) <= 50 for share in found)
    assert all(len(share) == 1 or sum(len(box) + 12 for box in share) <= 4_000 for share in found)


def test_a_device_is_asked_for_with_all_its_tags_and_names_are_quoted() -> None:
    (asked,) = questions("ups", ["b'1", "b\\2"], NOON)
    assert asked == (
        'SELECT mean(*), min(*), max(*) FROM "ups" '
        f"WHERE time >= {NOON}ms AND time < {NOON + HOUR}ms AND "
        "(\"box\" = 'b\\'1' OR \"box\" = 'b\\\\2') GROUP BY time(1h), * fill(none)"
    )
    assert "box" not in next(questions("reference", (), NOON))
    assert which_boxes("ups", NOON).startswith('SHOW TAG VALUES FROM "ups" WITH KEY = "box" WHERE time >= ')


def test_a_box_is_asked_for_over_all_its_causes_and_its_time_down_by_each() -> None:
    whole, by_cause = questions(BOX.name, ["b1"], NOON)
    assert whole.endswith('GROUP BY time(1h), "district", "box", "feeder" fill(none)')
    assert 'sum("down_seconds") AS "sum_down_seconds"' in by_cause
    assert '"down" = 1' in by_cause
    assert '"cause"' in by_cause


def answer(series: dict[str, object]) -> list[dict[str, object]]:
    return [{"statement_id": 0, "series": [series]}]


def test_an_answer_becomes_lines_of_floats_without_empty_tags_and_absent_values() -> None:
    given = {
        "name": "ups",
        "tags": {"box": "b 1", "device": "u,1", "line": ""},
        "columns": ["time", "mean_on_battery", "min_on_battery", "max_x"],
        "values": [[NOON, 0.5, 0, None], [NOON + HOUR, None, None, None]],
    }
    assert list(lines(answer(given))) == [
        rb"ups,box=b\ 1,device=u\,1 mean_on_battery=0.5,min_on_battery=0.0 %d" % NOON
    ]
    assert list(lines([{"statement_id": 0}])) == []


def test_tags_that_come_as_columns_are_tags_all_the_same() -> None:
    given = {
        "name": "ups",
        "columns": ["time", "device", "box", "line", "mean_x"],
        "values": [[NOON, "u1", "b1", None, 2]],
    }
    assert list(lines(answer(given))) == [b"ups,box=b1,device=u1 mean_x=2.0 %d" % NOON]


def test_the_mark_is_kept_whole_and_is_of_one_server_and_database(tmp_path: Path) -> None:
    assert read(tmp_path, SETTINGS) == Mark(SETTINGS.url, "cctv")
    mark = Mark(SETTINGS.url, "cctv", NOON, "no route")
    keep(tmp_path / "series", mark)
    assert read(tmp_path / "series", SETTINGS) == mark
    assert read(tmp_path / "series", InfluxSettings(SETTINGS.url, "other")).until is None
    assert read(tmp_path / "series", InfluxSettings("http://else:8086")).until is None
    assert [path.name for path in (tmp_path / "series").iterdir()] == [years_mark.NAME]


@pytest.mark.parametrize("text", ["", "{", "[1]", '{"url": 1}', json.dumps({"url": "http://influx:8086"})])
def test_a_damaged_mark_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / years_mark.NAME).write_text(text)
    assert read(tmp_path, SETTINGS).until is None


def test_every_kind_of_device_is_rolled_up_by_its_own_name() -> None:
    from storage.years import MEASUREMENTS

    assert set(DEVICE_KINDS) < set(MEASUREMENTS)
