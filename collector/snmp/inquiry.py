"""One question to one agent on its way through the exchange."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from collector.snmp import ber
from collector.snmp.session import Varbind
from collector.snmp.template import Template
from collector.snmp.udp import Address
from collector.snmp.v3 import Engine
from domain.reading import Outcome

Told = Callable[["Inquiry", Outcome, Sequence[Varbind], int, int], None]
"""Called once when an inquiry has ended, with its varbinds, error-status and error-index."""


class Inquiry:
    """One request to one agent; may be asked again once it has ended."""

    __slots__ = (
        "address", "attempts", "complaint", "engine", "id", "lessons", "mark", "queued", "request",
        "template", "told", "turn",
    )  # fmt: skip

    def __init__(
        self, address: Address, request: ber.Request, told: Told, engine: Engine | None = None
    ) -> None:
        self.address = address
        self.request = request
        self.told = told
        self.engine = engine  # of a v3 agent, to which `request` goes wrapped
        self.template: Template | None = None
        self.id = b""  # request-id of the packet in flight; empty: none is
        self.turn = 0  # counts what voids a deadline: each sending, and the end
        self.queued = False  # waits to be sent
        self.mark = -1  # of the window of requests unanswered
        self.attempts = 0
        self.lessons = 0  # reports of the agent's engine that had it asked anew
        self.complaint: Outcome | None = None  # worse than silence, seen while waiting
