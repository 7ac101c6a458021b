"""The estimate names every measurement and tag that is written, and warns before a limit hurts."""

from __future__ import annotations

import pytest

from domain.metric import CATALOGUE
from domain.place import Bounds, Box, City, Device, District, Kind, Reference
from domain.series import DEVICE_TAGS, MEASUREMENTS
from storage.cardinality import cardinality
from storage.schema import Place, places
from storage.years import MEASUREMENTS as ROLLED


def city(devices: int, boxes: int = 1) -> City:
    return City(
        "c",
        Bounds(24, 66, 26, 68),
        districts={"d": District("d", "D")},
        boxes={f"b{n}": Box(f"b{n}", "B", 25, 67, "d") for n in range(boxes)},
        devices={f"s{n}": Device(f"s{n}", "b0", Kind.SWITCH, "127.0.0.1", n) for n in range(devices)},
        references={"g": Reference("g", "127.0.0.2")},
    )


def test_a_small_city_is_counted_by_measurement_and_warned_of_nothing() -> None:
    small = cardinality(city(3))
    assert places(city(1))["s0"] == Place("switch", "d", "b0")
    assert small.series["switch"] == 3 * 13
    assert (small.series["reference"], small.series["box"], small.series["transition"]) == (1, 8, 4)
    assert small.series["incident"] == small.series["open_incident"] == 7 + 1
    assert small.years == {"switch": 3 * 13, "reference": 1, "box": 9}
    assert small.total == sum(small.series.values())
    assert not small.warnings


def test_every_measurement_and_every_tag_that_is_written_is_counted() -> None:
    found = cardinality(city(1))
    assert set(MEASUREMENTS) <= set(found.series)
    assert set(found.years) <= set(ROLLED)
    tags = {tag for measurement in MEASUREMENTS.values() for tag in measurement.tags} | set(DEVICE_TAGS)
    labels = {metric.label for metric in CATALOGUE.values() if metric.label}
    assert tags | labels == {*found.tag_values, "told"}  # told is yes or no


@pytest.mark.parametrize(
    ("devices", "boxes", "words"),
    [
        (60_000, 1, ["series: ", "series in the database of years: ", "tag device takes 60001"]),
        (1, 60_000, ["series: ", "series in the database of years: ", "tag box takes 60000"]),
        (20_000, 3_000, []),
    ],
)
def test_half_of_a_limit_is_warned_of(devices: int, boxes: int, words: list[str]) -> None:
    found = cardinality(city(devices, boxes))
    assert len(found.warnings) == len(words)
    for warning, word in zip(found.warnings, words, strict=True):
        assert word in warning
