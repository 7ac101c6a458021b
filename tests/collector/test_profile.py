"""Profiles are checked when they are read: every mistake with its line and what to write instead."""

from __future__ import annotations

from pathlib import Path

import pytest

from collector.device.load import SHIPPED, load
from domain.errors import ConfigError
from domain.metric import CATALOGUE
from domain.place import Kind


def refused(folder: Path, text: str, *, parent: str | None = None) -> list[str]:
    (folder / "mine.yaml").write_text(text)
    if parent is not None:
        (folder / "parent.yaml").write_text(parent)
    with pytest.raises(ConfigError) as error:
        load(folder)
    return [str(problem).removeprefix(f"{folder}/") for problem in error.value.problems]


def test_the_shipped_profiles_are_sound_and_cover_every_kind() -> None:
    profiles = load()
    assert {profile.kind for profile in profiles.profiles.values()} == set(Kind)
    assert "generic" in profiles.profiles
    for profile in profiles.profiles.values():
        assert set(profile.metrics) <= set(CATALOGUE)


def test_every_file_is_named_as_its_profile() -> None:
    for path in SHIPPED.glob("*.yaml"):
        assert f"\nprofile: {path.stem}\n" in "\n" + path.read_text(), path.name


HEAD = "profile: mine\ntitle: Mine\nkind: ups\n"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("metrics:\n  battery_charge: {scalar: 1.3.6}\n", "mine.yaml:5: 'battery_charge' is no metric"),
        ("metrics:\n  on_battery: {column: 1.3.6}\n", "mine.yaml:5: on_battery has one value"),
        ("metrics:\n  port_up: {scalar: 1.3.6}\n", "mine.yaml:5: port_up needs a label"),
        ("metrics:\n  on_battery: {scaler: 1.3.6}\n", "unknown key"),
        ("metrics:\n  on_battery: {scalar: 1.3.x}\n", "is no OID"),
        ("metrics:\n  on_battery: {why: x}\n", "names no single place"),
        ("metrics:\n  on_battery: {scalar: 1.3.6, pattern: '('}\n", "not a regular expression"),
        ("metrics:\n  on_battery: {scalar: 1.3.6, pattern: 'x'}\n", "exactly one (group)"),
        ("metrics:\n  on_battery: {scalar: 1.3.6, divide: 0}\n", "divide is 0"),
        ("facts:\n  on_mains: {scalar: 1.3.6}\n", "has the name of a metric"),
        ("derived:\n  on_battery:\n    - {when: 'x == 1', is: 1, because: y}\n", "mine.yaml:6: x in when"),
        ("derived:\n  on_battery:\n    - {when: 'x ==', is: 1, because: y}\n", "no expression"),
        ("derived:\n  port_up:\n    - {is: 1, because: y}\n", "'port_up' is no metric"),
        ("recognise:\n  - {score: 5, because: y}\n", "tests nothing"),
        ("extends: [nowhere]\n", "mine.yaml:4: 'nowhere' is not to be found"),
        ("traps:\n  - {oid: 1.3.6.1, name: t, values: {port_up: {becomes: 1}}}\n", "port_up needs a label"),
    ],
)
def test_a_mistake_is_told_with_its_line(tmp_path: Path, text: str, complaint: str) -> None:
    assert any(complaint in problem for problem in refused(tmp_path, HEAD + text)), refused(
        tmp_path, HEAD + text
    )


def test_all_mistakes_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    told = refused(
        tmp_path,
        HEAD + "metrics:\n  a: {scalar: 1.3.6}\n  b: {scalar: 1.3.6}\n",
        parent="profile: other\ntitle: x\nsurprise: 1\n",
    )
    assert len(told) == 3


def test_a_circle_of_extends_is_refused(tmp_path: Path) -> None:
    told = refused(
        tmp_path, HEAD + "extends: [parent]\n", parent="profile: parent\ntitle: x\nextends: [mine]\n"
    )
    assert any("circle" in problem for problem in told)


def test_own_sources_stand_before_inherited_ones_and_dropped_ones_are_gone(tmp_path: Path) -> None:
    (tmp_path / "parent.yaml").write_text(
        "profile: parent\ntitle: x\nmetrics:\n  on_mains: {scalar: 1.3.1}\n  on_battery: {scalar: 1.3.1}\n"
    )
    (tmp_path / "mine.yaml").write_text(
        HEAD + "extends: [parent]\ndrop: [on_battery]\nmetrics:\n  on_mains: {scalar: 1.3.2}\n"
    )
    profile = load(tmp_path)["mine"]
    assert [source.root for source in profile.metrics["on_mains"]] == ["1.3.2", "1.3.1"]
    assert "on_battery" not in profile.metrics


def test_a_later_folder_replaces_a_shipped_profile(tmp_path: Path) -> None:
    (tmp_path / "rfc1628.yaml").write_text("profile: rfc1628\ntitle: Ours\nkind: ups\nextends: [ups-mib]\n")
    assert load(SHIPPED, tmp_path)["rfc1628"].title == "Ours"
