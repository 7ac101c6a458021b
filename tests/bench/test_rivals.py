"""The responder answers as an agent does, misbehaves as told, and all rivals read the same from it."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench import big_city, city, peers, rivals, told, zabbix
from bench.engine import VALUES
from collector.snmp import ber
from collector.snmp.agent import AgentSession
from collector.snmp.exchange import Exchange
from collector.snmp.session import Answer, Credentials, oid
from domain.reading import Outcome
from inventory.load import loads
from rules.engine import Engine
from tests.peers import program

pytestmark = pytest.mark.peer

ROOT = Path(__file__).resolve().parents[2]
NAMES = [oid(name) for name, _, _ in city.ASKED]


@pytest.fixture(scope="module", autouse=True)
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Built aside, so that tests run in parallel do not build into one another's hands."""
    program("gcc")
    was = peers.BUILD
    peers.BUILD = tmp_path_factory.mktemp("build")
    peers.compiled()
    yield
    peers.BUILD = was


async def ask(port: int, number: int, timeout_s: float = 1.0) -> tuple[Answer, Exchange]:
    exchange = Exchange(timeout_s, 1)
    session = AgentSession(exchange, (city.address(number), port), Credentials("2c", city.COMMUNITY))
    try:
        return await session.get(NAMES), exchange
    finally:
        exchange.close()


def test_the_responder_answers_every_address_with_the_table() -> None:
    with peers.responder() as (port, _):
        answer, _ = asyncio.run(ask(port, 70_000))
    assert answer.outcome is Outcome.OK
    for (name, tag, octets), (said, its_tag, value) in list(zip(city.ASKED, answer.varbinds, strict=True))[
        1:
    ]:
        assert (said, its_tag) == (oid(name), tag)  # the first is the uptime, which runs
        assert 0 <= int.from_bytes(value, "big") - int(octets, 16) < city.VARYING.get(name, 1)


def test_answers_differ_from_device_to_device() -> None:
    async def volts(port: int) -> set[bytes]:
        answers = [await ask(port, number) for number in range(20)]
        return {value for answer, _ in answers for name, _, value in answer.varbinds if name == NAMES[7]}

    with peers.responder() as (port, _):
        assert len(asyncio.run(volts(port))) > 5


def test_ten_rules_look_at_each_answer_of_a_benchmark_ups() -> None:
    accepted = city.accepted(city.city(1, 60))
    (memory,) = Engine(accepted.city, accepted.rules)._world.devices.values()
    judged = {look.rule.id for look in memory.thresholds.among(tuple(VALUES)) if look.keys}
    assert len(judged | {"agent", "mains"}) == city.RULES_A_DEVICE


def test_the_responder_walks_its_table_in_the_order_of_the_mib() -> None:
    async def walked(port: int) -> list[bytes]:
        exchange = Exchange(1.0, 1)
        session = AgentSession(exchange, (city.address(1), port), Credentials("2c", city.COMMUNITY))
        answer = await session.walk(oid("1.3.6.1.2.1.33.1"))
        exchange.close()
        return [name for name, _, _ in answer.varbinds]

    rows = [line.split()[0] for line in city.table().splitlines()]
    with peers.responder() as (port, _):
        found = asyncio.run(walked(port))
    assert found == [oid(row) for row in rows if row.startswith("1.3.6.1.2.1.33.1.")]


@pytest.mark.parametrize(
    ("kind", "outcome", "counted"),
    [
        ("silent", Outcome.TIMEOUT, None),
        ("late", Outcome.TIMEOUT, None),
        ("garbled", Outcome.MALFORMED, "garbled"),
        ("truncated", Outcome.MALFORMED, "garbled"),
        ("oversized", Outcome.MALFORMED, "garbled"),
        ("wrongid", Outcome.TIMEOUT, "wrong_id"),
        ("elsewhere", Outcome.TIMEOUT, "unasked"),
        ("flood", Outcome.OK, "wrong_id"),
    ],
)
def test_devices_misbehave_as_told_and_their_neighbours_do_not(
    kind: str, outcome: Outcome, counted: str | None
) -> None:
    bad = next(n for n in range(100) if (city.FIRST + n & 0xFFFFFF) % 100 < 1)
    with peers.responder(f"{kind}=1") as (port, _):
        answer, exchange = asyncio.run(ask(port, bad, 0.5))
        neighbour, _ = asyncio.run(ask(port, bad + 1))
    assert neighbour.outcome is Outcome.OK
    assert answer.outcome is outcome
    if counted is not None:
        assert exchange.counters.refused >= getattr(exchange.counters, counted) > 0


def test_a_device_that_storms_goes_on_unasked_and_its_packets_are_counted() -> None:
    async def stormed(port: int) -> int:
        exchange = Exchange(1.0, 1)
        session = AgentSession(exchange, (city.address(0), port), Credentials("2c", city.COMMUNITY))
        try:
            assert (await session.get(NAMES)).outcome is Outcome.OK
            for _ in range(100):
                await asyncio.sleep(0.05)
                if exchange.counters.unasked > 200:
                    break
            return exchange.counters.unasked
        finally:
            exchange.close()

    with peers.responder("storm=100") as (port, _):
        assert asyncio.run(stormed(port)) > 200


def test_the_bound_in_c_gets_every_answer() -> None:
    request = ber.request(ber.V2C, city.COMMUNITY.encode(), ber.GET, NAMES)
    with peers.responder() as (port, _):
        rest = [port, 300, 3, request.packet(bytes(4)).hex(), len(request.head)]
        said = subprocess.check_output([str(peers.BUILD / "bound_snmp"), *map(str, rest)], text=True)
    assert said.split()[0] == "900"


def test_the_exporter_reads_the_same_ten_values() -> None:
    program("prometheus-snmp-exporter")
    with peers.responder() as (port, _):
        assert rivals.exporter(port, 50) > 0  # raises where a scrape lacks a value


def test_zabbix_stores_every_value_of_every_host() -> None:
    for name, package in (("initdb", "postgresql"), ("zabbix_server", "zabbix-server-pgsql")):
        if peers.found(name) is None:  # skips in CI too: installing it takes longer than all tests here
            pytest.skip(f"{name} is not here: apt-get install {package}")
    (window,) = zabbix.measured(hosts=200, delay_s=1, seconds=3, runs=1)
    assert window["values_a_second"] > 0
    assert window["us_a_value"] > window["postgresql_us"] > 0


def test_the_cpu_of_a_family_counts_children_that_have_ended() -> None:
    busy = "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done"
    with peers.running(["sh", "-c", f"sh -c '{busy}'; echo ended; exec sleep 60"], listening=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "ended\n"
        assert peers.cpu_of_all(child.pid) > peers.cpu_of(child.pid) + 0.05


def test_the_whole_path_answers_for_every_device_in_its_window() -> None:
    with peers.responder() as (port, _):
        given = {"devices": 50, "interval_s": 0.5, "seconds": 1, "warm_s": 0.5, "port": port}
        done = subprocess.run(
            [sys.executable, "-m", "bench.whole", json.dumps(given)], cwd=ROOT, capture_output=True, text=True
        )
    assert done.returncode == 0, done.stderr
    (window,) = json.loads(done.stdout.splitlines()[-1])["windows"]
    assert window["answered"] >= 50
    assert window["failed"] == 0


@pytest.mark.parametrize("text", [big_city.text(30), told.inventory(3, 1162, 5)])
def test_the_cities_of_the_benchmarks_are_valid_inventories(text: str) -> None:
    assert len(loads(text).city.devices) in (30, 3)
