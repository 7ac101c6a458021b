"""What the journal keeps besides incidents and messages, and the one unit `watch` commits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from domain.alarm import Decision, Incident, OwedEvent, Transition


@dataclass(frozen=True, slots=True)
class Change:
    """All that one input changed, committed in one transaction before anything is sent.

    `state` holds the engine's durable state, JSON-able, by key (such as "device/cam-7");
    None removes the key.
    """

    at: int
    state: Mapping[str, Mapping[str, Any] | None] = field(default_factory=dict)
    transitions: tuple[Transition, ...] = ()
    incidents: tuple[Incident, ...] = ()  # new or changed, whole
    owed: tuple[OwedEvent, ...] = ()
    decisions: tuple[Decision, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.state or self.transitions or self.incidents or self.owed or self.decisions)


@dataclass(frozen=True, slots=True)
class Configuration:
    """An accepted configuration: the text of its files, and how it differs from the one before."""

    hash: str  # SHA-256 over the files, in hex
    at: int
    files: Mapping[str, str]
    diff: str = ""


@dataclass(frozen=True, slots=True)
class Coverage:
    """From when to when a device was under watch, and under which configuration."""

    device: str
    box: str
    first_at: int
    last_at: int
    configuration: str


@dataclass(frozen=True, slots=True)
class Request:
    """A command from the CLI or the web for `watch`, answered in the journal."""

    id: int
    at: int
    verb: str  # "acknowledge", "reload", ...
    arguments: Mapping[str, Any] = field(default_factory=dict)
    answer: str | None = None
    ok: bool | None = None


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    at: int
    incident: str
    code: str
    by: str
    road: str = "cli"  # cli, console, sms, link
