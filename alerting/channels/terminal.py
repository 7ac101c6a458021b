"""SMS as their recipients would see them: a screen to look at and a file to look back in.

The file holds one JSON object a line: id, at (engine ms), to, contact, text, segments. It is the
ledger by which `find` knows what has left, so a line is on disk before a receipt is given.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TextIO

from alerting import gsm
from config.shape import Shape
from domain.alarm import Delivery, DeliveryStatus
from domain.errors import Retryable
from domain.ports import Receipt

WIDTH = 42  # of the bubble, about what a telephone shows


class TerminalShape(Shape):
    """Settings of the terminal channel."""

    file: str = "sms.log"  # inside the data directory unless absolute


class TerminalChannel:
    name = "terminal"

    def __init__(self, file: Path, screen: TextIO | None = None) -> None:
        self._file = file
        self._screen = screen
        self._lock = threading.Lock()
        self._known: set[str] = set()
        self._read_to = 0

    def send(self, delivery: Delivery) -> Receipt:
        """Retryable when the file cannot be written; nothing has been shown then."""
        entry = {
            "id": delivery.id,
            "at": delivery.at,
            "to": delivery.number,
            "contact": delivery.contact,
            "text": delivery.text,
            "segments": gsm.segments(delivery.text),
        }
        with self._lock:
            try:
                self._append(json.dumps(entry, ensure_ascii=False).encode() + b"\n")
            except OSError as error:
                raise Retryable(f"{self._file} cannot be written: {error.strerror}") from None
        if self._screen is not None:
            self._screen.write(bubble(entry) + "\n")
            self._screen.flush()
        return Receipt(delivery.id, DeliveryStatus.DELIVERED)

    def find(self, delivery: Delivery) -> Receipt | None:
        with self._lock:
            try:
                self._catch_up()
            except FileNotFoundError:
                return None
            except OSError as error:
                raise Retryable(f"{self._file} cannot be read: {error.strerror}") from None
            found = delivery.id in self._known
        return Receipt(delivery.id, DeliveryStatus.DELIVERED) if found else None

    def _append(self, line: bytes) -> None:
        descriptor = os.open(self._file, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o640)
        try:
            size = os.fstat(descriptor).st_size
            torn = size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"
            os.write(descriptor, b"\n" + line if torn else line)  # torn: a crash cut the last one
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def _catch_up(self) -> None:
        with self._file.open("rb") as file:
            file.seek(self._read_to)
            for line in file:
                if not line.endswith(b"\n"):
                    break
                self._read_to += len(line)
                try:
                    self._known.add(json.loads(line)["id"])
                except (ValueError, KeyError, TypeError):
                    continue  # a torn line: what it was about has not left


def bubble(entry: Mapping[str, Any]) -> str:
    """One entry of the file as a telephone would show it."""
    lines: list[str] = []
    for paragraph in str(entry["text"]).split("\n"):
        line = ""
        for word in paragraph.split(" "):
            if line and len(line) + 1 + len(word) > WIDTH:
                lines.append(line)
                line = word
            else:
                line = f"{line} {word}" if line else word
        lines.append(line)
    count = entry["segments"]
    head = f"SMS to {entry['to']} ({entry['contact']}), {count} segment{'s' if count > 1 else ''}"
    return "\n".join([head, *(f"  | {line}" for line in lines)])
