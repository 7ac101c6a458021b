"""How long an SMS is: the GSM 7-bit alphabet (3GPP TS 23.038, 6.2.1) and UCS-2, in segments.

One character outside the GSM alphabet makes the whole message UCS-2, whose segment holds less than
half as much. A letter is never replaced by a look-alike or `?`: a name in Urdu stays in Urdu, and
the message is simply longer. Only typographic signs that mean the same as a plain one give way.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from enum import StrEnum

BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENSION = frozenset("\f^{}\\[~]|€")
"""Each costs two septets: an escape, then itself."""

GSM7_SINGLE, GSM7_PART = 160, 153  # septets; the concatenation header (TS 23.040) takes seven
UCS2_SINGLE, UCS2_PART = 70, 67  # UTF-16 code units; the same header takes three

_PLAIN = str.maketrans(
    {
        **dict.fromkeys("‘’‚‛′", "'"),
        **dict.fromkeys("“”„‟″", '"'),
        **dict.fromkeys("‐‑‒–—―−", "-"),
        **dict.fromkeys("\u00a0\u2002\u2003\u2007\u2009\u200a\u202f\t", " "),
        **dict.fromkeys("\u00ad\u200b\u2060\ufeff", ""),
        "…": "...",
    }
)


class Encoding(StrEnum):
    GSM7 = "GSM-7"
    UCS2 = "UCS-2"


@dataclass(frozen=True, slots=True)
class Size:
    """`units` are septets in GSM-7 and UTF-16 code units in UCS-2, before any padding."""

    encoding: Encoding
    units: int
    segments: int


def is_gsm7(text: str) -> bool:
    return all(c in BASIC or c in EXTENSION for c in text)


def fit(text: str) -> str:
    """The text as it should be sent: made GSM-7 where plain signs say the same, else untouched.

    Letters written as base and combining mark are composed (NFC), which changes no letter.
    """
    composed = unicodedata.normalize("NFC", text)
    plain = composed.translate(_PLAIN)
    return plain if is_gsm7(plain) and segments(plain) <= segments(composed) else composed


def size(text: str) -> Size:
    """Counts the text as it stands; a pair (escape sequence, surrogates) is never split in two."""
    if is_gsm7(text):
        costs = [2 if c in EXTENSION else 1 for c in text]
        return Size(Encoding.GSM7, sum(costs), _segments(costs, GSM7_SINGLE, GSM7_PART))
    costs = [2 if ord(c) > 0xFFFF else 1 for c in text]
    return Size(Encoding.UCS2, sum(costs), _segments(costs, UCS2_SINGLE, UCS2_PART))


def segments(text: str) -> int:
    """How many SMS are billed for this text; an empty one is still one."""
    return size(text).segments


def _segments(costs: list[int], single: int, part: int) -> int:
    if sum(costs) <= single:
        return 1
    count, used = 1, 0
    for cost in costs:
        if used + cost > part:
            count, used = count + 1, 0
        used += cost
    return count
