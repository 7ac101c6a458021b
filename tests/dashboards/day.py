"""A day of the shipped sample city: simulated, judged by the real engine, written as it would be.

The world obeys the simulator's physics, readings carry the catalogue's metrics, transitions and
incidents come from the rules. Messages are invented (no phone is at hand), and so are the few causes
that did not befall the city that day.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from app.sequencer import Sequencer
from domain.alarm import (
    Cause,
    Concern,
    Condition,
    Decision,
    Delivery,
    DeliveryStatus,
    Incident,
    OwedEvent,
    Reason,
    Transition,
)
from domain.facts import BoxStanding, Forecast
from domain.input import Start
from domain.place import City, Device, Kind
from domain.reading import Key, Outcome, Probe, Reading
from domain.record import Acknowledgement, Change
from inventory.load import load as load_city
from rules.engine import Engine
from rules.load import load as load_rules
from simulator.acts import Act, perform
from simulator.quantities import quantities
from simulator.state import Pace
from simulator.world import World
from storage.schema import Places, places
from storage.self_lines import (
    DeliveryStep,
    Lines,
    acknowledgement_line,
    box_lines,
    decision_lines,
    delivery_lines,
    monitor_line,
    open_incident_lines,
)

HOUR = 3_600_000
POLL = 120_000
START = 1_795_000_000_000 // HOUR * HOUR
END = START + 24 * HOUR
INVENTORY = Path(__file__).resolve().parents[2] / "inventory.yaml"

ACTS = (
    (2.0, "battery_replace_asked", "GLS-02", None),
    (3.0, "battery_worn", "SDR-02", 2400.0),
    (5.0, "mains_lost", "saddar-3", None),
    (7.0, "mains_restored", "saddar-3", None),
    (8.0, "device_hangs", "GLS-01-cam2", None),
    (9.0, "device_restarted", "GLS-01-cam2", None),
    (10.0, "breaker_tripped", "GLS-03", None),
    (12.0, "breaker_reset", "GLS-03", None),
    (13.0, "agent_stopped", "SDR-01-switch", None),
    (14.0, "agent_started", "SDR-01-switch", None),
    (15.0, "link_lossy", "SDR-04", 0.3),
    (16.0, "link_lossy", "SDR-04", 0.0),
    (17.0, "box_stolen", "CLF-02", None),
    (19.0, "link_lost", "GLS-04", None),
    (20.0, "link_restored", "GLS-04", None),
    (23.0, "mains_lost", "clifton-5", None),
)


@dataclass
class Day:
    """Everything written in the course of it, in batches as the monitor would hand them over."""

    city: City
    readings: list[Reading] = field(default_factory=list)
    transitions: list[Transition] = field(default_factory=list)
    incidents: list[tuple[int, Sequence[Incident]]] = field(default_factory=list)
    owed: list[OwedEvent] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)
    lines: list[Lines] = field(default_factory=list)

    @property
    def places(self) -> Places:
        return places(self.city)


def lived() -> Day:
    city = load_city(INVENTORY).city
    day = Day(city)
    world = World(city, 7, START, Pace())
    for hour, what, who, amount in ACTS:
        perform(world, Act(int(hour * HOUR), what, who, amount))
    standing: dict[str, tuple[Condition, Cause | None]] = dict.fromkeys(city.boxes, (Condition.UP, None))
    open_now: dict[str, Incident] = {}

    def changed(change: Change) -> None:
        day.transitions.extend(change.transitions)
        day.owed.extend(change.owed)
        day.decisions.extend(change.decisions)
        if change.incidents:
            day.incidents.append((change.at, change.incidents))
        for incident in change.incidents:
            open_now[incident.id] = incident
            if incident.closed_at is not None:
                del open_now[incident.id]
        for transition in change.transitions:
            if transition.target in standing:
                standing[transition.target] = (transition.condition, transition.cause)

    sequencer = Sequencer(Engine(city, load_rules()), changed)
    sequencer.feed(Start(START))
    for at in range(START + POLL, END + 1, POLL):
        world.advance(at)
        for reading in _sweep(world, at):
            day.readings.append(reading)
            sequencer.feed(reading)
        day.lines.append(box_lines(_standings(world, standing, open_now), at, POLL / 1000))
        day.lines.append(open_incident_lines(open_now.values(), at, day.places))
        day.lines += _health(at)
    day.transitions += _causes_that_did_not_befall(day)
    day.lines += _messages(day)
    return day


def _sweep(world: World, at: int) -> Iterator[Reading]:
    for number, device in enumerate(world.city.devices.values()):
        moment = at - POLL // 2 + number  # each at its own millisecond, as from a real sweep
        yield _echoes(world, device, moment)
        if device.snmp is not None:
            yield _answer(world, device, moment + 500)


def _echoes(world: World, device: Device, at: int) -> Reading:
    heard = [
        world.round_trip_s(device.address)
        for _ in range(5)
        if world.pings(device.address) and not world.drops(device.address)
    ]
    values: dict[Key, float] = {("icmp_loss_ratio", ""): 1 - len(heard) / 5}
    if heard:
        values |= {
            ("icmp_rtt_seconds", ""): sum(heard) / len(heard),
            ("icmp_rtt_min_seconds", ""): min(heard),
            ("icmp_rtt_max_seconds", ""): max(heard),
            ("icmp_jitter_seconds", ""): max(heard) - min(heard),
        }
    return Reading(device.id, Probe.ICMP, at, Outcome.OK if heard else Outcome.TIMEOUT, values)


def _answer(world: World, device: Device, at: int) -> Reading:
    if not world.agent_answers(device.id):
        return Reading(device.id, Probe.SNMP, at, Outcome.TIMEOUT)
    seen = quantities(world, device.id, at)
    facts = {name: float(value) for name, value in seen.scalars.items() if isinstance(value, int | float)}
    values: dict[Key, float] = {("sys_uptime_seconds", ""): facts["uptime_s"] % 42_949_672}
    for metric, name in _SCALARS[device.kind].items():
        key = metric.partition("{")
        values[(key[0], key[2].rstrip("}"))] = facts[name]
    if device.kind is Kind.UPS:
        values[("on_mains", "")] = 1 - facts["on_battery"]
    for _, row in seen.tables.get("ports", ()):
        port = str(row["label"])
        values |= {
            ("port_up", port): float(row["up"]),
            ("port_in_octets_total", port): float(row["in_octets"]),
            ("port_out_octets_total", port): float(row["out_octets"]),
            ("port_speed_bits_per_second", port): 1e8,
        }
    for index, row in seen.tables.get("poe_ports", ()):
        values |= {
            ("poe_port_delivering", str(index[1])): float(row["delivering"]),
            ("poe_port_fault", str(index[1])): 0.0,
        }
    if device.kind is Kind.ROUTER:
        values |= {("gps_fix", ""): 1.0, ("digital_input", "din1"): float(world.boxes[device.box].door_open)}
    if device.kind is Kind.SENSOR:
        values |= {("contact_active", "smoke"): 0.0}
    return Reading(device.id, Probe.SNMP, at, Outcome.OK, values)


_SCALARS = {
    Kind.UPS: {
        "on_battery": "on_battery",
        "battery_charge_percent": "charge_percent",
        "battery_runtime_seconds": "runtime_s",
        "battery_voltage_volts": "battery_volts",
        "battery_current_amperes": "battery_amperes",
        "battery_temperature_celsius": "battery_celsius",
        "battery_replace": "replace",
        "time_on_battery_seconds": "time_on_battery_s",
        "input_voltage_volts{1}": "input_volts",
        "input_frequency_hertz{1}": "input_hertz",
        "output_voltage_volts{1}": "output_volts",
        "output_load_percent{1}": "load_percent",
        "input_line_bads_total": "line_bads",
        "alarms_present": "alarms",
        "self_test_running": "self_test",
    },
    Kind.SWITCH: {
        "uptime_seconds": "uptime_s",
        "poe_power_watts{1}": "poe_watts",
        "poe_budget_watts{1}": "poe_budget_watts",
    },
    Kind.CAMERA: {
        "uptime_seconds": "uptime_s",
        "cpu_percent": "cpu_percent",
        "memory_percent": "memory_percent",
        "video_signal{1}": "video",
        "casing_open{1}": "casing_open",
        "storage_failed{1}": "storage_failed",
        "temperature_celsius{probe}": "camera_celsius",
    },
    Kind.ROUTER: {
        "latitude_degrees": "latitude",
        "longitude_degrees": "longitude",
        "gps_satellites": "satellites",
        "signal_dbm": "signal_dbm",
        "temperature_celsius{modem}": "modem_celsius",
    },
    Kind.SENSOR: {
        "door_open{Door}": "door_open",
        "temperature_celsius{Cabinet}": "box_celsius",
        "humidity_percent{Cabinet}": "humidity",
    },
}


def _standings(
    world: World, judged: dict[str, tuple[Condition, Cause | None]], incidents: dict[str, Incident]
) -> Iterator[BoxStanding]:
    for id_, box in world.city.boxes.items():
        state, members = world.boxes[id_], world.members(id_)
        mine = [i for i in incidents.values() if i.target == id_]
        condition, cause = judged[id_]
        battery = state.battery
        left = battery.shown_runtime_s(world.load_w(id_)) if battery and not state.mains else None
        yield BoxStanding(
            box,
            condition,
            cause,
            devices=len(members),
            devices_down=sum(not world.reachable(m.device.id) for m in members),
            cameras_dark=sum(
                m.device.kind is Kind.CAMERA and not world.reachable(m.device.id) for m in members
            ),
            incidents=len(mine),
            on_battery=not state.mains,
            charge_percent=100 * battery.charge if battery else None,
            forecast=Forecast(0.8 * left, left, 1.3 * left, left) if left is not None else None,
        )


def _health(at: int) -> Iterator[Lines]:
    since = (at - START) / 1000
    blind = 18 * HOUR < at - START < 18.2 * HOUR
    yield monitor_line(
        "watch",
        at,
        {
            "blind": blind,
            "sweep_seconds": 1.4,
            "sweep_lag_seconds": 0.02,
            "readings_total": since * 2,
            "overruns_total": 0,
            "packets_dropped_total": 0,
            "answers_refused_total": since / 600,
            "traps_total": since / 60,
            "traps_dropped_total": 1,
            "spool_lines": 12,
            "spool_bytes": 4096,
            "spool_age_seconds": 0.4,
            "spool_dropped_total": 0,
            "parked_total": 0,
            "memory_bytes": 9e7,
            "cpu_seconds_total": since * 0.03,
        },
    )
    tell = {
        "owed_waiting": 0,
        "deliveries_waiting": 1,
        "memory_bytes": 6e7,
        "cpu_seconds_total": since * 0.01,
    }
    yield monitor_line("tell", at, tell)


def _causes_that_did_not_befall(day: Day) -> Iterator[Transition]:
    befell = {t.cause for t in day.transitions if t.condition is Condition.DOWN}
    causes = list(Cause)
    outages = causes[: causes.index(Cause.SUSPECTED_THEFT) + 1]
    for number, cause in enumerate(cause for cause in outages if cause not in befell):
        at = START + HOUR + number * 60_000
        yield Transition(at, "GLS-02-cam1", Condition.DOWN, cause, at, "", "invented")
        yield Transition(at + 30_000, "GLS-02-cam1", Condition.UP, None, at + 30_000)


def _messages(day: Day) -> Iterator[Lines]:
    """What a messenger would have done about all that was owed: most of it arrives. The provider says
    first that it took a message, a modem at once that it arrived."""
    steps = []
    for number, owed in enumerate(day.owed):
        district = day.city.boxes[owed.box].district if owed.box in day.city.boxes else ""
        end = DeliveryStatus.FAILED if number % 7 == 3 else DeliveryStatus.DELIVERED
        provider = number % 2
        way = (DeliveryStatus.SENDING, *([DeliveryStatus.SENT] if provider else []), end)
        for nth, status in enumerate(way):
            channel = "twilio" if provider else "modem"
            sent = Delivery(f"d{number}", owed.id, owed.at, "asif", "", channel, "", owed.reason, status, 1)
            steps.append(DeliveryStep(owed.at + nth * 4000, sent, owed.at, owed.box, district, 1))
    yield delivery_lines(steps)
    over = (Decision(owed.at, owed.id, owed.box, Reason.OVER_BUDGET, told=False) for owed in day.owed[::5])
    yield decision_lines([*day.decisions, *over], day.places)
    for at, incidents in day.incidents:
        for incident in incidents:
            if incident.concern is not Concern.MONITOR and incident.opened_at == at:
                given = Acknowledgement(at + 300_000, incident.id, incident.code, "bina", "sms")
                yield acknowledgement_line(given, incident, day.places)
