"""Every error this project raises on purpose, in one tree.

NigehbanError
|-- ConfigError          bad file: carries Problems (file, line, what, remedy); exit code 2
|-- Retryable            the other side may yet take it: send or write again later
|   `-- OutcomeUnknown   it may already have been taken: ask before sending again
|-- Permanent            it will never be taken as it is: park it and say so
`-- NotPermitted         this kernel or user may not do that; says what to grant
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class NigehbanError(Exception):
    """The root; nothing raises it directly."""


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing wrong in one place of a file, and what to write instead."""

    file: str
    line: int
    what: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.what}, {self.remedy}"


class ConfigError(NigehbanError):
    """A file that cannot be accepted; holds every problem found, not just the first."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = tuple(problems)


class Retryable(NigehbanError):
    """Failed now, may succeed later; `after_s` is the wait the other side asked for, if any."""

    def __init__(self, message: str, after_s: float | None = None) -> None:
        super().__init__(message)
        self.after_s = after_s


class OutcomeUnknown(Retryable):
    """The request left and no answer came: it may have been carried out."""


class Permanent(NigehbanError):
    """Trying the same again cannot help. `code` is the other side's own, for people to look up."""

    def __init__(self, message: str, code: str = "") -> None:
        super().__init__(message)
        self.code = code


class NotPermitted(NigehbanError):
    """The kernel refused us; never to be mistaken for a silent device."""
