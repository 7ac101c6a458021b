"""The house keeps its laws: floors, pure rooms, and nothing hidden from the linters."""

from __future__ import annotations

import tomllib
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
ROOTS = PROJECT["tool"]["importlinter"]["root_packages"]

PURE = (
    "domain",
    "rules",
    "collector.snmp.ber",
    "collector.device.decode",
    "alerting.gsm",
    "alerting.message",
    "alerting.roster",
    "alerting.decide",
    "alerting.deadman",
    "storage.cardinality",
    "storage.influxql",
    "storage.line_protocol",
    "storage.self_lines",
    "storage.years",
    *(
        f"reports.{name}"
        for name in (
            "period",
            "spans",
            "tally",
            "outages",
            "hours",
            "adjustment",
            "watch",
            "timeline",
            "facts",
            "ground",
            "findings",
            "ledger",
            "figures",
            "model",
            "charts",
            "words_of",
        )
    ),
)
SHAPES = {"collector.device.decode": {"pydantic"}}
"""A profile's entries are decoded by what their shapes compile to."""

READERS = ("rules.load", "rules.shape")
"""Of the pure rooms, the modules that read what people edit."""

ALLOWED = frozenset(
    [
        "__future__",
        "abc",
        "bisect",
        "collections",
        "contextlib",
        "dataclasses",
        "datetime",
        "decimal",
        "difflib",
        "enum",
        "fractions",
        "functools",
        "hashlib",
        "heapq",
        "ipaddress",
        "itertools",
        "json",
        "math",
        "operator",
        "re",
        "statistics",
        "string",
        "struct",
        "types",
        "typing",
        "unicodedata",
        "zoneinfo",
    ]
)
"""Of the standard library: what neither touches the world nor reads a clock."""


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    return grimp.build_graph(*ROOTS, include_external_packages=True)


def test_every_folder_of_code_is_linted_typed_and_packaged() -> None:
    folders = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests", "bench"}
    assert folders == set(ROOTS)
    assert folders == set(PROJECT["tool"]["mypy"]["files"])
    packaged = {name.rstrip("*") for name in PROJECT["tool"]["setuptools"]["packages"]["find"]["include"]}
    assert folders == packaged


def test_pure_modules_import_only_what_is_pure(graph: grimp.ImportGraph) -> None:
    wrong = []
    for module in graph.modules:
        if not any(module == pure or module.startswith(f"{pure}.") for pure in PURE) or module in READERS:
            continue
        for imported in graph.find_modules_directly_imported_by(module):
            top = imported.partition(".")[0]
            if top not in ALLOWED | SHAPES.get(module, set()) and top not in ROOTS:
                wrong.append(f"{module} imports {imported}")
    assert wrong == []


def test_only_the_roof_imports_rooms(graph: grimp.ImportGraph) -> None:
    ground = {"domain", "config"}
    wrong = [
        f"{module} imports {imported}"
        for module in graph.modules
        for imported in graph.find_modules_directly_imported_by(module)
        if (mine := module.partition(".")[0]) in ROOTS
        and mine != "app"
        and (theirs := imported.partition(".")[0]) in ROOTS
        and theirs not in {mine, *ground}
    ]
    assert wrong == []


def test_lock_files_name_no_host() -> None:
    for path in (ROOT / "requirements").glob("*.txt"):
        assert "://" not in path.read_text(), path.name


def test_every_lint_ignore_says_why() -> None:
    for line in (ROOT / "pyproject.toml").read_text().splitlines():
        if line.strip().startswith('"') and line.rstrip().endswith('",') and "RUF0" in line:
            assert "#" in line, line
