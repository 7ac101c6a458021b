from __future__ import annotations

from domain.place import Device, Kind
from domain.reading import Outcome, Probe, Trust
from tests.rules.town import ON_BATTERY, SNMP, Play, box, town


def sensor(box_id: str) -> Device:
    return Device(
        f"{box_id}-door", box_id, Kind.SENSOR, "127.9.7.1", snmp=SNMP, icmp_interval_s=5, snmp_interval_s=10
    )


def test_a_box_silent_at_once_with_healthy_power_and_living_neighbours_is_suspected_stolen() -> None:
    play = Play(town([box("A"), box("B"), box("C", feeder="F2")]))
    play.rounds(0, 30)
    play.rounds(30, 90, dead=["A"])
    (event,) = play.owed
    lead = event.facts["incidents"][0]
    assert (lead["cause"], lead["confidence"], lead["police"]) == ("suspected_theft", "suspected", False)


def test_uncorroborated_the_police_are_told_only_after_the_hold() -> None:
    play = Play(town([box("A"), box("B")]))
    play.rounds(0, 30)
    play.rounds(30, 700, dead=["A"])
    assert [(str(e.notice), str(e.reason), e.facts["incidents"][0]["police"]) for e in play.owed] == [
        ("opened", "opened", False),
        ("worse", "hold_elapsed", True),
    ]
    assert 630 <= play.told()[1][0] <= 636


def test_a_door_opened_before_it_fell_corroborates_and_the_police_are_told_at_once() -> None:
    play = Play(town([box("A"), box("B")], [sensor("A")]))
    play.rounds(0, 30)
    play.read(31, "A-door", Probe.SNMP, values={"door_open{door}": 1.0})
    play.rounds(35, 90, dead=["A"])
    assert play.told()[0][2:] == ("opened", "door_open")
    theft = next(e for e in play.owed if e.facts["incidents"][0]["cause"] == "suspected_theft")
    assert theft.facts["incidents"][0]["police"]
    assert theft.facts["incidents"][0]["confidence"] == "likely"


def test_ports_that_fall_one_by_one_before_the_silence_corroborate() -> None:
    play = Play(town([box("A"), box("B")]))
    play.rounds(0, 30)
    play.read(31, "A-sw", Probe.TRAP, values={"port_up{1}": 0.0})
    play.read(34, "A-sw", Probe.TRAP, values={"port_up{2}": 0.0})
    play.rounds(35, 90, dead=["A"])
    assert play.owed[0].facts["incidents"][0]["police"]


def test_a_dead_feeder_explains_a_dark_box() -> None:
    play = Play(town([box("A"), box("B")]))
    play.rounds(0, 30)
    play.rounds(30, 90, dead=["A"], values={"B-ups": ON_BATTERY})
    assert play.open()[("A", "outage")] == "box_silent"


def test_a_box_without_neighbours_to_vouch_is_not_suspected_stolen() -> None:
    play = Play(town([box("A", feeder="F2")]))
    play.rounds(0, 30)
    play.rounds(30, 90, dead=["A"])
    assert play.open() == {("A", "outage"): "box_silent"}


def test_theft_stays_suspected_when_the_feeder_fails_later() -> None:
    play = Play(town([box("A"), box("B")]))
    play.rounds(0, 30)
    play.rounds(30, 90, dead=["A"])
    play.rounds(90, 150, dead=["A"], values={"B-ups": ON_BATTERY})
    assert play.open()[("A", "outage")] == "suspected_theft"


def test_a_door_opened_and_shut_between_two_polls_is_told_from_its_trap_alone() -> None:
    play = Play(town([box("A")], [sensor("A")]))
    play.rounds(0, 30)
    play.read(31, "A-door", Probe.TRAP, values={"door_open{door}": 1.0})
    assert play.told() == [(31.0, "A", "opened", "door_open")]
    assert not play.owed[0].facts["incidents"][0]["police"]


def test_no_trap_clears_anything() -> None:
    play = Play(town([box("A")], [sensor("A")]))
    play.read(31, "A-door", Probe.TRAP, values={"door_open{door}": 1.0})
    play.read(32, "A-door", Probe.TRAP, values={"door_open{door}": 0.0})
    assert play.open() == {("A", "tamper"): "door_open"}
    play.read(33, "A-door", Probe.SNMP, values={"door_open{door}": 0.0})
    assert play.open() == {}


def test_an_authenticated_door_trap_is_told_to_the_police() -> None:
    play = Play(town([box("A")], [sensor("A")]))
    play.read(31, "A-door", Probe.TRAP, values={"door_open{door}": 1.0}, trust=Trust.V3)
    assert play.owed[0].facts["incidents"][0]["police"]


