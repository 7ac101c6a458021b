"""The sweep against the kernel's own answers, on loopback and in a network namespace of its own."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import shutil
import socket
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from collector.icmp import packet
from collector.icmp import sweeper as icmp
from collector.icmp.sockets import open_sockets, resolved
from collector.icmp.sweeper import Sweeper
from domain.errors import NotPermitted
from domain.reading import Outcome
from tests.peers import absent, program

ROOT = Path(__file__).resolve().parents[2]
HOSTS = [f"127.3.{n // 250}.{n % 250 + 1}" for n in range(500)]
KINDS = [pytest.param("RAW", id="raw"), pytest.param("DGRAM", id="unprivileged")]

# Runs in the namespace: sweeps, and prints one JSON object per address.
SWEEP = """
import asyncio, json, socket, sys
from collector.icmp.sweeper import Sweeper
asked = json.loads(sys.argv[1])
async def main():
    sweeper = Sweeper(kinds=(getattr(socket, "SOCK_" + asked["kind"]),),
                      receive_buffer=asked.get("buffer", 1 << 22))
    found = await sweeper.sweep(asked["addresses"], asked["echoes"], asked["timeout"])
    print(json.dumps({"described": sweeper.describe(), "drops": sweeper.counters.drops,
                      "found": [[e.address, e.outcome, e.sent, e.rtts] for e in found]}))
    sweeper.close()
