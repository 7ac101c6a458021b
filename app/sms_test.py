"""`nigehban sms-test NUMBER`: one message by one channel, past everything else."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

import phonenumbers

from alerting.load import load_texts
from alerting.message import system_text
from app.clock import SystemClock
from app.folder import data_folder
from app.settings import load
from domain.alarm import Delivery, Reason
from domain.errors import ConfigError, Problem


def send(number: str, data: Path, settings_file: Path | None, channel: str | None) -> str:
    """The words to print; ConfigError for a bad number or channel, Retryable or Permanent from it."""
    settings = load(settings_file)
    name = channel or settings.channel_names[0]
    if name not in settings.channel_names:
        known = ", ".join(settings.channel_names)
        raise ConfigError([Problem("sms-test", 1, f"channel {name!r} is not open", f"write one of {known}")])
    try:
        valid = phonenumbers.is_valid_number(phonenumbers.parse(number))
    except phonenumbers.NumberParseException:
        valid = False
    if not valid:
        remedy = "write it with + and country code, such as +923001234567"
        raise ConfigError([Problem("sms-test", 1, f"{number!r} is no telephone number", remedy)])
    data_folder(data)
    now = SystemClock().now()
    text = system_text("test", load_texts(), ZoneInfo("Asia/Karachi"), now)
    delivery = Delivery(f"test/{now}/{number}", "test", now, "test", number, name, text, Reason.OPENED)
    receipt = settings.channels(data)[name].send(delivery)
    return f"{name} took it as {receipt.provider_id}: {receipt.status}\n{text}"
