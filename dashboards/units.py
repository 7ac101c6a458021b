"""How the catalogue's units, legends and states look in Grafana. PURE."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from domain.metric import Metric
from domain.series import CONDITIONS, INCIDENT_STATES, OUTCOMES

UNITS: Mapping[str, str] = {
    "": "none",
    "1": "percentunit",
    "%": "percent",
    "s": "s",
    "d": "d",
    "V": "volt",
    "A": "amp",
    "Ah": "amph",
    "W": "watt",
    "Hz": "hertz",
    "degC": "celsius",
    "deg": "degree",
    "dBm": "dBm",
    "B": "bytes",
    "bit/s": "bps",
}
"""Unit of the catalogue -> unit of Grafana."""

RATES: Mapping[str, str] = {"B": "Bps", "s": "percentunit", "": "cps"}
"""Unit of a counter -> unit of its rate per second."""

GREY, GREEN, YELLOW, ORANGE, RED, BLUE = "#8e8e8e", "green", "yellow", "orange", "red", "blue"

_COLOURS: Mapping[tuple[tuple[int, str], ...], tuple[str, ...]] = {
    tuple(CONDITIONS.items()): (GREY, GREEN, YELLOW, RED),
    tuple(INCIDENT_STATES.items()): (GREEN, RED, ORANGE),
    tuple(OUTCOMES.items()): (GREEN, RED, ORANGE, RED, YELLOW, YELLOW, GREY),
}
_GOOD_WHEN_YES = frozenset({"on_mains", "up", "port_up", "poe_port_delivering", "video_signal", "gps_fix"})
_NEITHER = frozenset({"digital_input", "self_test_running", "degraded", "unknown"})
"""States that are bad in themselves are red when they are so; these are not."""

Json = dict[str, Any]


def unit(metric: Metric) -> str:
    return UNITS[metric.unit]


def mappings(metric: Metric) -> list[Json]:
    """Words and colours for the numbers of a state; nothing for a plain number."""
    legend = metric.legend
    if legend is None:
        return []
    colours = _COLOURS.get(tuple(legend.items())) or _two(metric.name)
    return [
        values(
            {number: (text, colour) for (number, text), colour in zip(legend.items(), colours, strict=True)}
        )
    ]


def values(words: Mapping[int, tuple[str, str]]) -> Json:
    """A value mapping: number -> word and colour."""
    options = {
        str(number): {"text": text, "color": colour, "index": index}
        for index, (number, (text, colour)) in enumerate(words.items())
    }
    return {"type": "value", "options": options}


def ranges(*steps: tuple[float, float, str, str]) -> list[Json]:
    """Range mappings: from, to, word, colour."""
    return [
        {
            "type": "range",
            "options": {"from": low, "to": high, "result": {"text": text, "color": colour, "index": n}},
        }
        for n, (low, high, text, colour) in enumerate(steps)
    ]


def _two(name: str) -> tuple[str, str]:
    if name in _GOOD_WHEN_YES:
        return RED, GREEN
    return (GREEN, BLUE) if name in _NEITHER else (GREEN, RED)


def steps(first: str, *above: tuple[float, str]) -> Json:
    """Thresholds: the colour below all, then each value from which another colour holds."""
    found: list[Json] = [{"value": None, "color": first}]
    found += [{"value": value, "color": colour} for value, colour in above]
    return {"mode": "absolute", "steps": found}
