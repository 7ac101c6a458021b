"""What of the engine's memory survives a restart, as JSON-able rows by key.

Alarms, what has been told and what is about to be are durable: they are committed with the
transition itself. Polls counted towards a hold are not: the first sweeps learn them again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from domain.alarm import AlarmState, Cause, Concern, Condition, Notice, Phase, Reason
from rules.forecast import Discharge, Sample
from rules.machine import CLEAR
from rules.memory import ON, BoxMemory, DeviceMemory, Pending, Told, Watchman
from rules.shelf import Shelf

Row = dict[str, Any]


def _alarm_row(state: AlarmState) -> list[Any]:
    return [state.phase, state.since, state.first, state.count, state.penalty, state.penalty_at]


def _alarm(row: list[Any]) -> AlarmState:
    return AlarmState(Phase(row[0]), *row[1:])


def _worth_keeping(memory: DeviceMemory) -> dict[str, AlarmState]:
    """Alarms that hold, penalties, and suspicions a dark box already rests on; others are learned anew."""
    kept = {}
    for rule, state in memory.alarms.items():
        if state.phase in ON or (memory.box.is_dark and rule == "silent"):
            kept[rule] = state
        elif state.penalty:
            kept[rule] = AlarmState(penalty=state.penalty, penalty_at=state.penalty_at)
    return kept


def device_row(memory: DeviceMemory) -> Row | None:
    """None: nothing worth keeping."""
    row: Row = {}
    if alarms := _worth_keeping(memory):
        row["alarms"] = {rule: _alarm_row(state) for rule, state in alarms.items()}
    if memory.heard_snmp:
        row["heard_snmp"] = True
    if memory.identity:
        row["identity"] = memory.identity
    if memory.seen_identity:
        row["seen_identity"] = memory.seen_identity
    if memory.habit:
        row["habit"] = memory.habit
    if memory.discharge:
        row["discharge"] = [memory.discharge.began, *([s.at, s.charge] for s in memory.discharge.samples)]
    if memory.power_ok_at:
        row["power_ok_at"] = memory.power_ok_at  # its shelf's may be newer
    if memory.condition is not Condition.UP:
        row["condition"] = [memory.condition, memory.cause]
    return row or None


def restore_device(memory: DeviceMemory, row: Mapping[str, Any]) -> None:
    memory.alarms = {rule: _alarm(saved) for rule, saved in row.get("alarms", {}).items()}
    memory.heard_snmp = row.get("heard_snmp", False)
    memory.identity = dict(row.get("identity", {}))
    memory.seen_identity = dict(row.get("seen_identity", {}))
    memory.habit = row.get("habit", 0.0)
    memory.power_ok_at = memory.power_saved = max(memory.power_ok_at, row.get("power_ok_at", 0))
    if "discharge" in row:
        began, *samples = row["discharge"]
        memory.discharge = Discharge(began, tuple(Sample(at, charge) for at, charge in samples))
    if "condition" in row:
        condition, cause = row["condition"]
        memory.condition, memory.cause = Condition(condition), Cause(cause) if cause else None


def shelf_row(shelf: Shelf, devices: Mapping[str, DeviceMemory]) -> Row | None:
    found = {ups: at for ups in shelf.ups if (at := devices[ups].power_ok_at)}
    return {"power_ok_at": found} if found else None


def restore_shelf(devices: Mapping[str, DeviceMemory], row: Mapping[str, Any]) -> None:
    """Of a device that has changed its shelf there may be two rows: the later word counts."""
    for id_, at in row.get("power_ok_at", {}).items():
        if id_ in devices:
            device = devices[id_]
            device.power_ok_at = device.power_saved = max(device.power_ok_at, at)


def box_row(memory: BoxMemory) -> Row | None:
    row: Row = {}
    if memory.dark.phase in ON:
        row["dark"] = _alarm_row(memory.dark)
    if memory.told:
        row["told"] = {c: [t.rank, sorted(t.cameras), t.police] for c, t in memory.told.items()}
    if memory.pending:
        row["pending"] = {c: [p.notice, p.reason, p.asked, p.due] for c, p in memory.pending.items()}
    if memory.hushed:
        row["hushed"] = {c: list(why) for c, why in memory.hushed.items()}
    clues = [memory.door_at, memory.trusted_tamper_at, memory.identity_at, memory.parent_back_at]
    if any(clues) or memory.falls:
        row["clues"] = [*clues, *map(list, memory.falls)]
    if memory.lit_at or memory.mains_at:
        row["back"] = [memory.lit_at, memory.mains_at]
    if memory.condition is not Condition.UP:
        row["condition"] = memory.condition
    return row or None


def restore_box(memory: BoxMemory, row: Mapping[str, Any]) -> None:
    memory.dark = _alarm(row["dark"]) if "dark" in row else CLEAR
    memory.told = {
        Concern(c): Told(rank, frozenset(cameras), police)
        for c, (rank, cameras, police) in row.get("told", {}).items()
    }
    memory.pending = {
        Concern(c): Pending(Notice(notice), Reason(reason), asked, due)
        for c, (notice, reason, asked, due) in row.get("pending", {}).items()
    }
    memory.hushed = {Concern(c): (Cause(a), Reason(b)) for c, (a, b) in row.get("hushed", {}).items()}
    if "clues" in row:
        door, trusted, identity, back, *falls = row["clues"]
        memory.door_at, memory.trusted_tamper_at, memory.identity_at = door, trusted, identity
        memory.parent_back_at = back
        memory.falls = tuple((at, port) for at, port in falls)
    memory.lit_at, memory.mains_at = row.get("back", (0, 0))
    memory.condition = Condition(row.get("condition", Condition.UP))


def watchman_row(watchman: Watchman) -> Row | None:
    return {"state": _alarm_row(watchman.state)} if watchman.state.phase in ON else None


def restore_watchman(watchman: Watchman, row: Mapping[str, Any]) -> None:
    watchman.state = _alarm(row["state"])
