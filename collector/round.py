"""One device's steady poll: its GETs, encoded once, asked one after the other.

No task and no coroutine: an answer's callback asks the next PDU, and the last one ends the round.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import Enum
from functools import lru_cache

from collector.device.plan import Plan
from collector.snmp import ber
from collector.snmp.agent import AgentSession
from collector.snmp.inquiry import Inquiry
from collector.snmp.session import Varbind, oid
from domain.reading import Outcome

SYS_UPTIME = oid("1.3.6.1.2.1.1.3.0")


class Course(Enum):
    """How a round went."""

    WHOLE = "whole"  # every PDU was answered
    CUT_SHORT = "cut short"  # silence, or worse, before the last PDU
    CHOKED = "choked"  # a PDU came back with an error: ask with more care


Ended = Callable[[Outcome, Sequence[Varbind], Course], None]
"""Called when a round has ended: OK when anything was answered, else why nothing was."""


class Round:
    """May be begun again once it has ended. `most` varbinds go into one PDU: what the agent bore when
    it was made."""

    __slots__ = ("_asked", "_ended", "_exchange", "_fast", "_rows", "_slow", "_step", "most")

    def __init__(self, session: AgentSession, plan: Plan, ended: Ended) -> None:
        self.most = most = session.manners.varbinds
        self._exchange = session.exchange
        self._ended = ended
        self._rows: Sequence[Varbind] = ()
        self._step = 0

        def inquiries(gets: tuple[tuple[bytes, ...], ...]) -> tuple[Inquiry, ...]:
            parts = (get[at : at + most] for get in gets for at in range(0, len(get), most))
            asked = (_get(session.version, session.community, part) for part in parts)
            return tuple(Inquiry(session.address, get, self._told, session.engine) for get in asked)

        self._fast = inquiries(plan.gets or ((SYS_UPTIME,),))  # at least a sign of life
        self._slow = self._fast + inquiries(plan.slow_gets)
        self._asked = self._fast

    def begin(self, slow: bool) -> None:
        """Asks what every poll asks, and with `slow` the slow tables too."""
        self._asked = self._slow if slow else self._fast
        self._rows = ()
        self._step = 0
        self._exchange.ask(self._asked[0])

    def forget(self) -> None:
        """Ends it untold, if it is under way."""
        for inquiry in self._asked:
            self._exchange.forget(inquiry)

    def retire(self) -> None:
        """It is not begun again. A round and its inquiries know each other, and would lie about until the
        collector walks the oldest objects."""
        self._asked = self._fast = self._slow = ()

    def _told(self, _: Inquiry, outcome: Outcome, varbinds: Sequence[Varbind], status: int, __: int) -> None:
        if outcome is not Outcome.OK:
            self._end(Outcome.OK if self._rows else outcome, Course.CUT_SHORT)
        elif status:
            self._end(Outcome.OK, Course.CHOKED)
        else:
            self._rows = (*self._rows, *varbinds) if self._rows else varbinds
            self._step += 1
            if self._step < len(self._asked):
                self._exchange.ask(self._asked[self._step])
            else:
                self._end(Outcome.OK, Course.WHOLE)

    def _end(self, outcome: Outcome, course: Course) -> None:
        rows, self._rows = self._rows, ()  # a city's answers are not kept until its next poll
        self._ended(outcome, rows, course)


@lru_cache(maxsize=65_536)
def _get(version: int, community: bytes, oids: tuple[bytes, ...]) -> ber.Request:
    """Shared by all devices that are asked alike."""
    return ber.request(version, community, ber.GET, oids)
