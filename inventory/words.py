"""The small words of the file: ids, durations, addresses, secrets, numbers, dates.

Each is a type that pydantic checks and the JSON Schema describes. A ValueError here reads
"what is wrong -> what to write instead". PURE.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from datetime import date
from typing import Annotated, Any

import phonenumbers
from pydantic import AfterValidator, BeforeValidator, Field, PlainValidator, WithJsonSchema

from domain.place import SecretRef

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_DURATION = re.compile(r"([0-9]+(?:\.[0-9]+)?) ?(ms|s|m|min|h|d)")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
_LABEL = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)")
_SECRET = re.compile(r"(env):([A-Za-z_][A-Za-z0-9_]*)|(file):(/\S.*)")
_ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


def _text(value: Any, what: str, remedy: str) -> str:
    if not isinstance(value, str):
        shown = (
            "empty" if value is None else "not one word" if isinstance(value, (dict, list)) else repr(value)
        )
        raise ValueError(f"{what} {shown} -> {remedy}")
    return value


def plain(value: Any) -> Any:
    """Whole numbers where words are wanted (an id 17, a port 3) are taken as they were written."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def ident(value: str) -> str:
    """Ids are tags of series, words of the command line and keys of the journal."""
    if not _ID.fullmatch(value):
        raise ValueError(
            f"an id cannot be {value[:70]!r} -> use letters, digits, '-', '_' and '.', at most 64, no spaces"
        )
    return value


def duration(value: Any) -> float:
    """'30s', '5m', '1h' in seconds; from one second to one day."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        raise ValueError(f"{value} has no unit -> write {value}s or {value}m")
    match = _DURATION.fullmatch(_text(value, "a duration is", "write 30s, 5m or 1h"))
    if not match:
        raise ValueError(f"{value!r} is no duration -> write 30s, 5m or 1h")
    seconds = float(match[1]) * _SECONDS[match[2]]
    if not 1.0 <= seconds <= 86400.0:
        raise ValueError(f"{value!r} is out of range -> write a duration from 1s to 1d")
    return seconds


def host(value: Any) -> str:
    """An IPv4 or IPv6 literal, made canonical, or a host name by RFC 1123's rules."""
    text = _text(value, "an address is", "write an IP address such as 10.20.1.5, or a host name")
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        labels = text.removesuffix(".").split(".")
        if all(map(_LABEL.fullmatch, labels)) and not labels[-1].isdigit() and len(text) <= 253:
            return text.lower()
        split = re.fullmatch(r"(?:\w+://)?\[?([^]/]+?)\]?(?::(\d+))?/?", text)
        if split and (split[2] or "/" in text):
            port = f" and port: {split[2]}" if split[2] else ""
            raise ValueError(f"{text!r} is more than an address -> write {split[1]}{port}") from None
        raise ValueError(
            f"{text[:70]!r} is neither an IP address nor a host name -> write one such as 10.20.1.5"
        ) from None
    if address.is_multicast or address.is_unspecified or text == "255.255.255.255":
        raise ValueError(f"{text!r} is not one host -> write the address of the device itself")
    return str(address)


def listener(value: Any) -> str:
    """An address of this machine; 0.0.0.0 and :: mean all of them."""
    text = _text(value, "an address is", "write 0.0.0.0 or an address of this machine")
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        raise ValueError(
            f"{text[:70]!r} is no IP address -> write 0.0.0.0 or one of this machine's"
        ) from None


def secret(value: Any) -> SecretRef:
    """A reference, never the secret; what was written is not shown, for it may be the secret."""
    match = _SECRET.fullmatch(value) if isinstance(value, str) else None
    if not match:
        raise ValueError(
            "secrets do not stand in this file -> write env:NAME (a variable) or file:/path (a file with it)"
        )
    return SecretRef(match[1] or match[3], match[2] or match[4])


def protocol(*names: str) -> Callable[[Any], str]:
    """One of the names; anything else is not shown, for it may be a pass phrase in the wrong place."""

    def check(value: Any) -> str:
        if value not in names:
            raise ValueError(f"a protocol's name belongs here -> write one of {', '.join(names)}")
        return str(value)

    return check


def number(value: Any) -> str:
    """A telephone number in E.164, checked against its country's numbering plan."""
    text = _text(value, "a number is", 'write it as "+92 300 1234567"')
    if not text.lstrip().startswith("+"):
        raise ValueError(f"{text!r} has no country code -> write it from +, as +92 300 1234567")
    try:
        parsed = phonenumbers.parse(text)
    except phonenumbers.NumberParseException:
        raise ValueError(f"{text!r} is no telephone number -> write it as +92 300 1234567") from None
    if not phonenumbers.is_valid_number(parsed):
        raise ValueError(f"{text!r} is not a number its country gives out -> check its digits and length")
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def day(value: Any) -> str:
    text = _text(value, "a date is", "write it as 2025-03-31")
    try:
        if not _ISO_DATE.fullmatch(text):
            raise ValueError
        date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is no date -> write year-month-day, as 2025-03-31") from None
    return text


def _schema(pattern: str, *examples: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "pattern": pattern, "examples": list(examples)})


Id = Annotated[str, BeforeValidator(plain), AfterValidator(ident), _schema(f"^{_ID.pattern}$")]
Text = Annotated[str, Field(min_length=1, max_length=200)]
Word = Annotated[
    str,
    BeforeValidator(plain),
    Field(min_length=1, max_length=64),
    WithJsonSchema({"type": ["string", "integer"], "minLength": 1, "maxLength": 64}),
]
Duration = Annotated[float, PlainValidator(duration), _schema(f"^{_DURATION.pattern}$", "30s", "5m")]
Host = Annotated[str, PlainValidator(host), _schema(r"^[0-9A-Za-z.:%_-]+$", "10.20.1.5", "cam7.city.example")]
Listener = Annotated[str, PlainValidator(listener), _schema(r"^[0-9a-fA-F.:]+$", "0.0.0.0", "::")]  # noqa: S104
Secret = Annotated[
    SecretRef,
    PlainValidator(secret),
    _schema(r"^(env:[A-Za-z_][A-Za-z0-9_]*|file:/.+)$", "env:SNMP_COMMUNITY"),
]
_AUTH = ("SHA-256", "SHA-384", "SHA-512", "SHA-224", "SHA-1", "MD5", "none")
_PRIV = ("AES-128", "AES-192", "AES-256", "DES", "none")
Auth = Annotated[str, PlainValidator(protocol(*_AUTH)), WithJsonSchema({"enum": list(_AUTH)})]
Priv = Annotated[str, PlainValidator(protocol(*_PRIV)), WithJsonSchema({"enum": list(_PRIV)})]
Number = Annotated[str, PlainValidator(number), _schema(r"^\+[0-9 ()-]{6,24}$", "+92 300 1234567")]
Day = Annotated[str, PlainValidator(day), _schema(r"^\d{4}-\d{2}-\d{2}$", "2025-03-31")]
Port = Annotated[int, Field(ge=1, le=65535)]
