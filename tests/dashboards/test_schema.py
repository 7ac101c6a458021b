"""The dashboards against Grafana's own JSON schemas and TypeScript types, and their own laws."""

from __future__ import annotations

import json
import re
import subprocess
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from dashboards.build import DIST, built, check, stale, text, write
from dashboards.lint import lint, panels, queries, query_faults
from dashboards.maps import BASE_LAYER
from dashboards.page import PAGES
from dashboards.units import RATES, UNITS
from domain.metric import CATALOGUE
from domain.series import CONDITIONS, INCIDENT_STATES, MEASUREMENTS, OUTCOMES
from storage.schema import CONDITION_LEGEND, INCIDENT_LEGEND, OUTCOME_LEGEND
from tests.peers import absent, program

SCHEMAS = Path(__file__).resolve().parents[3] / "shared" / "grafana" / "jsonschema"
NPM = Path(__file__).resolve().parents[1] / "npm" / "grafana"
DASHBOARDS = built()
every_dashboard = pytest.mark.parametrize("name", DASHBOARDS)


def schema(name: str) -> dict[str, Any]:
    """One of the schemas, less three places where their export lost the meaning: CUE's "anything"
    became "object", and the kinds of table cells lost the word that tells them apart."""
    path = SCHEMAS / f"{name}.jsonschema.json"
    if not path.is_file():
        pytest.skip("../shared/grafana/jsonschema is not beside this clone")
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    definitions = found["definitions"]
    if "MatcherConfig" in definitions:
        definitions["MatcherConfig"]["properties"]["options"] = {}
        definitions["DynamicConfigValue"]["properties"]["value"] = {}
    if "TableCellOptions" in definitions:
        definitions["TableCellOptions"]["anyOf"] = definitions["TableCellOptions"].pop("oneOf")
    return found


def faults(schema: dict[str, Any], part: str, value: object) -> list[str]:
    validator = Draft7Validator({**schema, "$ref": f"#/definitions/{part}"})
    return [f"{'/'.join(map(str, e.absolute_path))}: {e.message[:200]}" for e in validator.iter_errors(value)]


@every_dashboard
def test_a_dashboard_is_what_grafanas_schema_says(name: str) -> None:
    whole = schema("dashboard")
    assert faults(whole, "Dashboard", {**DASHBOARDS[name], "panels": []}) == []
    for panel in panels(DASHBOARDS[name]):
        assert faults(whole, "RowPanel" if panel["type"] == "row" else "Panel", panel) == [], panel["title"]


@every_dashboard
def test_every_panels_options_are_what_its_plugin_knows(name: str) -> None:
    for panel in panels(DASHBOARDS[name]):
        if panel["type"] == "row":
            continue
        plugin = schema(panel["type"].replace("-", ""))
        assert faults(plugin, "Options", panel["options"]) == [], panel["title"]
        custom = panel["fieldConfig"]["defaults"].get("custom")
        if custom is not None:
            assert faults(plugin, "FieldConfig", custom) == [], panel["title"]


def test_a_wrong_option_is_found() -> None:
    spoiled = next(p for p in panels(deepcopy(DASHBOARDS["nigehban-city.json"])) if p["type"] == "timeseries")
    spoiled["options"]["tooltip"]["mode"] = "loud"
    assert faults(schema("timeseries"), "Options", spoiled["options"])


def test_every_unit_is_one_of_grafanas() -> None:
    known = {one["const"] for one in schema("units")["definitions"].values()}
    used = {
        value
        for dashboard in DASHBOARDS.values()
        for panel in panels(dashboard)
        if panel["type"] != "row"
        for value in (
            panel["fieldConfig"]["defaults"]["unit"],
            *(
                p["value"]
                for o in panel["fieldConfig"]["overrides"]
                for p in o["properties"]
                if p["id"] == "unit"
            ),
        )
    }
    assert (used | set(UNITS.values()) | set(RATES.values())) - known == set()


def test_every_unit_of_the_catalogue_has_a_look() -> None:
    fields = [m for measurement in MEASUREMENTS.values() for m in measurement.fields.values()]
    assert {m.unit for m in (*CATALOGUE.values(), *fields)} <= set(UNITS)


