"""The outbox on the real journal: what the fakes promise holds on disk too."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from alerting.outbox import Outbox
from domain.alarm import Cause, DeliveryStatus, OwedEvent
from domain.errors import OutcomeUnknown, Permanent, Retryable
from domain.record import Change
from storage.journal import open_journal, open_outbox
from storage.journal.tell import Outbox as TellSide
from tests.alerting.city import CONTACTS, NOW, facts, incident, owed, plan
from tests.fakes import FakeChannel, FakeClock, InlineExecutor

HOUR_MS = 3_600_000


def events(count: int) -> list[OwedEvent]:
    one = [incident(Cause.BOX_SILENT, id=f"inc-{i}", code=f"C{i:05}") for i in range(count)]
    return [owed(facts(it), at=NOW + i, name=f"owed-{i}") for i, it in enumerate(one)]


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[TellSide]:
    """With six events owed, as `watch` commits them."""
    with closing(open_journal(tmp_path)) as watch:
        watch.commit(Change(NOW, owed=tuple(events(6))))
        watch.flush()
    with closing(open_outbox(tmp_path)) as side:
        yield side


@pytest.mark.parametrize("seed", range(6))
def test_under_faults_and_restarts_each_message_arrives_once_and_in_order(
    journal: TellSide, seed: int
) -> None:
    dice = random.Random(seed)
    clock, sms = FakeClock(NOW + 10), FakeChannel()

    def outbox() -> Outbox:
        return Outbox(journal, {"terminal": sms}, plan(), executor=lambda _: InlineExecutor())

    tell = outbox()
    for _ in range(60):
        fault = dice.choice(["none", "refused", "lost", "late", "blind", "restart"])
        if fault == "refused":
            sms.faults.append(Retryable("busy"))
        elif fault == "lost":
            sms.faults.append(OutcomeUnknown("reset"))
        elif fault == "late":
            sms.late.append(OutcomeUnknown("reset"))
        elif fault == "blind":
            sms.blind.append(Retryable("down"))
        elif fault == "restart":
            tell = outbox()
        tell.tick(clock.forward(4))
    sms.faults.clear()
    sms.late.clear()
    sms.blind.clear()
    for _ in range(60):
        tell.tick(clock.forward(30))
    for contact in ("eng-nrtc", "on-call"):
        assert [t[-6:] for c, t in sms.texts if c == contact] == [f"C{i:05}" for i in range(6)]
    assert not journal.due(clock.now() + 48 * HOUR_MS)  # every delivery has its end


def test_a_permanent_refusal_wakes_the_reserve_and_a_success_puts_it_to_rest(journal: TellSide) -> None:
    contact = replace(CONTACTS["on-call"], channels=("twilio", "terminal"))
    the_plan = plan(contacts={"on-call": contact}, channels=("twilio", "terminal"))
    channels = {"twilio": FakeChannel("twilio"), "terminal": FakeChannel("terminal")}
    channels["twilio"].faults = [Permanent("opted out", "21610"), Permanent("opted out", "21610")]
    clock = FakeClock(NOW + 10)
    tell = Outbox(journal, channels, the_plan, executor=lambda _: InlineExecutor())
    for _ in range(30):
        tell.tick(clock.forward(1))
    assert [t[-6:] for _, t in channels["terminal"].texts] == ["C00000", "C00001"]
    assert [t[-6:] for _, t in channels["twilio"].texts] == [f"C{i:05}" for i in range(2, 6)]
    assert not [d for d in journal.due(clock.now() + 48 * HOUR_MS) if d.status is DeliveryStatus.PENDING]
