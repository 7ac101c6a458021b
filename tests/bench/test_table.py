"""Figures, medians and the table."""

from __future__ import annotations

import json
from argparse import ArgumentTypeError
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.run import chosen
from bench.table import exponent, figure, middle, quantile, rendered, times, write


def test_a_cost_of_half_the_peers_is_twice_as_good() -> None:
    assert figure("x", "us", 10.0, 20.0).ratio == 2.0


def test_a_rate_of_twice_the_peers_is_twice_as_good() -> None:
    assert figure("x", "/s", 20.0, 10.0, more_is_better=True).ratio == 2.0


def test_without_a_peer_there_is_no_ratio() -> None:
    assert figure("x", "us", 10.0).ratio is None


def test_the_middle_of_an_even_number_lies_between_two() -> None:
    assert middle([1, 9, 2, 4]) == 3


@given(st.lists(st.floats(0, 1e6), min_size=1))
def test_quantiles_are_among_the_values_and_in_order(values: list[float]) -> None:
    found = [quantile(values, share) for share in (0.0, 0.5, 0.99)]
    assert found == sorted(found)
    assert set(found) <= set(values)


@given(st.floats(0.5, 2.0), st.floats(0.001, 1000))
def test_the_exponent_of_a_power_law_is_found(power: float, factor: float) -> None:
    sizes = [1_000.0, 10_000.0, 100_000.0]
    assert exponent(sizes, [factor * size**power for size in sizes]) == pytest.approx(power)


def test_the_table_lines_its_columns_up_and_leaves_out_what_is_not_there() -> None:
    first, *rest = rendered(
        [figure("short", "us", 1234.5, 5000), figure("a longer name", "s", 0.5)]
    ).splitlines()
    assert first.index("ours") + 4 == rest[0].index("1,234") + 5
    assert rest[1].split()[-4:] == ["-", "-", "-", "s"]


def test_results_are_a_list_with_exactly_the_agreed_keys(tmp_path: Path) -> None:
    write([figure("x", "us", 10.0, 20.0, 5.0)], tmp_path / "results" / "latest.json")
    found = json.loads((tmp_path / "results" / "latest.json").read_text())
    assert found == [{"name": "x", "ours": 10.0, "peer": 20.0, "bound": 5.0, "ratio": 2.0, "unit": "us"}]


def test_how_many_times_cheaper_stands_beside_how_many_times_are_wanted() -> None:
    assert (times("x", 10.0, 50.0, 4).ours, times("x", 10.0, 50.0, 4).bound) == (5.0, 4.0)


def test_a_group_that_is_none_is_named_before_anything_is_measured() -> None:
    with pytest.raises(ArgumentTypeError, match=r"'icpm' is no group: choose among icmp, snmp"):
        chosen("icpm")
