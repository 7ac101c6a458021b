"""InfluxDB as a sink: lines go into the spool, and a thread carries them to the server.

Whoever writes waits for the spool's file and for nothing else: not for the server, not for its
network, not for its errors. Logs speak when success turns to failure, when the reason changes,
and on recovery.
"""

from __future__ import annotations

import logging
import random
import threading
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from domain.alarm import Incident, Transition
from domain.errors import Retryable
from domain.reading import Reading
from storage.influx_http import (
    InfluxSettings,
    Server,
    V1Door,
    V2Door,
    WriteDoor,
    client,
    find_out,
)
from storage.influx_sift import sift
from storage.line_protocol import LineEncoder, incident_lines, transition_lines
from storage.parked import Parking
from storage.refusals import Bad, Refused, Rejected, TooLarge
from storage.schema import Places
from storage.spool import Spool
from storage.spool_record import Batch, Tally

_log = logging.getLogger(__name__)

_CHUNK = 5_000  # readings in one batch of the spool: some 2 MB of lines
_CLOSE_S = 2.0
_REQUEST_BYTES = 2 << 20  # of lines, unpacked, in one request; InfluxDB 1.x takes 25 MB


@dataclass(frozen=True, slots=True)
class Backoff:
    """Seconds between tries: doubling from `first_s` to `most_s` while the server is away, steadily
    `refused_s` while it lives and refuses us; never longer than `asked_s` even when asked to."""

    first_s: float = 1.0
    most_s: float = 60.0
    refused_s: float = 30.0
    asked_s: float = 300.0

    def wait(self, failures: int, error: Retryable) -> float:
        if error.after_s is not None:
            return min(error.after_s, self.asked_s)
        if isinstance(error, Refused):
            return self.refused_s
        doubled = min(self.first_s * 2.0 ** min(failures - 1, 20), self.most_s)
        return doubled * random.uniform(0.75, 1.0)


@dataclass(frozen=True, slots=True)
class SinkHealth:
    """For the monitor's own page: what waits, since when, what was lost, and why."""

    server: str
    error: str  # "" while writes succeed
    waiting_lines: int
    waiting_bytes: int
    oldest_at: int | None
    tally: Tally


