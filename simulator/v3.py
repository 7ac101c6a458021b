"""The agent's side of SNMPv3: user-based security (RFC 3414, 7860, 3826). PURE but for the salt.

The agent is authoritative: it answers discovery, tells its boots and time, and refuses what is
outside the window of 150 s. What cannot be decrypted is dropped without a word, as Net-SNMP does:
to a manager a wrong privacy key looks like silence.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass, field

from domain.errors import Permanent
from domain.place import SecretRef, SnmpV3
from simulator import ber, message
from simulator.agents import Tree
from simulator.ber import Oid
from simulator.message import Pdu

_AUTH: dict[str, tuple[str, int]] = {  # hash, octets of the digest that are sent
    "MD5": ("md5", 12),
    "SHA-1": ("sha1", 12),
    "SHA-224": ("sha224", 16),
    "SHA-256": ("sha256", 24),
    "SHA-384": ("sha384", 32),
    "SHA-512": ("sha512", 48),
}
_PRIV = {"AES-128": 16, "AES-192": 24, "AES-256": 32}
_WINDOW_S = 150
_F_AUTH, _F_PRIV, _F_REPORTABLE = 1, 2, 4
_USM_STATS = ber.parse_oid("1.3.6.1.6.3.15.1.1")
_UNSUPPORTED, _NOT_IN_WINDOW, _UNKNOWN_USER, _UNKNOWN_ENGINE, _WRONG_DIGEST = 1, 2, 3, 4, 5


def localised_key(hash_name: str, secret: str, engine_id: bytes) -> bytes:
    """The key of a pass phrase for one engine (RFC 3414, A.2)."""
    phrase = secret.encode()
    if len(phrase) < 8:
        raise Permanent("an SNMPv3 pass phrase has at least 8 characters (RFC 3414, 11.2)")
    megabyte = (phrase * (2**20 // len(phrase) + 1))[: 2**20]
    key = hashlib.new(hash_name, megabyte).digest()
    return hashlib.new(hash_name, key + engine_id + key).digest()


def engine_id(device: str) -> bytes:
    """Of format 5 (octets, RFC 3411) under Net-SNMP's number; one for each device id, for ever."""
    return bytes.fromhex("80001f8805") + hashlib.sha256(device.encode()).digest()[:8]


@dataclass(frozen=True, slots=True)
class _Keys:
    user: bytes
    hash_name: str
    sent: int
    auth: bytes = field(repr=False)
    priv: bytes = field(repr=False)

    @property
    def level(self) -> int:
        return (_F_AUTH if self.auth else 0) | (_F_PRIV if self.priv else 0)


@dataclass(frozen=True, slots=True)
class _Message:
    id: int
    flags: int
    engine: bytes
    boots: int
    time: int
    user: bytes
    digest: bytes
    salt: bytes
    body: bytes
    zeroed: bytes  # the whole message with zeros for its digest


