"""`nigehban dashboards`: it shows, asks, does, and says by its exit code how it went."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from typer.testing import CliRunner

from app.dashboards import dashboards_app
from tests.dashboards.grafana_stand_in import TOKEN, StandIn

CITY = "nigehban-city"

Run = Callable[..., Any]


@pytest.fixture
def run(grafana: StandIn, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("NIGEHBAN_GRAFANA_TOKEN", TOKEN)

    def invoke(*arguments: str, answer: str = "") -> Any:
        return CliRunner().invoke(
            dashboards_app, ["push", "--url", grafana.url, *arguments], input=answer, catch_exceptions=False
        )

    return invoke


def test_the_command_shows_then_asks_then_does(grafana: StandIn, run: Run) -> None:
    shown = run("--dry-run")
    assert (shown.exit_code, grafana.changes()) == (0, [])
    assert "make dashboard City (nigehban-city)" in shown.output
    assert run(answer="n\n").exit_code == 1
    assert grafana.changes() == []
    done = run(answer="y\n")
    assert done.exit_code == 0
    assert done.output.count("done: ") == 11
    again = run()
    assert (again.exit_code, again.output.count("keep ")) == (0, 11)


def test_the_command_refuses_and_says_how_to_go_on(grafana: StandIn, run: Run) -> None:
    run("--yes")
    grafana.edit(CITY, title="Mine")
    found = run("--yes")
    assert found.exit_code == 1
    assert "refuse dashboard City" in found.output
    assert "--force" in found.output
    assert run("--yes", "--force").exit_code == 0
    assert grafana.dashboards[CITY]["dashboard"]["title"] == "City"


def test_the_command_makes_the_data_source_without_a_secret_in_sight(
    grafana: StandIn, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INFLUX", "very-secret")
    found = run("--yes", "--influx-url", "http://influx:8086", "--influx-token", "env:INFLUX")
    assert found.exit_code == 0
    assert "very-secret" not in found.output
    assert "very-secret" in str(grafana.requests)


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("--token", "glsa_on_the_command_line"), 2, "env:NAME"),
        (("--token", "env:NOT_SET_ANYWHERE"), 2, "NOT_SET_ANYWHERE"),
        (("--url", "nowhere"), 2, "http://HOST"),
    ],
)
def test_a_wrong_use_of_the_command_is_said_with_its_remedy(
    run: Run, arguments: tuple[str, ...], code: int, words: str
) -> None:
    found = run(*arguments)
    assert found.exit_code == code
    assert words in found.output
    assert "glsa_on_the_command_line" not in found.output


def test_a_server_error_ends_the_command_without_a_traceback(grafana: StandIn, run: Run) -> None:
    grafana.fail("GET", "/api/folders", 503, "<html>busy</html>")
    found = run("--yes")
    assert (found.exit_code, "Grafana says 503" in found.output) == (1, True)


def test_check_and_build_speak_by_their_exit_codes(tmp_path: Any) -> None:
    def command(*arguments: str) -> Any:
        return CliRunner().invoke(dashboards_app, list(arguments), catch_exceptions=False)

    assert command("check").exit_code == 0
    assert command("build", "--check").exit_code == 0
    stale = command("build", "--check", "-d", str(tmp_path))
    assert (stale.exit_code, "is missing" in stale.output) == (2, True)
    assert command("build", "-d", str(tmp_path)).exit_code == 0
    assert command("build", "--check", "-d", str(tmp_path)).exit_code == 0
    assert command("check", "-d", str(tmp_path)).exit_code == 0
