"""Where traps are heard: a receiver for each listening address, interpreted by the profiles."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping

from app.accepted import Accepted
from app.settings import resolve
from collector.snmp.session import Credentials, Varbind
from collector.traps.meaning import trap_values
from collector.traps.receiver import Interpret, TrapReceiver, TrapSender
from domain.errors import NotPermitted
from domain.place import Device, Traps
from domain.ports import Clock
from domain.reading import Key

log = logging.getLogger("nigehban.watch")


def senders(accepted: Accepted, credentials: Callable[[Device], Credentials | None]) -> list[TrapSender]:
    """Every device of the city; v1 and v2c by the traps' own community, where there is one."""
    traps = accepted.city.traps
    own = Credentials("2c", community=resolve(traps.community)) if traps and traps.community else None
    found = []
    for device in accepted.city.devices.values():
        known = credentials(device)
        found.append(TrapSender(device, own if own and (known is None or known.version != "3") else known))
    return found


def open_receivers(
    accepted: Callable[[], Accepted],
    credentials: Callable[[Device], Credentials | None],
    clock: Clock,
) -> list[TrapReceiver]:
    """One for each address of `traps.listen`; none where the inventory hears no traps. What cannot be
    opened is said, and polling goes on without it."""
    traps = accepted().city.traps
    if traps is None:
        return []

    def interpret(
        _device: Device, oid: bytes, varbinds: list[Varbind]
    ) -> tuple[Mapping[Key, float], Mapping[str, str]] | None:
        return trap_values(accepted().profiles, oid, varbinds)

    known = senders(accepted(), credentials)
    return [r for host in traps.listen if (r := _open(host, traps, known, interpret, clock)) is not None]


def _open(
    host: str, traps: Traps, known: list[TrapSender], interpret: Interpret, clock: Clock
) -> TrapReceiver | None:
    try:
        receiver = TrapReceiver(known, interpret, clock, host, traps.port, receive_buffer=traps.buffer_bytes)
    except (NotPermitted, OSError) as error:
        log.error("no traps are heard on %s port %d: %s", host, traps.port, error)
        return None
    log.info("traps are heard on %s port %d", host, traps.port)
    return receiver
