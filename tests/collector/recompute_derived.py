"""Values that no single row says: on battery, a test, a worn battery, load of processors and memory.

As tests/collector/recompute.py: from the MIBs, and not by the code under test.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

Rows = dict[str, int | str]

E = "1.3.6.1.4.1"
# where the output comes from: object -> the raw states that are the battery
SOURCES: dict[str, set[int | str]] = {
    "1.3.6.1.2.1.33.1.4.1.0": {5},
    f"{E}.318.1.1.1.4.1.1.0": {3},
    f"{E}.3808.1.1.1.4.1.1.0": {3},
    f"{E}.935.1.1.1.4.1.1.0": {3},
    f"{E}.534.1.4.5.0": {5},
    f"{E}.705.1.7.3.0": {1},
    f"{E}.4555.1.1.1.1.4.1.0": {5},
    f"{E}.4555.1.1.7.1.2.1.0": {5, 6, 7},
    f"{E}.13891.101.4.1.0": {5},
    f"{E}.476.1.42.3.5.3.55.0": {5},
    f"{E}.476.1.42.3.9.20.1.20.1.2.1.4872": {"Battery"},
}
# whether a test of the battery runs: object -> the raw states that mean so
TESTS: dict[str, set[int | str]] = {
    "1.3.6.1.2.1.33.1.7.3.0": {5},
    f"{E}.318.1.1.1.7.2.3.0": {4},
    f"{E}.3808.1.1.1.7.2.3.0": {4},
    f"{E}.935.1.1.1.7.2.3.0": {4},
    f"{E}.534.1.8.2.0": {4},
    f"{E}.4555.1.1.7.1.2.1.0": {4},
    f"{E}.13891.101.7.3.0": {5},
    f"{E}.476.1.42.3.5.1.8.0": {4},
}
AGENTS_OF_RFC_1628 = ("1.3.6.1.2.1.33.1", f"{E}.13891.101")
# a DC plant or an ATS tells mains by its volts: object and factor
MAINS = {
    f"{E}.1918.2.13.10.40.10.0": 1,
    f"{E}.7309.4.1.6.2.2.1.3.5": 0.01,
    f"{E}.12148.9.6.1.0": 1,
    f"{E}.2011.6.164.1.5.2.1.1.4.1": 0.1,
    f"{E}.13400.2.1.3.1.3.2.1.0": 0.1,
    f"{E}.13400.2.54.2.2.1.0": 0.1,
    f"{E}.13400.3.4.491.1.1.2.1": 0.1,
    f"{E}.850.1.1.3.4.3.1.2.1.5.1.1.1": 0.1,
    f"{E}.935.1.1.1.8.2.2.0": 0.1,
    f"{E}.318.1.1.1.3.2.1.0": 1,
}


def derived(metric: str, rows: Rows) -> Iterator[float]:
    """Every number the rows allow for a metric that is made of several of them."""
    if metric in _MADE:
        yield from _MADE[metric](rows)


def _told(table: dict[str, set[int | str]], rows: Rows) -> Iterator[float]:
    for name, meaning in table.items():
        if name in rows:
            yield float(rows[name] in meaning)


def _on_battery(rows: Rows) -> Iterator[float]:
    yield from _told(SOURCES, rows)
    for name, factor in MAINS.items():
        if isinstance(raw := rows.get(name), int):
            yield float(raw * factor < 90)


def _on_mains(rows: Rows) -> Iterator[float]:
    yield from (1 - each for each in _on_battery(rows))


def _test_runs(rows: Rows) -> Iterator[float]:
    yield from _told(TESTS, rows)


def _replace(rows: Rows) -> Iterator[float]:
    for agent in AGENTS_OF_RFC_1628:
        if f"{agent}.6.1.0" in rows:
            yield float(f"{agent}.6.3.1" in _column(rows, f"{agent}.6.2.1.2").values())


def _column(rows: Rows, column: str) -> Rows:
    return {name: raw for name, raw in rows.items() if name.startswith(f"{column}.")}


def _processors(rows: Rows) -> Iterator[float]:
    loads = [raw for raw in _column(rows, "1.3.6.1.2.1.25.3.3.1.2").values() if isinstance(raw, int)]
    if loads:
        yield sum(loads) / len(loads)
    if isinstance(idle := rows.get(f"{E}.2021.11.11.0"), int):
        yield 100 - idle


def _memory(rows: Rows) -> Iterator[float]:
    def at(name: str) -> float:
        raw = rows.get(name)
        return float(raw) if isinstance(raw, int) else float("nan")

    ucd = f"{E}.2021.4"
    spare = at(f"{ucd}.6.0") + at(f"{ucd}.14.0") + at(f"{ucd}.15.0")
    yield 100 - 100 * spare / (at(f"{ucd}.5.0") or float("nan"))
    for name, kind in _column(rows, "1.3.6.1.2.1.25.2.3.1.2").items():
        if kind == "1.3.6.1.2.1.25.2.1.2":
            index = name.rpartition(".")[2]
            used, size = (at(f"1.3.6.1.2.1.25.2.3.1.{column}.{index}") for column in (6, 5))
            yield 100 * used / (size or float("nan"))
    for used_at, free_at in (
        (f"{E}.9.9.48.1.1.1.5.1", f"{E}.9.9.48.1.1.1.6.1"),
        (f"{E}.248.14.2.15.3.1.0", f"{E}.248.14.2.15.3.2.0"),
    ):
        yield 100 / (1 + at(free_at) / (at(used_at) or float("nan")))
    for used_at, total_at in (
        (f"{E}.368.4.1.100.1.3.0", f"{E}.368.4.1.100.1.2.0"),
        (f"{E}.368.4.1.100.1.2.0", f"{E}.368.4.1.100.1.3.0"),
        (f"{E}.11.2.14.11.5.1.1.2.2.1.1.7.1", f"{E}.11.2.14.11.5.1.1.2.2.1.1.5.1"),
    ):
        yield 100 * at(used_at) / (at(total_at) or float("nan"))


def _fix(rows: Rows) -> Iterator[float]:
    """Teltonika: RutOS has latitude and longitude at .3.1 and .3.2, the legacy MIB at .6.2 and .6.1."""
    for one, other in (("3.1", "3.2"), ("6.2", "6.1")):
        pair = [rows.get(f"{E}.48690.{each}.0") for each in (one, other)]
        if pair != [None, None]:
            yield float(all(_degrees(each) for each in pair))


def _degrees(raw: int | str | None) -> bool:
    try:
        return raw is not None and float(raw) != 0
    except ValueError:
        return False


_MADE: dict[str, Callable[[Rows], Iterator[float]]] = {
    "on_battery": _on_battery,
    "on_mains": _on_mains,
    "self_test_running": _test_runs,
    "battery_replace": _replace,
    "cpu_percent": _processors,
    "memory_percent": _memory,
    "gps_fix": _fix,
}
