"""People, configurations and processes: what of them reaches an SMS, and that nothing else is sent."""

from __future__ import annotations

import pytest

from domain.alarm import DeliveryStatus
from domain.errors import OutcomeUnknown, Retryable
from tests.app.street import GULSHAN, SHIPPED, SOUTH, Altered, Street, between

# -- people --------------------------------------------------------------------------------------------


def test_an_acknowledgement_is_kept_and_closes_nothing(street: Street) -> None:
    street.at(30).silent("GLS-01-cam2")
    street.wants(between(52, 62), *GULSHAN, saying=["GLS-01-cam2"])
    street.at(100).acknowledges("bina", "GLS-01", "outage").acknowledges("asif", "GLS-01", "outage")
    street.at(900).answers("GLS-01-cam2")
    street.wants(between(906, 920), *GULSHAN, saying=["OK GLS-01"])
    street.runs(500)
    incident = street.incident("GLS-01", "outage")
    assert (incident.acknowledged_by, incident.closed_at) == ("bina", None)
    assert "acknowledged by bina" in street.answers[0]
    assert "already acknowledged by bina" in street.answers[1]
    assert [a.by for a in street.journal.acknowledgements] == ["bina"]
    street.plays(until=1200)


def test_a_code_nobody_knows_acknowledges_nothing(street: Street) -> None:
    street.runs(10)
    with pytest.raises(ValueError, match="no open incident has the code XXXXXX"):
        street.core.acknowledge(street.clock.at, "XXXXXX", "bina")
    assert street.journal.acknowledgements == []


# -- configuration -------------------------------------------------------------------------------------


SEA_VIEW = "    name: Sea View\n"
WHOLE_BOX = SHIPPED.read_text(encoding="utf-8")[SHIPPED.read_text(encoding="utf-8").index("  CLF-04:\n") :]


def test_a_box_in_commissioning_is_watched_and_not_told(altered: Altered) -> None:
    street = Street(altered((SEA_VIEW, f"{SEA_VIEW}    status: commissioning\n")))
    street.at(30).silent("CLF-04-cam1").door_opens("CLF-01")
    street.wants(between(30, 36), *SOUTH, saying=["CLF-01", "DOOR OPEN"])
    street.plays(until=300)
    assert ("CLF-04", "outage") in street.open()
    assert ("CLF-04", "commissioning") in street.silences()


@pytest.mark.parametrize("status", ["planned", "retired"])
def test_boxes_planned_or_retired_raise_nothing(altered: Altered, status: str) -> None:
    street = Street(altered((SEA_VIEW, f"{SEA_VIEW}    status: {status}\n")))
    street.at(30).silent("CLF-04")
    street.plays(until=1000)
    assert street.journal.open_incidents() == []


def test_a_box_taken_into_service_by_a_reload_is_told_from_then_on(altered: Altered) -> None:
    street = Street(altered((SEA_VIEW, f"{SEA_VIEW}    status: commissioning\n")))
    street.at(30).silent("CLF-04-cam1")
    street.at(200).reloads(altered())
    street.wants(between(200, 215), *SOUTH, saying=["CLF-04-cam1"])
    street.plays(until=400)


def test_a_box_removed_by_a_reload_ends_its_incidents_with_that_reason(
    street: Street, altered: Altered
) -> None:
    street.at(30).silent("CLF-04-cam1")
    street.wants(between(52, 62), *SOUTH, saying=["CLF-04-cam1"])
    street.at(200).reloads(altered((WHOLE_BOX, "")))
    street.plays(until=600)
    assert street.open() == {}
    assert street.incident("CLF-04", "outage").close_reason == "removed"
    assert ("CLF-04", "removed") in street.silences()
    assert len(street.journal.configurations) == 2
    assert "CLF-04" in street.journal.configurations[1].diff


def test_a_bad_file_is_refused_with_its_errors_and_the_old_set_goes_on(
    street: Street, altered: Altered
) -> None:
    bad = altered((SEA_VIEW, f"{SEA_VIEW}    colour: blue\n"), rules=[("hold: 20s", "hold: soon")])
    street.at(20).reloads(bad)
    street.at(30).silent("CLF-04-cam1")
    street.wants(between(52, 62), *SOUTH, saying=["CLF-04-cam1"])
    street.plays(until=200)
    (refusal,) = street.answers
    assert "colour" in refusal
    assert "hold" in refusal
    assert len(refusal.splitlines()) == 2
    assert len(street.journal.configurations) == 1


def test_an_open_incident_stays_one_through_reloads_that_leave_its_box(
    street: Street, altered: Altered
) -> None:
    street.at(30).silent("GLS-01-cam2")
    street.wants(between(52, 62), *GULSHAN, saying=["GLS-01-cam2"])
    street.at(100).reloads(altered((SEA_VIEW, "    name: Sea View Road\n")))
    street.at(200).reloads(altered())
    street.at(300).answers("GLS-01-cam2")
    street.wants(between(306, 320), *GULSHAN, saying=["OK GLS-01"])
    street.plays(until=500)
    assert "Sea View Road" in street.answers[0]


def test_a_changed_threshold_holds_from_the_reload_on(street: Street, altered: Altered) -> None:
    street.at(30).loses_packets(0.2, "GLS-03-cam1")
    street.at(300).reloads(altered(rules=[("    above: 0.3\n", "    above: 0.15\n")]))
    street.wants(between(360, 375), "bina", saying=["packet loss"])
    street.plays(until=500)


