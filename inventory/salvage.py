"""Checks the rest of a file that is wrong in places: faults are cut out, and what remains is judged.

So an operator reads every error of a file at once, not the ones of shape first and, when those are
mended, the ones of meaning. PURE.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator
from typing import Any

from config.located import Loc
from config.shape import Fault, attempt
from inventory.shape import InventoryShape

_STAND_INS: dict[str, Any] = {
    "city": {"name": "?", "bounds": {"south": -90, "west": -180, "north": 90, "east": 180}},
    "bounds": {"south": -90, "west": -180, "north": 90, "east": 180},
    "south": -90,
    "west": -180,
    "north": 90,
    "east": 180,
    "name": "?",
    "lat": 0,
    "lon": 0,
    "district": "absent",
    "kind": "switch",
    "address": "absent.invalid",
    "role": "management",
    "number": "+923000000000",
    "capacity_ah": 1,
    "port": "?",
}
"""For required values that were wrong or missing. What is then found wrong with one is not reported."""

_ROUNDS = 8  # what is cut uncovers what is missing; three rounds do, the rest is caution

Excused = frozenset[Loc]


def shape_of(value: Any) -> tuple[InventoryShape | None, list[Fault], Excused]:
    """The shape of a good file; of a faulty one the shape of what remains, the faults, and the
    paths where nothing more may be complained of. No shape if the file is no mapping at all."""
    shape, wrong = attempt(value, InventoryShape)
    found, excused = list(wrong), set[Loc]()
    value = {} if value is None else copy.deepcopy(value) if wrong else value
    for _ in range(_ROUNDS):
        if shape is not None or not isinstance(value, dict):
            break
        for fault in wrong:
            excused.add(fault.loc)
            _cut(value, fault)
        shape, wrong = attempt(value, InventoryShape)
        found += [fault for fault in wrong if fault.loc not in excused]
    return shape, found, frozenset(excused)


def _cut(value: dict[Any, Any], fault: Fault) -> None:
    """Removes the entry at fault; a required one that is missing gets a stand-in."""
    holder: Any = value
    for step in fault.loc[:-1]:
        below = holder.get(step) if isinstance(holder, dict) else None
        if not isinstance(below, dict):  # of a list with a wrong item, the whole is cut
            if isinstance(holder, dict):
                holder.pop(step, None)
            return
        holder = below
    key = fault.loc[-1]
    if fault.missing and key in _STAND_INS:
        holder[key] = copy.deepcopy(_STAND_INS[str(key)])
    else:
        holder.pop(key, None)


def told(found: Iterable[Fault], excused: Excused) -> Iterator[Fault]:
    """The faults of meaning, without those that may be but echoes of a fault of shape already told."""
    kinds = {loc[:2] for loc in excused if loc[-1:] == ("kind",)}
    for fault in found:
        # a device of unknown kind may be the very switch that is missed
        echo = fault.loc[-1:] == ("fed_by",) and fault.loc[:2] in kinds
        if not echo and fault.loc not in excused:
            yield fault
