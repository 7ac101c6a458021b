"""An operator's mistake in a text or roster file is told by line, with what to write instead."""

from __future__ import annotations

from pathlib import Path

import pytest

from alerting.load import ROSTER, TEXTS, load_roster, load_texts
from domain.alarm import Cause
from domain.errors import ConfigError


def line_of(text: str, part: str) -> int:
    return next(i for i, line in enumerate(text.splitlines(), 1) if part in line)


def changed(tmp_path: Path, source: Path, old: str, new: str) -> Path:
    text = source.read_text(encoding="utf-8")
    assert text.count(old) == 1, old
    file = tmp_path / source.name
    file.write_text(text.replace(old, new), encoding="utf-8")
    return file


@pytest.mark.parametrize(
    ("old", "new", "where", "said"),
    [
        (
            "  door_open:",
            "  door_opened:",
            "door_opened",
            "unknown key 'causes.door_opened', write 'door_open'",
        ),
        ("  door_open:", "  door_opened:", "causes:", "'causes.door_open' is missing, add door_open: ..."),
        ('["{boxes} boxes behind', '["{boxs} boxes behind', "{boxs}", "unknown field {boxs}, write 'boxes'"),
        (
            '["DOOR OPEN"]',
            '["DOOR {devices}"]',
            '{devices}"]',
            "the shortest text of door_open needs a field",
        ),
        ('["DOOR OPEN"]', '["DOOR {maybe!r}"]', "DOOR", "is not a plain name"),
        ('["DOOR OPEN"]', '["DOOR {maybe.x}"]', "DOOR", "is not a plain name"),
        ('["DOOR OPEN"]', '["DOOR {maybe"]', "DOOR", "cannot be filled"),
        ('["DOOR OPEN"]', "[]", "opened: []", "should have at least 1 item"),
        ("shorten: [cameras,", "shorten: [camera,", "shorten:", "unknown part 'camera', write 'cameras'"),
        ('  closed: "OK "', '  close: "OK "', "  close:", "unknown key 'lead.close', write 'closed'"),
        ("days: [Mon, ", "days: [", "days: [Tue", "should have at least 7 items"),
        ('  test: "NIGEHBAN', '  test: "{who} NIGEHBAN', "  test:", "unknown field {who}"),
    ],
)
def test_a_mistake_in_the_texts_is_told_by_line(
    tmp_path: Path, old: str, new: str, where: str, said: str
) -> None:
    file = changed(tmp_path, TEXTS, old, new)
    with pytest.raises(ConfigError) as caught:
        load_texts(file)
    line = line_of(file.read_text(encoding="utf-8"), where)
    told = [str(p) for p in caught.value.problems]
    assert any(t.startswith(f"{file}:{line}: ") and said in t for t in told), told


def test_every_mistake_is_told_at_once(tmp_path: Path) -> None:
    text = TEXTS.read_text(encoding="utf-8")
    file = tmp_path / "texts.yaml"
    file.write_text(
        text.replace("BATTERY LOW", "{what}").replace('"{m} min"', '"{min} min"'), encoding="utf-8"
    )
    with pytest.raises(ConfigError) as caught:
        load_texts(file)
    assert len(caught.value.problems) == 2


@pytest.mark.parametrize(
    ("old", "new", "where", "said"),
    [
        ("  on_call:", "  oncall:", "  oncall:", "unknown key 'roles.oncall', write 'on_call'"),
        ("  on_call:", "  oncall:", "roles:", "'roles.on_call' is missing"),
        ("concerns: [outage, tamper]", "concerns: [outage, temper]", "temper]", "write 'tamper'"),
        ("[opened, cause_worse, more_dark, corroborated, hold_elapsed, closed]", "[shadow]", "[shadow]",
         "'shadow' is a silence, write one of opened"),
        ("per_city_per_hour: 400", "per_city_per_hour: 0", "per_city_per_hour", "greater than or equal to 1"),
        ("      corroborated: true", "      corroborate: true", "corroborate:", "write 'corroborated'"),
    ],
)  # fmt: skip
def test_a_mistake_in_the_roster_is_told_by_line(
    tmp_path: Path, old: str, new: str, where: str, said: str
) -> None:
    file = changed(tmp_path, ROSTER, old, new)
    with pytest.raises(ConfigError) as caught:
        load_roster(file)
    line = line_of(file.read_text(encoding="utf-8"), where)
    told = [str(p) for p in caught.value.problems]
    assert any(t.startswith(f"{file}:{line}: ") and said in t for t in told), told


def test_a_second_language_is_a_second_file(tmp_path: Path) -> None:
    file = changed(tmp_path, TEXTS, '["DOOR OPEN"]', '["دروازہ کھلا ہے"]')
    assert load_texts(file).causes[Cause.DOOR_OPEN].opened == ("دروازہ کھلا ہے",)
