"""Is this box on battery? Witnesses vote; one that contradicts all others is not believed.

A DC-fed inverter says `battery` for ever with 0 seconds on battery and mains at its input; a
self-test is on battery on purpose. Neither is an outage.
"""

from __future__ import annotations

from collections.abc import Mapping

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


def on_battery(values: Mapping[Key, float], low_volts: float) -> tuple[Evidence, str]:
    """BAD when the witnesses agree on battery, GOOD on mains, UNKNOWN when they are split or silent."""
    if values.get(SELF_TEST) == 1:
        return Evidence.UNKNOWN, "a battery self-test is running"
    source = values.get(ON_BATTERY)
    if source is None:
        mains = values.get(ON_MAINS)
        if mains is None:
            return Evidence.UNKNOWN, "the UPS does not say what it runs on"
        source = 1 - mains
    votes = [source == 1]
    words = ["source battery" if source == 1 else "source mains"]
    seconds = values.get(TIME_ON_BATTERY)
    if seconds is not None:
        votes.append(seconds > 0)
        words.append(f"{seconds:.0f} s on battery")
    volts = [value for (metric, _), value in values.items() if metric == INPUT_VOLTAGE]
    if volts:
        votes.append(max(volts) < low_volts)
        words.append(f"input {max(volts):.0f} V")
    against = len(votes) - sum(votes)
    said = ", ".join(words)
    if sum(votes) == against:
        return Evidence.UNKNOWN, f"witnesses are split: {said}"
    return (Evidence.BAD if sum(votes) > against else Evidence.GOOD), said
