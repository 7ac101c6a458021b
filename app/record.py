"""Inputs as JSON lines: what `run --record` writes and `replay` reads.

A line is a reading or another input; a file made by `run --record` begins with a header that holds
the engine's starting state and the configuration's hash. Times are ISO 8601 in UTC.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

from domain.alarm import Cause, Concern, Confidence, Incident
from domain.errors import ConfigError, Problem
from domain.input import Acknowledge, Input, Reload, Start, Stop, Wake
from domain.metric import CATALOGUE
from domain.reading import Outcome, Probe, Reading, Trust, parsed, written

VERSION = 1
_KEYS = {"at", "device", "probe", "outcome", "values", "texts", "trust", "asked"}
_UNREADABLE = (AttributeError, KeyError, OverflowError, TypeError, ValueError)
_PLAIN: dict[str, Callable[[int], Input]] = {"start": Start, "stop": Stop, "wake": Wake}


def iso(at: int) -> str:
    """Engine milliseconds as ISO 8601; milliseconds are written only where there are some."""
    text = datetime.fromtimestamp(at // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{text}.{at % 1000:03d}Z" if at % 1000 else f"{text}Z"


def milliseconds(text: str) -> int:
    """The reverse of `iso`; any offset is understood. ValueError when it is no time."""
    when = datetime.fromisoformat(text)
    if when.tzinfo is None:
        raise ValueError("a time needs its zone")
    whole = when.replace(microsecond=0)
    return int(whole.timestamp()) * 1000 + when.microsecond // 1000


@dataclass(frozen=True, slots=True)
class Header:
    """Where a recording starts from."""

    configuration: str
    at: int
    state: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    incidents: tuple[Incident, ...] = ()

    def line(self) -> str:
        return _line(
            {
                "recording": VERSION,
                "at": iso(self.at),
                "configuration": self.configuration,
                "state": self.state,
                "incidents": [asdict(incident) for incident in self.incidents],
            }
        )


def _line(row: Mapping[str, Any]) -> str:
    return json.dumps(row, ensure_ascii=False, separators=(",", ":"), default=str)


def encode(given: Input, files: Mapping[str, str] | None = None) -> str:
    """One input as a line; `files` are the texts of a reload's configuration."""
    if isinstance(given, Reading):
        row: dict[str, Any] = {
            "at": iso(given.at),
            "device": given.device,
            "probe": given.probe,
            "outcome": given.outcome,
        }
        if given.values:
            row["values"] = {written(key): value for key, value in given.values.items()}
        if given.texts:
            row["texts"] = dict(given.texts)
        if given.trust is not Trust.PLAIN:
            row["trust"] = given.trust
        if given.asked:
            row["asked"] = iso(given.asked)
        return _line(row)
    row = {"at": iso(given.at), "input": type(given).__name__.lower()}
    if isinstance(given, Acknowledge):
        row |= {"code": given.code, "by": given.by}
    elif isinstance(given, Reload):
        row["files"] = dict(files or {})
    return _line(row)


def keep_earlier(path: Path) -> None:
    """Puts a recording that is there already, and its events, aside as `path.1`, `path.2`, ...: a watcher
    that is started again after a crash must not destroy the recording of that very crash."""
    if not path.exists():
        return
    nth = 1
    while path.with_name(f"{path.name}.{nth}").exists():
        nth += 1
    path.rename(path.with_name(f"{path.name}.{nth}"))
    events = path.with_name(f"{path.name}.events")
    if events.exists():
        events.rename(path.with_name(f"{path.name}.{nth}.events"))


class Recorder:
    """Writes a recording; each line is flushed, so that a crash costs at most the last one."""

    def __init__(self, path: Path, header: Header) -> None:
        self._file: TextIO = path.open("w", encoding="utf-8")
        self._file.write(header.line() + "\n")

    def write(self, given: Input, files: Mapping[str, str] | None = None) -> None:
        if isinstance(given, Wake):  # a replay makes them by itself, at the same moments
            return
        self._file.write(encode(given, files) + "\n")
        self._file.flush()

    def close(self) -> None:
        self._file.close()


