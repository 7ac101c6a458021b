"""`nigehban probe` against a real agent and against nobody."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest

from tests.app.asking import Ask
from tests.collector.agents import has_ipv6
from tests.collector.net_snmp import STRONG, USUAL, snmpd
from tests.peers import free_port

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
@pytest.mark.skipif(not has_ipv6(), reason="this host has no IPv6 loopback")
def test_probe_reads_an_agent_by_its_ipv6_address(
    ask: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROBE_AUTH", USUAL.auth_key)
    monkeypatch.setenv("PROBE_PRIV", USUAL.priv_key)
    by_user = ("--version", "3", "--user", USUAL.user, "--auth", "SHA-256", "--auth-key", "env:PROBE_AUTH")
    with snmpd(tmp_path, free_port(socket.SOCK_DGRAM), "::1") as port:
        for access in (("--version", "2c"), (*by_user, "--priv-key", "env:PROBE_PRIV")):
            answer = ask("probe", f"[::1]:{port}", *access, "--json")
            assert json.loads(answer.out)["outcome"] == "ok", answer


def test_probe_refuses_a_hash_too_short_for_the_key_as_the_inventory_does(
    ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROBE_KEY", "some-pass-phrase")
    keys = ("--auth-key", "env:PROBE_KEY", "--priv-key", "env:PROBE_KEY")
    answer = ask(
        "probe", "127.0.0.1", "--version", "3", "--user", "u", "--auth", "SHA-1", "--priv", "AES-256", *keys
    )
    assert answer.code == 2
    assert "AES-256 needs a longer hash than SHA-1, write --auth SHA-256 or longer" in answer.err


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
