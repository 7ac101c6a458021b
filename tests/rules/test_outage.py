from __future__ import annotations

from dataclasses import replace

import pytest

from domain.place import Device, Kind, Status
from domain.reading import Outcome, Probe
from rules.load import load
from tests.rules.town import HEALTHY, ON_BATTERY, START, Play, box, town


@pytest.mark.parametrize(
    ("echoes", "told"),
    [
        (".....x.....", []),  # one lost sweep is nothing
        (".....xx....", []),  # two are not yet twenty seconds
        (".....xxxxxxxxxx", [(50.0, "opened")]),  # silent from 25 s: 20 s hold, 5 s settling
        (
            ".....xxxxxxxxxx.x........",
            [(50.0, "opened"), (85.0, "closed")],
        ),  # one good sweep does not close it
        (".....xxxxxxxxxx......", [(50.0, "opened"), (83.0, "closed")]),
    ],
)
def test_a_camera_is_told_once_when_it_stays_silent_and_once_when_it_is_back(
    echoes: str, told: list[tuple[float, str]]
) -> None:
    play = Play(town([box("A"), box("B")]))
    for n, mark in enumerate(echoes):
        play.sweep(n * 5, dead=["A-cam1"] if mark == "x" else [])
    assert [(at, notice) for at, _, notice, _ in play.told()] == told


def test_a_device_whose_agent_still_answers_is_not_down() -> None:
    play = Play(town([box("A")]))
    play.rounds(0, 20)
    for at in range(20, 120, 5):
        play.icmp(at, "A-sw", alive=False)
        play.snmp(at, "A-sw", alive=True)
    assert play.told() == []


def test_a_device_never_heard_by_snmp_but_answering_echoes_is_an_agent_or_credentials_matter() -> None:
    play = Play(town([box("A")]))
    for at in range(0, 200, 10):
        play.icmp(at, "A-sw")
        play.snmp(at, "A-sw", alive=False)
    assert play.open() == {("A", "agent"): "agent_or_credentials"}


def test_a_refused_or_unauthorised_agent_proves_the_host_alive() -> None:
    play = Play(town([box("A")]))
    for at in range(0, 200, 10):
        play.icmp(at, "A-sw", alive=False)
        play.read(at, "A-sw", Probe.SNMP, Outcome.AUTH if at % 20 else Outcome.REFUSED)
    assert play.open() == {("A", "agent"): "agent_or_credentials"}


def test_what_this_kernel_forbids_accuses_nobody() -> None:
    play = Play(town([box("A")]))
    for at in range(0, 200, 5):
        play.read(at, "A-cam1", Probe.ICMP, Outcome.FORBIDDEN)
    assert play.changes == []


def test_a_dark_box_is_told_once_and_its_cameras_are_not() -> None:
    play = Play(town([box("A", feeder="F2"), box("B")]))
    play.rounds(0, 30)
    play.rounds(30, 120, dead=["A"])
    assert [(b, notice) for _, b, notice, _ in play.told()] == [("A", "opened")]
    (incident,) = play.incidents.values()
    assert incident.cameras_dark == ("A-cam1", "A-cam2")
    assert incident.since == START + 30_000


def test_a_hung_camera_is_known_by_its_living_port() -> None:
    play = Play(town([box("A")]))
    ports = {"A-sw": {"port_up{1}": 1.0, "poe_port_delivering{1}": 1.0, "port_up{2}": 1.0}}
    play.rounds(0, 60, dead=["A-cam1"], values=ports)
    assert play.open() == {("A", "outage"): "camera_hung"}


def test_a_camera_behind_a_dead_port_is_a_port_matter() -> None:
    play = Play(town([box("A")]))
    ports = {"A-sw": {"port_up{1}": 0.0, "poe_port_delivering{1}": 0.0}}
    play.rounds(0, 60, dead=["A-cam1"], values=ports)
    assert play.open() == {("A", "outage"): "port_down"}


def test_more_dark_cameras_are_told_again_fewer_are_not() -> None:
    play = Play(town([box("A")]))
    play.rounds(0, 60, dead=["A-cam1"])
    play.rounds(60, 120, dead=["A-cam1", "A-cam2"])
    play.rounds(120, 200, dead=["A-cam2"])
    assert [(notice, str(e.reason)) for e, (_, _, notice, _) in zip(play.owed, play.told(), strict=True)] == [
        ("opened", "opened"),
        ("worse", "more_dark"),
    ]


def test_boxes_behind_a_dead_uplink_are_shadows_and_told_only_at_the_uplink() -> None:
    city = town([box("A"), box("B", uplink="A"), box("C", uplink="B"), box("D")])
    play = Play(city)
    play.rounds(0, 30)
    play.rounds(30, 120, dead=["A", "B", "C"], values={})
    assert {b for _, b, _, _ in play.told()} == {"A"}
    assert play.open()[("B", "outage")] == play.open()[("C", "outage")] == "uplink_down"
    assert ("B", "shadow") in play.silences()
    assert play.owed[0].facts["shadowed_boxes"] == 2


def test_a_shadow_that_comes_back_a_little_after_its_uplink_is_never_told() -> None:
    play = Play(town([box("A"), box("B", uplink="A"), box("D")]))
    play.rounds(0, 30)
    play.rounds(30, 90, dead=["A", "B"])
    play.rounds(90, 105, dead=["B"])
    play.rounds(105, 200)
    assert {b for _, b, _, _ in play.told()} == {"A"}
    assert play.open() == {}


def test_a_shadow_that_stays_dark_after_its_uplink_is_told() -> None:
    play = Play(town([box("A"), box("B", uplink="A"), box("D")]))
    play.rounds(0, 30)
    play.rounds(30, 90, dead=["A", "B"])
    play.rounds(90, 200, dead=["B"])
    assert ("B", "opened", "box_silent") in [told[1:] for told in play.told()]


