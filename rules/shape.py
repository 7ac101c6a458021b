"""The shape of a rules file. Durations are written 20s, 5m, 2h; overrides are part of the same shape."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, model_validator

from config.shape import Shape
from domain.alarm import Cause, Concern
from domain.metric import CATALOGUE
from domain.place import Kind

_UNITS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}


def _milliseconds(value: Any) -> int:
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)", str(value).strip())
    if value == 0:
        return 0
    if match is None:
        raise ValueError(f"{value!r} is not a duration -> write 20s, 5m or 2h")
    return round(float(match[1]) * _UNITS[match[2]])


def _known_metric(value: Any) -> str:
    if value not in CATALOGUE:
        raise ValueError(f"{value!r} is not a metric -> take a name from docs/metrics.md")
    return str(value)


Duration = Annotated[int, BeforeValidator(_milliseconds)]
MetricName = Annotated[str, BeforeValidator(_known_metric)]


class HoldShape(Shape):
    polls: int = Field(1, ge=1, le=100)
    hold: Duration = 0
    clear_polls: int = Field(1, ge=1, le=100)
    clear_hold: Duration = 0


class ThresholdShape(HoldShape):
    concern: Concern
    cause: Cause
    metric: MetricName
    kinds: list[Kind] = list(Kind)
    above: float | None = None
    below: float | None = None
    clear_below: float | None = None
    clear_above: float | None = None
    labels: list[str] = []
    tags: list[str] = []
    when: dict[MetricName, float] = {}
    trap_opens: bool = False

    @model_validator(mode="after")
    def _one_limit(self) -> ThresholdShape:
        if (self.above is None) == (self.below is None):
            raise ValueError("a threshold needs one limit -> write either above: or below:")
        if self.above is not None and (self.clear_below or self.above) > self.above:
            raise ValueError("clear_below lies beyond above -> write a smaller clear_below")
        if self.below is not None and (self.clear_above or self.below) < self.below:
            raise ValueError("clear_above lies beyond below -> write a larger clear_above")
        return self


class MainsShape(HoldShape):
    low_volts: float = Field(100, ge=0)
    feeder_boxes: int = Field(2, ge=2)
    feeder_share: float = Field(0.5, gt=0, le=1)


class ForecastShape(HoldShape):
    below: Duration
    clear_above: Duration
    after: Duration = 60_000


class HabitShape(HoldShape):
    times: float = Field(2.0, gt=1)
    after: Duration = 300_000
    min_drop: float = Field(5, gt=0, le=100)


class TheftShape(Shape):
    together: Duration
    power_fresh: Duration
    corroboration: Duration
    police_hold: Duration


class FlappingShape(Shape):
    penalty: float = Field(1000, gt=0)
    suppress: float = Field(3000, gt=0)
    reuse: float = Field(1500, gt=0)
    half_life: Duration = 900_000


class RuleSetShape(Shape):
    settle: Duration
    boot: Duration = 180_000
    silent: HoldShape
    dark: HoldShape
    agent: HoldShape
    blind: HoldShape
    mains: MainsShape
    forecast: ForecastShape
    habit: HabitShape
    theft: TheftShape
    flapping: FlappingShape
    thresholds: dict[str, ThresholdShape] = {}


class OverrideShape(Shape):
    boxes: list[str] = []
    tags: list[str] = []
    rules: dict[str, Any]

    @model_validator(mode="after")
    def _names_something(self) -> OverrideShape:
        if not self.boxes and not self.tags:
            raise ValueError("an override concerns nothing -> name boxes: [...] or tags: [...]")
        return self


class RulesShape(RuleSetShape):
    overrides: list[OverrideShape] = []