def test_numbers_mean_the_same_in_the_store_and_on_the_pages() -> None:
    assert {n: c.value for n, c in CONDITION_LEGEND.items()} == CONDITIONS
    assert {n: o.value for n, o in OUTCOME_LEGEND.items()} == OUTCOMES
    assert INCIDENT_LEGEND == INCIDENT_STATES


@pytest.mark.peer
@pytest.mark.slow
def test_every_dashboard_is_of_grafanas_typescript_types(tmp_path: Path) -> None:
    """tsc against @grafana/schema; options and custom fields against the types of their plugins."""
    node = program("node", "nodejs")
    compiler = NPM / "node_modules" / "typescript" / "bin" / "tsc"
    if not compiler.is_file():
        absent("@grafana/schema", "npm ci --prefix tests/npm/grafana")
    (tmp_path / "node_modules").symlink_to(NPM / "node_modules")
    good, bad = tmp_path / "good.ts", tmp_path / "bad.ts"
    good.write_text(_typescript(DASHBOARDS))
    spoiled = deepcopy(DASHBOARDS["nigehban-city.json"])
    next(p for p in panels(spoiled) if p["type"] == "timeseries")["options"]["legend"]["displayMode"] = "big"
    bad.write_text(_typescript({"spoiled.json": spoiled}))

    def compiled(file: Path) -> subprocess.CompletedProcess[str]:
        flags = ["--strict", "--noEmit", "--skipLibCheck", "--module", "nodenext", "--target", "es2022"]
        return subprocess.run(
            [node, str(compiler), *flags, str(file)],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=120,
        )

    found = compiled(good)
    assert found.returncode == 0, found.stdout[:4000]
    assert '"big"' in compiled(bad).stdout


_PLUGINS = {
    "timeseries": "timeseries/panelcfg/x/TimeSeriesPanelCfg",
    "stat": "stat/panelcfg/x/StatPanelCfg",
    "table": "table/panelcfg/x/TablePanelCfg",
    "state-timeline": "statetimeline/panelcfg/x/StateTimelinePanelCfg",
    "geomap": "geomap/panelcfg/x/GeomapPanelCfg",
    "bargauge": "bargauge/panelcfg/x/BarGaugePanelCfg",
}


_AS_JSON = """
type Json<T> = 0 extends 1 & T ? any
  : T extends string ? `${T}`
  : T extends readonly (infer U)[] ? Json<U>[]
  : T extends object ? { [K in keyof T]: Json<T[K]> }
  : T;
"""
# In JSON an enum's member is its bare string, which TypeScript alone would refuse.


def _typescript(dashboards: dict[str, dict[str, Any]]) -> str:
    """Literals with declared types: tsc then finds wrong words, wrong shapes and unknown keys."""
    lines = ['import type * as ui from "@grafana/schema";', _AS_JSON]
    for kind, module in _PLUGINS.items():
        path = f"@grafana/schema/dist/esm/raw/composable/{module}_types.gen"
        lines.append(f'import type * as {_identifier(kind)} from "{path}";')
    number = 0
    for dashboard in dashboards.values():
        number += 1
        head = {key: value for key, value in dashboard.items() if key not in ("panels", "templating")}
        head["annotations"] = {  # a target's own keys are its data source's, of which there are no types
            "list": [{**one, "target": {"refId": "Anno"}} for one in head["annotations"]["list"]]
        }
        lines.append(f"const d{number}: Json<Partial<ui.Dashboard>> = {_literal(head)};")
        for panel in panels(dashboard):
            number += 1
            if panel["type"] == "row":
                row = {**panel, "panels": []}
                lines.append(f"const r{number}: Json<ui.RowPanel> = {_literal(row)};")
                continue
            plugin = _identifier(panel["type"])
            lines.append(f"const p{number}: Json<ui.Panel> = {_literal(panel)};")
            lines.append(f"const o{number}: Json<Partial<{plugin}.Options>> = {_literal(panel['options'])};")
            custom = panel["fieldConfig"]["defaults"].get("custom")
            if custom is not None:
                lines.append(f"const c{number}: Json<Partial<{plugin}.FieldConfig>> = {_literal(custom)};")
    return "\n".join(lines) + "\nexport {};\n"


def _identifier(kind: str) -> str:
    return kind.replace("-", "_")


