"""Checks a parsed file against a pydantic model and words each error for the person who wrote it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from config.located import Loc, Located
from domain.errors import Problem


class Shape(BaseModel):
    """The base of every model of a file: unknown keys are errors, values are frozen."""

    model_config = ConfigDict(extra="forbid", frozen=True)


M = TypeVar("M", bound=BaseModel)

_SECRETS = ("secret", "token", "password", "community", "auth_key", "priv_key")
"""Keys whose values are never shown, whatever was written there."""


def validate(document: Located, model: type[M], at: Loc = ()) -> tuple[M | None, list[Problem]]:
    """The model made of the document (or of its part `at`), or None and every problem found."""
    value: Any = document.value
    for step in at:
        value = value[step]
    made, faults = attempt(value, model)
    problems = {document.problem(at + fault.loc, fault.what, fault.remedy) for fault in faults}
    problems.update(document.problems)
    return (None if problems else made), sorted(problems)


@dataclass(frozen=True, slots=True)
class Fault:
    """A problem that knows its path and not yet its line."""

    loc: Loc
    what: str
    remedy: str
    missing: bool = False


def attempt(value: Any, model: type[M]) -> tuple[M | None, list[Fault]]:
    """As `validate`, of a plain value."""
    try:
        return model.model_validate({} if value is None else value), []
    except ValidationError as error:
        details = error.errors(include_url=False, include_context=True)
        return None, [_fault(detail, model) for detail in details]


def _fault(detail: ErrorDetails, model: type[BaseModel]) -> Fault:
    loc = tuple(step for step in detail["loc"] if step != "[key]")
    where = ".".join(map(str, loc)) or "the file"
    kind, value, context = detail["type"], detail.get("input"), detail.get("ctx", {})
    if kind in ("extra_forbidden", "invalid_key"):
        return Fault(loc, f"unknown key {where!r}", nearest(str(loc[-1]), _fields(model, loc[:-1])))
    if kind == "missing":
        return Fault(loc, f"{where!r} is missing", f"add {loc[-1]}: ...", missing=True)
    message = detail["msg"].removeprefix("Value error, ").removeprefix("Assertion failed, ")
    if kind == "value_error":  # our own validators: "what -> remedy"
        what, _, remedy = message.partition(" -> ")
        return Fault(loc, f"{where}: {what}", remedy or "write it as the documentation shows")
    if value is None:
        return Fault(loc, f"{where} is empty", "give it a value, or remove the key")
    if loc and str(loc[-1]).endswith(_SECRETS):
        return Fault(loc, f"{where} is not a reference to a secret", "write env:NAME or file:/path")
    if kind in ("model_type", "dict_type"):  # the text is not shown: it may be a secret out of place
        keys = ", ".join(_fields(model, loc)[:6])
        return Fault(loc, f"{where} is {_sort(value)}", f"write keys below it{f' ({keys})' if keys else ''}")
    if kind in ("list_type", "frozen_set_type", "tuple_type", "set_type"):
        return Fault(loc, f"{where} is {_sort(value)}", "write a list: [one, two]")
    if kind == "string_type":
        remedy = "write text" if isinstance(value, (dict, list)) else f'write "{value}" in quotes'
        return Fault(loc, f"{where} is {_sort(value)}", remedy)
    if kind in ("enum", "literal_error"):
        return Fault(loc, f"{where} is {_shown(value)}", nearest(str(value), _choices(context["expected"])))
    if kind.startswith(("int_", "float_", "finite_")):
        return Fault(
            loc, f"{where} is {_shown(value)}", f"write a {'whole ' * kind.startswith('int_')}number"
        )
    if kind.startswith("bool_"):
        return Fault(loc, f"{where} is {_shown(value)}", "write true or false")
    remedy = message.replace("Input should be", "write a number").replace("Input should", "it should")
    return Fault(loc, f"{where} is {_shown(value)}", remedy[:1].lower() + remedy[1:])


def _sort(value: Any) -> str:
    if isinstance(value, bool):
        return "true or false"
    names = {dict: "a mapping", list: "a list", str: "text", int: "a number", float: "a number"}
    return "empty" if value is None else names.get(type(value), "something else")


def _shown(value: Any) -> str:
    if isinstance(value, (dict, list)):
        return _sort(value)
    shown = repr(value)
    return shown if len(shown) <= 60 else shown[:57] + "..."


def _choices(expected: str) -> list[str]:
    """The words in pydantic's "'a', 'b' or 'c'"."""
    return [word.strip("'") for word in expected.replace(" or ", ", ").split(", ")]


def _fields(model: type[BaseModel], loc: Loc) -> list[str]:
    """The keys allowed in the mapping at `loc`, as far as the models can be followed."""
    here: Any = model
    for step in loc:
        if _is_model(here):
            field = next((f for n, f in here.model_fields.items() if step in (n, f.alias)), None)
            here = _unwrapped(field.annotation) if field else None
        elif get_origin(here) in (dict, Mapping, list, tuple):
            here = _unwrapped(get_args(here)[-1])
        else:
            return []
    return [f.alias or n for n, f in here.model_fields.items()] if _is_model(here) else []


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _unwrapped(annotation: Any) -> Any:
    """The annotation without Annotated and without `| None`."""
    if hasattr(annotation, "__metadata__"):
        return _unwrapped(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        return next((_unwrapped(a) for a in get_args(annotation) if a is not type(None)), None)
    return annotation


def nearest(word: str, allowed: Sequence[str]) -> str:
    """A remedy that names the allowed word nearest to `word`, or all of them while they are few."""
    close = get_close_matches(word, allowed, n=1) or [a for a in allowed if a.lower() == word.lower()]
    if close:
        return f"write {close[0]!r}"
    if not allowed:
        return "remove it"
    listed = ", ".join(sorted(allowed)[:12])
    return f"write one of {listed}{', ...' * (len(allowed) > 12)}"
