"""Loading: laws that hold for any text, words YAML would twist, large cities, the child process."""

from __future__ import annotations

import os
import pickle
import random
import string
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench import big_city
from config.located import parse
from domain.errors import ConfigError
from domain.place import Role, SecretRef, Traps
from inventory.child import load_in_child
from inventory.load import load, loads
from tests.inventory.base import GOOD, changed


def test_the_city_holds_what_the_file_says() -> None:
    city = loads(
        changed(
            ("references:", "traps: {listen: [127.0.0.1, '::1'], port: 1162, community: env:T}\nreferences:"),
            ("  name: Testville\n", "  name: Testville\n  channels: [twilio, terminal]\n"),
        )
    ).city
    assert city.timezone == "Asia/Karachi"
    assert city.traps == Traps(("127.0.0.1", "::1"), 1162, SecretRef("env", "T"))
    assert city.channels == ("twilio", "terminal")
    desk = city.contacts["desk"]
    assert (desk.number, desk.role, desk.districts) == ("+923000000003", Role.ON_CALL, {"south", "north"})
    box = city.boxes["B1"]
    assert (box.latitude, box.longitude, box.feeder, box.uplink) == (24.8, 67.0, "f1", "B1-router")
    assert box.battery is not None
    assert (box.battery.capacity_ah, box.battery.chemistry, box.battery.installed) == (
        100.0,
        "lead-acid",
        "2024-03-10",
    )
    assert list(city.devices) == ["B1-switch", "B1-router", "B1-cam1", "B1-cam2", "B2-switch", "B2-cam1"]
    assert city.references["gateway"].address == "127.0.0.1"


def test_words_that_other_readers_of_yaml_would_twist_stay_words() -> None:
    words = {"a": "no", "b": "0123", "c": "+92300", "d": "12:30", "e": "2024-01-01", "f": "1_000", "g": "off"}
    assert parse("\n".join(f"{key}: {word}" for key, word in words.items()), "f").value == words
    value = parse("{a: 1, b: -2.5, c: true, d: ~, e: , f: 1e3}", "f").value
    assert value == {"a": 1, "b": -2.5, "c": True, "d": None, "e": None, "f": 1000.0}


def test_ids_and_ports_may_be_plain_numbers() -> None:
    city = loads(
        GOOD.replace("B1", "17")
        .replace("north: {", "1: {")
        .replace("north]", "1]")
        .replace("district: north", "district: 1")
    ).city
    assert city.boxes["B2"].district == "1"
    assert city.boxes["B2"].uplink == "17"
    assert city.contacts["desk"].districts == {"south", "1"}


def test_files_of_other_editors_are_read_the_same(tmp_path: Path) -> None:
    path = tmp_path / "city.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode())
    assert load(path).city == loads(GOOD).city


def test_anchors_and_merge_keys_serve_repetition() -> None:
    city = loads(
        changed(
            ("    battery: {capacity_ah: 100", "    battery: &big {capacity_ah: 100"),
            ("    uplink: B1\n", "    uplink: B1\n    battery: {<<: *big, type: lifepo4}\n"),
        )
    ).city
    assert city.boxes["B2"].battery is not None
    assert (city.boxes["B2"].battery.capacity_ah, city.boxes["B2"].battery.chemistry) == (100.0, "lifepo4")


@pytest.mark.parametrize(
    ("changes", "line", "words"),
    [
        ((("[south, north]", "[south]"),), 35, "no engineer or on-call contact is told of box B2"),
        (
            (("{switch: B1-switch, port: 2}", "{port: 1}"),),
            34,
            "B1-cam2 and B1-cam1 are fed by the same port 1",
        ),
        ((("uplink: B1-router", "uplink: B1-cam1"),), 28, "its uplink B1-cam1 is a camera"),
        ((("references: {gateway: 127.0.0.1}\n", ""),), 1, "no references"),
    ],
)
def test_what_is_most_likely_not_meant_is_a_warning(changes, line: int, words: str) -> None:
    (warning,) = loads(changed(*changes)).warnings
    assert warning.line == line
    assert words in warning.what


_LINES = GOOD.splitlines()


