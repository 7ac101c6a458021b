"""The live terminal: what is up, what is open, and each SMS as its recipient would see it."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from rich.columns import Columns
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from alerting.channels.terminal import bubble
from domain.alarm import Incident
from domain.errors import NigehbanError
from storage.journal import Reader

SHOWN = 4  # the newest messages on the screen; all are in the file
_COLOURS = {"outage": "red", "tamper": "magenta", "monitor": "red", "power": "yellow", "battery": "yellow"}


class Messages:
    """Follows the file of the terminal channel."""

    def __init__(self, file: Path, from_start: bool = False) -> None:
        self._file = file
        self._read_to = 0 if from_start or not file.exists() else file.stat().st_size

    def new(self) -> list[Mapping[str, Any]]:
        if not self._file.exists():
            return []
        found = []
        with self._file.open("rb") as lines:
            lines.seek(self._read_to)
            for line in lines:
                if not line.endswith(b"\n"):
                    break
                self._read_to += len(line)
                with suppress(ValueError):  # one that a crash has torn
                    found.append(json.loads(line))
        return found


class Screen:
    """Drawn again every half second on a terminal; elsewhere a line for each thing that is new."""

    def __init__(
        self, reader: Reader, messages: Messages, zone: ZoneInfo, title: str, notes: Sequence[str]
    ) -> None:
        self._reader = reader
        self._messages = messages
        self._zone = zone
        self._title = title
        self._notes = tuple(notes)
        self._recent: deque[Mapping[str, Any]] = deque(maxlen=SHOWN)
        self._count = 0
        self._known: dict[str, Incident] = {}
        self.console = Console()
        self._live = Live(console=self.console, auto_refresh=False, screen=False)
        self._drawn = self.console.is_terminal and not self.console.is_dumb_terminal

    def __enter__(self) -> Screen:
        for note in self._notes:
            self.console.print(note, highlight=False)
        if self._drawn:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._drawn:
            self._live.stop()

    def refresh(self) -> None:
        try:
            incidents = self._reader.open_incidents()
            status = self._reader.engine_state("status/watch") or {}
        except NigehbanError:
            return  # the journal is busy: the next half second will do
        new = self._messages.new()
        self._recent.extend(new)
        self._count += len(new)
        if self._drawn:
            self._live.update(self._picture(incidents, status), refresh=True)
        else:
            self._lines(incidents, new)

    def say(self, words: str) -> None:
        """A line above the picture, unless it is empty."""
        if words:
            self.console.print(words, style="bold red", highlight=False, markup=False)

    def _picture(self, incidents: Sequence[Incident], status: Mapping[str, Any]) -> RenderableType:
        return Group(self._head(status), self._table(incidents), Columns(self._bubbles(), equal=True))

    def _head(self, status: Mapping[str, Any]) -> RenderableType:
        if not status:
            return Panel("starting ...", title=self._title)
        up = status["heard"] - status["down"]
        text = Text.assemble(
            (f"{up} up", "green"),
            "  ",
            (f"{status['down']} down", "red" if status["down"] else "dim"),
            "  ",
            (f"{status['degraded']} degraded", "yellow" if status["degraded"] else "dim"),
            f"  of {status['devices']} devices   ",
            (f"{status['dark_boxes']} boxes dark", "red" if status["dark_boxes"] else "dim"),
            ("   THE MONITOR ITSELF IS CUT OFF" if status["blind"] else "", "bold red"),
            f"   {self._count} SMS   {self._clock(status['at'])}",
        )
        return Panel(text, title=self._title)

    def _table(self, incidents: Sequence[Incident]) -> RenderableType:
        table = Table(expand=True, title="Open incidents" if incidents else "No open incidents")
        for column in ("Code", "Box", "Since", "What", "Cameras dark", "Evidence"):
            table.add_column(column, overflow="fold", ratio=4 if column == "Evidence" else None)
        for incident in incidents:
            table.add_row(
                incident.code,
                incident.target,
                self._clock(incident.since),
                Text(str(incident.cause).replace("_", " "), _COLOURS.get(incident.concern, "")),
                str(len(incident.cameras_dark) or ""),
                "; ".join(incident.evidence),
            )
        return table

    def _bubbles(self) -> list[RenderableType]:
        return [
            Panel(
                Text(str(entry["text"])),
                title=f"SMS to {entry['contact']} {entry['to']}",
                title_align="left",
                border_style="cyan",
                width=46,
            )
            for entry in self._recent
        ]

    def _lines(self, incidents: Sequence[Incident], new: Sequence[Mapping[str, Any]]) -> None:
        open_now = {incident.id: incident for incident in incidents}
        for id_, incident in open_now.items():
            before = self._known.get(id_)
            if before is None or before.cause is not incident.cause:
                self._print(incident, str(incident.cause).replace("_", " "))
        for id_ in self._known.keys() - open_now.keys():
            self._print(self._known[id_], "over")
        self._known = open_now
        for entry in new:
            self.console.print(bubble(entry), highlight=False, markup=False)

    def _print(self, incident: Incident, words: str) -> None:
        line = f"{incident.target} {incident.concern}: {words} (code {incident.code})"
        self.console.print(line, highlight=False, markup=False)

    def _clock(self, at: int) -> str:
        return datetime.fromtimestamp(at / 1000, self._zone).strftime("%H:%M:%S")
