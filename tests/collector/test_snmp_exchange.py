"""Many agents over one socket: each failure keeps its own name, and nobody's answer is another's."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest

from collector.snmp import ber
from collector.snmp.exchange import Exchange
from collector.snmp.inquiry import Inquiry
from collector.snmp.session import Varbind, oid
from collector.snmp.udp import Address, failure
from domain.reading import Outcome
from tests.collector.agents import Mib, agent, has_ipv6, mib, response
from tests.peers import free_port, program

NAMES = ["1.3.6.1.2.1.1.3.0", "1.3.6.1.2.1.1.7.0"]
GET = ber.request(ber.V2C, b"public", ber.GET, [oid(name) for name in NAMES])


@contextmanager
def exchange(timeout_s: float = 0.2, attempts: int = 2, burst: int = 256) -> Iterator[Exchange]:
    opened = Exchange(timeout_s, attempts, burst)
    try:
        yield opened
    finally:
        opened.close()


async def ask(
    asker: Exchange, address: Address, request: ber.Request = GET
) -> tuple[Outcome, Sequence[Varbind]]:
    ended: asyncio.Future[tuple[Outcome, Sequence[Varbind]]] = asyncio.get_running_loop().create_future()
    asker.ask(Inquiry(address, request, lambda _, outcome, rows, *__: ended.set_result((outcome, rows))))
    return await asyncio.wait_for(ended, 10)


async def test_an_answer_comes_back_with_its_varbinds() -> None:
    with exchange() as asker:
        async with agent(Mib(mib(*NAMES))) as address:
            for _ in range(3):
                outcome, rows = await ask(asker, address)
                assert outcome is Outcome.OK
                assert list(rows) == list(mib(*NAMES).values())
        assert (asker.counters.sent, asker.counters.answered) == (3, 3)
        assert asker.waiting() == 0


@pytest.mark.skipif(not has_ipv6(), reason="this host has no IPv6 loopback")
async def test_ipv6_agents_are_asked_alike_and_may_refuse_alike() -> None:
    with exchange(timeout_s=30) as asker:
        async with agent(Mib(mib(*NAMES)), "::1") as address:
            assert (await ask(asker, address))[0] is Outcome.OK
        closed = ("::1", free_port(socket.SOCK_DGRAM), 0, 0)
        assert (await ask(asker, closed))[0] is Outcome.REFUSED


async def test_silence_is_asked_once_more_with_the_same_id_and_then_a_timeout() -> None:
    packets: list[bytes] = []

    def silent(packet: bytes) -> list[bytes]:
        packets.append(packet)
        return []

    with exchange() as asker:
        async with agent(silent) as address:
            assert await ask(asker, address) == (Outcome.TIMEOUT, ())
    assert len(packets) == 2
    assert packets[0] == packets[1]


async def test_a_lost_packet_is_made_good_by_the_second_attempt() -> None:
    good = Mib(mib(*NAMES))
    seen: list[bytes] = []

    def lossy(packet: bytes) -> list[bytes]:
        seen.append(packet)
        return good(packet) if len(seen) == 2 else []

    with exchange() as asker:
        async with agent(lossy) as address:
            assert (await ask(asker, address))[0] is Outcome.OK
        assert asker.counters.retried == 1


async def test_a_refused_port_is_known_at_once() -> None:
    with exchange(timeout_s=60) as asker:
        port = free_port(socket.SOCK_DGRAM)
        assert (await ask(asker, ("127.0.0.1", port)))[0] is Outcome.REFUSED


async def test_one_agents_refusal_is_not_anothers() -> None:
    """With the error queue on, the kernel reports one agent's ICMP error while another is asked."""
    with exchange(timeout_s=30) as asker:
        async with agent(Mib(mib(*NAMES))) as address:
            closed = [(f"127.0.0.{n}", free_port(socket.SOCK_DGRAM, f"127.0.0.{n}")) for n in range(2, 42)]
            results = await asyncio.gather(
                *(ask(asker, one) for shut in closed for one in (shut, ("127.0.0.1", address[1]))),
            )
        assert [outcome for outcome, _ in results[::2]] == [Outcome.REFUSED] * 40
        assert [outcome for outcome, _ in results[1::2]] == [Outcome.OK] * 40


async def test_garbled_answers_end_as_malformed() -> None:
    with exchange() as asker:
        async with agent(lambda packet: [b"\x30\x82\xff"]) as address:
            assert (await ask(asker, address))[0] is Outcome.MALFORMED
        async with agent(lambda packet: [packet]) as address:  # an echo is no response
            assert (await ask(asker, address))[0] is Outcome.MALFORMED
        assert asker.counters.garbled == 4


async def test_a_good_answer_after_a_garbled_one_counts() -> None:
    good = Mib(mib(*NAMES))
    with exchange() as asker:
        async with agent(lambda packet: [b"\x00", *good(packet)]) as address:
            assert (await ask(asker, address))[0] is Outcome.OK


