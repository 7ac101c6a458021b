"""Looks up what the inventory only refers to: variables of the environment and files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from domain.errors import ConfigError, Problem
from domain.place import City, SecretRef


def secret(reference: SecretRef, environ: Mapping[str, str]) -> str:
    """The secret, without the line's end of a file; ConfigError says why there is none."""
    value, why = _look(reference, environ)
    if value is None:
        raise ConfigError([Problem(str(reference), 1, f"a secret {why}", _remedy(reference))])
    return value


def missing_secrets(city: City, environ: Mapping[str, str]) -> tuple[str, ...]:
    """A line for each reference that leads to no secret, with who needs it; never a secret's value."""
    users: dict[SecretRef, list[str]] = {}
    for reference, user in _references(city):
        users.setdefault(reference, []).append(user)
    lines = []
    for reference, needed in sorted(users.items(), key=lambda item: str(item[0])):
        value, why = _look(reference, environ)
        if value is None:
            whom = needed[0] if len(needed) == 1 else f"{needed[0]} and {len(needed) - 1} more"
            lines.append(f"{reference} {why}, {_remedy(reference)} (needed by {whom})")
    return tuple(lines)


def _references(city: City) -> Iterator[tuple[SecretRef, str]]:
    if city.traps is not None and city.traps.community is not None:
        yield city.traps.community, "traps"
    for device in city.devices.values():
        snmp = device.snmp
        if snmp is None:
            continue
        if snmp.community is not None:
            yield snmp.community, device.id
        for key in (snmp.v3.auth_key, snmp.v3.priv_key) if snmp.v3 else ():
            if key is not None:
                yield key, device.id


def _look(reference: SecretRef, environ: Mapping[str, str]) -> tuple[str | None, str]:
    if reference.source == "env":
        if reference.name not in environ:
            return None, "is not set"
        return (environ[reference.name], "") if environ[reference.name] else (None, "is empty")
    try:
        value = Path(reference.name).read_text(encoding="utf-8").rstrip("\r\n")
    except OSError as error:
        return None, f"cannot be read ({error.strerror})"
    except UnicodeDecodeError:
        return None, "is not text"
    return (value, "") if value else (None, "is empty")


def _remedy(reference: SecretRef) -> str:
    if reference.source == "env":
        return f"set the variable {reference.name}"
    return "put the secret into that file, readable by this user only"
