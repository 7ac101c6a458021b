"""SNMPv3 around a PDU: wraps questions, unwraps answers (RFC 3412, 7; RFC 3414, 3 and 4). PURE but for
the salt of what is encrypted.

Outside of this module an inquiry to a v3 agent looks like one by version 2c with an empty
community. An `Engine` is what is known of one agent; it is learned from the agent's own reports,
within the inquiry that calls for it.

Law: of a user with keys nothing is believed unless its digest is right, but for reports, which agents
cannot always sign: who they are, what time they have, and that they refuse. Whoever forges one must
have seen the question's msgID, and wins no more than the loss of that question. An answer is
fresh when its msgID and request-id are those of the question, both drawn at random for it, and its
clock is not behind the one the question was asked by; an agent that forgot its boots when its power
failed, as cheap ones do, says so in a report and is read at once, where RFC 3414 (3.2.7b) would not
hear it again. That a name learned from a report is the device's own nobody can know (RFC 3414, 1.4.1 and 4):
devices that share pass phrases can pass for one another once one of them is in the wrong hands.
"""

from __future__ import annotations

import hmac
from collections import deque
from typing import Final, NoReturn

from collector.snmp.ber import GET, RESPONSE, Malformed, decode, element, signed, tlv
from collector.snmp.envelope import AUTH, PRIV, REPORTABLE, Envelope, envelope
from collector.snmp.keys import Keys, User
from collector.snmp.session import INTEGER, OCTET_STRING, oid
from domain.reading import Outcome

_SEQUENCE: Final = 0x30
_REPORT: Final = 0xA8
_PLAIN: Final = b"\x02\x01\x01\x04\x00"  # version 2c, an empty community
_VERSION: Final = b"\x02\x01\x03\x30\x11\x02\x04"  # 3; then msgGlobalData begins, with its msgID
_LARGEST: Final = b"\x02\x03\x00\xff\xe3\x04\x01"  # msgMaxSize, 65,507; then the flags
_MODEL: Final = b"\x02\x01\x03"  # user-based
_NOBODY: Final = b"\x04\x10\x30\x0e\x04\x00\x02\x01\x00\x02\x01\x00" + b"\x04\x00" * 3
_MOST: Final = 2**31 - 1
_WINDOW_S: Final = 150  # RFC 3414, 2.2.3
_REMEMBERED: Final = 16  # questions whose answer may still come: five attempts, with lessons

_STATS: Final = oid("1.3.6.1.6.3.15.1.1")  # SNMP-USER-BASED-SM-MIB usmStats
_LEVEL, _NOT_IN_WINDOW, _USER, _, _DIGEST, _DECRYPTION = range(1, 7)


class Unasked(Exception):
    """No question under way has this msgID."""


class Unauthentic(Exception):
    """Not from whom it says, less protected than was asked for, or by a clock that is behind."""


class Reported(Exception):
    """The agent did not answer but said what is in the way. `outcome` None: it is out of the way now."""

    def __init__(self, outcome: Outcome | None) -> None:
        super().__init__(outcome)
        self.outcome = outcome