asyncio.run(main())
"""

Found = list[tuple[str, Outcome, int, list[float]]]


def in_namespace(setup: str, kind: str = "RAW", **asked: object) -> tuple[Found, dict[str, object]]:
    """Sweeps inside a fresh network namespace; `setup` is a shell script run in it first."""
    own = [] if os.geteuid() == 0 else ["--map-root-user"]
    command = [program("unshare", "util-linux"), *own, "--net", "sh", "-ec"]
    script = f'ip link set lo up; echo "0 0" >/proc/sys/net/ipv4/ping_group_range\n{setup}\nexec "$@"'
    if subprocess.run([*command, "ip link set lo up"], check=False, capture_output=True).returncode:
        absent("a network namespace", "run as root, or allow user namespaces")
    arguments = json.dumps({"kind": kind, "echoes": 3, "timeout": 0.5, **asked})
    done = subprocess.run(
        [*command, script, "sh", sys.executable, "-c", SWEEP, arguments],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, "PATH": f"{os.environ['PATH']}:/usr/sbin:/sbin"},
    )
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    return [(a, Outcome(o), sent, rtts) for a, o, sent, rtts in answer["found"]], answer


def nft(rules: str) -> str:
    if shutil.which("nft", path=f"{os.environ['PATH']}:/usr/sbin") is None:
        absent("nft", "apt-get install nftables")
    return f"nft -f - <<'END'\ntable inet t {{\n{rules}\n}}\nEND"


def sweeper(**options: object) -> Sweeper:
    try:
        return Sweeper(**options)  # type: ignore[arg-type]
    except NotPermitted as error:
        absent("permission to send ICMP echoes", str(error))
        raise


async def test_live_hosts_answer_every_echo_in_the_order_asked() -> None:
    probing = sweeper()
    found = await probing.sweep([*HOSTS, "::1", HOSTS[0]], 3, 1.0)
    probing.close()
    assert [echoes.address for echoes in found] == [*HOSTS, "::1", HOSTS[0]]
    for echoes in found:
        assert (echoes.outcome, echoes.sent, len(echoes.rtts)) == (Outcome.OK, 3, 3), echoes
        assert all(0 < rtt < 1.0 for rtt in echoes.rtts)


async def test_sweeps_under_way_together_do_not_take_each_others_answers() -> None:
    probing = sweeper()
    batches = [HOSTS[start : start + 60] for start in range(0, 480, 40)]  # they overlap
    for found, asked in zip(
        await asyncio.gather(*(probing.sweep(batch, 2, 1.0) for batch in batches)), batches, strict=True
    ):
        assert [e.address for e in found] == asked
        assert all(len(e.rtts) == 2 for e in found)
    probing.close()


async def test_what_is_no_address_was_not_asked_and_an_empty_sweep_is_empty() -> None:
    probing = sweeper()
    name, live = await probing.sweep(["camera-7.example", "127.0.0.1"], 1, 0.5)
    assert (name.outcome, name.sent) == (Outcome.FORBIDDEN, 0)
    assert live.outcome is Outcome.OK
    assert list(await probing.sweep([], 3, 0.5)) == []
    probing.close()


async def test_forged_answers_without_the_nonce_count_for_nothing() -> None:
    try:
        forger = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
    except PermissionError:
        pytest.skip("forging takes CAP_NET_RAW")
    probing = sweeper(kinds=(socket.SOCK_RAW,), gap_s=0.2)
    identifier = probing._sockets[socket.AF_INET].identifier
    under_way = asyncio.create_task(probing.sweep(["127.0.0.1"], 2, 0.3))
    for sequence in range(2):
        await asyncio.sleep(0.05)
        bare = struct.pack("!BBHHH8s8x", 0, 0, 0, identifier, sequence, b"guessed!")
        forged = bare[:2] + struct.pack("!H", packet.checksum(bare)) + bare[4:]
        forger.sendto(forged, ("127.0.0.1", 0))
    (live,) = await under_way
    assert len(live.rtts) == 2
    assert probing.counters.stray >= 2
    probing.close()
    forger.close()


async def test_a_step_of_the_wall_clock_makes_no_round_trip_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    true, hours = icmp._offset, itertools.cycle((0, 1))
    # at every other look the clock has been set forward by an hour, and then back
    monkeypatch.setattr(icmp, "_offset", lambda: true() + next(hours) * 3_600_000_000_000)
    probing = sweeper()
    found = await probing.sweep(HOSTS[:20], 3, 1.0)
    probing.close()
    assert [(e.outcome, len(e.rtts)) for e in found] == [(Outcome.OK, 3)] * 20
    assert all(1e-6 < rtt < 1.0 for e in found for rtt in e.rtts)  # neither cut to the floor nor an hour


def test_a_kernel_that_permits_neither_kind_says_what_to_grant() -> None:
    with pytest.raises(NotPermitted, match=r"ping_group_range.*CAP_NET_RAW"):
        open_sockets(1 << 16, kinds=())


def test_addresses_with_a_scope_and_names_are_told_apart() -> None:
    family, packed, name = resolved("::1%1")
    assert (family, packed[-1], len(name)) == (socket.AF_INET6, 1, 28)
    for wrong in ("camera", "1.2.3", "::g", "fe80::1%no-such-link"):
        with pytest.raises(ValueError, match="is not an IP address"):
            resolved(wrong)


@pytest.mark.peer
@pytest.mark.parametrize("kind", KINDS)
def test_the_dead_cost_their_timeout_and_take_nobody_with_them(kind: str) -> None:
    dead = set(HOSTS[::10])
    listed = ", ".join(sorted(dead))
    rules = f"""chain i {{
        type filter hook input priority 0; icmp type echo-request ip daddr {{ {listed} }} drop;
    }}"""
    found, answer = in_namespace(nft(rules), kind, addresses=[*HOSTS, "::1"])
    word = "CAP_NET_RAW" if kind == "RAW" else "ping_group_range"
    assert word in str(answer["described"])
    for address, outcome, sent, rtts in found:
        wanted = (Outcome.TIMEOUT, 3, 0) if address in dead else (Outcome.OK, 3, 3)
        assert (outcome, sent, len(rtts)) == wanted, address


@pytest.mark.peer
@pytest.mark.parametrize("kind", KINDS)
def test_loss_on_the_way_is_seen_as_loss(kind: str) -> None:
    rules = (
        "chain i { type filter hook input priority 0; icmp type echo-reply numgen random mod 100 < 10 drop; }"
    )
    found, _ = in_namespace(nft(rules), kind, addresses=HOSTS, echoes=10)
    lost = 1 - sum(len(rtts) for _, _, _, rtts in found) / (10 * len(HOSTS))
    assert 0.07 < lost < 0.13
    assert all(sent == 10 for _, _, sent, _ in found)


@pytest.mark.peer
@pytest.mark.parametrize("kind", KINDS)
def test_a_router_that_says_unreachable_is_not_silence(kind: str) -> None:
    rules = (
        "chain i { type filter hook input priority 0;\n"
        " ip daddr 127.9.9.9 icmp type echo-request reject with icmp type host-unreachable\n"
        " ip6 daddr ::2 icmpv6 type echo-request reject with icmpv6 type no-route\n}"
    )
    setup = "ip -6 address add ::2/128 dev lo nodad\nip route add unreachable 192.0.2.0/24\n" + nft(rules)
    asked = ["127.9.9.9", "127.0.0.1", "::2", "::1", "192.0.2.7"]
    found, _ = in_namespace(setup, kind, addresses=asked)
    outcomes = {address: outcome for address, outcome, _, _ in found}
    assert outcomes == {
        "127.9.9.9": Outcome.UNREACHABLE,
        "127.0.0.1": Outcome.OK,
        "::2": Outcome.UNREACHABLE,
        "::1": Outcome.OK,
        "192.0.2.7": Outcome.UNREACHABLE,
    }


@pytest.mark.peer
@pytest.mark.parametrize("kind", KINDS)
def test_what_this_kernel_does_not_let_out_is_never_the_hosts_fault(kind: str) -> None:
    rules = "chain o { type filter hook output priority 0; ip daddr 127.9.9.9 icmp type echo-request drop; }"
    found, _ = in_namespace(nft(rules), kind, addresses=["127.0.0.1", "127.9.9.9", "127.0.0.2"])
    assert [(outcome, sent) for _, outcome, sent, _ in found] == [
        (Outcome.OK, 3),
        (Outcome.FORBIDDEN, 0),
        (Outcome.OK, 3),
    ]


@pytest.mark.peer
@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_answers_lost_in_our_own_buffer_make_no_host_lossy(kind: str) -> None:
    hosts = [f"127.4.{n // 250}.{n % 250 + 1}" for n in range(3_000)]
    found, answer = in_namespace("", kind, addresses=hosts, buffer=32_768)
    assert int(str(answer["drops"])) > 0
    assert all((sent, len(rtts)) == (3, 3) for _, _, sent, rtts in found)
