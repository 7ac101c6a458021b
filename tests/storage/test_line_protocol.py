"""Lines say exactly what the readings said: checked by a parser that shares no code with the encoder,
and against the points influxdb-client itself would write."""

from __future__ import annotations

import math
import re
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from influxdb_client import Point, WritePrecision

from domain.alarm import Cause, Concern, Condition, Confidence, Incident, Transition
from domain.metric import CATALOGUE
from domain.reading import Key, Outcome, Probe, Reading
from storage.line_protocol import LineEncoder, incident_lines, transition_lines
from storage.schema import (
    OUTCOME_LEGEND,
    Place,
    is_integer,
    label_name,
    tag_text,
)

patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # a cold Unicode table

Parsed = tuple[str, dict[str, str], dict[str, Any], int]


def parse(line: str) -> Parsed:
    """One line by the grammar of the v1 line protocol reference: unescaped separators split."""
    found = re.fullmatch(r'((?:\\.|[^ \\])+) ((?:"(?:\\.|[^"\\])*"|[^" ])+) (\d+)', line, re.DOTALL)
    assert found, line
    head, fields, at = found.groups()
    measurement, *tags = re.split(r"(?<!\\),", head)
    read: dict[str, Any] = {}
    for field in re.findall(r'((?:\\.|[^=,])+)=("(?:[^"\\]|\\.)*"|[^,]*)(?:,|$)', fields):
        name, text = field
        if text.startswith('"'):
            read[plain(name)] = re.sub(r"\\(.)", r"\1", text[1:-1])
        else:
            read[plain(name)] = int(text[:-1]) if text.endswith("i") else float(text)
    pairs = [re.split(r"(?<!\\)=", item) for item in tags]
    assert all(len(pair) == 2 for pair in pairs)
    return plain(measurement), {plain(k): plain(v) for k, v in pairs}, read, int(at)


def plain(text: str) -> str:
    return re.sub(r"\\([,= ])", r"\1", text)


def lines(text: bytes) -> list[str]:
    found = text.decode().split("\n")
    assert found.pop() == ""
    return found


PLACES = {"ups 1": Place("ups", "saddar", "box,7"), "cam": Place("camera", "", "b=1")}

names = st.text(min_size=1, max_size=12)
keys = st.one_of(
    st.tuples(st.sampled_from(sorted(CATALOGUE)), st.just("")),
    st.tuples(st.sampled_from(sorted(n for n, m in CATALOGUE.items() if m.label)), names),
)


@st.composite
def readings(draw: st.DrawFn) -> Reading:
    chosen = draw(
        st.lists(keys, max_size=8, unique_by=lambda key: (key[0], tag_text(key[1]) if key[1] else ""))
    )
    values: dict[Key, float] = {}
    for key in chosen:
        whole = is_integer(key[0])
        values[key] = draw(
            st.sampled_from([0.0, 1.0]) if whole else st.one_of(st.floats(), st.integers(0, 2**53))
        )
    return Reading(
        draw(st.one_of(st.sampled_from(sorted(PLACES)), names)),
        draw(st.sampled_from(Probe)),
        draw(st.integers(1, 2**43)),
        draw(st.sampled_from(Outcome)),
        values,
    )


@patient
@given(st.lists(readings(), max_size=5))
def test_every_value_is_in_the_lines_once_under_its_tags_and_nothing_else_is(batch: list[Reading]) -> None:
    text, count = LineEncoder(PLACES).encode(batch)
    parsed = [parse(line) for line in lines(text)]
    assert len(parsed) == count
    expected: list[Parsed] = []
    for reading in batch:
        place = PLACES.get(reading.device)
        tags = {"device": tag_text(reading.device), "kind": place.kind if place else "unknown"}
        if place:
            tags |= {"box": place.box}
            tags |= {"district": place.district} if place.district else {}
        outcome = next(n for n, o in OUTCOME_LEGEND.items() if o is reading.outcome)
        groups: dict[tuple[tuple[str, str], ...], dict[str, Any]] = {
            (): {f"{reading.probe.value}_outcome": outcome}
        }
        for (metric, label), value in reading.values.items():
            if math.isfinite(value):
                group = ((label_name(metric), tag_text(label)),) if label else ()
                groups.setdefault(group, {})[metric] = value
        for group, fields in groups.items():
            expected.append((tags["kind"], tags | dict(group), fields, reading.at))
    assert parsed == expected


@patient
@given(readings())
def test_the_library_of_the_server_would_write_the_same_point(reading: Reading) -> None:
    text, _ = LineEncoder(PLACES).encode([reading])
    for line in lines(text):
        measurement, tags, fields, at = parse(line)
        point = Point(measurement).time(at, WritePrecision.MS)
        for name, value in tags.items():
            point.tag(name, value)
        for name, value in fields.items():
            point.field(name, value)
        assert parse(point.to_line_protocol()) == (measurement, tags, fields, at)


