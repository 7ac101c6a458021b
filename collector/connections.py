"""Opens devices: the session, and for v1 and v2c the round, that fit their credentials."""

from __future__ import annotations

from functools import partial

from collector.round import Ended, Round
from collector.snmp.community import CommunitySession
from collector.snmp.exchange import Exchange
from collector.snmp.session import Session
from collector.snmp.udp import Address
from collector.snmp.users import UserSessions
from collector.watched import Watched


class Connections:
    """What all devices share: one exchange, and one cache of v3 sessions made when first needed."""

    def __init__(self, timeout_s: float, attempts: int, kept_v3: int) -> None:
        self.exchange = Exchange(timeout_s, attempts)
        self._users = partial(UserSessions, timeout_s, attempts, kept_v3)
        self._kept: UserSessions | None = None

    def open(self, watched: Watched) -> Session:
        """Its session. ValueError when nothing can be opened with its credentials."""
        if watched.session is None:
            credentials, address = watched.credentials, watched.address
            assert credentials is not None
            assert address is not None
            if watched.by_user():
                self._kept = self._kept or self._users()
                watched.session = self._kept.session(address, credentials, watched.manners)
            else:
                watched.session = CommunitySession(
                    self.exchange, address, credentials.version, credentials.community, watched.manners
                )
        return watched.session

    def compile(self, watched: Watched, ended: Ended) -> None:
        """Makes its round anew: a new plan, a new address, or smaller PDUs. v3 has none."""
        if watched.by_user() or watched.plan is None:
            return
        assert watched.credentials is not None
        assert watched.address is not None
        watched.round = Round(
            self.exchange, watched.address, watched.credentials, watched.plan, watched.manners.varbinds, ended
        )

    def move(self, watched: Watched, address: Address, ended: Ended) -> None:
        """Its name has another address now. It must not be busy."""
        self.disconnect(watched)
        watched.address = address
        if watched.plan is not None:
            self.open(watched)
            self.compile(watched, ended)

    def disconnect(self, watched: Watched) -> None:
        if watched.round is not None:
            watched.round.forget()
            watched.round = None
        if watched.session is not None:
            watched.session.close()
            watched.session = None

    def close(self) -> None:
        self.exchange.close()
        if self._kept is not None:
            self._kept.close()
