"""Reads and checks what an operator may edit here: texts.yaml, roster.yaml.

Every problem is told at once, by line. What comes out is frozen and needs no further checking.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import Field

from alerting import message
from alerting.message import CauseText, Texts
from alerting.roster import Budget, Roster, Rule
from config.located import Loc, Located, read
from config.shape import Shape, validate
from domain.alarm import Cause, Concern, Confidence, Notice, Reason
from domain.errors import ConfigError, Problem
from domain.place import Role

TEXTS = Path(__file__).with_name("texts.yaml")
ROSTER = Path(__file__).with_name("roster.yaml")

TOLD_REASONS = (
    Reason.OPENED,
    Reason.CAUSE_WORSE,
    Reason.MORE_DARK,
    Reason.CORROBORATED,
    Reason.HOLD_ELAPSED,
    Reason.ESCALATED,
    Reason.CLOSED,
)
"""Why something may be told; the other reasons are silences."""

Variants = Annotated[list[str], Field(min_length=1)]
Count = Annotated[int, Field(ge=1)]
K = TypeVar("K", bound=StrEnum)


class _CauseShape(Shape):
    opened: Variants
    worse: Variants | None = None
    closed: Variants


class _TextsShape(Shape):
    layout: dict[str, Variants]
    shorten: list[str]
    lead: dict[str, str]
    maybe: dict[str, str]
    phrases: dict[str, Variants]
    causes: dict[str, _CauseShape]
    durations: dict[str, str]
    days: Annotated[list[str], Field(min_length=7, max_length=7)]
    months: Annotated[list[str], Field(min_length=12, max_length=12)]
    system: dict[str, str]


class _RuleShape(Shape):
    concerns: Annotated[list[Concern], Field(min_length=1)]
    causes: list[Cause] = []
    when: Annotated[list[Reason], Field(min_length=1)]
    corroborated: bool = False


class _ExemptShape(Shape):
    concerns: list[Concern] = []
    causes: list[Cause] = []


class _BudgetShape(Shape):
    per_contact_per_hour: Count
    per_city_per_hour: Count
    exempt: _ExemptShape = _ExemptShape()


class _RosterShape(Shape):
    roles: dict[str, list[_RuleShape]]
    budget: _BudgetShape


def load_texts(path: Path = TEXTS, shown_as: str | None = None) -> Texts:
    """ConfigError with every problem found; every cause, notice and phrase must be there."""
    return make_texts(read(path, shown_as))


def make_texts(document: Located) -> Texts:
    """As `load_texts`, of a document already read (a journalled configuration, say)."""
    shape, problems = validate(document, _TextsShape)
    if shape is None:
        raise ConfigError(problems)
    causes = _keys(document, "causes", shape.causes, tuple(Cause), problems)
    layout = _keys(document, "layout", shape.layout, tuple(Notice), problems)
    lead = _keys(document, "lead", shape.lead, TOLD_REASONS, problems)
    maybe = _keys(document, "maybe", shape.maybe, tuple(Confidence), problems)
    names = message.PHRASE_FIELDS
    phrases = _names(document, "phrases", shape.phrases, tuple(names), problems)
    durations = _names(document, "durations", shape.durations, ("minutes", "hours", "days"), problems)
    system = _names(document, "system", shape.system, ("silent", "alive", "test"), problems)

    for notice, pieces in shape.layout.items():
        _fields(document, ("layout", notice), pieces, message.LAYOUT_FIELDS, problems)
    for name, variants in phrases.items():
        _fields(document, ("phrases", name), variants, names[name], problems)
    for unit, text in durations.items():
        _fields(document, ("durations", unit), [text], message.DURATION_FIELDS, problems)
    for which, text in system.items():
        _fields(document, ("system", which), [text], message.SYSTEM_FIELDS, problems)
    for i, part in enumerate(shape.shorten):
        if part not in {*names, "what"}:
            known = sorted({*names, "what"})
            problems.append(_unknown(document, ("shorten", i), f"part {part!r}", part, known))
    for cause, entry in shape.causes.items():
        for which in ("opened", "worse", "closed"):
            variants = getattr(entry, which) or []
            loc = ("causes", cause, which)
            sound = _fields(document, loc, variants, message.CAUSE_FIELDS, problems)
            if variants and sound and not message.fields_of(variants[-1]) <= message.ALWAYS_KNOWN:
                what = f"the shortest text of {cause} needs a field that may be unknown"
                remedy = "add a last text without fields other than {maybe}"
                problems.append(document.problem((*loc, len(variants) - 1), what, remedy))
    if problems:
        raise ConfigError(sorted(set(problems)))
    return Texts(
        layout={n: tuple(v) for n, v in layout.items()},
        shorten=tuple(shape.shorten),
        lead=lead,
        maybe=maybe,
        phrases={n: tuple(v) for n, v in phrases.items()},
        causes={
            c: CauseText(tuple(e.opened), tuple(e.worse or e.opened), tuple(e.closed))
            for c, e in causes.items()
        },
        durations=durations,
        days=tuple(shape.days),
        months=tuple(shape.months),
        system=system,
    )


def load_roster(path: Path = ROSTER, shown_as: str | None = None) -> Roster:
    """ConfigError with every problem found; every role must be there, if only with an empty list."""
    return make_roster(read(path, shown_as))


def make_roster(document: Located) -> Roster:
    """As `load_roster`, of a document already read."""
    shape, problems = validate(document, _RosterShape)
    if shape is None:
        raise ConfigError(problems)
    roles = _keys(document, "roles", shape.roles, tuple(Role), problems)
    for role, rules in shape.roles.items():
        for i, rule in enumerate(rules):
            for j, reason in enumerate(rule.when):
                if reason not in TOLD_REASONS:
                    loc = ("roles", role, i, "when", j)
                    allowed = [r.value for r in TOLD_REASONS]
                    problems.append(
                        document.problem(
                            loc, f"{reason.value!r} is a silence", f"write one of {', '.join(allowed)}"
                        )
                    )
    if problems:
        raise ConfigError(sorted(set(problems)))
    return Roster(
        roles={
            role: tuple(
                Rule(frozenset(r.concerns), frozenset(r.causes), frozenset(r.when), r.corroborated)
                for r in rules
            )
            for role, rules in roles.items()
        },
        budget=Budget(
            shape.budget.per_contact_per_hour,
            shape.budget.per_city_per_hour,
            frozenset(shape.budget.exempt.concerns),
            frozenset(shape.budget.exempt.causes),
        ),
    )


V = TypeVar("V")


def _names(
    document: Located, at: str, given: Mapping[str, V], wanted: Sequence[str], problems: list[Problem]
) -> dict[str, V]:
    """Exactly the wanted keys, with a problem for each unknown and each missing one."""
    strange = [key for key in given if key not in wanted]
    problems.extend(_unknown(document, (at, key), f"key '{at}.{key}'", key, wanted) for key in strange)
    missing = [key for key in wanted if key not in given]
    problems.extend(document.problem((at,), f"'{at}.{key}' is missing", f"add {key}: ...") for key in missing)
    return {key: given[key] for key in wanted if key in given}


def _keys(
    document: Located, at: str, given: Mapping[str, V], wanted: Sequence[K], problems: list[Problem]
) -> dict[K, V]:
    found = _names(document, at, given, [str(k) for k in wanted], problems)
    return {key: found[str(key)] for key in wanted if str(key) in found}


def _fields(
    document: Located, at: Loc, texts: Sequence[str], allowed: frozenset[str], problems: list[Problem]
) -> bool:
    """Whether every text is sound; a problem for each that is not, at its own line."""
    before = len(problems)
    for i, text in enumerate(texts):
        loc = (*at, i)
        try:
            unknown = message.fields_of(text) - allowed
        except ValueError as error:
            remedy = "write {name} with a plain name, and {{ for a brace"
            problems.append(document.problem(loc, f"{text!r} cannot be filled: {error}", remedy))
            continue
        problems.extend(
            _unknown(document, loc, f"field {{{name}}}", name, sorted(allowed)) for name in sorted(unknown)
        )
    return len(problems) == before


def _unknown(document: Located, at: Loc, what: str, word: str, allowed: Sequence[str]) -> Problem:
    close = get_close_matches(word, allowed, n=1)
    if close:
        remedy = f"write {close[0]!r}"
    elif allowed:
        remedy = f"write one of {', '.join(sorted(allowed))}"
    else:
        remedy = "no field may stand here"
    return document.problem(at, f"unknown {what}", remedy)
