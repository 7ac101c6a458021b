"""The outbox on a hand-moved clock: told once, told in order, told at all."""

from __future__ import annotations

from concurrent.futures import Executor
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerting.decide import Plan
from alerting.outbox import Outbox, Pace
from domain.alarm import Cause, Delivery, DeliveryStatus, Notice, OwedEvent, Reason
from domain.errors import OutcomeUnknown, Permanent, Retryable
from tests.alerting.city import CONTACTS, MINUTE, NOW, facts, incident, owed, plan
from tests.fakes import FakeChannel, FakeClock, FakeTellJournal, HeldExecutor, InlineExecutor, Killed

ON_CALL = CONTACTS["on-call"]
S = DeliveryStatus


def one_reader(*channels: str) -> Plan:
    contact = replace(ON_CALL, channels=channels)
    return plan(contacts={"on-call": contact}, channels=channels or ("terminal",))


def event(i: int = 1, notice: Notice = Notice.OPENED, at: int = NOW, **changes: Any) -> OwedEvent:
    one = incident(Cause.BOX_SILENT, id=f"inc-{i}", code=f"C{i:05}", **changes)
    return owed(facts(one), notice, at=at, name=f"owed-{i}-{notice}")


class House:
    """One journal that outlives its outboxes, and channels that outlive both."""

    def __init__(self, the_plan: Plan, *channels: FakeChannel, pace: Pace | None = None) -> None:
        self.journal = FakeTellJournal()
        self.clock = FakeClock(NOW)
        self.channels = {c.name: c for c in channels}
        self.plan, self.pace = the_plan, pace
        self.executors: dict[str, Executor] = {}
        self.restart()

    def restart(self) -> None:
        self.outbox = Outbox(
            self.journal,
            self.channels,
            self.plan,
            self.pace,
            lambda n: self.executors.get(n, InlineExecutor()),
        )

    def run(self, seconds: float, step: float = 1.0) -> None:
        for _ in range(int(seconds / step)):
            self.clock.forward(step)
            self.outbox.tick(self.clock.now())

    def tick(self) -> None:
        self.outbox.tick(self.clock.now())

    @property
    def only(self) -> Delivery:
        (delivery,) = self.journal.deliveries.values()
        return delivery


def test_what_is_owed_is_told_at_the_first_tick_and_never_again() -> None:
    sms = FakeChannel()
    house = House(plan(), sms)
    house.journal.owe(event())
    house.tick()
    house.run(3600, step=60)
    assert sorted(c for c, _ in sms.texts) == ["eng-nrtc", "on-call"]
    assert {d.status for d in house.journal.deliveries.values()} == {S.SENT}
    assert all(d.receipt == f"fake-{d.id}" for d in house.journal.deliveries.values())


def test_a_delivery_is_sending_on_disk_before_it_is_handed_over() -> None:
    sms = FakeChannel()
    house = House(one_reader(), sms)
    seen: list[DeliveryStatus] = []
    send = sms.send

    def spy(delivery: Delivery) -> Any:
        seen.append(house.journal.deliveries[delivery.id].status)
        return send(delivery)

    sms.send = spy  # type: ignore[method-assign]
    house.journal.owe(event())
    house.tick()
    assert seen == [S.SENDING]


def test_a_refusal_is_tried_again_later_and_later() -> None:
    sms = FakeChannel(faults=[Retryable("no") for _ in range(5)])
    house = House(one_reader(), sms)
    house.journal.owe(event())
    house.tick()
    waits = []
    while house.only.status is not S.SENT:
        waits.append(house.only.next_attempt_at - house.clock.now())
        house.clock.at = house.only.next_attempt_at
        house.tick()
    assert len(sms.taken) == 1
    assert house.only.attempts == 6
    assert sms.found == 0  # a refusal is an answer: nothing to look for
    for n, wait in enumerate(waits):
        assert 0.75 * 2000 * 2**n <= wait <= 1.25 * 2000 * 2**n


