"""What a user's pass phrases become for one engine, and what is done with that.

Sources: RFC 3414 (MD5, SHA-1, DES; keys in A.2), RFC 7860 (SHA-2), RFC 3826 (AES-128). AES-192 and
AES-256 are no standard: where the hash is shorter than their key, it is extended as Net-SNMP does
(draft-blumenthal-aes-usm-04, 3.1.2.1); Cisco's extension is another (draft-reeder-snmpv3-usm-3desede).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Final, NamedTuple, TypeVar
from weakref import WeakValueDictionary

from cryptography.exceptions import UnsupportedAlgorithm

from collector.snmp import privacy
from collector.snmp.session import Credentials

T = TypeVar("T")

_MEGABYTE = 1_048_576  # octets of repeated pass phrase that make a key


class Auth(NamedTuple):
    """A hash by hashlib's name, and how many octets of its digest travel in a message."""

    hash_name: str
    sent: int


AUTH: Final = {
    "MD5": Auth("md5", 12),
    "SHA-1": Auth("sha1", 12),
    "SHA-224": Auth("sha224", 16),
    "SHA-256": Auth("sha256", 24),
    "SHA-384": Auth("sha384", 32),
    "SHA-512": Auth("sha512", 48),
}


class User:
    """Who asks, with the keys of the pass phrases before they are localized. Hashing a megabyte for each
    takes milliseconds: see `user_of`.

    ValueError when the credentials name no known protocol, ask for privacy without authentication, or
    for what this machine's OpenSSL does not do."""

    __slots__ = ("__weakref__", "_auth_key", "_priv_key", "_privacy", "auth", "name")

    def __init__(self, credentials: Credentials) -> None:
        self.name = credentials.user.encode()
        self.auth = _known(AUTH, credentials.auth_protocol) if credentials.auth_protocol else None
        self._privacy = (
            _known(privacy.PROTOCOLS, credentials.priv_protocol) if credentials.priv_protocol else None
        )
        self._auth_key = self._priv_key = b""
        if self.auth is None:
            if self._privacy is not None:
                raise ValueError("privacy needs an authentication protocol, whose hash makes its keys")
            return
        if not credentials.auth_key or (self._privacy and not credentials.priv_key):
            raise ValueError("a protocol is named, but no pass phrase is given for it")
        try:
            self._auth_key = master(self.auth.hash_name, credentials.auth_key.encode())
            if self._privacy is not None:
                self._priv_key = master(self.auth.hash_name, credentials.priv_key.encode())
            self._tried()
        except (ValueError, UnsupportedAlgorithm) as refusal:
            protocols = f"{credentials.auth_protocol} {credentials.priv_protocol}".strip()
            raise ValueError(f"{protocols}: this machine's OpenSSL does not do it: {refusal}") from None

    def _tried(self) -> None:
        """Better now than in the midst of a sweep."""
        keys = self.keys(bytes(5))
        if keys.privacy is not None:
            keys.privacy.encrypt(b"", 0, 0)

    @property
    def has_privacy(self) -> bool:
        return self._privacy is not None

    def keys(self, engine_id: bytes) -> Keys:
        """The user's keys at one engine; they open nothing at another."""
        if self.auth is None:
            return Keys(None, None)
        name = self.auth.hash_name
        mac = Mac(self.auth, localized(name, self._auth_key, engine_id))
        if self._privacy is None:
            return Keys(mac, None)
        kind, size = self._privacy
        key = localized(name, self._priv_key, engine_id)
        while len(key) < size:
            key += hashlib.new(name, key).digest()
        return Keys(mac, kind(key[:size]))


class Keys(NamedTuple):
    """What authenticates messages and what makes them private; None: nothing does."""

    mac: Mac | None
    privacy: privacy.Privacy | None


class Mac:
    """HMAC by its two hashes (RFC 2104), begun once: `hmac.digest` looks its hash up each time, which
    takes longer than to hash a message."""

    __slots__ = ("_inner", "_outer", "sent")

    def __init__(self, auth: Auth, key: bytes) -> None:
        self.sent = auth.sent
        self._inner, self._outer = hashlib.new(auth.hash_name), hashlib.new(auth.hash_name)
        padded = key.ljust(self._inner.block_size, b"\0")
        self._inner.update(bytes(octet ^ 0x36 for octet in padded))
        self._outer.update(bytes(octet ^ 0x5C for octet in padded))

    def digest(self, message: bytes) -> bytes:
        """The `sent` octets that go into a whole message whose digest is zeros (RFC 3414, 6.3.1)."""
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(message)
        outer.update(inner.digest())
        return outer.digest()[: self.sent]


def user_of(credentials: Credentials) -> User:
    """The same for all agents that share the credentials, for as long as one of them is watched."""
    user = _users.get(credentials)
    if user is None:
        user = _users[credentials] = User(credentials)
    return user


_users: WeakValueDictionary[Credentials, User] = WeakValueDictionary()


def master(hash_name: str, phrase: bytes) -> bytes:
    """A pass phrase's key before it is localized (RFC 3414, A.2)."""
    repeated = phrase * (_MEGABYTE // len(phrase) + 1)
    return hashlib.new(hash_name, repeated[:_MEGABYTE]).digest()


def localized(hash_name: str, key: bytes, engine_id: bytes) -> bytes:
    """A key at one engine (RFC 3414, 2.6)."""
    return hashlib.new(hash_name, key + engine_id + key).digest()


def _known(kinds: Mapping[str, T], name: str) -> T:
    if name not in kinds:
        raise ValueError(f"{name} is none of {', '.join(kinds)}")
    return kinds[name]
