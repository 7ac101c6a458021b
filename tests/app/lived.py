"""A data directory with a past: the shipped city after a night on a hand-moved clock, in a real journal."""

from __future__ import annotations

from pathlib import Path

from alerting.channels.terminal import TerminalChannel
from alerting.outbox import Outbox
from app.accepted import plan_of
from app.core import Core
from domain.reading import Reading
from storage.journal import open_journal, open_outbox, open_reader
from tests.app.street import BEGIN, Street
from tests.fakes import FakeSink, InlineExecutor

HOUR_MS = 3_600_000


def lived_in(data: Path, now: int, tell: bool = True) -> Street:
    """A night that ended a minute before `now` (engine ms): a hung camera, a stolen box, a door that
    was opened and shut. Without `tell` everything is owed and nothing decided."""
    street = Street()
    street.at(30).silent("GLS-01-cam2").door_opens("CLF-01")
    street.at(60).silent("CLF-02")
    street.at(100).door_closes("CLF-01")
    street.runs(240)
    shift = now - 60_000 - 240_000 - BEGIN
    data.mkdir(exist_ok=True)
    journal = open_journal(data)
    core = Core(street.accepted, journal, FakeSink())
    core.start(BEGIN + shift, BEGIN + shift)
    for reading in street.sink.kept:
        core.take([_later(reading, shift)])
    core.wake(BEGIN + 240_000 + shift)
    core.stop(BEGIN + 240_000 + shift)
    journal.close()
    if tell:
        told(data, now)
    return street


def _later(reading: Reading, by: int) -> Reading:
    return Reading(
        reading.device, reading.probe, reading.at + by, reading.outcome, reading.values, reading.texts
    )


def told(data: Path, now: int) -> None:
    """One teller's life: decides and sends all that is owed."""
    journal, reader = open_outbox(data), open_reader(data)
    configuration = reader.configuration()
    assert configuration is not None
    plan = plan_of(configuration, ("terminal",))
    channels = {"terminal": TerminalChannel(data / "sms.log")}
    outbox = Outbox(journal, channels, plan, executor=lambda _: InlineExecutor())
    for _ in range(40):  # a person has one message under way at a time
        outbox.tick(now)
    outbox.close()
    reader.close()
    journal.close()


def sent(data: Path) -> list[str]:
    file = data / "sms.log"
    return file.read_text(encoding="utf-8").splitlines() if file.exists() else []