def test_the_order_in_which_parent_and_child_are_polled_does_not_matter() -> None:
    for order in (["A", "B"], ["B", "A"]):
        play = Play(town([box(id_, uplink="A" if id_ == "B" else None) for id_ in order]))
        play.rounds(0, 30)
        play.rounds(30, 120, dead=["A", "B"])
        assert {b for _, b, _, _ in play.told()} == {"A"}, order


def test_an_outage_that_ends_while_it_settles_is_never_told_but_kept() -> None:
    rules = load()
    play = Play(town([box("A")]), replace(rules, base=replace(rules.base, settle=30_000)))
    play.rounds(0, 30)
    play.rounds(30, 55, dead=["A-cam1"])
    play.rounds(55, 120)
    (incident,) = play.incidents.values()
    assert incident.closed_at is not None
    assert play.told() == []
    assert play.silences() == [("A", "not_yet_told")]


def test_more_dark_cameras_that_are_back_within_the_settling_time_are_not_told() -> None:
    rules = load()
    play = Play(town([box("A")]), replace(rules, base=replace(rules.base, settle=30_000)))
    play.rounds(0, 100, dead=["A-cam1"])
    play.rounds(100, 130, dead=["A-cam1", "A-cam2"])
    play.rounds(130, 250, dead=["A-cam1"])
    assert [t[1:3] for t in play.told()] == [("A", "opened")]


def test_a_flapping_device_is_told_as_flapping_and_its_outages_are_damped() -> None:
    play = Play(town([box("A")]))
    at = 0.0
    for _ in range(6):
        play.rounds(at, at + 40, dead=["A-cam1"])
        play.rounds(at + 40, at + 60)
        at += 60
    causes = [cause for _, _, notice, cause in play.told() if notice == "opened"]
    assert causes.count("flapping") == 1
    assert causes.count("device_silent") == 2
    assert ("A", "flapping") in play.silences()


def test_commissioning_boxes_are_watched_but_not_told() -> None:
    play = Play(town([box("A", status=Status.COMMISSIONING), box("B")]))
    play.rounds(0, 60, dead=["A-cam1"])
    assert play.told() == []
    assert ("A", "outage") in play.open()
    assert ("A", "commissioning") in play.silences()


def test_planned_and_retired_boxes_raise_nothing() -> None:
    play = Play(town([box("A", status=Status.RETIRED), box("B", status=Status.PLANNED)]))
    play.rounds(0, 60, dead=["A", "B"])
    assert play.changes == []


def test_the_ledger_hears_when_it_truly_began_and_later_findings_revise_the_cause() -> None:
    play = Play(town([box("A")]))
    play.rounds(0, 30)
    play.rounds(30, 60, dead=["A-cam1"])
    play.rounds(60, 100, dead=["A-cam1", "A-sw", "A-cam2"])
    mine = [t for t in play.transitions if t.target == "A-cam1"]
    assert [(str(t.cause), t.since) for t in mine] == [
        ("device_silent", START + 30_000),
        ("switch_silent", START + 30_000),
    ]


def test_an_icmp_only_device_needs_no_agent_to_be_down() -> None:
    extra = Device("lone", "A", Kind.CAMERA, "127.9.8.8", icmp_interval_s=5)
    play = Play(town([box("A")], [extra]))
    play.timeline("lone", "..xxxxxxxx")
    assert play.open() == {("A", "outage"): "device_silent"}


def test_an_agent_that_is_never_asked_does_not_hide_an_outage_for_ever() -> None:
    play = Play(town([box("A")]))
    play.timeline("A-sw", "xxxxxxxxxxxxxxxx")
    assert play.open() == {("A", "outage"): "switch_silent"}


def test_values_of_a_dead_ups_are_not_mistaken_for_its_present() -> None:
    play = Play(town([box("A"), box("B"), box("C", feeder="F2")]))
    play.rounds(0, 30, values={"A-ups": HEALTHY, "B-ups": HEALTHY})
    play.rounds(30, 90, dead=["A"], values={"B-ups": ON_BATTERY})
    assert play.open()[("A", "outage")] == "box_silent"


def test_why_a_box_was_dark_keeps_its_seconds_while_its_devices_start() -> None:
    play = Play(town([box("A", feeder="F2"), box("B")]))
    play.rounds(0, 30)
    play.rounds(30, 100, dead=["A"])
    play.rounds(100, 160, dead=["A-cam1", "A-ups"])  # its switch is back first
    play.rounds(160, 220)
    found = {(t.target, str(t.cause)) for t in play.transitions if t.target.startswith("A-") and t.cause}
    assert found == {(f"A-{name}", "suspected_theft") for name in ("ups", "sw", "cam1", "cam2")}
    assert {str(i.cause) for i in play.incidents.values()} == {"suspected_theft"}


def test_what_does_not_start_with_its_box_has_a_cause_of_its_own_from_then_on() -> None:
    play = Play(town([box("A", feeder="F2"), box("B")]))
    ports = {"A-sw": {"port_up{1}": 1.0}}
    play.rounds(0, 30)
    play.rounds(30, 100, dead=["A"])
    play.rounds(100, 400, dead=["A-cam1"], values=ports)
    mine = [(str(t.cause), (t.since - START) / 1000) for t in play.transitions if t.target == "A-cam1"]
    assert mine[0] == ("suspected_theft", 30.0)
    assert mine[-1][0] == "camera_hung"
    assert mine[-1][1] >= 100
    assert play.open() == {("A", "outage"): "camera_hung"}
