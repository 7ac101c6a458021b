"""buckets.yaml, windows.yaml, contract.yaml, texts.yaml: what is right in them, and each mistake's line."""

from __future__ import annotations

import pytest

from config.located import parse
from domain.alarm import Cause
from domain.errors import ConfigError
from reports import buckets, contract, texts, windows
from reports.assemble import life_years
from reports.buckets import BUCKETS, Bucket
from tests.reports.makers import box, city

CITY = city([box("B1"), box("B2", "north", "F2", "indus")])


def said(make: object, text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        make(text)  # type: ignore[operator]
    return [str(problem) for problem in caught.value.problems]


# -- buckets --------------------------------------------------------------------------------------


def test_every_cause_the_product_knows_has_a_bucket() -> None:
    table = buckets.load()
    assert {cause for cause in table.while_down if cause is not None} == set(Cause)
    assert table.of(None) is Bucket.CONTRACTOR
    assert table.of(Cause.BATTERY_EXHAUSTED) is Bucket.UTILITY


def test_a_cause_without_a_line_and_a_line_without_a_cause_are_errors() -> None:
    text = buckets.SHIPPED.read_text(encoding="utf-8")
    wrong = text.replace("  box_silent: contractor", "  box_quiet: contractor")
    found = said(lambda t: buckets.make(parse(t, "buckets.yaml")), wrong)
    line = next(n for n, row in enumerate(text.splitlines(), 1) if row.startswith("  box_silent"))
    assert f"buckets.yaml:{line}: unknown cause 'box_quiet', write 'box_silent'" in found
    assert any("cause 'box_silent' has no bucket" in problem for problem in found)


def test_no_cause_may_fill_up_planned_or_disputed() -> None:
    text = buckets.SHIPPED.read_text(encoding="utf-8").replace("slow: uplink", "slow: up")
    (problem,) = said(lambda t: buckets.make(parse(t, "buckets.yaml")), text)
    assert "while_down.slow is 'up'" in problem


# -- windows --------------------------------------------------------------------------------------

WINDOWS = """\
windows:
  cabling:
    why: new trunk cable
    boxes: [B1]
    start: 2026-10-05 01:00
    end: 2026-10-05 05:00
  cleaning:
    districts: [north]
    every: [sun, wed]
    begins: 06:00
    ends: 08:00
    first_day: 2026-10-01
  feeder-test:
    feeders: [F1]
    on_days: [1, 15]
    begins: 23:00
    lasts: 90m
    timezone: Europe/London
"""


def test_good_windows_are_read() -> None:
    made = {it.id: it for it in windows.make(parse(WINDOWS, "windows.yaml"), CITY)}
    assert set(made) == {"cabling", "cleaning", "feeder-test"}
    once = made["cabling"].once
    assert once is not None
    assert (once[1] - once[0]) == 4 * 3_600_000
    hours = made["feeder-test"].hours
    assert hours is not None
    assert (hours.lasts_s, sorted(hours.days)) == (5_400, [1, 15])
    assert str(made["feeder-test"].zone) == "Europe/London"


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "boxes: [B1]",
            "boxes: [B7]",
            "windows.yaml:4: windows.cabling: the inventory has no box 'B7', write one of B1, B2",
        ),
        ("    boxes: [B1]\n", "", "windows.yaml:2: windows.cabling: names no place, add boxes:"),
        (
            "end: 2026-10-05 05:00",
            "end: 2026-10-05 00:30",
            "windows.yaml:6: windows.cabling: ends before it starts",
        ),
        (
            "end: 2026-10-05 05:00",
            "end: 5 October",
            "windows.yaml:6: windows.cabling.end: '5 October' is no moment",
        ),
        ("    end: 2026-10-05 05:00\n", "", "windows.yaml:2: windows.cabling: half of a one-off window"),
        (
            "every: [sun, wed]",
            "every: [sunday]",
            "windows.yaml:9: windows.cleaning.every: not days of the week",
        ),
        (
            "begins: 06:00",
            "begins: 6",
            "windows.yaml:10: windows.cleaning.begins: no time of day, write it as 06:00",
        ),
        ("    ends: 08:00\n", "", "windows.yaml:7: windows.cleaning: its length is not clear"),
        (
            "on_days: [1, 15]",
            "on_days: [32]",
            "windows.yaml:15: windows.feeder-test: 32 is no day of a month",
        ),
        (
            "lasts: 90m",
            "lasts: forever",
            "windows.yaml:17: windows.feeder-test.lasts: 'forever' is no duration",
        ),
        (
            "Europe/London",
            "Mars/Base",
            "windows.yaml:18: windows.feeder-test.timezone: 'Mars/Base' is no known zone",
        ),
        ("why: new", "wy: new", "windows.yaml:3: unknown key 'windows.cabling.wy', write 'why'"),
    ],
)
def test_each_mistake_in_windows_names_its_line_and_what_to_write(old: str, new: str, expected: str) -> None:
    assert WINDOWS.count(old) == 1
    found = said(lambda t: windows.make(parse(t, "windows.yaml"), CITY), WINDOWS.replace(old, new))
    assert any(problem.startswith(expected) for problem in found), found


