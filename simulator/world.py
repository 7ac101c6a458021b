"""The truth: feeders, boxes, batteries, devices, cables and thieves, moved by model time. PURE.

Time is engine milliseconds. The world moves in steps of `STEP_MS`, whatever the rhythm in which
it is asked, so the same city, seed and acts always give the same history. What happens is told
as `Happening`s, of which agents make traps.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from hashlib import blake2b
from itertools import count

from domain.place import Box, City, Device, Kind
from simulator.battery import Battery
from simulator.state import BoxState, DeviceState, Happening, Meter, Pace, Port

STEP_MS = 250
_WATTS = {Kind.UPS: 6.0, Kind.SWITCH: 14.0, Kind.CAMERA: 9.0, Kind.ROUTER: 7.0, Kind.SENSOR: 2.0}
_DEFAULT_AH = 40.0
_DAY_MS = 86_400_000
_REPEAT_ON_BATTERY_MS = 60_000  # upsTrapOnBattery is sent again each minute (RFC 1628)


class World:
    """`start` is the engine time at which everything is well and running for a while already."""

    def __init__(self, city: City, seed: int, start: int, pace: Pace | None = None) -> None:
        self.city, self.seed, self.start, self.pace = city, seed, start, pace or Pace()
        self.now = start
        self.mains = dict.fromkeys(city.feeders, True)
        self.cut_off = False  # the monitor's own line is dead
        self.boxes = {box.id: BoxState(box, self._battery(box)) for box in city.boxes.values()}
        self.devices = {device.id: self._device(device) for device in city.devices.values()}
        self._members: dict[str, list[DeviceState]] = {box: [] for box in self.boxes}
        for state in self.devices.values():
            self._members[state.device.box].append(state)
        for state in self.devices.values():
            if state.device.kind is Kind.SWITCH:
                self._wire(state)
        self.by_address = {d.address: d.id for d in city.devices.values()}
        self.references = {r.address: r.id for r in city.references.values()}
        self._agenda: list[tuple[int, int, Callable[[], None]]] = []
        self._order = count()
        self._happened: list[Happening] = []
        self._packets = count()
        self._unsettled = set(self.boxes)
        self._settle()
        self._happened.clear()

    # --- making it -------------------------------------------------------------------------

    def noise(self, *what: object) -> float:
        """A number in [0, 1) that depends on the seed and on `what` alone."""
        said = "/".join(map(str, (self.seed, *what))).encode()
        return int.from_bytes(blake2b(said, digest_size=4).digest(), "big") / 2**32

    def _battery(self, box: Box) -> Battery | None:
        if not any(d.kind is Kind.UPS and d.box == box.id for d in self.city.devices.values()):
            return None
        known = box.battery
        return Battery(known.capacity_ah, known.chemistry) if known else Battery(_DEFAULT_AH)

    def _device(self, device: Device) -> DeviceState:
        running = int((2 + 90 * self.noise("uptime", device.id)) * _DAY_MS)
        watts = _WATTS[device.kind] * (0.9 + 0.2 * self.noise("watts", device.id))
        booted = self.start - running
        return DeviceState(device, watts, booted, booted, boots=1 + int(9 * self.noise("boots", device.id)))

    def _wire(self, switch: DeviceState) -> None:
        """Ports for the cameras it feeds, then for its neighbours in the box."""
        me, box = switch.device.id, switch.device.box
        fed = [d for d in self.city.devices.values() if d.fed_by and d.fed_by[0] == me]
        near = [s.device for s in self._members[box] if s is not switch and s.device.fed_by is None]
        labels = {d.fed_by[1]: d for d in fed if d.fed_by}
        taken = {int(digits) for label in labels if (digits := _last_number(label))}
        free = (n for n in count(1) if n not in taken)
        for label, device in labels.items():
            index = int(_last_number(label) or next(free))
            switch.ports[label] = self._port(index, label, device, powered=True)
        for device in near:
            if device.kind is not Kind.CAMERA:
                index = next(free)
                switch.ports[str(index)] = self._port(index, str(index), device, powered=False)

    def _port(self, index: int, label: str, device: Device, powered: bool) -> Port:
        camera = device.kind is Kind.CAMERA
        inbound = (4e5 + 4e5 * self.noise("in", device.id)) if camera else 3e3
        outbound = 3e6 if device.kind is Kind.ROUTER else 6e3
        begun = int(2**41 * self.noise("octets", device.id))
        return Port(index, label, device.id, powered, Meter(begun, inbound), Meter(int(begun / 50), outbound))

    # --- moving it -------------------------------------------------------------------------

    def plan(self, at: int, act: Callable[[], None]) -> None:
        """Has `act` done when the world reaches `at`; acts of one moment in the order planned."""
        heapq.heappush(self._agenda, (at, next(self._order), act))

    def advance(self, now: int) -> list[Happening]:
        """Moves to `now`, in whole steps from `start`; what happened on the way, in order."""
        while self.now + STEP_MS <= now:
            self.now += STEP_MS
            while self._agenda and self._agenda[0][0] <= self.now:
                heapq.heappop(self._agenda)[2]()
            for box in self.boxes.values():
                self._power(box)
            self._settle()
        happened, self._happened = self._happened, []
        return happened

    def happen(self, happening: Happening) -> None:
        self._happened.append(happening)

    def load_w(self, box: str) -> float:
        return sum(s.watts for s in self._members[box] if s.powered)

    def _power(self, state: BoxState) -> None:
        if state.stolen:
            return
        feeder = state.box.feeder
        mains = state.breaker and (feeder is None or self.mains[feeder])
        if mains != state.mains:
            state.mains = mains
            if mains:
                state.on_battery_since, state.low_told = None, False
                self._tell_ups(state, "on_mains")
            else:
                state.line_bads += 1
        battery, seconds = state.battery, STEP_MS / 1000
        testing = state.self_test_until > self.now
        if mains and not testing:
            if battery is not None:
                battery.recharge(seconds)
            powered = True
        elif battery is None:
            powered = mains
        else:
            battery.discharge(self.load_w(state.box.id), seconds)
            powered = mains or not battery.empty
            if powered and not mains:
                self._on_battery(state, battery)
        if powered != state.powered:
            state.powered = powered
            self._unsettled.add(state.box.id)

    def _on_battery(self, state: BoxState, battery: Battery) -> None:
        if state.on_battery_since is None:
            state.on_battery_since = self.now
            state.told_at = self.now - _REPEAT_ON_BATTERY_MS
        if self.now - state.told_at >= _REPEAT_ON_BATTERY_MS:
            state.told_at = self.now
            self._tell_ups(state, "on_battery")
        if not state.low_told and battery.charge < 0.2:
            state.low_told = True
            self._tell_ups(state, "battery_low")

    def _tell_ups(self, state: BoxState, name: str) -> None:
        for member in self._members[state.box.id]:
            if member.device.kind is Kind.UPS:
                self._happened.append(Happening(self.now, member.device.id, name))

    def touch(self, box: str) -> None:
        """Something changed in this box: its devices and ports are looked at again."""
        self._unsettled.add(box)

    def _settle(self) -> None:
        """Brings power and ports of the touched boxes in line; booting boxes stay touched."""
        again: set[str] = set()
        for box in sorted(self._unsettled):
            members = self._members[box]
            for state in members:  # what feeds others first
                if state.device.fed_by is None:
                    self._energise(state, self.boxes[box].powered and not self.boxes[box].stolen)
            for state in members:
                if state.device.fed_by is not None:
                    self._energise(state, self._fed(state) and self.boxes[box].powered)
            for state in members:
                again.update(self._link(state))
                if state.powered and state.ready_at >= self.now:
                    again.add(box)
        self._unsettled = again

    def _energise(self, state: DeviceState, powered: bool) -> None:
        if powered and not state.powered:
            self.boot(state)
        state.powered = powered
        if powered and state.ready_at == self.now:
            self._happened.append(Happening(self.now, state.device.id, "cold_start"))

    def boot(self, state: DeviceState) -> None:
        seconds = self.pace.boot_s.get(state.device.kind.value, 5.0)
        state.hung, state.agent = False, True
        state.booted_at = self.now
        state.ready_at = self.now + int(seconds * 1000) // STEP_MS * STEP_MS
        state.boots += 1
        for port in state.ports.values():
            port.inbound.base = port.outbound.base = 0
            port.lost_signature = 0

    def _fed(self, state: DeviceState) -> bool:
        assert state.device.fed_by is not None
        switch = self.devices[state.device.fed_by[0]]
        stolen = self.boxes[switch.device.box].stolen or self.boxes[state.device.box].stolen
        return switch.powered and not state.cut and not stolen

    def _link(self, switch: DeviceState) -> set[str]:
        """Ports follow what is behind them; the other boxes that must be looked at for it."""
        others: set[str] = set()
        runs = self.runs(switch)
        for port in switch.ports.values():
            fed = self.devices[port.feeds]
            up = runs and fed.powered and not fed.cut
            speaks = up and self.runs(fed)
            if speaks != (port.inbound.since is not None):
                port.inbound.run(self.now, speaks)
                port.outbound.run(self.now, speaks)
            if up == port.up:
                continue
            port.up, port.changed_at = up, self.now
            if fed.device.box != switch.device.box:
                others.add(fed.device.box)
            if runs:
                port.lost_signature += 0 if up else 1
                name = "link_up" if up else "link_down"
                self._happened.append(Happening(self.now, switch.device.id, name, port.index))
        return others

    # --- asking it -------------------------------------------------------------------------

    def runs(self, state: DeviceState) -> bool:
        """Powered, past its boot and not hung; whether it can be reached is another question."""
        return state.powered and not state.hung and self.now >= state.ready_at

    def reachable(self, device: str) -> bool:
        """Does it hear us and can it answer? The truth behind every ping."""
        state = self.devices[device]
        if self.cut_off or state.cut or not self.runs(state):
            return False
        return self._locally(state) and self._outward(state.device.box, frozenset())

    def _locally(self, state: DeviceState) -> bool:
        """From the device to the edge of its box, through its switch if there is one."""
        if state.device.fed_by is not None:
            return self.runs(self.devices[state.device.fed_by[0]])
        if state.device.kind in (Kind.ROUTER, Kind.SWITCH):
            return True
        switches = [m for m in self._members[state.device.box] if m.device.kind is Kind.SWITCH]
        return not switches or any(map(self.runs, switches))

    def _outward(self, box: str, seen: frozenset[str]) -> bool:
        state = self.boxes[box]
        if state.stolen or not state.link or box in seen:
            return False
        uplink = state.box.uplink
        if uplink is None:
            return True
        if uplink in self.boxes:
            through = [m for m in self._members[uplink] if m.device.kind in (Kind.ROUTER, Kind.SWITCH)]
            carried = all(map(self.runs, through)) if through else self.boxes[uplink].powered
            return carried and self._outward(uplink, seen | {box})
        parent = self.devices[uplink]
        if not self.runs(parent):
            return False
        return parent.device.box == box or self._outward(parent.device.box, seen | {box})

    def agent_answers(self, device: str) -> bool:
        return self.devices[device].agent and self.reachable(device)

    def pings(self, address: str) -> bool:
        """Would this address answer an echo request, loss aside?"""
        if address in self.references:
            return not self.cut_off
        device = self.by_address.get(address)
        return device is not None and self.reachable(device)

    def drops(self, address: str) -> bool:
        """Does the link lose this one packet? Each question is another packet."""
        device = self.by_address.get(address)
        loss = self.boxes[self.devices[device].device.box].loss if device else 0.0
        return loss > 0 and self.noise("loss", address, next(self._packets)) < loss

    def round_trip_s(self, address: str) -> float:
        """Round-trip time now: that of the box's line, and some jitter."""
        device = self.by_address.get(address)
        box = self.devices[device].device.box if device else "reference"
        base = 0.004 + 0.02 * self.noise("line", box)
        return base * (0.9 + 0.3 * self.noise("jitter", address, next(self._packets)))

    def members(self, box: str) -> list[DeviceState]:
        return self._members[box]

    def celsius(self, box: str, now: int) -> float:
        """Air in the box: a hot day in Karachi, warmest about 15:00 local time."""
        hour = (now / 3_600_000 + 5) % 24
        day = 1 - abs((hour - 15 + 12) % 24 - 12) / 12  # 0 at 3:00, 1 at 15:00
        return 24 + 14 * day + 6 * self.noise("heat", box)


def _last_number(label: str) -> str:
    digits = ""
    for letter in reversed(label):
        if not letter.isdigit():
            break
        digits = letter + digits
    return digits
