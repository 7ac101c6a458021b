"""Where pings cannot say who is dead, the simulator says it itself."""

from __future__ import annotations

import asyncio
from pathlib import Path

from domain.reading import Outcome
from simulator.acts import Act
from simulator.control import ToldProber, about
from simulator.scenario import Scenario
from simulator.state import Pace
from tests.simulator.live import played
from tests.simulator.town import NET, town, udp_port


async def test_the_told_prober_reports_the_worlds_truth(tmp_path: Path) -> None:
    socket = tmp_path / "control"
    play = Scenario("x", 0, (Act(0, "device_hangs", "south-cam1"),), Pace())
    async with played(town(udp_port()), play, control=socket) as simulator:
        simulator.world.advance(simulator.world.start + 1000)
        hosts = [f"{NET}.{host}" for host in ("0.1", "2.11", "2.12", "9.9")]
        echoes = await ToldProber(socket).sweep(hosts, 4, 1.0)
        assert [e.address for e in echoes] == hosts
        alive, dead = Outcome.OK, Outcome.TIMEOUT
        assert [e.outcome for e in echoes] == [alive, dead, alive, dead]
        assert [len(e.rtts) for e in echoes] == [4, 0, 4, 0]
        assert all(0 < rtt < 0.1 for e in echoes for rtt in e.rtts)


async def test_it_says_which_road_is_in_use(tmp_path: Path) -> None:
    socket = tmp_path / "control"
    async with played(town(udp_port()), control=socket) as simulator:
        said = await about(socket)
        assert said == {"road": "sockets", "described": simulator.describe()}
    assert not socket.exists()


async def test_without_a_simulator_nobody_is_called_dead(tmp_path: Path) -> None:
    (echo,) = await ToldProber(tmp_path / "none").sweep([f"{NET}.1.1"], 4, 1.0)
    assert echo.outcome is Outcome.FORBIDDEN
    assert echo.sent == 0


async def test_nonsense_on_the_socket_ends_only_that_talk(tmp_path: Path) -> None:
    socket = tmp_path / "control"
    async with played(town(udp_port()), control=socket):
        for nonsense in (b"not json\n", b"[1]\n", b'{"ping": 5}\n'):
            reader, writer = await asyncio.open_unix_connection(socket)
            writer.write(nonsense)
            assert await reader.read() == b""
            writer.close()
        assert (await about(socket))["road"] == "sockets"
