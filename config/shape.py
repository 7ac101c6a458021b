"""Checks a parsed file against a pydantic model and words each error for the person who wrote it."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from config.located import Loc, Located
from domain.errors import Problem


class Shape(BaseModel):
    """The base of every model of a file: unknown keys are errors, values are frozen."""

    model_config = ConfigDict(extra="forbid", frozen=True)


M = TypeVar("M", bound=BaseModel)


def validate(document: Located, model: type[M], at: Loc = ()) -> tuple[M | None, list[Problem]]:
    """The model made of the document (or of its part `at`), or None and every problem found."""
    value: Any = document.value
    for step in at:
        value = value[step]
    if value is None:
        value = {}
    try:
        return model.model_validate(value), []
    except ValidationError as error:
        details = error.errors(include_url=False, include_context=True)
        return None, sorted({_problem(document, at, detail, model) for detail in details})


def _problem(document: Located, at: Loc, detail: ErrorDetails, model: type[BaseModel]) -> Problem:
    loc = at + tuple(detail["loc"])
    where = ".".join(str(step) for step in detail["loc"]) or "file"
    kind = detail["type"]
    shown = repr(detail.get("input"))
    shown = shown if len(shown) <= 60 else shown[:57] + "..."
    if kind == "extra_forbidden":
        key = str(detail["loc"][-1])
        return document.problem(loc, f"unknown key {where!r}", _nearest(key, _fields(model, detail["loc"])))
    if kind == "missing":
        return document.problem(loc, f"{where!r} is missing", f"add {detail['loc'][-1]}: ...")
    message = detail["msg"].removeprefix("Value error, ").removeprefix("Assertion failed, ")
    if kind == "value_error" and " -> " in message:  # our own validators: "what -> remedy"
        what, _, remedy = message.partition(" -> ")
        return document.problem(loc, f"{where}: {what}", remedy)
    message = message[:1].lower() + message[1:]
    return document.problem(loc, f"{where} is {shown}", message.replace("input should be", "write"))


def _fields(model: type[BaseModel], loc: tuple[str | int, ...]) -> list[str]:
    """The keys allowed where `loc` points, as far as the models can be followed."""
    here: Any = model
    for step in loc[:-1]:
        if isinstance(step, str) and isinstance(here, type) and issubclass(here, BaseModel):
            field = next((f for n, f in here.model_fields.items() if step in (n, f.alias)), None)
            here = _inner(field.annotation) if field else None
    if isinstance(here, type) and issubclass(here, BaseModel):
        return [field.alias or name for name, field in here.model_fields.items()]
    return []


def _inner(annotation: Any) -> Any:
    """The model inside `list[Model]`, `dict[str, Model]` or `Model | None`, if there is one."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for argument in getattr(annotation, "__args__", ()):
        found = _inner(argument)
        if found is not None:
            return found
    return None


def _nearest(key: str, allowed: list[str]) -> str:
    close = get_close_matches(key, allowed, n=1)
    if close:
        return f"write {close[0]!r}"
    return f"write one of {', '.join(sorted(allowed))}" if allowed else "remove it"