def test_a_battery_trap_alone_opens_nothing() -> None:
    play = Play(town([box("A")]))
    play.rounds(0, 10)
    play.read(11, "A-ups", Probe.TRAP, values=dict(ON_BATTERY))
    play.wait(100)
    assert play.told() == []


def test_a_changed_serial_number_is_tamper_until_acknowledged() -> None:
    play = Play(town([box("A")]))
    play.read(1, "A-sw", Probe.SNMP, texts={"serial": "S1"})
    play.read(11, "A-sw", Probe.SNMP, texts={"serial": "S2"})
    assert play.open() == {("A", "tamper"): "identity_changed"}
    from domain.input import Acknowledge
    from tests.rules.town import START

    (incident,) = play.incidents.values()
    play.feed(Acknowledge(START + 12_000, incident.code, "Asma"))
    assert play.open() != {}  # an acknowledgement never closes
    play.read(21, "A-sw", Probe.SNMP, texts={"serial": "S2"})
    assert play.open() == {}


def test_a_monitor_that_lost_its_own_link_accuses_nobody_and_says_so() -> None:
    play = Play(town([box("A"), box("B")], references=["gw", "isp"]))
    for at in range(0, 30, 5):
        play.icmp(at, "gw")
        play.icmp(at, "isp")
        play.sweep(at)
    for at in range(30, 120, 5):
        play.sweep(at, dead=["A", "B"])
        play.icmp(at + 1, "gw", alive=False)
        play.icmp(at + 1, "isp", alive=False)
    assert [t[1:] for t in play.told()] == [("monitor", "opened", "monitor_blind")]
    for at in range(120, 180, 5):
        play.icmp(at, "gw")
        play.icmp(at, "isp")
        play.sweep(at + 1)
    assert [t[1:] for t in play.told()] == [
        ("monitor", "opened", "monitor_blind"),
        ("monitor", "closed", "monitor_blind"),
    ]


def test_blindness_closes_no_open_incident_and_a_real_outage_is_found_after_it() -> None:
    play = Play(town([box("A"), box("B")], references=["gw"]))
    for at in range(0, 300, 5):
        blind = 60 <= at < 120
        play.icmp(at, "gw", alive=not blind)
        play.sweep(at, dead=["A", "B"] if blind else ["A-cam1"] if at < 200 else ["A-cam1", "B-cam1"])
    outages = [t for t in play.told() if t[1] != "monitor"]
    assert [t[1:] for t in outages] == [("A", "opened", "device_silent"), ("B", "opened", "device_silent")]
    assert 220 <= outages[1][0] <= 235


def test_one_living_reference_is_enough_to_see() -> None:
    play = Play(town([box("A"), box("B")], references=["gw", "isp"]))
    for at in range(0, 90, 5):
        play.icmp(at, "gw", alive=False)
        play.icmp(at, "isp")
        play.sweep(at + 1, dead=["A-cam1"] if at >= 30 else [])
    assert play.open() == {("A", "outage"): "device_silent"}


def test_a_dark_box_with_a_garbled_answer_is_not_dark() -> None:
    play = Play(town([box("A")]))
    for at in range(0, 90, 5):
        play.sweep(at, dead=["A-ups", "A-cam1", "A-cam2"])
        play.read(at, "A-sw", Probe.SNMP, Outcome.MALFORMED)
    assert play.open()[("A", "outage")] != "box_silent"


def test_boxes_of_one_feeder_that_fall_together_are_a_line_and_not_thieves() -> None:
    play = Play(town([box("A"), box("B"), box("C"), box("D", feeder="F2")]))
    play.rounds(0, 30)
    play.rounds(30, 90, dead=["A", "B"])
    assert {cause for _, _, _, cause in play.told()} == {"box_silent"}


def test_a_door_that_no_poll_knows_of_is_shut_again_when_its_trap_has_lost_its_weight() -> None:
    play = Play(town([box("A")], [sensor("A")]))
    play.read(31, "A-door", Probe.TRAP, values={"door_open{door}": 1.0})
    play.rounds(40, 600)
    assert play.open() == {("A", "tamper"): "door_open"}
    play.rounds(600, 700)
    assert play.open() == {}


def test_every_reference_must_fail_its_own_sweeps_before_the_monitor_calls_itself_blind() -> None:
    play = Play(town([box("A")], references=["r1", "r2", "r3"]))
    for reference in ("r1", "r2", "r3"):
        play.icmp(0, reference)
    for reference in ("r1", "r2", "r3"):
        play.icmp(5, reference, alive=False)
    assert play.open() == {}
    for reference in ("r1", "r2", "r3"):
        play.icmp(10, reference, alive=False)
    assert play.open() == {("monitor", "monitor"): "monitor_blind"}