class InfluxSink:
    """A `ReadingSink` over a spool in `directory`; `write` never raises and never waits for the
    server. A batch counts as taken once it is in the spool (see storage.spool on power cuts)."""

    def __init__(
        self,
        settings: InfluxSettings,
        places: Places,
        directory: Path,
        *,
        spool: Spool | None = None,
        backoff: Backoff | None = None,
    ) -> None:
        self._settings = settings
        self._places = places
        self._encoder = LineEncoder(places)
        self._spool = spool or Spool(directory)
        self._parking = Parking(directory)
        self._backoff = backoff or Backoff()
        self._http = client(settings)
        self._door: WriteDoor | None = None
        self._server: Server | None = None
        self._error = ""
        self._spool_error = ""
        self._failures = 0
        self._stop = threading.Event()
        self._shipper = threading.Thread(target=self._run, name="influx-shipper", daemon=True)
        self._shipper.start()

    def replace(self, places: Places) -> None:
        """A reload: readings from now on are kept under their new box and district."""
        self._places = places
        self._encoder.replace(places)

    def write(self, readings: Sequence[Reading]) -> None:
        for start in range(0, len(readings), _CHUNK):
            chunk = readings[start : start + _CHUNK]
            lines, count = self._encoder.encode(chunk)
            self._put(lines, count, chunk[-1].at)

    def write_transitions(self, transitions: Sequence[Transition]) -> None:
        """Measurement `transition`, for state timelines."""
        if transitions:
            self._put(*transition_lines(transitions, self._places), transitions[-1].at)

    def write_incidents(self, incidents: Sequence[Incident], at: int) -> None:
        """Measurement `incident`: each opening, change and closing, for annotations."""
        if incidents:
            self._put(*incident_lines(incidents, at, self._places), at)

    def write_lines(self, lines: bytes, count: int, at: int) -> None:
        """Lines made elsewhere (storage.self_lines)."""
        if count:
            self._put(lines, count, at)

    def flush(self, timeout_s: float = 30.0) -> bool:
        """Waits until nothing waits any more; False when it still does."""
        pause = threading.Event()
        for _ in range(int(timeout_s / 0.01) + 1):
            if not self._spool.waiting_lines:
                return True
            pause.wait(0.01)
        return False

    def health(self) -> SinkHealth:
        return SinkHealth(
            str(self._server or ""),
            self._spool_error or self._error,
            self._spool.waiting_lines,
            self._spool.waiting_bytes,
            self._spool.oldest_at(),
            self._spool.tally,
        )

    def close(self) -> None:
        """Stops shipping; what waits is on disk and goes on at the next start."""
        self._stop.set()
        self._spool.wake()
        self._shipper.join(_CLOSE_S)  # a request in flight may go on; it is then sent again
        self._spool.close()
        self._http.close()

    def _put(self, lines: bytes, count: int, at: int) -> None:
        try:
            self._spool.put(lines, count, at)
        except OSError as error:
            if not self._spool_error:
                _log.error("series: %d lines lost, the spool's disk takes no more: %s", count, error.strerror)
            self._spool_error = f"spool: {error.strerror}"
        else:
            if self._spool_error:
                dropped = self._spool.tally.dropped_lines
                _log.error("series: the spool's disk takes lines again; %d were lost so far", dropped)
            self._spool_error = ""

    # -- the shipper's thread

    def _run(self) -> None:
        while not self._stop.is_set():
            batches = self._spool.take(_REQUEST_BYTES, timeout_s=1.0)
            if not batches:
                continue
            try:
                parked = self._ship(batches)
            except Retryable as error:
                self._failed(error)
            except OSError as error:
                self._failed(Retryable(f"parking: {error.strerror}"))
            except Exception as error:  # one odd answer must not end shipping for good
                self._failed(Retryable(f"{type(error).__name__}: {self._settings.hidden(str(error))}"))
            else:
                self._spool.ack(batches[-1].sequence, parked)
                self._recovered()
        if self._door is not None:
            self._door.close()

    def _ship(self, batches: Sequence[Batch]) -> int:
        """Stores the batches; the number of lines parked."""
        door = self._connected()
        try:
            if len(batches) == 1 or (self._server is not None and self._server.many_members):
                door.write(b"".join(batch.payload for batch in batches))
            else:
                door.write(_packed([*_lines(batches)]))
        except (Rejected, TooLarge):
            bad = sift([*_lines(batches)], lambda lines: door.write(_packed(lines)))
            self._park(bad, batches[-1].at)
            return len(bad)
        return 0

    def _park(self, bad: Sequence[Bad], at: int) -> None:
        if bad:
            self._parking.park(bad, at)
            _log.error("series: %d lines refused, kept in %s: %s", len(bad), self._parking.path, bad[0][1])

    def _connected(self) -> WriteDoor:
        if self._door is None:
            server = find_out(self._http, self._settings)
            self._door = V2Door(self._settings) if server.v2 else V1Door(self._settings, self._http)
            if server != self._server:
                _log.info("series go to %s (%s)", self._settings.url, server)
            self._server = server
        return self._door

    def _failed(self, error: Retryable) -> None:
        if self._stop.is_set():
            return
        self._failures += 1
        said = str(error)
        if said != self._error:
            loud = _log.error if isinstance(error, Refused) or not self._error else _log.warning
            loud("series: %s does not take them, they wait in the spool: %s", self._settings.url, said)
        self._error = said
        if self._door is not None:  # what comes back may be another server, or a newer one
            self._door.close()
            self._door = None
        self._stop.wait(self._backoff.wait(self._failures, error))

    def _recovered(self) -> None:
        if self._failures:
            waiting = self._spool.waiting_lines
            _log.warning("series: %s takes them again, %d lines still wait", self._settings.url, waiting)
        self._failures = 0
        self._error = ""


def _lines(batches: Iterable[Batch]) -> Iterator[bytes]:
    for batch in batches:
        yield from zlib.decompress(batch.payload, 31).splitlines()


def _packed(lines: Sequence[bytes]) -> bytes:
    pack = zlib.compressobj(1, zlib.DEFLATED, 31)
    return pack.compress(b"\n".join(lines) + b"\n") + pack.flush()