@st.composite
def _mutated(draw: st.DrawFn) -> str:
    """GOOD with a few lines dropped, doubled, swapped, re-indented or rewritten in places."""
    lines = list(_LINES)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(lines) - 1))
        match draw(st.sampled_from(["drop", "double", "swap", "indent", "word", "value", "char"])):
            case "drop" if len(lines) > 1:
                del lines[at]
            case "double":
                lines.insert(at, lines[at])
            case "swap":
                other = draw(st.integers(0, len(lines) - 1))
                lines[at], lines[other] = lines[other], lines[at]
            case "indent":
                lines[at] = " " * draw(st.integers(0, 8)) + lines[at].lstrip()
            case "word":
                key, colon, _ = lines[at].partition(":")
                words = [
                    "",
                    "[]",
                    "{}",
                    "17",
                    "-1",
                    "1e999",
                    "true",
                    "~",
                    "x",
                    "&a [*a]",
                    "!!int x",
                    "'",
                    "{a: [b]}",
                ]
                lines[at] = f"{key}{colon} {draw(st.sampled_from(words))}"
            case "value":
                key, _, rest = lines[at].partition(":")
                lines[at] = f"{draw(st.sampled_from(['~', '[a]', '17', 'true', '<<', '? a', '- b']))}: {rest}"
            case _:
                column = draw(st.integers(0, len(lines[at])))
                lines[at] = lines[at][:column] + draw(st.text(max_size=3)) + lines[at][column:]
    return "\n".join(lines)


@settings(max_examples=300, deadline=None)
@given(_mutated())
def test_any_text_is_accepted_or_refused_with_lines_inside_the_file(text: str) -> None:
    try:
        loaded = loads(text)
    except ConfigError as refused:
        problems = refused.problems
        assert problems
    else:
        problems = loaded.warnings
    assert list(problems) == sorted(problems)
    assert len(set(problems)) == len(problems)
    end = len(text.splitlines()) + 1
    assert all(1 <= problem.line <= end and problem.what and problem.remedy for problem in problems)


@settings(max_examples=60, deadline=None)
@given(st.text(string.ascii_letters + string.digits, min_size=12, max_size=30), st.integers(0, 5))
def test_a_secret_written_by_mistake_is_never_shown(secret: str, where: int) -> None:
    old, new = (
        ("env:TEST_COMMUNITY", secret),
        ("env:TEST_COMMUNITY", f"[{{a: {secret}}}]"),
        ("{version: 2c, community: env:TEST_COMMUNITY}", secret),
        ("{version: 2c, community: env:TEST_COMMUNITY}", f"[{secret}]"),
        ("community: env:TEST_COMMUNITY", f"commnity: {secret}"),
        ("2c, community: env:TEST_COMMUNITY", f"3, user: u, auth: {secret}, priv: {secret}"),
    )[where]
    with pytest.raises(ConfigError) as refused:
        loads(changed((old, new)))
    assert secret not in str(refused.value)
    assert secret not in repr(refused.value.problems)


@pytest.mark.slow
def test_a_large_city_is_loaded_and_all_its_errors_found(tmp_path: Path) -> None:
    text = big_city.text(10_000)
    assert len(loads(text).city.devices) == 10_000
    dice = random.Random(7)
    lines = text.splitlines()
    cameras = [index for index, line in enumerate(lines) if "kind: camera" in line]
    wrong = sorted(dice.sample(cameras, 5_000))
    for count, index in enumerate(wrong):
        old, new = (("camera", "camra"), ("port: ", "prt: "), ("127.", "999."))[count % 3]
        lines[index] = lines[index].replace(old, new, 1)
    with pytest.raises(ConfigError) as refused:
        loads("\n".join(lines))
    assert sorted({problem.line - 1 for problem in refused.value.problems}) == wrong


def test_the_child_process_hands_back_the_same_city(tmp_path: Path) -> None:
    path = tmp_path / "city.yaml"
    path.write_text(changed(("[south, north]", "[south]")))
    loaded = load_in_child(path, "shown.yaml")
    assert loaded.city == load(path).city
    assert loaded.document.text == path.read_text()
    assert [warning.file for warning in loaded.warnings] == ["shown.yaml"]
    assert pickle.loads(pickle.dumps(loaded.city)) == loaded.city


def test_the_child_process_hands_back_every_error(tmp_path: Path) -> None:
    path = tmp_path / "city.yaml"
    path.write_text(changed(("district: north", "district: nort"), ("feeder: f1", "feeder: f2")))
    with pytest.raises(ConfigError) as refused:
        load_in_child(path)
    assert [(problem.file, problem.line) for problem in refused.value.problems] == [
        (str(path), 27),
        (str(path), 39),
    ]


def test_a_child_finds_its_modules_from_any_folder(tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "city.yaml").write_text(GOOD)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(os.environ, "PYTHONPATH", "")
    assert load_in_child(Path("city.yaml")).city.name == "Testville"
