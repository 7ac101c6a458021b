"""Request-ids and msgIDs that nobody can guess who has not seen the question."""

from __future__ import annotations

import os
from array import array
from typing import Final

LOWEST: Final = 0x01000000
"""Numbers from here to 2**31 - 1 are positive and take exactly four octets."""

_BITS = 0x3FFFFFFF
_AT_ONCE = 4096  # octets of the kernel's randomness; a call for each number would cost as much as a PDU


class Numbers:
    """Each drawn once, four octets."""

    def __init__(self) -> None:
        self._left: list[bytes] = []

    def draw(self) -> bytes:
        if not self._left:
            drawn = array("I", os.urandom(_AT_ONCE))
            self._left = [(LOWEST + (number & _BITS)).to_bytes(4, "big") for number in drawn]
        return self._left.pop()
