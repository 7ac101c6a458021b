"""The accepted configuration: inventory, rules, profiles, texts and roster as one atomic set.

All of it is read, or none: a bad file is refused with every error of every file, and the set
before goes on. The texts of the accepted files are kept in the journal, from which `tell` and
`replay` read them back.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from difflib import unified_diff
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo

import inventory.child
import inventory.diff
import inventory.load
from alerting import load as telling
from alerting.decide import Plan
from alerting.message import Texts
from alerting.roster import Roster
from collector.device import load as profile_load
from collector.device.profile import ProfileSet
from config.located import parse
from domain.errors import ConfigError, Problem
from domain.place import City
from domain.record import Configuration
from domain.window import Window
from reports import contract
from reports import windows as planning
from rules import load as judging
from rules.rule import Rules

T = TypeVar("T")

LARGE = 2_000_000
"""Bytes of inventory from which it pays to read it in a child, whose memory dies with it."""


@dataclass(frozen=True, slots=True)
class Sources:
    """Where the set is read from. Shipped files are the default for all but the inventory."""

    inventory: Path
    rules: Path = judging.SHIPPED
    profiles: Path | None = None  # a folder whose profiles join, or replace, the shipped ones
    texts: Path = telling.TEXTS
    roster: Path = telling.ROSTER
    windows: Path | None = None  # planned work
    contract: Path | None = None  # the terms uptime is paid by

    def files(self) -> dict[str, Path]:
        found = {
            "inventory.yaml": self.inventory,
            "rules.yaml": self.rules,
            "texts.yaml": self.texts,
            "roster.yaml": self.roster,
        }
        if self.windows is not None:
            found["windows.yaml"] = self.windows
        if self.contract is not None:
            found["contract.yaml"] = self.contract
        if self.profiles is not None:
            found |= {f"profiles/{path.name}": path for path in sorted(self.profiles.glob("*.yaml"))}
        return found


@dataclass(frozen=True, slots=True)
class Accepted:
    city: City
    rules: Rules
    texts: Texts
    roster: Roster
    profiles: ProfileSet
    configuration: Configuration
    warnings: tuple[Problem, ...] = ()

    def plan(self, channels: tuple[str, ...]) -> Plan:
        """What telling needs; `channels` are those open here."""
        return telling_plan(self.city, self.texts, self.roster, channels)


def telling_plan(city: City, texts: Texts, roster: Roster, open_channels: tuple[str, ...]) -> Plan:
    wanted = tuple(name for name in city.channels if name in open_channels) or open_channels
    others = frozenset(open_channels) - set(wanted)
    return Plan(city.contacts, roster, texts, wanted, ZoneInfo(city.timezone), others=others)


def accept(sources: Sources, at: int, before: Accepted | None = None) -> Accepted:
    """Reads and checks the whole set; ConfigError with every problem of every file."""
    problems: list[Problem] = []

    def checked(make: Callable[[], T]) -> T | None:
        try:
            return make()
        except ConfigError as error:
            problems.extend(error.problems)
            return None

    loaded = checked(lambda: _inventory(sources.inventory))
    rules = checked(lambda: judging.load(sources.rules))
    texts = checked(lambda: telling.load_texts(sources.texts))
    roster = checked(lambda: telling.load_roster(sources.roster))
    if sources.profiles is not None and not sources.profiles.is_dir():
        problems.append(Problem(str(sources.profiles), 1, "there is no such folder", "name one of profiles"))
    folders = (profile_load.SHIPPED, *([sources.profiles] if sources.profiles else []))
    profiles = checked(lambda: profile_load.load(*folders))
    if loaded and profiles:
        problems += _unknown_profiles(loaded, profiles)
    windows: tuple[Window, ...] | None = ()
    if sources.windows is not None:
        path, city = sources.windows, loaded.city if loaded else None
        windows = checked(lambda: planning.load(path, city))
    if sources.contract is not None:
        terms, city = sources.contract, loaded.city if loaded else None
        checked(lambda: contract.load(terms, city))
    if problems or not (loaded and rules and texts and roster and profiles):
        raise ConfigError(problems)
    files = {name: path.read_text(encoding="utf-8") for name, path in sources.files().items()}
    files["inventory.yaml"] = loaded.document.text  # what was checked, should the file have changed since
    configuration = Configuration(_hash(files), at, files, _difference(before, loaded.city, files))
    rules = replace(rules, windows=windows or ())
    return Accepted(loaded.city, rules, texts, roster, profiles, configuration, loaded.warnings)


def _inventory(path: Path) -> inventory.load.Loaded:
    try:
        large = path.stat().st_size > LARGE
    except OSError:
        large = False  # the reader says what is wrong
    return inventory.child.load_in_child(path) if large else inventory.load.load(path)


def _unknown_profiles(loaded: inventory.load.Loaded, profiles: ProfileSet) -> list[Problem]:
    known = profiles.profiles
    found = []
    for device in loaded.city.devices.values():
        if device.profile != "auto" and device.profile not in known:
            loc = ("boxes", device.box, "devices", device.id, "profile")
            what = f"profile {device.profile!r} of {device.id} is not known"
            remedy = f"write auto, or one of {', '.join(sorted(known))}"
            found.append(loaded.document.problem(loc, what, remedy))
    return found


def _hash(files: Mapping[str, str]) -> str:
    digest = hashlib.sha256()
    for name in sorted(files):
        digest.update(f"{name}\0{len(files[name])}\0{files[name]}".encode())
    return digest.hexdigest()


def _difference(before: Accepted | None, city: City, files: Mapping[str, str]) -> str:
    """The inventory in words; other files line by line."""
    said = list(inventory.diff.diff(before.city if before else None, city))
    old = before.configuration.files if before else files
    for name in sorted({*old, *files} - {"inventory.yaml"}):
        was, now = old.get(name, "").splitlines(), files.get(name, "").splitlines()
        said += unified_diff(was, now, f"{name} before", f"{name} now", lineterm="", n=0)
    return "\n".join(said)


def city_of(files: Mapping[str, str]) -> City:
    return inventory.load.loads(files["inventory.yaml"]).city


def rules_of(files: Mapping[str, str]) -> Rules:
    rules = judging.make(parse(files["rules.yaml"], "rules.yaml"))
    return replace(rules, windows=planning.loads(files.get("windows.yaml", "{}")))


def plan_of(configuration: Configuration, open_channels: tuple[str, ...]) -> Plan:
    """The telling plan of a configuration that was accepted before, from its journalled texts."""
    files = configuration.files
    return telling_plan(
        city_of(files),
        telling.make_texts(parse(files["texts.yaml"], "texts.yaml")),
        telling.make_roster(parse(files["roster.yaml"], "roster.yaml")),
        open_channels,
    )
