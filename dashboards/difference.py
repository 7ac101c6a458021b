"""What differs between two dashboards, in words. PURE."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Json = dict[str, Any]

_WIDTH = 160


def differences(have: Json, wanted: Json) -> list[str]:
    """One line a difference, panels by their titles; + is added, - is gone, ~ is changed."""
    before, after = dict(_leaves(_named(have))), dict(_leaves(_named(wanted)))
    found = []
    for place in dict.fromkeys((*before, *after)):
        if place not in after:
            found.append(f"- {place}: {_short(before[place])}")
        elif place not in before:
            found.append(f"+ {place}: {_short(after[place])}")
        elif (type(before[place]), before[place]) != (type(after[place]), after[place]):
            found.append(f"~ {place}: {_short(before[place])} -> {_short(after[place])}")
    return found


def _named(dashboard: Json) -> Json:
    """Panels keyed by their titles, so that one that only moved is not a difference of all after it."""
    found = {key: value for key, value in dashboard.items() if key not in ("id", "version", "panels")}
    for panel in _flat(dashboard.get("panels", ())):
        key = f"panel {str(panel.get('title', ''))!r}"
        while key in found:
            key += "'"
        found[key] = {name: value for name, value in panel.items() if name != "panels"}
    return found


def _flat(panels: Any) -> Iterator[Json]:
    for panel in panels:
        yield panel
        yield from _flat(panel.get("panels") or ())


def _leaves(value: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from _leaves(inner, f"{place}.{key}" if place else str(key))
    elif isinstance(value, list) and value:
        for number, inner in enumerate(value):
            yield from _leaves(inner, f"{place}[{number}]")
    else:
        yield place, value


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _WIDTH else text[: _WIDTH - 1] + "…"