def test_the_messages_of_a_reloaded_roster_go_to_those_it_names(street: Street, altered: Altered) -> None:
    street.at(20).reloads(
        altered(("role: on_call, number: +92 300 0000003", "role: on_call, number: +92 300 0000099"))
    )
    street.at(30).door_opens("CLF-01")
    street.wants(between(30, 36), *SOUTH, saying=["CLF-01", "DOOR OPEN"])
    street.plays(until=100)
    assert [d.number for _, d in street.sent if d.contact == "night-desk"] == ["+923000000099"]


# -- processes -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("cleanly", [True, False])
def test_a_restart_remembers_what_is_open_and_tells_nothing_twice(street: Street, cleanly: bool) -> None:
    street.at(30).silent("GLS-01-cam2").mains_lost("CLF-04").door_opens("CLF-01")
    street.wants(between(52, 62), *GULSHAN, saying=["GLS-01-cam2"])
    street.wants(between(38, 52), *SOUTH, saying=["CLF-04", "MAINS LOST"])
    street.wants(between(30, 36), *SOUTH, saying=["CLF-01", "DOOR OPEN"])
    street.at(100).watch_stops(cleanly)
    street.at(130).watch_starts()
    street.at(300).answers("GLS-01-cam2").mains_back("CLF-04").door_closes("CLF-01")
    street.wants(between(306, 320), *GULSHAN, saying=["OK GLS-01"])
    street.wants(between(308, 325), *SOUTH, saying=["OK CLF-04"])
    street.wants(between(300, 306), *SOUTH, saying=["OK CLF-01"])
    street.plays(until=500)


def test_what_healed_while_nobody_watched_is_resolved_by_the_first_sweeps(street: Street) -> None:
    street.at(30).silent("GLS-01-cam2")
    street.wants(between(52, 62), *GULSHAN, saying=["GLS-01-cam2"])
    street.at(100).watch_stops()
    street.at(150).answers("GLS-01-cam2")
    street.at(200).watch_starts()
    street.wants(between(206, 225), *GULSHAN, saying=["OK GLS-01"])
    street.plays(until=400)


def test_what_broke_while_nobody_watched_is_told_after_its_hold(street: Street) -> None:
    street.at(100).watch_stops()
    street.at(150).silent("GLS-01-cam2")
    street.at(200).watch_starts()
    street.wants(between(222, 235), *GULSHAN, saying=["GLS-01-cam2"])
    street.plays(until=400)


def test_a_theft_keeps_its_hold_for_the_police_through_a_restart(street: Street) -> None:
    street.at(30).silent("CLF-02")
    street.wants(between(41, 60), *SOUTH, saying=["SUSPECTED"])
    street.at(300).watch_stops()
    street.at(330).watch_starts()
    street.wants(between(630, 640), "police-clifton", saying=["SUSPECTED"])
    street.plays(until=900)


def test_the_teller_goes_on_when_the_watcher_hangs(street: Street) -> None:
    street.at(29).tell_stops()
    street.at(30).door_opens("CLF-01")
    street.at(40).watch_stops()
    street.at(50).tell_starts()
    street.wants(between(50, 51), *SOUTH, saying=["DOOR OPEN"])
    street.plays(until=300)


def test_what_was_owed_while_the_teller_was_gone_is_told_late_and_once(street: Street) -> None:
    street.at(29).tell_stops()
    street.at(30).door_opens("CLF-01")
    street.at(300).tell_starts()
    street.wants(between(300, 301), *SOUTH, saying=["DOOR OPEN"])
    street.at(400).tell_stops().tell_starts()
    street.plays(until=600)


def test_a_road_that_is_refused_for_a_while_is_tried_again(street: Street) -> None:
    street.at(0).channel_fails(*[Retryable("busy")] * 4)
    street.at(30).door_opens("CLF-01")
    street.wants(between(30, 60), *SOUTH, saying=["DOOR OPEN"])
    street.plays(until=300)


def test_a_message_whose_answer_was_lost_is_looked_for_before_it_is_sent_again(street: Street) -> None:
    street.channel.late.append(OutcomeUnknown("no answer"))
    street.at(30).door_opens("CLF-01")
    street.wants(between(30, 35.5), *SOUTH, saying=["DOOR OPEN"])
    street.plays(until=300)
    assert street.channel.found >= 1
    assert {d.status for d in street.tell_journal.deliveries.values()} == {DeliveryStatus.SENT}


def test_a_store_that_is_gone_stops_neither_judging_nor_telling(street: Street) -> None:
    street.sink.faults.extend(Retryable("disk full") for _ in range(50_000))
    street.at(30).silent("GLS-01-cam2")
    street.wants(between(52, 62), *GULSHAN, saying=["GLS-01-cam2"])
    street.plays(until=200)


# -- what the journal holds of it ----------------------------------------------------------------------


def test_every_owed_event_is_decided_and_every_silence_has_a_reason(street: Street) -> None:
    street.at(30).silent("CLF-02").mains_lost("SDR-01", "SDR-02").door_opens("GLS-01")
    street.runs(800)
    assert street.tell_journal.undecided() == []
    subjects = {decision.subject for decision in street.tell_journal.decisions}
    assert subjects == set(street.tell_journal.owed)
    assert all(decision.reason and decision.detail for decision in street.tell_journal.decisions)


def test_the_ledger_hears_when_a_device_was_truly_lost_and_when_it_was_back(street: Street) -> None:
    street.at(30).silent("GLS-01-cam2")
    street.at(300).answers("GLS-01-cam2")
    street.runs(400)
    mine = [t for t in street.journal.transitions if t.target == "GLS-01-cam2"]
    begun = street.journal.runs[0][0]
    assert [str(t.condition) for t in mine] == ["down", "up"]
    assert 30 <= (mine[0].since - begun) / 1000 <= 35
    assert 300 <= (mine[1].since - begun) / 1000 <= 305
    assert {c.device for c in street.journal.coverage.values()} == set(street.accepted.city.devices)
