"""The command line: what it refuses and how, and the commands that need no running watcher."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.clock import SystemClock
from bench import big_city
from storage.journal import open_reader
from tests.app.live import CITY, say
from tests.app.lived import lived_in, sent, told
from tests.collector.net_snmp import STRONG, USUAL, snmpd

SECRET = "hunter2-very-secret"
PLACE = re.compile(r"^(env:|file:)?[^\s:]+:\d+: .+, .+", re.M)
"""`file:line: what is wrong, what to write instead`."""


@dataclass(frozen=True)
class Answer:
    code: int
    out: str
    err: str


Ask = Callable[..., Answer]


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Ask:
    """`nigehban ...` within this process, standing in a folder of its own with a good inventory.yaml."""
    from app import cli

    monkeypatch.chdir(tmp_path)
    shutil.copy(CITY, tmp_path / "inventory.yaml")
    for name in ("COMMUNITY", "AUTH_KEY", "PRIV_KEY"):
        monkeypatch.setenv(f"NIGEHBAN_SIM_{name}", "")  # so that what a run sets is taken back too
        monkeypatch.delenv(f"NIGEHBAN_SIM_{name}")

    def run(*arguments: str) -> Answer:
        monkeypatch.setattr(sys, "argv", ["nigehban", *arguments])
        code = 0
        try:
            cli.main()
        except SystemExit as ended:
            code = int(ended.code or 0)
        out, err = capsys.readouterr()
        return Answer(code, out, err)

    return run


def written(name: str, text: str) -> str:
    Path(name).write_text(text, encoding="utf-8")
    return name


def rewritten(old: str, new: str) -> str:
    text = CITY.read_text(encoding="utf-8")
    assert text.count(old) >= 1, old
    return text.replace(old, new, 1)


# -- refusals -----------------------------------------------------------------------------------------

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


# -- probe -----------------------------------------------------------------------------------------------

PROMISED = ["address", "outcome", "profile", "kind", "elapsed_ms", "values", "absent"]


@pytest.mark.peer
def test_probe_reads_a_real_agent_and_prints_exactly_the_promised_keys(ask: Ask, tmp_path: Path) -> None:
    with snmpd(tmp_path) as port:
        for version in ("1", "2c"):
            answer = ask("probe", f"127.0.0.1:{port}", "--version", version, "--json")
            assert answer.code == 0, answer
            found = json.loads(answer.out)
            assert list(found) == PROMISED
            assert found["address"] == f"127.0.0.1:{port}"
            assert found["outcome"] == "ok"
            assert found["values"]["sys_uptime_seconds"] >= 0
            assert all(isinstance(value, (int, float, str)) for value in found["values"].values())
            assert all(isinstance(reason, str) and reason for reason in found["absent"].values())
        assert "sys_uptime_seconds" in ask("probe", f"127.0.0.1:{port}").out


@pytest.mark.peer
@pytest.mark.parametrize("user", [USUAL, STRONG], ids=["SHA-256/AES-128", "SHA-512/AES-256"])
def test_probe_speaks_v3_and_tells_a_wrong_key_from_silence_where_it_can(
    user: object, ask: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert isinstance(user, type(USUAL))
    monkeypatch.setenv("PROBE_AUTH", user.auth_key)
    monkeypatch.setenv("PROBE_PRIV", user.priv_key)
    monkeypatch.setenv("PROBE_WRONG", "quite another phrase")
    with snmpd(tmp_path) as port:
        common = ["probe", f"127.0.0.1:{port}", "--version", "3", "--timeout", "0.4", "--json"]
        common += ["--auth", user.auth_protocol, "--priv", user.priv_protocol]
        outcomes = {}
        for name, who, auth, priv in (
            ("right", user.user, "PROBE_AUTH", "PROBE_PRIV"),
            ("wrong auth", user.user, "PROBE_WRONG", "PROBE_PRIV"),
            ("wrong priv", user.user, "PROBE_AUTH", "PROBE_WRONG"),
            ("nobody", "nobody", "PROBE_AUTH", "PROBE_PRIV"),
        ):
            answer = ask(*common, "--user", who, "--auth-key", f"env:{auth}", "--priv-key", f"env:{priv}")
            found = json.loads(answer.out)
            assert list(found) == PROMISED
            assert "phrase" not in answer.out + answer.err
            outcomes[name] = found["outcome"], answer.code
    assert outcomes == {
        "right": ("ok", 0),
        "wrong auth": ("auth", 1),
        "wrong priv": ("timeout", 1),  # a wrong privacy key is answered by silence (RFC 3414)
        "nobody": ("auth", 1),
    }


def test_probe_tells_a_refused_port_from_a_host_that_says_nothing(ask: Ask) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mute:
        mute.bind(("127.0.0.1", 0))
        port = mute.getsockname()[1]
        silent = ask("probe", f"127.0.0.1:{port}", "--timeout", "0.2", "--json")
    refused = ask("probe", f"127.0.0.1:{port}", "--timeout", "0.2", "--json")
    assert [json.loads(a.out)["outcome"] for a in (silent, refused)] == ["timeout", "refused"]
    assert [a.code for a in (silent, refused)] == [1, 1]
    nowhere = ask("probe", "no-such-host.invalid", "--timeout", "0.2", "--json")
    assert (json.loads(nowhere.out)["outcome"], nowhere.code) == ("unreachable", 1)


# -- a journal with a past -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("past") / "data"
    lived_in(data, SystemClock().now())
    return data


def test_status_says_what_is_open_and_that_nobody_watches(ask: Ask, past: Path) -> None:
    words = ask("status", "-d", str(past))
    assert words.code == 0
    assert "watch: NOT RUNNING" in words.out
    assert "GLS-01  outage: camera hung" in words.out
    assert "CLF-02  outage: suspected theft" in words.out
    assert "CLF-01" not in words.out
    found = json.loads(ask("status", "-d", str(past), "--json").out)
    assert {(i["target"], i["concern"]) for i in found["incidents"]} == {
        ("GLS-01", "outage"),
        ("CLF-02", "outage"),
    }
    assert (found["owed_undecided"], found["deliveries_unsent"]) == (0, 0)


def test_why_prints_the_chain_of_a_box_a_device_and_a_code(ask: Ask, past: Path) -> None:
    box = ask("why", "GLS-01", "-d", str(past)).out
    for words in (
        "NIPA Chowrangi",
        "camera hung",
        "port 2 of GLS-01-switch is up and powered",
        "told bina",
        "not told: not_theirs",
    ):
        assert words in box
    device = ask("why", "GLS-01-cam2", "-d", str(past)).out
    assert "decided" in device
    assert "down (camera_hung)" in device
    with_reader = open_reader(past)
    code = next(i.code for i in with_reader.open_incidents() if i.target == "GLS-01")
    with_reader.close()
    assert "opened: camera hung" in ask("why", code.lower(), "-d", str(past)).out
    unknown = ask("why", "XXX-99", "-d", str(past))
    assert unknown.code == 2
    assert "nothing is known by the name 'XXX-99'" in unknown.err


def test_a_backup_comes_back_and_nothing_of_before_is_sent_again(
    ask: Ask, past: Path, tmp_path: Path
) -> None:
    now = SystemClock().now()
    owing = tmp_path / "owing"
    lived_in(owing, now, tell=False)
    saved = ask("backup", "b.nigehban", "-d", str(owing))
    assert (saved.code, "verified" in saved.out) == (0, True)
    again = tmp_path / "again"
    back = ask("restore", "b.nigehban", "-d", str(again))
    assert back.code == 0, back
    assert "will not be sent" in back.out
    told(again, now)
    assert sent(again) == []
    status = json.loads(ask("status", "-d", str(again), "--json").out)
    assert status["owed_undecided"] == 0
    assert len(status["incidents"]) == 2
    assert "restored" in ask("why", "GLS-01", "-d", str(again)).out
    told(owing, now)
    assert len(sent(owing)) >= 6  # the journal that was not restored still tells

    refused = ask("restore", "b.nigehban", "-d", str(again))
    assert refused.code == 2
    assert "--overwrite" in refused.err
    assert ask("restore", "b.nigehban", "-d", str(again), "--overwrite").code == 0


def test_a_backup_that_was_damaged_is_not_restored(ask: Ask, past: Path, tmp_path: Path) -> None:
    assert ask("backup", "b", "-d", str(past)).code == 0
    whole = Path("b").read_bytes()
    for damaged in (whole[: len(whole) // 2], whole[:-20_000], b"", whole[:2000] + b"x" + whole[2001:]):
        Path("b").write_bytes(damaged)
        answer = ask("restore", "b", "-d", str(tmp_path / "new"))
        assert answer.code == 2, answer
        assert "b:1: " in answer.err
        assert not (tmp_path / "new" / "journal.sqlite").exists()


def test_a_backup_that_cannot_be_written_is_refused_in_words(ask: Ask, past: Path) -> None:
    for target in ("no/such/folder/b", "."):
        answer = ask("backup", target, "-d", str(past))
        assert answer.code == 2, answer
        assert "cannot be written" in answer.err


def test_a_damaged_journal_is_called_so(ask: Ask) -> None:
    Path("d").mkdir()
    Path("d/journal.sqlite").write_bytes(os.urandom(5000))
    answer = ask("status", "-d", "d")
    assert answer.code == 1
    assert "the journal is damaged" in answer.err
    assert "restore a backup" in answer.err


def test_a_test_message_arrives_and_says_how_far_it_came(ask: Ask) -> None:
    answer = ask("sms-test", "+923001234567", "-d", "d")
    assert answer.code == 0, answer
    assert "delivered" in answer.out
    (line,) = sent(Path("d"))
    assert json.loads(line)["to"] == "+923001234567"


@pytest.mark.slow
def test_a_request_nobody_answers_is_said_to_be_waiting(past: Path) -> None:
    done = say("acknowledge", "ABCDEF", "--by", "asif", "--data", str(past))
    assert done.returncode == 2
    assert "is `nigehban run` running" in done.stderr
