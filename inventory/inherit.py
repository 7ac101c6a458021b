"""What a device is after inheriting: city, city's word for its kind, box, box's word for its kind, own.

The nearest word wins, key by key; inside `snmp` too, so that a device may change only its community.
`tags` are replaced, not added to. PURE.
"""

from __future__ import annotations

from dataclasses import dataclass

from config.located import Loc
from config.shape import Fault
from domain.place import Kind, SnmpAccess, SnmpV3, Status
from inventory.shape import BoxShape, DeviceDefaults, DeviceShape, InventoryShape, SnmpShape

_HASH_BYTES = {"MD5": 16, "SHA-1": 20, "SHA-224": 28, "SHA-256": 32, "SHA-384": 48, "SHA-512": 64}
_KEY_BYTES = {"DES": 16, "AES-128": 16, "AES-192": 24, "AES-256": 32}

Layers = tuple[tuple[Loc, SnmpShape], ...]  # nearest first
Level = tuple[Loc, DeviceDefaults]


@dataclass(frozen=True, slots=True)
class Settled:
    """Everything inheritable, decided."""

    port: int
    profile: str
    snmp: SnmpAccess | None
    icmp_interval_s: float
    snmp_interval_s: float
    status: Status
    tags: frozenset[str]


class Inheritance:
    """Settles devices one by one; `faults` gathers SNMP access that does not fit together, except
    where a part of it was cut out already (`excused`)."""

    def __init__(self, shape: InventoryShape, excused: frozenset[Loc] = frozenset()) -> None:
        self._excused = excused
        self._lost = any(loc[-1:] == ("snmp",) and "devices" not in loc for loc in excused)
        self._city = shape.defaults
        self.faults: list[Fault] = []
        self._bases: dict[tuple[str, Kind], tuple[Settled, Layers]] = {}
        self._accesses: dict[tuple[int, ...], SnmpAccess | None] = {}
        self._same: dict[SnmpAccess, SnmpAccess] = {}  # equal accesses are one object
        self._tags: dict[frozenset[str], frozenset[str]] = {}

    def status(self, box: BoxShape) -> Status:
        return box.status or self._city.status or Status.IN_SERVICE

    def device(self, box_id: str, box: BoxShape, device_id: str, device: DeviceShape) -> Settled:
        key = (box_id, device.kind)
        if key not in self._bases:
            self._bases[key] = self._base(box_id, box, device.kind)
        base, layers = self._bases[key]
        loc: Loc = ("boxes", box_id, "devices", device_id)
        if device.snmp is not None:
            layers = (((*loc, "snmp"), device.snmp), *layers)
        return Settled(
            port=device.port or base.port,
            profile=device.profile or base.profile,
            snmp=self._access(layers),
            icmp_interval_s=device.icmp_interval or base.icmp_interval_s,
            snmp_interval_s=device.snmp_interval or base.snmp_interval_s,
            status=device.status or base.status,
            tags=base.tags if device.tags is None else self._tagged(device.tags),
        )

    def _base(self, box_id: str, box: BoxShape, kind: Kind) -> tuple[Settled, Layers]:
        levels: list[Level] = []
        for loc, level in ((("boxes", box_id, "defaults"), box.defaults), (("defaults",), self._city)):
            if level is not None:
                own: DeviceDefaults | None = getattr(level, kind.value)
                if own is not None:
                    levels.append(((*loc, kind.value), own))
                levels.append((loc, level))
            if level is box.defaults and box.status is not None:
                levels.append((("boxes", box_id), DeviceDefaults(status=box.status)))
        nearest = [level for _, level in levels]
        settled = Settled(
            port=next((x.port for x in nearest if x.port is not None), 161),
            profile=next((x.profile for x in nearest if x.profile is not None), "auto"),
            snmp=None,
            icmp_interval_s=next((x.icmp_interval for x in nearest if x.icmp_interval is not None), 30.0),
            snmp_interval_s=next((x.snmp_interval for x in nearest if x.snmp_interval is not None), 60.0),
            status=next((x.status for x in nearest if x.status is not None), Status.IN_SERVICE),
            tags=self._tagged(next((x.tags for x in nearest if x.tags is not None), [])),
        )
        return settled, tuple(((*loc, "snmp"), x.snmp) for loc, x in levels if x.snmp is not None)

    def _tagged(self, tags: list[str]) -> frozenset[str]:
        made = frozenset(tags)
        return self._tags.setdefault(made, made)

    def _access(self, layers: Layers) -> SnmpAccess | None:
        key = tuple(id(layer) for _, layer in layers)  # the shape keeps them alive
        if key not in self._accesses:
            made = self._settle(layers)
            self._accesses[key] = None if made is None else self._same.setdefault(made, made)
        return self._accesses[key]

    def _told(self, layers: Layers, key: str) -> bool:
        """Whether the lack of `key` only echoes a fault of shape: its value was cut out."""
        return self._lost or any(
            (*loc, name) in self._excused for loc, _ in layers for name in (key, "version")
        )

    def _settle(self, layers: Layers) -> SnmpAccess | None:
        merged = SnmpShape()
        for _, layer in reversed(layers):
            said = {name: value for name, value in layer if value is not None}
            if said:  # nearer credentials mean that there is an agent after all
                merged = merged.model_copy(update={"agent": None, **said})
        if not layers or merged.agent is False:
            return None
        if wrong := _misfits(merged):
            self.faults += [
                Fault(layers[0][0], f"snmp: {what}", remedy)
                for key, what, remedy in wrong
                if not self._told(layers, key)
            ]
            return None
        if merged.version != "3":
            return SnmpAccess(merged.version or "2c", community=merged.community)
        auth, priv = _protocols(merged)
        v3 = SnmpV3(
            user=merged.user or "",
            auth_protocol=auth,
            auth_key=merged.auth_key if auth else None,
            priv_protocol=priv,
            priv_key=merged.priv_key if priv else None,
        )
        return SnmpAccess("3", v3=v3)


