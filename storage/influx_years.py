"""Rolling raw hours of an InfluxDB up into its database of years (storage.years says what and how)."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from domain.errors import Permanent
from domain.series import BOX, DEVICE_KINDS
from storage import years
from storage.influx_http import InfluxSettings, V1Door, V2Door, WriteDoor, client, find_out
from storage.influx_query import ask, speaks_influxql
from storage.influx_sift import sift
from storage.influxql import identifier
from storage.refusals import Bad, Refused, Rejected

_LINES = 5_000  # in one request: some 3 MB
_KINDS = f"/^({'|'.join(DEVICE_KINDS)})$/"


@dataclass(frozen=True, slots=True)
class Rolled:
    """One hour: the lines written, and those the server refused, each with its reason."""

    hour: int
    lines: int
    refused: Sequence[Bad]


class Roller:
    """Blocking, one at a time. Whatever fails is a domain error and may leave an hour half written,
    which doing it again makes whole: the same series at the same time are the same points. Permanent
    when it is made for a server that can be written and not asked."""

    def __init__(self, settings: InfluxSettings) -> None:
        self._settings = settings
        self._http = client(settings)
        try:
            server = find_out(self._http, settings)
            if server.major < 2 and not speaks_influxql(self._http, settings):
                raise Permanent(
                    "this server answers no InfluxQL (VictoriaMetrics does not): there are no rollups, so "
                    "keep its raw series as long as graphs are wanted"
                )
        except BaseException:
            self._http.close()
            raise
        self.look_back_days = 3 if server.major >= 3 else 31
        """How far back it may be asked without an hour to begin at; version 3 Core reads no further."""
        self._door: WriteDoor
        self._door = V2Door(settings.years) if server.v2 else V1Door(settings.years, self._http)

    def newest(self, since: int) -> int | None:
        """The newest hour the database of years holds anything of."""
        return max(self._times(self._settings.years, "last", "mean_", since), default=None)

    def oldest(self, since: int) -> int | None:
        """When the raw series begin."""
        return min(self._times(self._settings, "first", "", since), default=None)

    def roll(self, hour: int) -> Rolled:
        """One whole hour, read and written in shares."""
        written = 0
        refused: list[Bad] = []
        for part in self._parts(hour):
            bad = sift(part, self._write)
            written += len(part) - len(bad)
            refused += bad
        return Rolled(hour, written, refused)

    def close(self) -> None:
        self._door.close()
        self._http.close()

    def _parts(self, hour: int) -> Iterator[list[bytes]]:
        part: list[bytes] = []
        for measurement in years.MEASUREMENTS:
            for boxes in self._shares(measurement, hour):
                for question in years.questions(measurement, boxes, hour):
                    part += years.lines(self._ask(question))
                    if len(part) >= _LINES:
                        yield part
                        part = []
        if part:
            yield part

    def _shares(self, measurement: str, hour: int) -> Iterator[Sequence[str]]:
        if measurement == years.REFERENCE:
            yield ()
            return
        rows = _rows(self._ask(years.which_boxes(measurement, hour)))
        yield from years.shares(sorted(str(value) for _, value in rows))

    def _times(self, settings: InfluxSettings, which: str, prefix: str, since: int) -> Iterator[int]:
        """Of the outcome every device leaves and of the boxes' conditions, the first or last time."""
        for source, field in ((_KINDS, "icmp_outcome"), (identifier(BOX.name), "condition")):
            question = f'SELECT {which}("{prefix}{field}") FROM {source} WHERE time >= {since}ms'  # noqa: S608
            yield from (int(row[0]) for row in _rows(self._ask(question, settings)))

    def _ask(self, question: str, settings: InfluxSettings | None = None) -> list[dict[str, Any]]:
        with _remedy():
            return ask(self._http, settings or self._settings, question)

    def _write(self, lines: Sequence[bytes]) -> None:
        pack = zlib.compressobj(1, zlib.DEFLATED, 31)
        with _remedy():
            self._door.write(pack.compress(b"\n".join(lines) + b"\n") + pack.flush())


@contextmanager
def _remedy() -> Iterator[None]:
    """Says what to do where a database, a bucket or its mapping is missing."""
    try:
        yield
    except (Refused, Permanent) as error:
        if "not found" in str(error) and not isinstance(error, Rejected):
            raise Refused(f"{error}: run `nigehban influx setup`") from None
        raise


def _rows(results: list[dict[str, Any]]) -> Iterator[list[Any]]:
    for result in results:
        for series in result.get("series", ()):
            yield from series.get("values", ())
