"""The catalogue: every metric once, with unit, meaning and the range outside which it is a lie.

Rules, store, dashboards, profiles and docs take their names from here. Names follow the
Prometheus style: base units, the unit last, `_total` for counters.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Shape(StrEnum):
    GAUGE = "gauge"
    COUNTER = "counter"  # a total that only grows until the agent restarts
    STATE = "state"  # an integer with a legend


YES_NO = {0: "no", 1: "yes"}


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric; `label` is the name of its one label, or "" where there is only one value.

    `low` and `high` bound what is physically plausible for street equipment: a value outside
    is reported absent, never stored. Profiles may narrow the range, never widen it.
    """

    name: str
    meaning: str
    unit: str = ""
    label: str = ""
    shape: Shape = Shape.GAUGE
    low: float = float("-inf")
    high: float = float("inf")
    legend: Mapping[int, str] | None = None


def _gauge(name: str, unit: str, low: float, high: float, meaning: str, label: str = "") -> Metric:
    return Metric(name, meaning, unit, label, Shape.GAUGE, low, high)


def _total(name: str, unit: str, meaning: str, label: str = "") -> Metric:
    return Metric(name, meaning, unit, label, Shape.COUNTER, 0.0, float(2**64 - 1))


def _flag(name: str, meaning: str, label: str = "", legend: Mapping[int, str] = YES_NO) -> Metric:
    return Metric(name, meaning, "", label, Shape.STATE, min(legend), max(legend), legend)


_DECADES = 3.2e9  # seconds in a century: an uptime beyond it is garbage

_ALL = (
    # every device
    _gauge(
        "sys_uptime_seconds",
        "s",
        0,
        42949672.95,
        "Time since the SNMP agent started (sysUpTime; wraps at 497 days)",
    ),
    _gauge("icmp_loss_ratio", "1", 0, 1, "Share of echo requests of one sweep that got no answer"),
    _gauge("icmp_rtt_seconds", "s", 0, 60, "Average round-trip time of the answered echoes"),
    _gauge("icmp_rtt_min_seconds", "s", 0, 60, "Shortest round-trip time of the sweep"),
    _gauge("icmp_rtt_max_seconds", "s", 0, 60, "Longest round-trip time of the sweep"),
    _gauge("icmp_jitter_seconds", "s", 0, 60, "Mean difference between consecutive round-trip times"),
    # ups and DC plants
    _flag("on_battery", "The load is carried by the battery, by the agreement of every source that speaks"),
    _flag("on_mains", "The load is carried by mains, directly or through the converter"),
    _gauge("battery_charge_percent", "%", 0, 100, "Estimated charge remaining"),
    _gauge(
        "battery_runtime_seconds", "s", 0, 30 * 86400, "The UPS's own estimate of the time left on battery"
    ),
    _gauge("battery_voltage_volts", "V", 0, 1000, "Voltage of the battery string"),
    _gauge("battery_current_amperes", "A", -5000, 5000, "Battery current; negative while it discharges"),
    _gauge("battery_temperature_celsius", "degC", -40, 100, "Temperature at the battery"),
    _flag("battery_replace", "The UPS asks for a new battery"),
    _gauge("time_on_battery_seconds", "s", 0, _DECADES, "Time since the UPS went to battery; 0 on mains"),
    _gauge("input_voltage_volts", "V", 0, 1000, "RMS voltage of an input line", "line"),
    _gauge("input_frequency_hertz", "Hz", 0, 500, "Frequency of an input line", "line"),
    _gauge("output_voltage_volts", "V", -100, 1000, "RMS (or DC) voltage of an output line", "line"),
    _gauge("output_load_percent", "%", 0, 200, "Load of an output line, of its rating", "line"),
    _total("input_line_bads_total", "", "Times mains left its tolerance, counted by the UPS itself"),
    _gauge("alarms_present", "", 0, 10000, "Active alarm conditions the UPS reports"),
    _flag("self_test_running", "A battery self-test is in progress: being on battery is then no outage"),
    # switch
    _gauge("uptime_seconds", "s", 0, _DECADES, "Time since the device itself started"),
    _flag("port_up", "Operational state of a port is up", "port"),
    _gauge("port_speed_bits_per_second", "bit/s", 0, 1e13, "Nominal speed of a port", "port"),
    _total("port_in_octets_total", "B", "Octets received on a port", "port"),
    _total("port_out_octets_total", "B", "Octets sent on a port", "port"),
    _flag("poe_port_delivering", "The port delivers power", "port"),
    _flag("poe_port_fault", "Power delivery of the port is in fault", "port"),
    _gauge("poe_port_power_watts", "W", 0, 200, "Power drawn from a PoE port", "port"),
    _gauge("poe_power_watts", "W", 0, 100000, "Power drawn from a PSE group", "group"),
    _gauge("poe_budget_watts", "W", 0, 100000, "Power a PSE group can give", "group"),
    _flag("power_supply_ok", "A power supply or power input works", "n"),
    _gauge("supply_voltage_volts", "V", -100, 1000, "Voltage of a supply input of the device", "n"),
    # camera and recorder
    _gauge("cpu_percent", "%", 0, 100, "Processor load"),
    _gauge("memory_percent", "%", 0, 100, "Memory in use"),
    _flag("video_signal", "A video channel has its signal", "channel"),
    _flag("casing_open", "A casing contact reports open", "n"),
    _gauge("temperature_celsius", "degC", -60, 200, "Temperature of a named or numbered probe", "name"),
    _flag("storage_failed", "A storage reports disruption or failure", "n"),
    # router
    _gauge("latitude_degrees", "deg", -90, 90, "Latitude by GPS; absent without a fix"),
    _gauge("longitude_degrees", "deg", -180, 180, "Longitude by GPS; absent without a fix"),
    _flag("gps_fix", "The GPS has a position"),
    _gauge("gps_satellites", "", 0, 100, "Satellites used"),
    _flag(
        "digital_input", "Level of a digital input, inversion already applied", "name", {0: "low", 1: "high"}
    ),
    _gauge("signal_dbm", "dBm", -150, 0, "Received mobile signal strength"),
    # sensor
    _flag("door_open", "A door contact reports open", "name"),
    _flag("contact_active", "A contact is in its alarm state", "name"),
    _gauge("humidity_percent", "%", 0, 100, "Relative humidity", "name"),
)

CATALOGUE: Mapping[str, Metric] = {metric.name: metric for metric in _ALL}
"""Every metric by its name. A name used anywhere and absent here is an error, found at load."""
