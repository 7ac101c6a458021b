"""The simulator as one thing: a city, a play, a seed, and roads to the network."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal

from domain.errors import NotPermitted
from domain.place import City, SecretRef
from domain.ports import Clock
from simulator.control import Control
from simulator.scenario import Scenario, stage
from simulator.serve import Host, SocketStreet, Street, TunStreet, hosts
from simulator.state import Happening
from simulator.world import World

Road = Literal["auto", "tun", "sockets"]
_TICK_MS = 100


class Simulator:
    """Answers for every device of `city` and plays `scenario` from the moment it is opened.

    `secrets` resolves credentials as the watcher's own does. `port` overrides every device's SNMP
    port. Traps go to `trap_target`; `control` is the Unix socket for simulator.control. `road`
    "auto" takes a TUN device where this user may make one, sockets otherwise.
    """

    def __init__(
        self,
        city: City,
        secrets: Callable[[SecretRef], str],
        scenario: Scenario,
        seed: int = 1,
        *,
        port: int | None = None,
        trap_target: tuple[str, int] | None = None,
        control: Path | None = None,
        road: Road = "auto",
    ) -> None:
        self.city, self.scenario, self.seed = city, scenario, seed
        self._secrets, self._port, self._trap_target = secrets, port, trap_target
        self._control_path, self._road = control, road
        self._control: Control | None = None
        self._hosts: dict[str, Host] = {}
        self._street: Street | None = None
        self._world: World | None = None
        self._traps = 0

    @property
    def world(self) -> World:
        assert self._world is not None, "open() makes the world"
        return self._world

    def describe(self) -> str:
        """One line: by which road it is answered."""
        assert self._street is not None, "open() chooses the road"
        return self._street.describe()

    async def open(self, clock: Clock) -> None:
        """Begins the play and takes its place on the network. Permanent when another has it,
        NotPermitted when `road` is "tun" and this user may not."""
        self._world = world = World(self.city, self.seed, clock.now(), self.scenario.pace)
        stage(self.scenario, world)
        self._hosts = hosts(world, self.city, self._secrets, self._port)
        self._street = street = await self._take(world, clock.now)
        if self._control_path is not None:
            self._control = Control(world, self._control_path, street.road, street.describe())
            await self._control.open()

    async def _take(self, world: World, now: Callable[[], int]) -> Street:
        if self._road != "sockets":
            try:
                tun = TunStreet(world, self._hosts, now)
                if await tun.proven():
                    return tun
                tun.close()
                raise NotPermitted("this machine's packet filter drops what comes through the TUN device")
            except NotPermitted:
                if self._road == "tun":
                    raise
        return SocketStreet(world, self._hosts, now)

    async def run(self, clock: Clock) -> None:
        """Opens unless it is open, moves the world with the clock until cancelled, and closes."""
        if self._street is None:
            await self.open(clock)
        try:
            while True:
                self.advance(clock.now())
                await clock.sleep(_TICK_MS)
        finally:
            self.close()

    def advance(self, now: int) -> list[Happening]:
        """Moves the world to `now` and sends the traps of what happened; returns what happened."""
        happened = self.world.advance(now)
        for happening in happened:
            self._tell(happening, now)
        return happened

    def _tell(self, happening: Happening, now: int) -> None:
        """The real device would send it: it has an agent, runs, and its line is alive."""
        host = self._hosts[self.city.devices[happening.device].address]
        if self._trap_target is None or self._street is None or not host.has_agent:
            return
        if not self.world.agent_answers(happening.device):
            return
        trap = host.agent.trap(happening, now)
        if trap is not None:
            self._traps += 1
            payload = host.notification(self._traps, *trap, now)
            self._street.send(host.device.address, self._trap_target, payload)

    def close(self) -> None:
        """Leaves the network; routes and devices go with it. A second time does nothing."""
        if self._control is not None:
            self._control.close()
        if self._street is not None:
            self._street.close()
        self._control = self._street = None
