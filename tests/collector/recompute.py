"""What the raw rows of a recording say, computed a second time and another way.

Not the code under test: plain tables of (metric, OID, factor), written from the MIBs, with the
first row that is there and within the physical range. Where the collector prints a number, one of
these must be that number. Two more places: vendors' own by tests/collector/expected/*.yaml, and what
is made of several rows in recompute_derived.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from collector.snmp.session import dotted
from tests.collector.recompute_derived import derived
from tests.collector.recompute_tables import tabled

Rows = dict[str, int | str]

UPS = "1.3.6.1.2.1.33.1"
APC = "1.3.6.1.4.1.318.1.1.1"
IF, IFX = "1.3.6.1.2.1.2.2.1", "1.3.6.1.2.1.31.1.1.1"
POE = "1.3.6.1.2.1.105.1"
AXIS = "1.3.6.1.4.1.368.4.1"
RUT = "1.3.6.1.4.1.48690"

# (metric, OID or column, factor); a column's label is the first part of its index, or as named below
SCALARS: dict[str, list[tuple[str, float]]] = {
    "sys_uptime_seconds": [("1.3.6.1.2.1.1.3.0", 0.01)],
    "uptime_seconds": [("1.3.6.1.2.1.25.1.1.0", 0.01), ("1.3.6.1.2.1.1.3.0", 0.01)],
    "battery_charge_percent": [(f"{APC}.2.3.1.0", 0.1), (f"{APC}.2.2.1.0", 1), (f"{UPS}.2.4.0", 1)],
    "battery_runtime_seconds": [(f"{APC}.2.2.3.0", 0.01), (f"{UPS}.2.3.0", 60)],
    "battery_voltage_volts": [(f"{APC}.2.3.4.0", 0.1), (f"{APC}.2.2.8.0", 1), (f"{UPS}.2.5.0", 0.1)],
    "battery_current_amperes": [(f"{APC}.2.3.5.0", 0.1), (f"{APC}.2.2.9.0", 1), (f"{UPS}.2.6.0", 0.1)],
    "battery_temperature_celsius": [(f"{APC}.2.3.2.0", 0.1), (f"{APC}.2.2.2.0", 1), (f"{UPS}.2.7.0", 1)],
    "time_on_battery_seconds": [(f"{APC}.2.1.2.0", 0.01), (f"{UPS}.2.2.0", 1)],
    "input_line_bads_total": [(f"{UPS}.3.1.0", 1)],
    "alarms_present": [(f"{UPS}.6.1.0", 1)],
    "cpu_percent": [
        (f"{AXIS}.100.3.1.0", 1),
        ("1.3.6.1.4.1.39165.1.7.0", 1),
        ("1.3.6.1.4.1.1004849.2.1.3.0", 1),
        ("1.3.6.1.4.1.40748.2.1.0", 1),
    ],
    "memory_percent": [
        (f"{AXIS}.100.1.1.0", 1),
        ("1.3.6.1.4.1.39165.1.11.0", 1),
        ("1.3.6.1.4.1.50001.1.221.0", 1),
        ("1.3.6.1.4.1.40748.2.2.0", 1),
    ],
    "gps_satellites": [(f"{RUT}.3.5.0", 1), (f"{RUT}.6.5.0", 1)],
    "signal_dbm": [(f"{RUT}.2.2.1.12.1", 1), (f"{RUT}.2.4.0", 1)],
    "latitude_degrees": [(f"{RUT}.3.1.0", 1), (f"{RUT}.6.2.0", 1)],
    "longitude_degrees": [(f"{RUT}.3.2.0", 1), (f"{RUT}.6.1.0", 1)],
}
COLUMNS: dict[str, list[tuple[str, float]]] = {
    "input_voltage_volts": [
        (f"{APC}.3.3.1", 0.1),
        (f"{APC}.3.2.1", 1),
        (f"{UPS}.3.3.1.3", 1),
        (f"{APC}.9.2.3.1.3.1", 1),
    ],
    "input_frequency_hertz": [(f"{APC}.3.3.4", 0.1), (f"{APC}.3.2.4", 1), (f"{UPS}.3.3.1.2", 0.1)],
    "output_voltage_volts": [
        (f"{APC}.4.3.1", 0.1),
        (f"{APC}.4.2.1", 1),
        (f"{UPS}.4.4.1.2", 1),
        (f"{APC}.9.3.3.1.3.1", 1),
    ],
    "output_load_percent": [(f"{APC}.4.3.3", 0.1), (f"{APC}.4.2.3", 1), (f"{UPS}.4.4.1.5", 1)],
    "port_speed_bits_per_second": [(f"{IFX}.15", 1e6), (f"{IF}.5", 1)],
    "port_in_octets_total": [(f"{IFX}.6", 1), (f"{IF}.10", 1)],
    "port_out_octets_total": [(f"{IFX}.10", 1), (f"{IF}.16", 1)],
    "poe_power_watts": [(f"{POE}.3.1.1.4", 1)],
    "poe_budget_watts": [(f"{POE}.3.1.1.2", 1)],
}
# vendors' own objects, by full OID: (metric, label) -> [(OID, factor)]
E = "1.3.6.1.4.1"
CPS, XPPC, XUPS, MGE = f"{E}.3808.1.1.1", f"{E}.935.1.1.1", f"{E}.534.1", f"{E}.705.1"
SOCOMEC, ITA2, ALPHA = f"{E}.4555.1.1", f"{E}.13400.2.54.2", f"{E}.7309.4.1.6.2.2.1.3"
LGP, SMU, ELTEK = f"{E}.476.1.42.3.9.20.1.20.1.2.1", f"{E}.2011.6.164.1", f"{E}.12148.9"
IMCO, SINETICA = f"{E}.2185.1.3.11.2.1", f"{E}.13891.101"
SC200, ORION, DCS = f"{E}.1918.2.13.10", f"{E}.20246.2.3.1.1.1.2.9.1.1.3", f"{E}.13400.3.4.491.1.1"
VENDOR: dict[str, list[tuple[str, float]]] = {
    "battery_charge_percent": [
        (f"{DCS}.68.1", 0.1),
        (f"{CPS}.2.2.1.0", 1),
        (f"{XPPC}.2.2.1.0", 1),
        (f"{XUPS}.2.4.0", 1),
        (f"{MGE}.5.2.0", 1),
        (f"{SOCOMEC}.7.1.2.4.0", 1),
        (f"{SOCOMEC}.1.1.2.4.0", 1),
        (f"{ITA2}.5.10.0", 1),
        (f"{ALPHA}.8", 0.01),
        (f"{SMU}.4.4.2.1.3.1", 0.1),
        (f"{SMU}.4.4.2.1.3.5", 0.1),
        (f"{IMCO}.7.12.0", 1),
        (f"{SINETICA}.2.4.0", 1),
    ],
    "battery_runtime_seconds": [
        (f"{DCS}.65.1", 6),
        (f"{CPS}.2.2.4.0", 0.01),
        (f"{XUPS}.2.1.0", 1),
        (f"{MGE}.5.1.0", 1),
        (f"{SOCOMEC}.7.1.2.3.0", 60),
        (f"{ITA2}.5.7.0", 60),
        (f"{ELTEK}.3.20.1.0", 60),
        (f"{IMCO}.7.14.0", 60),
    ],
    "battery_voltage_volts": [
        (f"{ORION}.39", 0.01),
        (f"{DCS}.59.1", 0.1),
        (f"{CPS}.2.2.2.0", 0.1),
        (f"{SOCOMEC}.7.1.2.5.0", 0.1),
        (f"{SOCOMEC}.1.1.2.5.0", 0.1),
        (f"{ITA2}.5.1.0", 0.1),
        (f"{ALPHA}.3", 0.01),
        (f"{LGP}.4155", 1),
        (f"{ELTEK}.3.2.0", 0.01),
        (f"{IMCO}.6.2.0", 0.1),
        (f"{SINETICA}.2.5.0", 0.1),
    ],
    "battery_current_amperes": [
        (f"{SC200}.100.40.0", 1),
        (f"{ALPHA}.4", 0.01),
        (f"{SMU}.4.2.1.0", 1),
        (f"{ELTEK}.3.3.0", 1),
        (f"{SINETICA}.2.6.0", 0.1),
    ],
    "battery_temperature_celsius": [
        (f"{SC200}.100.30.0", 1),
        (f"{CPS}.2.2.3.0", 1),
        (f"{XPPC}.2.2.3.0", 0.1),
        (f"{ALPHA}.6", 0.01),
        (f"{LGP}.4156", 1),
        (f"{ELTEK}.3.4.0", 1),
        (f"{IMCO}.7.11.0", 1),
    ],
    "time_on_battery_seconds": [
        (f"{CPS}.2.1.2.0", 0.01),
        (f"{XPPC}.2.1.2.0", 1),
        (f"{SOCOMEC}.7.1.2.2.0", 1),
        (f"{SINETICA}.2.2.0", 1),
    ],
    "input_line_bads_total": [(f"{SINETICA}.3.1.0", 1)],
    "alarms_present": [(f"{SOCOMEC}.7.1.6.1.0", 1), (f"{SINETICA}.6.1.0", 1)],
    "uptime_seconds": [(f"{E}.46202.1.1.1.3.0", 0.01)],
    "signal_dbm": [
        (f"{E}.14988.1.1.16.1.1.2.1", 1),
        (f"{E}.27662.2.1.2.1.5.2", 1),
        (f"{E}.30140.4.30.0", 1),
        (f"{E}.12356.121.21.3.1.1.22.1", 1),
        (f"{E}.13191.10.3.9.2.1.41.0", 1),
    ],
    "input_voltage_volts{1}": [
        (f"{SC200}.40.10.0", 1),
        (f"{DCS}.2.1", 0.1),
        (f"{CPS}.3.2.1.0", 0.1),
        (f"{XPPC}.8.2.2.0", 0.1),
        (f"{XPPC}.3.2.1.0", 0.1),
        (f"{MGE}.6.2.1.2.1.0", 0.1),
        (f"{XUPS}.3.4.1.2.1", 1),
        (f"{SOCOMEC}.7.1.3.3.1.2.1", 0.1),
        (f"{ITA2}.2.1.0", 0.1),
        (f"{ALPHA}.5", 0.01),
        (f"{LGP}.4096", 1),
        (f"{SMU}.5.2.1.1.4.1", 0.1),
        (f"{ELTEK}.6.1.0", 1),
        (f"{SINETICA}.3.3.1.3.1", 1),
    ],
    "input_voltage_volts{2}": [
        (f"{XPPC}.8.2.3.0", 0.1),
        (f"{LGP}.4098", 1),
        (f"{ELTEK}.6.2.0", 1),
        (f"{SINETICA}.3.3.1.3.2", 1),
    ],
    "input_voltage_volts{3}": [
        (f"{XPPC}.8.2.4.0", 0.1),
        (f"{LGP}.4100", 1),
        (f"{ELTEK}.6.3.0", 1),
        (f"{SINETICA}.3.3.1.3.3", 1),
    ],
    "input_frequency_hertz{1}": [
        (f"{DCS}.19.1", 0.1),
        (f"{CPS}.3.2.4.0", 0.1),
        (f"{XPPC}.8.2.1.0", 0.1),
        (f"{XPPC}.3.2.4.0", 0.1),
        (f"{SOCOMEC}.7.1.3.2.0", 0.1),
        (f"{ITA2}.2.4.0", 0.01),
        (f"{LGP}.4105", 1),
        (f"{SINETICA}.3.3.1.2.1", 0.1),
    ],
    "input_frequency_hertz{2}": [(f"{SINETICA}.3.3.1.2.2", 0.1)],
    "input_frequency_hertz{3}": [(f"{SINETICA}.3.3.1.2.3", 0.1)],
    "output_voltage_volts{1}": [
        (f"{DCS}.5.1", 0.1),
        (f"{CPS}.4.2.1.0", 0.1),
        (f"{XPPC}.8.3.2.0", 0.1),
        (f"{XPPC}.4.2.1.0", 0.1),
        (f"{XPPC}.4.2.1.0", 1),
        (f"{XUPS}.4.4.1.2.1", 1),
        (f"{SOCOMEC}.7.1.4.4.1.2.1", 0.1),
        (f"{ITA2}.3.1.0", 0.1),
        (f"{IMCO}.3.23.0", 0.1),
        (f"{SINETICA}.4.4.1.2.1", 1),
    ],
    "output_voltage_volts{2}": [
        (f"{XPPC}.8.3.3.0", 0.1),
        (f"{IMCO}.4.23.0", 0.1),
        (f"{SINETICA}.4.4.1.2.2", 1),
    ],
    "output_voltage_volts{3}": [(f"{XPPC}.8.3.4.0", 0.1), (f"{SINETICA}.4.4.1.2.3", 1)],
    "output_voltage_volts{dc}": [
        (f"{SC200}.70.10.20.0", 0.01),
        (f"{ORION}.40", 0.01),
        (f"{ALPHA}.1", 0.01),
        (f"{SMU}.6.1.3.0", 0.1),
    ],
    "output_load_percent{1}": [
        (f"{DCS}.45.1", 0.1),
        (f"{CPS}.4.2.3.0", 1),
        (f"{XPPC}.8.3.5.0", 0.1),
        (f"{XPPC}.4.2.3.0", 1),
        (f"{SOCOMEC}.7.1.4.4.1.4.1", 1),
        (f"{ITA2}.3.14.0", 0.1),
        (f"{LGP}.4223", 1),
        (f"{IMCO}.3.29.0", 1),
        (f"{SINETICA}.4.4.1.5.1", 1),
    ],
    "output_load_percent{2}": [
        (f"{XPPC}.8.3.6.0", 0.1),
        (f"{LGP}.4224", 1),
        (f"{IMCO}.4.29.0", 1),
        (f"{SINETICA}.4.4.1.5.2", 1),
    ],
    "output_load_percent{3}": [
        (f"{XPPC}.8.3.7.0", 0.1),
        (f"{LGP}.4225", 1),
        (f"{SINETICA}.4.4.1.5.3", 1),
    ],
    "poe_power_watts{1}": [
        (f"{E}.14988.1.1.3.100.1.3.16", 0.1),
        (f"{E}.14988.1.1.3.100.1.3.16.0", 0.1),
        (f"{E}.11863.6.56.1.1.1.3.0", 0.1),
        (f"{E}.10297.202.7000.7.3.1.3.0", 1),
        (f"{E}.9304.100.3110.5.48.1.0", 1),
    ],
    "poe_budget_watts{1}": [(f"{E}.11863.6.56.1.1.1.1.0", 0.1)],
}
# (metric, column, raw state that means 1)
STATES: dict[str, tuple[str, set[int]]] = {
    "port_up": (f"{IF}.8", {1}),
    "casing_open": (f"{AXIS}.6.1.3", {2}),
    "video_signal": (f"{AXIS}.4.1.2", {1}),
    "storage_failed": (f"{AXIS}.8.1.3", {2}),
}


def values(rows: dict[str, tuple[int, bytes]]) -> Rows:
    """Raw rows as Python values: integers by their tag's signedness, texts as they are."""
    out: Rows = {}
    for name, (tag, octets) in rows.items():
        if tag == 2:
            out[name] = int.from_bytes(octets, "big", signed=True)
        elif tag in (0x41, 0x42, 0x43, 0x46):
            out[name] = int.from_bytes(octets, "big")
        elif tag == 4:
            out[name] = octets.decode("utf-8", "replace").strip("\x00 \"'")
        elif tag == 6:
            out[name] = dotted(octets)
    return out


