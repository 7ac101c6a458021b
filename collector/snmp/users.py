"""SNMPv3 agents over gufo-snmp (implements collector.snmp.session.Session; RFC 3414, 3826, 7860).

What makes an agent dear is remembered: master keys by pass phrase (deriving one hashes a
megabyte), the engineID by agent, and the newest of the driver's sessions, each of which holds a
descriptor. Values arrive as Python objects without their tags and are dressed again as varbinds.
A wrong privacy key cannot be told from silence: the agent does not answer what it cannot read.
"""

from __future__ import annotations

import asyncio
import struct
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable, Sequence
from functools import lru_cache, partial
from math import inf
from typing import Any, Final, TypeVar

from collector.snmp import ber
from collector.snmp.community import Manners
from collector.snmp.session import (
    INTEGER,
    IP_ADDRESS,
    NO_SUCH_INSTANCE,
    NULL,
    OBJECT_ID,
    OCTET_STRING,
    OPAQUE,
    Answer,
    Credentials,
    Varbind,
    dotted,
    oid,
)
from collector.snmp.udp import Address, failure
from domain.reading import Outcome

T = TypeVar("T")

_AUTH_KEYS: Final = {
    "MD5": "Md5Key",
    "SHA-1": "Sha1Key",
    "SHA-224": "Sha224Key",
    "SHA-256": "Sha256Key",
    "SHA-384": "Sha384Key",
    "SHA-512": "Sha512Key",
}
_PRIV_KEYS: Final = {"DES": "DesKey", "AES-128": "Aes128Key", "AES-192": "Aes192Key", "AES-256": "Aes256Key"}
_TIME_WINDOW_S = 100.0  # an agent's clock is believed this long after its last word (RFC 3414: 150 s)
_OPAQUE_FLOAT = b"\x9f\x78\x04"
_OPAQUE_DOUBLE = b"\x9f\x79\x08"


class UserSessions:
    """Opens v3 agents; keeps at most `kept` of the driver's sessions, the least used go first."""

    def __init__(self, timeout_s: float = 2.0, attempts: int = 2, kept: int = 1000) -> None:
        import gufo.snmp as driver
        from gufo.snmp import user as keys
        from gufo.snmp.aio.client import SnmpSession

        self.timeout_s = timeout_s
        self.attempts = attempts
        self.auth_error: type[Exception] = driver.SnmpAuthError
        self.error: type[Exception] = driver.SnmpError
        self._keys: Any = keys
        self._driver: Any = SnmpSession
        self._version: Any = driver.SnmpVersion.v3
        self._limit = kept
        self._kept: OrderedDict[UserSession, tuple[Any, float]] = OrderedDict()
        self._master_key = lru_cache(maxsize=4096)(self._derived)

    def session(
        self, address: Address, credentials: Credentials, manners: Manners | None = None
    ) -> UserSession:
        """One agent by its numeric address. ValueError when the credentials name no known protocol."""
        return UserSession(self, address, self._user(credentials), manners)

    def remembers(self, agent: UserSession) -> bool:
        return bool(agent.engine_id) or agent in self._kept

    def at_hand(self, agent: UserSession, now: float) -> Any | None:
        """The driver's session where one is kept that is in step with its agent's clock."""
        driver, used = self._kept.get(agent, (None, -inf))
        if now - used > _TIME_WINDOW_S:
            return None
        self._kept[agent] = driver, now
        self._kept.move_to_end(agent)
        return driver

    async def opened(self, agent: UserSession) -> Any:
        """The driver's session, brought in step with its agent's clock."""
        driver, _ = self._kept.pop(agent, (None, -inf))
        if driver is None:
            driver = self._driver(
                agent.address[0],
                agent.address[1],
                engine_id=agent.engine_id or None,
                user=agent.user,
                version=self._version,
                timeout=self.timeout_s,
            )
        await driver.refresh()
        agent.engine_id = driver.get_engine_id()
        self._kept[agent] = driver, asyncio.get_running_loop().time()
        while len(self._kept) > self._limit:
            self._kept.popitem(last=False)
        return driver

    def forget(self, agent: UserSession) -> None:
        """Whatever is remembered of it may be wrong: the device may have been replaced."""
        self._kept.pop(agent, None)
        agent.engine_id = b""

    def close(self) -> None:
        self._kept.clear()

    def _user(self, credentials: Credentials) -> Any:
        auth = priv = None
        if credentials.auth_protocol:
            auth = self._key(_AUTH_KEYS, credentials.auth_protocol, credentials, credentials.auth_key)
        if credentials.priv_protocol:
            priv = self._key(_PRIV_KEYS, credentials.priv_protocol, credentials, credentials.priv_key)
        return self._keys.User(credentials.user, auth_key=auth, priv_key=priv)

    def _key(self, kinds: dict[str, str], protocol: str, credentials: Credentials, phrase: str) -> Any:
        if protocol not in kinds:
            raise ValueError(f"{protocol} is none of {', '.join(kinds)}")
        if credentials.auth_protocol not in _AUTH_KEYS:
            raise ValueError("privacy needs an authentication protocol, whose hash makes its keys")
        master = self._master_key(_AUTH_KEYS[credentials.auth_protocol], phrase)
        return getattr(self._keys, kinds[protocol])(master, self._keys.KeyType.Master)

    def _derived(self, hashed_by: str, phrase: str) -> bytes:
        return bytes(getattr(self._keys, hashed_by).get_master_key(phrase.encode()))


