"""SNMPv3 notifications by pysnmp's engine, fed with datagrams and asked for no sockets.

A trap's sender is the authoritative engine (RFC 3414, 1.5.1): its user's keys are localized to its
engineID when it is first heard. For informs we are, under our own engineID.

pysnmp leaves open what is closed here: it takes a trap below its user's security level, an empty
user name as authenticated, and any age of message, because it sets its idea of the sender's clock
by the message it is judging.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from collector.snmp.envelope import Envelope, envelope
from collector.snmp.session import Credentials
from collector.traps.packet import Notification, named, varbinds_of

_WINDOW_S = 150  # RFC 3414, 2.2.3
_REGISTERED = 4_096  # (engineID, user) pairs whose localized keys are kept
_DOMAIN = (1, 3, 6, 1, 6, 1, 1)  # snmpUDPDomain
_TICK_S = 0.5
_AUTH = {
    "": "USM_AUTH_NONE",
    "MD5": "USM_AUTH_HMAC96_MD5",
    "SHA-1": "USM_AUTH_HMAC96_SHA",
    "SHA-224": "USM_AUTH_HMAC128_SHA224",
    "SHA-256": "USM_AUTH_HMAC192_SHA256",
    "SHA-384": "USM_AUTH_HMAC256_SHA384",
    "SHA-512": "USM_AUTH_HMAC384_SHA512",
}
_PRIV = {
    "": "USM_PRIV_NONE",
    "DES": "USM_PRIV_CBC56_DES",
    "AES-128": "USM_PRIV_CFB128_AES",
    "AES-192": "USM_PRIV_CFB192_AES_BLUMENTHAL",
    "AES-256": "USM_PRIV_CFB256_AES_BLUMENTHAL",
}


class Unauthenticated(Exception):
    """The message is not from whom it says, or not fresh, or less protected than agreed."""


class Heard(NamedTuple):
    """`number` names the credentials the sender has proven to hold, as far as they ask for proof.
    Not `fresh`: it may be a replay, or the sender forgot its boots when its power failed, which cheap
    devices do: reason enough to look, no evidence."""

    said: Notification
    number: int
    fresh: bool


class UsmEngine:
    """`send(octets, address)` carries acknowledgements and reports; `credentials` are numbered."""

    def __init__(self, engine_id: bytes, boots: int, send: Callable[[bytes, Any], None]) -> None:
        from pyasn1.codec.ber import encoder
        from pysnmp.carrier.asyncio.dgram.udp import UdpTransportAddress
        from pysnmp.carrier.base import AbstractTransportDispatcher
        from pysnmp.entity import config
        from pysnmp.entity.engine import SnmpEngine
        from pysnmp.proto import rfc1905
        from pysnmp.proto.api import v2c
        from pysnmp.proto.error import StatusInformation
        from pysnmp.proto.rfc3412 import MsgAndPduDispatcher

        class Dispatcher(AbstractTransportDispatcher):  # type: ignore[misc]
            def send_message(self, message: bytes, _domain: Any, address: Any) -> None:
                send(bytes(message), tuple(address))

        self.credentials: Mapping[int, Credentials] = {}
        self._config, self._encode, self._v2c = config, encoder.encode, v2c
        self._inform = rfc1905.InformRequestPDU.tagSet
        self._octets, self._at, self._status = v2c.OctetString, UdpTransportAddress, StatusInformation
        dispatcher = MsgAndPduDispatcher()
        builder = dispatcher.mib_instrum_controller.get_mib_builder()
        # set here and not by SnmpEngine(id), which would keep its boots in a file in /tmp
        own_id, own_boots = builder.import_symbols("__SNMP-FRAMEWORK-MIB", "snmpEngineID", "snmpEngineBoots")
        own_id.syntax = own_id.syntax.clone(engine_id)
        own_boots.syntax = own_boots.syntax.clone(boots)
        self._engine = SnmpEngine(msgAndPduDsp=dispatcher)
        self._engine.register_transport_dispatcher(Dispatcher())
        dispatcher.register_context_engine_id(
            b"", (rfc1905.SNMPv2TrapPDU.tagSet, self._inform), self._on_notification
        )
        self._engine.observer.register_observer(self._on_refusal, "rfc3412.prepareDataElements:sm-failure")
        self._engine_id = engine_id
        self._usm = self._engine.security_models[3]
        self._registered: OrderedDict[tuple[bytes, bytes], int] = OrderedDict()
        self._clocks: OrderedDict[bytes, tuple[int, int]] = OrderedDict()
        self._masters: dict[int, tuple[bytes | None, bytes | None]] = {}
        self._found: list[tuple[Notification, bytes, int]] = []
        self._refused = False
        self._tick_at = 0.0

    def forget(self, credentials: Mapping[int, Credentials]) -> None:
        """New credentials: keys of the old are not used again."""
        for known in list(self._registered):
            self._unregister(known)
        self._masters.clear()
        self.credentials = credentials

    def read(self, packet: bytes, address: Any, users: Mapping[bytes, int]) -> Heard | None:
        """The notification in `packet`; None for what is none (engine discovery, say).

        Raises Unauthenticated, Malformed, and whatever pysnmp stumbles over."""
        self._tick()
        outer = envelope(packet)
        number = users.get(outer.user)
        if number is None and outer.user:
            raise Unauthenticated
        if number is not None:
            self._register(outer, number, packet)
        self._found.clear()
        self._refused = False
        try:
            self._engine.message_dispatcher.receive_message(self._engine, _DOMAIN, self._at(address), packet)
        finally:  # nothing outlives its message here, but pysnmp keeps the state of what it refused
            self._usm._cache = type(self._usm._cache)()
        if not self._found:
            if self._refused and outer.user:
                raise Unauthenticated
            return None
        notification, user, level = self._found.pop()
        if number is None or user != outer.user:
            raise Unauthenticated
        return self._judged(notification, number, level, outer)

    def _judged(self, said: Notification, number: int, level: int, outer: Envelope) -> Heard:
        agreed = self.credentials[number]
        needed = 3 if agreed.priv_protocol else 2 if agreed.auth_protocol else 1
        if level < needed:
            raise Unauthenticated
        return Heard(said, number, level > 1 and self._fresh(outer))

    def _fresh(self, outer: Envelope) -> bool:
        """Whether an authentic message is not older than its sender's newest by more than the window
        (RFC 3414, 3.2.7b); for informs the clock is ours and pysnmp has looked at it."""
        if outer.engine_id == self._engine_id:
            return True
        boots, seconds = newest = self._clocks.get(outer.engine_id, (0, 0))
        if outer.boots < boots or (outer.boots == boots and outer.time < seconds - _WINDOW_S):
            return False
        self._clocks[outer.engine_id] = max(newest, (outer.boots, outer.time))
        self._clocks.move_to_end(outer.engine_id)
        if len(self._clocks) > _REGISTERED:
            self._clocks.popitem(last=False)
        return True

    def _register(self, outer: Envelope, number: int, packet: bytes) -> None:
        """Localizes the user's keys to the engineID, once the message has proven to know them:
        engineIDs anyone may invent must not fill the table."""
        known = outer.engine_id, outer.user
        own = outer.engine_id == self._engine_id
        if not 5 <= len(outer.engine_id) <= 32:
            return  # engine discovery
        if self._registered.get(known) == number:
            self._registered.move_to_end(known)
            return
        agreed = self.credentials[number]
        config = self._config
        auth = getattr(config, _AUTH[agreed.auth_protocol])
        priv = getattr(config, _PRIV[agreed.priv_protocol])
        if number not in self._masters:  # hashing a megabyte: once per pass phrase, not per engine
            self._masters[number] = (
                config.AUTH_SERVICES[auth].hash_passphrase(agreed.auth_key.encode())
                if agreed.auth_key
                else None,
                config.PRIV_SERVICES[priv].hash_passphrase(auth, agreed.priv_key.encode())
                if agreed.priv_key
                else None,
            )
        auth_key, priv_key = self._masters[number]
        engine_id = self._octets(outer.engine_id)
        if auth_key is not None and not own:
            service = config.AUTH_SERVICES[auth]
            try:
                service.authenticate_incoming_message(
                    service.localize_key(auth_key, engine_id), self._octets(outer.digest), packet
                )
            except self._status as refusal:
                raise Unauthenticated from refusal
        if known in self._registered:
            self._unregister(known)
        config.add_v3_user(
            self._engine,
            self._octets(outer.user),
            auth,
            auth_key,
            priv,
            priv_key,
            securityEngineId=engine_id,
            authKeyType=config.USM_KEY_TYPE_MASTER,
            privKeyType=config.USM_KEY_TYPE_MASTER,
        )
        self._registered[known] = number
        if len(self._registered) > _REGISTERED:
            self._unregister(next(iter(self._registered)))

    def _unregister(self, known: tuple[bytes, bytes]) -> None:
        self._config.delete_v3_user(
            self._engine, self._octets(known[1]), securityEngineId=self._octets(known[0])
        )
        self._registered.pop(known, None)

    def _on_notification(
        self,
        engine: Any,
        processing_model: Any,
        security_model: Any,
        security_name: Any,
        level: Any,
        context_engine_id: Any,
        context_name: Any,
        version: Any,
        pdu: Any,
        largest: Any,
        state: Any,
    ) -> None:
        """pysnmp's processPdu (RFC 3412, 4.2.2.1): answers an inform, and keeps what was said."""
        confirmed = pdu.tagSet == self._inform
        said = named(3, b"", confirmed, varbinds_of(self._encode(pdu)))
        if confirmed:
            answer = self._v2c.apiPDU.get_response(pdu)
            self._v2c.apiPDU.set_error_status(answer, 0)
            self._v2c.apiPDU.set_error_index(answer, 0)
            self._v2c.apiPDU.set_varbinds(answer, self._v2c.apiPDU.get_varbinds(pdu))
            engine.message_dispatcher.return_response_pdu(
                engine, processing_model, security_model, security_name, level, context_engine_id,
                context_name, version, answer, largest, state, {},
            )  # fmt: skip
        self._found.append((said, bytes(security_name), int(level)))

    def _on_refusal(self, _engine: Any, _point: Any, _variables: Any, _context: Any) -> None:
        self._refused = True

    def _tick(self) -> None:
        """pysnmp's caches age by ticks. Not a decision of ours, hence no Clock."""
        now = time.monotonic_ns() / 1e9
        if now - self._tick_at >= _TICK_S:
            self._tick_at = now
            self._engine.transport_dispatcher.handle_timer_tick(now)