def numeric(raw: int | str | None) -> float | None:
    """A number, also one that begins a text ("27 PERCENT"); None for anything else."""
    if isinstance(raw, str):
        found = re.match(r"([+-]?\d+(\.\d+)?)( ?[A-Za-z%]*)$", raw)
        return float(found.group(1)) if found else None
    return None if raw is None else float(raw)


def candidates(metric: str, label: str, rows: Rows) -> Iterator[float]:
    """Every number the raw rows allow for a metric, the preferred one first."""
    if metric in SCALARS and not label:
        for name, factor in SCALARS[metric]:
            if (number := numeric(rows.get(name))) is not None:
                yield number * factor
    for name, factor in VENDOR.get(f"{metric}{{{label}}}" if label else metric, ()):
        if (number := numeric(rows.get(name))) is not None:
            yield number * factor
    for column, factor in COLUMNS.get(metric, ()):
        for instance in (f"{column}.{label}", f"{column}.{label}.0", f"{column}.0" if label == "1" else ""):
            if (number := numeric(rows.get(instance))) is not None:
                yield number * factor
                break
    if metric in STATES:
        column, meaning = STATES[metric]
        if isinstance(raw := rows.get(f"{column}.{label}"), int):
            yield float(raw in meaning)
    if metric == "temperature_celsius":
        yield from _temperatures(label, rows)
    yield from tabled(metric, label, rows)
    yield from derived(metric, rows)


def _temperatures(label: str, rows: Rows) -> Iterator[float]:
    if (number := numeric(rows.get(f"{AXIS}.3.1.4.1.{label}"))) is not None:
        yield number
    named = [name for name, text in rows.items() if isinstance(text, str) and label.startswith(text) and text]
    for table, name_column, value_column in (
        ("1.3.6.1.4.1.318.1.1.10.2.3.2.1", 2, 4),
        ("1.3.6.1.4.1.318.1.1.25.1.2.1", 3, 6),
        ("1.3.6.1.4.1.318.1.1.10.4.2.3.1", 3, 5),
    ):
        prefix = f"{table}.{name_column}."
        for name in named:
            if name.startswith(prefix):
                raw = numeric(rows.get(f"{table}.{value_column}.{name[len(prefix) :]}"))
                if raw is not None:
                    yield raw
    for name in named:
        if name.startswith("1.3.6.1.2.1.47.1.1.1.1."):
            index = name.split(".")[12]
            raw, scale, digits = (numeric(rows.get(f"1.3.6.1.2.1.99.1.1.1.{c}.{index}")) for c in (4, 2, 3))
            if raw is not None and scale is not None and digits is not None:
                yield raw * 10 ** (3 * (scale - 9) - digits)
