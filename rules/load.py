"""rules/city.yaml to rules.rule.Rules: typed, overrides merged, every error with its line."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path
from typing import Any

from config.located import Located, read
from config.shape import validate
from domain.errors import ConfigError, Problem
from rules.rule import (
    Flapping,
    ForecastRule,
    Habit,
    Hold,
    Mains,
    Override,
    Rules,
    RuleSet,
    Theft,
    Threshold,
)
from rules.shape import HoldShape, OverrideShape, RuleSetShape, RulesShape

SHIPPED = Path(__file__).with_name("city.yaml")

MOST_OVERRIDES = 12
"""Every combination of overrides is merged beforehand: twelve make 4,096 sets, and are too many
for anybody to keep in mind anyway."""


def load(path: Path = SHIPPED, shown_as: str | None = None) -> Rules:
    """Raises ConfigError with every problem of the file."""
    return make(read(path, shown_as))


def make(document: Located) -> Rules:
    shape, problems = validate(document, RulesShape)
    if shape is None:
        raise ConfigError(problems)
    if len(shape.overrides) > MOST_OVERRIDES:
        what = f"{len(shape.overrides)} overrides are too many"
        raise ConfigError(
            [document.problem(("overrides",), what, f"merge them to {MOST_OVERRIDES} or fewer")]
        )
    base = {key: value for key, value in document.value.items() if key != "overrides"}
    merged: dict[tuple[int, ...], RuleSet] = {}
    for size in range(1, len(shape.overrides) + 1):
        for which in combinations(range(len(shape.overrides)), size):
            raw = base
            for index in which:
                raw = _merge(raw, shape.overrides[index].rules)
            ruleset, found = validate(Located(document.file, "", raw), RuleSetShape)
            if ruleset is not None:
                merged[which] = _rule_set(ruleset)
            elif size == 1:  # a combination fails only where one of its parts already did
                problems += _placed(document, which[0], found)
    if problems:
        raise ConfigError(problems)
    return Rules(_rule_set(shape), tuple(map(_override, shape.overrides)), merged)


def _placed(document: Located, index: int, found: list[Problem]) -> list[Problem]:
    """Problems of a merged set, put on the line of the override that caused them."""
    line = document.line(("overrides", index, "rules"))
    return [Problem(document.file, line, problem.what, problem.remedy) for problem in found]


def _merge(base: Any, change: Any) -> Any:
    if not (isinstance(base, dict) and isinstance(change, dict)):
        return change
    return {
        key: _merge(base.get(key), change[key]) if key in change else base[key] for key in [*base, *change]
    }


def _override(shape: OverrideShape) -> Override:
    return Override(frozenset(shape.boxes), frozenset(shape.tags))


def _hold(shape: HoldShape) -> Hold:
    return Hold(shape.polls, shape.hold, shape.clear_polls, shape.clear_hold)


def _rule_set(shape: RuleSetShape) -> RuleSet:
    return RuleSet(
        settle=shape.settle,
        boot=shape.boot,
        silent=_hold(shape.silent),
        dark=_hold(shape.dark),
        agent=_hold(shape.agent),
        blind=_hold(shape.blind),
        mains=Mains(
            _hold(shape.mains), shape.mains.low_volts, shape.mains.feeder_boxes, shape.mains.feeder_share
        ),
        forecast=ForecastRule(
            _hold(shape.forecast), shape.forecast.below, shape.forecast.clear_above, shape.forecast.after
        ),
        habit=Habit(_hold(shape.habit), shape.habit.times, shape.habit.after, shape.habit.min_drop),
        theft=Theft(**shape.theft.model_dump()),
        flapping=Flapping(**shape.flapping.model_dump()),
        thresholds=tuple(
            Threshold(
                id=name,
                concern=rule.concern,
                cause=rule.cause,
                metric=rule.metric,
                kinds=frozenset(rule.kinds),
                hold=_hold(rule),
                above=rule.above,
                below=rule.below,
                clear_below=rule.clear_below,
                clear_above=rule.clear_above,
                labels=frozenset(rule.labels),
                tags=frozenset(rule.tags),
                when=dict(rule.when),
                trap_opens=rule.trap_opens,
            )
            for name, rule in shape.thresholds.items()
        ),
    )