def _literal(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


@every_dashboard
def test_the_lint_finds_nothing(name: str) -> None:
    assert lint(DASHBOARDS[name], name, text(DASHBOARDS[name])) == []


def test_the_committed_files_are_current() -> None:
    assert stale() == []
    assert check() == []


def test_a_stale_missing_or_foreign_file_is_named_with_its_line(tmp_path: Path) -> None:
    assert sorted(write(tmp_path)) == sorted(DASHBOARDS)
    assert write(tmp_path) == []
    edited = tmp_path / "nigehban-city.json"
    edited.write_text(edited.read_text().replace('"title": "City"', '"title": "Town"'))
    (tmp_path / "nigehban-box.json").unlink()
    (tmp_path / "mine.json").write_text("{}")
    found = {(Path(p.file).name, p.line): p.what for p in stale(tmp_path)}
    assert set(found) == {("nigehban-city.json", 3), ("nigehban-box.json", 1), ("mine.json", 1)}
    assert sorted(write(tmp_path)) == ["mine.json", "nigehban-box.json", "nigehban-city.json"]
    assert stale(tmp_path) == []


def test_every_page_of_the_menu_is_there_under_its_own_uid() -> None:
    assert {d["uid"]: d["title"] for d in DASHBOARDS.values()} == PAGES
    assert {p.name for p in DIST.glob("*.json")} == {f"{uid}.json" for uid in PAGES}


@every_dashboard
def test_links_lead_to_pages_that_exist_and_set_variables_those_pages_have(name: str) -> None:
    pages = {d["uid"]: {v["name"] for v in d["templating"]["list"]} for d in DASHBOARDS.values()}
    addresses = re.findall(r'"url": "(/d/[^"]+)"', text(DASHBOARDS[name]))
    assert addresses
    for address in addresses:
        uid, _, query = address.removeprefix("/d/").partition("?")
        assert set(re.findall(r"var-(\w+)=", query)) <= pages[uid], address
        carried = set(re.findall(r"\$\{(\w+):queryparam\}", query))
        assert carried <= pages[uid] & {v["name"] for v in DASHBOARDS[name]["templating"]["list"]}, address


@pytest.mark.parametrize(
    ("uid", "carried"),
    [
        ("nigehban-batteries", {"district", "box"}),
        ("nigehban-box", {"district", "box"}),
        ("nigehban-device", {"district", "box", "device"}),
        ("nigehban-uptime", {"district"}),
    ],
)
def test_a_page_leads_to_the_year_of_what_is_chosen_there(uid: str, carried: set[str]) -> None:
    found = set(re.findall(r'"url": "/d/nigehban-year\?([^"]+)"', text(DASHBOARDS[f"{uid}.json"])))
    (address,) = found
    assert set(re.findall(r"\$\{(\w+):queryparam\}", address)) == {"datasource", *carried}
    assert address.endswith("&from=now-1y&to=now")


def test_the_menu_keeps_the_range_but_neither_into_the_year_nor_out_of_it() -> None:
    for dashboard in DASHBOARDS.values():
        for link in dashboard["links"]:
            within = "nigehban-year" not in (dashboard["uid"], link["url"].removeprefix("/d/"))
            assert link["keepTime"] is within


def test_the_year_asks_the_rollups_and_nothing_else_does() -> None:
    for name, dashboard in DASHBOARDS.items():
        asked = {source["uid"] for _, _, source in queries(dashboard)}
        assert asked == {"${years}" if name == "nigehban-year.json" else "${datasource}"}


def test_the_year_may_not_ask_for_what_the_rollups_do_not_hold() -> None:
    spoiled = deepcopy(DASHBOARDS["nigehban-year.json"])
    body = next(p for p in panels(spoiled) if p["type"] == "timeseries")
    body["targets"][0]["query"] = 'SELECT mean("up"), mean("mean_up") FROM "box" WHERE $timeFilter'
    found = [p.what for p in lint(spoiled, "year.json", text(spoiled))]
    assert len(found) == 1
    assert "'up' is never written" in found[0]
    other = deepcopy(DASHBOARDS["nigehban-city.json"])
    body = next(p for p in panels(other) if p["type"] == "timeseries")
    body["datasource"] = {"type": "influxdb", "uid": "${years}"}
    body["targets"][0]["query"] = 'SELECT mean("mean_up") FROM "box" WHERE $timeFilter'
    whats = " | ".join(p.what for p in lint(other, "city.json", text(other)))
    assert "names a data source" in whats
    assert "'mean_up' is never written" in whats


def test_no_map_asks_the_internet() -> None:
    maps = [p for d in DASHBOARDS.values() for p in panels(d) if p["type"] == "geomap"]
    assert maps
    assert all(p["options"]["basemap"] == BASE_LAYER for p in maps)
    assert BASE_LAYER["config"]["url"].startswith("data:image/png;base64,")


@pytest.mark.parametrize(
    ("query", "word"),
    [
        ('SELECT mean("up") FROM "box" WHERE $timeFilter GROUP BY "box" SLIMIT 5', "SLIMIT"),
        ('SELECT mean("up") FROM "box" WHERE $timeFilter GROUP BY "box" LIMIT 5 SOFFSET 2', "SOFFSET"),
        ('SELECT sample("up", 3) FROM "box" WHERE $timeFilter', "sample()"),
        ('SELECT integral("up") FROM "box" WHERE $timeFilter', "integral()"),
        ('SELECT HOLT_WINTERS(mean("up"), 3, 1) FROM "box" WHERE $timeFilter GROUP BY time(1h)', "HOLT"),
        ('SELECT mean("up") INTO "box" FROM "box" WHERE $timeFilter', "INTO"),
        ('DELETE FROM "box" WHERE $timeFilter', "DELETE"),
        ('DROP SERIES FROM "box"', "DROP"),
        ('SELECT mean("up") FROM "years"."box" WHERE $timeFilter', "retention policy"),
        ('SELECT mean("up") FROM "cctv".."box" WHERE $timeFilter', "retention policy"),
        ("SELECT mean(up) FROM cctv.autogen.box WHERE $timeFilter", "retention policy"),
        ('SELECT mean("up") FROM "box" WHERE $timeFilter; SELECT 1', "more than one statement"),
        ('SELECT mean("up") FROM "box"', "$timeFilter"),
        ("SHOW SERIES", "SHOW"),
        ("SHOW TAG VALUES CARDINALITY WITH KEY = box", "CARDINALITY"),
        ('SELECT mean("upp") FROM "box" WHERE $timeFilter', "'upp'"),
    ],
)
def test_the_lint_rejects_what_one_generation_of_influxdb_lacks(query: str, word: str) -> None:
    found = " ".join(what for what, _ in query_faults(query))
    assert word in found


@pytest.mark.parametrize(
    "query",
    [
        """SELECT mean("up") AS "into" FROM "box" WHERE $timeFilter AND "box" = 'drop; delete'""",
        'SELECT max("up") FROM "box" WHERE $timeFilter AND "box" =~ /^(into|slimit)$/ GROUP BY time(1h)',
        'SELECT sum("up") FROM (SELECT last("up") AS "up" FROM "box" WHERE $timeFilter GROUP BY "box")',
        'SELECT max("icmp_loss_ratio") FROM /^(ups|switch)$/ WHERE $timeFilter',
        'SHOW TAG VALUES FROM "box" WITH KEY = "feeder" WHERE "district" =~ /^${district:regex}$/',
    ],
)
def test_the_lint_leaves_good_queries_alone(query: str) -> None:
    assert list(query_faults(query)) == []


def test_the_lint_names_the_line_of_what_is_wrong() -> None:
    spoiled = deepcopy(DASHBOARDS["nigehban-feeders.json"])
    body = next(p for p in panels(spoiled) if p["type"] == "timeseries")
    body["targets"][0]["query"] += " SLIMIT 3"
    body["description"] = ""
    body["datasource"] = {"type": "influxdb", "uid": "mine"}
    body["fieldConfig"]["defaults"]["unit"] = "furlong"
    body["gridPos"]["w"] = 30
    written = text(spoiled)
    found = lint(spoiled, "feeders.json", written)
    assert {p.file for p in found} == {"feeders.json"}
    (slimit,) = [p for p in found if "SLIMIT" in p.what]
    assert "SLIMIT 3" in written.splitlines()[slimit.line - 1]
    whats = " | ".join(p.what for p in found)
    for word in ("no description", "names a data source", "furlong", "wider than the page"):
        assert word in whats


def test_every_dashboard_asks_through_the_data_source_variable() -> None:
    for dashboard in DASHBOARDS.values():
        assert list(queries(dashboard))
        assert re.search(r'"uid": "\$\{(datasource|years)\}"', text(dashboard))
