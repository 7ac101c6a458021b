"""The dead-man process: small, and with one question. Does `watch` still make alive marks?

It tells the city's on-call by a road of its own, past the outbox, since what it reports may be the
very reason why the outbox is silent.
"""

from __future__ import annotations

import logging
import signal
import threading
from dataclasses import replace
from pathlib import Path
from types import FrameType

from alerting import deadman
from alerting.decide import system
from app.accepted import plan_of
from app.clock import SystemClock
from app.settings import Settings
from domain.alarm import Delivery
from domain.errors import NigehbanError, Retryable
from domain.ports import Channel
from storage.journal import open_outbox, open_reader

log = logging.getLogger("nigehban.deadman")

LOOK_S = 1.0
TRIES = 5
GRACE = 4
"""Intervals a watcher that is started together with us is given to read its city before its first mark."""


def main(settings: Settings, data: Path) -> None:
    """Runs until SIGTERM or Ctrl-C."""
    stopping = threading.Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        stopping.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    clock = SystemClock()
    name = settings.deadman.channel or settings.channel_names[0]
    channel = settings.channels(data)[name]
    journal, reader = open_outbox(data), open_reader(data)
    interval = int(settings.deadman.interval_s * 1000)
    pulse = deadman.started(journal.last_alive("watch"), clock.now() + GRACE * interval)
    while not stopping.wait(LOOK_S):
        now = clock.now()
        try:
            pulse, verdict = deadman.verdict(pulse, journal.last_alive("watch"), now, interval)
        except Retryable as error:
            log.warning("the journal cannot be read: %s", error)
            continue
        if verdict.turned:
            which = "silent" if verdict.silent else "alive"
            log.warning("watch is %s since %s", which, verdict.since)
            configuration = reader.configuration()
            if configuration is None:
                continue
            plan = plan_of(configuration, (name,))
            reached = {id_: replace(contact, channels=()) for id_, contact in plan.contacts.items()}
            plan = replace(plan, contacts=reached)  # by this road, whatever they would prefer
            for delivery in system(which, now, verdict.since, plan):
                _send(channel, delivery, stopping)
    reader.close()


def _send(channel: Channel, delivery: Delivery, stopping: threading.Event) -> None:
    for attempt in range(TRIES):
        try:
            if attempt == 0 or channel.find(delivery) is None:
                channel.send(delivery)
            return
        except Retryable as error:
            log.warning("%s could not be told, trying again: %s", delivery.contact, error)
            if stopping.wait(2.0**attempt):
                return
        except NigehbanError as error:
            log.error("%s cannot be told: %s", delivery.contact, error)
            return