class Engine:
    """One agent under one user. Mutable; `now` is seconds of any clock that only goes forward."""

    __slots__ = (
        "_boots", "_context", "_doubted", "_flags", "_keys", "_lead", "_name", "_numbers", "_sent_flags",
        "_user", "_user_fields", "id",
    )  # fmt: skip

    def __init__(self, user: User) -> None:
        self.id = b""  # snmpEngineID; empty: not known
        self._user = user
        self._keys: Keys | None = None
        self._boots = 0
        self._lead = 0.0  # its time less ours
        self._doubted = False
        self._numbers: deque[int] = deque(maxlen=_REMEMBERED)  # msgIDs of questions under way
        # What of a message does not change:
        self._flags = (AUTH if user.auth else 0) | (PRIV if user.has_privacy else 0)
        self._sent_flags = bytes((self._flags | REPORTABLE,))
        self._name = self._context = b""
        sent = user.auth.sent if user.auth else 0
        self._user_fields = tlv(OCTET_STRING, user.name) + tlv(OCTET_STRING, bytes(sent))

    def doubt(self) -> None:
        """It did not answer: perhaps it is another by now. The next question asks who it is."""
        self._doubted = True

    def wrap(self, message: bytes, number: bytes, now: float) -> bytes:
        """`message` is plain, by version 2c with an empty community; `number` becomes the msgID. While the
        engine is not known, what comes out only asks for its name."""
        keys = self._keys
        self._numbers.append(int.from_bytes(number, "big"))
        if keys is None or self._doubted:
            pdu = tlv(GET, b"\x02\x04" + number + b"\x02\x01\x00\x02\x01\x00\x30\x00")
            flags = bytes((REPORTABLE,))
            scoped = tlv(_SEQUENCE, b"\x04\x00\x04\x00" + pdu)
            return tlv(_SEQUENCE, _VERSION + number + _LARGEST + flags + _MODEL + _NOBODY + scoped)
        boots, time = self._boots, min(max(int(now + self._lead), 0), _MOST)
        body = tlv(_SEQUENCE, self._context + _pdu(message))
        salt = b""
        if keys.privacy is not None:
            cipher, salt = keys.privacy.encrypt(body, boots, time)
            body = tlv(OCTET_STRING, cipher)
        salt = tlv(OCTET_STRING, salt)
        clock = tlv(INTEGER, signed(boots)) + tlv(INTEGER, signed(time))
        security = tlv(_SEQUENCE, self._name + clock + self._user_fields + salt)
        whole = tlv(
            _SEQUENCE,
            _VERSION + number + _LARGEST + self._sent_flags + _MODEL + tlv(OCTET_STRING, security) + body,
        )
        if keys.mac is None:
            return whole
        at = len(whole) - len(body) - len(salt) - keys.mac.sent  # behind the user's name
        return whole[:at] + keys.mac.digest(whole) + whole[at + keys.mac.sent :]

    def unwrap(self, packet: bytes, now: float) -> bytes:
        """The answer, plain as the question was.

        Raises Malformed, Unasked, Unauthentic, Reported."""
        outer = envelope(packet)
        if outer.number not in self._numbers:
            raise Unasked
        authentic = bool(outer.flags & AUTH)
        if authentic:
            self._authenticate(packet, outer)
        scoped = self._scoped(packet, outer)
        at, stop = element(scoped, 0, len(scoped), _SEQUENCE)
        if stop != len(scoped) and not outer.flags & PRIV:  # DES leaves padding
            raise Malformed("octets after the scoped PDU")
        _, at = element(scoped, at, stop, OCTET_STRING)
        _, at = element(scoped, at, stop, OCTET_STRING)
        if at == stop:
            raise Malformed("no PDU")
        plain = tlv(_SEQUENCE, _PLAIN + scoped[at:stop])
        if scoped[at] == _REPORT:
            self._reported(outer, plain, now)
        if outer.flags & (AUTH | PRIV) != self._flags or not self._names(outer):
            raise Unauthentic
        if scoped[at] != RESPONSE:
            raise Malformed("no response")
        if authentic:
            if (outer.boots, outer.time + _WINDOW_S) < (self._boots, now + self._lead):
                raise Unauthentic
            self._boots, self._lead = outer.boots, outer.time - now
        self._doubted = False
        self._numbers.clear()
        return plain

    def _names(self, outer: Envelope) -> bool:
        return outer.engine_id == self.id and outer.user == self._user.name

    def _authenticate(self, packet: bytes, outer: Envelope) -> None:
        mac = self._keys.mac if self._keys is not None else None
        if mac is None or not self._names(outer) or len(outer.digest) != mac.sent:
            raise Unauthentic
        at = outer.digest_at
        zeroed = packet[:at] + bytes(mac.sent) + packet[at + mac.sent :]
        if not hmac.compare_digest(mac.digest(zeroed), outer.digest):
            raise Unauthentic

    def _scoped(self, packet: bytes, outer: Envelope) -> bytes:
        if not outer.flags & PRIV:
            return packet[outer.body_at :]
        if not outer.flags & AUTH or self._keys is None or self._keys.privacy is None:
            raise Unauthentic
        at, stop = element(packet, outer.body_at, len(packet), OCTET_STRING)
        if stop != len(packet):
            raise Malformed("octets after the cipher text")
        try:
            return self._keys.privacy.decrypt(packet[at:stop], outer.boots, outer.time, outer.salt)
        except ValueError:
            raise Malformed("no cipher text") from None

    def _reported(self, outer: Envelope, plain: bytes, now: float) -> NoReturn:
        """What an agent refuses because it is another than was asked for is no refusal."""
        varbinds = decode(plain).varbinds
        name = varbinds[0][0] if varbinds else b""
        stat = name[len(_STATS)] if name.startswith(_STATS) and len(name) > len(_STATS) else 0
        if stat and (outer.engine_id != self.id or self._doubted):
            self._learn(outer.engine_id)
        elif stat != _NOT_IN_WINDOW:
            refused = stat in (_LEVEL, _USER, _DIGEST, _DECRYPTION)
            raise Reported(Outcome.AUTH if refused else Outcome.MALFORMED)
        self._boots, self._lead, self._doubted = outer.boots, outer.time - now, False
        self._numbers.clear()  # whatever else is said to what was asked before is no lesson any more
        raise Reported(None)

    def _learn(self, engine_id: bytes) -> None:
        if not 5 <= len(engine_id) <= 32:
            raise Malformed("no engineID")
        if engine_id != self.id or self._keys is None:
            self.id = engine_id
            self._keys = self._user.keys(engine_id)
            self._name = tlv(OCTET_STRING, engine_id)
            self._context = self._name + tlv(OCTET_STRING, b"")


def _pdu(message: bytes) -> bytes:
    """What is left of a plain message without its opening."""
    length = message[1]
    return message[2 + (length & 0x7F if length > 0x7F else 0) + len(_PLAIN) :]
