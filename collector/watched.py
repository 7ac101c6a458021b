"""What the poller remembers of one device."""

from __future__ import annotations

from dataclasses import dataclass, field

from collector.device.lifetime import Lifetime
from collector.device.plan import Plan
from collector.round import Round
from collector.snmp.agent import AgentSession, Manners
from collector.snmp.session import Credentials
from collector.snmp.udp import Address
from domain.place import Device
from domain.reading import Trust


@dataclass(slots=True, eq=False)
class Watched:
    """Mutable, one for each device under watch. `busy` from the start of an SNMP poll or discovery
    to its end; `gone` once the inventory no longer holds it."""

    device: Device
    credentials: Credentials | None = field(repr=False)
    named: bool = False  # its address is a name, to be looked up at each turn
    address: Address | None = None
    manners: Manners = field(default_factory=Manners)
    plan: Plan | None = None
    life: Lifetime | None = None  # of the plan
    round: Round | None = None  # once discovered
    session: AgentSession | None = None  # where more care is needed than a round takes
    polls: int = 0
    slow: bool = False  # this poll reads the slow tables too
    last_begun: int = 0  # engine milliseconds
    busy: bool = False
    gone: bool = False
    reachable: bool = True  # by ICMP, when last asked
    trust: Trust = field(init=False)  # in what it answers

    def __post_init__(self) -> None:
        by_user = self.credentials is not None and self.credentials.auth_protocol
        self.trust = Trust.V3 if by_user else Trust.PLAIN

    def take_turn(self, plan: Plan) -> bool:
        """Begins a poll. Whether it reads the slow tables too: the first one does, and every
        `slow_every`-th."""
        self.slow = self.polls % max(plan.slow_every, 1) == 0
        self.polls += 1
        return self.slow
