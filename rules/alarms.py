"""The alarms of one device: stepped by evidence, ended by time, damped when they flap."""

from __future__ import annotations

from domain.alarm import AlarmState, Evidence, Phase
from rules import flap, witness
from rules.alarmed import without_mains
from rules.machine import ripe_at, ripen, step
from rules.memory import DeviceMemory, World
from rules.rule import Hold
from rules.work import Wakes, Work, next_beat

AT_ONCE = Hold()


class Alarms:
    """Steps one alarm at a time; boxes that must be judged anew go to `work.review`."""

    def __init__(self, world: World, wakes: Wakes) -> None:
        self._world = world
        self._wakes = wakes

    def step(
        self,
        work: Work,
        memory: DeviceMemory,
        rule: str,
        hold: Hold,
        evidence: Evidence,
        began: int | None = None,
    ) -> None:
        before = memory.alarm(rule)
        after, settled = step(hold, before, evidence, work.now, began)
        if after is not before:
            self._keep(work, memory, rule, hold, after, settled)

    def ripen(self, work: Work, memory: DeviceMemory) -> None:
        """Ends the holds that time alone has ended."""
        for rule, state in list(memory.alarms.items()):
            hold = self.hold(memory, rule)
            if (
                rule == "silent"
                and state.phase is Phase.PENDING
                and not self._vouched(memory, state, work.now)
            ):
                self._wakes.at(next_beat(work.now, 1000), memory.device.id)
                continue
            after, settled = ripen(hold, state, work.now)
            if after is not state:
                self._keep(work, memory, rule, hold, after, settled)
            else:
                self._wakes.at(ripe_at(hold, state), memory.device.id)

    def wake_up(self, memory: DeviceMemory) -> None:
        """Asks for the wakes of alarms that were read back after a restart."""
        for rule, state in memory.alarms.items():
            self._wakes.at(ripe_at(self.hold(memory, rule), state), memory.device.id)

    def settle_flapping(self, work: Work, memory: DeviceMemory) -> None:
        """Ends damping once the penalty has decayed; forgets penalties that no longer matter."""
        rule = memory.box.rules.flapping
        state = memory.alarms.get("flapping")
        if state is None:
            return
        ends = flap.reused_at(rule, state)
        if work.now < ends:
            self._wakes.at(ends, memory.device.id)
            return
        del memory.alarms["flapping"]
        silent = memory.alarms.get("silent")
        if silent is not None and silent.phase is Phase.CLEAR:
            del memory.alarms["silent"]
        work.devices.add(memory.device.id)
        work.review[memory.box.place.box.id] = None

    def _vouched(self, memory: DeviceMemory, state: AlarmState, now: int) -> bool:
        patience = int(memory.device.icmp_interval_s * 1000) * witness.PATIENCE
        since = max(state.first, witness.known_at(memory) or 0)
        return self._world.watchman.vouches(since, now, patience)

    def _keep(
        self,
        work: Work,
        memory: DeviceMemory,
        rule: str,
        hold: Hold,
        state: AlarmState,
        settled: Phase | None,
    ) -> None:
        if settled is Phase.FIRING and rule == "silent":
            state = self._punish(work, memory, state)
        if settled is Phase.CLEAR and rule == "silent":
            memory.recovered_at = state.first
        if state.phase is Phase.CLEAR and not state.penalty:
            memory.alarms.pop(rule, None)
        else:
            memory.alarms[rule] = state
            self._wakes.at(ripe_at(hold, state), memory.device.id)
        if settled is not None:
            work.devices.add(memory.device.id)
            work.review[memory.box.place.box.id] = None
            if rule == "mains":  # by time alone, perhaps
                self.review_feeder(work, memory)

    def _punish(self, work: Work, memory: DeviceMemory, state: AlarmState) -> AlarmState:
        rule = memory.box.rules.flapping
        state = flap.punish(rule, state, work.now)
        if state.penalty >= rule.suppress:
            memory.alarms["flapping"] = AlarmState(
                Phase.FIRING, work.now, state.first, 0, state.penalty, state.penalty_at
            )
            self._wakes.at(flap.reused_at(rule, state), memory.device.id)
        return state

    def review_feeder(self, work: Work, memory: DeviceMemory) -> None:
        """Enough boxes without mains change the verdict of all on their feeder that have lost it.

        Once a box: a feeder's fall is told box by box, and its end changes no standing verdict."""
        box = memory.box
        grid, box_id = box.grid, box.place.box.id
        if not without_mains(self._world, box):
            if box_id in grid.lost:
                grid.lost.discard(box_id)
                box.mains_at = work.now
                work.boxes.add(box_id)
        elif box_id not in grid.lost:
            grid.lost.add(box_id)
            if box.place.box.feeder and len(grid.lost) in grid.needs:
                work.review.update(dict.fromkeys(id_ for id_ in grid.boxes if id_ in grid.lost))

    def hold(self, memory: DeviceMemory, rule: str) -> Hold:
        rules = memory.box.rules
        if rule == "silent":
            return Hold(1, rules.silent.hold, rules.silent.clear_polls, rules.silent.clear_hold)
        builtin = {
            "agent": rules.agent,
            "mains": rules.mains.hold,
            "forecast": rules.forecast.hold,
            "habit": rules.habit.hold,
        }.get(rule)
        if builtin:
            return builtin
        return next((t.hold for t in rules.thresholds if t.id == rule), AT_ONCE)
