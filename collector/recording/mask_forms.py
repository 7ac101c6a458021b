"""PURE: how what must not be told looks in a text, and what stands there instead.

A stand-in is a number in the shape of what it stands for, never made of it: it cannot be turned
back, and the same recording masked again comes out the same.
"""

from __future__ import annotations

import ipaddress
import re
from string import ascii_letters, ascii_lowercase, digits, hexdigits

MacOctets = bytes
_H, _HH = "[0-9A-Fa-f]", "[0-9A-Fa-f]{2}"
_OCTET = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
EMAIL = r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+"
IPV6 = (
    rf"(?<![0-9A-Za-z:])(?:(?:{_H}{{1,4}}:){{7}}{_H}{{1,4}}"
    rf"|(?:{_H}{{1,4}}(?::{_H}{{1,4}}){{0,6}})?::(?:{_H}{{1,4}}(?::{_H}{{1,4}}){{0,6}})?)(?![0-9A-Za-z:])"
)
MAC = (
    rf"(?<!{_H})(?:(?:{_H}{{1,2}}:){{5}}{_H}{{1,2}}|(?:{_HH}-){{5}}{_HH}|(?:{_HH} ){{5}}{_HH}"
    rf"|(?:{_H}{{4}}\.){{2}}{_H}{{4}}|(?:{_HH}){{6}})(?!{_H})"
)
IPV4 = rf"(?<![0-9.])(?:{_OCTET}\.){{3}}{_OCTET}(?![0-9.]*[0-9])"
PHONE = r"\+[0-9](?:[ -]?[0-9]){9,14}(?![0-9])"
DIGITS = r"(?<![0-9])(?:[0-9]{14,}|[0-9]{2}-[0-9]{6}-[0-9]{6}-[0-9])(?![0-9])"  # IMEI, IMSI, ICCID
DECIMAL = r"(?<![0-9.])-?[0-9]{1,3}\.[0-9]{4,}(?![0-9.])"
SERIAL = re.compile(
    r"(?i)(?<![a-z])(?:s/?n|serial(?: ?(?:no|num|number))?)\.?(?: ?[:=#] ?| )([a-z0-9][a-z0-9-]{4,})"
)
"""A serial number that a text itself calls one, as in "MN:AP9630 SN: ZA1027000000"."""

VERSION = re.compile(r"(?i)(?:\bv|ver|version|rev|revision|release|build|firmware|fw|sw|:v)[ .:=_-]*$")
"""Before four numbers joined by dots, which are then no address."""

_LETTERS = "XYZGHIJKLMNOPQRSTUVW"  # none is a hexadecimal digit: a stand-in never looks like a MAC
_OURS = b"\x02\x00\x00"  # locally administered
_TEST_NET, _BENCHMARK = ipaddress.IPv4Address("192.0.2.0"), ipaddress.IPv4Address("198.18.0.0")


def like(text: str, number: int) -> str:
    """A word of the same length, with digits for digits and letters for letters of the same case.
    Words of one shape and different numbers differ, as far as their places can tell."""
    first = "1" if text.isdigit() and text[:1] != "0" and len(text) > 1 else ""
    out = list(text)
    left = number
    for at in range(len(text) - 1, len(first) - 1, -1):
        c = text[at]
        if c in digits:
            left, digit = divmod(left, 10)
            out[at] = str(digit)
        elif c in ascii_letters:
            left, letter = divmod(left, len(_LETTERS))
            out[at] = _LETTERS[letter].lower() if c in ascii_lowercase else _LETTERS[letter]
        elif c.isalnum():
            out[at] = "0" if c.isdigit() else "A"
    return first + "".join(out[len(first) :])


def mac_octets(text: str) -> MacOctets | None:
    """The six octets of an address written in any of the ways of `MAC`."""
    groups = re.split("[:-]| ", text)
    if len(groups) == 6:
        return bytes(int(group, 16) for group in groups)
    plain = text.replace(".", "")
    return bytes.fromhex(plain) if len(plain) == 12 else None


def mac_like(text: str, octets: MacOctets) -> str:
    """`octets` written as `text` is: its separators, its case."""
    upper = any(c in "ABCDEF" for c in text)
    written = octets.hex()
    if "." in text:
        written = ".".join(written[at : at + 4] for at in (0, 4, 8))
    elif len(text) != 12:
        written = octets.hex(next(c for c in text if c not in hexdigits))
    return written.upper() if upper else written


def is_station(octets: MacOctets) -> bool:
    """Whether it is one station's address (IEEE 802): no filling, no group, no broadcast."""
    return len(set(octets)) > 1 and not octets[0] & 1


def looks_like_a_mac(text: str) -> bool:
    """Whether twelve digits, or pairs between blanks, are surely meant as an address."""
    if any(c in text for c in ":-.") or (mac_octets(text) or b"").startswith(_OURS):
        return True
    return any(c in digits for c in text) and any(c in ascii_letters for c in text)


def stand_in_mac(number: int) -> MacOctets:
    return _OURS + number.to_bytes(3, "big")


def stand_in_address(address: str, number: int) -> str:
    """A documentation address (RFC 5737, RFC 3849, RFC 2544), or a link-local one for such a one."""
    if ":" in address:
        prefix = "fe80::" if ipaddress.IPv6Address(address).is_link_local else "2001:db8::"
        return f"{prefix}{number:x}"
    return str(_TEST_NET + number if number < 255 else _BENCHMARK + number)


def tells(address: str) -> bool:
    """Whether an address says whose it is: public ones, and IPv6 addresses that may hold a MAC."""
    found = ipaddress.ip_address(address)
    return (found.is_global and not found.is_multicast) or (found.version == 6 and found.is_link_local)