class UserSession:
    """One agent by user; asked one thing at a time, as the driver demands."""

    def __init__(
        self, sessions: UserSessions, address: Address, user: Any, manners: Manners | None = None
    ) -> None:
        self.address = address
        self.user = user
        self.engine_id = b""
        self.manners = manners or Manners()
        self._sessions = sessions
        self._turn = asyncio.Lock()

    def close(self) -> None:
        self._sessions.forget(self)

    async def get(self, oids: Sequence[bytes]) -> Answer:
        """Values of those OIDs; NO_SUCH_INSTANCE for what the agent did not give."""
        size = self.manners.varbinds
        parts = deque(tuple(oids[at : at + size]) for at in range(0, len(oids), size))
        found: list[Varbind] = []
        while parts:
            part = parts.popleft()
            texts = [_text(name) for name in part]
            outcome, values = await self._do(partial(self._get_many, texts))
            if values is None:
                return Answer(outcome, found)
            if not values and len(part) > 1:  # the driver hides tooBig and genErr behind emptiness
                half = len(part) // 2
                parts.extendleft((part[half:], part[:half]))
                continue
            for name, text in zip(part, texts, strict=True):
                found.append(
                    _varbind(name, values[text]) if text in values else (name, NO_SUCH_INSTANCE, b"")
                )
        return Answer(Outcome.OK, found)

    async def _get_many(self, texts: list[str], driver: Any) -> dict[str, Any]:
        async with asyncio.timeout(self._sessions.timeout_s):
            values: dict[str, Any] = await driver.get_many(texts)
            return values

    async def walk(self, root: bytes, limit: int = 4096) -> Answer:
        """Rows strictly below `root`, by GETBULK, or GETNEXT where the agent is silent to that."""
        rows: list[Varbind] = []

        async def bulk(driver: Any) -> None:
            await self._collect(driver.getbulk(_text(root), self.manners.repetitions), root, limit, rows)

        async def single(driver: Any) -> None:
            await self._collect(driver.getnext(_text(root)), root, limit, rows)

        outcome = Outcome.TIMEOUT
        if self.manners.repetitions:
            outcome, _ = await self._do(bulk)
        if outcome is Outcome.TIMEOUT and not rows:
            outcome, _ = await self._do(single)
            if outcome is Outcome.OK:
                self.manners.repetitions = 0
        return Answer(outcome, rows)

    async def _collect(self, iterator: Any, root: bytes, limit: int, rows: list[Varbind]) -> None:
        rows.clear()
        last: tuple[int, ...] = ()
        while len(rows) < limit:
            try:
                async with asyncio.timeout(self._sessions.timeout_s):
                    text, value = await anext(iterator)
            except StopAsyncIteration:
                return
            numbers = tuple(map(int, text.split(".")))
            name = oid(text)
            if numbers <= last or not name.startswith(root):
                return  # the agent goes backwards, or elsewhere
            last = numbers
            rows.append(_varbind(name, value))

    async def _do(self, work: Callable[[Any], Awaitable[T]]) -> tuple[Outcome, T | None]:
        """Carries out `work` on an open session, with the attempts and deadlines of the house."""
        sessions = self._sessions
        loop = asyncio.get_running_loop()
        outcome = Outcome.TIMEOUT
        left = sessions.attempts
        async with self._turn:
            while left:
                left -= 1
                remembered = sessions.remembers(self)
                started = loop.time()
                try:
                    driver = sessions.at_hand(self, started)
                    if driver is None:
                        async with asyncio.timeout(sessions.timeout_s):
                            driver = await sessions.opened(self)
                    return Outcome.OK, await work(driver)
                except TimeoutError:
                    # The driver turns a refused port into a time-out that comes at once.
                    refused = loop.time() - started < sessions.timeout_s / 2
                    outcome = Outcome.REFUSED if refused else Outcome.TIMEOUT
                    left = 0 if refused else left
                except sessions.auth_error:
                    outcome = Outcome.AUTH  # or an agent that restarted: its clock is learned anew
                    left = left if remembered else 0
                except sessions.error:
                    outcome = Outcome.MALFORMED
                except OSError as error:
                    outcome = failure(error.errno or 0)
                except BaseException as error:
                    if type(error).__name__ != "PanicException":  # the driver's, for garbled packets
                        raise
                    outcome = Outcome.MALFORMED
                sessions.forget(self)
        return outcome, None


@lru_cache(maxsize=65_536)
def _text(name: bytes) -> str:
    return dotted(name)


def _varbind(name: bytes, value: Any) -> Varbind:
    """A driver's value as a varbind. Counters and ticks come out as INTEGER, for all are ints there."""
    match value:
        case int():
            return name, INTEGER, ber.signed(value)
        case bytes() if value.startswith((_OPAQUE_FLOAT, _OPAQUE_DOUBLE)) and len(value) == 3 + value[2]:
            return name, OPAQUE, value
        case bytes():
            return name, OCTET_STRING, value
        case float():
            return name, OPAQUE, _OPAQUE_DOUBLE + struct.pack(">d", value)
        case str() if value.count(".") == 3 and all(int(part) < 256 for part in value.split(".")):
            return name, IP_ADDRESS, bytes(map(int, value.split(".")))
        case str():
            return name, OBJECT_ID, oid(value)
        case _:
            return name, NULL, b""
