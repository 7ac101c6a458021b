"""The embedded store: read while written, rolled up, forgotten in time, and never in anyone's way."""

from __future__ import annotations

import math
import sqlite3
import statistics
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.reading import Key, Outcome, Probe, Reading
from storage.embedded import EmbeddedStore
from storage.embedded_files import DAY, HOUR, index_path, raw_days, raw_path
from storage.embedded_query import EmbeddedHistory
from storage.rollup import maintain

ROOT = Path(__file__).resolve().parents[2]
MIDNIGHT = 1_750_032_000_000  # 2025-06-16T00:00Z
CHARGE: Key = ("battery_charge_percent", "")
LOAD: Key = ("output_load_percent", "1")


def poll(at: int, values: dict[Key, float] | None = None, device: str = "ups-1") -> Reading:
    if values is None:
        return Reading(device, Probe.SNMP, at, Outcome.TIMEOUT)
    return Reading(device, Probe.SNMP, at, Outcome.OK, values)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[EmbeddedStore]:
    made = EmbeddedStore(tmp_path, commit_s=0.02)
    yield made
    made.close()


def pairs(
    store: EmbeddedStore | EmbeddedHistory, key: Key, start: int = 0, end: int = 1 << 45
) -> list[tuple[int, float]]:
    return [(p.at, p.value) for p in store.series("ups-1", key, start, end)]


def test_each_utc_day_is_a_file_and_a_span_crosses_them(store: EmbeddedStore, tmp_path: Path) -> None:
    times = [MIDNIGHT - 1, MIDNIGHT, MIDNIGHT + DAY - 1, MIDNIGHT + DAY]
    store.write([poll(at, {CHARGE: float(n)}) for n, at in enumerate(times)])
    assert store.flush()
    assert [path.name for _, path in raw_days(tmp_path)] == [
        "raw-2025-06-15.db",
        "raw-2025-06-16.db",
        "raw-2025-06-17.db",
    ]
    assert pairs(store, CHARGE) == [(at, float(n)) for n, at in enumerate(times)]
    assert pairs(store, CHARGE, times[1], times[3]) == [(times[1], 1.0), (times[2], 2.0)]


