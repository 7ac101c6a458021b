"""How a server may refuse lines, and what a refused line is. PURE."""

from __future__ import annotations

from domain.errors import Permanent, Retryable

Bad = tuple[bytes, str]
"""(line, the server's reason)"""


class Rejected(Permanent):
    """400 or 422 about the lines themselves: what was good among them has been stored, or can be."""


class TooLarge(Permanent):
    """413: the same in smaller pieces may pass."""


class Refused(Retryable):
    """The server lives and wants nothing from us (credentials, no such database): someone has to
    act, so it is said loudly, kept, and tried again slowly."""
