"""What an agent may ask of the world: named quantities of one device, and rows of its tables. PURE.

Base units: seconds, volts, amperes, degrees Celsius, octets. `agents/*.yaml` says which object
identifier shows which quantity, and how.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from domain.place import Device, Kind
from simulator.state import BoxState, DeviceState
from simulator.world import World

Quantity = int | float | str | bytes | bool
Facts = dict[str, Quantity]
Row = tuple[tuple[int, ...], Facts]
"""(index within the table, quantities of the row)"""

_RATED_W = 300.0  # of the UPS
_POE_BUDGET_W = 120.0


@dataclass(frozen=True, slots=True)
class Quantities:
    scalars: Facts
    tables: Mapping[str, list[Row]] = field(default_factory=dict)


def quantities(world: World, device: str, now: int) -> Quantities:
    state = world.devices[device]
    box = world.boxes[state.device.box]
    tables: dict[str, list[Row]] = {}
    scalars = _common(world, state, box, now)
    _KINDS[state.device.kind](world, state, box, now, scalars, tables)
    return Quantities(scalars, tables)


def mac(world: World, device: Device) -> bytes:
    """A locally administered address that is the device's own for ever."""
    return bytes((0x02, *(int(256 * world.noise("mac", device.id, n)) for n in range(5))))


def _common(world: World, state: DeviceState, box: BoxState, now: int) -> Facts:
    device = state.device
    return {
        "id": device.id,
        "name": device.name or device.id,
        "location": box.box.place or box.box.name,
        "serial": f"{int(1e9 * world.noise('serial', device.id)):010d}",
        "mac": mac(world, device),
        "mac_text": mac(world, device).hex(":"),
        "uptime_s": (now - state.booted_at) / 1000,
        "box_celsius": world.celsius(box.box.id, now),
        "door_open": box.door_open,
    }


