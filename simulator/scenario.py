"""A play as data: who suffers what and when, read from YAML and checked against the city.

name: ...
lasts: "3:00"
acts:
  - {at: "0:20", what: mains_lost, who: feeder-saddar}
  - {at: "0:00", what: battery_worn, who: box-7, amount: 75}
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated

from pydantic import Field

from config.located import Located, read
from config.shape import Shape, validate
from domain.errors import ConfigError, Problem
from domain.place import City
from simulator.acts import ACTS, Act, perform
from simulator.state import Pace
from simulator.world import World

Moment = Annotated[str, Field(pattern=r"^\d+:[0-5]\d(\.\d+)?$")]
"""Minutes and seconds of the play: "1:30"."""


class _Act(Shape):
    at: Moment
    what: str
    who: str = ""
    amount: float | None = None


class _Pace(Shape):
    boot_seconds: dict[str, Annotated[float, Field(ge=0)]] = {}
    cut_after_seconds: Annotated[float, Field(ge=0)] = Pace().cut_after_s
    cut_gap_seconds: Annotated[float, Field(ge=0)] = Pace().cut_gap_s
    gone_after_seconds: Annotated[float, Field(ge=0)] = Pace().gone_after_s


class _Scenario(Shape):
    name: str
    lasts: Moment
    pace: _Pace = _Pace()
    acts: list[_Act]


@dataclass(frozen=True, slots=True)
class Scenario:
    name: str
    lasts_ms: int
    acts: tuple[Act, ...]
    pace: Pace


NOTHING_HAPPENS = Scenario("a quiet day", 0, (), Pace())


def shipped(name: str) -> Path:
    """The file of a scenario that comes with the simulator, such as `street`."""
    return Path(__file__).parent / "scenarios" / f"{name}.yaml"


def load(path: Path, city: City) -> Scenario:
    """Reads a play for this city. ConfigError with every act that names nothing it knows."""
    document = read(path)
    model, problems = validate(document, _Scenario)
    if model is None:
        raise ConfigError(problems)
    for number, act in enumerate(model.acts):
        if problem := _problem(document, number, act, city):
            problems.append(problem)
    if problems:
        raise ConfigError(problems)
    pace = Pace(
        boot_s={**Pace().boot_s, **model.pace.boot_seconds},
        cut_after_s=model.pace.cut_after_seconds,
        cut_gap_s=model.pace.cut_gap_seconds,
        gone_after_s=model.pace.gone_after_seconds,
    )
    acts = tuple(Act(_milliseconds(a.at), a.what, a.who, a.amount) for a in model.acts)
    return Scenario(model.name, _milliseconds(model.lasts), acts, pace)


def _milliseconds(moment: str) -> int:
    minutes, seconds = moment.split(":")
    return int(minutes) * 60_000 + round(float(seconds) * 1000)


def _problem(document: Located, number: int, act: _Act, city: City) -> Problem | None:
    known: Mapping[str, Mapping[str, object]] = {
        "feeder": city.feeders,
        "box": city.boxes,
        "device": city.devices,
        "": {"": None},
    }
    if act.what not in ACTS:
        near = get_close_matches(act.what, ACTS, n=1) or sorted(ACTS)
        remedy = f"write {near[0]!r}" if len(near) == 1 else f"write one of {', '.join(near)}"
        return document.problem(("acts", number, "what"), f"unknown act {act.what!r}", remedy)
    sort = ACTS[act.what][0]
    if act.who not in known[sort]:
        what = f"{act.what} befalls {act.who!r}, which is no {sort or 'place'} of this city"
        if not sort:
            return document.problem(("acts", number, "who"), what, "leave who out")
        near = get_close_matches(act.who, known[sort], n=1)
        remedy = f"write {near[0]!r}" if near else f"write the id of a {sort}"
        return document.problem(("acts", number, "who"), what, remedy)
    return None


def stage(scenario: Scenario, world: World) -> None:
    """Plans every act of the play in the world."""
    for act in scenario.acts:
        perform(world, act)
