"""The channels there are. A new one is a file beside this, and one line here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from alerting.channels.terminal import TerminalChannel, TerminalShape
from alerting.channels.twilio import Credentials, TwilioChannel, TwilioShape
from config.shape import Shape
from domain.ports import Channel


@dataclass(frozen=True, slots=True)
class Ground:
    """What channels may need of the process they run in."""

    data: Path  # the data directory
    secret: Callable[[str], str]  # resolves "env:NAME" or "file:/path"
    screen: TextIO | None = None


@dataclass(frozen=True, slots=True)
class Kind:
    shape: type[Shape]
    build: Callable[[Any, Ground], Channel]


def _terminal(settings: TerminalShape, ground: Ground) -> Channel:
    return TerminalChannel(ground.data / settings.file, ground.screen)


def _twilio(settings: TwilioShape, ground: Ground) -> Channel:
    credentials = Credentials(
        settings.account_sid, settings.api_key or settings.account_sid, ground.secret(settings.secret)
    )
    return TwilioChannel(
        credentials,
        settings.sender,
        timeout_s=settings.timeout_s,
        valid_s=settings.valid_s,
        base_url=settings.base_url,
    )


CHANNELS: Mapping[str, Kind] = {
    "terminal": Kind(TerminalShape, _terminal),
    "twilio": Kind(TwilioShape, _twilio),
}