def test_the_other_side_may_ask_for_a_longer_wait_and_its_channel_is_left_alone_that_long() -> None:
    sms = FakeChannel(faults=[Retryable("429", after_s=90)])
    house = House(plan(), sms, pace=Pace(parallel=1))
    house.journal.owe(event())
    house.tick()
    house.run(89)
    assert sms.taken == []
    house.run(3)
    assert len(sms.taken) == 2


def test_a_lost_answer_is_looked_for_and_not_sent_again_when_it_had_arrived() -> None:
    sms = FakeChannel(late=[OutcomeUnknown("read timed out")])
    house = House(one_reader(), sms)
    house.journal.owe(event())
    house.tick()
    assert house.only.status is S.SENDING
    house.run(14)
    assert sms.found == 0  # a slow server may still be taking it
    house.run(60)
    assert (len(sms.taken), sms.found) == (1, 1)
    assert house.only.status is S.SENT


def test_a_lost_answer_is_sent_again_when_nothing_had_arrived() -> None:
    sms = FakeChannel(faults=[OutcomeUnknown("connection reset")])
    house = House(one_reader(), sms)
    house.journal.owe(event())
    house.tick()
    house.run(60)
    assert (len(sms.taken), sms.found) == (1, 1)
    assert house.only.status is S.SENT


def test_nothing_is_sent_again_while_the_other_side_cannot_be_asked() -> None:
    sms = FakeChannel(late=[OutcomeUnknown("reset")], blind=[Retryable("down") for _ in range(6)])
    house = House(one_reader(), sms)
    house.journal.owe(event())
    house.tick()
    house.run(900)
    assert (len(sms.taken), sms.found) == (1, 7)
    assert house.only.status is S.SENT


def test_an_error_nobody_foresaw_counts_as_a_lost_answer() -> None:
    sms = FakeChannel(late=[ZeroDivisionError("bug")])  # type: ignore[list-item]
    house = House(one_reader(), sms)
    house.journal.owe(event())
    house.tick()
    house.run(60)
    assert len(sms.taken) == 1
    assert house.only.status is S.SENT


def test_a_permanent_refusal_goes_by_the_next_channel_at_once() -> None:
    twilio = FakeChannel("twilio", faults=[Permanent("opted out", "21610")])
    modem = FakeChannel("modem")
    house = House(one_reader("twilio", "modem"), twilio, modem)
    house.journal.owe(event())
    house.tick()
    house.run(2)
    first, second = house.journal.deliveries.values()
    assert (first.status, first.error) == (S.FAILED, "21610 opted out")
    assert (second.status, second.channel) == (S.SENT, "modem")
    assert len(modem.taken) == 1
    assert twilio.taken == []


def test_a_permanent_refusal_on_the_last_channel_is_the_end() -> None:
    sms = FakeChannel(faults=[Permanent("no such number", "21211")])
    house = House(one_reader(), sms)
    house.journal.owe(event())
    house.tick()
    house.run(600)
    assert house.only.status is S.FAILED
    assert sms.taken == []


def test_a_channel_that_keeps_refusing_gives_way_to_the_next() -> None:
    twilio = FakeChannel("twilio", faults=[Retryable("no route") for _ in range(100)])
    modem = FakeChannel("modem")
    house = House(one_reader("twilio", "modem"), twilio, modem)
    house.journal.owe(event())
    house.tick()
    house.run(60)
    assert len(modem.taken) == 1
    assert len(twilio.faults) == 96


def test_an_opening_too_old_to_be_of_use_is_not_sent_and_says_so() -> None:
    sms = FakeChannel(faults=[Retryable("down") for _ in range(1000)])
    house = House(one_reader(), sms)
    house.journal.owe(event())
    house.tick()
    house.run(3 * 3600, step=30)
    assert (house.only.status, house.only.error) == (S.EXPIRED, "down")
    sms.faults.clear()
    house.run(600)
    assert sms.taken == []


@pytest.mark.parametrize(("arrived", "end"), [(True, S.SENT), (False, S.EXPIRED)])
def test_a_lost_answer_is_asked_for_even_when_it_is_too_late_to_send_again(
    arrived: bool, end: DeliveryStatus
) -> None:
    sms = FakeChannel()
    (sms.late if arrived else sms.faults).append(OutcomeUnknown("reset"))
    house = House(one_reader(), sms)
    house.journal.owe(event())
    house.tick()
    house.clock.forward(3 * 3600)
    house.run(60)
    assert house.only.status is end
    assert (len(sms.taken), sms.found) == (int(arrived), 1)