class Usm:
    """The security of one device's agent, for its one user."""

    def __init__(self, device: str, access: SnmpV3, secrets: Callable[[SecretRef], str]) -> None:
        self.engine = engine_id(device)
        hash_name, sent = _AUTH.get(access.auth_protocol, ("", 0))
        if (access.auth_protocol and not hash_name) or (
            access.priv_protocol and access.priv_protocol not in _PRIV
        ):
            spoken = ", ".join((*_AUTH, *_PRIV))
            raise Permanent(f"{device}: the simulator's SNMPv3 agents speak {spoken}")
        auth = priv = b""
        if hash_name and access.auth_key is not None:
            auth = localised_key(hash_name, secrets(access.auth_key), self.engine)
        if auth and access.priv_protocol and access.priv_key is not None:
            size = _PRIV[access.priv_protocol]
            priv = localised_key(hash_name, secrets(access.priv_key), self.engine)[:size]
            if len(priv) < size:
                raise Permanent(f"{device}: {access.priv_protocol} needs SHA-256 or longer beside it")
        self._keys = _Keys(access.user.encode(), hash_name, sent, auth, priv)
        self._counters: dict[int, int] = {}
        self._salt = int.from_bytes(hashlib.sha256(self.engine).digest()[:8], "big")

    def answer(self, raw: bytes, tree: Tree, boots: int, seconds: int) -> bytes | None:
        """The reply to a v3 message at the agent's own boots and time; None for silence."""
        asked = _decode(raw)
        if asked is None:
            return None
        mine = self._keys
        if asked.engine != self.engine:
            return self._report(asked, _UNKNOWN_ENGINE, 0, boots, seconds)
        if asked.user != mine.user:
            return self._report(asked, _UNKNOWN_USER, 0, boots, seconds)
        level = asked.flags & (_F_AUTH | _F_PRIV)
        if level & ~mine.level or level == _F_PRIV:
            return self._report(asked, _UNSUPPORTED, 0, boots, seconds)
        if level & _F_AUTH:
            if not hmac.compare_digest(self._digest(asked.zeroed), asked.digest):
                return self._report(asked, _WRONG_DIGEST, 0, boots, seconds)
            if asked.boots != boots or abs(asked.time - seconds) > _WINDOW_S:
                return self._report(asked, _NOT_IN_WINDOW, _F_AUTH, boots, seconds)
        scoped = asked.body
        if level & _F_PRIV:
            cipher, _ = ber.expect(ber.OCTETS, scoped)
            scoped = self._aes(cipher, asked.boots, asked.time, asked.salt, encrypt=False)
        content, _ = ber.expect(ber.SEQUENCE, scoped)
        _, at = ber.expect(ber.OCTETS, content)
        context, at = ber.expect(ber.OCTETS, content, at)
        tag, body, _ = ber.take(content, at)
        if not ber.GET <= tag <= ber.REPORT or tag == ber.TRAP_V1:
            raise ber.Malformed("PDU")
        request = message.decode_pdu(tag, body)
        if level != mine.level:
            reply: Pdu | None = message.not_authorised(request)
        else:
            reply = message.answer(request, tree, message.V2C, message.LARGEST - 100)
        if reply is None:
            return None
        return self._encode(asked.id, level, reply, boots, seconds, context)

    def notify(self, message_id: int, pdu: Pdu, boots: int, seconds: int) -> bytes:
        """A trap, of which this engine is the authoritative one."""
        return self._encode(message_id, self._keys.level, pdu, boots, seconds, b"")

    def _report(self, asked: _Message, stat: int, level: int, boots: int, seconds: int) -> bytes | None:
        if not asked.flags & _F_REPORTABLE:
            return None
        self._counters[stat] = self._counters.get(stat, 0) + 1
        name: Oid = (*_USM_STATS, stat, 0)
        count = ber.integer(self._counters[stat], ber.COUNTER32)
        pdu = Pdu(ber.REPORT, 0, 0, 0, ((name, count),))
        return self._encode(asked.id, level, pdu, boots, seconds, b"", asked.user)

    def _digest(self, zeroed: bytes) -> bytes:
        return hmac.new(self._keys.auth, zeroed, self._keys.hash_name).digest()[: self._keys.sent]

    def _aes(self, data: bytes, boots: int, seconds: int, salt: bytes, *, encrypt: bool) -> bytes:
        from cryptography.hazmat.decrepit.ciphers.modes import CFB
        from cryptography.hazmat.primitives.ciphers import Cipher
        from cryptography.hazmat.primitives.ciphers.algorithms import AES

        if len(salt) != 8:
            raise ber.Malformed("salt")
        start = boots.to_bytes(4, "big") + seconds.to_bytes(4, "big") + salt
        cipher = Cipher(AES(self._keys.priv), CFB(start))
        step = cipher.encryptor() if encrypt else cipher.decryptor()
        return step.update(data) + step.finalize()

    def _encode(
        self,
        number: int,
        level: int,
        pdu: Pdu,
        boots: int,
        seconds: int,
        context: bytes,
        user: bytes | None = None,  # a report repeats the asker's, known or not
    ) -> bytes:
        scoped = ber.sequence(ber.octets(self.engine), ber.octets(context), message.encode_pdu(pdu))
        salt = b""
        if level & _F_PRIV:
            self._salt = (self._salt + 1) % 2**64
            salt = self._salt.to_bytes(8, "big")
            scoped = ber.octets(self._aes(scoped, boots, seconds, salt, encrypt=True))
        head = ber.sequence(
            ber.integer(number), ber.integer(65507), ber.octets(bytes((level,))), ber.integer(3)
        )

        def whole(digest: bytes) -> bytes:
            security = ber.sequence(
                ber.octets(self.engine),
                ber.integer(boots),
                ber.integer(seconds),
                ber.octets(self._keys.user if user is None else user),
                ber.octets(digest),
                ber.octets(salt),
            )
            return ber.sequence(ber.integer(3), head, ber.octets(security), scoped)

        if not level & _F_AUTH:
            return whole(b"")
        return whole(self._digest(whole(bytes(self._keys.sent))))


def _decode(raw: bytes) -> _Message | None:
    """A v3 message of the user-based model; None for another. Malformed when it cannot be read."""
    content, end = ber.expect(ber.SEQUENCE, raw)
    version, at = ber.expect(ber.INTEGER, content)
    if ber.number(version) != 3:
        return None
    head, at = ber.expect(ber.SEQUENCE, content, at)
    number, inner = ber.expect(ber.INTEGER, head)
    _, inner = ber.expect(ber.INTEGER, head, inner)
    flags, inner = ber.expect(ber.OCTETS, head, inner)
    model, _ = ber.expect(ber.INTEGER, head, inner)
    if ber.number(model) != 3 or len(flags) != 1:
        return None
    wrapped, at = ber.expect(ber.OCTETS, content, at)
    wrapped_from = end - len(content) + at - len(wrapped)
    security, inner_end = ber.expect(ber.SEQUENCE, wrapped)
    security_from = wrapped_from + inner_end - len(security)
    engine, place = ber.expect(ber.OCTETS, security)
    boots, place = ber.expect(ber.INTEGER, security, place)
    time, place = ber.expect(ber.INTEGER, security, place)
    user, place = ber.expect(ber.OCTETS, security, place)
    digest, place = ber.expect(ber.OCTETS, security, place)
    digest_from = security_from + place - len(digest)
    salt, _ = ber.expect(ber.OCTETS, security, place)
    zeroed = raw[:digest_from] + bytes(len(digest)) + raw[digest_from + len(digest) :]
    return _Message(
        ber.number(number),
        flags[0],
        engine,
        ber.number(boots),
        ber.number(time),
        user,
        digest,
        salt,
        content[at:],
        zeroed,
    )
