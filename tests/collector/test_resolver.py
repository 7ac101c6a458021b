"""Names are looked up aside: asking never waits, and an old address is better than none."""

from __future__ import annotations

import asyncio
import threading

import pytest

from collector.resolver import Resolver, literal


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("127.0.0.1", ("127.0.0.1", 161)),
        ("0:0::1", ("::1", 161, 0, 0)),  # spelt as answers will come from it
        ("pole-17.example", None),
        ("127.1", None),
        ("", None),
        ("\0", None),
    ],
)
def test_literal_addresses_need_no_resolver(text: str, address: tuple[object, ...] | None) -> None:
    assert literal(text, 161) == address


async def _settled(resolver: Resolver, name: str, wanted: object) -> None:
    for _ in range(200):
        if resolver.address(name, 161) == wanted:
            return
        await asyncio.sleep(0.01)
    raise AssertionError(resolver.address(name, 161))


async def test_hanging_look_ups_delay_neither_the_others_nor_the_end() -> None:
    release = threading.Event()

    def lookup(name: str) -> str:
        if name.startswith("slow"):
            release.wait(30)
        return "127.0.0.7"

    resolver = Resolver(asyncio.get_running_loop(), lookup)
    assert [resolver.address(f"slow-{n}", 161) for n in range(3)] == [None] * 3
    await _settled(resolver, "quick", ("127.0.0.7", 161))
    resolver.close()
    assert sum(thread.daemon for thread in threading.enumerate() if thread.name == "resolver") >= 3
    release.set()


async def test_a_dead_name_server_leaves_the_last_address_in_use() -> None:
    asked: list[str] = []

    def lookup(name: str) -> str:
        asked.append(name)
        if len(asked) > 1:
            raise OSError("no name server")
        return "127.0.0.7"

    resolver = Resolver(asyncio.get_running_loop(), lookup)
    await _settled(resolver, "pole", ("127.0.0.7", 161))
    resolver._names["pole"].again = 0.0  # five minutes later
    assert resolver.address("pole", 161) == ("127.0.0.7", 161)
    for _ in range(200):
        if len(asked) == 2 and not resolver._names["pole"].asked:
            break
        await asyncio.sleep(0.01)
    assert resolver.address("pole", 161) == ("127.0.0.7", 161)
    assert len(asked) == 2  # and it is not asked again at every turn
    resolver.close()


async def test_a_name_that_cannot_be_one_is_no_address() -> None:
    resolver = Resolver(asyncio.get_running_loop(), lambda name: name.encode("idna").decode())
    assert resolver.address("a" * 70 + ".example", 161) is None
    await asyncio.sleep(0.05)
    assert resolver.address("a" * 70 + ".example", 161) is None
    resolver.close()
