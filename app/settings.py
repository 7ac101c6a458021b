"""settings.yaml: where series go, by which roads people are told, how fast is swept.

All of it has defaults that need no file: the embedded store, and SMS on the terminal. Secrets are
named, never written: env:NAME or file:/path.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from alerting.channels.registry import CHANNELS, Ground
from collector.poller import PollSettings
from config.located import Located, parse, read
from config.shape import Shape, validate
from domain.errors import ConfigError, Problem
from domain.place import SecretRef
from domain.ports import Channel
from inventory.secrets import secret


def _reference(value: str) -> str:
    source, _, name = value.partition(":")
    if source not in ("env", "file") or not name:
        raise ValueError("not a reference to a secret -> write env:NAME or file:/path")
    return value


Secret = Annotated[str, AfterValidator(_reference)]


class EmbeddedShape(Shape):
    kind: Literal["embedded"] = "embedded"
    raw_days: int = Field(14, ge=1)
    rollup_days: int = Field(1825, ge=1)


class InfluxShape(Shape):
    kind: Literal["influx"]
    url: str
    database: str = "cctv"
    org: str = ""
    username: str = ""
    password: Secret | None = None
    token: Secret | None = None
    verify: bool | str = True
    timeout_s: float = Field(10, gt=0)
    retention_days: int = Field(365, ge=1)
    rollup_days: int = Field(1825, ge=1)


class PollShape(Shape):
    echoes: int = Field(3, ge=1, le=20)
    echo_timeout_s: float = Field(1.0, gt=0, le=30)
    snmp_timeout_s: float = Field(2.0, gt=0, le=60)
    snmp_attempts: int = Field(2, ge=1, le=5)


class DeadmanShape(Shape):
    channel: str | None = None  # default: the first one named under channels
    interval_s: float = Field(10, gt=0)


class MailShape(Shape):
    """Who is mailed the monthly report, by which server."""

    host: str
    port: int = Field(587, ge=1, le=65535)
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: str = ""
    password: Secret | None = None
    sender: str
    to: list[str] = Field(min_length=1)


class ReportsShape(Shape):
    """The report of each month, made on the first of the next and kept in the data directory."""

    formats: list[Literal["html", "xlsx", "csv", "pdf"]] = ["html", "xlsx", "csv"]
    language: Literal["en", "ur", "both"] = "en"
    mail: MailShape | None = None


class SettingsShape(Shape):
    store: Annotated[EmbeddedShape | InfluxShape, Field(discriminator="kind")] = EmbeddedShape()
    channels: dict[str, dict[str, Any]] = {"terminal": {}}
    deadman: DeadmanShape = DeadmanShape()
    poll: PollShape = PollShape()
    reports: ReportsShape = ReportsShape()


def resolve(reference: str | SecretRef) -> str:
    """The secret a reference leads to; ConfigError without showing anything of it."""
    if isinstance(reference, str):
        source, _, name = reference.partition(":")
        reference = SecretRef(source, name)
    return secret(reference, os.environ)


class Settings:
    """A checked settings file, and the objects it asks for."""

    def __init__(self, shape: SettingsShape, channels: Mapping[str, Any]) -> None:
        self.store = shape.store
        self.deadman = shape.deadman
        self.reports = shape.reports
        self._channels = channels
        self._poll = shape.poll

    @property
    def channel_names(self) -> tuple[str, ...]:
        return tuple(self._channels)

    def poll(self) -> PollSettings:
        return PollSettings(**self._poll.model_dump())

    def channels(self, data: Path) -> dict[str, Channel]:
        """Every road that is open; ConfigError when a secret of one is missing."""
        ground = Ground(data, resolve)
        return {name: CHANNELS[name].build(shape, ground) for name, shape in self._channels.items()}


def load(path: Path | None) -> Settings:
    """Without a file, the defaults. ConfigError with every problem found."""
    document = read(path) if path is not None else parse("{}", "settings")
    shape, problems = validate(document, SettingsShape)
    if shape is None:
        raise ConfigError(problems)
    channels: dict[str, Any] = {}
    for name in shape.channels:
        made = _channel(document, name, shape.channels[name], problems)
        if made is not None:
            channels[name] = made
    deadman = shape.deadman.channel
    if deadman is not None and deadman not in shape.channels:
        where = ("deadman", "channel")
        problems.append(document.problem(where, f"channel {deadman!r} is not open", "name it under channels"))
    if problems:
        raise ConfigError(problems)
    return Settings(shape, channels)


def _channel(document: Located, name: str, given: Mapping[str, Any], problems: list[Problem]) -> Shape | None:
    kind = CHANNELS.get(name)
    if kind is None:
        known = ", ".join(sorted(CHANNELS))
        problems.append(
            document.problem(("channels", name), f"unknown channel {name!r}", f"write one of {known}")
        )
        return None
    if document.value.get("channels") is None:  # a default, not in any file
        return kind.shape.model_validate(given)
    shape, found = validate(document, kind.shape, ("channels", name))
    problems += found
    return shape


Resolve = Callable[[SecretRef], str]
