"""Every question every page asks, put to a real InfluxDB that holds a day of the sample city."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from dashboards.build import built
from dashboards.common import UP_SHARE
from dashboards.lint import panels
from dashboards.panels import DATASOURCE, YEARS
from dashboards.year import UP_SHARE as YEAR_UP_SHARE
from storage.influx import Backoff, InfluxSink
from storage.influx_setup import setup
from storage.years import LATE
from storage.years_due import roll_due
from tests.dashboards.day import END, HOUR, START, Day, lived
from tests.peers import free_port
from tests.storage.series_peers import Influxd, debian_influxd, newer_influxd

pytestmark = [pytest.mark.peer, pytest.mark.slow]

_AGO = re.compile(r"(\d+)([mhd])")
_MINUTES = {"m": 1, "h": 60, "d": 1440}

DATABASES = {DATASOURCE["uid"]: "cctv", YEARS["uid"]: "cctv_years"}

the_day = functools.cache(lived)


@dataclass
class Seeded:
    server: Influxd

    def ask(self, query: str, source: dict[str, Any] = DATASOURCE) -> list[dict[str, Any]]:
        params = {"db": DATABASES[source["uid"]], "q": query, "epoch": "ms"}
        answer = httpx.get(f"{self.server.url}/query", params=params, timeout=30)
        assert answer.is_success, (query, answer.text)
        (result,) = answer.json()["results"]
        assert "error" not in result, (query, result)
        series: list[dict[str, Any]] = result.get("series", [])
        return series

    def values(self, query: str, source: dict[str, Any]) -> list[str]:
        """What a template variable offers."""
        return sorted({row[1] for series in self.ask(query, source) for row in series["values"]})


def _write(day: Day, server: Influxd, spool: Path) -> None:
    sink = InfluxSink(server.settings, day.places, spool, backoff=Backoff(first_s=0.05))
    sink.write(day.readings)
    sink.write_transitions(day.transitions)
    for at, incidents in day.incidents:
        sink.write_incidents(incidents, at)
    assert sink.flush(120), sink.health()
    assert (sink.health().error, sink.health().tally.parked_lines) == ("", 0)
    sink.close()
    body = b"".join(lines for lines, _ in day.lines)
    params = {"db": "cctv", "precision": "ms"}
    answer = httpx.post(f"{server.url}/write", params=params, content=body, timeout=60)
    assert answer.status_code == 204, answer.text


@pytest.fixture(scope="module", params=[debian_influxd, newer_influxd], ids=["1.6", "1.8"])
def seeded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seeded]:
    find: Callable[[], str] = request.param
    folder = tmp_path_factory.mktemp("series")
    server = Influxd(find(), folder / "influxd", free_port())
    with server.up():
        setup(server.settings, raw_days=0)
        _write(the_day(), server, folder / "spool")
        hours = list(roll_due(server.settings, folder, END + HOUR + LATE))
        assert (hours[0].hour, len(hours)) == (START, 25)  # the day, and the hour its last sweep began
        assert not any(hour.refused for hour in hours)
        yield Seeded(server)


def _span(panel: dict[str, Any]) -> str:
    start = START
    if found := _AGO.fullmatch(panel.get("timeFrom", "")):
        start = END - int(found[1]) * _MINUTES[found[2]] * 60_000
    return f"time >= {start}ms and time <= {END}ms"


def filled(query: str, chosen: dict[str, str], span: str, interval: str = "5m") -> str:
    """The query as Grafana sends it, with every variable's regex form put in."""
    query = query.replace("$timeFilter", span).replace("$__interval", interval)
    for name, value in chosen.items():
        query = query.replace(f"${{{name}:regex}}", value)
    assert "$" not in re.sub(r"\$/", "", query), f"a variable is left in {query}"
    return query


