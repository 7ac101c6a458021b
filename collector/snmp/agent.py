"""One SNMP agent, asked for lists and subtrees (implements collector.snmp.session.Session)."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from collector.snmp import ber
from collector.snmp.exchange import Exchange
from collector.snmp.inquiry import Inquiry
from collector.snmp.keys import user_of
from collector.snmp.session import END_OF_MIB_VIEW, Answer, Credentials, Varbind, sub_identifiers
from collector.snmp.udp import Address
from collector.snmp.v3 import Engine
from domain.reading import Outcome

_NO_SUCH_NAME, _AUTHORIZATION_ERROR = 2, 16  # error-status, RFC 3416, 3
_SILENCE: Final = (Outcome.TIMEOUT, Outcome.MALFORMED)  # some agents cut off what they cannot hold


@dataclass(slots=True)
class Manners:
    """What one agent was found to bear; kept by whoever keeps the agent.

    24 varbinds and 20 repetitions keep an answer of usual values below an Ethernet frame."""

    varbinds: int = 24
    repetitions: int = 20  # 0: GETNEXT only


class AgentSession:
    """Cheap to make; holds no descriptor. ValueError when nothing can be asked with the credentials."""

    def __init__(
        self,
        exchange: Exchange,
        address: Address,
        credentials: Credentials,
        manners: Manners | None = None,
    ) -> None:
        self.manners = manners or Manners()
        self.exchange = exchange
        self.address = address
        self.engine = Engine(user_of(credentials)) if credentials.version == "3" else None
        self.version = ber.V1 if credentials.version == "1" else ber.V2C  # v3's PDUs are those of 2c
        self.community = b"" if self.engine else credentials.community.encode()

    async def get(self, oids: Sequence[bytes]) -> Answer:
        """Values of those OIDs the agent would give; what it chokes on alone is left out.

        When the agent falls silent midway, the outcome says so and the varbinds got so far are kept.
        """
        size = self.manners.varbinds
        parts = deque(tuple(oids[at : at + size]) for at in range(0, len(oids), size))
        found: list[Varbind] = []
        heard = False
        blamed = False  # one OID is to blame, not their number
        while parts:
            part = parts.popleft()
            answer = await self._ask(ber.GET, part)
            if answer.outcome is Outcome.OK:
                heard = True
                if not answer.error_status:
                    found += answer.varbinds
                    continue
                if answer.error_status == _AUTHORIZATION_ERROR:
                    return _ended(answer, Outcome.AUTH, found)
                if answer.error_status == _NO_SUCH_NAME and 0 < answer.error_index <= len(part):
                    at = answer.error_index
                    _put_back(parts, part[: at - 1] + part[at:])
                    continue
            elif answer.outcome not in _SILENCE:
                return _ended(answer, answer.outcome, found)
            if len(part) > 1:
                half = len(part) // 2 if heard else 1  # a dead agent is given one more chance, not five
                _put_back(parts, part[:half], part[half:])
                size = min(size, max(half, len(part) - half) if heard else len(part) - 1)
            elif answer.outcome is Outcome.OK:
                blamed = True
            elif not heard or not await self._alive(found):
                return _ended(answer, answer.outcome, found)
            else:
                blamed = True
        if not blamed:
            self.manners.varbinds = size
        return Answer(Outcome.OK, found)

    async def walk(self, root: bytes, limit: int = 4096) -> Answer:
        """Rows strictly below `root`, in the agent's order, at most `limit`."""
        repetitions = 0 if self.version == ber.V1 else self.manners.repetitions
        rows: list[Varbind] = []
        last = root
        while len(rows) < limit:
            if repetitions:
                answer = await self._ask(ber.GET_BULK, (last,), 0, min(repetitions, limit - len(rows)))
            else:
                answer = await self._ask(ber.GET_NEXT, (last,))
            if answer.outcome is not Outcome.OK or answer.error_status not in (0, _NO_SUCH_NAME):
                if repetitions and (answer.outcome in _SILENCE or answer.outcome is Outcome.OK):
                    repetitions = repetitions // 2 if answer.outcome is Outcome.OK else 0
                    continue
                outcome = answer.outcome
                if answer.error_status == _AUTHORIZATION_ERROR:
                    outcome = Outcome.AUTH
                return _ended(answer, outcome, rows)
            if self.version == ber.V2C:
                self.manners.repetitions = repetitions
            if answer.error_status or not answer.varbinds:
                break  # v1's way of saying that the end is reached
            for row in answer.varbinds:
                name, tag, _ = row
                if tag == END_OF_MIB_VIEW or not name.startswith(root):
                    return Answer(Outcome.OK, rows)
                if not _after(name, last):
                    return Answer(Outcome.OK, rows, detail="the agent went backwards; the walk ends there")
                rows.append(row)
                last = name
        return Answer(Outcome.OK, rows[:limit])

    async def _alive(self, found: Sequence[Varbind]) -> bool:
        """Whether silence means this one OID, for the agent still answers for another."""
        if not found:
            return False
        answer = await self._ask(ber.GET, (found[-1][0],))
        return answer.outcome is Outcome.OK

    async def _ask(self, pdu: int, oids: Sequence[bytes], first: int = 0, second: int = 0) -> Answer:
        ended: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()

        def told(_: Inquiry, outcome: Outcome, varbinds: Sequence[Varbind], status: int, index: int) -> None:
            if not ended.done():
                ended.set_result(Answer(outcome, varbinds, status, index))

        request = ber.request(self.version, self.community, pdu, oids, first, second)
        inquiry = Inquiry(self.address, request, told, self.engine)
        self.exchange.ask(inquiry)
        try:
            return await ended
        except asyncio.CancelledError:
            self.exchange.forget(inquiry)
            raise


def _put_back(parts: deque[tuple[bytes, ...]], *pieces: tuple[bytes, ...]) -> None:
    parts.extendleft(piece for piece in reversed(pieces) if piece)


def _ended(answer: Answer, outcome: Outcome, varbinds: Sequence[Varbind]) -> Answer:
    return Answer(outcome, varbinds, answer.error_status, answer.error_index)


def _after(name: bytes, last: bytes) -> bool:
    """Whether `name` follows `last` in the MIB; by numbers, for BER octets do not sort like them."""
    try:
        return sub_identifiers(name) > sub_identifiers(last)
    except ValueError:
        return False
