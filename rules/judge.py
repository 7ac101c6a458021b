"""From a reading to alarms: which rules it concerns, what evidence it is, which holds begin or end."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from domain.alarm import Concern, Evidence
from domain.place import Kind
from domain.reading import Key, Outcome, Reading, Trust
from rules import power, witness
from rules.alarms import AT_ONCE, Alarms
from rules.forecast import Discharge, forecast
from rules.memory import DeviceMemory, World
from rules.rule import Threshold
from rules.thresholds import beyond
from rules.work import Work

IDENTITY = ("serial", "mac", "engine_id")
"""Texts by which a device is known to be the same one."""

SAVE_EVERY = 60_000
"""How often the durable memory of healthy UPSes is made anew, in milliseconds."""

STALE = 3 * SAVE_EVERY
"""And how stale it may be of any of them: a shelf's turn may come just before a UPS's own poll."""

DISCHARGE_SAVE_EVERY = 15_000


class Judge:
    """Makes evidence of one reading at a time; boxes that must be judged anew go to `work.review`."""

    def __init__(self, world: World, alarms: Alarms) -> None:
        self._world = world
        self._alarms = alarms

    # -- one reading ------------------------------------------------------------------------------

    def icmp(self, work: Work, memory: DeviceMemory, reading: Reading) -> None:
        outcome = reading.outcome
        if outcome is Outcome.FORBIDDEN:
            return
        asked = witness.asked_at(reading, work.now)
        witness.note_icmp(memory, outcome, asked, work.now, self._world.watchman.seeing_since)
        if outcome is Outcome.OK:
            witness.note_alive(memory, asked)
            values = reading.values
            for key, rule in memory.thresholds.icmp:
                value = values.get(key)
                if value is not None:
                    evidence = beyond(rule, value)
                    if evidence is Evidence.BAD or rule.id in memory.alarms:
                        self._alarms.step(work, memory, rule.id, rule.hold, evidence)
        self._silent(work, memory)

    def snmp(self, work: Work, memory: DeviceMemory, reading: Reading) -> None:
        outcome = reading.outcome
        if outcome is Outcome.FORBIDDEN:
            return
        now = work.now
        if outcome is Outcome.OK and not memory.heard_snmp:
            work.devices.add(memory.device.id)
        witness.note_snmp(memory, outcome, now, self._world.watchman.seeing_since)
        rules = memory.box.rules
        evidence = witness.agent(memory, outcome)
        if evidence is Evidence.BAD or "agent" in memory.alarms:
            self._alarms.step(work, memory, "agent", rules.agent, evidence)
        if outcome is Outcome.OK:
            witness.note_alive(memory, now)
            kind = memory.device.kind
            if kind is Kind.UPS:
                self._power(work, memory, reading)
            elif kind is Kind.SWITCH:
                self._ports(work, memory, reading)
            if reading.texts:
                self._identity(work, memory, reading.texts)
            self._metrics(work, memory, reading, trap=False)
        if memory.icmp_fails and outcome is Outcome.OK:  # it lives, whatever became of its echoes
            self._step_silent(work, memory, Evidence.GOOD)
        elif memory.icmp_fails:
            self._silent(work, memory)

    def trap(self, work: Work, memory: DeviceMemory, reading: Reading) -> None:
        """A trap is a hint: it may open a tamper alarm, it never clears one, and proves no life."""
        if memory.device.kind is Kind.SWITCH:
            for (metric, port), value in reading.values.items():
                if metric == "port_up" and value == 0:
                    self._fell(work, memory, port)
        self._metrics(work, memory, reading, trap=True)

    # -- rules ------------------------------------------------------------------------------------

    def _silent(self, work: Work, memory: DeviceMemory) -> None:
        if memory.icmp_fails == 0 and "silent" not in memory.alarms:
            return
        polls = memory.box.rules.silent.polls
        self._step_silent(work, memory, witness.silent(memory, self._world.watchman, polls, work.now))

    def _step_silent(self, work: Work, memory: DeviceMemory, evidence: Evidence) -> None:
        was = memory.alarm("silent").phase
        # the polls are counted by the witness, sweep by sweep; here only the time is held
        hold = self._alarms.hold(memory, "silent")
        self._alarms.step(work, memory, "silent", hold, evidence, witness.fell_at(memory))
        if memory.alarm("silent").phase is not was:
            work.review[memory.box.place.box.id] = None

    def _power(self, work: Work, memory: DeviceMemory, reading: Reading) -> None:
        rules, now = memory.box.rules, work.now
        memory.last = reading
        evidence = power.on_battery(reading.values, rules.mains.low_volts)
        if evidence is Evidence.BAD or "mains" in memory.alarms:
            self._alarms.step(work, memory, "mains", rules.mains.hold, evidence)
            self._alarms.review_feeder(work, memory)
        charge = reading.values.get(power.CHARGE)
        if evidence is Evidence.GOOD:
            memory.power_ok_at = now
            self._keep_power(work, memory)
            self._learn(work, memory)
        elif evidence is Evidence.BAD:  # one that tells no charge may still tell its runtime
            discharge = memory.discharge or Discharge(now)
            memory.discharge = discharge if charge is None else discharge.add(now, charge)
        if memory.discharge or memory.alarms:
            self._outlook(work, memory, evidence, power.runtime(reading.values))
        if memory.discharge and now - memory.saved_at >= DISCHARGE_SAVE_EVERY:
            memory.saved_at = now
            work.devices.add(memory.device.id)

    def _keep_power(self, work: Work, memory: DeviceMemory) -> None:
        """Once a minute for a whole shelf; at once for a UPS of which nothing fresh is kept, for a watcher
        that is killed again and again must not forget whoever is never the first to be read. Only that
        one's own row: a shelf made for each UPS that is heard for the first time would cost its square."""
        shelf, now = memory.box.shelf, work.now
        if now - shelf.saved_at >= SAVE_EVERY:
            shelf.saved_at = now
            work.shelves.add(shelf.id)
            for ups in shelf.ups:
                other = self._world.devices[ups]
                other.power_saved = other.power_ok_at
        elif now - memory.power_saved >= max(STALE, 2000 * memory.device.snmp_interval_s):
            memory.power_saved = now
            work.devices.add(memory.device.id)

    def _learn(self, work: Work, memory: DeviceMemory) -> None:
        """A discharge is over: what it cost per hour is this box's habit, the newest weighing a third."""
        if memory.discharge is None:
            return
        rate = memory.discharge.rate()
        if rate is not None and memory.discharge.drop >= memory.box.rules.habit.min_drop:
            memory.habit = rate if not memory.habit else memory.habit * 2 / 3 + rate / 3
        memory.discharge = None
        work.devices.add(memory.device.id)

    def _outlook(self, work: Work, memory: DeviceMemory, mains: Evidence, ups_says: float | None) -> None:
        """Will the battery last, and does it fall faster than it used to?"""
        rules, now = memory.box.rules, work.now
        drains = forecast_evidence = Evidence.GOOD if mains is Evidence.GOOD else Evidence.UNKNOWN
        spent = now - memory.discharge.began if memory.discharge else 0
        if memory.discharge and memory.on("mains"):
            if spent >= rules.forecast.after:
                outlook = forecast(memory.discharge, ups_says)
                left = outlook.likely_s if outlook else ups_says
                if left is not None:
                    forecast_evidence = _left(left * 1000, rules.forecast.below, rules.forecast.clear_above)
            rate = memory.discharge.rate()
            if memory.habit and rate and spent >= rules.habit.after:
                drains = Evidence.BAD if rate > rules.habit.times * memory.habit else Evidence.GOOD
        for rule, hold, evidence in (
            ("forecast", rules.forecast.hold, forecast_evidence),
            ("habit", rules.habit.hold, drains),
        ):
            if evidence is Evidence.BAD or rule in memory.alarms:
                self._alarms.step(work, memory, rule, hold, evidence)

    def _ports(self, work: Work, memory: DeviceMemory, reading: Reading) -> None:
        before = memory.last.values if memory.last else {}
        memory.last = reading
        if before:
            for key, value in reading.values.items():
                if value == 0 and key[0] == "port_up" and before.get(key) == 1:
                    self._fell(work, memory, key[1])
        if memory.box.incidents.get(Concern.OUTAGE):  # its ports may tell why a camera is silent
            work.review[memory.box.place.box.id] = None

    def _fell(self, work: Work, memory: DeviceMemory, port: str) -> None:
        box = memory.box
        horizon = work.now - box.rules.theft.corroboration
        recent = tuple(fall for fall in box.falls if fall[0] >= horizon and fall[1] != port)
        box.falls = (*recent, (work.now, port))[-16:]
        work.boxes.add(box.place.box.id)
        work.review[box.place.box.id] = None

    def _identity(self, work: Work, memory: DeviceMemory, texts: Mapping[str, str]) -> None:
        seen = {name: texts[name] for name in IDENTITY if texts.get(name)}
        if not seen:
            return
        new = {name: text for name, text in seen.items() if name not in memory.identity}
        if new:
            memory.identity |= new
            work.devices.add(memory.device.id)
        changed = any(memory.identity[name] != text for name, text in seen.items())
        memory.seen_identity = seen if changed else {}
        if changed or "identity" in memory.alarms:
            if changed and "identity" not in memory.alarms:
                memory.box.identity_at = work.now
            self._alarms.step(work, memory, "identity", AT_ONCE, Evidence.BAD if changed else Evidence.GOOD)

    def _metrics(self, work: Work, memory: DeviceMemory, reading: Reading, trap: bool) -> None:
        values, alarms = reading.values, memory.alarms
        for rule, keys, above, below in memory.thresholds.among(tuple(values)):
            if rule.id in alarms:
                if not keys:
                    if not trap:
                        self._unseen(work, memory, rule)
                    continue
            else:
                for key in keys:
                    value = values[key]
                    if value > above or value < below:
                        break
                else:
                    continue  # most of them, most of the time
            self._limit(work, memory, rule, [values[key] for key in keys], reading, trap)

    def _limit(
        self,
        work: Work,
        memory: DeviceMemory,
        rule: Threshold,
        values: Iterable[float],
        reading: Reading,
        trap: bool,
    ) -> None:
        """Any one value beyond the limit is bad; all within it are good."""
        seen = {beyond(rule, value) for value in values}
        evidence = next((e for e in (Evidence.BAD, Evidence.UNKNOWN) if e in seen), Evidence.GOOD)
        if trap and (not rule.trap_opens or evidence is not Evidence.BAD):
            return
        for metric, wanted in rule.when.items():
            holds = self._condition(memory, metric, reading.values)
            if holds is None:
                evidence = Evidence.UNKNOWN
            elif holds != wanted:
                evidence = Evidence.GOOD
        if evidence is not Evidence.BAD and rule.id not in memory.alarms:
            return
        if evidence is Evidence.BAD and rule.concern is Concern.TAMPER:
            box = memory.box
            box.door_at = work.now
            if reading.trust is Trust.V3:
                box.trusted_tamper_at = work.now
                stands = box.incidents.get(Concern.TAMPER)
                if stands is not None and not stands.police:  # told by anyone before, by the device now
                    work.boxes.add(box.place.box.id)
                    work.review[box.place.box.id] = None
            if rule.id not in memory.alarms:
                work.boxes.add(box.place.box.id)
        self._alarms.step(work, memory, rule.id, rule.hold, evidence)

    def _unseen(self, work: Work, memory: DeviceMemory, rule: Threshold) -> None:
        """Opened by a trap, of which no poll can tell the end: good polls that know nothing of it end it
        once its clue has lost its weight."""
        if work.now - memory.alarms[rule.id].first >= memory.box.rules.theft.corroboration:
            self._alarms.step(work, memory, rule.id, rule.hold, Evidence.GOOD)

    def _condition(self, memory: DeviceMemory, metric: str, values: Mapping[Key, float]) -> float | None:
        if metric == "on_battery":  # as agreed by all witnesses, not as one of them says
            return float(memory.on("mains"))
        return values.get((metric, ""))


def _left(left_ms: float, below: int, clear_above: int) -> Evidence:
    if left_ms < below:
        return Evidence.BAD
    return Evidence.GOOD if left_ms > clear_above else Evidence.UNKNOWN