def _wave(world: World, now: int, middle: float, swing: float, *what: object) -> float:
    """A value that wanders slowly and evenly around its middle."""
    here, after = (world.noise(*what, now // 20_000 + n) for n in (0, 1))
    part = now % 20_000 / 20_000
    return middle + swing * (2 * (here + (after - here) * part) - 1)


def _ups(
    world: World, _: DeviceState, box: BoxState, now: int, out: Facts, tables: dict[str, list[Row]]
) -> None:
    battery, load = box.battery, world.load_w(box.box.id)
    assert battery is not None  # every box with a UPS has one
    testing = box.self_test_until > now
    on_battery = not box.mains or testing
    runtime = battery.shown_runtime_s(load)
    low = on_battery and (runtime <= 120 or battery.charge < 0.1)
    since = box.on_battery_since
    alarms = [
        number
        for number, there in (
            (1, box.replace),
            (2, not box.mains),
            (3, low),
            (4, battery.empty),
            (24, testing),
        )
        if there
    ]
    mains_v = _wave(world, now, 226.0, 6.0, "mains", box.box.feeder or box.box.id) if box.mains else 0.0
    out |= {
        "charge_percent": 100 * battery.charge,
        "runtime_s": runtime,
        "runtime_minutes": max(int(runtime // 60), 1),
        "battery_volts": battery.volts,
        "battery_amperes": battery.amperes,
        "battery_celsius": world.celsius(box.box.id, now) + (4 if on_battery else 1),
        "battery_state": "depleted" if battery.empty else "low" if low else "normal",
        "on_battery": on_battery,
        "time_on_battery_s": (now - since) / 1000 if since is not None else 0,
        "line_bads": box.line_bads,
        "input_volts": mains_v,
        "input_hertz": _wave(world, now, 50.0, 0.1, "hertz", box.box.feeder) if box.mains else 0.0,
        "output_volts": 230.0,
        "load_watts": load,
        "load_percent": 100 * load / _RATED_W,
        "fail_cause": "self_test" if testing else "none" if box.mains else "blackout",
        "replace": box.replace,
        "self_test": testing,
        "alarms": len(alarms),
    }
    tables["line"] = [((1,), {})]
    tables["alarms"] = [
        ((n,), {"alarm": f"1.3.6.1.2.1.33.1.6.3.{number}"}) for n, number in enumerate(alarms, 1)
    ]


def _switch(
    world: World, state: DeviceState, _: BoxState, now: int, out: Facts, tables: dict[str, list[Row]]
) -> None:
    ports: list[Row] = []
    poe: list[Row] = []
    drawn = 0.0
    for port in sorted(state.ports.values(), key=lambda p: p.index):
        fed = world.devices[port.feeds]
        changed = max(port.changed_at - state.booted_at, 0) / 1000 if port.changed_at else 0
        ports.append(
            (
                (port.index,),
                {
                    "index": port.index,
                    "label": port.label,
                    "feeds": port.feeds,
                    "up": port.up,
                    "changed_s": changed,
                    "in_octets": port.inbound.total(now),
                    "out_octets": port.outbound.total(now),
                },
            )
        )
        if port.powered:
            delivering = fed.powered and not fed.cut
            drawn += fed.watts if delivering else 0.0
            row: Facts = {"delivering": delivering, "lost_signature": port.lost_signature}
            poe.append(((1, port.index), row))
    out |= {"ports": len(ports), "poe_watts": drawn, "poe_budget_watts": _POE_BUDGET_W}
    tables |= {"ports": ports, "poe_ports": poe, "poe": [((1,), {})]}


def _camera(
    world: World, state: DeviceState, box: BoxState, now: int, out: Facts, tables: dict[str, list[Row]]
) -> None:
    me = state.device.id
    out |= {
        "cpu_percent": _wave(world, now, 35.0, 20.0, "cpu", me),
        "memory_percent": _wave(world, now, 62.0, 6.0, "memory", me),
        "memory_megabytes": 512,
        "disk_gigabytes": 116.5,
        "disk_percent": _wave(world, now, 70.0, 1.0, "disk", me),
        "camera_celsius": world.celsius(box.box.id, now) + 9,
        "video": True,
        "casing_open": False,
        "storage_failed": False,
    }
    tables |= {
        "channel": [((1,), {})],
        "casing": [((1,), {})],
        "storage": [((1,), {})],
        "probe": [((1, 1), {})],
    }


def _router(
    world: World, state: DeviceState, box: BoxState, now: int, out: Facts, tables: dict[str, list[Row]]
) -> None:
    me = state.device.id
    out |= {
        "latitude": _wave(world, now, box.box.latitude, 2e-5, "latitude", me),
        "longitude": _wave(world, now, box.box.longitude, 2e-5, "longitude", me),
        "satellites": round(_wave(world, now, 9.0, 3.0, "satellites", me)),
        "signal_dbm": round(_wave(world, now, -71.0, 8.0, "signal", me)),
        "modem_celsius": world.celsius(box.box.id, now) + 12,
    }
    door: Facts = {"io": "din1", "input": True, "high": box.door_open}
    spare: Facts = {"io": "din2", "input": True, "high": False}
    relay: Facts = {"io": "dout1", "input": False, "high": False}
    tables["io"] = [((n,), facts) for n, facts in enumerate((door, spare, relay), 1)]
    tables["modem"] = [((1,), {})]


def _sensor(
    world: World, state: DeviceState, box: BoxState, now: int, out: Facts, tables: dict[str, list[Row]]
) -> None:
    # RFC 3433: truthvalue(12), celsius(8), percentRH(9); TruthValue is true(1), false(2)
    humidity = _wave(world, now, 55.0, 12.0, "humidity", state.device.id)
    readings: tuple[tuple[str, int, int, float, str], ...] = (
        ("Door", 12, 0, 1 if box.door_open else 2, "open"),
        ("Cabinet temperature", 8, 1, round(world.celsius(box.box.id, now) * 10), "C"),
        ("Cabinet humidity", 9, 0, round(humidity), "%RH"),
    )
    tables["sensors"] = [
        ((n,), {"label": label, "type": kind, "precision": precision, "value": value, "unit": unit})
        for n, (label, kind, precision, value, unit) in enumerate(readings, 1)
    ]
    out["humidity"] = humidity


_KINDS: Mapping[Kind, Callable[[World, DeviceState, BoxState, int, Facts, dict[str, list[Row]]], None]] = {
    Kind.UPS: _ups,
    Kind.SWITCH: _switch,
    Kind.CAMERA: _camera,
    Kind.ROUTER: _router,
    Kind.SENSOR: _sensor,
}
