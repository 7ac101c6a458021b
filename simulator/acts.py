"""What may befall the city: each act by the word a scenario uses for it. PURE.

An act changes the world where it stands; what must come later (the cables of a theft, one after
the other) it plans.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial

from simulator.state import Happening
from simulator.world import World


@dataclass(frozen=True, slots=True)
class Act:
    """`what` is a word of `ACTS`, `who` an id of the sort it asks for ("" where it asks for none)."""

    at: int  # milliseconds after the start of the play
    what: str
    who: str = ""
    amount: float | None = None  # seconds, a share, ... by the act


def _mains(world: World, act: Act, *, alive: bool) -> None:
    world.mains[act.who] = alive


def _breaker(world: World, act: Act, *, closed: bool) -> None:
    world.boxes[act.who].breaker = closed


def _worn(world: World, act: Act) -> None:
    battery = world.boxes[act.who].battery
    if battery is not None:
        battery.wear_to(act.amount or 60.0, world.load_w(act.who))


def _ask_replacement(world: World, act: Act) -> None:
    world.boxes[act.who].replace = True


def _self_test(world: World, act: Act) -> None:
    world.boxes[act.who].self_test_until = world.now + int((act.amount or 10.0) * 1000)


def _door(world: World, act: Act, *, opened: bool) -> None:
    state = world.boxes[act.who]
    if state.door_open == opened:
        return
    state.door_open = opened
    name = "door_opened" if opened else "door_closed"
    for member in world.members(act.who):
        world.happen(Happening(world.now, member.device.id, name))


def _hang(world: World, act: Act) -> None:
    world.devices[act.who].hung = True
    world.touch(world.devices[act.who].device.box)


def _restart(world: World, act: Act) -> None:
    """Powered off and on: it boots, and whatever hung in it is gone."""
    state = world.devices[act.who]
    if state.powered:
        world.boot(state)
    world.touch(state.device.box)


def _cable(world: World, act: Act, *, cut: bool) -> None:
    world.devices[act.who].cut = cut
    world.touch(world.devices[act.who].device.box)


def _agent(world: World, act: Act, *, runs: bool) -> None:
    world.devices[act.who].agent = runs


def _link(world: World, act: Act, *, alive: bool) -> None:
    world.boxes[act.who].link = alive


def _loss(world: World, act: Act) -> None:
    world.boxes[act.who].loss = act.amount or 0.0


def _gone(world: World, act: Act) -> None:
    world.boxes[act.who].stolen = True
    world.touch(act.who)


def _theft(world: World, act: Act) -> None:
    """The door is forced, cables are cut in the order of their ports, the rest is carried away."""
    _door(world, act, opened=True)
    pace, when = world.pace, world.now + world.pace.cut_after_s * 1000
    fed = [s for s in world.members(act.who) if s.device.fed_by is not None]
    ports = {p.feeds: p.index for s in world.members(act.who) for p in s.ports.values()}
    for state in sorted(fed, key=lambda s: (ports.get(s.device.id, 0), s.device.id)):
        world.plan(int(when), partial(_cable, world, replace(act, who=state.device.id), cut=True))
        when += pace.cut_gap_s * 1000 * (0.8 + 0.4 * world.noise("thief", state.device.id))
    world.plan(int(when + pace.gone_after_s * 1000), partial(_gone, world, act))


def _cut_off(world: World, _act: Act, *, cut: bool) -> None:
    world.cut_off = cut


Doing = Callable[[World, Act], None]

ACTS: Mapping[str, tuple[str, Doing]] = {
    "mains_lost": ("feeder", partial(_mains, alive=False)),
    "mains_restored": ("feeder", partial(_mains, alive=True)),
    "breaker_tripped": ("box", partial(_breaker, closed=False)),
    "breaker_reset": ("box", partial(_breaker, closed=True)),
    "battery_worn": ("box", _worn),  # amount: seconds it lasts from full at the present load
    "battery_replace_asked": ("box", _ask_replacement),
    "self_test": ("box", _self_test),  # amount: seconds
    "door_opened": ("box", partial(_door, opened=True)),
    "door_closed": ("box", partial(_door, opened=False)),
    "box_stolen": ("box", _theft),
    "link_lost": ("box", partial(_link, alive=False)),
    "link_restored": ("box", partial(_link, alive=True)),
    "link_lossy": ("box", _loss),  # amount: share of packets lost, 0 to 1
    "device_hangs": ("device", _hang),
    "device_restarted": ("device", _restart),
    "cable_cut": ("device", partial(_cable, cut=True)),
    "cable_mended": ("device", partial(_cable, cut=False)),
    "agent_stopped": ("device", partial(_agent, runs=False)),
    "agent_started": ("device", partial(_agent, runs=True)),
    "monitor_cut_off": ("", partial(_cut_off, cut=True)),
    "monitor_reconnected": ("", partial(_cut_off, cut=False)),
}
"""Each act: the sort of thing it befalls ("" for none), and how."""


def perform(world: World, act: Act) -> None:
    """Has the act done at its time; at once when that is now or past."""
    _, doing = ACTS[act.what]
    world.plan(world.start + act.at, partial(doing, world, act))
