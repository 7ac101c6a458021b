"""Reads recordings and small made-up agents by the shipped profiles, for the tests of device families."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import cache

from collector.device.load import load
from collector.device.profile import ProfileSet
from collector.probe import ProbeResult, probe
from collector.snmp.session import INTEGER, OBJECT_ID, OCTET_STRING, TIMETICKS, oid
from tests.collector.recorded import Recorded, number
from tests.peers import shared_devices

E = "1.3.6.1.4.1"
SYS_OBJECT, SYS_DESCR, UPTIME = "1.3.6.1.2.1.1.2.0", "1.3.6.1.2.1.1.1.0", "1.3.6.1.2.1.1.3.0"


@cache
def profiles() -> ProfileSet:
    return load()


@cache
def recording(name: str) -> ProbeResult:
    """What `probe` makes of the one recording whose path below shared devices begins with `name`."""
    kind, _, stem = name.partition("/")
    (path,) = (p for p in shared_devices().glob(f"{kind}/{stem}*") if p.suffix in (".snmprec", ".snmpwalk"))
    return asyncio.run(probe(Recorded.of(path), name, profiles()))


def made(
    rows: Mapping[str, int | str], object_id: str = "", descr: str = "", profile: str = "auto"
) -> ProbeResult:
    """What `probe` makes of an agent that answers `rows` (integers and texts), and sysObjectID and
    sysDescr where given."""
    raw = {
        key: (INTEGER, number(value)) if isinstance(value, int) else (OCTET_STRING, value.encode())
        for key, value in rows.items()
    }
    raw[UPTIME] = TIMETICKS, b"\x10\x00"
    if object_id:
        raw[SYS_OBJECT] = OBJECT_ID, oid(object_id)
    if descr:
        raw[SYS_DESCR] = OCTET_STRING, descr.encode()
    return asyncio.run(probe(Recorded(raw), "made", profiles(), profile))


def some(result: ProbeResult, *metrics: str) -> dict[str, float | str]:
    """The values of some metrics, labels and all."""
    return {key: value for key, value in result.values.items() if key.partition("{")[0] in metrics}


def column(root: str, *values: int | str, first: int = 1) -> dict[str, int | str]:
    """A table column: the values by index, counted from `first`."""
    return {f"{root}.{index}": value for index, value in enumerate(values, first)}
