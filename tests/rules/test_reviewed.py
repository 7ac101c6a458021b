"""Corners where a wrong verdict was once given, or none."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

from domain.input import Acknowledge, Reload
from domain.place import City, Device, Kind
from domain.reading import Outcome, Probe, Trust
from rules.engine import Engine
from rules.forecast import Discharge
from rules.load import load
from tests.rules.town import HEALTHY, ON_BATTERY, SNMP, START, Play, box, town

Spans = Mapping[str, tuple[float, float]]


def spread(play: Play, end: float, died: Spans, icmp: float = 30, snmp: float = 60) -> None:
    """Sweeps of half a minute and polls of a minute, each device at a phase of its own."""
    turns = []
    for n, device in enumerate(play.city.devices.values()):
        for probe, every in ((Probe.ICMP, icmp), (Probe.SNMP, snmp)):
            if probe is Probe.ICMP or device.snmp is not None:
                at = (n * 7.3 + (3 if probe is Probe.SNMP else 0)) % every
                while at < end:
                    turns.append((at, device, probe))
                    at += every
    for at, device, probe in sorted(turns, key=lambda turn: turn[0]):
        dead = any(name in (device.id, device.box) and a <= at < b for name, (a, b) in died.items())
        outcome = Outcome.TIMEOUT if dead else Outcome.OK
        values = HEALTHY if probe is Probe.SNMP and device.kind is Kind.UPS and not dead else {}
        play.read(at, device.id, probe, outcome, values)


def sensor(box_id: str) -> Device:
    return Device(f"{box_id}-door", box_id, Kind.SENSOR, "127.9.7.1", snmp=SNMP)


def cameras(box_id: str, count: int) -> list[Device]:
    return [
        Device(f"{box_id}-x{n}", box_id, Kind.CAMERA, f"127.9.6.{n}", fed_by=(f"{box_id}-sw", str(n + 5)))
        for n in range(count)
    ]


def without(city: City, *gone: str) -> City:
    return replace(city, devices={id_: d for id_, d in city.devices.items() if id_ not in gone})


# -- sweeps of half a minute, spread over it


def test_a_dead_box_is_told_once_though_its_devices_are_swept_over_half_a_minute() -> None:
    play = Play(town([box("A"), box("B")], cameras("A", 6)))
    spread(play, 600, {"A": (200, 600)})
    assert [t[1:] for t in play.told()] == [("A", "opened", "suspected_theft")]
    assert len(play.owed[0].facts["incidents"][0]["devices"]) == 10


def test_a_dead_switch_is_told_once_with_its_cameras_though_they_are_swept_over_half_a_minute() -> None:
    play = Play(town([box("A"), box("B")], cameras("A", 6)))
    fed = ["A-sw", "A-cam1", "A-cam2", *(f"A-x{n}" for n in range(6))]
    spread(play, 600, dict.fromkeys(fed, (200.0, 600.0)))
    assert [t[1:] for t in play.told()] == [("A", "opened", "switch_silent")]
    assert play.owed[0].facts["cameras_dark"] == 8


def test_a_single_camera_is_told_without_waiting_for_the_living() -> None:
    play = Play(town([box("A"), box("B")], cameras("A", 6)))
    spread(play, 600, {"A-cam1": (200, 600)})
    ((at, *_),) = play.told()
    assert at <= 200 + 2 * 30 + 5 + 1


def test_a_device_that_was_never_asked_delays_nobody_for_ever() -> None:
    play = Play(town([box("A"), box("B")]))
    for at in range(0, 200, 5):
        for device in play.city.devices.values():
            if device.id != "A-cam2":
                play.icmp(at, device.id, device.id != "A-cam1" or at < 30)
    assert [t[1:] for t in play.told()] == [("A", "opened", "device_silent")]


# -- devices that answer no echoes, agents that are mute


def test_a_device_that_never_answers_echoes_is_not_down_for_one_lost_poll() -> None:
    play = Play(town([box("A"), box("B")]))
    for at in range(0, 1200, 5):
        play.icmp(at, "A-sw", alive=False)
        play.icmp(at, "A-cam1")
        if at % 10 == 0:
            play.snmp(at, "A-sw", alive=at not in (300, 600))
    assert play.incidents == {}


def test_a_device_that_never_answers_echoes_is_down_since_its_agent_fell_silent() -> None:
    play = Play(town([box("A"), box("B")]))
    for at in range(0, 400, 5):
        play.icmp(at, "A-sw", alive=False)
        play.icmp(at, "A-cam1")
        if at % 10 == 0:
            play.snmp(at, "A-sw", alive=at < 300)
    (incident,) = play.incidents.values()
    assert incident.since == START + 300_000
    assert 315_000 <= incident.opened_at - START <= 325_000


def test_an_agent_that_answers_again_ends_an_outage_though_echoes_do_not() -> None:
    play = Play(town([box("A"), box("B")]))
    for at in range(0, 400, 5):
        play.icmp(at, "A-sw", alive=at < 100)
        play.icmp(at, "A-cam1")
        if at % 10 == 0:
            play.snmp(at, "A-sw", alive=not 100 <= at < 200)
    assert [t[1:3] for t in play.told()] == [("A", "opened"), ("A", "closed")]


def test_an_agent_known_to_be_mute_and_seldom_asked_is_not_waited_for() -> None:
    play = Play(town([box("A"), box("B")]))
    for at in range(0, 700, 5):
        play.icmp(at, "A-sw", alive=at < 520)
        play.icmp(at, "A-cam1")
        if at % 160 == 0 or at < 100:  # backed off
            play.snmp(at, "A-sw", alive=at == 0)
    outage = next(i for i in play.incidents.values() if i.concern == "outage")
    assert outage.opened_at - START == 540_000


# -- a configuration that changes under open incidents


def test_a_dark_box_that_loses_all_its_devices_is_dark_no_more() -> None:
    city = town([box("A"), box("B")])
    play = Play(city)
    play.rounds(0, 30)
    play.rounds(30, 90, dead=["A"])
    assert ("A", "outage") in play.open()
    play.feed(Reload(START + 91_000, without(city, "A-ups", "A-sw", "A-cam1", "A-cam2"), load()))
    play.wait(4000)
    assert play.open() == {}


def test_a_silent_device_that_moves_to_another_box_darkens_that_one() -> None:
    city = town([box("A"), box("B")])
    play = Play(city)
    play.rounds(0, 30)
    play.rounds(30, 90, dead=["A-cam1"])
    moved = replace(city.devices["A-cam1"], box="B", fed_by=None)
    stock = {**city.devices, "A-cam1": moved}
    play.feed(Reload(START + 91_000, replace(city, devices=stock), load()))
    assert play.open() == {("B", "outage"): "device_silent"}


def test_a_dead_device_that_is_taken_out_has_not_recovered() -> None:
    city = town([box("A"), box("B")])
    play = Play(city)
    play.rounds(0, 30)
    play.rounds(30, 90, dead=["A-cam1"])
    play.feed(Reload(START + 91_000, without(city, "A-cam1"), load()))
    (incident,) = play.incidents.values()
    assert incident.close_reason == "removed"


def test_a_box_whose_last_living_device_is_taken_out_is_dark() -> None:
    city = town([box("A"), box("B")])
    play = Play(city)
    play.rounds(0, 30)
    play.rounds(30, 90, dead=["A-ups", "A-sw", "A-cam1"])
    play.feed(Reload(START + 91_000, without(city, "A-cam2"), load()))
    play.wait(120)
    assert play.open()[("A", "outage")] in {"box_silent", "suspected_theft"}


def test_an_alarm_of_a_rule_that_no_longer_concerns_the_device_ends() -> None:
    city = town(
        [box("A", tags=frozenset({"door-on-din1"}))],
        [Device("A-r", "A", Kind.ROUTER, "127.9.8.1", snmp=SNMP)],
    )
    play = Play(city)
    play.read(1, "A-r", Probe.SNMP, values={"digital_input{din1}": 1.0})
    assert play.open() == {("A", "tamper"): "door_open"}
    untagged = replace(city, boxes={"A": box("A")})
    play.feed(Reload(START + 91_000, untagged, load()))
    assert play.open() == {}


def test_a_blind_monitor_whose_references_are_all_taken_out_is_blind_no_more() -> None:
    city = town([box("A")], references=["gw"])
    play = Play(city)
    for at in range(0, 30, 5):
        play.icmp(at, "gw", alive=False)
    assert ("monitor", "monitor") in play.open()
    play.feed(Reload(START + 31_000, town([box("A")]), load()))
    assert play.open() == {}
    play.rounds(40, 60)
    play.rounds(60, 120, dead=["A-cam1"])
    assert ("A", "outage") in play.open()


# -- theft and tamper


def test_an_uplink_that_falls_later_does_not_take_a_theft_back() -> None:
    city = town([box("A"), box("B"), box("C", uplink="B"), box("D")])
    play = Play(city)
    play.rounds(0, 30)
    play.rounds(30, 330, dead=["C"])
    play.rounds(330, 400, dead=["C", "B"])
    play.rounds(400, 700, dead=["C"])
    assert [t[2:] for t in play.told() if t[1] == "C"] == [
        ("opened", "suspected_theft"),
        ("worse", "suspected_theft"),
    ]


def test_those_who_fell_with_a_box_and_came_back_first_do_not_make_it_stolen() -> None:
    play = Play(town([box("A"), box("B"), box("C")]))
    play.rounds(0, 30)
    play.rounds(30, 300, dead=["A", "B", "C"])
    play.rounds(300, 400, dead=["A", "C"])
    assert set(play.open().values()) == {"box_silent"}


def test_a_box_with_a_worn_battery_is_not_stolen_when_its_feeder_comes_back() -> None:
    play = Play(town([box("A"), box("B"), box("C")]))
    play.rounds(0, 30)
    play.rounds(30, 300, dead=["A"], values={"B-ups": ON_BATTERY, "C-ups": ON_BATTERY})
    play.rounds(300, 400, dead=["A"])
    assert play.open() == {("A", "outage"): "box_silent"}


def test_neighbours_vouch_for_the_feeder_only_once_their_ups_was_read() -> None:
    play = Play(town([box("A"), box("B"), box("C")]))
    play.rounds(0, 30)
    for at in range(30, 120, 5):
        for device in play.city.devices.values():
            play.icmp(at, device.id, device.box != "A")
            if device.snmp is not None and (device.box == "A" or at >= 70):
                values = {} if device.kind is not Kind.UPS else ON_BATTERY
                play.read(
                    at,
                    device.id,
                    Probe.SNMP,
                    Outcome.TIMEOUT if device.box == "A" else Outcome.OK,
                    {} if device.box == "A" else values,
                )
    assert not any(cause == "suspected_theft" for *_, cause in play.told())


def test_a_door_seen_by_a_plain_poll_and_then_sworn_to_by_v3_is_told_to_the_police() -> None:
    play = Play(town([box("A")], [sensor("A")]))
    play.read(31, "A-door", Probe.SNMP, values={"door_open{door}": 1.0})
    play.read(32, "A-door", Probe.TRAP, values={"door_open{door}": 1.0}, trust=Trust.V3)
    play.wait(60)
    assert [e.facts["incidents"][0]["police"] for e in play.owed] == [False, True]


def test_acknowledging_an_outage_accepts_no_changed_identity() -> None:
    play = Play(town([box("A"), box("B")]))
    play.read(1, "A-sw", Probe.SNMP, texts={"serial": "S1"})
    play.read(11, "A-sw", Probe.SNMP, texts={"serial": "S2"})
    play.rounds(15, 30)
    play.rounds(30, 90, dead=["A-sw"])
    code = next(i.code for i in play.incidents.values() if i.concern == "outage")
    play.feed(Acknowledge(START + 91_000, code, "Asma"))
    play.rounds(95, 130)
    play.read(131, "A-sw", Probe.SNMP, texts={"serial": "S2"})
    assert play.open() == {("A", "tamper"): "identity_changed"}


def test_an_identity_that_changes_after_the_acknowledgement_can_be_acknowledged_too() -> None:
    play = Play(town([box("A")], [sensor("A")]))
    play.read(1, "A-sw", Probe.SNMP, texts={"serial": "S1"})
    play.read(2, "A-door", Probe.SNMP, values={"door_open{door}": 1.0})
    (incident,) = play.incidents.values()
    play.feed(Acknowledge(START + 3_000, incident.code, "Asma"))
    play.read(11, "A-sw", Probe.SNMP, texts={"serial": "S2"})
    play.feed(Acknowledge(START + 12_000, incident.code, "Bilal"))
    play.read(13, "A-door", Probe.SNMP, values={"door_open{door}": 0.0})
    play.read(21, "A-sw", Probe.SNMP, texts={"serial": "S2"})
    assert play.open() == {}


def test_a_changed_identity_can_be_acknowledged_after_a_restart_before_it_is_read_again() -> None:
    play = Play(town([box("A")]))
    play.read(1, "A-sw", Probe.SNMP, texts={"serial": "S1"})
    play.read(11, "A-sw", Probe.SNMP, texts={"serial": "S2"})
    (incident,) = play.incidents.values()
    again = Play(play.city, engine=Engine(play.city, load(), json.loads(json.dumps(play.state)), [incident]))
    again.feed(Acknowledge(START + 20_000, incident.code, "Asma"))
    again.read(21, "A-sw", Probe.SNMP, texts={"serial": "S2"})
    assert again.open() == {}


# -- power


def test_a_ups_that_tells_its_runtime_but_no_charge_is_still_heard_running_out() -> None:
    play = Play(town([box("A"), box("B")]))
    play.rounds(0, 30)
    mute = {name: value for name, value in ON_BATTERY.items() if name != "battery_charge_percent"}
    play.rounds(30, 90, values={"A-ups": mute | {"battery_runtime_seconds": 600.0}})
    assert play.open()[("A", "battery")] == "battery_running_out"


def test_a_ups_that_says_nought_for_its_runtime_with_charge_left_does_not_know() -> None:
    play = Play(town([box("A"), box("B")]))
    play.rounds(0, 30)
    play.rounds(30, 90, values={"A-ups": ON_BATTERY | {"battery_runtime_seconds": 0.0}})
    assert play.open() == {("A", "power"): "mains_lost"}
    play.rounds(
        90,
        150,
        values={"A-ups": ON_BATTERY | {"battery_runtime_seconds": 0.0, "battery_charge_percent": 15.0}},
    )
    assert ("A", "battery") in play.open()


def test_two_samples_of_one_moment_are_one_and_no_division_by_nought() -> None:
    discharge = Discharge(0).add(1000, 90.0).add(1000, 80.0)
    assert [sample.charge for sample in discharge.samples] == [80.0]
    assert discharge.rate() is None


def test_a_feeder_of_many_names_itself_once_half_of_it_is_dark_and_ends_box_by_box() -> None:
    names = [f"N{n:02}" for n in range(12)]
    play = Play(town([box(name) for name in names]))
    play.rounds(0, 30)
    lost = {f"{name}-ups": ON_BATTERY for name in names}
    play.rounds(30, 60, values=dict(list(lost.items())[:5]))
    assert set(play.open().values()) == {"mains_lost"}
    play.rounds(60, 90, values=lost)
    assert play.open() == dict.fromkeys(((name, "power") for name in names), "feeder_outage")
    play.rounds(90, 120, values=dict(list(lost.items())[:2]))
    assert play.open() == dict.fromkeys((("N00", "power"), ("N01", "power")), "feeder_outage")


def test_two_messages_owed_in_one_millisecond_are_two_promises() -> None:
    play = Play(town([box("A"), box("B")], [sensor("A")]))
    play.rounds(0, 30)
    play.rounds(30, 51, dead=["A-cam1"])  # it fires at 50 s and is owed at 55 s
    play.read(55, "A-door", Probe.SNMP, values={"door_open{door}": 1.0})
    assert [(e.at - START, str(e.notice)) for e in play.owed] == [(55_000, "opened"), (55_000, "opened")]
    assert len({e.id for e in play.owed}) == 2