async def test_wrong_ids_and_communities_are_dropped_and_counted() -> None:
    rows = list(mib(*NAMES).values())

    def liar(packet: bytes) -> list[bytes]:
        request = ber.decode(packet)
        return [
            response(request, rows, number=request.request_id ^ 1),
            response(request, rows, community=b"guess"),
        ]

    with exchange() as asker:
        async with agent(liar) as address:
            assert (await ask(asker, address))[0] is Outcome.TIMEOUT
        assert (asker.counters.wrong_id, asker.counters.wrong_community) == (2, 2)
        assert asker.counters.answered == 0


async def test_a_wrong_id_is_dropped_in_a_known_shape_too() -> None:
    good = Mib(mib(*NAMES))
    lies: list[bool] = []

    def turncoat(packet: bytes) -> list[bytes]:
        request = ber.decode(packet)
        rows = list(mib(*NAMES).values())
        return [response(request, rows, number=request.request_id ^ 1)] if lies[-1] else good(packet)

    with exchange() as asker:
        async with agent(turncoat) as address:
            inquiry = Inquiry(address, GET, lambda _, outcome, *__: ended.set_result(outcome))
            for lie, wanted in ((False, Outcome.OK), (True, Outcome.TIMEOUT), (False, Outcome.OK)):
                lies.append(lie)
                ended: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
                asker.ask(inquiry)
                assert await asyncio.wait_for(ended, 10) is wanted
        assert asker.counters.wrong_id == 2


async def test_an_answer_from_another_port_is_nobodys() -> None:
    rows = list(mib(*NAMES).values())
    with exchange() as asker, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        client = ("127.0.0.1", next(iter(asker._sockets.values())).getsockname()[1])

        def elsewhere(packet: bytes) -> list[bytes]:
            other.sendto(response(ber.decode(packet), rows), client)
            return []

        async with agent(elsewhere) as address:
            assert (await ask(asker, address))[0] is Outcome.TIMEOUT
        assert asker.counters.unasked == 2


async def test_repeated_and_late_answers_are_dropped_and_counted() -> None:
    good = Mib(mib(*NAMES))
    with exchange() as asker:
        async with agent(lambda packet: good(packet) * 3) as address:
            assert (await ask(asker, address))[0] is Outcome.OK
            await asyncio.sleep(0.05)
        assert asker.counters.unasked == 2
        first: list[bytes] = []

        def stuck(packet: bytes) -> list[bytes]:
            first[:] = first or good(packet)
            return first

        async with agent(stuck) as address:
            assert (await ask(asker, address))[0] is Outcome.OK
            assert (await ask(asker, address))[0] is Outcome.TIMEOUT
        assert asker.counters.wrong_id == 2


async def test_a_broadcast_is_the_kernels_refusal_and_not_the_devices() -> None:
    with exchange() as asker:
        assert (await ask(asker, ("127.255.255.255", 161)))[0] is Outcome.FORBIDDEN


