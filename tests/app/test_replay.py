"""The same engine from a file: hand-written lines, recorded runs, and lines that are wrong."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

from app.accepted import Accepted, accept
from app.events import Event, line, sentence
from app.record import iso, milliseconds
from app.replay import replay
from domain.errors import ConfigError
from tests.app.street import changed, shipped

PROMISED = {
    "at", "event", "incident", "target", "concern", "cause", "confidence", "to", "text", "reason",
}  # fmt: skip
TEN = milliseconds("2026-11-22T10:00:00Z")
BOX = ("GLS-02-ups", "GLS-02-switch", "GLS-02-cam1", "GLS-02-cam2", "GLS-02-cam3")
HEALTHY = {"on_battery": 0, "time_on_battery_seconds": 0, "input_voltage_volts{1}": 230}


def at(second: float) -> str:
    return iso(TEN + int(second * 1000))


def probed(
    second: float, device: str, probe: str, outcome: str = "ok", **more: Mapping[str, object] | str
) -> dict[str, Any]:
    return {"at": at(second), "device": device, "probe": probe, "outcome": outcome, **more}


def rounds(
    start: float, end: float, devices: Iterable[str] = BOX, dead: Iterable[str] = (), every: float = 5
) -> list[dict[str, Any]]:
    """Echo and agent of each device every five seconds."""
    found, second = [], start
    while second < end:
        for device in devices:
            outcome = "timeout" if device in dead else "ok"
            found.append(probed(second, device, "icmp", outcome))
            values = HEALTHY if device.endswith("ups") and outcome == "ok" else {}
            found.append(probed(second, device, "snmp", outcome, values=values))
        second += every
    return found


def written(path: Path, rows: Iterable[Mapping[str, Any] | str]) -> Path:
    texts = (row if isinstance(row, str) else json.dumps(row) for row in rows)
    path.write_text("".join(f"{text}\n" for text in texts), encoding="utf-8")
    return path


@pytest.fixture
def events(tmp_path: Path) -> Callable[..., list[Event]]:
    """The events of a file of these rows, checked for the promised keys."""

    def run(rows: Iterable[Mapping[str, Any] | str], accepted: Accepted | None = None) -> list[Event]:
        found: list[Event] = []
        replay(written(tmp_path / "rows.jsonl", rows), accepted or shipped(), found.append)
        for event in found:
            assert event.keys() >= PROMISED
            assert milliseconds(event["at"]) >= TEN
            assert json.loads(line(event)) == event
            assert sentence(event)
        return found

    return run


def told(events: Iterable[Event]) -> list[tuple[str, str, str]]:
    return [(e["at"], e["contact"], e["text"]) for e in events if e["event"] == "sms"]


def turns(events: Iterable[Event]) -> list[tuple[str, str, str, str]]:
    """(event, target, concern, cause) of what happened to incidents."""
    return [
        (e["event"], e["target"], e["concern"], e["cause"])
        for e in events
        if e["event"].startswith("incident")
    ]


# -- files written by hand ---------------------------------


def test_a_camera_that_falls_silent_and_comes_back(events: Callable[..., list[Event]]) -> None:
    cam = ("GLS-02-cam1",)
    found = events([*rounds(0, 20), *rounds(20, 60, dead=cam), *rounds(60, 80)])
    assert turns(found) == [
        ("incident_opened", "GLS-02", "outage", "device_silent"),
        ("incident_closed", "GLS-02", "outage", "device_silent"),
    ]
    opened, closed = (e for e in found if e["event"].startswith("incident"))
    assert opened["at"] == at(40)  # 20 s after the first lost sweep
    assert opened["since"] == at(20)
    assert opened["reason"]
    assert closed["incident"] == opened["incident"]
    assert [(when, who) for when, who, _ in told(found)] == [
        (at(45), "bina"),
        (at(45), "night-desk"),
        (closed["at"], "bina"),
        (closed["at"], "night-desk"),
    ]
    assert all(e["to"].startswith("+92300") for e in found if e["event"] == "sms")
    assert {e["reason"] for e in found if e["event"] == "suppressed"} == {"not_theirs"}


def test_values_texts_and_trust_of_a_line_reach_the_rules(events: Callable[..., list[Event]]) -> None:
    door = {"door_open{Box door}": 1}
    found = events(
        [
            probed(0, "CLF-01-cam1", "snmp", texts={"serial": "A"}),
            probed(5, "CLF-01-cam1", "snmp", texts={"serial": "B"}),
            probed(9, "CLF-02-door", "trap", values=door),
            probed(10, "CLF-02-door", "trap", values=door, trust="v3"),
        ]
    )
    assert turns(found) == [
        ("incident_opened", "CLF-01", "tamper", "identity_changed"),
        ("incident_opened", "CLF-02", "tamper", "door_open"),
        ("incident_changed", "CLF-02", "tamper", "door_open"),
    ]
    assert [who for when, who, _ in told(found) if when == at(10)] == ["asif", "night-desk", "police-clifton"]


def test_a_text_among_the_values_is_no_evidence_and_no_error(events: Callable[..., list[Event]]) -> None:
    assert events([probed(0, "CLF-02-door", "snmp", values={"door_open{Box door}": "open"})]) == []


@pytest.mark.parametrize("outcome", ["refused", "auth", "malformed"])
def test_outcomes_that_only_a_living_host_gives_accuse_the_agent(
    events: Callable[..., list[Event]], outcome: str
) -> None:
    rows = [
        probed(second, "GLS-02-cam1", probe, how)
        for second in range(0, 90, 5)
        for probe, how in (("icmp", "timeout"), ("snmp", outcome))
    ]
    assert turns(events(rows)) == [("incident_opened", "GLS-02", "agent", "agent_or_credentials")]


def test_unreachable_is_as_silent_as_a_timeout(events: Callable[..., list[Event]]) -> None:
    rows = rounds(0, 60, dead=("GLS-02-cam1",))
    rows = [row | {"outcome": "unreachable"} if row["outcome"] == "timeout" else row for row in rows]
    assert turns(events(rows)) == [("incident_opened", "GLS-02", "outage", "device_silent")]


def test_an_acknowledgement_is_an_input(events: Callable[..., list[Event]]) -> None:
    rows = [*rounds(0, 20), *rounds(20, 60, dead=("GLS-02-cam1",))]
    code = events(rows)[0]["code"]
    by = {"at": at(60), "input": "acknowledge", "code": code.lower(), "by": "bina"}
    found = events([*rows, by, *rounds(61, 80)])
    changed = [e for e in found if e["event"] == "incident_changed"]
    assert [(e["code"], e["reason"]) for e in changed] == [(code, "acknowledged by bina")]
    assert found[-1]["at"] > at(60)
    assert events([*rows, by | {"code": "XXXXXX"}]) == events(rows)


def test_a_reload_brings_its_own_files(events: Callable[..., list[Event]], tmp_path: Path) -> None:
    text = shipped().configuration.files["inventory.yaml"]
    shorter = changed(tmp_path, (text[text.index("  CLF-04:\n") :], ""))
    files = accept(shorter, 0).configuration.files
    cams = ("CLF-04-ups", "CLF-04-switch", "CLF-04-cam1")
    rows = [*rounds(0, 20, cams), *rounds(20, 60, cams, dead=("CLF-04-cam1",))]
    found = events([*rows, {"at": at(60), "input": "reload", "files": dict(files)}])
    assert turns(found)[-1] == ("incident_closed", "CLF-04", "outage", "device_silent")
    assert [e["reason"] for e in found if e["event"] == "incident_closed"] == ["removed"]
    assert not told([e for e in found if e["at"] >= at(60)])
    same = events([*rows, {"at": at(60), "input": "reload"}])
    assert same == events(rows)


def test_start_stop_and_wake_are_inputs_too(events: Callable[..., list[Event]]) -> None:
    rows = rounds(0, 22, BOX[1:], dead=("GLS-02-cam1",))
    woken = events([{"at": at(0), "input": "start"}, *rows, {"at": at(25), "input": "wake"}])
    assert woken == events([{"at": at(0), "input": "start"}, *rows])
    stopped = events([*rows, {"at": at(23), "input": "stop"}])
    assert told(events(rows))
    assert not told(stopped)  # it was stopped before the message had settled


def test_wake_ups_are_made_where_the_engine_asked_for_them(events: Callable[..., list[Event]]) -> None:
    """The police are told when the hold is over, though no line of the file stands there."""
    vouching = ("GLS-01-ups", "GLS-01-router")
    rows = [*rounds(0, 30, (*BOX, *vouching)), *rounds(30, 60, (*BOX, *vouching), dead=BOX)]
    rows.append({"at": at(700), "input": "wake"})
    police = [(when, who) for when, who, _ in told(events(rows)) if who == "police-gulshan"]
    assert police == [(at(635), "police-gulshan")]


def test_the_same_file_gives_the_same_bytes(tmp_path: Path) -> None:
    file = written(tmp_path / "f", [*rounds(0, 20), *rounds(20, 60, dead=BOX), *rounds(60, 99)])
    runs = []
    for _ in range(2):
        out: list[str] = []
        replay(file, shipped(), lambda event, out=out: out.append(line(event)))  # type: ignore[misc]
        runs.append("\n".join(out).encode())
    assert runs[0] == runs[1] != b""


def test_a_changed_rule_is_rehearsed_on_the_same_file(
    events: Callable[..., list[Event]], tmp_path: Path
) -> None:
    rows = [*rounds(0, 20), *rounds(20, 90, dead=("GLS-02-cam1",))]
    patient = accept(changed(tmp_path, rules=[("  hold: 20s\n", "  hold: 60s\n")]), 0)
    assert [e["at"] for e in events(rows) if e["event"] == "incident_opened"] == [at(40)]
    assert [e["at"] for e in events(rows, patient) if e["event"] == "incident_opened"] == [at(80)]


def test_devices_the_inventory_does_not_know_are_counted_in_a_warning(tmp_path: Path) -> None:
    file = written(tmp_path / "f", [probed(0, "XXX-01-cam1", "icmp"), probed(1, "gateway", "icmp")])
    (warning,) = replay(file, shipped(), lambda event: None)
    assert "1 devices" in warning
    assert "XXX-01-cam1" in warning


def test_an_empty_file_is_a_city_in_which_nothing_happened(tmp_path: Path) -> None:
    found: list[Event] = []
    assert replay(written(tmp_path / "f", []), shipped(), found.append) == ()
    assert found == []


def test_the_lines_of_the_documentation_can_be_replayed(tmp_path: Path) -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "replay.md").read_text(encoding="utf-8")
    lines = [text.strip() for text in page.splitlines() if text.startswith('    {"at"')]
    found: list[Event] = []
    assert replay(written(tmp_path / "f", lines), shipped(), found.append) == ()
    assert len(lines) == 9
    assert [e["cause"] for e in found if e["event"] == "incident_opened"] == ["door_open"]


# -- lines that are wrong ---------------------------------

GOOD = probed(0, "GLS-02-cam1", "icmp")
BAD: dict[str, tuple[Any, str]] = {
    "earlier than the line before": (probed(-1, "GLS-02-cam1", "icmp"), "earlier than the line before"),
    "no JSON": ("{at: now}", "not JSON"),
    "cut short": (json.dumps(GOOD)[:-9], "not JSON"),
    "no object": ("[1, 2]", "not an object"),
    "nested without end": ("[" * 100_000, "not JSON"),
    "no time": ({k: v for k, v in GOOD.items() if k != "at"}, "'at' is missing"),
    "a time without its zone": (GOOD | {"at": "2026-11-22T10:00:01"}, "zone"),
    "a time that is none": (GOOD | {"at": "soon"}, "soon"),
    "a time that is a number": (GOOD | {"at": 17}, ""),
    "no device": ({k: v for k, v in GOOD.items() if k != "device"}, "'device' is missing"),
    "an unknown probe": (GOOD | {"probe": "telnet"}, "telnet"),
    "an unknown outcome": (GOOD | {"outcome": "great"}, "great"),
    "an unknown trust": (GOOD | {"trust": "blind"}, "blind"),
    "an unknown key": (GOOD | {"colour": "blue"}, "unknown key 'colour'"),
    "an unknown metric": (GOOD | {"values": {"batery": 1}}, "'batery' is not a metric"),
    "a brace too few": (GOOD | {"values": {"door_open{Box": 1}}, "metric{label}"),
    "values in a list": (GOOD | {"values": [1]}, "values is not an object"),
    "texts in a list": (GOOD | {"texts": ["A"]}, "texts is not an object"),
    "a number beyond all numbers": (GOOD | {"values": {"icmp_rtt_seconds": 10**400}}, ""),
    "an unknown input": ({"at": at(1), "input": "dance"}, "'dance' is none of acknowledge, reload"),
    "an acknowledgement of nothing": ({"at": at(1), "input": "acknowledge"}, "'code' is missing"),
    "a reload without its inventory": ({"at": at(1), "input": "reload", "files": {"a": ""}}, "is missing"),
    "a reload of a list": ({"at": at(1), "input": "reload", "files": ["a"]}, ""),
}  # fmt: skip


@pytest.mark.parametrize("bad", BAD)
def test_a_line_that_is_wrong_is_named_with_what_is_wrong(bad: str, tmp_path: Path) -> None:
    row, words = BAD[bad]
    file = written(tmp_path / "rows.jsonl", [GOOD, "", row, GOOD])
    with pytest.raises(ConfigError) as refused:
        replay(file, shipped(), lambda event: None)
    (problem,) = refused.value.problems
    assert (problem.file, problem.line) == (str(file), 3)
    assert words in problem.what
    assert problem.remedy


def test_what_is_no_text_at_all_is_refused_too(tmp_path: Path) -> None:
    file = tmp_path / "rows.jsonl"
    file.write_bytes(json.dumps(GOOD).encode() + b"\n\xff\xfe\x00\n")
    with pytest.raises(ConfigError, match=r"rows\.jsonl:2: not JSON"):
        replay(file, shipped(), lambda event: None)
    for nothing in (tmp_path, tmp_path / "absent"):
        with pytest.raises(ConfigError, match="cannot be read"):
            replay(nothing, shipped(), lambda event: None)


HEADER = {"recording": 1, "configuration": "x", "at": at(0), "state": {}, "incidents": []}


@pytest.mark.parametrize(
    "header",
    [
        {"recording": 99},
        {"recording": 1},
        HEADER | {"incidents": [{"id": "a"}]},
        HEADER | {"state": {"box/GLS-02": {"dark": 7}}},
        HEADER | {"state": [1]},
    ],
)
def test_a_header_that_cannot_be_used_is_refused(header: dict[str, Any], tmp_path: Path) -> None:
    file = written(tmp_path / "rows.jsonl", [header, GOOD])
    with pytest.raises(ConfigError, match=r"rows\.jsonl:1: "):
        replay(file, shipped(), lambda event: None)