# -- contracts ------------------------------------------------------------------------------------

CONTRACTS = """\
contracts:
  alpha-2026:
    contractor: alpha
    against: [contractor, degraded]
    target: 99.5
    fee: 2500000
    penalties:
      - {below: 99.5, deduct: 2}
      - {below: 97, deduct: 10}
    service_hours: {begins: 06:00, ends: 24:00}
  uplink-provider:
    party: Line & Co
    whole_city: true
    counts: devices
    against: [uplink]
    target: 99
"""


def test_good_contracts_are_read_with_their_lowest_step_first() -> None:
    alpha, uplink = contract.make(parse(CONTRACTS, "contract.yaml"), CITY)
    assert [str(step.below) for step in alpha.steps] == ["97", "99.5"]
    assert alpha.hour_set() is not None
    assert uplink.hour_set() is None
    assert uplink.party == "Line & Co"


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("    whole_city: true\n", "", "11: uplink-provider: names nothing, add contractor:"),
        (
            "contractor: alpha",
            "contractor: alfa",
            "3: alpha-2026: the inventory has no contractor 'alfa', write 'alpha'",
        ),
        ("against: [uplink]", "against: []", "15: uplink-provider: counts nothing"),
        ("against: [uplink]", "against: [rain]", "15: uplink-provider.against.0 is 'rain'"),
        ("    party: Line & Co\n", "", "11: uplink-provider: does not say who is bound"),
        ("    fee: 2500000\n", "", "6: alpha-2026: deducts from an unknown fee"),
        ("below: 99.5", "below: 99.9", "8: alpha-2026: deducts above its target"),
        ("below: 97,", "below: 99.5,", "7: alpha-2026: has two steps at one limit"),
        ("target: 99.5", "target: many", "5: alpha-2026.target: no number"),
        ("target: 99.5", "target: 101", "5: alpha-2026.target is 101"),
    ],
)
def test_each_mistake_in_contracts_names_its_line_and_what_to_write(
    old: str, new: str, expected: str
) -> None:
    assert CONTRACTS.count(old) == 1
    found = said(lambda t: contract.make(parse(t, "contract.yaml"), CITY), CONTRACTS.replace(old, new))
    line, _, words = expected.partition(": ")
    assert any(it.startswith(f"contract.yaml:{line}: contracts.{words}") for it in found), found


def test_a_file_without_a_contract_is_refused() -> None:
    (problem,) = said(lambda t: contract.make(parse(t, "contract.yaml")), "contracts: {}\n")
    assert problem == "contract.yaml:1: the file names no contract, add one below contracts:"


# -- words ----------------------------------------------------------------------------------------


def test_every_bucket_has_a_word_in_both_languages() -> None:
    english, urdu = texts.load("en"), texts.load("ur")
    for bucket in BUCKETS:
        assert english(f"bucket_{bucket.value}")
        assert urdu(f"bucket_{bucket.value}") != english(f"bucket_{bucket.value}")
    assert texts.load("both")("summary").startswith("Summary · ")


def test_the_life_of_the_batteries_the_inventory_knows_is_on_file() -> None:
    assert set(life_years()) == {"lead-acid", "lifepo4"}
