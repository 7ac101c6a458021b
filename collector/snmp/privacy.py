"""Encryption of SNMPv3 messages: AES in CFB mode (RFC 3826), and DES in CBC mode (RFC 3414, 8).

An initialisation vector shall not come twice under one key: a counter that begins anywhere goes
into each message as its salt. (That of DES has 32 bits, and begins anew with each session.)
"""

from __future__ import annotations

from itertools import count
from random import SystemRandom
from typing import Final, Protocol

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.decrepit.ciphers.modes import CFB
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC, ECB

_random = SystemRandom()
_BLOCK = 8  # octets, of DES


class Privacy(Protocol):
    """Of one user at one engine. `boots` and `time` are the engine's, as the message tells them."""

    def encrypt(self, plain: bytes, boots: int, time: int) -> tuple[bytes, bytes]:
        """The cipher text, and the salt to be sent along."""
        ...

    def decrypt(self, sealed: bytes, boots: int, time: int, salt: bytes) -> bytes:
        """What was meant, perhaps with padding after it; ValueError when it cannot have been
        encrypted like this. Under a wrong key it is noise."""
        ...


class Aes:
    """`key`: 16, 24 or 32 octets."""

    __slots__ = ("_aes", "_blocks", "_salts")

    def __init__(self, key: bytes) -> None:
        self._aes = AES(key)
        self._blocks = Cipher(self._aes, ECB()).encryptor()  # noqa: S305 a building block of CFB
        self._salts = count(_random.getrandbits(64))

    def encrypt(self, plain: bytes, boots: int, time: int) -> tuple[bytes, bytes]:
        salt = (next(self._salts) & 0xFFFF_FFFF_FFFF_FFFF).to_bytes(8, "big")
        step = Cipher(self._aes, CFB(_clock(boots, time) + salt)).encryptor()
        return step.update(plain) + step.finalize(), salt

    def decrypt(self, sealed: bytes, boots: int, time: int, salt: bytes) -> bytes:
        """CFB written out: each block was masked with the one before it, encrypted. To decrypt, all
        of these are at hand at once, and a context made once serves: a third of the price."""
        if len(salt) != 8:
            raise ValueError("a salt has eight octets")
        size = len(sealed)
        before = (_clock(boots, time) + salt + sealed)[: size + -size % 16]
        masks = self._blocks.update(before)[:size]
        return (int.from_bytes(sealed, "big") ^ int.from_bytes(masks, "big")).to_bytes(size, "big")


class Des:
    """`key`: 8 octets of key, and 8 that hide the salt. Weak, and all that old agents speak."""

    __slots__ = ("_des", "_hidden", "_salts")

    def __init__(self, key: bytes) -> None:
        self._des = TripleDES(key[:_BLOCK] * 3)  # three times the same key is DES
        self._hidden = int.from_bytes(key[_BLOCK:], "big")
        self._salts = count(_random.getrandbits(32))

    def encrypt(self, plain: bytes, boots: int, time: int) -> tuple[bytes, bytes]:  # noqa: ARG002
        salt = boots.to_bytes(4, "big") + (next(self._salts) & 0xFFFF_FFFF).to_bytes(4, "big")
        step = Cipher(self._des, CBC(self._start(salt))).encryptor()
        return step.update(plain + bytes(-len(plain) % _BLOCK)) + step.finalize(), salt

    def decrypt(self, sealed: bytes, boots: int, time: int, salt: bytes) -> bytes:  # noqa: ARG002
        if len(salt) != _BLOCK:
            raise ValueError("a salt has eight octets")
        step = Cipher(self._des, CBC(self._start(salt))).decryptor()
        return step.update(sealed) + step.finalize()

    def _start(self, salt: bytes) -> bytes:
        return (int.from_bytes(salt, "big") ^ self._hidden).to_bytes(_BLOCK, "big")


PROTOCOLS: Final[dict[str, tuple[type[Aes] | type[Des], int]]] = {
    "DES": (Des, 16),
    "AES-128": (Aes, 16),
    "AES-192": (Aes, 24),
    "AES-256": (Aes, 32),
}
"""What makes messages private, and how many octets of key it takes."""


def _clock(boots: int, time: int) -> bytes:
    return boots.to_bytes(4, "big") + time.to_bytes(4, "big")