def test_a_silent_probe_leaves_its_outcome_and_no_value() -> None:
    text, count = LineEncoder(PLACES).encode([Reading("cam", Probe.ICMP, 1_000, Outcome.TIMEOUT)])
    assert (text, count) == (b"camera,box=b\\=1,device=cam,kind=camera icmp_outcome=1i 1000\n", 1)


def test_each_label_value_is_a_line_and_states_are_integers() -> None:
    values = {("port_up", "1"): 1.0, ("port_up", "2"): 0.0, ("uptime_seconds", ""): 5.5}
    text, _ = LineEncoder({}).encode([Reading("sw", Probe.SNMP, 7, Outcome.OK, values)])
    assert lines(text) == [
        "unknown,device=sw,kind=unknown snmp_outcome=0i,uptime_seconds=5.5 7",
        "unknown,device=sw,kind=unknown,port=1 port_up=1i 7",
        "unknown,device=sw,kind=unknown,port=2 port_up=0i 7",
    ]


def test_a_reload_moves_a_device_to_its_new_box() -> None:
    encoder = LineEncoder({"cam": Place("camera", "d1", "b1")})
    reading = Reading("cam", Probe.ICMP, 1, Outcome.OK)
    assert b"box=b1" in encoder.encode([reading])[0]
    encoder.replace({"cam": Place("camera", "d2", "b2")})
    assert b"box=b2,device=cam,district=d2" in encoder.encode([reading])[0]


@patient
@given(st.text())
def test_a_tag_value_is_one_line_without_backslash_and_stays_itself_when_cleaned_again(text: str) -> None:
    cleaned = tag_text(text)
    assert cleaned
    assert not set(cleaned) & set("\n\r\t\\\0")
    assert tag_text(cleaned) == cleaned
    cleaned.encode()


def test_urdu_names_are_kept_as_they_are() -> None:
    assert tag_text("صدر کا ڈبہ") == "صدر کا ڈبہ"


def test_transitions_and_incidents_are_lines_for_annotations() -> None:
    world = {"cam": Place("camera", "saddar", "b1")}
    moved = Transition(9_000, "cam", Condition.DOWN, Cause.CAMERA_HUNG, 8_000, "i1", 'said "no",\nthrice')
    box = Transition(9_000, "b1", Condition.UP, None, 9_000)
    text, count = transition_lines([moved, box], world)
    first, second = map(parse, lines(text))
    assert count == 2
    assert first == (
        "transition",
        {"box": "b1", "device": "cam", "district": "saddar", "kind": "camera"},
        {
            "condition": 3,
            "since": 8_000,
            "cause": "camera_hung",
            "incident": "i1",
            "why": 'said "no", thrice',
        },
        9_000,
    )
    assert second[1] == {"box": "b1", "district": "saddar"}
    incident = Incident("i1", "K7", "b1", Concern.OUTAGE, Cause.BOX_SILENT, Confidence.LIKELY, 9_000, 8_000)
    text, count = incident_lines([incident], 9_500, world)
    measurement, tags, fields, at = parse(lines(text)[0])
    assert (measurement, tags, at) == (
        "incident",
        {"box": "b1", "concern": "outage", "district": "saddar"},
        9_500,
    )
    assert (fields["state"], fields["title"]) == (1, "box_silent open (K7)")


def test_shapes_forgotten_for_room_are_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storage.line_protocol._SHAPE_KEYS", 5)
    encoder = LineEncoder({})
    batch = [Reading("sw", Probe.SNMP, n, Outcome.OK, {("port_up", str(n % 9)): 1.0}) for n in range(50)]
    assert encoder.encode(batch) == LineEncoder({}).encode(batch) == encoder.encode(batch)
    assert len(encoder._shapes) < 9


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=60))
def test_texts_remembered_say_the_same_numbers_as_texts_made_anew(numbers: list[float]) -> None:
    encoder = LineEncoder({})
    key = ("battery_temperature_celsius", "")
    for number in [*numbers, *numbers, True, 1, 1.0]:
        reading = Reading("ups", Probe.SNMP, 7, Outcome.OK, {key: number})
        (line,) = lines(encoder.encode([reading])[0])
        assert parse(line)[2]["battery_temperature_celsius"] == number
    assert encoder._texts[1.0] == "1.0"


def test_texts_forgotten_for_room_are_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storage.line_protocol._TEXTS", 5)
    encoder = LineEncoder({})
    key = ("battery_temperature_celsius", "")
    batch = [Reading("ups", Probe.SNMP, n, Outcome.OK, {key: n % 9 + 0.5}) for n in range(50)]
    assert encoder.encode(batch) == LineEncoder({}).encode(batch)
    assert len(encoder._texts) < 9