def test_when_it_cannot_be_learned_for_long_the_delivery_ends_and_says_so() -> None:
    sms = FakeChannel(late=[OutcomeUnknown("reset")], blind=[Retryable("down") for _ in range(1000)])
    house = House(one_reader(), sms)
    house.journal.owe(event())
    house.tick()
    house.run(4 * 3600, step=30)
    assert (house.only.status, house.only.error) == (S.EXPIRED, "whether it left was never learned: down")
    assert len(sms.taken) == 1


def test_a_message_the_provider_lost_goes_by_the_next_channel() -> None:
    twilio, modem = FakeChannel("twilio", late=[OutcomeUnknown("reset")]), FakeChannel("modem")
    twilio.fate = S.UNDELIVERED
    house = House(one_reader("twilio", "modem"), twilio, modem)
    house.journal.owe(event())
    house.tick()
    house.run(60)
    assert len(modem.taken) == 1


def test_what_was_owed_long_before_tell_came_back_is_not_sent() -> None:
    sms = FakeChannel()
    house = House(one_reader(), sms)
    house.journal.owe(event(at=NOW - 121 * MINUTE))
    house.tick()
    assert sms.taken == []
    assert house.only.status is S.EXPIRED


def test_a_closing_never_overtakes_its_opening() -> None:
    sms = FakeChannel(faults=[Retryable("once")])
    house = House(one_reader(), sms)
    house.journal.owe(event(1), event(1, Notice.CLOSED, at=NOW + 1, closed_at=NOW))
    house.tick()
    house.run(30)
    assert [text.startswith("OK ") for _, text in sms.texts] == [False, True]


def test_what_cannot_be_delivered_to_one_person_holds_up_nobody_else() -> None:
    sms = FakeChannel()
    house = House(plan(), sms)
    send = sms.send

    def picky(delivery: Delivery) -> Any:
        if delivery.contact == "eng-nrtc":
            raise Retryable("this one not")
        return send(delivery)

    sms.send = picky  # type: ignore[method-assign]
    house.journal.owe(event(1), event(2))
    house.run(10)
    assert [c for c, _ in sms.texts] == ["on-call", "on-call"]


def test_a_hanging_channel_delays_no_other() -> None:
    twilio, terminal = FakeChannel("twilio"), FakeChannel("terminal")
    contacts = {
        "on-call": replace(ON_CALL, channels=("twilio",)),
        "eng-nrtc": replace(CONTACTS["eng-nrtc"], channels=("terminal",)),
    }
    house = House(plan(contacts=contacts, channels=("twilio", "terminal")), twilio, terminal)
    hung = house.executors["twilio"] = HeldExecutor()
    house.restart()
    for i in range(5):
        house.journal.owe(event(i))
    house.run(300)
    assert len(terminal.taken) == 5
    assert house.outbox.in_flight == 1  # one per person
    hung.release()
    house.run(1)
    assert len(twilio.taken) == 1


def test_no_more_is_under_way_in_a_channel_than_it_may_carry() -> None:
    people = {f"p{i}": replace(ON_CALL, id=f"p{i}", number=f"+9230011200{i:02}") for i in range(9)}
    house = House(plan(contacts=people), FakeChannel(), pace=Pace(parallel=3))
    held = house.executors["terminal"] = HeldExecutor()
    house.restart()
    house.journal.owe(event())
    house.tick()
    house.run(5)
    assert len(held.held) == 3


def test_an_event_that_cannot_be_worded_silences_no_other() -> None:
    sms = FakeChannel()
    house = House(one_reader(), sms)
    house.journal.owe(replace(event(1), facts={"box": "?"}), event(2))
    house.tick()
    assert len(sms.taken) == 1
    (strange,) = [d for d in house.journal.decisions if not d.told and d.subject == "owed-1-opened"]
    assert strange.reason is Reason.NO_RECIPIENT
    assert "cannot be worded" in strange.detail