def choices(seeded: Seeded, dashboard: dict[str, Any]) -> Iterator[dict[str, str]]:
    """Every way to choose: All where several may be chosen, else each value there is, in turn."""

    def narrowed(variables: list[dict[str, Any]], chosen: dict[str, str]) -> Iterator[dict[str, str]]:
        if not variables:
            yield chosen
            return
        first, *rest = variables
        offered = seeded.values(filled(first["query"], chosen, ""), first["datasource"])
        assert offered, f"variable {first['name']} offers nothing with {chosen}"
        for value in [first["allValue"]] if first["multi"] else map(re.escape, offered):
            yield from narrowed(rest, {**chosen, first["name"]: value})

    yield from narrowed([v for v in dashboard["templating"]["list"] if v["type"] == "query"], {})


@pytest.mark.parametrize("name", built())
def test_every_question_of_a_page_is_answered_with_rows(seeded: Seeded, name: str) -> None:
    """Rows, and in every column a value: a column that is always empty names what is never written."""
    dashboard = built()[name]
    ways = list(choices(seeded, dashboard))
    silent = []
    asked = 0
    for panel in panels(dashboard):
        for target in panel.get("targets", ()):
            asked += 1
            span, interval = _span(panel), panel.get("interval", "5m")
            filled_in: dict[str, bool] = {}
            for way in ways:
                question = filled(target["query"], way, span, interval)
                for series in seeded.ask(question, target["datasource"]):
                    for column, *values in zip(series["columns"], *series["values"], strict=True):
                        filled_in[column] = filled_in.get(column, False) or any(v is not None for v in values)
                if filled_in and all(filled_in.values()):
                    break
            if not filled_in or not all(filled_in.values()):
                silent.append((panel["title"], target["query"], filled_in))
    assert asked
    assert silent == []


@pytest.mark.parametrize("name", [n for n, d in built().items() if d["annotations"]["list"]])
def test_annotations_find_the_incidents_of_the_day(seeded: Seeded, name: str) -> None:
    dashboard = built()[name]
    span = f"time >= {START}ms and time <= {END}ms"
    for annotation in dashboard["annotations"]["list"]:
        query = annotation["target"]["query"]
        found = [s for way in choices(seeded, dashboard) for s in seeded.ask(filled(query, way, span))]
        assert found
        assert {annotation["target"]["textColumn"], *annotation["target"]["tagsColumn"].split(",")} <= set(
            found[0]["columns"]
        )


def test_what_the_city_page_counts_is_what_befell_the_city(seeded: Seeded) -> None:
    """At the end of the day a stolen box is dark, and the boxes left on its feeder live on battery."""
    found = {
        panel["title"]: panel for panel in panels(built()["nigehban-city.json"]) if panel["type"] == "stat"
    }

    def now(title: str) -> float:
        panel = found[title]
        query = filled(panel["targets"][0]["query"], {"district": ".*"}, _span(panel))
        (series,) = seeded.ask(query)
        return float(series["values"][-1][-1])

    day = the_day()
    boxes = day.city.boxes.values()
    on_feeder = sum(box.feeder == "clifton-5" and box.id != "CLF-02" for box in boxes)
    assert now("Boxes dark") == 1
    assert now("On battery") == on_feeder
    assert now("Cameras dark") == sum(
        d.kind.value == "camera" and d.box == "CLF-02" for d in day.city.devices.values()
    )
    assert now("Boxes up") == pytest.approx(1 - 1 / len(day.city.boxes), abs=1e-9)


def test_a_day_of_hours_says_of_availability_what_its_minutes_say(seeded: Seeded) -> None:
    """Box by box; but for the hours that are not whole, at the ends, which count like the others."""
    span = f"time >= {START}ms and time < {END}ms"
    shares = [
        {
            series["tags"]["box"]: series["values"][0][1]
            for series in seeded.ask(
                f'SELECT {share} FROM "box" WHERE {span} GROUP BY "box"',
                source,
            )
        }
        for share, source in ((UP_SHARE, DATASOURCE), (YEAR_UP_SHARE, YEARS))
    ]
    by_minute, by_hour = shares
    assert min(by_minute.values()) < 0.9
    assert by_hour == pytest.approx(by_minute, abs=0.005)
    down = [
        seeded.ask(f'SELECT sum("{field}") FROM "box" WHERE {span}', source)[0]["values"][0][1]
        for field, source in (("down_seconds", DATASOURCE), ("sum_down_seconds", YEARS))
    ]
    assert down[0] == down[1] > 0