async def test_one_agent_is_asked_one_thing_at_a_time() -> None:
    good = Mib(mib(*NAMES))
    loop = asyncio.get_running_loop()
    waiting: list[bytes] = []

    class Slow(asyncio.DatagramProtocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            self.transport = transport

        def datagram_received(self, data: bytes, addr: object) -> None:
            assert not waiting
            waiting.append(data)
            loop.call_later(0.02, lambda: self.transport.sendto(good(waiting.pop())[0], addr))

    transport, _ = await loop.create_datagram_endpoint(Slow, local_addr=("127.0.0.1", 0))
    with exchange(timeout_s=5) as asker:
        address = transport.get_extra_info("sockname")
        results = await asyncio.gather(*(ask(asker, address) for _ in range(5)))
        assert {outcome for outcome, _ in results} == {Outcome.OK}
        assert len(good.asked) == 5
    transport.close()


async def test_what_is_forgotten_is_not_told_and_the_next_goes_on() -> None:
    told: list[Outcome] = []
    good = Mib(mib(*NAMES))
    with exchange() as asker:
        async with agent(good) as address:
            first, second = (
                Inquiry(address, GET, lambda _, outcome, *__: told.append(outcome)) for _ in "ab"
            )
            asker.ask(first)
            asker.ask(second)
            asker.forget(first)
            asker.forget(first)
            assert (await ask(asker, address))[0] is Outcome.OK
            assert told == [Outcome.OK]
            asker.ask(first)
            asker.ask(second)
            asker.forget(second)
            await asyncio.sleep(0.05)
            assert told == [Outcome.OK] * 2
        assert asker.waiting() == 0


async def test_dead_agents_hold_nobody_up() -> None:
    good = Mib(mib(*NAMES))
    with exchange(timeout_s=30) as asker:
        async with agent(lambda packet: []) as dead, agent(good) as alive:
            for n in range(1, 200):
                asker.ask(Inquiry((f"127.7.0.{n}", dead[1]), GET, lambda *_: None))
            asker.ask(Inquiry(dead, GET, lambda *_: None))
            assert (await ask(asker, alive))[0] is Outcome.OK


async def test_a_flood_of_strangers_packets_is_counted_and_starves_nobody() -> None:
    good = Mib(mib(*NAMES))
    with exchange(timeout_s=10) as asker, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        port = next(iter(asker._sockets.values())).getsockname()[1]
        async with agent(good) as address:
            for _ in range(20):
                for _ in range(200):
                    stranger.sendto(b"\x30\x82\xff", ("127.0.0.1", port))
                assert (await ask(asker, address))[0] is Outcome.OK
        assert asker.counters.unasked == 4000 - asker.dropped()


async def test_more_than_one_burst_is_sent_whole() -> None:
    seen: set[bytes] = set()
    with exchange(timeout_s=10, burst=16) as asker:
        async with agent(lambda packet: seen.add(packet) or (), "0.0.0.0") as served:
            for n in range(150):
                asker.ask(Inquiry((f"127.5.0.{n + 1}", served[1]), GET, lambda *_: None))
            for _ in range(100):
                await asyncio.sleep(0.02)
                if len(seen) == 150:
                    break
        assert len(seen) == 150  # each with an id of its own
        assert asker.waiting() == asker.counters.sent == 150


@pytest.mark.parametrize(
    ("name", "outcome"),
    [
        ("ECONNREFUSED", Outcome.REFUSED),
        ("EHOSTUNREACH", Outcome.UNREACHABLE),
        ("ENETUNREACH", Outcome.UNREACHABLE),
        ("EPERM", Outcome.FORBIDDEN),
        ("EACCES", Outcome.FORBIDDEN),
    ],
)
def test_errnos_mean_what_they_accuse(name: str, outcome: Outcome) -> None:
    import errno

    assert failure(getattr(errno, name)) is outcome


_IN_A_NAMESPACE = """
import asyncio, subprocess, sys
from collector.snmp import ber
from collector.snmp.exchange import Exchange
from collector.snmp.inquiry import Inquiry
from collector.snmp.session import oid
async def main():
    asker = Exchange(0.2, 2)
    done = asyncio.get_running_loop().create_future()
    get = ber.request(1, b"public", 0xA0, [oid("1.3.6.1.2.1.1.3.0")])
    asker.ask(Inquiry((sys.argv[1], 161), get, lambda _, outcome, *__: done.set_result(outcome)))
    print((await done).value)
subprocess.run([sys.argv[2], "link", "set", "lo", "up"], check=True)
subprocess.run([sys.argv[2], "address", "add", "10.1.1.1/24", "dev", "lo"], check=True)
subprocess.run([sys.argv[2], "route", "add", sys.argv[3], "10.9.0.0/16"], check=True)
asyncio.run(main())
"""


@pytest.mark.peer
@pytest.mark.parametrize(("route", "outcome"), [("unreachable", "unreachable"), ("prohibit", "forbidden")])
def test_a_missing_route_and_a_forbidden_one_are_told_apart(route: str, outcome: str) -> None:
    unshare, ip = program("unshare", "util-linux"), program("ip", "iproute2")
    if subprocess.run([unshare, "-rn", "true"], capture_output=True).returncode:
        pytest.skip("this user may not make network namespaces")
    ran = subprocess.run(
        [unshare, "-rn", sys.executable, "-c", _IN_A_NAMESPACE, "10.9.0.1", ip, route],
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert ran.stdout.strip() == outcome, ran.stderr


async def test_after_closing_nothing_is_told() -> None:
    told: list[Outcome] = []
    with exchange(timeout_s=0.05) as asker:
        asker.ask(Inquiry(("127.0.0.1", 9), GET, lambda _, outcome, *__: told.append(outcome)))
    await asyncio.sleep(0.2)
    assert told == []


async def test_nothing_was_dropped_by_the_kernel_while_nothing_came() -> None:
    with exchange() as asker:
        assert asker.dropped() == 0


async def test_time_outs_are_settled_when_whoever_asks_says() -> None:
    """The poller has it done between two slots of its schedule, where nobody's answer waits for it."""
    loop = asyncio.get_running_loop()
    asker = Exchange(0.05, 1, settle=lambda deadline: deadline + 0.2)
    async with agent(lambda packet: []) as address:
        began = loop.time()
        assert (await ask(asker, address))[0] is Outcome.TIMEOUT
        assert loop.time() - began >= 0.25
    asker.close()


async def test_whoever_is_told_may_fail_and_the_others_are_heard_all_the_same() -> None:
    told: list[int] = []

    def hear(number: int) -> None:
        told.append(number)
        if number == 1:
            raise RuntimeError("whoever asked is broken")

    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda *_: None)
    with exchange(timeout_s=30) as asker:
        async with agent(Mib(mib(*NAMES)), "0.0.0.0") as (_, port):
            packets = deque[tuple[bytes, Address]]()
            inquiries = []
            for number in range(4):
                address = (f"127.0.7.{number + 1}", port)
                inquiry = Inquiry(address, GET, lambda *_, number=number: hear(number))
                asker.ask(inquiry)
                inquiries.append(inquiry)
            await asyncio.sleep(0)  # they are sent
            for inquiry in inquiries:
                asked = ber.decode(GET.packet(inquiry.id))
                packets.append((response(asked, list(mib(*NAMES).values())), inquiry.address))
            with pytest.raises(RuntimeError):
                asker._read(packets)
            await asyncio.sleep(0.05)
    assert told == [0, 1, 2, 3]
