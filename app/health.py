"""The monitor's own health: numbers for `status`, the live terminal, and series about itself.

Series about boxes, messages and the monitor go to InfluxDB only, for Grafana's sake; the embedded
store's readers find the same in the journal.
"""

from __future__ import annotations

import os
import resource
from collections.abc import Callable, Sequence
from pathlib import Path

from alerting import gsm
from app.core import Core
from collector.poller import Poller
from collector.traps.receiver import TrapReceiver
from domain.ports import Prober, ReadingSink
from storage.influx import InfluxSink
from storage.journal import Reader
from storage.schema import places
from storage.self_lines import (
    DeliveryStep,
    Lines,
    acknowledgement_line,
    box_lines,
    decision_lines,
    delivery_lines,
    monitor_line,
    open_incident_lines,
)

MINUTE_MS = 60_000
SAID_MS = 10_000


class Health:
    def __init__(
        self,
        core: Core,
        poller: Poller,
        prober: Prober,
        receivers: Callable[[], Sequence[TrapReceiver]],
        sink: ReadingSink,
        reader: Reader,
    ) -> None:
        self._core = core
        self._poller = poller
        self._prober = prober
        self._receivers = receivers
        self._influx = sink if isinstance(sink, InfluxSink) else None
        self._reader = reader
        self._step = reader.last_step()
        self._decision, self._acknowledgement = reader.last_numbers()
        self._said = self._boxed = 0

    def values(self, now: int) -> dict[str, float]:
        """By the names of domain.series.MONITOR."""
        counters, exchange = self._poller.counters, self._poller.exchange
        traps = [receiver.counters() for receiver in self._receivers()]
        undecided, unsent, _ = self._reader.backlog()
        found: dict[str, float] = {
            "blind": self._core.engine.blind,
            "sweep_seconds": counters.sweep_ms / 1000,
            "sweep_lag_seconds": counters.lag_ms / 1000,
            "readings_total": counters.readings,
            "overruns_total": counters.overruns,
            "packets_dropped_total": exchange.dropped() + getattr(self._prober_counters(), "drops", 0),
            "answers_refused_total": exchange.counters.refused,
            "traps_total": sum(c.received for c in traps),
            "traps_dropped_total": sum(
                c.malformed
                + c.unknown_source
                + c.unauthenticated
                + c.kernel_drops
                + c.queue_drops
                + c.rate_limited
                for c in traps
            ),
            "owed_waiting": undecided,
            "deliveries_waiting": unsent,
            "memory_bytes": _resident(),
            "cpu_seconds_total": _cpu(),
        }
        if self._influx is not None:
            health = self._influx.health()
            found |= {
                "spool_lines": health.waiting_lines,
                "spool_bytes": health.waiting_bytes,
                "spool_age_seconds": (now - health.oldest_at) / 1000 if health.oldest_at else 0,
                "spool_dropped_total": health.tally.dropped_lines,
                "parked_total": health.tally.parked_lines,
            }
        return found

    def _prober_counters(self) -> object:
        return getattr(self._prober, "counters", None)

    def tell_series(self, now: int, values: dict[str, float]) -> None:
        """Writes what is due of the series about boxes, messages and the monitor."""
        if self._influx is None:
            return
        if now - self._said >= SAID_MS:
            self._said = now
            self._write(monitor_line("watch", now, values), now)
            self._write(self._steps(), now)
            self._write(self._decisions(), now)
            self._write_acknowledgements(now)
        if now - self._boxed >= MINUTE_MS:
            self._boxed = now
            engine, city = self._core.engine, self._core.accepted.city
            self._write(box_lines(engine.standings(), now, MINUTE_MS / 1000), now)
            self._write(open_incident_lines(engine.open_incidents(), now, places(city)), now)

    def _steps(self) -> Lines:
        boxes = self._core.accepted.city.boxes
        found = self._reader.steps(self._step)
        if found:
            self._step = found[-1].seq
        return delivery_lines(
            DeliveryStep(
                step.at,
                step.delivery,
                step.owed_at,
                step.box,
                boxes[step.box].district if step.box in boxes else "",
                gsm.segments(step.delivery.text),
            )
            for step in found
        )

    def _decisions(self) -> Lines:
        found = self._reader.decided_since(self._decision)
        if found:
            self._decision = found[-1][0]
        return decision_lines((decision for _, decision in found), places(self._core.accepted.city))

    def _write_acknowledgements(self, now: int) -> None:
        for number, given, incident in self._reader.acknowledged_since(self._acknowledgement):
            self._acknowledgement = number
            self._write(acknowledgement_line(given, incident, places(self._core.accepted.city)), now)

    def _write(self, lines: Lines, now: int) -> None:
        assert self._influx is not None
        self._influx.write_lines(*lines, now)


def _resident() -> int:
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except (OSError, ValueError, IndexError):  # not Linux
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return pages * os.sysconf("SC_PAGE_SIZE")


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
