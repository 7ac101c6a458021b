"""Finding the few bad lines among thousands, by the server's own words and else by halving. PURE.

Writing a line twice changes nothing (same series, same time), so a half may be sent again: what
matters is that every line is in the end either stored or known to be bad, with its reason.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence

from storage.refusals import Bad, Rejected, TooLarge

_PARSE = re.compile(r"unable to parse '(.*?)': ([^\n]*?)(?: dropped=\d+)?(?=\n|$)", re.DOTALL)
_DROPPED = re.compile(r"dropped=(\d+)\s*$")
_CONFLICT = re.compile(r'input field "((?:[^"\\]|\\.)+)" on measurement "((?:[^"\\]|\\.)+)"')


def sift(lines: Sequence[bytes], send: Callable[[Sequence[bytes]], None]) -> list[Bad]:
    """Stores all good lines by `send` and returns the bad ones; what else `send` raises is raised,
    and then nothing is decided. A line bad for 5,000 good ones costs some dozen requests at worst,
    two when the server names it."""
    bad: list[Bad] = []
    heap: list[Sequence[bytes]] = [lines]
    while heap:
        part = heap.pop()
        if not part:
            continue
        try:
            send(part)
        except TooLarge as error:
            if len(part) == 1:
                bad.append((part[0], str(error)))
            else:
                heap += _halves(part)
        except Rejected as error:
            reason, named = _named(part, str(error))
            if len(part) == 1 or _all_dropped(reason, len(part)):
                bad += ((line, reason) for line in part)
            elif named:
                bad += ((part[index], why) for index, why in named.items())
                heap.append([line for index, line in enumerate(part) if index not in named])
            else:
                heap += _suspects(part, reason)
    return bad


def _halves(part: Sequence[bytes]) -> tuple[Sequence[bytes], Sequence[bytes]]:
    middle = len(part) // 2
    return part[middle:], part[:middle]  # the first half is on top of the heap: oldest first


def _all_dropped(reason: str, count: int) -> bool:
    found = _DROPPED.search(reason)
    return found is not None and int(found[1]) >= count


def _named(part: Sequence[bytes], text: str) -> tuple[str, dict[int, str]]:
    """The server's message, and the lines it names (by text in 1.x and 2.x, by number in 3)."""
    named: dict[int, str] = {}
    message = text
    try:
        answer = json.loads(text)
        message = str(answer.get("error") or answer.get("message") or text)
        for row in answer.get("data") or ():
            number = int(row["line_number"]) - 1
            if 0 <= number < len(part):
                named[number] = str(row["error_message"])
    except (ValueError, TypeError, KeyError, AttributeError):
        pass
    if found := dict(_PARSE.findall(message)):
        for index, line in enumerate(part):
            why = found.get(line.decode("utf-8", "replace"))
            if why is not None:
                named[index] = f"unable to parse: {why}"
    return message, named


def _suspects(part: Sequence[bytes], reason: str) -> Sequence[Sequence[bytes]]:
    """A type conflict names field and measurement: lines with both stand apart from the rest."""
    if found := _CONFLICT.search(reason):
        name, measurement = found[1].encode(), found[2].encode()
        accused = [
            line
            for line in part
            if line.startswith(measurement) and re.search(rb"[ ,]%b=" % re.escape(name), line)
        ]
        if accused and len(accused) < len(part):
            kept = set(map(id, accused))
            return accused, [line for line in part if id(line) not in kept]
    return _halves(part)
