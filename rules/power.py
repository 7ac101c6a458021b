"""Is this box on battery? Witnesses vote; one that contradicts all others is not believed.

A DC-fed inverter says `battery` for ever with 0 seconds on battery and mains at its input; a
self-test is on battery on purpose. Neither is an outage.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from domain.alarm import Evidence
from domain.reading import Key

ON_BATTERY: Key = ("on_battery", "")
ON_MAINS: Key = ("on_mains", "")
TIME_ON_BATTERY: Key = ("time_on_battery_seconds", "")
SELF_TEST: Key = ("self_test_running", "")
CHARGE: Key = ("battery_charge_percent", "")
RUNTIME: Key = ("battery_runtime_seconds", "")
REPLACE: Key = ("battery_replace", "")
INPUT_VOLTAGE = "input_voltage_volts"

SPENT_PERCENT = 20.0
"""A lead-acid UPS cuts off early when it is old: below this charge an exhausted battery is likely."""


def on_battery(values: Mapping[Key, float], low_volts: float) -> Evidence:
    """BAD when the witnesses agree on battery, GOOD on mains, UNKNOWN when they are split or silent."""
    if values.get(SELF_TEST) == 1:
        return Evidence.UNKNOWN
    source = values.get(ON_BATTERY)
    if source is None:
        mains = values.get(ON_MAINS)
        if mains is None:
            return Evidence.UNKNOWN
        source = 1 - mains
    votes = 1 if source == 1 else -1
    seconds = values.get(TIME_ON_BATTERY)
    if seconds is not None:
        votes += 1 if seconds > 0 else -1
    if -2 < votes < 2:  # a third witness could change the outcome
        volts = _input_volts(values)
        if volts is not None:
            votes += 1 if volts < low_volts else -1
    if votes == 0:
        return Evidence.UNKNOWN
    return Evidence.BAD if votes > 0 else Evidence.GOOD


def runtime(values: Mapping[Key, float]) -> float | None:
    """Seconds left by the UPS's own word; nought while charge is left is a UPS that does not know."""
    seconds = values.get(RUNTIME)
    return None if seconds == 0 and values.get(CHARGE, 0.0) > SPENT_PERCENT else seconds


def _input_volts(values: Mapping[Key, float]) -> float | None:
    """The highest of the input lines: one dead phase of three is not a lost mains."""
    lines = _lines(tuple(values))
    return max([values[line] for line in lines]) if lines else None


@lru_cache(maxsize=4096)
def _lines(keys: tuple[Key, ...]) -> tuple[Key, ...]:
    """The input voltages among the keys of a reading: a city's UPSes have few sets of them."""
    return tuple(key for key in keys if key[0] == INPUT_VOLTAGE)


def witnesses(values: Mapping[Key, float]) -> str:
    """What each witness says, in words, for `nigehban why`."""
    words = []
    if (source := values.get(ON_BATTERY)) is not None:
        words.append("source battery" if source == 1 else "source not battery")
    elif (mains := values.get(ON_MAINS)) is not None:
        words.append("source mains" if mains == 1 else "source not mains")
    if (seconds := values.get(TIME_ON_BATTERY)) is not None:
        words.append(f"{seconds:.0f} s on battery")
    if (volts := _input_volts(values)) is not None:
        words.append(f"input {volts:.0f} V")
    return ", ".join(words)