class Recording:
    """Reads a recording line by line; every unreadable line is a ConfigError with its number."""

    def __init__(self, path: Path) -> None:
        self._path = str(path)
        try:
            self._lines = path.open("rb")
        except OSError as error:
            raise self._wrong(1, f"cannot be read: {error.strerror}", "name a file of JSON lines") from None
        self._first = self._lines.readline()
        self.header = self._header()

    def _wrong(self, line: int, what: str, remedy: str) -> ConfigError:
        return ConfigError([Problem(self._path, line, what, remedy)])

    def _header(self) -> Header | None:
        row = self._row(1, self._first) if self._first.strip() else {}
        if "recording" not in row:
            return None
        if row["recording"] != VERSION:
            remedy = "replay it with the version that recorded it"
            raise self._wrong(1, f"recording of format {row['recording']}", remedy)
        try:
            return Header(
                row["configuration"],
                milliseconds(row["at"]),
                row["state"],
                tuple(map(_incident, row["incidents"])),
            )
        except _UNREADABLE as error:
            raise self.bad_header(error) from None

    def bad_header(self, error: Exception) -> ConfigError:
        """For whoever finds that the starting state cannot be used."""
        return self._wrong(1, f"header: {_said(error)}", "replay the file as `run --record` wrote it")

    def inputs(self, reload: Callable[[int, Mapping[str, str]], Reload]) -> Iterator[Input]:
        """Every input in file order; `reload` makes the configuration of a reload line's files."""
        last = 0
        numbered = enumerate(self._all_lines(), start=1)
        for number, text in numbered:
            if not text.strip() or (number == 1 and self.header is not None):
                continue
            row = self._row(number, text)
            try:
                given = _decode(row, reload)
            except _UNREADABLE as error:
                remedy = "see docs/replay.md for the form of a line"
                raise self._wrong(number, _said(error), remedy) from None
            if given.at < last:
                raise self._wrong(number, "earlier than the line before", "sort the file by time")
            last = given.at
            yield given

    def _all_lines(self) -> Iterator[bytes]:
        yield self._first
        yield from self._lines
        self._lines.close()

    def _row(self, number: int, text: bytes) -> dict[str, Any]:
        try:
            row = json.loads(text.decode())
        except (ValueError, RecursionError) as error:
            raise self._wrong(number, f"not JSON: {error}", "write one JSON object a line") from None
        if not isinstance(row, dict):
            raise self._wrong(number, "not an object", "write one JSON object a line")
        return row


def _said(error: Exception) -> str:
    return f"{error.args[0]!r} is missing" if isinstance(error, KeyError) else str(error)


def _decode(row: dict[str, Any], reload: Callable[[int, Mapping[str, str]], Reload]) -> Input:
    at = milliseconds(row["at"])
    kind = row.get("input")
    if kind is None:
        return _reading(row, at)
    if kind in _PLAIN:
        return _PLAIN[kind](at)
    if kind == "acknowledge":
        return Acknowledge(at, str(row["code"]), str(row.get("by", "")))
    if kind == "reload":
        return reload(at, row.get("files", {}))
    raise ValueError(f"input {kind!r} is none of acknowledge, reload, start, stop, wake")


def _reading(row: dict[str, Any], at: int) -> Reading:
    if unknown := row.keys() - _KEYS:
        raise ValueError(f"unknown key {sorted(unknown)[0]!r}")
    values = {}
    for name, value in _object(row, "values").items():
        key = parsed(name)
        if key[0] not in CATALOGUE:
            raise ValueError(f"{key[0]!r} is not a metric")
        if isinstance(value, (int, float)):  # a text among the values is no evidence
            values[key] = float(value)
    return Reading(
        str(row["device"]),
        Probe(row["probe"]),
        at,
        Outcome(row["outcome"]),
        values,
        {name: str(text) for name, text in _object(row, "texts").items()},
        {},
        Trust(row.get("trust", Trust.PLAIN)),
        milliseconds(row["asked"]) if "asked" in row else 0,
    )


def _object(row: dict[str, Any], key: str) -> dict[str, Any]:
    found = row.get(key, {})
    if not isinstance(found, dict):
        raise TypeError(f"{key} is not an object")
    return found


def _incident(row: Mapping[str, Any]) -> Incident:
    return Incident(
        **{
            **row,
            "concern": Concern(row["concern"]),
            "cause": Cause(row["cause"]),
            "confidence": Confidence(row["confidence"]),
            "devices": tuple(row["devices"]),
            "cameras_dark": tuple(row["cameras_dark"]),
            "evidence": tuple(row["evidence"]),
        }
    )
