"""What the command line refuses, and how: its place, what is wrong, what to write instead."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from bench import big_city
from tests.app.asking import Answer, Ask
from tests.app.live import CITY

SECRET = "hunter2-very-secret"
PLACE = re.compile(r"^(env:|file:)?[^\s:]+:\d+: .+, .+", re.M)
"""`file:line: what is wrong, what to write instead`."""


def written(name: str, text: str) -> str:
    Path(name).write_text(text, encoding="utf-8")
    return name


def rewritten(old: str, new: str) -> str:
    text = CITY.read_text(encoding="utf-8")
    assert text.count(old) >= 1, old
    return text.replace(old, new, 1)


GOOD_TWILIO = (
    "channels: {twilio: {account_sid: AC00000000000000000000000000000000, secret: env:NOBODY_SET_THIS, "
    'sender: "+15005550006"}}\n'
)

REFUSED: dict[str, tuple[dict[str, str], tuple[str, ...], tuple[str, ...]]] = {
    # name: the files there are, the command, what the refusal names
    "no inventory": ({}, ("check", "missing.yaml"), ("missing.yaml:1: ", "cannot be read")),
    "a folder for an inventory": ({}, ("check", "."), (".:1: ", "cannot be read")),
    "broken YAML": ({"bad.yaml": "city:\n  name: [x\n"}, ("check", "bad.yaml"), ("bad.yaml:3: ", "not YAML")),
    "no YAML at all": ({"bad.yaml": "\x00"}, ("check", "bad.yaml"), ("bad.yaml:1: ",)),
    "an empty inventory": ({"bad.yaml": ""}, ("check", "bad.yaml"), ("bad.yaml:1: ", "missing")),
    "an unknown profile": (
        {"i.yaml": rewritten("address: 127.77.1.1}", "address: 127.77.1.1, profile: upss}")},
        ("check", "i.yaml"),
        ("i.yaml:", "profile 'upss' of SDR-01-ups is not known"),
    ),
    "rules that say nothing": (
        {"r.yaml": "silent: {hold: soon}\n"},
        ("check", "--rules", "r.yaml"),
        ("r.yaml:1: silent.hold: 'soon' is not a duration",),
    ),
    "no rules": ({}, ("check", "--rules", "none.yaml"), ("none.yaml:1: ",)),
    "no texts": ({}, ("check", "--texts", "none.yaml"), ("none.yaml:1: ",)),
    "no roster": ({}, ("check", "--roster", "none.yaml"), ("none.yaml:1: ",)),
    "no settings": ({}, ("check", "--settings", "none.yaml"), ("none.yaml:1: ",)),
    "an unknown channel": (
        {"s.yaml": "channels:\n  terminal: {}\n  pigeon: {}\n"},
        ("check", "--settings", "s.yaml"),
        ("s.yaml:3: unknown channel 'pigeon', write one of terminal, twilio",),
    ),
    "a dead-man on a channel that is not open": (
        {"s.yaml": "deadman: {channel: twilio}\n"},
        ("check", "--settings", "s.yaml"),
        ("s.yaml:1: channel 'twilio' is not open",),
    ),
    "a bad profile of one's own": (
        {"own/x.yaml": "kind: toaster\n"},
        ("check", "--profiles", "own"),
        ("own/x.yaml:1: ", "toaster"),
    ),
    "profiles from nowhere": ({}, ("check", "--profiles", "none"), ("none:1: there is no such folder",)),
    "a data folder that cannot be": (
        {"d": ""},
        ("run", "--simulate", "-d", "d/below"),
        ("d/below:1: cannot be written",),
    ),
    "a recording that cannot be written": (
        {},
        ("run", "--simulate", "-d", "e", "--record", "no/such/folder/f"),
        ("no/such/folder/f:1: cannot be written",),
    ),
    "a scenario from nowhere": (
        {},
        ("run", "--simulate", "-d", "e", "--scenario", "none.yaml"),
        ("none.yaml:1: cannot be read",),
    ),
    "a secret that is not set": (
        {},
        ("check", "--secrets"),
        ("inventory.yaml:1: ", "NIGEHBAN_SIM_COMMUNITY", "NIGEHBAN_SIM_AUTH_KEY"),
    ),
    "a run without its secrets": ({}, ("run", "--data", "d"), ("NIGEHBAN_SIM_COMMUNITY is not set",)),
    "a run with bad settings": (
        {"s.yaml": "store: {kind: cupboard}\n"},
        ("run", "--settings", "s.yaml", "--data", "d"),
        ("s.yaml:1: ", "cupboard"),
    ),
    "a run with a bad inventory": (
        {"i.yaml": rewritten("lat: 24.8622", "lat: 248622")},
        ("run", "--simulate", "-i", "i.yaml", "--data", "d"),
        ("i.yaml:", "248622"),
    ),
    "a teller whose secret is not set": (
        {"s.yaml": GOOD_TWILIO},
        ("tell", "--settings", "s.yaml", "--data", "d"),
        ("env:NOBODY_SET_THIS:1: ", "set the variable NOBODY_SET_THIS"),
    ),
    "a replay of nothing": ({}, ("replay", "none.jsonl"), ("none.jsonl:1: cannot be read",)),
    "a replay of a bad line": (
        {"f.jsonl": '{"at": "2026-11-22T10:00:00Z", "input": "start"}\n{"at": 1}\n'},
        ("replay", "f.jsonl"),
        ("f.jsonl:2: ",),
    ),
    "a replay against a bad inventory": (
        {"i.yaml": "boxes: 3\n", "f.jsonl": ""},
        ("replay", "f.jsonl", "-i", "i.yaml"),
        ("i.yaml:1: ",),
    ),
    "an acknowledgement without a journal": (
        {},
        ("acknowledge", "ABCDEF", "-d", "d"),
        ("d/journal.sqlite:1: ",),
    ),
    "a reload without a journal": ({}, ("reload", "-d", "d"), ("d/journal.sqlite:1: ",)),
    "a status without a journal": ({}, ("status", "-d", "d"), ("d/journal.sqlite:1: ",)),
    "a why without a journal": ({}, ("why", "SDR-01", "-d", "d"), ("d/journal.sqlite:1: ",)),
    "a backup without a journal": ({}, ("backup", "b", "-d", "d"), ("d/journal.sqlite:1: ",)),
    "a restore of nothing": ({}, ("restore", "none", "-d", "d"), ("none:1: cannot be read",)),
    "a restore of something else": ({"b": "not a backup"}, ("restore", "b", "-d", "d"), ("b:1: ", "backup")),
    "a number that is none": (
        {},
        ("sms-test", "12345", "-d", "d"),
        ("sms-test:1: '12345' is no telephone number",),
    ),
    "a channel that is not open": (
        {},
        ("sms-test", "+923001234567", "--channel", "pigeon", "-d", "d"),
        ("sms-test:1: channel 'pigeon' is not open, write one of terminal",),
    ),
    "a data folder that is a file": (
        {"d": ""},
        ("sms-test", "+923001234567", "-d", "d"),
        ("d:1: cannot be written",),
    ),
    "a port that does not exist": ({}, ("probe", "127.0.0.1:70000"), ("probe:1: port 70000",)),
    "a version nobody speaks": ({}, ("probe", "127.0.0.1", "--version", "4"), ("probe:1: version '4'",)),
    "version 3 without a user": ({}, ("probe", "127.0.0.1", "--version", "3"), ("probe:1: ", "--user")),
    "privacy without authentication": (
        {},
        ("probe", "127.0.0.1", "--version", "3", "--user", "u", "--priv-key", SECRET),
        ("probe:1: ", "--auth-key"),
    ),
    "a hash nobody knows": (
        {},
        ("probe", "127.0.0.1", "--version", "3", "--user", "u", "--auth", "ROT13", "--auth-key", SECRET),
        ("probe:1: ROT13 is none of MD5",),
    ),
    "a probe with a secret that is not set": (
        {},
        ("probe", "127.0.0.1", "--community", "env:NOBODY_SET_THIS"),
        ("env:NOBODY_SET_THIS:1: ", "set the variable NOBODY_SET_THIS"),
    ),
    "a probe with an unknown profile": (
        {},
        ("probe", "127.0.0.1", "--profile", "x"),
        ("probe:1: profile 'x'",),
    ),
    "a probe with profiles from nowhere": (
        {},
        ("probe", "127.0.0.1", "--profiles", "none"),
        ("probe:1: none",),
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_bad_input_is_refused_with_its_place_and_a_remedy(name: str, ask: Ask) -> None:
    files, arguments, named = REFUSED[name]
    for file, text in files.items():
        Path(file).parent.mkdir(exist_ok=True)
        written(file, text)
    answer = ask(*arguments)
    assert answer.code == 2, answer
    assert answer.out == ""
    for words in named:
        assert words in answer.err
    for line in filter(None, answer.err.splitlines()):
        assert PLACE.match(line) or re.match(r"^\d{4}-\d\d-\d\d .* (INFO|WARNING) ", line), line
    assert "Traceback" not in answer.err
    assert SECRET not in answer.err
    assert not Path("d/journal.sqlite").exists(), "a refused command leaves nothing behind"


@pytest.mark.parametrize(
    ("file", "arguments"),
    [
        (rewritten("community: env:NIGEHBAN_SIM_COMMUNITY", f"community: {SECRET}"), ("check", "f.yaml")),
        (rewritten("auth_key: env:NIGEHBAN_SIM_AUTH_KEY", f"auth_key: {SECRET}"), ("check", "f.yaml")),
        (f"store: {{kind: influx, url: http://x, token: {SECRET}}}\n", ("check", "--settings", "f.yaml")),
        (GOOD_TWILIO.replace("env:NOBODY_SET_THIS", SECRET), ("check", "--settings", "f.yaml")),
        (GOOD_TWILIO.replace("env:NOBODY_SET_THIS", "712993"), ("check", "--settings", "f.yaml")),
        (
            GOOD_TWILIO.replace("secret: env:NOBODY_SET_THIS", f"auth_token: {SECRET}"),
            ("check", "--settings", "f.yaml"),
        ),
    ],
)
def test_a_secret_written_where_none_belongs_is_refused_and_not_repeated(
    file: str, arguments: tuple[str, ...], ask: Ask
) -> None:
    written("f.yaml", file)
    answer = ask(*arguments)
    assert answer.code == 2, answer
    assert "f.yaml:" in answer.err
    assert SECRET not in answer.err + answer.out
    assert "712993" not in answer.err + answer.out


def test_every_error_of_every_file_is_told_at_once(ask: Ask) -> None:
    text = rewritten("lat: 24.8622", "lat: north").replace("district: clifton\n", "district: cliffton\n", 1)
    written("i.yaml", text)
    written("r.yaml", "silent: {hold: soon}\n")
    written("s.yaml", "channels: {pigeon: {}}\n")
    answer = ask("check", "i.yaml", "--rules", "r.yaml", "--settings", "s.yaml")
    assert answer.code == 2
    for words in ("i.yaml:", "north", "cliffton", "r.yaml:1: ", "s.yaml:1: "):
        assert words in answer.err


def test_a_good_inventory_is_called_good(ask: Ask) -> None:
    assert ask("check") == Answer(0, "inventory.yaml: good: 12 boxes, 70 devices\n", "")


@pytest.mark.slow
def test_ten_thousand_devices_are_checked(ask: Ask, record_property: Callable[[str, object], None]) -> None:
    written("big.yaml", big_city.text(10_000))
    began = time.monotonic()
    answer = ask("check", "big.yaml")
    record_property("seconds", round(time.monotonic() - began, 2))
    assert (answer.code, answer.out) == (0, "big.yaml: good: 1000 boxes, 10000 devices\n")
    damaged = (
        big_city.text(10_000).replace("lat: 24.5100", "lat: 94.5100", 3).replace("kind: ups", "kind: upss", 2)
    )
    written("big.yaml", damaged)
    answer = ask("check", "big.yaml")
    assert answer.code == 2
    assert len(PLACE.findall(answer.err)) == 5
