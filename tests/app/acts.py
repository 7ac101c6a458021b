"""What can happen on the street of `tests.app.street`, and what is true there meanwhile."""

from __future__ import annotations

import heapq
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from app.accepted import Sources, accept
from domain.alarm import Concern
from domain.errors import ConfigError
from domain.reading import Outcome, Probe, Reading, Trust, parsed

if TYPE_CHECKING:
    from tests.app.street import Street


@dataclass
class Battery:
    charge: float = 100.0
    per_minute: float = 0.1  # percent lost on battery
    ups_says_s: float = 7200.0
    lost_at: int | None = None  # engine ms at which its mains went

    def after(self, seconds: float) -> float:
        """Charge in the whole percent that a UPS reports."""
        return float(round(max(self.charge - seconds * self.per_minute / 60, 0.0)))


@dataclass
class World:
    """What is true on the street; acts change it, probes see it."""

    dead: set[str] = field(default_factory=set)
    pingless: set[str] = field(default_factory=set)
    agentless: set[str] = field(default_factory=set)
    refusing: dict[str, Outcome] = field(default_factory=dict)
    loss: dict[str, float] = field(default_factory=dict)
    rtt: dict[str, float] = field(default_factory=dict)
    values: dict[str, dict[str, float]] = field(default_factory=dict)
    texts: dict[str, dict[str, str]] = field(default_factory=dict)
    batteries: dict[str, Battery] = field(default_factory=dict)
    ports_down: set[tuple[str, str]] = field(default_factory=set)
    open_doors: set[str] = field(default_factory=set)


class Later:
    """The acts of a moment: `street.at(30).silent("SDR-01")`."""

    def __init__(self, street: Street, second: float) -> None:
        self._street = street
        self._at = street.begin + int(second * 1000)

    def at(self, second: float) -> Later:
        return self._street.at(second)

    def _then(self, act: Callable[[], None]) -> Later:
        heapq.heappush(self._street._acts, (self._at, next(self._street._order), act))
        return self

    def _each(self, names: tuple[str, ...], act: Callable[[str], Any]) -> Later:
        """Of every device named, and of all devices of a box named."""
        city = self._street.accepted.city
        unknown = set(names) - city.devices.keys() - city.boxes.keys() - city.references.keys()
        assert not unknown, unknown
        ids = [id_ for id_, d in city.devices.items() if id_ in names or d.box in names]
        ids += [id_ for id_ in names if id_ in city.references]
        return self._then(lambda: [act(id_) for id_ in ids] and None)

    # the roads to a device
    def silent(self, *names: str) -> Later:
        return self._each(names, self._street.world.dead.add)

    def answers(self, *names: str) -> Later:
        return self._each(names, self._street.world.dead.discard)

    def ping_lost(self, *names: str) -> Later:
        return self._each(names, self._street.world.pingless.add)

    def ping_back(self, *names: str) -> Later:
        return self._each(names, self._street.world.pingless.discard)

    def agent_lost(self, *names: str) -> Later:
        return self._each(names, self._street.world.agentless.add)

    def agent_back(self, *names: str) -> Later:
        self._each(names, lambda id_: self._street.world.refusing.pop(id_, None))
        return self._each(names, self._street.world.agentless.discard)

    def agent_says(self, outcome: Outcome, *names: str) -> Later:
        return self._each(names, lambda id_: self._street.world.refusing.update({id_: outcome}))

    def loses_packets(self, share: float, *names: str) -> Later:
        return self._each(names, lambda id_: self._street.world.loss.update({id_: share}))

    def slow(self, seconds: float, *names: str) -> Later:
        return self._each(names, lambda id_: self._street.world.rtt.update({id_: seconds}))

    # power
    def mains_lost(self, *boxes: str, per_minute: float = 0.1, charge: float = 100.0) -> Later:
        def act() -> None:
            for box in boxes:
                battery = self._street.world.batteries.setdefault(box, Battery())
                battery.lost_at, battery.per_minute, battery.charge = (
                    self._street.clock.at,
                    per_minute,
                    charge,
                )

        return self._then(act)

    def mains_back(self, *boxes: str) -> Later:
        def act() -> None:
            for box in boxes:
                battery = self._street.world.batteries.setdefault(box, Battery())
                battery.lost_at, battery.charge = None, 100.0

        return self._then(act)

    # values and texts
    def reads(self, device: str, **values: float) -> Later:
        return self._then(lambda: self._street.world.values.setdefault(device, {}).update(values))

    def says(self, device: str, **texts: str) -> Later:
        return self._then(lambda: self._street.world.texts.setdefault(device, {}).update(texts))

    def door_opens(self, box: str) -> Later:
        return self._then(lambda: self._street.world.open_doors.add(box))

    def door_closes(self, box: str) -> Later:
        return self._then(lambda: self._street.world.open_doors.discard(box))

    def port_falls(self, switch: str, port: str) -> Later:
        return self._then(lambda: self._street.world.ports_down.add((switch, port)))

    def port_rises(self, switch: str, port: str) -> Later:
        return self._then(lambda: self._street.world.ports_down.discard((switch, port)))

    def trap(self, device: str, trust: Trust = Trust.PLAIN, **values: float) -> Later:
        def act() -> None:
            keyed = {parsed(name): value for name, value in values.items()}
            reading = Reading(device, Probe.TRAP, self._street.clock.at, Outcome.OK, keyed, trust=trust)
            self._street.core.take([reading])

        return self._then(act)

    # people and processes
    def acknowledges(self, by: str, box: str, concern: Concern | str) -> Later:
        def act() -> None:
            street = self._street
            code = street.incident(box, concern).code
            street.answers.append(street.core.acknowledge(street.clock.at, code, by))

        return self._then(act)

    def reloads(self, sources: Sources) -> Later:
        """As `watch` does: all of the new set, or none of it."""

        def act() -> None:
            street = self._street
            try:
                new = accept(sources, street.clock.at, street.accepted)
            except ConfigError as error:
                street.answers.append(str(error))
                return
            for device in street.accepted.city.devices.values():
                if device.id not in new.city.devices:
                    street.schedule.remove(device.id, Probe.ICMP)
                    street.schedule.remove(device.id, Probe.SNMP)
            street.accepted = new
            street._answers_due = [due for due in street._answers_due if due[2].device in new.city.devices]
            street.answers.append(street.core.reload(street.clock.at, new))
            street.outbox.use(new.plan(("terminal",)))
            for device in new.city.devices.values():
                street._schedule(device, street.clock.at)

        return self._then(act)

    def watch_stops(self, cleanly: bool = False) -> Later:
        def act() -> None:
            street = self._street
            street.watching = False
            street._answers_due.clear()
            if cleanly:
                street.core.stop(street.clock.at)

        return self._then(act)

    def watch_starts(self) -> Later:
        """A new process: it knows what the journal kept, after a trip through JSON, and nothing else."""

        def act() -> None:
            street = self._street
            street.journal.rows = json.loads(json.dumps(street.journal.rows))
            street.watching = True
            street._begin_watching()

        return self._then(act)

    def tell_stops(self) -> Later:
        return self._then(lambda: setattr(self._street, "telling", False))

    def tell_starts(self) -> Later:
        def act() -> None:
            self._street.telling = True
            self._street._begin_telling()

        return self._then(act)

    def channel_fails(self, *errors: Exception) -> Later:
        return self._then(lambda: self._street.channel.faults.extend(errors))

    def does(self, act: Callable[[], Any]) -> Later:
        return self._then(lambda: act() and None)