def test_another_process_reads_while_this_one_writes(store: EmbeddedStore, tmp_path: Path) -> None:
    store.write([poll(MIDNIGHT + n, {CHARGE: float(n)}) for n in range(500)])
    assert store.flush()
    code = (
        "import pathlib, sys; from storage.embedded_query import EmbeddedHistory as H\n"
        "print(len(H(pathlib.Path(sys.argv[1])).series('ups-1', ('battery_charge_percent', ''), 0, 1 << 45)))"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    assert int(subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout) == 500


def test_a_shape_grows_and_every_value_stays_where_it_was(tmp_path: Path) -> None:
    store = EmbeddedStore(tmp_path, commit_s=0.02)
    store.write(
        [poll(MIDNIGHT, {CHARGE: 1.0}), poll(MIDNIGHT + 1, {LOAD: 2.0}), poll(MIDNIGHT + 2, {CHARGE: 3.0})]
    )
    store.close()
    again = EmbeddedStore(tmp_path, commit_s=0.02)
    again.write(
        [poll(MIDNIGHT + 3, {LOAD: 4.0}), poll(MIDNIGHT + 4), poll(MIDNIGHT + 5, {CHARGE: 6.0, LOAD: 7.0})]
    )
    assert again.flush()
    assert pairs(again, CHARGE) == [(MIDNIGHT, 1.0), (MIDNIGHT + 2, 3.0), (MIDNIGHT + 5, 6.0)]
    assert pairs(again, LOAD) == [(MIDNIGHT + 1, 2.0), (MIDNIGHT + 3, 4.0), (MIDNIGHT + 5, 7.0)]
    with sqlite3.connect(index_path(tmp_path)) as index:
        assert index.execute("SELECT count(*) FROM series").fetchone()[0] == 1
    again.close()


def test_an_hour_is_rolled_up_once_it_is_over_and_again_when_late_readings_come(
    store: EmbeddedStore, tmp_path: Path
) -> None:
    values = [50.0 + n * 0.5 for n in range(60)]
    store.write([poll(MIDNIGHT + n * 60_000, {CHARGE: v}) for n, v in enumerate(values)])
    store.write([poll(MIDNIGHT + 30 * 60_000 + 500)])  # silent once
    store.write([poll(MIDNIGHT + HOUR, {CHARGE: 1.0})])
    assert store.flush()
    assert store.maintain(MIDNIGHT + HOUR + 60_000).hours == 0  # its last readings may yet come
    assert store.maintain(MIDNIGHT + HOUR + 180_000).hours == 1
    assert store.maintain(MIDNIGHT + HOUR + 240_000).hours == 0
    (hour,) = store.hourly("ups-1", CHARGE, 0, 1 << 45)
    assert (hour.at, hour.count, hour.low, hour.high, hour.last) == (MIDNIGHT, 60, 50.0, 79.5, 79.5)
    assert hour.mean == pytest.approx(statistics.fmean(values))
    (outcome,) = store.hourly("ups-1", ("snmp_outcome", ""), 0, 1 << 45)
    assert (outcome.count, outcome.high) == (61, 1.0)

    store.write([poll(MIDNIGHT + 59 * 60_000 + 1, {CHARGE: 99.0})])
    assert store.flush()
    assert store.maintain(MIDNIGHT + HOUR + 300_000).hours == 1
    (hour,) = store.hourly("ups-1", CHARGE, 0, 1 << 45)
    assert (hour.count, hour.high, hour.last) == (61, 99.0, 99.0)


def test_old_days_are_forgotten_and_their_hours_stay_for_years(store: EmbeddedStore, tmp_path: Path) -> None:
    store.write([poll(MIDNIGHT + n * 60_000, {CHARGE: float(n)}) for n in range(120)])
    assert store.flush()
    now = MIDNIGHT + 15 * DAY
    done = store.maintain(now)
    assert (done.hours, done.days_removed) == (2, 1)
    assert not raw_path(tmp_path, MIDNIGHT).exists()
    assert pairs(store, CHARGE) == [(MIDNIGHT, 29.5), (MIDNIGHT + HOUR, 89.5)]
    latest = store.latest("ups-1")
    assert (latest[CHARGE].at, latest[CHARGE].value) == (MIDNIGHT + HOUR, 119.0)
    store.write([poll(now, {CHARGE: 7.0})])
    assert store.flush()
    assert pairs(store, CHARGE)[-2:] == [(MIDNIGHT + HOUR, 89.5), (now, 7.0)]
    assert maintain(tmp_path, now, rollup_days=10).rollups_removed == 2
    assert pairs(store, CHARGE) == [(now, 7.0)]


def test_what_is_older_than_the_days_kept_is_counted_and_not_stored(
    store: EmbeddedStore, tmp_path: Path
) -> None:
    store.write([poll(MIDNIGHT, {CHARGE: 1.0}), poll(MIDNIGHT - 20 * DAY, {CHARGE: 2.0}), poll(MIDNIGHT)])
    assert store.flush()
    assert store.health().late_readings == 1
    assert store.health().committed_readings == 2
    assert len(raw_days(tmp_path)) == 1


def test_a_disk_that_takes_nothing_is_said_once_and_caught_up_with_later(
    store: EmbeddedStore, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store.write([poll(MIDNIGHT, {CHARGE: 0.0})])
    assert store.flush()
    with sqlite3.connect(raw_path(tmp_path, MIDNIGHT), isolation_level=None) as raw:
        raw.execute("DROP TABLE unrolled")
        store.write([poll(MIDNIGHT + 1, {CHARGE: 1.0}), poll(MIDNIGHT + 1, {LOAD: 1.0}, "new")])
        assert not store.flush(0.3)
        assert "unrolled" in store.health().error
        assert pairs(store, CHARGE) == [(MIDNIGHT, 0.0)]  # nothing by halves
        store.write([poll(MIDNIGHT + 2, {CHARGE: 2.0})])
        raw.execute("CREATE TABLE unrolled (hour INTEGER PRIMARY KEY, writes INTEGER NOT NULL)")
    assert store.flush()
    assert [value for _, value in pairs(store, CHARGE)] == [0.0, 1.0, 2.0]
    assert store.latest("new")[LOAD].value == 1.0
    assert store.health().error == ""
    assert len([r for r in caplog.records if "takes none" in r.message]) == 1


class FullOnce:
    """An index whose first commit finds the disk full."""

    def __init__(self, index: sqlite3.Connection) -> None:
        self._index = index
        self.refused = 0

    def execute(self, sql: str, parameters: tuple[object, ...] = ()) -> sqlite3.Cursor:
        if sql == "COMMIT" and not self.refused:
            self.refused = 1
            raise sqlite3.OperationalError("database or disk is full")
        return self._index.execute(sql, parameters)

    def __getattr__(self, name: str) -> object:
        return getattr(self._index, name)


def test_names_that_a_failed_commit_took_back_are_not_given_to_another_device(tmp_path: Path) -> None:
    store = EmbeddedStore(tmp_path, commit_s=0.02)
    store._index = index = FullOnce(store._index)  # type: ignore[assignment]
    store.write([poll(MIDNIGHT, {CHARGE: 1.0}, "a")])
    assert store.flush()
    assert index.refused
    store.write([poll(MIDNIGHT + 1, {CHARGE: 2.0}, "b"), poll(MIDNIGHT + 1, {CHARGE: 3.0}, "a")])
    assert store.flush()
    found = {name: store.series(name, CHARGE, MIDNIGHT, MIDNIGHT + DAY) for name in "ab"}
    assert {name: [point.value for point in points] for name, points in found.items()} == {
        "a": [1.0, 3.0],
        "b": [2.0],
    }
    store.close()


def test_when_the_disk_stands_still_the_oldest_are_dropped_and_counted(tmp_path: Path) -> None:
    store = EmbeddedStore(tmp_path, commit_s=30, max_waiting=100)
    for n in range(10):
        store.write([poll(MIDNIGHT + n * 50 + i, {CHARGE: 1.0}) for i in range(50)])
    assert store.health().waiting_readings == 100
    assert store.health().dropped_readings == 400
    assert store.flush()
    assert [at for at, _ in pairs(store, CHARGE)] == list(range(MIDNIGHT + 400, MIDNIGHT + 500))
    store.close()


def test_closing_commits_what_waits(tmp_path: Path) -> None:
    store = EmbeddedStore(tmp_path, commit_s=30)
    store.write([poll(MIDNIGHT, {CHARGE: 1.0})])
    store.close()
    assert pairs(EmbeddedHistory(tmp_path), CHARGE) == [(MIDNIGHT, 1.0)]


def test_a_directory_nothing_was_written_to_has_no_series(tmp_path: Path) -> None:
    history = EmbeddedHistory(tmp_path)
    assert history.latest("ups-1") == {}
    assert history.series("ups-1", CHARGE, 0, 1 << 45) == []
    assert history.hourly("ups-1", CHARGE, 0, 1 << 45) == []


minutes = st.integers(0, 179)
amounts = st.one_of(st.none(), st.floats(-1e6, 1e6))


@pytest.mark.slow
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(minutes, amounts, amounts), min_size=1, max_size=16), st.integers(3, 8))
def test_rolled_up_hours_say_what_the_raw_values_say(
    tmp_path_factory: pytest.TempPathFactory,
    polls: list[tuple[int, float | None, float | None]],
    pieces: int,
) -> None:
    store = EmbeddedStore(tmp_path_factory.mktemp("store"), commit_s=0.001)
    kept: dict[Key, dict[int, float]] = {CHARGE: {}, LOAD: {}}
    for start in range(0, len(polls), pieces):  # rolled up between the pieces: late ones come again
        for minute, charge, load in polls[start : start + pieces]:
            at = MIDNIGHT + minute * 60_000
            values = {k: v for k, v in ((CHARGE, charge), (LOAD, load)) if v is not None}
            for key, value in values.items():
                kept[key][at] = value
            store.write([poll(at, values)])
        assert store.flush()
        store.maintain(MIDNIGHT + 4 * HOUR)
    for key, expected in kept.items():
        assert pairs(store, key) == sorted(expected.items())
        latest = store.latest("ups-1").get(key)
        assert (latest and (latest.at, latest.value)) == (max(expected.items()) if expected else None)
        for hour in store.hourly("ups-1", key, 0, 1 << 45):
            values_in = [v for at, v in sorted(expected.items()) if hour.at <= at < hour.at + HOUR]
            assert (hour.count, hour.low, hour.high, hour.last) == (
                len(values_in),
                min(values_in),
                max(values_in),
                values_in[-1],
            )
            assert math.isclose(hour.mean, math.fsum(values_in) / len(values_in))
        hours = {(at - MIDNIGHT) // HOUR for at in expected}
        assert len(store.hourly("ups-1", key, 0, 1 << 45)) == len(hours)
    store.close()
