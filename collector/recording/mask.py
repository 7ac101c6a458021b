"""PURE: the masking laws. What identifies a device or its owner is replaced, the same by the same
wherever it stands; everything else is left as it is.

MACs become 02:00:00:00:00:NN; serial numbers and subscriber numbers (runs of 14 digits and more,
`+` and 10 to 15 digits) keep their length and the kind of each character; public addresses become
documentation addresses; names, contacts, places, communities and e-mail addresses become numbered
words; positions become one place of the city.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from collector.recording import mask_forms as forms

_SUBSTRING = 6  # from this length on a serial number is looked for inside of other words
_PREFIX = 7  # an OID begins to be an index behind this many parts, at the earliest
_WORD = 4  # shorter names, and shorter serial numbers, are masked only in their own rows


@dataclass(frozen=True, slots=True)
class Position:
    """Degrees, WGS 84."""

    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class Secrets:
    """What is known to identify the device, in the order of its rows."""

    serials: Sequence[str] = ()
    names: Sequence[str] = ()
    contacts: Sequence[str] = ()
    locations: Sequence[str] = ()
    communities: Sequence[str] = ()
    macs: Sequence[bytes] = ()
    engines: Sequence[bytes] = ()
    position: Position | None = None
    place: Position | None = None  # where the device is said to be instead
    keep: frozenset[str] = field(default=frozenset())  # words that are no secret, says the user


class Mask:
    """Replaces; remembers what it replaced by what. Text and octets that hold nothing come back equal."""

    def __init__(self, secrets: Secrets) -> None:
        self._secrets = secrets
        self._macs: dict[bytes, bytes] = {}
        self._numbers: dict[str, str] = {}
        self._addresses: dict[str, str] = {}
        self._emails: dict[str, str] = {}
        self._own: dict[str, str] = {}
        self._engines: dict[bytes, bytes] = {}
        self._binary: dict[bytes, bytes] = {}
        for mac in secrets.macs:
            self.mac(mac)
        for serial in secrets.serials:
            if serial not in secrets.keep and not self._is_mac(serial):
                self._own[serial] = self._number(serial)
        for word, texts in (
            ("device", secrets.names),
            ("contact", secrets.contacts),
            ("location", secrets.locations),
            ("community", secrets.communities),
        ):
            told: Iterable[str] = dict.fromkeys(text for text in texts if text not in secrets.keep)
            for number, text in enumerate((t for t in told if t not in self._own), 1):
                self._own[text] = f"{word}-{number}"
        for number, engine in enumerate(dict.fromkeys(secrets.engines), 1):
            if len(engine) > 8:  # the first five octets say the vendor and the format (RFC 3411)
                tail = bytes(len(engine) - 7) + number.to_bytes(2, "big")
                self._engines[engine] = engine[:5] + tail
                if len(set(engine[5:])) > 1:
                    self._binary[engine[5:]] = tail
        self._pattern = re.compile(
            "|".join(f"(?P<{name}>{pattern})" for name, pattern in self._patterns() if pattern)
        )

    def _patterns(self) -> list[tuple[str, str]]:
        inside = [word for word in self._own if self._found_inside(word)]
        whole = [word for word in self._own if word not in inside and self._found_as_word(word)]
        return [
            ("email", forms.EMAIL),
            ("inside", _any_of(inside)),
            ("whole", f"(?<![A-Za-z0-9])(?:{_any_of(whole)})(?![A-Za-z0-9])" if whole else ""),
            ("ipv6", forms.IPV6),
            ("mac", forms.MAC),
            ("ipv4", forms.IPV4),
            ("decimal", forms.DECIMAL if self._secrets.position and self._secrets.place else ""),
            ("phone", forms.PHONE),
            ("digits", forms.DIGITS),
        ]

    def _found_inside(self, word: str) -> bool:
        return word in self._secrets.serials and len(word) >= _SUBSTRING

    def _found_as_word(self, word: str) -> bool:
        """Places and people in one plain word ("Door", "admin") are not looked for elsewhere."""
        if word in self._secrets.contacts or word in self._secrets.locations:
            return len(word) >= _SUBSTRING and not word.isalpha()
        return len(word) >= _WORD

    def own(self, text: str) -> str:
        """The text of a row that is nothing but a name, serial number, place, ...; blanks around it stay."""
        bare = text.strip().strip("\x00")
        return text.replace(bare, self._own[bare]) if bare in self._own else self.text(text)

    def text(self, text: str) -> str:
        return self._pattern.sub(self._instead, text)

    def _instead(self, found: re.Match[str]) -> str:
        text = found.group()
        if text in self._secrets.keep:
            return text
        match found.lastgroup:
            case "email":
                return self._emails.setdefault(text, f"user{len(self._emails) + 1}@example.org")
            case "inside" | "whole":
                return self._own[text]
            case "mac":
                return self._mac_text(text)
            case "ipv6":
                return self._ipv6(text)
            case "ipv4":
                before = found.string[max(0, found.start() - 12) : found.start()]
                return text if forms.VERSION.search(before) else self.address(text)
            case "decimal":
                return self._moved(text)
            case _:
                return self._number(text)

    def octets(self, octets: bytes, is_mac: bool = False, is_own: bool = False) -> bytes:
        """An OCTET STRING; `is_mac` where its object holds an address even if it reads as a text."""
        if len(octets) == 6 and (is_mac or octets in self._macs or not _is_text(octets)):
            return self.mac(octets)
        if octets in self._engines:
            return self._engines[octets]
        printable = _is_text(octets.rstrip(b"\x00"))
        if not printable:
            for secret, instead in (*self._binary.items(), *self._macs.items()):
                octets = octets.replace(secret, instead)
        codec = "utf-8" if printable else "latin-1"
        text = octets.decode(codec)
        return (self.own(text) if is_own else self.text(text)).encode(codec)

    def integer(self, value: int) -> int:
        """A serial number that comes as an INTEGER."""
        return int(self._own.get(str(value), value))

    def mac(self, octets: bytes) -> bytes:
        if not forms.is_station(octets):
            return octets
        return self._macs.setdefault(octets, forms.stand_in_mac(len(self._macs) + 1))

    def address(self, text: str) -> str:
        if not forms.tells(text):
            return text
        return self._addresses.setdefault(text, forms.stand_in_address(text, len(self._addresses) + 1))

    def index(self, numbers: tuple[int, ...]) -> tuple[int, ...] | None:
        """An OID whose index may spell an address; None where it spells a secret word."""
        replaced = dict(self._macs) | {
            _packed(old): _packed(new) for old, new in self._addresses.items() if ":" not in old
        }
        parts = list(numbers)
        for old, new in replaced.items():
            for at in range(_PREFIX, len(parts) - len(old) + 1):
                if tuple(parts[at : at + len(old)]) == tuple(old):
                    parts[at : at + len(old)] = new
        numbers = tuple(parts)
        spelt = "".join(chr(part) if 32 <= part < 127 else "\x00" for part in numbers)
        return None if any(len(word) >= _SUBSTRING and word in spelt for word in self._own) else numbers

    def _number(self, text: str) -> str:
        return self._numbers.setdefault(text, forms.like(text, len(self._numbers) + 1))

    def _is_mac(self, text: str) -> bool:
        if not re.fullmatch(forms.MAC, text):
            return False
        octets = forms.mac_octets(text)
        if octets is None or not forms.is_station(octets):
            return False
        return octets in self._macs or forms.looks_like_a_mac(text)

    def _mac_text(self, text: str) -> str:
        octets = forms.mac_octets(text)
        return forms.mac_like(text, self.mac(octets)) if octets and self._is_mac(text) else text

    def _ipv6(self, text: str) -> str:
        try:
            ipaddress.IPv6Address(text)
        except ValueError:
            return text
        if all(len(group) == 2 for group in text.split(":")):  # eight pairs: an EUI-64 holds a MAC
            return self._number(text)
        return self.address(text)

    def _moved(self, text: str) -> str:
        here, there = self._secrets.position, self._secrets.place
        if here is None or there is None:
            return text
        digits = len(text.partition(".")[2])
        for old, new in ((here.latitude, there.latitude), (here.longitude, there.longitude)):
            if abs(abs(float(text)) - abs(old)) < 0.02:
                return f"{new:.{digits}f}"
        return text

    def replaced(self) -> Mapping[str, int]:
        """How many different ones were replaced, by what they were."""
        words = [word.partition("-")[0] for word in self._own.values()]
        return {
            "MACs": len(self._macs),
            "serial and subscriber numbers": len(self._numbers),
            "names, contacts, places, communities": sum(
                word in ("device", "contact", "location", "community") for word in words
            ),
            "addresses": len(self._addresses),
            "e-mail addresses": len(self._emails),
        }


def _any_of(words: Iterable[str]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


def _packed(address: str) -> bytes:
    return ipaddress.IPv4Address(address).packed


def _is_text(octets: bytes) -> bool:
    try:
        return all(c.isprintable() or c in "\t\r\n" for c in octets.decode("utf-8"))
    except UnicodeDecodeError:
        return False
