"""A v3 agent to be played with: the simulator's security, which shares no code with the collector's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from collector.snmp.session import Credentials
from domain.place import SecretRef, SnmpV3
from simulator import ber
from simulator.agents import Tree
from simulator.v3 import Usm

NAME = "1.3.6.1.2.1.1.5.0"
UPTIME = "1.3.6.1.2.1.1.3.0"
TREE = Tree(
    {ber.parse_oid(NAME): ber.octets(b"pole-17"), ber.parse_oid(UPTIME): ber.integer(4711, ber.TIMETICKS)}
)


def usm(credentials: Credentials, device: str = "B1-ups") -> Usm:
    access = SnmpV3(
        credentials.user,
        credentials.auth_protocol,
        SecretRef("env", "AUTH") if credentials.auth_key else None,
        credentials.priv_protocol,
        SecretRef("env", "PRIV") if credentials.priv_key else None,
    )
    phrases = {"AUTH": credentials.auth_key, "PRIV": credentials.priv_key}
    return Usm(device, access, lambda reference: phrases[reference.name])


@dataclass
class V3Agent:
    """Answers at `boots` and `seconds`; `spoiled` is what becomes of each reply on its way."""

    usm: Usm
    boots: int = 3
    seconds: int = 5000
    spoiled: Callable[[bytes], Sequence[bytes]] = lambda reply: [reply]
    asked: list[bytes] = field(default_factory=list)

    def __call__(self, packet: bytes) -> Sequence[bytes]:
        self.asked.append(packet)
        reply = self.usm.answer(packet, TREE, self.boots, self.seconds)
        return [] if reply is None else self.spoiled(reply)
