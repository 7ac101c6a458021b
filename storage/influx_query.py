"""Reading series back, in InfluxQL: the one language of 1.x, 2.x and 3 Core."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from domain.errors import Permanent
from domain.metric import CATALOGUE
from domain.ports import Point
from domain.reading import Key
from storage.influx_http import InfluxSettings, Server, client, find_out, request
from storage.influxql import identifier, literal
from storage.schema import NOWHERE, Places, label_name, tag_text

_TAGS = ("box", "device", "district", "kind")


class InfluxHistory:
    """A `History` over `/query`. Blocking; errors as in domain.errors (Retryable, Permanent).

    A device is looked for in the measurement of its present kind. Labels are those the store
    keeps (storage.schema.tag_text).
    """

    def __init__(self, settings: InfluxSettings, places: Places) -> None:
        self._settings = settings
        self._places = places
        self._http = client(settings)
        self._server: Server | None = None

    def replace(self, places: Places) -> None:
        self._places = places

    def series(self, device: str, key: Key, start: int, end: int) -> Sequence[Point]:
        """Points with start <= at < end (engine milliseconds), oldest first."""
        metric, label = key
        known = CATALOGUE.get(metric)
        labelled = ""
        if label or (known is not None and known.label):
            labelled = f"AND {identifier(label_name(metric))} = {literal(tag_text(label) if label else '')} "
        rows = self._rows(
            f"SELECT {identifier(metric)} FROM {identifier(self._measurement(device))} "  # noqa: S608 - quoted
            f"WHERE {_is(device)} {labelled}AND time >= {start}ms AND time < {end}ms"
        )
        found = {int(row[0]): float(row[1]) for _, row in rows if row[1] is not None}
        return [Point(at, found[at]) for at in sorted(found)]

    def latest(self, device: str) -> Mapping[Key, Point]:
        """The newest value of every metric the device has ever had (in 3 Core: of some days)."""
        measurement = identifier(self._measurement(device))
        fields = [str(row[0]) for _, row in self._rows(f"SHOW FIELD KEYS FROM {measurement}")]
        questions = [
            f"SELECT last({identifier(field)}) FROM {measurement} "  # noqa: S608 - quoted
            f"WHERE {_is(device)} GROUP BY *"
            for field in fields
        ]
        found: dict[Key, Point] = {}
        for field, rows in zip(fields, self._each(questions), strict=True):
            for tags, row in rows:
                if row[1] is None:
                    continue
                labels = [value for name, value in tags.items() if name not in _TAGS and value]
                key = (field, labels[0] if labels else "")
                point = Point(int(row[0]), float(row[1]))
                if key not in found or found[key].at < point.at:  # it may have moved to another box
                    found[key] = point
        return found

    def close(self) -> None:
        self._http.close()

    def _measurement(self, device: str) -> str:
        return self._places.get(device, NOWHERE).kind

    def _each(self, questions: Sequence[str]) -> Iterator[list[tuple[dict[str, str], list[Any]]]]:
        """The rows of each question; many in one request where the server takes that (3 does not)."""
        if self._server is None:
            self._server = find_out(self._http, self._settings)
        step = 1 if self._server.major >= 3 else 50
        for start in range(0, len(questions), step):
            some = questions[start : start + step]
            results = {int(r.get("statement_id", 0)): r for r in self._ask("; ".join(some))}
            yield from (_of(results.get(number, {})) for number in range(len(some)))

    def _rows(self, question: str) -> list[tuple[dict[str, str], list[Any]]]:
        return [row for result in self._ask(question) for row in _of(result)]

    def _ask(self, question: str) -> list[dict[str, Any]]:
        return ask(self._http, self._settings, question)


def ask(http: Any, settings: InfluxSettings, question: str, method: str = "GET") -> list[dict[str, Any]]:
    """The results of one query, statement by statement. POST for what changes something."""
    params = {"db": settings.database, "q": question, "epoch": "ms"}
    answer: dict[str, Any] = request(http, settings, method, "/query", params=params).json()
    results: list[dict[str, Any]] = answer.get("results", [])
    for result in results:
        if "error" in result:
            raise Permanent(settings.hidden(str(result["error"])))
    return results


def speaks_influxql(http: Any, settings: InfluxSettings) -> bool:
    """False of VictoriaMetrics, which answers every question with a list of databases. Only to be asked
    where it may be one: it says that it is 1.8, and a newer InfluxDB refuses what its database is asked
    before there is one."""
    answered = ask(http, settings, "SHOW MEASUREMENTS LIMIT 1")
    return not any(series.get("name") == "databases" for r in answered for series in r.get("series", ()))


def _is(device: str) -> str:
    return f'"device" = {literal(tag_text(device))}'


def _of(result: Mapping[str, Any]) -> list[tuple[dict[str, str], list[Any]]]:
    return [
        (series.get("tags", {}), row)
        for series in result.get("series", ())
        for row in series.get("values", ())
    ]
