"""Opens devices: the session and the round that fit their credentials."""

from __future__ import annotations

from collections.abc import Callable

from collector.round import Ended, Round
from collector.snmp.agent import AgentSession
from collector.snmp.exchange import Exchange
from collector.snmp.udp import Address
from collector.watched import Watched


class Connections:
    """All devices share one exchange, whose time-outs are settled when `settle` says."""

    def __init__(self, timeout_s: float, attempts: int, settle: Callable[[float], float]) -> None:
        self.exchange = Exchange(timeout_s, attempts, settle=settle)

    def open(self, watched: Watched) -> AgentSession:
        """Its session. ValueError when nothing can be asked with its credentials."""
        if watched.session is None:
            assert watched.credentials is not None
            assert watched.address is not None
            watched.session = AgentSession(
                self.exchange, watched.address, watched.credentials, watched.manners
            )
        return watched.session

    def compile(self, watched: Watched, ended: Ended) -> None:
        """Makes its round anew: a new plan, a new address, or smaller PDUs."""
        self.retire(watched)
        if watched.plan is not None:
            watched.round = Round(self.open(watched), watched.plan, ended)

    def retire(self, watched: Watched) -> None:
        """Its round, which is not under way, is not begun again."""
        if watched.round is not None:
            watched.round.retire()
            watched.round = None

    def move(self, watched: Watched, address: Address, ended: Ended) -> None:
        """Its name has another address now. It must not be busy."""
        self.disconnect(watched)
        watched.address = address
        self.compile(watched, ended)

    def disconnect(self, watched: Watched) -> None:
        if watched.round is not None:
            watched.round.forget()
            self.retire(watched)
        watched.session = None

    def close(self) -> None:
        self.exchange.close()
