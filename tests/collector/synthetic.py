"""Synthetic devices: real recordings with rows changed, and rows made up from a MIB alone.

No recording of a UPS on battery exists, and of some MIBs there is none at all; each case says what
such a device would answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from collector.device.load import load
from collector.probe import ProbeResult, probe
from collector.snmp.session import INTEGER, NULL, OBJECT_ID, OCTET_STRING, oid
from tests.collector.recorded import Recorded, number, rows_of
from tests.peers import shared_devices

PROFILES = load()
SYS_OBJECT_ID = "1.3.6.1.2.1.1.2.0"
Changes = Mapping[str, int | str | None]
"""OID, or a subtree ending in `.*`, -> its new value; None takes the row away. An int keeps the
row's type (INTEGER where that is NULL), a text that begins like an OID is one."""


def changed(name: str, changes: Changes) -> ProbeResult:
    """A UPS recording with rows set, as probe reads it."""
    rows = rows_of(shared_devices() / "ups" / f"{name}.snmprec")
    for key, value in changes.items():
        matches = [row for row in rows if row == key or (key.endswith(".*") and row.startswith(key[:-1]))]
        for row in matches or ([] if key.endswith(".*") else [key]):
            if value is None:
                rows.pop(row, None)
            else:
                tag = rows[row][0] if row in rows else INTEGER
                rows[row] = _raw(value, INTEGER if tag == NULL else tag)
    return asyncio.run(probe(Recorded(rows), name, PROFILES))


def made(sys_object_id: str, rows: Changes) -> ProbeResult:
    """A device that answers just these rows."""
    answers = {SYS_OBJECT_ID: (OBJECT_ID, oid(sys_object_id))}
    answers |= {key: _raw(value, INTEGER) for key, value in rows.items() if value is not None}
    return asyncio.run(probe(Recorded(answers), "made up", PROFILES))


def _raw(value: int | str, tag: int) -> tuple[int, bytes]:
    if isinstance(value, int):
        return tag, number(value)
    return (OBJECT_ID, oid(value)) if value.startswith("1.3.6.") else (OCTET_STRING, value.encode())


def on_battery(result: ProbeResult) -> tuple[object, object]:
    return result.values.get("on_battery"), result.values.get("on_mains")
