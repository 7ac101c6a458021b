"""Reads a folder of profiles, joins `extends`, and finds every mistake with its line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from collector.device.expression import compiled, names
from collector.device.profile import Profile, ProfileFile, ProfileSet, Source, TextSource, Trap, Verdict
from config.located import Loc, Located, read
from config.shape import validate
from domain.errors import ConfigError, Problem
from domain.metric import CATALOGUE
from domain.place import Kind

SHIPPED = Path(__file__).parents[1] / "profiles"

_T = TypeVar("_T")
_File = tuple[Located, ProfileFile]


def load(*folders: Path) -> ProfileSet:
    """The profiles of the folders (the shipped one if none is named), in order: a file in a later
    folder replaces the profile of the same name. ConfigError with every problem of every file."""
    files: dict[str, _File] = {}
    problems: list[Problem] = []
    for folder in folders or (SHIPPED,):
        here: dict[str, str] = {}
        for path in sorted(folder.glob("*.yaml")):
            document = _read(path, problems)
            if document is None:
                continue
            model, found = validate(document, ProfileFile)
            problems += found
            if model is None:
                continue
            if model.profile in here:
                what = f"profile {model.profile!r} is already in {here[model.profile]}"
                problems.append(document.problem(("profile",), what, "give it another name"))
            here[model.profile] = document.file
            files[model.profile] = document, model
    for document, model in files.values():
        problems += _names(document, model)
    profiles: dict[str, Profile] = {}
    for name, (document, model) in files.items():
        chain = _chain(name, files, problems)
        if model.kind is not None and chain is not None:
            profile = _joined(model, model.kind, _moved(model, [files[link][1] for link in chain]))
            problems += _expressions(document, model, profile)
            profiles[name] = profile
    if problems:
        raise ConfigError(sorted(set(problems)))
    traps: list[Trap] = [trap for _, model in files.values() for trap in model.traps]
    return ProfileSet(profiles, tuple(traps))


def _read(path: Path, problems: list[Problem]) -> Located | None:
    try:
        return read(path)
    except ConfigError as error:
        problems += error.problems
        return None


def _chain(name: str, files: Mapping[str, _File], problems: list[Problem]) -> list[str] | None:
    """The profile and all it extends, nearest first; None (and a problem) for a gap or a circle."""
    chain: list[str] = []

    def visit(link: str, above: tuple[str, ...]) -> bool:
        document, model = files[link]
        for number, parent in enumerate(model.extends):
            loc: Loc = ("extends", number)
            if parent not in files:
                problems.append(document.problem(loc, f"{parent!r} is not to be found", _one_of(files)))
                return False
            if parent == link or parent in above:
                problems.append(document.problem(loc, f"{parent!r} extends in a circle", "break the circle"))
                return False
        if link not in chain:
            chain.append(link)
        return all(visit(parent, (*above, link)) for parent in model.extends)

    return chain if visit(name, ()) else None


def _one_of(files: Mapping[str, object]) -> str:
    return f"write one of {', '.join(sorted(files))}"


def _joined(model: ProfileFile, kind: Kind, chain: Sequence[ProfileFile]) -> Profile:
    dropped: set[str] = set()
    facts: dict[str, tuple[Source, ...]] = {}
    metrics: dict[str, tuple[Source, ...]] = {}
    derived: dict[str, tuple[Verdict, ...]] = {}
    texts: dict[str, tuple[TextSource, ...]] = {}
    walks: list[str] = []
    changed_by: dict[str, None] = {}
    for link in chain:
        _append(facts, link.facts, dropped)
        _append(metrics, link.metrics, dropped)
        _append(texts, link.texts, dropped)
        for name, verdicts in link.derived.items():
            if name not in dropped:
                derived[name] = derived.get(name, ()) + verdicts
        walks += [root for root in link.walk if root not in walks]
        changed_by |= dict.fromkeys(link.changed_by)
        dropped |= set(link.drop)
    return Profile(
        name=model.profile,
        title=model.title,
        kind=kind,
        chain=tuple(link.profile for link in chain),
        recognise=model.recognise,
        walk=tuple(walks),
        slow_every=model.slow_every,
        changed_by=tuple(changed_by),
        facts=facts,
        metrics=metrics,
        derived=derived,
        texts=texts,
    )


def _moved(model: ProfileFile, chain: Sequence[ProfileFile]) -> list[ProfileFile]:
    """The chain with all inherited OIDs below `rebase.from` moved to `rebase.to`."""
    if model.rebase is None:
        return list(chain)
    old, new = model.rebase.from_, model.rebase.to

    def move(value: object) -> object:
        if isinstance(value, str):
            return new + value[len(old) :] if f"{value}.".startswith(f"{old}.") else value
        if isinstance(value, Mapping):
            return {key: move(child) for key, child in value.items()}
        if isinstance(value, list | tuple):
            return [move(child) for child in value]
        return value

    own, *inherited = chain
    moved = [link.model_dump(by_alias=True, exclude={"traps"}) for link in inherited]
    return [own, *(ProfileFile.model_validate(move(link)) for link in moved)]


def _append(into: dict[str, tuple[_T, ...]], more: Mapping[str, tuple[_T, ...]], dropped: set[str]) -> None:
    for name, sources in more.items():
        if name not in dropped:
            into[name] = into.get(name, ()) + sources


def _names(document: Located, model: ProfileFile) -> list[Problem]:
    """Metric names that the catalogue does not know, and labels where there must be none."""
    found: list[Problem] = []

    def unknown(loc: Loc, name: str) -> None:
        found.append(document.problem(loc, f"{name!r} is no metric", "write a name of domain/metric.py"))

    for name, sources in model.metrics.items():
        if name not in CATALOGUE:
            unknown(("metrics", name), name)
            continue
        wanted = CATALOGUE[name].label
        for number, source in enumerate(sources):
            loc: Loc = ("metrics", name, number)
            if wanted and source.column is None and not source.label:
                found.append(document.problem(loc, f"{name} needs a label", f"add label: ... (its {wanted})"))
            if not wanted and (source.label or (source.column is not None and not source.first)):
                found.append(
                    document.problem(loc, f"{name} has one value", "write scalar or exact, or first: true")
                )
    for name in model.derived:
        if name not in CATALOGUE or CATALOGUE[name].label:
            unknown(("derived", name), name)
    for name in model.facts:
        if name in CATALOGUE:
            what = f"fact {name!r} has the name of a metric"
            found.append(document.problem(("facts", name), what, "move it to metrics, or rename it"))
    for number, trap in enumerate(model.traps):
        for name, value in trap.each_value():
            if name not in CATALOGUE:
                unknown(("traps", number, "values", name), name)
            elif bool(CATALOGUE[name].label) != _labelled(value.label, value.label_part, value.label_varbind):
                what = f"{name} {'needs a' if CATALOGUE[name].label else 'has no'} label"
                remedy = "set or drop label, label_part, label_varbind"
                found.append(document.problem(("traps", number, "values", name), what, remedy))
    return found


def _labelled(label: str | None, part: int | None, varbind: str | None) -> bool:
    return bool(label) or part is not None or varbind is not None


def _expressions(document: Located, model: ProfileFile, profile: Profile) -> list[Problem]:
    found: list[Problem] = []
    known = {*profile.facts, *profile.metrics, *profile.derived}
    for name, verdicts in model.derived.items():
        for number, verdict in enumerate(verdicts):
            for key, text in (("when", verdict.when), ("value", verdict.value)):
                if text is None:
                    continue
                loc: Loc = ("derived", name, number, key)
                try:
                    compiled(text)
                    missing = names(text) - known
                except ValueError as error:
                    found.append(document.problem(loc, str(error), "mend the expression"))
                    continue
                if missing:
                    what = f"{', '.join(sorted(missing))} in {key} is neither fact nor metric here"
                    found.append(document.problem(loc, what, "define it under facts"))
    return found


__all__ = ["SHIPPED", "load"]
