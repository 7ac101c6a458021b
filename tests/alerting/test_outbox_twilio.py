"""The outbox against a provider that loses answers: its own process, its own ledger."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from alerting.channels.terminal import TerminalChannel
from alerting.decide import Plan
from alerting.outbox import Outbox, Pace
from app.clock import SystemClock
from domain.alarm import Cause, DeliveryStatus, OwedEvent
from domain.place import Contact, Role
from tests.alerting.city import ROSTER, facts, incident, owed, plan
from tests.alerting.conftest import StandIn
from tests.fakes import FakeClock, FakeTellJournal, InlineExecutor
from tests.peers import wait_until

OPEN = (DeliveryStatus.PENDING, DeliveryStatus.SENDING)


def crowd(people: int) -> Plan:
    contacts = {
        f"p-{i:02}": Contact(f"p-{i:02}", "", Role.ON_CALL, f"+92300222{i:04}", channels=("twilio",))
        for i in range(people)
    }
    budget = replace(ROSTER.budget, per_contact_per_hour=10_000, per_city_per_hour=100_000)
    return plan(contacts=contacts, channels=("twilio",), roster=replace(ROSTER, budget=budget))


def events(count: int, at: int) -> list[OwedEvent]:
    one = [incident(Cause.BOX_SILENT, id=f"inc-{i}", code=f"C{i:05}", since=at) for i in range(count)]
    return [owed(facts(it), at=at + i, name=f"owed-{i:04}") for i, it in enumerate(one)]


def received(stand_in: StandIn) -> Counter[tuple[str, str]]:
    return Counter((m["to"], m["body"]) for m in stand_in.taken)


@pytest.mark.slow
def test_of_a_thousand_messages_none_is_lost_and_none_comes_twice(stand_in: StandIn) -> None:
    """5 % lost answers (half cut, half a 500 after acceptance), 10 % refusals, some cut before."""
    stand_in.faults(refuse=0.10, drop=0.025, error=0.025, reset=0.02, refuse_get=0.05, seed=7)
    clock, journal = FakeClock(SystemClock().now()), FakeTellJournal()
    the_plan = crowd(50)
    journal.owe(*events(20, clock.now()))
    # engine time is moved by hand and soon far ahead of the peer's: a wide validity keeps it in play
    the_plan = replace(the_plan, opened_valid_s=7 * 24 * 3600.0)
    outbox = Outbox(
        journal, {"twilio": stand_in.channel()}, the_plan, Pace(parallel=50), lambda _: InlineExecutor()
    )
    for _ in range(4000):
        outbox.tick(clock.now())
        if not any(d.status in OPEN for d in journal.deliveries.values()):
            break
        clock.forward(5)
    got = received(stand_in)
    wanted = {(d.number, d.text) for d in journal.deliveries.values()}
    assert len(wanted) == 1000
    assert set(got) == wanted  # none lost
    assert set(got.values()) == {1}  # none twice
    assert {d.status for d in journal.deliveries.values()} == {DeliveryStatus.SENT}
    counts = stand_in.counts
    assert counts["refuse"] > 50  # the faults did strike
    assert counts["drop"] > 10
    assert counts["error"] > 10
    assert counts["reset"] > 5


def test_during_an_outage_nothing_arrives_and_afterwards_everything_does_in_order(stand_in: StandIn) -> None:
    stand_in.faults(refuse=1)
    clock, journal = FakeClock(SystemClock().now()), FakeTellJournal()
    outbox = Outbox(journal, {"twilio": stand_in.channel()}, crowd(2), None, lambda _: InlineExecutor())
    journal.owe(*events(3, clock.now()))
    for _ in range(120):
        outbox.tick(clock.forward(10))
    assert stand_in.taken == []
    assert stand_in.counts["refuse"] > 5
    assert {d.status for d in journal.deliveries.values()} <= set(OPEN)
    stand_in.faults()
    for _ in range(120):
        outbox.tick(clock.forward(10))
    got = [(m["to"], m["body"][-6:]) for m in stand_in.taken]
    assert len(got) == 6
    for number in {to for to, _ in got}:
        assert [code for to, code in got if to == number] == ["C00000", "C00001", "C00002"]


def test_a_hanging_provider_holds_up_only_its_own_road(stand_in: StandIn, tmp_path: Path) -> None:
    stand_in.faults(hang_s=30)
    clock, journal = FakeClock(SystemClock().now()), FakeTellJournal()
    contacts = {
        "a": Contact("a", "", Role.ON_CALL, "+923002220001", channels=("twilio",)),
        "b": Contact("b", "", Role.ON_CALL, "+923002220002", channels=("terminal",)),
    }
    log = tmp_path / "sms.log"
    channels = {"twilio": stand_in.channel(), "terminal": TerminalChannel(log)}
    outbox = Outbox(journal, channels, plan(contacts=contacts, channels=("twilio", "terminal")))
    journal.owe(*events(5, clock.now()))

    def all_told_by_terminal() -> bool:
        outbox.tick(clock.forward(1))
        return log.exists() and len(log.read_text(encoding="utf-8").splitlines()) == 5

    wait_until(all_told_by_terminal, what="the terminal, while Twilio hangs")
    assert stand_in.taken == []
    outbox.close()
