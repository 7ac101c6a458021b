"""SNMP agents as data: which object identifier shows which quantity of the world, and how.

`agents/*.yaml` holds one file per kind of agent, `flavours.yaml` says which device speaks with
which. Nothing here knows the collector's profiles: they are to be checked against these.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from config.located import read
from config.shape import Shape, validate
from domain.errors import ConfigError, Problem
from domain.place import Device
from simulator import ber
from simulator.ber import Oid
from simulator.quantities import Facts, Quantity, quantities
from simulator.state import Happening
from simulator.world import World

_HERE = Path(__file__).parent
Dotted = Annotated[str, Field(pattern=r"^\d+(\.\d+)+$")]
Kind = Literal["integer", "gauge32", "counter32", "counter64", "timeticks", "octets", "oid"]
_TAGS = {
    "integer": ber.INTEGER,
    "gauge32": ber.GAUGE32,
    "counter32": ber.COUNTER32,
    "counter64": ber.COUNTER64,
    "timeticks": ber.TIMETICKS,
}
_WRAPS = {"counter32": 2**32, "timeticks": 2**32, "counter64": 2**64}
_COLD_START = ber.parse_oid("1.3.6.1.6.3.1.1.5.1")


class _Object(Shape):
    """One object: a constant `value`, a quantity `source`, or a `text` with quantities in braces."""

    oid: Dotted
    type: Kind
    source: str | None = Field(default=None, alias="from")
    scale: float = 1.0
    legend: dict[str, int | str] = {}
    text: str | None = None
    value: int | None = None

    @model_validator(mode="after")
    def _one_origin(self) -> _Object:
        if sum(x is not None for x in (self.source, self.text, self.value)) != 1:
            raise ValueError("has not exactly one origin -> write one of from, text, value")
        return self


class _Trap(Shape):
    oid: Dotted
    carries: list[Dotted] = []
    extra: list[_Object] = Field(default=[], alias="with")


class _System(Shape):
    descr: str
    object_id: Dotted


class _Agent(Shape):
    system: _System
    objects: list[_Object] = []
    tables: dict[str, list[_Object]] = {}
    traps: dict[str, _Trap] = {}


class _Choice(Shape):
    agents: list[str]
    id: str | None = None
    profile: str | None = None
    tag: str | None = None

    def holds(self, device: Device) -> bool:
        return (
            (self.id is None or fnmatchcase(device.id, self.id))
            and (self.profile is None or fnmatchcase(device.profile, self.profile))
            and (self.tag is None or self.tag in device.tags)
        )


class _Flavours(Shape):
    ups: list[_Choice]
    switch: list[_Choice]
    camera: list[_Choice]
    router: list[_Choice]
    sensor: list[_Choice]


Shown = Callable[[Facts], bytes]
"""From quantities to the encoded value."""


@dataclass(frozen=True, slots=True)
class TrapPlan:
    oid: Oid
    carries: tuple[Oid, ...]
    extra: tuple[tuple[Oid, Shown], ...]


@dataclass(frozen=True, slots=True)
class AgentPlan:
    """A compiled agent file."""

    name: str
    objects: tuple[tuple[Oid, Shown], ...]
    tables: Mapping[str, tuple[tuple[Oid, Shown], ...]]
    traps: Mapping[str, TrapPlan]


class Tree:
    """What an agent would answer at one moment, in the order of object identifiers."""

    __slots__ = ("keys", "values")

    def __init__(self, values: dict[Oid, bytes]) -> None:
        self.values = values
        self.keys = sorted(values)

    def get(self, oid: Oid) -> bytes:
        """The encoded value; noSuchInstance where the object is known, else noSuchObject."""
        if (value := self.values.get(oid)) is not None:
            return value
        column = oid[:-1]
        near = bisect_right(self.keys, column)
        known = near < len(self.keys) and self.keys[near][: len(column)] == column
        return ber.tlv(ber.NO_SUCH_INSTANCE if known else ber.NO_SUCH_OBJECT, b"")

    def after(self, oid: Oid) -> tuple[Oid, bytes] | None:
        at = bisect_right(self.keys, oid)
        return (self.keys[at], self.values[self.keys[at]]) if at < len(self.keys) else None


class Agent:
    """The agent of one device: its tree, and the traps it sends."""

    def __init__(self, world: World, device: Device, plan: AgentPlan) -> None:
        self.world, self.device, self.plan = world, device, plan
        self._made: tuple[tuple[int, int], Tree] | None = None

    def tree(self, now: int) -> Tree:
        """Made afresh when a tenth of a second has passed."""
        moment = (self.world.now, now // 100)
        if self._made is None or self._made[0] != moment:
            self._made = moment, self._grow(now)
        return self._made[1]

    def _grow(self, now: int) -> Tree:
        known = quantities(self.world, self.device.id, now)
        values = {oid: shown(known.scalars) for oid, shown in self.plan.objects}
        for table, columns in self.plan.tables.items():
            for index, row in known.tables[table]:
                facts = known.scalars | row
                for oid, shown in columns:
                    values[oid + index] = shown(facts)
        return Tree(values)

    def trap(self, happening: Happening, now: int) -> tuple[Oid, list[tuple[Oid, bytes]]] | None:
        """(snmpTrapOID, varbinds) for what happened; None when this agent has no word for it."""
        if happening.name == "cold_start":
            return _COLD_START, []
        plan = self.plan.traps.get(happening.name)
        if plan is None:
            return None
        tree = self.tree(now)
        carried = [(*oid, happening.row) if happening.row else oid for oid in plan.carries]
        facts = quantities(self.world, self.device.id, now).scalars
        extra = [(oid, shown(facts)) for oid, shown in plan.extra]
        return plan.oid, [(oid, tree.get(oid)) for oid in carried] + extra


def _shown(item: _Object) -> Shown:
    if item.value is not None:
        constant = ber.integer(item.value, _TAGS[item.type])
        return lambda _: constant
    text, source, legend, scale = item.text, item.source, item.legend, item.scale

    def raw(facts: Facts) -> Quantity:
        if text is not None:
            return text.format_map(facts)
        assert source is not None
        value = facts[source]
        return legend[str(value)] if legend else value

    if item.type == "oid":
        return lambda facts: ber.oid(ber.parse_oid(str(raw(facts))))
    if item.type == "octets":

        def as_octets(facts: Facts) -> bytes:
            value = raw(facts)
            return ber.octets(value if isinstance(value, bytes) else str(value).encode())

        return as_octets
    tag, wrap = _TAGS[item.type], _WRAPS.get(item.type)

    def as_number(facts: Facts) -> bytes:
        value: Any = raw(facts)
        number = value if type(value) is int and scale == 1 else round(float(value) * scale)
        return ber.integer(number % wrap if wrap else number, tag)

    return as_number


def _objects(items: list[_Object]) -> tuple[tuple[Oid, Shown], ...]:
    return tuple((ber.parse_oid(item.oid), _shown(item)) for item in items)


_SYSTEM = "1.3.6.1.2.1.1"


def _system(system: _System) -> list[_Object]:
    rows: tuple[dict[str, Any], ...] = (
        {"oid": f"{_SYSTEM}.1.0", "type": "octets", "text": system.descr},
        {"oid": f"{_SYSTEM}.2.0", "type": "oid", "text": system.object_id},
        {"oid": f"{_SYSTEM}.3.0", "type": "timeticks", "from": "uptime_s", "scale": 100},
        {"oid": f"{_SYSTEM}.4.0", "type": "octets", "text": ""},
        {"oid": f"{_SYSTEM}.5.0", "type": "octets", "text": "{name}"},
        {"oid": f"{_SYSTEM}.6.0", "type": "octets", "text": "{location}"},
    )
    return [_Object.model_validate(row) for row in rows]


def load_agent(path: Path) -> AgentPlan:
    """Compiles one agent file. ConfigError with every problem in it."""
    model, problems = validate(read(path), _Agent)
    if model is None:
        raise ConfigError(problems)
    traps = {
        name: TrapPlan(ber.parse_oid(trap.oid), tuple(map(ber.parse_oid, trap.carries)), _objects(trap.extra))
        for name, trap in model.traps.items()
    }
    tables = {name: _objects(columns) for name, columns in model.tables.items()}
    return AgentPlan(path.stem, _objects(_system(model.system) + model.objects), tables, traps)


class Flavours:
    """Chooses the agent a device speaks with."""

    def __init__(self, path: Path = _HERE / "flavours.yaml", agents: Path = _HERE / "agents") -> None:
        document = read(path)
        model, problems = validate(document, _Flavours)
        if model is None:
            raise ConfigError(problems)
        self._choices = model
        self._plans = {file.stem: load_agent(file) for file in sorted(agents.glob("*.yaml"))}
        for kind, choices in model:
            for number, choice in enumerate(choices):
                problems += self._unknown(document.file, document.line((kind, number)), choice)
        if problems:
            raise ConfigError(problems)

    def _unknown(self, file: str, line: int, choice: _Choice) -> list[Problem]:
        known = ", ".join(self._plans)
        return [
            Problem(file, line, f"no agent {name!r}", f"write one of {known}")
            for name in choice.agents
            if name not in self._plans
        ]

    def plan(self, world: World, device: Device) -> AgentPlan:
        choices: list[_Choice] = getattr(self._choices, device.kind.value)
        choice = next(choice for choice in choices if choice.holds(device))
        pick = int(world.noise("flavour", device.id) * len(choice.agents))
        return self._plans[choice.agents[pick]]