def test_a_channel_closed_by_a_new_configuration_is_not_waited_for() -> None:
    twilio = FakeChannel("twilio", faults=[Retryable("down")])
    house = House(one_reader("twilio", "terminal"), twilio, FakeChannel("terminal"))
    house.journal.owe(event())
    house.tick()
    del house.channels["twilio"]
    house.restart()
    house.run(60)
    assert len(house.channels["terminal"].taken) == 1


def test_what_watch_owes_by_a_clock_ahead_of_ours_is_told_now() -> None:
    sms = FakeChannel()
    house = House(one_reader(), sms)
    house.journal.owe(event(at=NOW + 30 * MINUTE))
    house.tick()
    assert len(sms.taken) == 1


@pytest.mark.parametrize("faults", [[], ["late"], ["lost"], ["refused", "late"], ["permanent"]])
def test_killed_at_any_write_nothing_is_lost_and_nothing_told_twice(faults: list[str]) -> None:
    """Every write of a short story is in turn the last one of its process."""

    def story(die_at: int | None) -> tuple[House, int]:
        sms, spare = FakeChannel("twilio"), FakeChannel("terminal")
        house = House(one_reader("twilio", "terminal"), sms, spare)
        for fault in faults:
            {
                "late": lambda: sms.late.append(OutcomeUnknown("reset")),
                "lost": lambda: sms.faults.append(OutcomeUnknown("reset")),
                "refused": lambda: sms.faults.append(Retryable("busy")),
                "permanent": lambda: sms.faults.extend([Permanent("no"), Permanent("no")]),
            }[fault]()
        house.journal.die_at = die_at
        house.journal.owe(event(1), event(2), event(3, at=NOW + 1))
        for _ in range(400):
            house.clock.forward(1)
            try:
                house.tick()
            except Killed:
                house.journal.die_at = None
                house.restart()
        return house, house.journal.writes

    _, writes = story(None)
    for die_at in range(1, writes + 1):
        house, _ = story(die_at)
        texts = [t for c in house.channels.values() for _, t in c.texts]
        assert len(texts) == len(set(texts)) == 3, (die_at, texts)
        assert {d.status for d in house.journal.deliveries.values()} <= {
            S.SENT,
            S.FAILED,
            S.SUPPRESSED,
            S.PENDING,
        }
        house.run(3 * 3600, step=300)  # nothing more comes of a reserve that a crash left behind
        assert sum(len(c.taken) for c in house.channels.values()) == 3
        assert S.PENDING not in {d.status for d in house.journal.deliveries.values()}


Fault = st.sampled_from(["ok", "ok", "ok", "refused", "lost", "late", "blind", "kill"])


@settings(max_examples=60, deadline=None)
@given(st.lists(Fault, max_size=25), st.integers(1, 4))
def test_under_any_faults_each_message_arrives_exactly_once_and_in_order(
    faults: list[str], parallel: int
) -> None:
    sms = FakeChannel()
    house = House(plan(), sms, pace=Pace(parallel=parallel))
    for i in range(6):
        house.journal.owe(event(i, at=NOW + i))
    for fault in faults:
        if fault == "refused":
            sms.faults.append(Retryable("busy"))
        elif fault == "lost":
            sms.faults.append(OutcomeUnknown("reset"))
        elif fault == "late":
            sms.late.append(OutcomeUnknown("reset"))
        elif fault == "blind":
            sms.blind.append(Retryable("down"))
        elif fault == "kill":
            house.journal.die_at = house.journal.writes + 1
        house.clock.forward(2)
        try:
            house.tick()
        except Killed:
            house.journal.die_at = None
            house.restart()
    sms.faults.clear()
    sms.late.clear()
    sms.blind.clear()
    house.journal.die_at = None
    house.run(1800, step=15)
    for contact in ("eng-nrtc", "on-call"):
        mine = [t for c, t in sms.texts if c == contact]
        assert [t[-6:] for t in mine] == [f"C{i:05}" for i in range(6)]
