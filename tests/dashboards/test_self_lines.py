"""Series about boxes, messages and the monitor itself: as domain.series says, and as servers read them."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.alarm import (
    Cause,
    Concern,
    Condition,
    Confidence,
    Decision,
    Delivery,
    DeliveryStatus,
    Incident,
    Reason,
)
from domain.facts import BoxStanding, Forecast
from domain.place import Battery, Box
from domain.record import Acknowledgement
from domain.series import MEASUREMENTS, MONITOR, Measurement
from storage.schema import Place
from storage.self_lines import (
    DeliveryStep,
    acknowledgement_line,
    box_lines,
    decision_lines,
    delivery_lines,
    monitor_line,
    open_incident_lines,
)

AT = 1_795_000_000_000
DAY = 86_400_000
BOX = Box(
    "SDR-01",
    "Empress Market",
    24.86,
    67.02,
    "south",
    "saddar-3",
    battery=Battery(100, installed="2024-03-10"),
)
INCIDENT = Incident(
    "i1", "BBQTZT", "SDR-01", Concern.POWER, Cause.FEEDER_OUTAGE, Confidence.LIKELY, AT - 60_000, AT - 90_000
)
PLACES = {"SDR-01-ups": Place("ups", "south", "SDR-01")}

_LINE = re.compile(r"(\w+)((?:,[\w]+=(?:\\.|[^\s,])+)*) (.+) (\d+)")
_FIELD = re.compile(r'(\w+)=("(?:\\.|[^"\\])*"|-?\d+i|-?[\d.e+-]+)(?:,|$)')


def parsed(lines: bytes) -> list[tuple[Measurement, dict[str, str], dict[str, str], int]]:
    """Each line as measurement, tags, fields, time; every name checked against domain.series."""
    found = []
    for line in lines.decode().splitlines():
        match = _LINE.fullmatch(line)
        assert match, line
        measurement = MEASUREMENTS[match[1]]
        tags = dict(re.split(r"(?<!\\)=", tag, maxsplit=1) for tag in re.split(r"(?<!\\),", match[2])[1:])
        fields = dict(_FIELD.findall(match[3]))
        assert ",".join(f"{name}={value}" for name, value in fields.items()) == match[3]
        assert set(tags) <= set(measurement.tags)
        assert set(fields) <= {*measurement.fields, *measurement.texts}
        found.append((measurement, tags, fields, int(match[4])))
    return found


def test_a_box_stands_as_numbers_for_maps_lists_and_uptime() -> None:
    standing = BoxStanding(
        BOX, Condition.DOWN, Cause.FEEDER_OUTAGE, 8, 8, 4, 1, True, 12.5, Forecast(600, 900, 1200)
    )
    lines, count = box_lines([standing], AT, 60)
    ((_, tags, fields, at),) = parsed(lines)
    assert (count, at) == (1, AT)
    assert tags == {"box": "SDR-01", "cause": "feeder_outage", "district": "south", "feeder": "saddar-3"}
    assert (fields["condition"], fields["down"], fields["up"], fields["down_seconds"]) == (
        "3i",
        "1i",
        "0i",
        "60.0",
    )
    assert fields["forecast_low_seconds"] == "600.0"
    assert float(fields["battery_age_days"]) == pytest.approx(AT / DAY - 19_792)


def test_a_box_that_is_up_has_no_cause_and_what_is_unknown_is_not_written() -> None:
    lines, _ = box_lines(
        [BoxStanding(replace(BOX, battery=None, feeder=None), Condition.UP, Cause.SLOW)], AT, 60
    )
    ((_, tags, fields, _at),) = parsed(lines)
    assert tags == {"box": "SDR-01", "district": "south"}
    assert not {"on_battery", "battery_charge_percent", "forecast_low_seconds", "battery_age_days"} & set(
        fields
    )


def delivery(**more: object) -> Delivery:
    made = Delivery("d1", "o1", AT, "asif", "+923000000001", "twilio", "secret text", Reason.OPENED)
    return replace(made, **more)  # type: ignore[arg-type]


def test_no_text_and_no_number_leaves_the_journal() -> None:
    step = DeliveryStep(AT + 4000, delivery(status=DeliveryStatus.SENT), AT, "SDR-01", "south", 1)
    lines, _ = delivery_lines([step])
    assert b"secret text" not in lines
    assert b"3000000001" not in lines
    ((_, tags, fields, _at),) = parsed(lines)
    assert tags == {"channel": "twilio", "district": "south", "reason": "opened", "status": "sent"}
    assert fields["seconds"] == "4.0"


@given(st.lists(st.tuples(st.integers(0, 3), st.sampled_from(DeliveryStatus)), max_size=12))
def test_steps_of_one_moment_do_not_overwrite_one_another(steps: list[tuple[int, DeliveryStatus]]) -> None:
    made = [DeliveryStep(AT + ms, delivery(status=status), AT, "SDR-01", "south", 1) for ms, status in steps]
    lines, count = delivery_lines(made)
    points = {(tuple(sorted(tags.items())), at) for _, tags, _, at in parsed(lines)}
    assert len(points) == count == len(steps)


def test_decisions_are_counted_by_district_reason_and_moment() -> None:
    silent = Decision(AT, "o1", "SDR-01", Reason.SHADOW, told=False)
    made = [
        silent,
        silent,
        replace(silent, at=AT + 1),
        Decision(AT, "o2", "SDR-01-ups", Reason.OPENED, told=True),
    ]
    lines, count = decision_lines([*made, replace(silent, target="monitor")], PLACES)
    found = {
        (tags.get("district"), tags["reason"], tags["told"], at): f["count"]
        for _, tags, f, at in parsed(lines)
    }
    assert count == 4
    assert found == {
        ("south", "shadow", "no", AT): "2i",
        ("south", "shadow", "no", AT + 1): "1i",
        ("south", "opened", "yes", AT): "1i",
        (None, "shadow", "no", AT): "1i",
    }


@given(st.text(max_size=20), st.text(max_size=20))
def test_whatever_a_provider_or_a_person_says_is_one_line(error: str, by: str) -> None:
    step = DeliveryStep(AT, delivery(error=error, contact=by or "x"), AT, "SDR-01", "south", 1)
    lines, _ = delivery_lines([step])
    assert lines.count(b"\n") == 1
    said = Acknowledgement(AT, "i1", "BBQTZT", by, "sms")
    assert acknowledgement_line(said, INCIDENT, PLACES)[0].count(b"\n") == 1


def test_an_acknowledgement_knows_how_long_the_incident_waited() -> None:
    lines, _ = acknowledgement_line(Acknowledgement(AT, "i1", "BBQTZT", "bina", "sms"), INCIDENT, PLACES)
    ((_, tags, fields, _at),) = parsed(lines)
    assert tags == {"box": "SDR-01", "concern": "power", "district": "south", "road": "sms"}
    assert fields == {"seconds": "60.0", "by": '"bina"', "code": '"BBQTZT"'}


def test_an_open_incident_is_said_again_under_a_name_of_its_own() -> None:
    lines, count = open_incident_lines([INCIDENT, replace(INCIDENT, target="SDR-02")], AT, PLACES)
    found = parsed(lines)
    assert count == 2
    assert [(m.name, tags["box"], at) for m, tags, _, at in found] == [
        ("open_incident", "SDR-01", AT),
        ("open_incident", "SDR-02", AT),
    ]


def test_the_monitor_says_what_it_knows_and_nothing_unheard_of() -> None:
    lines, _ = monitor_line(
        "watch", AT, dict.fromkeys(MONITOR.fields, 1.0) | {"sweep_lag_seconds": float("nan")}
    )
    ((_, tags, fields, _at),) = parsed(lines)
    assert tags == {"process": "watch"}
    assert set(fields) == set(MONITOR.fields) - {"sweep_lag_seconds"}
    assert (fields["blind"], fields["readings_total"]) == ("1i", "1.0")
    with pytest.raises(KeyError):
        monitor_line("watch", AT, {"sweep_lag": 1.0})