def _protocols(snmp: SnmpShape) -> tuple[str, str]:
    auth = snmp.auth or "SHA-256"
    priv = snmp.priv or ("none" if auth == "none" else "AES-128")
    return "" if auth == "none" else auth, "" if priv == "none" else priv


def _misfits(snmp: SnmpShape) -> list[tuple[str, str, str]]:
    """The key at fault, what is wrong, and the remedy."""
    if snmp.version != "3":
        if snmp.community is not None:
            return []
        what = f"version {snmp.version or '2c'} has no community"
        return [("community", what, "add community: env:NAME or file:/path")]
    wrong = []
    auth, priv = _protocols(snmp)
    if not snmp.user:
        wrong.append(("user", "version 3 has no user", "add user: NAME"))
    if auth and snmp.auth_key is None:
        remedy = "add auth_key: env:NAME, or write auth: none"
        wrong.append(("auth_key", f"{auth} has no pass phrase", remedy))
    if priv and snmp.priv_key is None:
        remedy = "add priv_key: env:NAME, or write priv: none"
        wrong.append(("priv_key", f"{priv} has no pass phrase", remedy))
    if priv and not auth:
        remedy = "add auth: SHA-256, or write priv: none"
        wrong.append(("auth", "privacy without authentication does not exist", remedy))
    if auth and priv and hash_too_short(auth, priv):
        wrong.append(("auth", f"{priv} needs a longer hash than {auth}", "write auth: SHA-256 or longer"))
    for key, weak, strong in (("auth", "MD5", "SHA-256"), ("priv", "DES", "AES-128")):
        if weak in (auth, priv) and not snmp.legacy:
            remedy = f"write {key}: {strong}, or add legacy: true for a device that knows nothing better"
            wrong.append((key, f"{weak} is broken", remedy))
    return wrong


def hash_too_short(auth: str, priv: str) -> bool:
    """Longer keys than the hash gives would need an extension, on which vendors differ."""
    return _KEY_BYTES.get(priv, 0) > _HASH_BYTES.get(auth, 99)
