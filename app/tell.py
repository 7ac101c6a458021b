"""The tell process: what is owed becomes messages, whether or not `watch` is still well.

It needs nothing of `watch` but the journal: whom to tell and in which words it reads from the
configuration that was accepted last.
"""

from __future__ import annotations

import logging
import signal
import threading
from pathlib import Path
from types import FrameType

from alerting.outbox import Outbox
from app.accepted import plan_of
from app.clock import SystemClock
from app.settings import Settings
from domain.errors import ConfigError, Retryable
from storage.journal import open_outbox, open_reader

log = logging.getLogger("nigehban.tell")

ALIVE_MS = 10_000
PASS_S = 0.2
EAGER_S = 0.01
"""The pause while a message is under way: a person's next one waits for it, and in a storm of
incidents 0.2 s each would add up to minutes."""


def main(settings: Settings, data: Path) -> None:
    """Runs until SIGTERM or Ctrl-C."""
    stopping = threading.Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        stopping.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    clock = SystemClock()
    channels = settings.channels(data)
    journal = open_outbox(data, alive_interval_ms=ALIVE_MS)
    reader = open_reader(data)
    configuration = reader.configuration()
    while configuration is None and not stopping.wait(PASS_S):  # watch has not begun yet
        configuration = reader.configuration()
    if configuration is None:
        return
    outbox = Outbox(journal, channels, plan_of(configuration, settings.channel_names))
    alive = 0
    ill = False
    while not stopping.wait(EAGER_S if outbox.in_flight else PASS_S):
        now = clock.now()
        try:
            accepted = reader.acceptances(limit=1)
            if accepted and accepted[0].hash != configuration.hash:
                configuration = reader.configuration() or configuration
                try:
                    outbox.use(plan_of(configuration, settings.channel_names))
                except ConfigError as error:  # it was accepted: a version apart, say
                    log.error("the new configuration cannot be used for telling: %s", error)
            if now - alive >= ALIVE_MS:
                alive = now
                journal.alive("tell", now)
            outbox.tick(now)
            ill = False
        except Retryable as error:  # the journal is busy or its disk is full: it may yet take it
            if not ill:
                log.error("the journal cannot be used: %s", error)
            ill = True
    outbox.close()
    reader.close()
