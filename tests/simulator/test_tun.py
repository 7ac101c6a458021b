"""The TUN road, in a network namespace made for the test: the dead are silent, and nothing is left."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from domain.errors import Permanent
from simulator import packets
from simulator.tun import Tun, foreign
from tests.peers import absent
from tests.simulator.town import NET

ROOT = Path(__file__).resolve().parents[2]


def seen(what: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "tests.simulator.in_own_network", what]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    if done.returncode == 77:
        absent("a network namespace with a TUN device", done.stdout)
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


@pytest.mark.peer
@pytest.mark.slow
def test_the_dead_are_silent_the_living_answer_and_a_host_without_agent_refuses() -> None:
    saw = seen("street")
    alive = [f"{NET}.{host}" for host in ("0.1", "1.2", "2.12")]
    assert "TUN" in saw["described"]
    assert saw["raw"] == alive
    assert saw["unprivileged"] == alive
    assert saw["walked"] > 100
    assert "No Response" in saw["hung"]
    assert saw["refused"]
    assert saw["trap_from"] == f"{NET}.1.2"
    assert "another simulated city" in saw["second"]


@pytest.mark.peer
def test_a_killed_simulator_leaves_routes_and_settings_as_they_were() -> None:
    assert seen("killed") == {"changed": True, "restored": True}


@pytest.mark.peer
@pytest.mark.slow
def test_where_a_packet_filter_stands_in_the_way_the_city_is_not_called_dead() -> None:
    saw = seen("filtered")
    assert saw["falls_back"]
    assert "packet filter" in saw["told"]


def test_only_loopback_beside_the_machines_own_can_be_simulated() -> None:
    assert foreign(["127.0.0.1", "10.0.0.1", "127.77.1.1", "8.8.8.8"]) == ["127.0.0.1", "10.0.0.1", "8.8.8.8"]
    with pytest.raises(Permanent, match=r"10\.0\.0\.1"):
        Tun(["10.0.0.1"])


def test_an_echo_reply_repeats_its_request_and_checks_out() -> None:
    asked = packets.ipv4(packets.ICMP, "127.0.0.1", "127.77.1.1", bytes((8, 0, 0, 0, 1, 2, 3, 4)) + b"abc")
    request = packets.packet(asked)
    assert request is not None
    assert packets.is_echo_request(request)
    reply = packets.packet(packets.echo_reply(request))
    assert reply is not None
    assert (reply.source, reply.destination) == ("127.77.1.1", "127.0.0.1")
    assert reply.payload[4:] == request.payload[4:]
    assert packets.checksum(reply.payload) == 0
    assert packets.checksum(reply.raw[:20]) == 0


@pytest.mark.parametrize("raw", [b"", b"\x60" + bytes(40), b"\x45" + bytes(10), b"\x4f" + bytes(20)])
def test_what_is_not_ipv4_is_no_packet(raw: bytes) -> None:
    assert packets.packet(raw) is None
    assert packets.datagram(b"\0\1\0\2\0\3") is None
