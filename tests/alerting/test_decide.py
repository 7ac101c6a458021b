"""Who is told, who is not, and why."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerting.decide import Decided, Memory, Plan, decide, dormant, further_roads, system
from alerting.roster import Budget
from domain.alarm import Cause, Notice, OwedEvent, Reason
from domain.place import Contact, Role
from tests.alerting.city import CONTACTS, MINUTE, NOW, ROSTER, facts, incident, owed, plan

FRESH = Memory()


def told(decided: Decided) -> dict[str, str]:
    return {d.contact: d.text for d in decided.deliveries}


def why(decided: Decided, reason: Reason) -> list[str]:
    return [d.detail for d in decided.decisions if d.reason is reason and not d.told]


def with_budget(contact: int, city: int = 1000) -> Plan:
    return plan(roster=replace(ROSTER, budget=replace(ROSTER.budget, per_contact_per_hour=contact,
                                                      per_city_per_hour=city)))  # fmt: skip


@pytest.mark.parametrize(
    ("cause", "police", "who"),
    [
        (Cause.BOX_SILENT, False, {"eng-nrtc", "on-call"}),
        (Cause.SUSPECTED_THEFT, False, {"eng-nrtc", "on-call"}),
        (Cause.SUSPECTED_THEFT, True, {"eng-nrtc", "on-call", "police-south"}),
        (Cause.DOOR_OPEN, False, {"eng-nrtc", "on-call"}),
        (Cause.DOOR_OPEN, True, {"eng-nrtc", "on-call", "police-south"}),
        (Cause.MAINS_LOST, True, {"eng-nrtc", "on-call"}),  # power is never the police's business
        (Cause.BATTERY_RUNNING_OUT, False, {"eng-nrtc", "on-call"}),
        (Cause.FLAPPING, False, {"eng-nrtc"}),
        (Cause.AGENT_OR_CREDENTIALS, False, {"eng-nrtc"}),
    ],
)
def test_an_opening_is_told_by_district_contractor_and_role(
    cause: Cause, police: bool, who: set[str]
) -> None:
    decided = decide(owed(facts(incident(cause, police=police))), plan(), FRESH)
    assert set(told(decided)) == who
    silent = " ".join(why(decided, Reason.NOT_THEIRS))
    for contact in set(CONTACTS) - who:
        assert contact in silent


def test_a_blind_monitor_is_told_to_every_engineer_and_the_on_call() -> None:
    what = facts(incident(Cause.MONITOR_BLIND), box="monitor", name="", place="", district="", contractor="")
    assert set(told(decide(owed(what), plan(), FRESH))) == {"eng-nrtc", "eng-other", "on-call"}


def test_the_police_hear_first_of_what_was_corroborated_and_hear_it_as_news() -> None:
    theft = incident(Cause.SUSPECTED_THEFT, police=True)
    decided = decide(owed(facts(theft), Notice.WORSE, Reason.CORROBORATED), plan(), FRESH)
    assert told(decided)["police-south"].startswith("box-07 ")
    assert told(decided)["on-call"].startswith("CORROBORATED box-07 ")
    held = decide(owed(facts(theft), Notice.WORSE, Reason.HOLD_ELAPSED), plan(), FRESH)
    assert set(told(held)) == {"police-south"}  # the others have known it all along


def test_the_police_read_only_what_is_theirs() -> None:
    theft = incident(Cause.SUSPECTED_THEFT, police=True)
    battery = incident(Cause.BATTERY_LOW, code="AB34CD")
    decided = decide(owed(facts(theft, battery, standing=(replace(battery, id="x"),))), plan(), FRESH)
    assert "BATTERY" in told(decided)["eng-nrtc"]
    assert "BATTERY" not in told(decided)["police-south"]
    assert "AB34CD" not in told(decided)["police-south"]


def test_a_closing_goes_to_those_whom_the_opening_went_to() -> None:
    for cause in Cause:
        for police in (False, True):
            one = incident(cause, police=police)
            first = decide(owed(facts(one)), plan(), FRESH)
            over = facts(replace(one, closed_at=NOW + MINUTE))
            last = decide(owed(over, Notice.CLOSED, at=NOW + MINUTE, name="owed-2"), plan(), first.memory)
            assert set(told(last)) == set(told(first)), (cause, police)


def test_after_an_acknowledgement_repeats_stop_but_a_worsening_is_told() -> None:
    known = facts(incident(Cause.BOX_SILENT, acknowledged_by="on-call"))
    repeat = decide(owed(known, Notice.WORSE, Reason.ESCALATED), plan(), FRESH)
    assert told(repeat) == {}
    assert why(repeat, Reason.ACKNOWLEDGED)[0].endswith("acknowledged by on-call")
    assert set(told(decide(owed(known, Notice.WORSE, Reason.MORE_DARK), plan(), FRESH))) == {
        "eng-nrtc",
        "on-call",
    }
    unknown = facts(incident(Cause.BOX_SILENT))
    assert told(decide(owed(unknown, Notice.WORSE, Reason.ESCALATED), plan(), FRESH))


def test_a_contact_without_an_open_channel_is_named() -> None:
    modem = replace(CONTACTS["on-call"], channels=("modem",))
    decided = decide(owed(facts(incident(Cause.DOOR_OPEN))), plan(contacts={"on-call": modem}), FRESH)
    assert told(decided) == {}
    assert why(decided, Reason.NO_CHANNEL) == ["on-call: wants modem, open are terminal"]


def test_nobody_to_tell_is_itself_a_decision() -> None:
    decided = decide(owed(facts(incident(Cause.DOOR_OPEN))), plan(contacts={}), FRESH)
    assert [d.reason for d in decided.decisions] == [Reason.NO_RECIPIENT]


def test_one_telephone_of_two_roles_rings_once() -> None:
    twin = Contact("z-twin", "the same man", Role.ENGINEER, CONTACTS["on-call"].number)
    decided = decide(owed(facts(incident(Cause.DOOR_OPEN))), plan(contacts={**CONTACTS, "z": twin}), FRESH)
    assert "z-twin" not in told(decided)
    assert why(decided, Reason.SAME_NUMBER) == ["z-twin: the same number as on-call"]


def storm(
    the_plan: Plan, cause: Cause, count: int, memory: Memory = FRESH, every: int = 1000
) -> list[Decided]:
    decided = []
    for i in range(count):
        one = incident(cause, id=f"box-{i}/x", code=f"C{i:05}")
        decided.append(decide(owed(facts(one), at=NOW + i * every, name=f"o-{i}"), the_plan, memory))
        memory = decided[-1].memory
    return decided


def test_a_storm_stops_at_a_contacts_budget_and_the_last_message_says_so() -> None:
    texts = [told(d).get("on-call") for d in storm(with_budget(3), Cause.BOX_SILENT, 5)]
    assert [t is not None for t in texts] == [True, True, True, False, False]
    assert "LIMIT REACHED" in (texts[2] or "")
    assert "LIMIT REACHED" not in (texts[0] or "") + (texts[1] or "")


def test_the_budget_of_an_hour_comes_back_with_the_hour() -> None:
    decided = storm(with_budget(3), Cause.BOX_SILENT, 5, every=20 * MINUTE)
    assert all("on-call" in told(d) for d in decided)


def test_the_city_has_a_budget_too_and_the_reason_is_kept() -> None:
    decided = storm(with_budget(50, city=3), Cause.BOX_SILENT, 2)
    assert len(told(decided[1])) == 1
    assert why(decided[1], Reason.OVER_BUDGET) == ["on-call: the city had 3 messages within the hour"]


@pytest.mark.parametrize("cause", [Cause.SUSPECTED_THEFT, Cause.DOOR_OPEN])
def test_theft_and_tampering_are_told_whatever_the_budget(cause: Cause) -> None:
    assert all("on-call" in told(d) for d in storm(with_budget(1, city=1), cause, 4))


def test_who_was_left_out_of_the_opening_is_left_out_of_the_closing() -> None:
    decided = storm(with_budget(1), Cause.BOX_SILENT, 2)
    two_hours = 120 * MINUTE
    for i, expected in ((0, {"eng-nrtc", "on-call"}), (1, set())):
        one = incident(Cause.BOX_SILENT, id=f"box-{i}/x", closed_at=NOW + two_hours)
        event = owed(facts(one), Notice.CLOSED, at=NOW + two_hours, name=f"c-{i}")
        last = decide(event, with_budget(5), decided[-1].memory)
        assert set(told(last)) == expected
    assert why(last, Reason.NOT_YET_TOLD) == [
        "eng-nrtc: was not told of the opening",
        "on-call: was not told of the opening",
    ]
    assert last.memory.left_out == frozenset()  # nothing is remembered of what is over


def test_deciding_again_makes_the_same_deliveries_even_after_a_trip_through_json() -> None:
    event = owed(facts(incident(Cause.BOX_SILENT, devices=("a", "b"), evidence=("x",))))
    again = OwedEvent(event.id, event.at, event.box, event.notice, event.reason, event.incidents,
                      json.loads(json.dumps(event.facts)))  # fmt: skip
    shuffled = plan(contacts=dict(reversed(CONTACTS.items())))
    assert decide(event, plan(), FRESH) == decide(again, shuffled, FRESH)


def test_an_opening_expires_sooner_than_a_closing() -> None:
    one = incident(Cause.BOX_SILENT, closed_at=NOW)
    first = decide(owed(facts(one)), plan(), FRESH).deliveries[0]
    last = decide(owed(facts(one), Notice.CLOSED), plan(), FRESH).deliveries[0]
    assert (first.expires_at - NOW, last.expires_at - NOW) == (120 * MINUTE, 720 * MINUTE)


def test_every_further_channel_of_a_contact_lies_in_reserve_with_an_id_of_its_own() -> None:
    contact = replace(CONTACTS["on-call"], channels=("twilio", "pigeon", "terminal"))
    the_plan = plan(contacts={"on-call": contact}, channels=("terminal", "twilio"))
    decided = decide(owed(facts(incident(Cause.BOX_SILENT))), the_plan, FRESH)
    (first,), (second,) = decided.deliveries, decided.reserves
    assert (first.channel, second.channel) == ("twilio", "terminal")
    assert second.text == first.text
    assert second.id != first.id
    assert dormant(second, NOW)
    assert not dormant(first, NOW)
    assert not dormant(second, second.expires_at)
    assert further_roads(second, the_plan) == ()
    assert further_roads(replace(first, contact="gone"), the_plan) == ()


def test_the_dead_man_speaks_to_those_who_are_told_of_a_blind_monitor_each_number_once() -> None:
    twin = Contact("z-twin", "", Role.ENGINEER, CONTACTS["on-call"].number)
    deliveries = system("silent", NOW, NOW - 2 * MINUTE, plan(contacts={**CONTACTS, "z-twin": twin}))
    assert [d.contact for d in deliveries] == ["eng-nrtc", "eng-other", "on-call"]
    assert {d.channel for d in deliveries} == {"terminal"}
    assert all("since 14:58" in d.text for d in deliveries)
    later = system("silent", NOW + 5, NOW - 2 * MINUTE, plan())
    assert [d.id for d in later] == [d.id for d in deliveries]  # the same silence, the same message


@given(
    st.lists(
        st.tuples(
            st.sampled_from(Cause), st.sampled_from(Notice), st.integers(0, 40 * MINUTE), st.booleans()
        ),
        max_size=12,
    ),
    st.integers(1, 4),
    st.integers(1, 8),
)
def test_every_contact_is_told_once_or_named_with_a_reason_and_no_budget_is_overrun(
    events: list[tuple[Cause, Notice, int, bool]], contact: int, city: int
) -> None:
    the_plan, memory, at = with_budget(contact, city), FRESH, NOW
    budget: Budget = the_plan.roster.budget
    sent: list[tuple[int, str, bool]] = []
    for i, (cause, notice, later, police) in enumerate(events):
        at += later
        one = incident(cause, police=police)
        decided = decide(owed(facts(one), notice, at=at, name=f"o-{i}"), the_plan, memory)
        memory = decided.memory
        names = [d.contact for d in decided.deliveries]
        assert len(names) == len(set(names))
        kept_silent = " ".join(d.detail for d in decided.decisions if not d.told)
        assert all(c in names or c in kept_silent for c in CONTACTS)
        sent.extend((at, name, budget.exempts(one)) for name in names)
        for j, (then, name, exempt) in enumerate(sent):
            if not exempt:
                hour = [s for s in sent[:j] if s[0] > then - 60 * MINUTE]
                assert len(hour) < city
                assert sum(s[1] == name for s in hour) < contact


def test_a_contact_may_name_an_open_channel_that_the_city_does_not_prefer() -> None:
    odd = {id_: replace(contact, channels=("modem",)) for id_, contact in CONTACTS.items()}
    wide = replace(plan(), contacts=odd, others=frozenset({"modem"}))
    decided = decide(owed(facts(incident(Cause.DOOR_OPEN))), wide, FRESH)
    assert {delivery.channel for delivery in decided.deliveries} == {"modem"}
